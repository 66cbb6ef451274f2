/*
 * Seats: a device and the ADD by which it would be reached, in a queue that
 * gives the one of least rank first. A seat's rank is its sponsor's, found
 * before, with the seat's own element appended, so it needs no path of its
 * own. Used by the files of this room only.
 */
#ifndef FOB_CORE_SET_SEAT_H
#define FOB_CORE_SET_SEAT_H

#include "daemon/core/set/set.h"

struct seat {
	uint32_t author, sponsor; /* sponsor NONE: recovery key, or GENESIS */
	uint32_t add;
	int64_t ordinal;
};

struct seat_queue {
	const struct set *set; /* borrowed */
	struct seat *heap;
	uint32_t n_heap, cap_heap;
};

/* Seats deeper than a rank may be are left out. 0 or -ENOMEM. */
int seat_push(struct seat_queue *q, struct seat seat);
/* The queue is not empty. */
struct seat seat_pop(struct seat_queue *q);
void seat_queue_deinit(struct seat_queue *q);

/* The seat's whole rank. */
void seat_rank(const struct set *set, const struct seat *seat,
	       struct rank *ret);

#endif
