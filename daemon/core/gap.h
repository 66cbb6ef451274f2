/*
 * Class 0 that others have seen and we do not hold. An item names the heads
 * of class 0 that its author knew; one that is not here means that our view
 * of who is a device may be old. That is evidence, never a gate for items,
 * but while it is fresh we pay no debt of keys unasked: a key made now might
 * be wrapped for somebody who was revoked.
 *
 * An id counts for a day of connected time at most: what no peer brings in
 * a day may be a lie, and must not keep keys from being made for ever.
 */
#ifndef FOB_CORE_GAP_H
#define FOB_CORE_GAP_H

#include "daemon/core/set/set.h"

#define GAP_MS (24ull * 3600 * 1000) /* connected */
#define GAPS_MAX LIST_MAX	     /* an alarm needs no list without end */

struct gap {
	uint8_t id[ID_SIZE];
	uint32_t item;	/* of class 2, names it; NONE: an item of 0 or 1 does */
	bool listed;	/* in roster.missing at the last look */
	uint64_t since; /* connected ms when it was first missed */
};

struct gaps {
	struct gap *list; /* owned */
	size_t n;
	uint64_t connected; /* ms with a peer, since the start */
	uint64_t at;	    /* mono ms up to which that is counted */
};

/* Ids of a head of class 2 that are not held: taken from it before it goes. */
struct gap_named {
	uint8_t ids[ROSTER_MAX][ID_SIZE];
	size_t n;
};

struct node;

void gap_deinit(struct gaps *gaps);
void gap_name(const struct set *set, const Fob__Head *head,
	      struct gap_named *ret);
/* item is held now, and named those. 0 or -ENOMEM. */
int gap_note(struct node *node, const struct gap_named *named, uint32_t item);
/* After an evaluation: forgets what has come, looks at classes 0 and 1. */
int gap_settle(struct node *node);
/* Counts the time up to now; connected: a peer was up in it. */
void gap_tick(struct node *node, bool connected);
/* Is anything missing at all? And so freshly that no debt may be paid? */
bool gap_any(const struct node *node);
bool gap_fresh(const struct node *node);

#endif
