/*
 * The roster is built anew beside the old one and then takes its place, so a
 * failure half-way leaves no half roster.
 */
#include "daemon/core/trust/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"
#include "daemon/core/trust/group.h"
#include "daemon/core/trust/suspension.h"
#include "daemon/core/trust/withheld.h"

#define MAIN 0u /* in set.groups, always */

void roster_init(struct roster *roster)
{
	*roster = (struct roster){ .set = NULL };
}

void roster_deinit(struct roster *roster)
{
	for (uint32_t i = 0; i < roster->n_groups; i++) {
		free(roster->groups[i].readers);
		free(roster->groups[i].admitted);
	}
	free(roster->groups);
	free(roster->devices);
	free(roster->missing);
	free(roster->held_back);
	roster_init(roster);
}

/* --- devices -------------------------------------------------------------- */

static int read_devices(struct roster *roster)
{
	const struct set *set = roster->set;

	roster->devices =
		calloc((size_t)set->n_authors + 1, sizeof(*roster->devices));
	if (!roster->devices)
		return -ENOMEM;
	roster->n_devices = set->n_authors;
	for (uint32_t i = 0; i < set->n_authors; i++) {
		const struct set_author *author = &set->authors[i];

		roster->devices[i] = (struct roster_device){
			.member = author->member,
			.reader = author->member &&
				  author->role == FOB__ROLE__DEVICE,
			.suspend = NONE,
		};
	}
	return 0;
}

static void note_suspensions(struct roster *roster, const struct suspensions *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct roster_device *d = &roster->devices[s->list[i].target];

		d->suspended = true;
		if (d->suspend == NONE) /* the list ascends by id */
			d->suspend = s->list[i].item;
	}
}

/* --- groups --------------------------------------------------------------- */

static int new_group(struct roster *roster, struct roster_group **ret)
{
	const uint32_t n = roster->set->n_authors;
	struct roster_group *group = &roster->groups[roster->n_groups];

	*group = (struct roster_group){
		.group = MAIN,
		.creator = NONE,
		.item = NONE,
		.readers = bits_new(n),
		.admitted = bits_new(n),
	};
	roster->n_groups++; /* from here on deinit frees it */
	*ret = group;
	return group->readers && group->admitted ? 0 : -ENOMEM;
}

/* Everybody of role device reads main, and leaves it by a REVOKE only. */
static int read_main(struct roster *roster)
{
	const struct set *set = roster->set;
	struct roster_group *group;
	int err = new_group(roster, &group);

	for (uint32_t i = 0; i < set->n_authors && !err; i++) {
		if (set->authors[i].reached &&
		    set->authors[i].role == FOB__ROLE__DEVICE)
			bits_set(group->admitted, i);
		if (roster->devices[i].reader)
			bits_set(group->readers, i);
	}
	return err;
}

static int read_group(struct roster *roster, struct withheld *withheld,
		      const struct group_state *state, uint32_t maker)
{
	struct roster_group *group;
	int err = new_group(roster, &group);

	if (err)
		return err;
	group->group = set_group(roster->set, roster->set->items[maker].id);
	group->creator = state->creator;
	group->item = maker;
	for (uint32_t i = 0; i < roster->n_devices && !err; i++) {
		if (!group_admitted(state, i))
			continue;
		bits_set(group->admitted, i);
		if (group_removed(state, i))
			err = withheld_removed(withheld, group->group, i,
					       state);
		else if (roster->devices[i].reader)
			bits_set(group->readers, i);
	}
	return err;
}

static bool makes_group(const struct set *set, uint32_t item)
{
	return set_head(set, item)->head->group->group.len == 0 &&
	       set_group(set, set->items[item].id) != NONE;
}

