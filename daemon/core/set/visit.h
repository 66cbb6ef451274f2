/*
 * Class 0 of the carried set: the recovery keys, then the devices in
 * ascending rank (proto/README.md, "The carried set", rules 1 and 2).
 *
 * A visit lives for one evaluation. It sets SET_CARRIED on items of class 0
 * and all that an author's evaluation finds, and remembers for each author
 * the REVOKEs that counted when it was visited, whose tips classes 1 and 2
 * then need. Used by the files of this room only.
 */
#ifndef FOB_CORE_SET_VISIT_H
#define FOB_CORE_SET_VISIT_H

#include "daemon/core/set/seat.h"
#include "daemon/core/set/set.h"

struct visit {
	struct set *set;   /* borrowed */
	uint32_t *first;   /* authors + 1: where in mine they start */
	uint32_t *mine;	   /* heads of class 0 by devices, by author */
	uint32_t *revokes; /* authors: newest in a list of REVOKEs of it */
	uint32_t *counted; /* authors: the same, when it was visited */
	uint32_t *next;	   /* heads: the list goes on, or NONE */
	uint8_t *listed;   /* heads: which RECOVERYs list it; VISIT_NO_TIPS */
	struct seat_queue queue; /* devices still to be visited */
};

#define VISIT_NO_TIPS 4 /* in listed: a REVOKE whose tips are not accepted */

/* Evaluates class 0; nothing may be carried yet. 0 or -ENOMEM. */
int visit_run(struct visit *visit, struct set *set);
void visit_deinit(struct visit *visit);

/* Does this author write items of classes 1 and 2 that count? */
bool visit_writes(const struct set_author *author);

/* Marks (MARK_ACCEPTED) what the REVOKEs that counted accept of an author. */
void visit_mark_accepted(const struct visit *visit, uint32_t author,
			 unsigned class);

#endif
