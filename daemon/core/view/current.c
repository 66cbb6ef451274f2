/*
 * Which versions of a record are current (proto/README.md, "Current
 * versions"). Works on the record's own items only; histories of up to
 * FEW versions, nearly all of them, need no memory from the heap.
 */
#include "daemon/core/view/record.h"

#include <stdlib.h>
#include <string.h>

#define FEW 256

/*
 * The record's items in ascending order of index, so that a parent is found
 * by halving, with a mark for each and a stack of those still to be followed.
 */
struct history {
	const struct set *set;
	const struct roster *roster;
	uint32_t *items;
	uint32_t *stack;
	uint8_t *marks;
	size_t n, depth;
};

enum mark { COVERED = 1, FOLLOWED = 2 };

static int by_index(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The list runs from the newest back, mostly in order of index already. */
static void collect(struct history *history, const struct set_record *record)
{
	const struct set *set = history->set;
	uint32_t at = record->last;
	bool sorted = true;
	size_t i = record->n_items;

	while (at != NONE && i > 0) {
		history->items[--i] = at;
		if (i + 1 < record->n_items &&
		    history->items[i] > history->items[i + 1])
			sorted = false;
		at = set->items[at].next;
	}
	REQUIRE(at == NONE && i == 0);
	history->n = record->n_items;
	if (!sorted)
		qsort(history->items, history->n, sizeof(uint32_t), by_index);
}

/* The place of an item among those of this record, or n. */
static size_t place(const struct history *history, uint32_t item)
{
	size_t low = 0, high = history->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (history->items[mid] < item)
			low = mid + 1;
		else
			high = mid;
	}
	return low < history->n && history->items[low] == item ? low :
								 history->n;
}

static const struct set_item *item_at(const struct history *history, size_t at)
{
	return &history->set->items[history->items[at]];
}

/* Marks what an item links to, and remembers to follow it further. */
static void cover_links(struct history *history, size_t at)
{
	const struct set_item *item = item_at(history, at);

	for (uint32_t i = 0; i < item->n_links; i++) {
		uint32_t link = history->set->links[item->links + i];
		size_t to = place(history, link);

		if (to == history->n || (history->marks[to] & COVERED))
			continue;
		history->marks[to] |= COVERED;
		/* A PURGE replaces nothing: nobody covers by naming one. */
		if (item_at(history, to)->kind == FOB__KIND__ENTRY)
			history->stack[history->depth++] = (uint32_t)to;
	}
}

/* Once for each item: so a long history costs no more than its links. */
static void follow(struct history *history, size_t from)
{
	if (history->marks[from] & FOLLOWED)
		return;
	history->marks[from] |= FOLLOWED;
	cover_links(history, from);
	while (history->depth > 0) {
		size_t at = history->stack[--history->depth];

		if (history->marks[at] & FOLLOWED)
			continue;
		history->marks[at] |= FOLLOWED;
		cover_links(history, at);
	}
}

static bool carried_entry(const struct set_item *item)
{
	return item->kind == FOB__KIND__ENTRY && (item->flags & SET_HELD) &&
	       (item->flags & SET_CARRIED);
}

static void cover(struct history *history)
{
	for (size_t i = 0; i < history->n; i++) {
		const struct set_item *item = item_at(history, i);
		uint32_t index = history->items[i];

		if ((carried_entry(item) && (item->flags & SET_INERT)) ||
		    roster_view_valid(history->roster, index))
			follow(history, i);
	}
}

static bool lacks_parent(const struct history *history)
{
	const struct set *set = history->set;

	for (size_t i = 0; i < history->n; i++) {
		const struct set_item *item = item_at(history, i);

		if (!carried_entry(item))
			continue;
		for (uint32_t k = 0; k < item->n_links; k++) {
			uint32_t parent = set->links[item->links + k];

			if (!(set->items[parent].flags & SET_HELD))
				return true;
		}
	}
	return false;
}

/* Keeps the least ids, ascending. */
static void insert(const struct set *set, struct record_versions *ret,
		   uint32_t item)
{
	size_t at = ret->n;

	ret->more = ret->more || ret->n == PARENTS_MAX;
	while (at > 0 &&
	       memcmp(set->items[item].id, set->items[ret->items[at - 1]].id,
		      ID_SIZE) < 0) {
		if (at < PARENTS_MAX)
			ret->items[at] = ret->items[at - 1];
		at--;
	}
	if (at < PARENTS_MAX)
		ret->items[at] = item;
	if (ret->n < PARENTS_MAX)
		ret->n++;
}

static void select_current(const struct history *history,
			   struct record_versions *ret)
{
	for (size_t i = 0; i < history->n; i++) {
		const struct set_item *item = item_at(history, i);

		if (!carried_entry(item) || (item->flags & SET_INERT) ||
		    (history->marks[i] & COVERED) ||
		    !roster_view_valid(history->roster, history->items[i]))
			continue;
		insert(history->set, ret, history->items[i]);
	}
}

static void find(struct history *history, const struct set_record *record,
		 struct record_versions *ret)
{
	collect(history, record);
	memset(history->marks, 0, history->n);
	cover(history);
	ret->incomplete = lacks_parent(history);
	select_current(history, ret);
}

void record_current(const struct set *set, const struct roster *roster,
		    uint32_t record, struct record_versions *ret)
{
	const struct set_record *which = &set->records[record];
	uint32_t items[FEW], stack[FEW];
	uint8_t marks[FEW];
	AUTO_FREE uint32_t *heap = NULL;
	struct history history = { .set = set, .roster = roster };
	size_t n = which->n_items;

	REQUIRE(record < set->n_records);
	ret->n = 0;
	ret->incomplete = ret->more = false;
	history.items = items;
	history.stack = stack;
	history.marks = marks;
	if (n > FEW) {
		heap = malloc(n * (2 * sizeof(uint32_t) + 1));
		if (!heap) {
			ret->incomplete = true;
			return;
		}
		history.items = heap;
		history.stack = heap + n;
		history.marks = (uint8_t *)(heap + 2 * n);
	}
	find(&history, which, ret);
}
