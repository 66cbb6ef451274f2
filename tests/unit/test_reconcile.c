/*
 * Reconciliation of two sets of made-up ids, message by packed message.
 * Covers: reconcile range
 */
#include "daemon/core/set/reconcile.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/set/order.h"
#include "daemon/core/set/table.h"
#include "tests/lib/oracle.h"

static const uint8_t key[32] = "the handshake hash, 32 bytes ...";

struct side {
	struct set set;
	struct reconcile run;
	struct id_list want, have;
};

static void put(struct set *set, const uint8_t *id)
{
	uint32_t at;

	assert_int_equal(table_item(set, id, &at), 0);
	if (set->items[at].flags & SET_CARRIED)
		return;
	set->items[at].flags = SET_HELD | SET_CARRIED;
	assert_int_equal(order_add(set, 2, at), 0);
}

static void make_id(uint8_t ret[static ID_SIZE], uint64_t number)
{
	crypto_generichash(ret, ID_SIZE, (const uint8_t *)&number,
			   sizeof(number), NULL, 0);
	/* Some ids share a long beginning, as nobody's honest ids do. */
	if (number % 7 == 0)
		memset(ret, 0x55, 20);
}

static void put_numbers(struct side *side, uint64_t from, uint64_t to)
{
	uint8_t id[ID_SIZE];

	for (; from < to; from++) {
		make_id(id, from);
		put(&side->set, id);
	}
}

static void side_init(struct side *side)
{
	memset(side, 0, sizeof(*side));
	set_init(&side->set);
}

static void side_end_run(struct side *side)
{
	reconcile_deinit(&side->run);
	id_list_deinit(&side->want);
	id_list_deinit(&side->have);
}

static void side_deinit(struct side *side)
{
	side_end_run(side);
	set_deinit(&side->set);
}

/* Over the wire: packed, measured, unpacked. */
static Fob__Ranges *carry(Fob__Ranges *ranges, size_t *bytes)
{
	size_t n = fob__ranges__get_packed_size(ranges);
	uint8_t *packed = malloc(n + 1);
	Fob__Ranges *out;

	assert_true(n <= MESSAGE_MAX);
	assert_true(ranges->n_ranges <= RANGES_PER_MESSAGE);
	fob__ranges__pack(ranges, packed);
	reconcile_free(ranges);
	out = fob__ranges__unpack(NULL, n, packed);
	assert_non_null(out);
	free(packed);
	*bytes += n;
	return out;
}

/* A whole run, a leads. Returns 0 or RECONCILE_ERR_SPENT. */
static int run(struct side *a, struct side *b, size_t *bytes)
{
	struct side *next = b;
	Fob__Ranges *message, *answer;
	int r;

	*bytes = 0;
	assert_int_equal(reconcile_init(&a->run, &a->set, 2, key), 0);
	assert_int_equal(reconcile_init(&b->run, &b->set, 2, key), 0);
	assert_int_equal(reconcile_open(&a->run, &message), 0);
	do {
		message = carry(message, bytes);
		answer = NULL;
		r = reconcile_answer(&next->run, message, &answer, &next->want,
				     &next->have);
		reconcile_free(message);
		message = answer;
		next = next == a ? b : a;
	} while (r == 0 && message);
	assert_true(r == 0 || r == RECONCILE_ERR_SPENT);
	return r;
}

/* Takes over what the run found; returns how many ids that was. */
static size_t settle(struct side *to, const struct side *from)
{
	size_t n = to->want.n + from->have.n;

	for (size_t i = 0; i < to->want.n; i++) {
		const uint8_t *id = to->want.ids + i * ID_SIZE;

		assert_true(set_holds(&from->set, id));
		assert_false(set_holds(&to->set, id));
	}
	for (size_t i = 0; i < from->have.n; i++) {
		const uint8_t *id = from->have.ids + i * ID_SIZE;

		assert_true(set_holds(&from->set, id));
		assert_false(set_holds(&to->set, id));
	}
	for (size_t i = 0; i < to->want.n; i++)
		put(&to->set, to->want.ids + i * ID_SIZE);
	for (size_t i = 0; i < from->have.n; i++)
		put(&to->set, from->have.ids + i * ID_SIZE);
	return n;
}

