/*
 * The chains of prev: who follows whom, which items vouch for which, forks.
 *
 * A chain is of one author and one class; a prev that turns out to be of
 * another author or class is no link of it and vouches for nothing. Used by
 * the files of this room only.
 */
#ifndef FOB_CORE_SET_CHAIN_H
#define FOB_CORE_SET_CHAIN_H

#include "daemon/core/set/set.h"

/* Does a held item of this author and class name the ghost at as its prev? */
bool chain_vouched(const struct set *set, uint32_t at, uint32_t author,
		   unsigned class);

/*
 * The item at has just become held, its author, kind and prev are set: notes
 * what it follows and whether it is a tip. vouched: what chain_vouched said
 * while it was a ghost. 0 or -ENOMEM.
 */
int chain_arrived(struct set *set, uint32_t at, bool vouched);

/* The item at has just become a ghost; it was of this author and class and
 * followed prev. 0 or -ENOMEM. */
int chain_dropped(struct set *set, uint32_t at, uint32_t author, unsigned class,
		  uint32_t prev);

/* Marks what is reachable by prev from an item, if it is of that chain. */
void chain_mark(struct set *set, uint32_t at, uint32_t author, unsigned class);

#endif
