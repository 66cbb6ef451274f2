/* Chains by prev, seen from both ends. */
#include "daemon/core/set/chain.h"

#include "daemon/core/set/table.h"

#include <errno.h>
#include <string.h>

static bool is_link(const struct set *set, uint32_t at, uint32_t author,
		    unsigned class)
{
	const struct set_item *item = &set->items[at];

	return (item->flags & SET_HELD) && item->author == author &&
	       item_class(item->kind) == class;
}

static bool has_row(const struct set *set, uint32_t at, uint32_t author,
		    unsigned class)
{
	for (uint32_t i = 0; i < set->n_claims; i++) {
		const struct set_claim *c = &set->claims[i];

		if (c->item == at && c->author == author && c->class == class)
			return true;
	}
	return false;
}

bool chain_vouched(const struct set *set, uint32_t at, uint32_t author,
		   unsigned class)
{
	const struct set_item *item = &set->items[at];

	if (item->flags & SET_HELD)
		return false;
	if (item->claimer == author && item->claimed_class == class)
		return true;
	return (item->marks & MARK_CLAIMS) && has_row(set, at, author, class);
}

/*
 * The first claim on a ghost stands in the ghost itself. Only a second one by
 * another hand, which honest devices never make, needs a row of its own.
 */
static int claim(struct set *set, uint32_t at, uint32_t author, unsigned class)
{
	struct set_item *item = &set->items[at];
	struct set_claim *claims;

	if (item->claimer == NONE) {
		item->claimer = author;
		item->claimed_class = class;
		return 0;
	}
	claims = table_grow(set->claims, set->n_claims, &set->cap_claims,
			    sizeof(*claims));
	if (!claims)
		return -ENOMEM;
	set->claims = claims;
	claims[set->n_claims++] = (struct set_claim){ at, author, class };
	item->marks |= MARK_CLAIMS;
	return 0;
}

static void forget_claims(struct set *set, uint32_t at)
{
	for (uint32_t i = 0; i < set->n_claims;) {
		if (set->claims[i].item == at)
			set->claims[i] = set->claims[--set->n_claims];
		else
			i++;
	}
}

/* The item at names prev: a link when prev is of its chain. */
static int follow(struct set *set, uint32_t at, uint32_t prev)
{
	uint32_t a = set->items[at].author;
	unsigned class = item_class(set->items[at].kind);
	struct set_item *before = &set->items[prev];
	bool again;

	if (!(before->flags & SET_HELD)) {
		again = chain_vouched(set, prev, a, class);
		set->authors[a].forked |= again;
		return again ? 0 : claim(set, prev, a, class);
	}
	if (!is_link(set, prev, a, class))
		return 0;
	if (before->flags & SET_CHAINED)
		set->authors[a].forked = true;
	else
		set->authors[a].n_tips[class]--;
	before->flags |= SET_CHAINED;
	return 0;
}

int chain_arrived(struct set *set, uint32_t at, bool vouched)
{
	struct set_item *item = &set->items[at];
	unsigned class = item_class(item->kind);
	struct set_author *author;

	if (item->marks & MARK_CLAIMS)
		forget_claims(set, at);
	item->marks &= (uint8_t)~MARK_CLAIMS;
	if (item->author == NONE) /* the recovery key has no chain */
		return 0;
	author = &set->authors[item->author];
	if (vouched) {
		item->flags |= SET_CHAINED;
	} else {
		author->n_tips[class]++;
		author->tip[class] = at;
	}
	if (item->prev != NONE)
		return follow(set, at, item->prev);
	author->forked |= author->started[class];
	author->started[class] = true;
	return 0;
}

/* --- the rare way back ---------------------------------------------------- */