static int read_groups(struct roster *roster, struct withheld *withheld)
{
	AUTO_FREE uint32_t *order = NULL;
	uint32_t n;
	int err = group_order(roster->set, &order, &n);

	if (err)
		return err;
	roster->groups = calloc((size_t)n + 1, sizeof(*roster->groups));
	if (!roster->groups)
		return -ENOMEM;
	err = read_main(roster);
	for (uint32_t i = 0; i < n && !err; i++) {
		AUTO_GROUP struct group_state state = { 0 };

		if (!makes_group(roster->set, order[i]))
			continue;
		err = group_init(&state, roster->set, order[i], order, n);
		if (!err)
			err = read_group(roster, withheld, &state, order[i]);
	}
	return err;
}

/* --- heads and missing ids ------------------------------------------------ */

static void keep_least(struct roster *roster, uint32_t item)
{
	const struct set_item *items = roster->set->items;
	uint32_t at = roster->n_heads;

	if (at == ROSTER_MAX) {
		if (memcmp(items[item].id, items[roster->heads[at - 1]].id,
			   ID_SIZE) > 0)
			return;
		at--;
	} else {
		roster->n_heads++;
	}
	for (; at > 0 && memcmp(items[item].id, items[roster->heads[at - 1]].id,
				ID_SIZE) < 0;
	     at--)
		roster->heads[at] = roster->heads[at - 1];
	roster->heads[at] = item;
}

/* Marks what this carried item of class 0 has seen. */
static void mark_named(const struct set *set, uint32_t item,
		       const Fob__Head *head, uint64_t *named)
{
	if (set->items[item].prev != NONE)
		bits_set(named, set->items[item].prev);
	for (size_t i = 0; i < head->n_roster; i++) {
		uint32_t at = set_find(set, head->roster[i].data);

		if (at != NONE)
			bits_set(named, at);
	}
}

static int read_heads(struct roster *roster)
{
	const struct set *set = roster->set;
	AUTO_FREE uint64_t *named = bits_new(set->n_items);

	if (!named)
		return -ENOMEM;
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < set->n_heads; i++) {
			uint32_t item = set->heads_item[i];

			if (!(set->items[item].flags & SET_CARRIED) ||
			    set_class(set, item) != 0)
				continue;
			if (pass == 0)
				mark_named(set, item, set->heads[i]->head,
					   named);
			else if (!bits_get(named, item))
				keep_least(roster, item);
		}
	}
	return 0;
}

