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
	bool member; /* current device or keeper */
	bool reader; /* a member with role device */
	bool suspended;
	uint32_t suspend; /* the unlifted SUSPEND of least id, or NONE */
};

/*
 * A group as its GROUP items have it. admitted: added by somebody who could,
 * removed since or not; so its items may count, as far as held_back says.
 */
struct roster_group {
	uint32_t group;	    /* in set.groups */
	uint32_t creator;   /* author; NONE: main, or by the recovery key */
	uint32_t item;	    /* the GROUP that made it, or NONE */
	uint64_t *readers;  /* bitmap over authors, owned */
	uint64_t *admitted; /* bitmap over authors, owned */
};

struct roster {
	const struct set *set; /* borrowed */
	uint64_t version;      /* of the set it was made from */
	uint64_t version0;
	uint32_t n_heads_seen; /* classes 0 and 1, when it was made */
	struct roster_device *devices;
	uint32_t n_devices;
	struct roster_group *groups; /* groups[0] is main */
	uint32_t n_groups;
	uint32_t heads[ROSTER_MAX]; /* class-0 heads to name in new items */
	uint32_t n_heads;
	uint8_t (*missing)[ID_SIZE]; /* in a carried roster, not held; owned */
	uint32_t n_missing;
	/* Items outside the tips of what ended their author's reading. */
	uint64_t *held_back; /* bitmap over items, owned; NULL: none are */
	uint32_t n_items;    /* how many held_back covers */
};

void roster_init(struct roster *roster);
void roster_deinit(struct roster *roster);

/*
 * Reads the evaluated set; cheap when its class 0 is what it was. 0, or
 * -ENOMEM, then the roster is what it was before.
 */
int roster_evaluate(struct roster *roster, const struct set *set);

/*
 * Is it what roster_evaluate() would make of the set now? Items of class 2 by
 * who was revoked, suspended or removed change it as well.
 */
bool roster_is_fresh(const struct roster *roster, const struct set *set);

/* The group's readers now: members with role device, not removed from it. */
bool roster_reads(const struct roster *roster, uint32_t group, uint32_t author);

/* The group as evaluated, or NULL: no carried GROUP makes it. */
const struct roster_group *roster_group(const struct roster *roster,
					uint32_t group);

/* May a revoke b? a stands before b in rank, both members, a not b. */
bool roster_outranks(const struct roster *roster, uint32_t a, uint32_t b);

/*
 * View-valid (format section 6): the item's author reads its group now, or
 * the item lies under the tips of the removal, REVOKE or SUSPEND that ended
 * that. For classes 1 and 2; false for what is not carried, or inert.
 */
bool roster_view_valid(const struct roster *roster, uint32_t item);

/*
 * The ordinal that a sponsor's next ADD takes: the largest of those held,
 * carried or not, plus 1. sponsor NONE: the recovery key.
 */
uint32_t roster_next_ordinal(const struct roster *roster, uint32_t sponsor);

#endif