/* Counts anew who is a tip, from what is held. */
static void recount_tips(struct set *set, uint32_t author, unsigned class)
{
	struct set_author *a = &set->authors[author];

	a->n_tips[class] = 0;
	a->started[class] = false;
	for (uint32_t i = 0; i < set->n_items; i++) {
		if (is_link(set, i, author, class))
			set->items[i].flags &= (uint8_t)~SET_CHAINED;
	}
	for (uint32_t i = 0; i < set->n_items; i++) {
		uint32_t prev = set->items[i].prev;

		if (!is_link(set, i, author, class))
			continue;
		if (prev == NONE)
			a->started[class] = true;
		else if (is_link(set, prev, author, class))
			set->items[prev].flags |= SET_CHAINED;
	}
	for (uint32_t i = 0; i < set->n_items; i++) {
		if (!is_link(set, i, author, class) ||
		    (set->items[i].flags & SET_CHAINED))
			continue;
		a->n_tips[class]++;
		a->tip[class] = i;
	}
}

/* Writes down anew who names the ghost at. */
static int reclaim(struct set *set, uint32_t at)
{
	struct set_item *ghost = &set->items[at];
	int r = 0;

	forget_claims(set, at);
	ghost->claimer = NONE;
	ghost->claimed_class = CLASS_MAX;
	ghost->marks &= (uint8_t)~MARK_CLAIMS;
	for (uint32_t i = 0; i < set->n_items && !r; i++) {
		const struct set_item *item = &set->items[i];
		unsigned class = item_class(item->kind);

		if ((item->flags & SET_HELD) && item->prev == at &&
		    !chain_vouched(set, at, item->author, class))
			r = claim(set, at, item->author, class);
	}
	return r;
}

int chain_dropped(struct set *set, uint32_t at, uint32_t author, unsigned class,
		  uint32_t prev)
{
	int r = reclaim(set, at);

	if (!r && prev != NONE && !(set->items[prev].flags & SET_HELD))
		r = reclaim(set, prev);
	if (!r)
		recount_tips(set, author, class);
	return r;
}

/* --- reading -------------------------------------------------------------- */

void chain_mark(struct set *set, uint32_t at, uint32_t author, unsigned class)
{
	while (at != NONE && is_link(set, at, author, class) &&
	       !(set->items[at].marks & MARK_ACCEPTED)) {
		set->items[at].marks |= MARK_ACCEPTED;
		at = set->items[at].prev;
	}
}

bool set_reaches(const struct set *set, uint32_t item, uint32_t ancestor)
{
	uint32_t author = set->items[item].author;
	unsigned class = item_class(set->items[item].kind);

	while (item != NONE && is_link(set, item, author, class)) {
		if (item == ancestor)
			return true;
		item = set->items[item].prev;
	}
	return false;
}

static bool is_tip(const struct set *set, uint32_t at, uint32_t author,
		   unsigned class)
{
	return at != NONE && is_link(set, at, author, class) &&
	       !(set->items[at].flags & SET_CHAINED);
}

/* Keeps the least max ids of those offered so far, ascending. */
static size_t offer(const struct set *set, uint32_t at, uint32_t *list,
		    size_t n, size_t max)
{
	size_t i = n;

	while (i > 0 && memcmp(set->items[at].id, set->items[list[i - 1]].id,
			       ID_SIZE) < 0)
		i--;
	if (i >= max)
		return n;
	if (n == max)
		n--;
	memmove(list + i + 1, list + i, (n - i) * sizeof(*list));
	list[i] = at;
	return n + 1;
}

size_t set_tips(const struct set *set, uint32_t author, unsigned class,
		uint32_t *ret, size_t max)
{
	const struct set_author *a = &set->authors[author];
	size_t n = 0;

	if (max > 0 && a->n_tips[class] == 1 &&
	    is_tip(set, a->tip[class], author, class)) {
		ret[0] = a->tip[class];
		return 1;
	}
	for (uint32_t i = 0; i < set->n_items && a->n_tips[class] > 0; i++) {
		if (is_tip(set, i, author, class))
			n = offer(set, i, ret, n, max);
	}
	return a->n_tips[class];
}
