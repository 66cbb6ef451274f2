/*
 * SUSPENDs that no LIFT has settled (format section "Suspension"). Used by
 * the roster only; made for one evaluation.
 */
#ifndef FOB_CORE_TRUST_SUSPENSION_H
#define FOB_CORE_TRUST_SUSPENSION_H

#include "daemon/core/set/set.h"

struct suspension {
	uint32_t item;	 /* the SUSPEND */
	uint32_t target; /* author */
};

struct suspensions {
	struct suspension *list; /* ascending by id of the item, owned */
	uint32_t n;
};

/* Of an evaluated set. 0 or -ENOMEM. */
int suspensions_init(struct suspensions *s, const struct set *set);
void suspensions_deinit(struct suspensions *s);

#endif
