/*
 * The whole daemon as one deterministic function.
 *
 * node_step() takes one event and fills a list of effects; that is all that
 * a node does. It has no clock, randomness, I/O, log, callback or thread: the
 * driver (daemon/driver.c) and the simulator (tests/sim) obey the same
 * effects against the real world and a virtual one.
 */
#ifndef FOB_CORE_NODE_H
#define FOB_CORE_NODE_H

#include "daemon/core/effect.h"
#include "daemon/core/event.h"

struct node;

/* How a node differs from the usual. All strings are copied. */
struct node_config {
	bool keeper;
	bool synced; /* another program keeps the vault's folder equal */
	uint64_t idle_lock_ms; /* 0: never */
	uint64_t kdf_memory;   /* bytes; 0: KDF_MEMORY; tests take less */
	uint32_t kdf_passes;   /* 0: calibrate */
	char version[32];
	char folder[512]; /* where the vault is, for messages; "": no idea */
};

/* NULL when memory runs out. */
struct node *node_new(const struct node_config *config);
void node_free(struct node *node);

/*
 * The step. effects is emptied first, filled in order. A negative return
 * means that the node is dead (its memory and its disk may differ): drop its
 * effects, exit, start again from disk.
 */
int node_step(struct node *node, const struct event *event,
	      struct effects *effects);

#endif
