/* Range-based set reconciliation. */
#include "daemon/core/set/reconcile.h"

#include "daemon/core/set/range.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Of a packed range, with its tag and length, ids left out. */
#define RANGE_BYTES 96
/* What one of their ranges may cost us at most: a split, or a list. */
#define ANSWER_BYTES (RANGE_SPLIT * RANGE_BYTES)
/* What may follow the last answer: a SKIP, and the rest as one range. */
#define TAIL 2
#define BUDGET (MESSAGE_MAX - 512 - TAIL * RANGE_BYTES)

_Static_assert(RANGE_LIST *ID_SIZE + RANGE_BYTES <= ANSWER_BYTES,
	       "a list costs no more than a split");

/* --- lists of ids --------------------------------------------------------- */

void id_list_deinit(struct id_list *list)
{
	free(list->ids);
	*list = (struct id_list){ .ids = NULL };
}

int id_list_add(struct id_list *list, const uint8_t id[static ID_SIZE])
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 16;
		uint8_t *ids = realloc(list->ids, cap * ID_SIZE);

		if (!ids)
			return -ENOMEM;
		list->ids = ids;
		list->cap = cap;
	}
	memcpy(list->ids + list->n++ * ID_SIZE, id, ID_SIZE);
	return 0;
}

/* --- a run ---------------------------------------------------------------- */

static void hash_id(uint8_t ret[static ID_SIZE], unsigned class,
		    const uint8_t *id, const uint8_t key[static 32])
{
	uint8_t bytes[1 + ID_SIZE] = { (uint8_t) class };

	memcpy(bytes + 1, id, ID_SIZE);
	crypto_generichash(ret, ID_SIZE, bytes, sizeof(bytes), key, 32);
}

int reconcile_init(struct reconcile *run, struct set *set, unsigned class,
		   const uint8_t key[static 32])
{
	uint32_t n;
	const uint32_t *sorted = set_sorted(set, class, &n);
	struct reconcile new = { .class = class, .set = set, .n = n };

	new.ids = malloc(((size_t)n + 1) * sizeof(*new.ids));
	new.sums = malloc(((size_t)n + 1) * sizeof(*new.sums));
	if (!new.ids || !new.sums) {
		reconcile_deinit(&new);
		return -ENOMEM;
	}
	if (n > 0)
		memcpy(new.ids, sorted, n * sizeof(*sorted));
	memset(new.sums[0], 0, ID_SIZE);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t hash[ID_SIZE];

		hash_id(hash, class, range_id(&new, i), key);
		range_add(new.sums[i + 1], new.sums[i], hash);
	}
	*run = new;
	return 0;
}

void reconcile_deinit(struct reconcile *run)
{
	free(run->ids);
	free(run->sums);
	*run = (struct reconcile){ .ids = NULL };
}

void reconcile_again(struct reconcile *run)
{
	run->levels = 0;
	run->ranges = run->peer_count = 0;
}

void reconcile_free(Fob__Ranges *ranges)
{
	if (ranges)
		fob__ranges__free_unpacked(ranges, NULL);
}

static void free_ranges(Fob__Ranges **ranges)
{
	reconcile_free(*ranges);
}

int reconcile_open(struct reconcile *run, Fob__Ranges **ret)
{
	CLEANUP(free_ranges) Fob__Ranges *out = NULL;
	struct part whole = { 0, run->n, { .end = true } };
	int r = range_new(&out, run->class);

	if (!r)
		r = range_put_fingerprint(out, run, &whole);
	if (r)
		return r;
	run->ranges++;
	*ret = out;
	out = NULL;
	return 0;
}

/* --- their ranges, are they well-formed? ----------------------------------- */