static void same_roots(struct side *a, struct side *b)
{
	uint8_t x[ID_SIZE], y[ID_SIZE];

	set_root(&a->set, 2, x);
	set_root(&b->set, 2, y);
	assert_memory_equal(x, y, ID_SIZE);
}

static size_t exchange(struct side *a, struct side *b)
{
	size_t n = settle(b, a);

	n += settle(a, b);
	side_end_run(a);
	side_end_run(b);
	return n;
}

static void equal_sets_cost_one_message(void **state)
{
	struct side a, b;
	size_t bytes;

	(void)state;
	side_init(&a);
	side_init(&b);
	put_numbers(&a, 0, 1000);
	put_numbers(&b, 0, 1000);
	assert_int_equal(run(&a, &b, &bytes), 0);
	assert_true(bytes < 60);
	assert_int_equal(exchange(&a, &b), 0);
	side_deinit(&a);
	side_deinit(&b);
}

static void one_change_among_many(void **state)
{
	struct side a, b;
	size_t bytes;

	(void)state;
	side_init(&a);
	side_init(&b);
	put_numbers(&a, 1, 10001);
	put_numbers(&b, 0, 10000);
	assert_int_equal(run(&a, &b, &bytes), 0);
	assert_true(bytes < 4096);
	assert_int_equal(a.want.n + b.have.n, 1);
	assert_int_equal(b.want.n + a.have.n, 1);
	assert_int_equal(exchange(&a, &b), 2);
	same_roots(&a, &b);
	side_deinit(&a);
	side_deinit(&b);
}

static void one_run_finds_every_difference(void **state)
{
	struct dice dice = { 5 };

	(void)state;
	for (int trial = 0; trial < 300; trial++) {
		uint32_t common = dice_roll(&dice, trial % 2 ? 40 : 800);
		uint32_t mine = dice_roll(&dice, trial % 3 ? 30 : 500);
		uint32_t theirs = dice_roll(&dice, trial % 5 ? 30 : 500);
		struct side a, b;
		size_t bytes;

		side_init(&a);
		side_init(&b);
		put_numbers(&a, 0, common + mine);
		put_numbers(&b, 0, common);
		put_numbers(&b, 10000, 10000 + theirs);
		assert_int_equal(run(&a, &b, &bytes), 0);
		assert_int_equal(exchange(&a, &b), mine + theirs);
		same_roots(&a, &b);
		side_deinit(&a);
		side_deinit(&b);
	}
}

static void an_empty_side_costs_little(void **state)
{
	(void)state;
	for (int lead = 0; lead < 2; lead++) {
		struct side a, b;
		size_t bytes;

		side_init(&a);
		side_init(&b);
		put_numbers(lead ? &a : &b, 0, 10000);
		assert_int_equal(run(&a, &b, &bytes), 0);
		assert_true(bytes < 200);
		assert_int_equal(exchange(&a, &b), 10000);
		same_roots(&a, &b);
		side_deinit(&a);
		side_deinit(&b);
	}
}

static void two_large_strangers_end(void **state)
{
	struct side a, b;
	size_t bytes, runs = 0, found = 0;
	int r;

	(void)state;
	side_init(&a);
	side_init(&b);
	put_numbers(&a, 0, 10000);
	put_numbers(&b, 20000, 30000);
	do {
		size_t n;

		r = run(&a, &b, &bytes);
		n = exchange(&a, &b);
		assert_true(n > 0);
		found += n;
		runs++;
	} while (r == RECONCILE_ERR_SPENT);
	assert_int_equal(found, 20000);
	assert_true(runs < 4);
	same_roots(&a, &b);
	side_deinit(&a);
	side_deinit(&b);
}

