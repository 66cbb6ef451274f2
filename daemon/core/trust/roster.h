/*
 * Who is a device and who may read: what the carried class 0 means.
 *
 * A pure reading of an evaluated set, made anew when the set's class 0
 * changes. Suspension and groups are views: they decide what is current and
 * what is shown, never what is carried. Parallel to set.authors.
 */
#ifndef FOB_CORE_TRUST_ROSTER_H
#define FOB_CORE_TRUST_ROSTER_H

#include "daemon/core/set/set.h"

struct roster_device {
	bool member;		/* current device or keeper */
	bool reader;		/* a member with role device */
	bool suspended;
	uint32_t suspend;	/* the unlifted SUSPEND of least id, or NONE */
};

struct roster_group {
	uint32_t group;		/* in set.groups */
	uint32_t creator;	/* author, or NONE for main */
	uint32_t item;		/* the GROUP that made it, or NONE */
	uint64_t *readers;	/* bitmap over authors, owned */
};

struct roster {
	const struct set *set;	/* borrowed */
	uint64_t version;	/* of the set it was made from */
	struct roster_device *devices;
	uint32_t n_devices;
	struct roster_group *groups;	/* groups[0] is main */
	uint32_t n_groups;
	uint32_t heads[ROSTER_MAX];	/* class-0 heads to name in new items */
	uint32_t n_heads;
	uint32_t *missing;	/* ghosts named in a carried roster, owned */
	uint32_t n_missing;
};

void roster_init(struct roster *roster);
void roster_deinit(struct roster *roster);

/* Reads the evaluated set; cheap when its class 0 is what it was. 0, -ENOMEM. */
int roster_evaluate(struct roster *roster, const struct set *set);

/* The group's readers now: members with role device, not removed from it. */
bool roster_reads(const struct roster *roster, uint32_t group, uint32_t author);

/* May a revoke b? a stands before b in rank, both members, a not b. */
bool roster_outranks(const struct roster *roster, uint32_t a, uint32_t b);

/*
 * View-valid (format section 6): the item's author reads its group now, or
 * the item lies under the tips of the removal, REVOKE or SUSPEND that ended
 * that. For classes 1 and 2; false for what is not carried, or inert.
 */
bool roster_view_valid(const struct roster *roster, uint32_t item);

/* The ordinal that a sponsor's next ADD takes: its largest so far, plus 1. */
uint32_t roster_next_ordinal(const struct roster *roster, uint32_t sponsor);

#endif
