/*
 * A world of several nodes in one process: virtual time, a network, disks and
 * people, all drawn from one seed, so that the same calls give the same
 * trace, to the byte, every time. Nodes run through node_step() alone, and
 * their effects are obeyed as daemon/driver.c obeys them: the steps of a turn
 * are one commit, what is to leave waits for it, and a node that is killed
 * loses what was not committed.
 *
 *	world.c		the clock, what is due, the trace
 *	world_node.c	steps, turns, starting, killing
 *	world_disk.c	tables in memory with one transaction
 *	world_net.c	connections between nodes
 *	world_ask.c	people, who ask nodes for things
 *	world_evil.c	nodes that do not keep to the rules
 *	world_check.c	what must be true of it at any time
 *
 * What a test expects is checked with EXPECT; when it does not hold, the tail
 * of the trace is printed and the process ends with 1.
 */
#ifndef FOB_TESTS_WORLD_H
#define FOB_TESTS_WORLD_H

#include "daemon/core/state.h"
#include "tests/lib/tally.h"

#define WORLD_NODES 8
#define WORLD_WALL INT64_C(1700000000000) /* ms since 1970, at the start */
#define WORLD_PASSPHRASE "CANARY!! horse battery"
/* Every secret of a test begins so, and must never be seen outside. */
#define WORLD_CANARY "CANARY!!"
#define WORLD_SECRET_SIZE 20

/* --- random numbers, a stream for each purpose ---------------------------- */
struct world_stream {
	uint64_t state;
};

uint64_t stream_next(struct world_stream *stream);
uint64_t stream_below(struct world_stream *stream, uint64_t limit);
bool stream_chance(struct world_stream *stream, unsigned percent);

/* --- disks ------------------------------------------------------------------ */
struct disk_row {
	uint8_t key[TABLE_KEY_MAX];
	size_t key_len;
	uint8_t *data; /* owned */
	size_t n;
};

struct disk_table {
	struct disk_row *rows; /* ascending by key */
	size_t n, cap;
};

/* What a row was before the transaction at hand. */
struct disk_undo {
	enum table table;
	bool was_there;
	struct disk_row row;
};

struct disk {
	struct disk_table tables[TABLES];
	struct disk_undo *undo;
	size_t n_undo, cap_undo;
};

void disk_deinit(struct disk *disk);
void disk_put(struct disk *disk, enum table table, struct bytes key,
	      struct bytes data);
void disk_delete(struct disk *disk, enum table table, struct bytes key);
/* No row is left, in this transaction. */
void disk_clear(struct disk *disk);
/* NULL: no such row. Valid until the next write. */
const struct disk_row *disk_get(const struct disk *disk, enum table table,
				struct bytes key);
void disk_commit(struct disk *disk);
void disk_rollback(struct disk *disk);
/* A copy of what is committed. ret is empty before. */
void disk_copy(const struct disk *disk, struct disk *ret);

/* --- nodes ------------------------------------------------------------------ */

/* Ids of items that a node has answered for. */
struct world_ids {
	uint8_t (*ids)[ID_SIZE];
	size_t n, cap;
};

/* An event that waits while the node commits. */
struct world_due;

/* What a node does to what it says. */
enum world_evil {
	EVIL_WITHHOLD = 1,
	EVIL_GARBLE = 2,
	EVIL_LIE = 4, /* about what it has */
	EVIL_ACK = 8, /* acknowledges what it has not taken */
	EVIL_REPLAY = 16,
	EVIL_ACT = 32, /* makes items that no daemon makes */
};

struct world_node {
	char name[8];
	struct node_config config;
	struct node *node; /* NULL: not running */
	struct disk disk;
	struct disk next; /* the store beside, for a new vault */
	bool next_ends, next_whole;
	uint64_t received; /* bytes from other nodes, since it was made */
	bool renewing;	   /* it begins anew from its disk with this turn */
	struct effects effects; /* of the step at hand */
	struct effects held;	/* until the commit */
	struct effects soft, loads, kdfs;
	struct world_due *inbox; /* came while it commits, in order */
	unsigned evil;		 /* enum world_evil; 0: honest */
	uint8_t *said;		 /* some message of it, owned */
	size_t said_len;
	uint32_t boot;	 /* counts the starts */
	uint64_t booted; /* world ms */
	uint64_t mono;	 /* at boot */
	int64_t skew;	 /* of its wall clock, ms */
	uint64_t timer;	 /* mono ms, or UINT64_MAX */
	uint32_t next_conn;
	char address[64];
	bool starting, committing, soft_planned, kdf_runs, meets, has_keys;
	bool asleep;	/* suspended: nothing reaches it, its clock stands */
	uint64_t slept; /* since then, world ms */
	bool went_back; /* to an older disk: what others know of it is not so */
	/* Its own random numbers, which a clone has as well. */
	bool own_entropy;
	struct world_stream entropy;
	struct effect_keys keys;
	uint8_t id[DEVICE_ID_SIZE]; /* zeros: none yet */
	uint64_t spin_at;	    /* world ms of the steps counted */
	unsigned spins;
	struct world_ids promised, owes; /* durable and answered for; open */
	Fob__Reply **replies;		 /* all that came since the start */
	size_t n_replies;
};

