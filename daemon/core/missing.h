/*
 * What is not here although something here speaks of it: items that a device
 * told of in its last status, items that a later one of the same hand names,
 * keys of entries that are here. Pure functions of the set and the statuses,
 * and evidence only: who withholds a status with all else is not found out.
 */
#ifndef FOB_CORE_MISSING_H
#define FOB_CORE_MISSING_H

#include "daemon/core/state.h"

/* Of one device. */
struct missing {
	uint64_t told;	  /* items that it held, if more than are here; or 0 */
	uint64_t told_at; /* ms since 1970 */
	uint64_t here;	  /* of that time, at most */
	bool recent;	  /* a member, or one that the kit put out lately */
	uint64_t broken;  /* its items that are named by its later ones */
};

/* ret: zeroed, parallel to set.authors. 0 or -ENOMEM. */
int missing_look(const struct node *node, struct missing *ret);
/* Entries of our groups that no key here opens; for an unlocked node. */
size_t missing_keys(const struct node *node);
/* Is anything of that missing? 0, 1 or -ENOMEM. */
int missing_any(const struct node *node);

#endif
