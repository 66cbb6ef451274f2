/* Sums, bounds, and ranges put into a message. */
#include "daemon/core/set/range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
void range_add(uint8_t ret[static ID_SIZE], const uint8_t a[static ID_SIZE],
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

/* --- ids and bounds ------------------------------------------------------ */

const uint8_t *range_id(const struct reconcile *run, uint32_t i)
{
	return run->set->items[run->ids[i]].id;
}

/* Prefix sums make the fingerprint of any range one subtraction. */
void range_sum(const struct reconcile *run, uint32_t from, uint32_t to,
	       uint8_t ret[static ID_SIZE])
{
	subtract(ret, run->sums[to], run->sums[from]);
}

int range_compare_bounds(const struct bound *a, const struct bound *b)
{
	if (a->end || b->end)
		return (int)a->end - (int)b->end;
	return memcmp(a->bytes, b->bytes, ID_SIZE);
}

bool range_read_bound(struct bound *ret, const ProtobufCBinaryData *from)
{
	if (from->len > ID_SIZE)
		return false;
	memset(ret, 0, sizeof(*ret));
	if (from->len > 0)
		memcpy(ret->bytes, from->data, from->len);
	return true;
}

/* How many of our ids are below the bound. */
uint32_t range_below(const struct reconcile *run, const struct bound *bound)
{
	uint32_t low = 0, high = run->n;

	if (bound->end)
		return run->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (memcmp(range_id(run, middle), bound->bytes, ID_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The shortest bound between our ids i - 1 and i. */
static struct bound between(const struct reconcile *run, uint32_t i)
{
	const uint8_t *a = range_id(run, i - 1), *b = range_id(run, i);
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

int range_new(Fob__Ranges **ret, unsigned class)
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

Fob__Range *range_last(const Fob__Ranges *ranges)
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

int range_put_fingerprint(Fob__Ranges *out, const struct reconcile *run,
			  const struct part *part)
{
	uint8_t sum[ID_SIZE];
	int r = put_range(out, FOB__RANGE_MODE__FINGERPRINT, &part->upper);

	if (r)
		return r;
	range_sum(run, part->from, part->to, sum);
	range_last(out)->count = part->to - part->from;
	return put_bytes(&range_last(out)->sum, sum, sizeof(sum));
}

int range_put_list(Fob__Ranges *out, const struct reconcile *run,
		   const struct part *part)
{
	uint8_t ids[RANGE_LIST * ID_SIZE];
	uint32_t n = part->to - part->from;
	int r = put_range(out, FOB__RANGE_MODE__LIST, &part->upper);

	REQUIRE(n <= RANGE_LIST);
	for (uint32_t i = 0; i < n; i++)
		memcpy(ids + i * ID_SIZE, range_id(run, part->from + i),
		       ID_SIZE);
	return r ? r : put_bytes(&range_last(out)->ids, ids, n * ID_SIZE);
}

/* Neighbouring SKIPs are one; at the beginning the message starts later. */
int range_put_skip(Fob__Ranges *out, const struct bound *upper)
{
	Fob__Range *last = range_last(out);

	if (!last)
		return upper->end ? 0 : set_upper(&out->lower, upper);
	if (last->mode == FOB__RANGE_MODE__SKIP)
		return set_upper(&last->upper, upper);
	return put_range(out, FOB__RANGE_MODE__SKIP, upper);
}

/* As many pieces, at most RANGE_SPLIT, that each is half a list long. */
int range_put_split(Fob__Ranges *out, const struct reconcile *run,
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
		r = range_put_fingerprint(out, run, &piece);
		from = to;
	}
	return r;
}