struct world_wire {
	int node[2]; /* 0 dialed */
	uint32_t boot[2];
	uint32_t conn[2];
	bool meet, rescue;
	bool came_up[2];
	bool over[2];	  /* no event for this side any more */
	bool closing[2];  /* this side has said goodbye */
	bool lost[2];	  /* what is sent to that side gets lost */
	uint64_t last[2]; /* ms: nothing reaches that side before */
};

/* Under which (key, nonce) an item was sealed: a table of hashes. */
struct world_nonce {
	uint64_t key, item;
};

struct world_nonces {
	struct world_nonce *slots;
	size_t n, size;
};

/* A device that must never come to hold a key of that group. */
struct world_barred {
	uint8_t kid[KID_SIZE], device[DEVICE_ID_SIZE], group[GROUP_ID_SIZE];
};

struct world {
	uint64_t now; /* ms */
	uint64_t seq;
	struct world_due **heap;
	size_t n_heap, cap_heap;
	struct world_stream core, net, disk, people, evil;
	struct world_node nodes[WORLD_NODES];
	int n_nodes;
	struct world_wire *wires;
	size_t n_wires, cap_wires, first_wire;
	bool cut[WORLD_NODES][WORLD_NODES];	       /* from, to */
	uint64_t slow_until[WORLD_NODES][WORLD_NODES]; /* from, to; ms */
	char *trace;
	size_t n_trace, cap_trace;
	/* How the world is; set after world_init() if need be. */
	uint64_t latency, jitter; /* of the network, one way, ms */
	uint64_t sync_ms;	  /* that a commit takes */
	bool quiet;		  /* no trace of messages and items */
	bool echo;		  /* the trace goes to stdout as well */
	bool revoked;		  /* somebody put a device out */
	int64_t wall;		  /* added to all wall clocks, ms */
	uint64_t *tally;	  /* TALLIES counts, or NULL */
	uint64_t digest;	  /* of all events so far */
	struct world_nonces nonces;
	struct world_barred *barred;
	size_t n_barred, cap_barred;
	/* In place of node_step, or NULL. */
	int (*step)(struct world *world, int node, struct event *event);
	/* What went over peer connections, as records on the wire. */
	uint64_t messages, wire_bytes;
	uint32_t next_request;
};

void world_init(struct world *world, uint64_t seed);
/* Checks that nothing is left of any node. */
void world_deinit(struct world *world);

/* Runs what is due within ms, and lets that much time pass. */
void world_run(struct world *world, uint64_t ms);
/* So many things that are due; fewer when there are none. */
void world_events(struct world *world, uint64_t n);
/* Until the node is in a commit, or so many ms are over. */
void world_until_commit(struct world *world, int node, uint64_t ms);
/* Until `done` says so; false when that took more than ms. */
bool world_until(struct world *world, uint64_t ms,
		 bool (*done)(struct world *world, void *arg), void *arg);