/* The sum of two ids, added by hand. */
static void fingerprint_is_the_sum(void **state)
{
	uint8_t sum[ID_SIZE] = { 0 }, id[ID_SIZE], input[1 + ID_SIZE] = { 2 };
	struct side a;
	Fob__Ranges *open;

	(void)state;
	side_init(&a);
	for (uint64_t i = 1; i < 4; i++) {
		uint8_t hash[ID_SIZE];
		unsigned carried = 0;

		make_id(id, i);
		put(&a.set, id);
		memcpy(input + 1, id, ID_SIZE);
		crypto_generichash(hash, ID_SIZE, input, sizeof(input), key,
				   sizeof(key));
		for (size_t k = 0; k < ID_SIZE; k++) {
			carried += (unsigned)sum[k] + hash[k];
			sum[k] = (uint8_t)carried;
			carried >>= 8;
		}
	}
	assert_int_equal(reconcile_init(&a.run, &a.set, 2, key), 0);
	assert_int_equal(reconcile_open(&a.run, &open), 0);
	assert_int_equal(open->n_ranges, 1);
	assert_int_equal(open->ranges[0]->count, 3);
	assert_int_equal(open->ranges[0]->sum.len, ID_SIZE);
	assert_memory_equal(open->ranges[0]->sum.data, sum, ID_SIZE);
	reconcile_free(open);
	side_deinit(&a);
}

/* --- the other side breaks a rule ------------------------------------------- */

static uint8_t zeros[2 * ID_SIZE], ids[33 * ID_SIZE],
	bound1[] = { 1 }, bound2[] = { 2 }, long_bound[33] = { 9 };

#define RANGE(...)                                                        \
	((Fob__Range){                                                    \
		.base = PROTOBUF_C_MESSAGE_INIT(&fob__range__descriptor), \
		__VA_ARGS__ })
#define FINGERPRINT .mode = FOB__RANGE_MODE__FINGERPRINT, .sum = { 32, zeros }
#define LIST .mode = FOB__RANGE_MODE__LIST

static int offer(struct side *a, unsigned class, size_t n, Fob__Range *ranges)
{
	Fob__Range *list[RANGES_PER_MESSAGE + 1];
	Fob__Ranges theirs = FOB__RANGES__INIT, *answer = NULL;
	int r;

	for (size_t i = 0; i < n; i++)
		list[i] = &ranges[i];
	theirs.class_ = class;
	theirs.n_ranges = n;
	theirs.ranges = list;
	r = reconcile_answer(&a->run, &theirs, &answer, &a->want, &a->have);
	reconcile_free(answer);
	return r;
}

