/*
 * How much of class 2 is taken in from others. For each author a bucket of
 * BUCKET_ITEMS, refilled by BUCKET_PER_MINUTE: what comes beyond it is put
 * off, not acknowledged, and asked for again by a later run; the first
 * complete run of an empty store does not count. And a store that is nine
 * tenths full takes no more of class 2 at all: the rest is for classes 0
 * and 1, by which a vault can still be saved.
 */
#ifndef FOB_CORE_FLOW_H
#define FOB_CORE_FLOW_H

#include "proto/base.h"
#include "proto/limits.h"

#define FLOW_FULL_BYTES (STORE_MAP_BYTES / 10 * 9)

struct step;
struct node;

struct flow {
	/*
	 * For each author when its bucket is full again, in 1/64 ms: an item
	 * puts that off by a minute over BUCKET_PER_MINUTE.
	 */
	uint64_t *full_at; /* parallel to set.authors, owned */
	uint32_t n;
	bool counts; /* the first run is over */
	bool store;  /* the store is full */
};

void flow_deinit(struct flow *flow);

/* The bytes of the store's map that a row of n bytes takes, about. */
uint64_t flow_row(size_t n);

/* May an item of class 2 by this author be taken from a peer now? */
bool flow_allows(const struct node *node, uint32_t author);
/* It was taken. 0 or -ENOMEM. */
int flow_spend(struct node *node, uint32_t author);
/* At the end of the rows, and after each step. */
void flow_start(struct node *node);
void flow_settle(struct step *step);

#endif
