/* What the files of the world share among themselves. */
#ifndef FOB_TESTS_WORLD_INNER_H
#define FOB_TESTS_WORLD_INNER_H

#include "tests/lib/world.h"

enum due_kind {
	DUE_TIMER = 1, /* node: its EFFECT_TIMER */
	DUE_COMMIT,    /* node: what it wrote is durable */
	DUE_SOFT,      /* node: soft rows are written */
	DUE_KDF,       /* node, token, data: key */
	DUE_CLIENT,    /* node, data: a request */
	DUE_UP,	       /* wire, side: the connection is there */
	DUE_DATA,      /* wire, side, data */
	DUE_DOWN,      /* wire, side */
};

struct world_due {
	uint64_t at, seq;
	enum due_kind kind;
	int node;
	uint32_t boot; /* of the node: a later one does not get it */
	size_t wire;
	int side;
	uint32_t token;
	uint8_t *data; /* owned */
	size_t n;
	struct world_due *next; /* in an inbox */
};

/* Something of that kind for a node, in so many ms; data is taken. */
struct world_due *world_plan(struct world *world, enum due_kind kind, int node,
			     uint64_t ms);
void world_due_free(struct world_due *due);

/* --- world_node.c --- */
struct event world_event(enum event_type type);
/* One step and what follows at once. */
void world_feed(struct world *world, int node, struct event *event);
/* The end of a turn: commit, or everything leaves now. */
void world_turn(struct world *world, int node);
/* What is due for a node, now. */
void world_take(struct world *world, struct world_due *due);

/* --- world_net.c --- */
void net_dial(struct world *world, int node, const struct effect *effect);
void net_send(struct world *world, int node, struct effect *effect);
void net_close(struct world *world, int node, uint32_t conn);
/* A wire's event for the node at its end. */
void net_due(struct world *world, const struct world_due *due);
/* The node has gone: its connections break. */
void net_gone(struct world *world, int node);
/* The node does not answer, and those at the other end do not know why. */
void net_asleep(struct world *world, int node);
bool net_over(const struct world *world, const struct world_due *due);

/* --- world_evil.c --- */
/* Makes another message of what an evil node is about to send. */
void evil_change(struct world *world, int node, struct effect *effect);

/* --- world_check.c --- */
/* Some signatures in the world are bad: what has one is dropped again. */
bool world_garbles(const struct world *world);
/* All that the node answered for. */
void world_check_kept(struct world *world, int node);
/* The node wrote that item in the step at hand: for whom is it not meant? */
void check_wrote(struct world *world, int node,
		 const uint8_t id[static ID_SIZE]);

/* --- world.c --- */
/* A canary in there is a failure. */
/* EFFECT_NEXT_*, but for its answer. */
void world_next(struct world *world, int node, const struct effect *effect);
void world_no_canary(struct world *world, struct bytes bytes,
		     const char *where);
const char *world_device_name(const struct world *world,
			      const uint8_t id[static DEVICE_ID_SIZE]);
void world_trace_effect(struct world *world, int node,
			const struct effect_trace *trace);
void world_trace_message(struct world *world, const struct world_wire *wire,
			 int to, struct bytes message);

void *world_copy(const void *from, size_t n);

#endif