void world_count(struct world *world, unsigned tally);
void world_say(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
_Noreturn void world_failed(struct world *world, const char *what,
			    const char *file, int line);

#define EXPECT(world, expr)                                               \
	do {                                                              \
		if (!(expr))                                              \
			world_failed((world), #expr, __FILE__, __LINE__); \
	} while (0)

/* --- nodes (world_node.c) --- */
/* A new machine with an empty disk, running. Names: a, b, c ... */
int world_node(struct world *world);
void world_start(struct world *world, int node);
/* Power off, at whatever it is doing. */
void world_kill(struct world *world, int node);
/* The lid is closed, and opened again: connections are not what they were. */
void world_sleep(struct world *world, int node);
void world_wake(struct world *world, int node);
/* Lets commits under way end: then a disk is whole. */
void world_quiesce(struct world *world, int node);
/* Puts another disk into a machine that is off. Takes copies. */
void world_replace_disk(struct world *world, int node, const struct disk *disk,
			const struct world_ids *promised);
void world_copy_ids(const struct world_ids *from, struct world_ids *ret);
/* A store beside that is whole takes the place; called before a start. */
void world_renew(struct world *world, int node);
/* Sets differ? All that are up and in a vault. */
bool world_equal(const struct world *world);
void world_root(const struct world *world, int node,
		uint8_t ret[static ID_SIZE]);
/*
 * EXPECTs that every node that is up holds what any has answered for. Once a
 * device was put out: what those that are up have answered for, and carry.
 */
void world_check_promises(struct world *world);
/* world_until world_equal and every session is in sync. */
bool world_settle(struct world *world, uint64_t ms);

/* --- what must be true at any time (world_check.c) --- */
/* What was answered for is there, and sets that differ can be made equal. */
void world_check(struct world *world);

/* --- the network (world_net.c) --- */
/* Nothing passes between two nodes; with reset, connections end at once. */
void world_cut(struct world *world, int a, int b, bool reset);
/* Nothing that one sends reaches the other; the way back is open. */
void world_cut_one_way(struct world *world, int from, int to);
/* What is sent from now on takes so long, and keeps its order. */
void world_slow(struct world *world, int from, int to, uint64_t ms);
void world_heal(struct world *world, int a, int b);
void world_heal_all(struct world *world);
/* All connections between two nodes end, and may be made anew. */
void world_reset(struct world *world, int a, int b);
bool world_connected(const struct world *world, int a, int b);

/* --- those who do not keep to the rules (world_evil.c) --- */
/* Once, to all that it is connected to. */
void world_evil_act(struct world *world, int node);

/* --- people (world_ask.c) --- */
/*
 * Sends a request, runs the world until its last reply, and gives that; NULL
 * when none came within 90 s or the node went away. The world owns it.
 */
const Fob__Reply *world_ask(struct world *world, int node,
			    Fob__Request *request);
/* Sends, does not wait; the number of the request. */
uint32_t world_send(struct world *world, int node, Fob__Request *request);
/* The last reply so far to that request, or NULL. */
const Fob__Reply *world_reply(const struct world *world, int node, uint32_t id);
/* Waits for its last reply. */
const Fob__Reply *world_wait(struct world *world, int node, uint32_t id,
			     uint64_t ms);

void world_make_vault(struct world *world, int node);
void world_unlock(struct world *world, int node);
/* With a passphrase that is another one. */
void world_unlock_wrong(struct world *world, int node);
/* False when it was refused. */
bool world_try_confirm(struct world *world, int node, uint32_t kind);
void world_confirm(struct world *world, int node, uint32_t kind);
/* The code that a node shows; request: of the invitation. */
void world_invite(struct world *world, int node, char ret_code[static 32],
		  uint32_t *ret_request);
/* False: it was refused. */
bool world_try_invite(struct world *world, int node, char ret_code[static 32],
		      uint32_t *ret_request);
uint32_t world_join_begin(struct world *world, int node, int at,
			  const char *code);
/* All of it: node is a device of the vault of at when this returns. */
void world_join(struct world *world, int node, int at);

/* Secret number n of a test: WORLD_SECRET_SIZE bytes. */
void world_secret(unsigned n, uint8_t ret[static WORLD_SECRET_SIZE]);
/* Accounts have an issuer, a kind and a secret by number. */
const Fob__Reply *world_add(struct world *world, int node, const char *issuer,
			    unsigned secret);
const Fob__Reply *world_add_hotp(struct world *world, int node,
				 const char *issuer, unsigned secret);
const Fob__Reply *world_add_group(struct world *world, int node,
				  const char *issuer, unsigned secret,
				  const char *group);
/* Answered once so many others hold it. */
const Fob__Reply *world_add_wait(struct world *world, int node,
				 const char *issuer, unsigned secret,
				 uint32_t copies);
/* Sends, does not wait. */
uint32_t world_add_begin(struct world *world, int node, const char *issuer,
			 unsigned secret);
/* Many at once, named PREFIX-0000 and so on. */
void world_add_many(struct world *world, int node, const char *prefix,
		    unsigned n);
const Fob__Reply *world_set_field(struct world *world, int node,
				  const char *query, const char *key,
				  const char *value);
const Fob__Reply *world_set_secret(struct world *world, int node,
				   const char *query, unsigned secret);
const Fob__Reply *world_remove(struct world *world, int node,
			       const char *query);
const Fob__Reply *world_resolve(struct world *world, int node,
				const char *query, const char *keep);
const Fob__Reply *world_list(struct world *world, int node, const char *query);
const Fob__Reply *world_show(struct world *world, int node, const char *query);
const Fob__Reply *world_code(struct world *world, int node, const char *query);
/* By its name; this device's passphrase is given again for it. */
const Fob__Reply *world_revoke(struct world *world, int node,
			       const char *device);
const Fob__Reply *world_lock(struct world *world, int node);
/* A run with every peer, and its end waited for. */
const Fob__Reply *world_sync(struct world *world, int node);
const Fob__Reply *world_status(struct world *world, int node);

#endif