static bool list_well_formed(const Fob__Range *range, const struct bound *lower,
			     const struct bound *upper)
{
	const uint8_t *ids = range->ids.data;
	size_t n = range->ids.len / ID_SIZE;
	struct bound last = { .end = false };

	if (range->ids.len % ID_SIZE != 0 || n > RANGE_LIST)
		return false;
	for (size_t i = 1; i < n; i++) {
		if (memcmp(ids + (i - 1) * ID_SIZE, ids + i * ID_SIZE,
			   ID_SIZE) >= 0)
			return false;
	}
	if (n == 0)
		return true;
	memcpy(last.bytes, ids + (n - 1) * ID_SIZE, ID_SIZE);
	return memcmp(ids, lower->bytes, ID_SIZE) >= 0 &&
	       range_compare_bounds(&last, upper) < 0;
}

static bool range_well_formed(const Fob__Range *range,
			      const struct bound *lower,
			      const struct bound *upper)
{
	bool sum = range->sum.len > 0, count = range->count > 0;

	switch (range->mode) {
	case FOB__RANGE_MODE__SKIP:
		return !sum && !count && range->ids.len == 0;
	case FOB__RANGE_MODE__FINGERPRINT:
		return range->sum.len == ID_SIZE && range->ids.len == 0 &&
		       range->count <= UINT32_MAX;
	case FOB__RANGE_MODE__LIST:
		return !sum && !count && list_well_formed(range, lower, upper);
	default:
		return false;
	}
}

/* Only the last range may reach to the end, and says so by an empty upper. */
static bool next_upper(const Fob__Ranges *theirs, size_t i,
		       const struct bound *lower, struct bound *ret)
{
	const ProtobufCBinaryData *upper = &theirs->ranges[i]->upper;

	if (!range_read_bound(ret, upper))
		return false;
	ret->end = upper->len == 0;
	if (ret->end)
		return i + 1 == theirs->n_ranges;
	return range_compare_bounds(lower, ret) < 0;
}

static int check(struct reconcile *run, const Fob__Ranges *theirs)
{
	struct bound lower, upper;
	uint64_t count = 0;

	if (theirs->class_ != run->class ||
	    theirs->n_ranges > RANGES_PER_MESSAGE ||
	    !range_read_bound(&lower, &theirs->lower))
		return RECONCILE_ERR_PROTOCOL;
	for (size_t i = 0; i < theirs->n_ranges; i++) {
		if (!next_upper(theirs, i, &lower, &upper) ||
		    !range_well_formed(theirs->ranges[i], &lower, &upper))
			return RECONCILE_ERR_PROTOCOL;
		count += theirs->ranges[i]->count +
			 theirs->ranges[i]->ids.len / ID_SIZE;
		lower = upper;
	}
	if (count > UINT32_MAX)
		return RECONCILE_ERR_PROTOCOL;
	if (count > run->peer_count)
		run->peer_count = count;
	return 0;
}

/* --- answering ------------------------------------------------------------ */

struct answer {
	struct reconcile *run;
	Fob__Ranges *out;
	struct id_list *want, *have;
};

static int have_all(struct answer *a, uint32_t from, uint32_t to)
{
	int r = 0;

	for (; from < to && !r; from++)
		r = id_list_add(a->have, range_id(a->run, from));
	return r;
}

/* Both lists are ascending: one walk over the two of them. */
static int answer_list(struct answer *a, const Fob__Range *theirs,
		       const struct part *part)
{
	size_t n = theirs->ids.len / ID_SIZE;
	uint32_t i = part->from;
	int r = 0;

	for (size_t k = 0; k < n && !r; k++) {
		const uint8_t *id = theirs->ids.data + k * ID_SIZE;
		uint32_t first = i;

		while (i < part->to &&
		       memcmp(range_id(a->run, i), id, ID_SIZE) < 0)
			i++;
		r = have_all(a, first, i);
		if (i < part->to &&
		    memcmp(range_id(a->run, i), id, ID_SIZE) == 0)
			i++;
		else if (!r && !set_holds(a->run->set, id))
			r = id_list_add(a->want, id);
	}
	if (!r)
		r = have_all(a, i, part->to);
	return r ? r : range_put_skip(a->out, &part->upper);
}

