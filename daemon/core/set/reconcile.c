/* Range-based set reconciliation. */
#include "daemon/core/set/reconcile.h"

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

/* --- sums ----------------------------------------------------------------- */

static uint64_t limb(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 8; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static void put_limb(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

/* Modulo 2^256, little-endian. */
static void add(uint8_t ret[static ID_SIZE], const uint8_t a[static ID_SIZE],
		const uint8_t b[static ID_SIZE])
{
	uint64_t carry = 0;

	for (unsigned i = 0; i < ID_SIZE; i += 8) {
		uint64_t x = limb(a + i), sum = x + limb(b + i);
		uint64_t out = sum + carry;

		carry = (uint64_t)(sum < x) + (uint64_t)(out < sum);
		put_limb(ret + i, out);
	}
}

static void subtract(uint8_t ret[static ID_SIZE],
		     const uint8_t a[static ID_SIZE],
		     const uint8_t b[static ID_SIZE])
{
	uint64_t borrow = 0;

	for (unsigned i = 0; i < ID_SIZE; i += 8) {
		uint64_t x = limb(a + i), difference = x - limb(b + i);
		uint64_t out = difference - borrow;

		borrow = (uint64_t)(difference > x) +
			 (uint64_t)(out > difference);
		put_limb(ret + i, out);
	}
}

/* --- a run ---------------------------------------------------------------- */

static const uint8_t *id_at(const struct reconcile *run, uint32_t i)
{
	return run->set->items[run->ids[i]].id;
}

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

		hash_id(hash, class, id_at(&new, i), key);
		add(new.sums[i + 1], new.sums[i], hash);
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

/* Prefix sums make the fingerprint of any range one subtraction. */
static void fingerprint(const struct reconcile *run, uint32_t from, uint32_t to,
			uint8_t ret[static ID_SIZE])
{
	subtract(ret, run->sums[to], run->sums[from]);
}

/* --- bounds --------------------------------------------------------------- */

/* Zero-extended, or the end: above all ids. */
struct bound {
	uint8_t bytes[ID_SIZE];
	bool end;
};

static int compare_bounds(const struct bound *a, const struct bound *b)
{
	if (a->end || b->end)
		return (int)a->end - (int)b->end;
	return memcmp(a->bytes, b->bytes, ID_SIZE);
}

static bool read_bound(struct bound *ret, const ProtobufCBinaryData *from)
{
	if (from->len > ID_SIZE)
		return false;
	memset(ret, 0, sizeof(*ret));
	if (from->len > 0)
		memcpy(ret->bytes, from->data, from->len);
	return true;
}

/* How many of our ids are below the bound. */
static uint32_t below(const struct reconcile *run, const struct bound *bound)
{
	uint32_t low = 0, high = run->n;

	if (bound->end)
		return run->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (memcmp(id_at(run, middle), bound->bytes, ID_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The shortest bound between our ids i - 1 and i. */
static struct bound between(const struct reconcile *run, uint32_t i)
{
	const uint8_t *a = id_at(run, i - 1), *b = id_at(run, i);
	struct bound bound = { .end = false };
	size_t n = 0;

	while (a[n] == b[n])
		n++;
	memcpy(bound.bytes, b, n + 1);
	return bound;
}

/* Trailing zeros need not be sent: the reader puts them back. */
static size_t bound_length(const struct bound *bound)
{
	size_t n = bound->end ? 0 : ID_SIZE;

	while (n > 0 && bound->bytes[n - 1] == 0)
		n--;
	return n;
}

/* --- making ranges -------------------------------------------------------- */

static int put_bytes(ProtobufCBinaryData *ret, const void *p, size_t n)
{
	if (n == 0)
		return 0;
	ret->data = malloc(n);
	if (!ret->data)
		return -ENOMEM;
	memcpy(ret->data, p, n);
	ret->len = n;
	return 0;
}

static int ranges_new(Fob__Ranges **ret, unsigned class)
{
	Fob__Ranges *ranges = malloc(sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	fob__ranges__init(ranges);
	ranges->class_ = class;
	ranges->ranges = calloc(RANGES_PER_MESSAGE, sizeof(*ranges->ranges));
	if (!ranges->ranges) {
		free(ranges);
		return -ENOMEM;
	}
	*ret = ranges;
	return 0;
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

/* Our ids from..to of a range that ends at upper. */
struct part {
	uint32_t from, to;
	struct bound upper;
};

static Fob__Range *last_range(const Fob__Ranges *ranges)
{
	return ranges->n_ranges > 0 ? ranges->ranges[ranges->n_ranges - 1] :
				      NULL;
}

static int set_upper(ProtobufCBinaryData *to, const struct bound *upper)
{
	free(to->data);
	*to = (ProtobufCBinaryData){ .len = 0 };
	return put_bytes(to, upper->bytes, bound_length(upper));
}

static int put_range(Fob__Ranges *out, Fob__RangeMode mode,
		     const struct bound *upper)
{
	Fob__Range *range;

	REQUIRE(out->n_ranges < RANGES_PER_MESSAGE);
	range = malloc(sizeof(*range));
	if (!range)
		return -ENOMEM;
	fob__range__init(range);
	range->mode = mode;
	out->ranges[out->n_ranges++] = range;
	return set_upper(&range->upper, upper);
}

static int put_fingerprint(Fob__Ranges *out, const struct reconcile *run,
			   const struct part *part)
{
	uint8_t sum[ID_SIZE];
	int r = put_range(out, FOB__RANGE_MODE__FINGERPRINT, &part->upper);

	if (r)
		return r;
	fingerprint(run, part->from, part->to, sum);
	last_range(out)->count = part->to - part->from;
	return put_bytes(&last_range(out)->sum, sum, sizeof(sum));
}

static int put_list(Fob__Ranges *out, const struct reconcile *run,
		    const struct part *part)
{
	uint8_t ids[RANGE_LIST * ID_SIZE];
	uint32_t n = part->to - part->from;
	int r = put_range(out, FOB__RANGE_MODE__LIST, &part->upper);

	REQUIRE(n <= RANGE_LIST);
	for (uint32_t i = 0; i < n; i++)
		memcpy(ids + i * ID_SIZE, id_at(run, part->from + i), ID_SIZE);
	return r ? r : put_bytes(&last_range(out)->ids, ids, n * ID_SIZE);
}

/* Neighbouring SKIPs are one; at the beginning the message starts later. */
static int put_skip(Fob__Ranges *out, const struct bound *upper)
{
	Fob__Range *last = last_range(out);

	if (!last)
		return upper->end ? 0 : set_upper(&out->lower, upper);
	if (last->mode == FOB__RANGE_MODE__SKIP)
		return set_upper(&last->upper, upper);
	return put_range(out, FOB__RANGE_MODE__SKIP, upper);
}

/* As many pieces, at most RANGE_SPLIT, that each is half a list long. */
static int put_split(Fob__Ranges *out, const struct reconcile *run,
		     const struct part *part)
{
	uint64_t n = part->to - part->from;
	uint64_t pieces = size_min(RANGE_SPLIT, n / (RANGE_LIST / 2));
	uint32_t from = part->from;
	int r = 0;

	for (uint64_t i = 1; i <= pieces && !r; i++) {
		uint32_t to = part->from + (uint32_t)(n * i / pieces);
		struct part piece = { from, to, part->upper };

		if (i < pieces)
			piece.upper = between(run, to);
		r = put_fingerprint(out, run, &piece);
		from = to;
	}
	return r;
}

int reconcile_open(struct reconcile *run, Fob__Ranges **ret)
{
	CLEANUP(free_ranges) Fob__Ranges *out = NULL;
	struct part whole = { 0, run->n, { .end = true } };
	int r = ranges_new(&out, run->class);

	if (!r)
		r = put_fingerprint(out, run, &whole);
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
	       compare_bounds(&last, upper) < 0;
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

	if (!read_bound(ret, upper))
		return false;
	ret->end = upper->len == 0;
	if (ret->end)
		return i + 1 == theirs->n_ranges;
	return compare_bounds(lower, ret) < 0;
}

static int check(struct reconcile *run, const Fob__Ranges *theirs)
{
	struct bound lower, upper;
	uint64_t count = 0;

	if (theirs->class_ != run->class ||
	    theirs->n_ranges > RANGES_PER_MESSAGE ||
	    !read_bound(&lower, &theirs->lower))
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
		r = id_list_add(a->have, id_at(a->run, from));
	return r;
}

/* Both lists are ascending: one walk over the two of them. */
static int answer_list(struct answer *a, const Fob__Range *theirs,
		       const struct part *part)
{
	const uint8_t *id = theirs->ids.data;
	const uint8_t *end = id + theirs->ids.len;
	uint32_t i = part->from;
	int r = 0;

	for (; id != end && !r; id += ID_SIZE) {
		uint32_t first = i;

		while (i < part->to &&
		       memcmp(id_at(a->run, i), id, ID_SIZE) < 0)
			i++;
		r = have_all(a, first, i);
		if (i < part->to && memcmp(id_at(a->run, i), id, ID_SIZE) == 0)
			i++;
		else if (!r && !set_holds(a->run->set, id))
			r = id_list_add(a->want, id);
	}
	if (!r)
		r = have_all(a, i, part->to);
	return r ? r : put_skip(a->out, &part->upper);
}

static bool equal(const struct reconcile *run, const Fob__Range *theirs,
		  const struct part *part)
{
	uint8_t sum[ID_SIZE];

	if (theirs->count != part->to - part->from)
		return false;
	fingerprint(run, part->from, part->to, sum);
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
		return r ? r : put_skip(a->out, &part->upper);
	}
	if (part->to - part->from <= RANGE_LIST)
		return put_list(a->out, a->run, part);
	return put_split(a->out, a->run, part);
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

	REQUIRE(read_bound(&lower, &theirs->lower));
	part.to = below(a->run, &lower);
	r = put_skip(a->out, &lower);
	for (size_t i = 0; i < theirs->n_ranges && !r; i++) {
		const Fob__Range *range = theirs->ranges[i];

		REQUIRE(next_upper(theirs, i, &lower, &part.upper));
		part.from = part.to;
		part.to = below(a->run, &part.upper);
		lower = part.upper;
		if (settles(a, range, &part)) {
			r = put_skip(a->out, &part.upper);
		} else if (range->mode == FOB__RANGE_MODE__LIST) {
			r = answer_list(a, range, &part);
		} else if (has_room(a->out)) {
			r = answer_unequal(a, range, &part);
		} else {
			range = theirs->ranges[theirs->n_ranges - 1];
			read_bound(&part.upper, &range->upper);
			part.upper.end = range->upper.len == 0;
			part.to = below(a->run, &part.upper);
			return put_fingerprint(a->out, a->run, &part);
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
	r = ranges_new(&out, run->class);
	if (r)
		return r;
	answer.out = out;
	r = answer_all(&answer, theirs);
	if (r)
		return r;
	/* A SKIP at the end tells nothing that ending earlier would not. */
	if (out->n_ranges > 0 && last_range(out)->mode == FOB__RANGE_MODE__SKIP)
		fob__range__free_unpacked(out->ranges[--out->n_ranges], NULL);
	run->ranges += out->n_ranges;
	*ret = out->n_ranges > 0 ? out : NULL;
	if (out->n_ranges > 0)
		out = NULL;
	return 0;
}
