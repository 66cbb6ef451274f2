/*
 * Who reads a group: its GROUP items, in rank order of their signers,
 * removals first within one signer (format section "Groups").
 *
 * Used by the roster only. A group_state is for one group and one moment;
 * it looks at the evaluated set and is thrown away when it has been read.
 */
#ifndef FOB_CORE_TRUST_GROUP_H
#define FOB_CORE_TRUST_GROUP_H

#include "daemon/core/set/set.h"

/* One device removed by one GROUP item. */
struct group_removal {
	uint32_t item;
	uint32_t target; /* author */
	uint32_t signer; /* author, or NONE: the recovery key */
	bool undone;
};

struct group_state {
	const struct set *set;
	uint32_t creator; /* author, or NONE: the recovery key */
	uint64_t *added;  /* bitmap over authors: a valid add was seen */
	struct group_removal *removals;
	uint32_t n_removals, cap_removals;
};

/* Carried GROUP items, ordered by rank of signer, then id; heap. */
int group_order(const struct set *set, uint32_t **ret, uint32_t *ret_n);

/*
 * Evaluates the group that `maker` (a carried GROUP item without group id)
 * makes; order is that of group_order. 0, -ENOMEM.
 */
int group_init(struct group_state *state, const struct set *set, uint32_t maker,
	       const uint32_t *order, uint32_t n);
void group_deinit(struct group_state *state);
#define AUTO_GROUP CLEANUP(group_deinit)

/* Was it added by somebody who could, whatever was removed since? */
bool group_admitted(const struct group_state *state, uint32_t author);
/* Has it a removal that is not undone? */
bool group_removed(const struct group_state *state, uint32_t author);
/* Admitted and not removed; whether it is a member is not asked here. */
bool group_lists(const struct group_state *state, uint32_t author);

#endif