static int note_missing(struct roster *roster, const uint8_t *id, uint32_t *cap)
{
	uint8_t(*more)[ID_SIZE];

	for (uint32_t i = 0; i < roster->n_missing; i++)
		if (memcmp(roster->missing[i], id, ID_SIZE) == 0)
			return 0;
	/* An alarm needs no list without end. */
	if (roster->n_missing == LIST_MAX)
		return 0;
	if (roster->n_missing == *cap) {
		*cap = *cap ? 2 * *cap : 8;
		more = realloc(roster->missing, *cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		roster->missing = more;
	}
	memcpy(roster->missing[roster->n_missing++], id, ID_SIZE);
	return 0;
}

static int read_missing(struct roster *roster)
{
	const struct set *set = roster->set;
	uint32_t cap = 0;

	for (uint32_t i = 0; i < set->n_heads; i++) {
		const Fob__Head *head = set->heads[i]->head;

		if (!(set->items[set->heads_item[i]].flags & SET_CARRIED))
			continue;
		for (size_t r = 0; r < head->n_roster; r++) {
			if (set_holds(set, head->roster[r].data))
				continue;
			if (note_missing(roster, head->roster[r].data, &cap))
				return -ENOMEM;
		}
	}
	return 0;
}

/* --- evaluation ----------------------------------------------------------- */

/* What is held back changes with class 2 too, so then it is no longer cheap. */
bool roster_is_fresh(const struct roster *roster, const struct set *set)
{
	return roster->set == set && roster->version0 == set->version0 &&
	       roster->n_heads_seen == set->n_heads &&
	       roster->n_devices == set->n_authors &&
	       (!roster->held_back || roster->version == set->version);
}

static int build(struct roster *roster, const struct set *set)
{
	CLEANUP(suspensions_deinit) struct suspensions suspensions = { 0 };
	CLEANUP(withheld_deinit) struct withheld withheld = { 0 };
	int err;

	*roster = (struct roster){
		.set = set,
		.version = set->version,
		.version0 = set->version0,
		.n_heads_seen = set->n_heads,
		.n_items = set->n_items,
	};
	withheld.set = set;
	err = read_devices(roster);
	if (!err)
		err = suspensions_init(&suspensions, set);
	if (!err)
		note_suspensions(roster, &suspensions);
	if (!err)
		err = read_groups(roster, &withheld);
	if (!err)
		err = withheld_suspended(&withheld, &suspensions);
	if (!err)
		err = withheld_self_revoked(&withheld);
	if (!err)
		err = read_heads(roster);
	if (!err)
		err = read_missing(roster);
	roster->held_back = withheld.items;
	withheld.items = NULL;
	return err;
}

int roster_evaluate(struct roster *roster, const struct set *set)
{
	struct roster made;
	int err;

	if (roster_is_fresh(roster, set)) {
		roster->version = set->version;
		return 0;
	}
	err = build(&made, set);
	if (err) {
		roster_deinit(&made);
		return err;
	}
	roster_deinit(roster);
	*roster = made;
	return 0;
}

/* --- questions ------------------------------------------------------------ */

const struct roster_group *roster_group(const struct roster *roster,
					uint32_t group)
{
	for (uint32_t i = 0; i < roster->n_groups; i++)
		if (roster->groups[i].group == group)
			return &roster->groups[i];
	return NULL;
}

bool roster_reads(const struct roster *roster, uint32_t group, uint32_t author)
{
	const struct roster_group *g = roster_group(roster, group);

	return g && author < roster->n_devices && bits_get(g->readers, author);
}

bool roster_outranks(const struct roster *roster, uint32_t a, uint32_t b)
{
	if (a == b || a >= roster->n_devices || b >= roster->n_devices ||
	    !roster->devices[a].member || !roster->devices[b].member)
		return false;
	return rank_compare(&roster->set->authors[a].rank,
			    &roster->set->authors[b].rank) < 0;
}

/* The group that a carried item of class 1 or 2 is for, or NONE. */
static uint32_t group_of(const struct set *set, uint32_t item)
{
	const struct item *whole;

	switch (set->items[item].kind) {
	case FOB__KIND__ENTRY:
	case FOB__KIND__PURGE:
		return set->records[set->items[item].content].group;
	case FOB__KIND__KEY:
		whole = set_head(set, item);
		return set_group(set, whole->head->key->group.data);
	case FOB__KIND__GRANT:
		whole = set_head(set, item);
		return set_group(set, whole->head->grant->group.data);
	default:
		return NONE;
	}
}

bool roster_view_valid(const struct roster *roster, uint32_t item)
{
	const struct set *set = roster->set;
	const struct set_item *it = &set->items[item];
	const struct roster_group *group;

	if (!(it->flags & SET_CARRIED) || it->flags & SET_INERT)
		return false;
	group = roster_group(roster, group_of(set, item));
	if (!group || it->author >= roster->n_devices ||
	    !bits_get(group->admitted, it->author))
		return false;
	return !roster->held_back || item >= roster->n_items ||
	       !bits_get(roster->held_back, item);
}

static uint32_t ordinal_of(const struct set *set, uint32_t head,
			   uint32_t sponsor)
{
	const struct set_item *it = &set->items[set->heads_item[head]];

	if (it->kind != FOB__KIND__ADD || it->author != sponsor)
		return 0;
	return set->heads[head]->head->add->ordinal;
}

uint32_t roster_next_ordinal(const struct roster *roster, uint32_t sponsor)
{
	const struct set *set = roster->set;
	uint32_t largest = 0;

	for (uint32_t i = 0; i < set->n_heads; i++) {
		uint32_t ordinal = ordinal_of(set, i, sponsor);

		largest = ordinal > largest ? ordinal : largest;
	}
	return largest < UINT32_MAX ? largest + 1 : largest;
}