static void malformed_ranges(void **state)
{
	struct side a;

	(void)state;
	side_init(&a);
	put_numbers(&a, 0, 100);
	assert_int_equal(reconcile_init(&a.run, &a.set, 2, key), 0);
	for (size_t i = 0; i < 33; i++)
		ids[i * ID_SIZE] = (uint8_t)(i + 1);
	struct {
		unsigned class;
		size_t n;
		Fob__Range ranges[2];
	} bad[] = {
		{ 1, 1, { RANGE(FINGERPRINT) } },
		/* bounds: not ascending, the end twice, too long */
		{ 2,
		  2,
		  { RANGE(FINGERPRINT, .upper = { 1, bound2 }),
		    RANGE(FINGERPRINT, .upper = { 1, bound1 }) } },
		{ 2,
		  2,
		  { RANGE(FINGERPRINT, .upper = { 1, bound2 }),
		    RANGE(FINGERPRINT, .upper = { 1, bound2 }) } },
		{ 2, 2, { RANGE(FINGERPRINT), RANGE(FINGERPRINT) } },
		{ 2, 1, { RANGE(FINGERPRINT, .upper = { 33, long_bound }) } },
		{ 2, 1, { RANGE(FINGERPRINT, .upper = { 1, zeros }) } },
		/* a mode that is none, a sum of another size */
		{ 2, 1, { RANGE(.mode = 3) } },
		{ 2, 1, { RANGE(.mode = FOB__RANGE_MODE__FINGERPRINT) } },
		{ 2,
		  1,
		  { RANGE(.mode = FOB__RANGE_MODE__FINGERPRINT,
			  .sum = { 31, zeros }) } },
		/* what the mode does not have */
		{ 2, 1, { RANGE(FINGERPRINT, .ids = { 32, ids }) } },
		{ 2, 1, { RANGE(.mode = FOB__RANGE_MODE__SKIP, .count = 1) } },
		{ 2, 1, { RANGE(LIST, .sum = { 32, zeros }) } },
		/* counts that overflow */
		{ 2, 1, { RANGE(FINGERPRINT, .count = 1ull << 32) } },
		{ 2,
		  2,
		  { RANGE(FINGERPRINT, .count = UINT32_MAX,
			  .upper = { 1, bound1 }),
		    RANGE(FINGERPRINT, .count = 1) } },
		/* lists: half an id, too long, not ascending, outside */
		{ 2, 1, { RANGE(LIST, .ids = { 31, ids }) } },
		{ 2, 1, { RANGE(LIST, .ids = { 33 * 32, ids }) } },
		{ 2, 1, { RANGE(LIST, .ids = { 64, zeros }) } },
		{ 2,
		  1,
		  { RANGE(LIST, .ids = { 64, ids }, .upper = { 1, bound2 }) } },
		{ 2,
		  2,
		  { RANGE(FINGERPRINT, .upper = { 1, bound2 }),
		    RANGE(LIST, .ids = { 32, ids }) } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(offer(&a, bad[i].class, bad[i].n,
				       bad[i].ranges),
				 RECONCILE_ERR_PROTOCOL);
	assert_int_equal(a.want.n + a.have.n, 0);
	assert_int_equal(offer(&a, 2, 0, NULL), 0);
	side_deinit(&a);
}

static void levels_are_spent(void **state)
{
	Fob__Range unequal = RANGE(FINGERPRINT, .count = 1);
	struct side a;

	(void)state;
	side_init(&a);
	put_numbers(&a, 0, 5000);
	assert_int_equal(reconcile_init(&a.run, &a.set, 2, key), 0);
	for (int i = 0; i < RUN_LEVELS; i++)
		assert_int_equal(offer(&a, 2, 1, &unequal), 0);
	assert_int_equal(offer(&a, 2, 1, &unequal), RECONCILE_ERR_SPENT);
	side_deinit(&a);
}

/* Two empty sets may speak of 1,024 ranges; these are 250 at a time. */
static void ranges_are_spent(void **state)
{
	static uint8_t bounds[250];
	Fob__Range many[250];
	struct side a;

	(void)state;
	side_init(&a);
	assert_int_equal(reconcile_init(&a.run, &a.set, 2, key), 0);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		bounds[i] = (uint8_t)(i + 1);
		many[i] = RANGE(.mode = FOB__RANGE_MODE__SKIP,
				.upper = { 1, &bounds[i] });
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(offer(&a, 2, ARRAY_SIZE(many), many), 0);
	assert_int_equal(offer(&a, 2, ARRAY_SIZE(many), many),
			 RECONCILE_ERR_SPENT);
	side_deinit(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_sets_cost_one_message),
		cmocka_unit_test(one_change_among_many),
		cmocka_unit_test(one_run_finds_every_difference),
		cmocka_unit_test(an_empty_side_costs_little),
		cmocka_unit_test(two_large_strangers_end),
		cmocka_unit_test(fingerprint_is_the_sum),
		cmocka_unit_test(malformed_ranges),
		cmocka_unit_test(levels_are_spent),
		cmocka_unit_test(ranges_are_spent),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("reconcile", tests, NULL, NULL);
}
