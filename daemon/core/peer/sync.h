/*
 * One peer class by class, then live (proto/README.md, "Peer messages").
 *
 * Knows for each connected peer what is asked, what is served, and whether
 * the sets are equal. It stores nothing and sends nothing: messages go into
 * an outbox that the node empties, items to be served are named for the
 * node to read. The dialer of a connection leads its runs.
 */
#ifndef FOB_CORE_PEER_SYNC_H
#define FOB_CORE_PEER_SYNC_H

#include "daemon/core/set/reconcile.h"
#include "daemon/core/set/set.h"
#include "proto/peer.pb-c.h"

enum {
	SYNC_ERR_PROTOCOL = 1, /* close the connection */
};

enum sync_run {
	SYNC_IDLE,
	SYNC_ROOT,   /* asked for the root over all */
	SYNC_ROOTS,  /* asked for the three */
	SYNC_RANGES, /* reconciling a class */
	SYNC_ITEMS,  /* waiting for what was asked */
	SYNC_BLOBS,
};

#define SYNC_TAG 16

/* In set_item.marks: its mask of holders changed since it was written. */
#define SYNC_MASK_DIRTY 64

/* In set_item.marks: its blob is not wanted any more. */
#define SYNC_UNWANTED 128

/* An Items message that was sent and is not acknowledged. */
struct sync_unacked {
	uint64_t seq;
	size_t n;
	uint32_t *items;	   /* owned */
	uint8_t (*tags)[SYNC_TAG]; /* owned */
};

struct sync_peer {
	uint32_t conn; /* 0: free */
	uint32_t author;
	uint8_t key[32];	  /* handshake hash */
	uint8_t remote[KEY_SIZE]; /* their transport key */
	bool leader;		  /* we dialed */
	bool rescue;		  /* the leader recovers, and only takes */
	bool up;	 /* we may speak: leader at once, else after Hello */
	bool greeted;	 /* their Hello came */
	bool said_hello; /* ours goes with the first message */
	bool statuses_said;
	bool statuses_early; /* before both were equal for the first time */
	bool told_equal, told_unequal; /* to people, of this state */
	const Fob__Hello *hello;       /* ours, during sync_begin() */
	bool in_sync;		       /* equal, and nothing changed since */
	bool unequal;		       /* the last complete run ended so */
	bool was_equal;		       /* once in this session */
	bool later;		       /* some items of this run were put off */
	int64_t clock_offset;	       /* ms, theirs minus ours */
	bool clock_known;
	uint64_t since, heard, said; /* mono ms */

	enum sync_run run;
	uint64_t run_since; /* mono ms of its last message */
	uint64_t next_run;  /* mono ms; UINT64_MAX: none planned */
	uint64_t run_ended; /* mono ms; 0: there was none */
	uint64_t delay;
	unsigned class;
	bool compared;		    /* this class was reconciled in this run */
	uint8_t before[2][ID_SIZE]; /* roots then: ours, theirs */
	uint64_t version_before;    /* of the set, at the run's start */
	uint64_t version_compared;  /* and when a class was compared last */
	unsigned rounds;	    /* comparisons since that changed */
	bool blobs_asked;
	bool blob_came;	 /* here, since the last run, of an item held before */
	bool blobs_more; /* of this run: more are missing than one list has */
	uint64_t blobs_missing; /* when they were asked for last */
	uint64_t their_missing;
	uint64_t their_count; /* items that they carry, as they say */
	struct reconcile *ranges;
	unsigned ranges_class;
	uint64_t ranges_version; /* of the set, when they were made */
	unsigned owed;		 /* 1: root, 3: roots; answered when drained */
	uint8_t asked[CLASS_MAX][ID_SIZE]; /* theirs, with what is owed */
	uint8_t asked_proof[SET_PROOF];	   /* and what proves them */
	struct sync_proof {
		bool made;
		uint64_t version; /* of the set */
		uint8_t proof[2][SET_PROOF];
	} proofs; /* theirs is 0, ours is 1 */

	struct id_list want; /* found, not yet asked */
	struct id_list announce;
	uint32_t n_asked; /* ids under way from this peer */
	uint32_t n_blobs_asked;
	uint64_t asked_since; /* mono ms: the last of it was asked or came */
	uint64_t asked_rest;  /* mono ms: nothing is asked before */
	uint64_t asked_first; /* mono ms: from then on something was asked */

	uint32_t *serve; /* items to send, in order */
	size_t n_serve, cap_serve, served;
	bool serve_stale; /* order is owed */
	bool serve_hold;  /* their list goes on */
	bool loading;
	struct id_list absent;
	uint32_t last_prev; /* prev of the item served last, or NONE */
	uint64_t seq;
	struct sync_unacked unacked[UNACKED_MAX];
	size_t n_unacked;
};

struct sync_asked {
	uint8_t id[ID_SIZE];
	uint8_t slot; /* peer's slot + 1; 0: free */
};

struct sync_out {
	uint32_t conn;
	uint8_t *data; /* malloc */
	size_t n;
};

struct sync {
	struct set *set;  /* borrowed */
	bool masks_dirty; /* some item has SYNC_MASK_DIRTY */
	bool full;	  /* ask for no more of class 2 */
	uint64_t now;	  /* mono ms of the call at hand */
	struct sync_peer peers[PEERS_MAX];
	uint32_t holder_slots[HOLDER_SLOTS]; /* author, or NONE */
	struct sync_asked *asked;
	uint32_t n_asked, cap_asked;
	struct sync_out *out;
	size_t n_out, cap_out;
};