static bool equal(const struct reconcile *run, const Fob__Range *theirs,
		  const struct part *part)
{
	uint8_t sum[ID_SIZE];

	if (theirs->count != part->to - part->from)
		return false;
	range_sum(run, part->from, part->to, sum);
	return memcmp(sum, theirs->sum.data, ID_SIZE) == 0;
}

static bool has_room(const Fob__Ranges *out)
{
	return out->n_ranges + RANGE_SPLIT + TAIL <= RANGES_PER_MESSAGE &&
	       fob__ranges__get_packed_size(out) + ANSWER_BYTES <= BUDGET;
}

/* An unequal fingerprint. They hold nothing there: all of ours is news. */
static int answer_unequal(struct answer *a, const Fob__Range *theirs,
			  const struct part *part)
{
	int r;

	if (theirs->count == 0) {
		r = have_all(a, part->from, part->to);
		return r ? r : range_put_skip(a->out, &part->upper);
	}
	if (part->to - part->from <= RANGE_LIST)
		return range_put_list(a->out, a->run, part);
	return range_put_split(a->out, a->run, part);
}

static bool settles(const struct answer *a, const Fob__Range *theirs,
		    const struct part *part)
{
	return theirs->mode == FOB__RANGE_MODE__SKIP ||
	       (theirs->mode == FOB__RANGE_MODE__FINGERPRINT &&
		equal(a->run, theirs, part));
}

/*
 * Goes through their ranges. When there is no more room, all that is left
 * becomes one range, which they will split again: so it always fits, nothing
 * is remembered, and the ranges before it were dealt with.
 */
static int answer_all(struct answer *a, const Fob__Ranges *theirs)
{
	struct bound lower;
	struct part part;
	int r = 0;

	REQUIRE(range_read_bound(&lower, &theirs->lower));
	part.to = range_below(a->run, &lower);
	r = range_put_skip(a->out, &lower);
	for (size_t i = 0; i < theirs->n_ranges && !r; i++) {
		const Fob__Range *range = theirs->ranges[i];

		REQUIRE(next_upper(theirs, i, &lower, &part.upper));
		part.from = part.to;
		part.to = range_below(a->run, &part.upper);
		lower = part.upper;
		if (settles(a, range, &part)) {
			r = range_put_skip(a->out, &part.upper);
		} else if (range->mode == FOB__RANGE_MODE__LIST) {
			r = answer_list(a, range, &part);
		} else if (has_room(a->out)) {
			r = answer_unequal(a, range, &part);
		} else {
			range = theirs->ranges[theirs->n_ranges - 1];
			range_read_bound(&part.upper, &range->upper);
			part.upper.end = range->upper.len == 0;
			part.to = range_below(a->run, &part.upper);
			return range_put_fingerprint(a->out, a->run, &part);
		}
	}
	return r;
}

static bool spent(const struct reconcile *run)
{
	return run->levels > RUN_LEVELS ||
	       run->ranges > run->n + run->peer_count + RUN_RANGES_EXTRA;
}

int reconcile_answer(struct reconcile *run, const Fob__Ranges *theirs,
		     Fob__Ranges **ret, struct id_list *want,
		     struct id_list *have)
{
	CLEANUP(free_ranges) Fob__Ranges *out = NULL;
	struct answer answer = { .run = run, .want = want, .have = have };
	int r = check(run, theirs);

	if (r)
		return r;
	run->levels++;
	run->ranges += theirs->n_ranges;
	if (spent(run))
		return RECONCILE_ERR_SPENT;
	r = range_new(&out, run->class);
	if (r)
		return r;
	answer.out = out;
	r = answer_all(&answer, theirs);
	if (r)
		return r;
	/* A SKIP at the end tells nothing that ending earlier would not. */
	if (out->n_ranges > 0 && range_last(out)->mode == FOB__RANGE_MODE__SKIP)
		fob__range__free_unpacked(out->ranges[--out->n_ranges], NULL);
	run->ranges += out->n_ranges;
	*ret = out->n_ranges > 0 ? out : NULL;
	if (out->n_ranges > 0)
		out = NULL;
	return 0;
}
