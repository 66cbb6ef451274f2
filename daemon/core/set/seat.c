/* Ranks, and the devices that wait to be visited in their order. */
#include "daemon/core/set/seat.h"

#include "daemon/core/set/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- ranks ---------------------------------------------------------------- */

static int compare_element(int64_t a, const uint8_t *add_a, int64_t b,
			   const uint8_t *add_b)
{
	if (a != b)
		return a < b ? -1 : 1;
	return memcmp(add_a, add_b, ID_SIZE);
}

int rank_compare(const struct rank *a, const struct rank *b)
{
	for (unsigned i = 0; i < a->depth && i < b->depth; i++) {
		int r = compare_element(a->path[i].ordinal, a->path[i].add,
					b->path[i].ordinal, b->path[i].add);

		if (r)
			return r;
	}
	return (int)a->depth - (int)b->depth;
}

static unsigned seat_depth(const struct set *set, const struct seat *seat)
{
	if (seat->sponsor == NONE)
		return 1;
	return set->authors[seat->sponsor].rank.depth + 1u;
}

/* Element i of the seat's rank: its sponsor's path, then its own. */
static int64_t seat_element(const struct set *set, const struct seat *seat,
			    unsigned i, const uint8_t **ret_add)
{
	const struct rank *rank;

	if (i + 1 == seat_depth(set, seat)) {
		*ret_add = set->items[seat->add].id;
		return seat->ordinal;
	}
	rank = &set->authors[seat->sponsor].rank;
	*ret_add = rank->path[i].add;
	return rank->path[i].ordinal;
}

static bool seat_before(const struct set *set, const struct seat *a,
			const struct seat *b)
{
	unsigned na = seat_depth(set, a), nb = seat_depth(set, b);

	for (unsigned i = 0; i < na && i < nb; i++) {
		const uint8_t *add_a, *add_b;
		int64_t x = seat_element(set, a, i, &add_a);
		int64_t y = seat_element(set, b, i, &add_b);
		int r = compare_element(x, add_a, y, add_b);

		if (r)
			return r < 0;
	}
	return na < nb;
}

void seat_rank(const struct set *set, const struct seat *seat, struct rank *ret)
{
	*ret = (struct rank){ .depth = (uint8_t)seat_depth(set, seat) };
	for (unsigned i = 0; i < ret->depth; i++) {
		const uint8_t *add;

		ret->path[i].ordinal = seat_element(set, seat, i, &add);
		memcpy(ret->path[i].add, add, ID_SIZE);
	}
}

/* --- the devices still to be visited, a heap ------------------------------- */

static void swap(struct seat *a, struct seat *b)
{
	struct seat c = *a;

	*a = *b;
	*b = c;
}

int seat_push(struct seat_queue *q, struct seat seat)
{
	struct seat *heap;
	uint32_t i;

	/* Deeper than any rank may be: such an ADD reaches nobody. */
	if (seat_depth(q->set, &seat) > PATH_MAX_DEPTH)
		return 0;
	heap = table_grow(q->heap, q->n_heap, &q->cap_heap, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	q->heap = heap;
	heap[i = q->n_heap++] = seat;
	while (i > 0 && seat_before(q->set, &heap[i], &heap[(i - 1) / 2])) {
		swap(&heap[i], &heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return 0;
}

struct seat seat_pop(struct seat_queue *q)
{
	struct seat *heap = q->heap, least = heap[0];
	uint32_t i = 0, child;

	heap[0] = heap[--q->n_heap];
	while ((child = 2 * i + 1) < q->n_heap) {
		if (child + 1 < q->n_heap &&
		    seat_before(q->set, &heap[child + 1], &heap[child]))
			child++;
		if (!seat_before(q->set, &heap[child], &heap[i]))
			break;
		swap(&heap[child], &heap[i]);
		i = child;
	}
	return least;
}

void seat_queue_deinit(struct seat_queue *q)
{
	free(q->heap);
	*q = (struct seat_queue){ .set = NULL };
}