void sync_init(struct sync *sync, struct set *set);
void sync_deinit(struct sync *sync);

/* A slot for a new session; NULL when all are taken. */
struct sync_peer *sync_up(struct sync *sync, uint32_t conn, uint32_t author,
			  const uint8_t key[static 32], bool leader);
void sync_down(struct sync *sync, struct sync_peer *peer);
struct sync_peer *sync_peer(struct sync *sync, uint32_t conn);
struct sync_peer *sync_peer_of(struct sync *sync, uint32_t author);

/* Packs a message into the outbox. 0 or -ENOMEM. */
int sync_say(struct sync *sync, struct sync_peer *peer,
	     const Fob__PeerMessage *message);

/* We may speak from now on; hello goes with the first message. */
int sync_begin(struct sync *sync, struct sync_peer *peer,
	       const Fob__Hello *hello);
/* Any message but Hello, Items, Statuses and Bye. 0, SYNC_ERR_*, -ENOMEM. */
int sync_message(struct sync *sync, struct sync_peer *peer,
		 const Fob__PeerMessage *message);
/*
 * What became of the items of an Items message: taken[i] says that item i is
 * stored (or was held), tags[i] is sync_tag() of it. Acknowledges those.
 */
struct sync_taken {
	const Fob__Items *message;
	const uint8_t (*ids)[ID_SIZE]; /* zeros where it did not parse */
	const bool *taken;
	const uint8_t (*tags)[SYNC_TAG];
};
int sync_items(struct sync *sync, struct sync_peer *peer,
	       const struct sync_taken *what);
void sync_tag(const struct sync_peer *peer, const uint8_t id[static ID_SIZE],
	      struct bytes blob, uint8_t ret[static SYNC_TAG]);

/* An item was stored: own ones are pushed, others announced. */
int sync_fresh(struct sync *sync, uint32_t item, uint32_t from);
/* A blob came of an item that was held before: some peer may miss it too. */
void sync_filled(struct sync *sync);
/* An item was dropped: it may be had again from any peer. */
void sync_lost(struct sync *sync);
/* After a step: announcements leave, planned runs are set, debts answered. */
int sync_settle(struct sync *sync);
/* Runs that are due, keep-alives, sessions that died. */
int sync_tick(struct sync *sync);
uint64_t sync_deadline(const struct sync *sync);
bool sync_dead(const struct sync *sync, const struct sync_peer *peer);
/* Starts a run now if none is under way. */
int sync_run_now(struct sync *sync, struct sync_peer *peer);

/* --- a run (run.c) --- */
int sync_on_roots(struct sync *sync, struct sync_peer *peer,
		  const Fob__Roots *roots);
int sync_on_ranges(struct sync *sync, struct sync_peer *peer,
		   const Fob__Ranges *ranges);
void sync_end(struct sync *sync, struct sync_peer *peer, bool equal);
/* A change here is followed by a look whether both are equal, once quiet. */
void sync_plan(struct sync *sync, struct sync_peer *peer);
/* The next step of a run whose items have come. */
int sync_advance(struct sync *sync, struct sync_peer *peer);
/* Asks for what was found missing, each id of one peer at a time. */
int sync_ask(struct sync *sync, struct sync_peer *peer);
/* No more than one peer may name. */
void sync_want_cap(struct sync_peer *peer);
/* Says a list of ids in as many messages as it takes, and empties it. */
int sync_say_ids(struct sync *sync, struct sync_peer *peer,
		 struct id_list *list, bool want, unsigned class);
void sync_ranges_free(struct sync_peer *peer);

/* --- serving (serve.c) --- */
/* The next items to read for this peer; none while enough is under way. */
size_t sync_serve_next(struct sync *sync, struct sync_peer *peer, uint32_t *ret,
		       size_t max);
struct sync_load {
	uint32_t item;
	struct bytes signature, body, blob; /* body empty: not to be had */
};
/* Sends what was read. */
int sync_serve(struct sync *sync, struct sync_peer *peer,
	       const struct sync_load *items, size_t n);
/* Names at once what was asked for and is not here: nobody waits for it. */
int sync_say_absent(struct sync *sync, struct sync_peer *peer);
int sync_queue(struct sync *sync, struct sync_peer *peer, uint32_t item);
int sync_ack(struct sync *sync, struct sync_peer *peer, const Fob__Ack *ack);
void sync_serve_reset(struct sync_peer *peer);

/* --- holders (holders.c) --- */
/* The slot of a device for masks, taken if need be; HOLDER_SLOTS: none free. */
unsigned sync_holder_slot(struct sync *sync, uint32_t author);
/* It says itself that it has not got this item, or its blob. */
void sync_lacks(struct sync *sync, const struct sync_peer *peer,
		const uint8_t id[static ID_SIZE]);
/* The device in that slot has this item. */
void sync_holds(struct sync *sync, uint32_t item, unsigned slot);
/* After a complete, equal run: the peer has all that is carried. */
void sync_holds_all(struct sync *sync, const struct sync_peer *peer);

/* --- asked (asked.c): ids under way, from whom --- */
int sync_asked_add(struct sync *sync, const uint8_t id[static ID_SIZE],
		   const struct sync_peer *peer, bool *ret_new);
/* Was it asked of this peer? Then it is no more. */
bool sync_asked_remove(struct sync *sync, const uint8_t id[static ID_SIZE],
		       const struct sync_peer *peer);
void sync_asked_forget(struct sync *sync, const struct sync_peer *peer);

#endif
