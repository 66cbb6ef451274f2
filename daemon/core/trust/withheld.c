/*
 * For each ending: mark what is reachable by prev from its tips, then add
 * the author's other items to what is withheld.
 */
#include "daemon/core/trust/withheld.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"

/* One ending, while it is looked at. */
struct ending {
	const struct set *set;
	uint32_t author;
	uint32_t group;	    /* in set.groups; NONE: all */
	uint64_t *accepted; /* bitmap over items, owned */
};

static int ending_init(struct ending *e, const struct set *set, uint32_t author,
		       uint32_t group)
{
	*e = (struct ending){ set, author, group, bits_new(set->n_items) };
	return e->accepted ? 0 : -ENOMEM;
}

static void ending_deinit(struct ending *e)
{
	free(e->accepted);
}

static void accept_tips(struct ending *e, unsigned class,
			const ProtobufCBinaryData *tips, size_t n)
{
	const struct set_item *items = e->set->items;

	for (size_t i = 0; i < n; i++) {
		uint32_t at = set_find(e->set, tips[i].data);

		while (at != NONE && items[at].flags & SET_HELD &&
		       items[at].author == e->author &&
		       set_class(e->set, at) == class &&
		       !bits_get(e->accepted, at)) {
			bits_set(e->accepted, at);
			at = items[at].prev;
		}
	}
}

static bool concerns(const struct ending *e, uint32_t item)
{
	const struct set *set = e->set;
	const struct item *whole;

	if (set->items[item].author != e->author ||
	    !(set->items[item].flags & SET_HELD))
		return false;
	if (e->group == NONE)
		return true;
	switch (set->items[item].kind) {
	case FOB__KIND__ENTRY:
	case FOB__KIND__PURGE:
		return set->records[set->items[item].content].group == e->group;
	case FOB__KIND__KEY:
		whole = set_head(set, item);
		return set_group(set, whole->head->key->group.data) == e->group;
	case FOB__KIND__GRANT:
		whole = set_head(set, item);
		return set_group(set, whole->head->grant->group.data) ==
		       e->group;
	default:
		return false;
	}
}

static int withhold(struct withheld *w, const struct ending *e)
{
	if (!w->items)
		w->items = bits_new(w->set->n_items);
	if (!w->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->set->n_items; i++)
		if (concerns(e, i) && !bits_get(e->accepted, i))
			bits_set(w->items, i);
	return 0;
}

void withheld_deinit(struct withheld *w)
{
	free(w->items);
	w->items = NULL;
}

/*
 * Each SUSPEND holds back on its own. If their tips were united, a device
 * that the suspended one brought in could undo a suspension by another.
 */
int withheld_suspended(struct withheld *w, const struct suspensions *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		CLEANUP(ending_deinit) struct ending e;
		const Fob__Suspend *suspend =
			set_head(w->set, s->list[i].item)->head->suspend;
		int err = ending_init(&e, w->set, s->list[i].target, NONE);

		if (err)
			return err;
		accept_tips(&e, 1, suspend->tips1, suspend->n_tips1);
		accept_tips(&e, 2, suspend->tips2, suspend->n_tips2);
		err = withhold(w, &e);
		if (err)
			return err;
	}
	return 0;
}

static int withhold_self_revoked(struct withheld *w, uint32_t author)
{
	const struct set *set = w->set;
	CLEANUP(ending_deinit) struct ending e;
	int err = ending_init(&e, set, author, NONE);

	for (uint32_t i = 0; i < set->n_heads && !err; i++) {
		const struct set_item *it = &set->items[set->heads_item[i]];
		const Fob__Revoke *revoke = set->heads[i]->head->revoke;

		if (it->kind != FOB__KIND__REVOKE || it->author != author ||
		    !(it->flags & SET_CARRIED) ||
		    memcmp(revoke->target.data, set->authors[author].id,
			   DEVICE_ID_SIZE) != 0)
			continue;
		accept_tips(&e, 1, revoke->tips1, revoke->n_tips1);
		accept_tips(&e, 2, revoke->tips2, revoke->n_tips2);
	}
	return err ? err : withhold(w, &e);
}

/*
 * A REVOKE by somebody else leaves nothing but what its tips accept among
 * the carried items, so only those who revoked themselves are looked at.
 */
int withheld_self_revoked(struct withheld *w)
{
	for (uint32_t i = 0; i < w->set->n_authors; i++) {
		const struct set_author *author = &w->set->authors[i];

		if (!author->self_revoked || author->revoke != NONE)
			continue;
		if (withhold_self_revoked(w, i))
			return -ENOMEM;
	}
	return 0;
}

/*
 * Removals by others accept the union of their tips. What the removed device
 * accepts of itself counts only while nobody else has removed it.
 */
int withheld_removed(struct withheld *w, uint32_t group, uint32_t author,
		     const struct group_state *state)
{
	CLEANUP(ending_deinit) struct ending e;
	bool by_others = false;
	int err = ending_init(&e, w->set, author, group);

	for (uint32_t i = 0; i < state->n_removals; i++)
		if (state->removals[i].target == author &&
		    !state->removals[i].undone &&
		    state->removals[i].signer != author)
			by_others = true;
	for (uint32_t i = 0; i < state->n_removals && !err; i++) {
		const struct group_removal *r = &state->removals[i];
		const Fob__Group *g;

		if (r->target != author || r->undone ||
		    (by_others && r->signer == author))
			continue;
		g = set_head(w->set, r->item)->head->group;
		accept_tips(&e, 1, g->tips1, g->n_tips1);
		accept_tips(&e, 2, g->tips2, g->n_tips2);
	}
	return err ? err : withhold(w, &e);
}
