/* Evaluation of the carried set, whole and in steps. */
#include "daemon/core/set/carry.h"

#include "daemon/core/set/order.h"
#include "daemon/core/set/table.h"
#include "daemon/core/set/visit.h"

#include <errno.h>

/* --- parents of carried entries ------------------------------------------- */

static int todo_push(struct set *set, uint32_t at)
{
	uint32_t *todo = table_grow(set->todo, set->n_todo, &set->cap_todo,
				    sizeof(*todo));

	if (!todo)
		return -ENOMEM;
	set->todo = todo;
	todo[set->n_todo++] = at;
	return 0;
}

/* A parent of a carried or inert ENTRY: inert, when it is an uncarried one. */
static int meet_parent(struct set *set, uint32_t at)
{
	struct set_item *parent = &set->items[at];
	int r;

	parent->marks |= MARK_PARENT;
	if (!(parent->flags & SET_HELD) || (parent->flags & SET_CARRIED) ||
	    parent->kind != FOB__KIND__ENTRY)
		return 0;
	parent->flags |= SET_CARRIED | SET_INERT;
	r = order_add(set, item_class(parent->kind), at);
	return r ? r : todo_push(set, at);
}

/* Sees to the parents of all ENTRYs in todo, and to theirs. */
static int close_parents(struct set *set)
{
	int r = 0;

	while (!r && set->n_todo > 0) {
		const struct set_item *item =
			&set->items[set->todo[--set->n_todo]];
		uint32_t first = item->links, n = item->n_links;

		for (uint32_t i = 0; i < n && !r; i++)
			r = meet_parent(set, set->links[first + i]);
	}
	return r;
}

static int carry_item(struct set *set, uint32_t at, uint8_t flags)
{
	struct set_item *item = &set->items[at];
	int r;

	item->flags |= flags;
	r = order_add(set, item_class(item->kind), at);
	if (!r && item->kind == FOB__KIND__ENTRY)
		r = todo_push(set, at);
	return r;
}

/* --- in steps ------------------------------------------------------------- */

int carry_arrived(struct set *set, uint32_t at)
{
	const struct set_item *item = &set->items[at];
	const struct set_author *author;
	int r;

	if (item_class(item->kind) == 0)
		set->dirty = true;
	if (set->dirty)
		return 0;
	author = &set->authors[item->author];
	if (author->revoke != NONE) {
		/* It may lie under accepted tips, or be the link to some. */
		set->dirty = true;
		return 0;
	}
	if (visit_writes(author))
		r = carry_item(set, at, SET_CARRIED);
	else if (item->kind == FOB__KIND__ENTRY && (item->marks & MARK_PARENT))
		r = carry_item(set, at, SET_CARRIED | SET_INERT);
	else
		return 0;
	set->version++;
	return r ? r : close_parents(set);
}

/* --- whole ---------------------------------------------------------------- */

static void forget(struct set *set)
{
	for (uint32_t i = 0; i < set->n_items; i++) {
		struct set_item *item = &set->items[i];

		item->marks &= MARK_CLAIMS | MARK_RECORD | MARK_OTHERS;
		if (item->flags & SET_CARRIED)
			item->marks |= MARK_WAS_CARRIED;
		if (item->flags & SET_INERT)
			item->marks |= MARK_WAS_INERT;
		item->flags &= (uint8_t) ~(SET_CARRIED | SET_INERT);
	}
	for (uint32_t i = 0; i < set->n_authors; i++) {
		struct set_author *a = &set->authors[i];

		a->rank.depth = 0;
		a->add = a->revoke = NONE;
		a->role = FOB__ROLE__ROLE_NONE;
		a->reached = a->member = a->self_revoked = false;
	}
	for (unsigned c = 0; c < CLASS_MAX; c++)
		order_clear(set, c);
	set->n_todo = 0;
}

/* Class 0 has its flags already; it only goes into the order here. */
static int carry_all(struct set *set)
{
	int r = 0;

	for (uint32_t i = 0; i < set->n_items && !r; i++) {
		struct set_item *item = &set->items[i];
		const struct set_author *author;

		if (!(item->flags & SET_HELD))
			continue;
		if (item_class(item->kind) == 0) {
			if (item->flags & SET_CARRIED)
				r = carry_item(set, i, SET_CARRIED);
			continue;
		}
		author = &set->authors[item->author];
		if (visit_writes(author) &&
		    (author->revoke == NONE || (item->marks & MARK_ACCEPTED)))
			r = carry_item(set, i, SET_CARRIED);
	}
	return r;
}

/* Is anything carried that was not, or otherwise than it was? */
static bool changed(const struct set *set)
{
	for (uint32_t i = 0; i < set->n_items; i++) {
		const struct set_item *item = &set->items[i];

		if (!(item->flags & SET_CARRIED) !=
			    !(item->marks & MARK_WAS_CARRIED) ||
		    !(item->flags & SET_INERT) !=
			    !(item->marks & MARK_WAS_INERT))
			return true;
	}
	return false;
}

int carry_evaluate(struct set *set)
{
	struct visit visit;
	int r;

	forget(set);
	r = visit_run(&visit, set);
	for (uint32_t a = 0; a < set->n_authors && !r; a++) {
		if (set->authors[a].revoke == NONE)
			continue;
		for (unsigned c = 1; c < CLASS_MAX; c++)
			visit_mark_accepted(&visit, a, c);
	}
	visit_deinit(&visit);
	if (!r)
		r = carry_all(set);
	if (!r)
		r = close_parents(set);
	if (r)
		return r;
	if (changed(set))
		set->version++;
	set->version0++;
	return 0;
}
