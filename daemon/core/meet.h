/*
 * Pairing connections of a node: the one that it dials as a joiner, and
 * those that come in while a code is shown. meet.c moves their bytes;
 * invite.c and join.c are the two sides of the conversation.
 */
#ifndef FOB_CORE_MEET_H
#define FOB_CORE_MEET_H

#include "daemon/core/peer/pairing.h"
#include "daemon/core/state.h"

struct meeting {
	uint32_t conn;		 /* 0: free */
	struct pairing *pairing; /* secret memory, owned */
	bool ready;
	uint8_t hash[NOISE_HASH_SIZE];
};

enum invite_stage {
	INVITE_WAITS,	/* for somebody with the code */
	INVITE_ASKED,	/* a person has to approve */
	INVITE_OFFERED, /* the joiner's join_sig is due */
};

struct invite {
	uint32_t call; /* who waits for it; 0: nobody any more */
	enum pairing_mode mode;
	uint8_t code[PAIRING_SECRET_SIZE];
	uint64_t expires; /* mono ms */
	bool approve;	  /* without a question */
	bool keeper;
	enum invite_stage stage;
	unsigned connections; /* so far */
	struct meeting meetings[INVITE_SLOTS];
	struct meeting *guest; /* the one that had the code */
	Fob__PairAsk *ask;     /* of the guest, owned */
	uint32_t ordinal;
};

enum join_stage {
	JOIN_DIALS,
	JOIN_ASKED,  /* an offer is due */
	JOIN_SIGNED, /* the welcome is due */
	JOIN_SYNCS,  /* the first sync */
	JOIN_FAILED,
};

struct join {
	uint32_t call;
	enum join_stage stage;
	enum pairing_mode mode;
	uint8_t code[PAIRING_SECRET_SIZE];
	char (*addresses)[64]; /* owned */
	size_t n_addresses, tried;
	struct meeting meeting;
	enum status status; /* of FAILED */
	char why[256];
};

/* Starts the machine of a connection. 0 or -ENOMEM. */
int meeting_open(struct step *step, struct meeting *meeting, uint32_t conn,
		 const struct pairing_params *params);
/* What the machine wants to send goes out. */
void meeting_flush(struct step *step, struct meeting *meeting);
/* Says a message. 0 or -ENOMEM. */
int meeting_say(struct step *step, struct meeting *meeting,
		const Fob__PairMessage *message);
/* Says goodbye and forgets the connection. */
void meeting_close(struct step *step, struct meeting *meeting);

/* The code is no good any more: nobody is let in. */
void invite_end(struct step *step);
int invite_up(struct step *step);
int invite_event(struct step *step, struct meeting *meeting,
		 const struct pairing_event *event);
void invite_free(struct invite *invite);
/* A message with a status, to the client that waits. */
int invite_tell(struct step *step, enum status status, const char *text);

int join_up(struct step *step);
int join_event(struct step *step, const struct pairing_event *event);
int join_down(struct step *step);
void join_free(struct join *join);
/* Its client has left: it ends, and what was kept can go on later. */
void join_gone(struct step *step);
void join_fail(struct step *step, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
