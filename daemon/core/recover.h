/*
 * Getting a vault back: the kit, snapshots, and what an empty node gathers
 * until it becomes a device of the vault again.
 *
 * What a recovery gathers goes to disk as soon as the kit has opened it, with
 * a row that says whose it is: so one that is cut goes on from there. What is
 * not known to be of this vault, and the rows of the device to come, wait in
 * memory. The device is made in one step when all is there. Until then the
 * node is no vault, and no key of the kit leaves the memory.
 */
#ifndef FOB_CORE_RECOVER_H
#define FOB_CORE_RECOVER_H

#include "daemon/core/peer/rescue.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/state.h"

/* --- ask_kit.c --- */
/* The kit was proven now: kept, and told to others. */
void kit_drilled(struct step *step);
void kit_drill_row(struct node *node, struct bytes row);
/* The RECOVERY that took the place of this kit, or NULL. */
const struct item *kit_replaced(const struct node *node, const struct kit *kit);

/* --- ask_snapshot.c: a file on its way to a client, or from it --- */
struct snapshot_job {
	struct snapshot_job *next;
	uint32_t conn;
	/* Being made: what is still to be written, in order. */
	uint32_t *items; /* owned */
	size_t n_items, done, batch;
	uint32_t status; /* the next author whose status is written */
	uint8_t *made;	 /* packed Status of ours, owned */
	size_t made_len;
	struct snapshot_writer *writer; /* secret memory, owned */
	/* Being looked at. */
	struct snapshot_reader *reader; /* secret memory, owned */
	struct set set;			/* of what is in it */
	bool has_set, has_made;
	struct snapshot_made made_by;
	uint64_t blobs;
};
void snapshot_client_gone(struct node *node, uint32_t conn);
void snapshot_free_all(struct node *node);
/* Of a status in a file, for this set: 0, SNAPSHOT_ERR_CONTENT, -ENOMEM. */
int snapshot_maker(const struct set *set, struct bytes packed,
		   struct snapshot_made *ret);

/* --- rescue.c: connections with the first byte 3 --- */
struct rescue_line {
	uint32_t conn; /* 0: free */
	bool dialed;
	bool ready;
	uint64_t since;		/* mono ms */
	struct rescue *machine; /* secret memory, owned */
};
struct rescue_lines {
	struct rescue_line list[RESCUE_LINES];
};

/* --- fetch.c: an address, and the connection to it --- */
enum fetch_stage {
	FETCH_NONE,
	FETCH_DIALS,
	FETCH_GREETS, /* connected; nothing has come back yet */
	FETCH_SYNCS,
	FETCH_RESTS, /* it broke, and is dialed again */
	FETCH_DONE,
	FETCH_FAILED,
};

struct fetch {
	enum fetch_stage stage;
	uint32_t conn;
	char address[64];
	bool worked;		  /* it has answered these words */
	uint8_t server[KEY_SIZE]; /* its transport key, since then */
	uint64_t total;		  /* items, as it says; 0: not yet */
	uint64_t told;		  /* mono ms: progress */
	uint64_t again;		  /* mono ms: of RESTS */
	unsigned tries;		  /* that brought nothing, in a row */
	uint32_t had;		  /* items, when it broke last */
	enum status status;	  /* of FAILED */
	char why[512];
};

/* The request: CALL_PARK until all is here, or it failed. */
int fetch_run(struct step *step, struct call *call);
void fetch_connected(struct step *step);
int fetch_proven(struct step *step, const struct rescue_line *line,
		 const struct rescue_event *event);
/* came_up: it was connected. Others than the one at hand are none of ours. */
void fetch_down(struct step *step, uint32_t conn, bool came_up);
uint64_t fetch_due(const struct node *node); /* mono ms, or UINT64_MAX */
/* The author that serves us; NONE: nobody that is known so far. */
uint32_t fetch_server(const struct node *node);

/* --- recover.c --- */
struct recover {
	uint32_t client; /* connection */
	struct kit kit;
	bool gone;   /* it is given up: at the end of the step it ends */
	bool made;   /* it is done: the rows go out with this step */
	bool stored; /* some of it is on disk */
	struct effects held;
	uint64_t bytes;			/* in held */
	struct snapshot_reader *reader; /* the file at hand; secret memory */
	bool file_made;			/* its last part was there */
	uint8_t *statuses[LIST_MAX];	/* owned; whose they are shows later */
	size_t status_len[LIST_MAX];
	size_t n_statuses;
	struct fetch fetch;
	bool unequal; /* one did not give all it announced */
	/* Who served us, and where. */
	uint32_t servers[ADDRESSES_MAX]; /* authors */
	char server_address[ADDRESSES_MAX][64];
	size_t n_servers;
};

/* A status that came, kept until its device is known. 0 or -ENOMEM. */
int recover_status(struct step *step, struct bytes packed);
/* Those that are genuine are kept for good, the others forgotten. */
int recover_statuses(struct step *step);
/* The row of one that was cut: for whom it is. 0 or -EBADMSG. */
int recover_row(struct node *node, struct bytes row);
/* Are these the words that opened what is kept here? */
bool recover_begun_by(const struct node *node, const struct kit *kit);
/* Throws away what is kept here, and begins anew from an empty disk. */
void recover_forget(struct step *step);
void recover_client_gone(struct node *node, uint32_t conn);
void recover_free(struct node *node);

/* --- ask_recover.c --- */
/* Do the words open what is here? 0, or 1 when it was replied. */
int recover_check(struct step *step, struct call *call);
/* Says why, and it ends with this step. */
int recover_stop(struct step *step, struct call *call, enum status status,
		 const char *why);

#endif
