/*
 * The power to remove flows downward, so seniors come first: what they
 * removed can not be brought back by what comes later in the order, and
 * whoever they removed adds nobody.
 */
#include "daemon/core/trust/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"

static const Fob__Group *group_of(const struct set *set, uint32_t item)
{
	return set_head(set, item)->head->group;
}

/* --- order ---------------------------------------------------------------- */

/* The recovery key stands above all ranks. */
static int compare_signers(const struct set *set, uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	if (a == NONE || b == NONE)
		return a == NONE ? -1 : 1;
	return rank_compare(&set->authors[a].rank, &set->authors[b].rank);
}

static bool comes_before(const struct set *set, uint32_t a, uint32_t b)
{
	int c = compare_signers(set, set->items[a].author,
				set->items[b].author);

	if (c != 0)
		return c < 0;
	return memcmp(set->items[a].id, set->items[b].id, ID_SIZE) < 0;
}

int group_order(const struct set *set, uint32_t **ret, uint32_t *ret_n)
{
	uint32_t *order = calloc((size_t)set->n_heads + 1, sizeof(*order));
	uint32_t n = 0;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->n_heads; i++) {
		uint32_t item = set->heads_item[i], at = n;

		if (set->heads[i]->head->kind != FOB__KIND__GROUP ||
		    !(set->items[item].flags & SET_CARRIED))
			continue;
		/* GROUPs are few: a person makes them by hand. */
		for (; at > 0 && comes_before(set, item, order[at - 1]); at--)
			order[at] = order[at - 1];
		order[at] = item;
		n++;
	}
	*ret = order;
	*ret_n = n;
	return 0;
}

/* --- one group ------------------------------------------------------------ */

bool group_admitted(const struct group_state *state, uint32_t author)
{
	return bits_get(state->added, author);
}

bool group_removed(const struct group_state *state, uint32_t author)
{
	for (uint32_t i = 0; i < state->n_removals; i++)
		if (state->removals[i].target == author &&
		    !state->removals[i].undone)
			return true;
	return false;
}

bool group_lists(const struct group_state *state, uint32_t author)
{
	return group_admitted(state, author) && !group_removed(state, author);
}

static bool may_remove(const struct group_state *state, uint32_t signer,
		       uint32_t target)
{
	if (signer == NONE || signer == target || signer == state->creator)
		return true;
	return group_lists(state, signer) &&
	       compare_signers(state->set, signer, target) < 0;
}

static bool may_add(const struct group_state *state, uint32_t signer)
{
	return signer == NONE || group_lists(state, signer);
}

static bool may_undo(const struct set *set, uint32_t signer, uint32_t remover)
{
	return signer == NONE || compare_signers(set, signer, remover) <= 0;
}

static struct group_removal *find_removal(struct group_state *state,
					  uint32_t item, uint32_t target)
{
	for (uint32_t i = 0; i < state->n_removals; i++)
		if (state->removals[i].item == item &&
		    state->removals[i].target == target)
			return &state->removals[i];
	return NULL;
}

static int push_removal(struct group_state *state, struct group_removal r)
{
	struct group_removal *more;
	uint32_t cap = state->cap_removals;

	if (state->n_removals == cap) {
		cap = cap ? 2 * cap : 8;
		more = realloc(state->removals, cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		state->removals = more;
		state->cap_removals = cap;
	}
	state->removals[state->n_removals++] = r;
	return 0;
}

static int apply_removals(struct group_state *state, uint32_t item)
{
	const struct set *set = state->set;
	const Fob__Group *group = group_of(set, item);
	uint32_t signer = set->items[item].author;

	for (size_t i = 0; i < group->n_remove; i++) {
		uint32_t target = set_author(set, group->remove[i].data);
		int err;

		/* A senior may have undone it before its turn came. */
		if (target == NONE || !may_remove(state, signer, target) ||
		    find_removal(state, item, target))
			continue;
		err = push_removal(state,
				   (struct group_removal){ item, target, signer,
							   false });
		if (err)
			return err;
	}
	return 0;
}

/* Undone by a senior or by its own signer: also before it is applied. */
static int undo(struct group_state *state, uint32_t signer, uint32_t removal,
		uint32_t target)
{
	struct group_removal *known;
	uint32_t remover;

	if (removal == NONE ||
	    !(state->set->items[removal].flags & SET_CARRIED))
		return 0;
	remover = state->set->items[removal].author;
	if (!may_undo(state->set, signer, remover))
		return 0;
	known = find_removal(state, removal, target);
	if (!known)
		return push_removal(state,
				    (struct group_removal){ removal, target,
							    remover, true });
	known->undone = true;
	return 0;
}

static int apply_adds(struct group_state *state, uint32_t item)
{
	const struct set *set = state->set;
	const Fob__Group *group = group_of(set, item);
	uint32_t signer = set->items[item].author;
	int err = 0;

	if (!may_add(state, signer))
		return 0;
	for (size_t i = 0; i < group->n_add && !err; i++) {
		uint32_t target = set_author(set, group->add[i].data);

		if (target == NONE)
			continue;
		for (size_t u = 0; u < group->n_undo && !err; u++)
			err = undo(state, signer,
				   set_find(set, group->undo[u].data), target);
		bits_set(state->added, target);
	}
	return err;
}

static bool belongs(const struct set *set, uint32_t item, uint32_t maker)
{
	const Fob__Group *group = group_of(set, item);

	return item == maker ||
	       (group->group.len == GROUP_ID_SIZE &&
		memcmp(group->group.data, set->items[maker].id, ID_SIZE) == 0);
}

/* One signer's items are order[from..to). */
static int apply_signer(struct group_state *state, uint32_t maker,
			const uint32_t *items, uint32_t n)
{
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		if (belongs(state->set, items[i], maker))
			err = apply_removals(state, items[i]);
	for (uint32_t i = 0; i < n && !err; i++)
		if (belongs(state->set, items[i], maker))
			err = apply_adds(state, items[i]);
	return err;
}

/*
 * The first readers are there before anybody's turn comes, so that a senior
 * whom a junior creator took in at once has its rank's say.
 */
static void add_first(struct group_state *state, uint32_t maker)
{
	const Fob__Group *group = group_of(state->set, maker);

	if (state->creator != NONE)
		bits_set(state->added, state->creator);
	for (size_t i = 0; i < group->n_add; i++) {
		uint32_t target = set_author(state->set, group->add[i].data);

		if (target != NONE)
			bits_set(state->added, target);
	}
}

int group_init(struct group_state *state, const struct set *set, uint32_t maker,
	       const uint32_t *order, uint32_t n)
{
	int err = 0;

	*state = (struct group_state){
		.set = set,
		.creator = set->items[maker].author,
		.added = bits_new(set->n_authors),
	};
	if (!state->added)
		return -ENOMEM;
	add_first(state, maker);
	for (uint32_t i = 0, to; i < n && !err; i = to) {
		to = i + 1;
		while (to < n && set->items[order[to]].author ==
					 set->items[order[i]].author)
			to++;
		err = apply_signer(state, maker, order + i, to - i);
	}
	if (err)
		group_deinit(state);
	return err;
}

void group_deinit(struct group_state *state)
{
	free(state->added);
	free(state->removals);
	*state = (struct group_state){ .added = NULL };
}
