/*
 * The merge: its laws over thousands of random versions, and what it means
 * for a person in the cases that happen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/view/merge.h"
#include "daemon/core/view/record.h"
#include "tests/lib/version.h"

#define ROUNDS 4000

static uint64_t seed = 20260102;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* --- random versions: few values of everything, so that they collide ------- */

static void draw_fields(struct version *v)
{
	static const char *const keys[] = { "issuer", "account", "tag/a",
					    "backup-code/1", "x-new" };
	static const char *const values[] = { "", "a", "ab", "b" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		Fob__Field *field;

		if (draw(3) == 0)
			continue;
		field = version_field(v, keys[i], values[draw(4)],
				      draw(8) ? draw(3) : STAMP_MAX + draw(2),
				      (uint8_t)draw(2));
		field->unset = draw(4) == 0;
		field->used = draw(3) == 0;
	}
}

static void draw_live(struct version *v)
{
	static const char *const secrets[] = { "s", "st", "t" };

	for (uint8_t vid = 0; vid < 5; vid++) {
		Fob__OtpValue *value;

		if (draw(2))
			continue;
		value = version_live(v, vid, secrets[draw(3)], draw(4));
		value->digits = 6 + draw(2);
		value->period = draw(2) * 30;
		value->type = 1 + draw(2);
	}
}

static void draw_version(struct version *v)
{
	version_init(v);
	draw_fields(v);
	draw_live(v);
	for (uint8_t vid = 0; vid < 7; vid++)
		if (draw(4) == 0)
			version_gone(v, vid, draw(4));
	v->plain.tombstone = draw(2) == 1;
	v->plain.created = draw(3);
}

static void draw_record(struct record *ret)
{
	static struct version v;

	draw_version(&v);
	assert_int_equal(record_parse(ret, version_bytes(&v)), 0);
}

struct packed {
	uint8_t *bytes;
	size_t n;
};

static struct packed pack(const struct record *record)
{
	struct packed packed;

	assert_int_equal(record_pack(record, &packed.bytes, &packed.n), 0);
	return packed;
}

static void expect_same(const struct record *a, const struct record *b)
{
	struct packed x = pack(a), y = pack(b);

	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.bytes, y.bytes, x.n);
	assert_int_equal(a->tombstone, b->tombstone);
	assert_int_equal(a->conflict, b->conflict);
	assert_true(a->changed == b->changed);
	secret_free(x.bytes);
	secret_free(y.bytes);
}

static void copy(struct record *ret, const struct record *from)
{
	struct packed packed = pack(from);
	struct bytes bytes = { packed.bytes, packed.n };

	assert_int_equal(record_parse(ret, bytes), 0);
	secret_free(packed.bytes);
}

static void merge(struct record *into, const struct record *other)
{
	assert_int_equal(record_merge(into, other), 0);
}

static void test_idempotent(void **state UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		AUTO_RECORD struct record a = { 0 }, b = { 0 };

		draw_record(&a);
		copy(&b, &a);
		expect_same(&a, &b);
		merge(&a, &b);
		expect_same(&a, &b);
		merge(&a, &a);
		expect_same(&a, &b);
	}
}

static void test_commutative(void **state UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		AUTO_RECORD struct record a = { 0 }, b = { 0 }, c = { 0 };

		draw_record(&a);
		draw_record(&b);
		copy(&c, &a);
		merge(&a, &b);
		merge(&b, &c);
		expect_same(&a, &b);
	}
}

/* (a b) c and a (b c). */
static void test_associative(void **state UNUSED)
{
	for (int i = 0; i < ROUNDS; i++) {
		AUTO_RECORD struct record a = { 0 }, b = { 0 }, c = { 0 };
		AUTO_RECORD struct record left = { 0 };

		draw_record(&a);
		draw_record(&b);
		draw_record(&c);
		copy(&left, &a);
		merge(&left, &b);
		merge(&left, &c);
		merge(&b, &c);
		merge(&a, &b);
		expect_same(&left, &a);
	}
}

static int sign(int r)
{
	return (r > 0) - (r < 0);
}

/* Total: antisymmetric, and equal only what is the same. */
static void test_order_is_total(void **state UNUSED)
{
	static struct version v, w;

	for (int i = 0; i < ROUNDS; i++) {
		const Fob__Field *x, *y;
		bool same;

		version_init(&v);
		version_init(&w);
		draw_fields(&v);
		draw_fields(&w);
		if (v.plain.n_fields == 0 || w.plain.n_fields == 0)
			continue;
		x = v.field_list[0];
		y = w.field_list[0];
		same = x->stamp == y->stamp && !x->unset == !y->unset &&
		       x->device.data[0] == y->device.data[0] &&
		       x->value.len == y->value.len &&
		       memcmp(x->value.data, y->value.data, x->value.len) == 0;
		assert_int_equal(sign(merge_order_fields(x, y)),
				 -sign(merge_order_fields(y, x)));
		assert_int_equal(merge_order_fields(x, y) == 0, same);
	}
}

/* --- what it means --------------------------------------------------------- */

static struct version one, two;

static void begin_pair(void)
{
	version_init(&one);
	version_init(&two);
}

static void merge_pair(struct record *ret)
{
	AUTO_RECORD struct record other = { 0 };

	assert_int_equal(record_parse(ret, version_bytes(&one)), 0);
	assert_int_equal(record_parse(&other, version_bytes(&two)), 0);
	merge(ret, &other);
}

static void expect_text(const struct record *record, const char *key,
			const char *want)
{
	struct bytes text = record_text(record, key);

	assert_int_equal(text.n, strlen(want));
	assert_memory_equal(text.p, want, text.n);
}

static void test_edits_of_two_fields(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };

	begin_pair();
	version_field(&one, "issuer", "New", 5, 1);
	version_field(&one, "account", "old", 1, 1);
	version_field(&two, "issuer", "Old", 1, 1);
	version_field(&two, "account", "new", 4, 2);
	merge_pair(&r);
	expect_text(&r, "issuer", "New");
	expect_text(&r, "account", "new");
	assert_true(r.changed == 5);
}

/* Each level of the order, from the stamp down to the value. */
static void test_who_wins(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };

	begin_pair();
	version_field(&one, "a", "z", 1, 9);
	version_field(&two, "a", "later", 2, 1);
	version_field(&one, "b", "greater device", 1, 9);
	version_field(&two, "b", "z", 1, 1);
	version_field(&one, "c", "", 1, 1)->unset = 1;
	version_field(&two, "c", "set", 1, 1);
	version_field(&one, "d", "ab", 1, 1);
	version_field(&two, "d", "aa", 1, 1);
	version_field(&one, "e", "a", 1, 1);
	version_field(&two, "e", "aa", 1, 1);
	version_field(&one, "f", "in 2200", STAMP_MAX + 1, 1);
	version_field(&two, "f", "1970", 1, 1);
	version_field(&one, "g", "was", 1, 1);
	version_field(&two, "g", "", 2, 1)->unset = 1;
	merge_pair(&r);
	expect_text(&r, "a", "later");
	expect_text(&r, "b", "greater device");
	expect_text(&r, "c", "set");
	expect_text(&r, "d", "ab");
	expect_text(&r, "e", "aa");
	expect_text(&r, "f", "1970");
	expect_text(&r, "g", "");
	assert_null(record_field(&r, "g"));
}

static void test_used_stays_used(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };

	begin_pair();
	version_field(&one, "backup-code/1", "c", 1, 1)->used = 1;
	version_field(&two, "backup-code/1", "c", 9, 1);
	merge_pair(&r);
	assert_true(record_field(&r, "backup-code/1")->used);
	assert_true(record_field(&r, "backup-code/1")->stamp == 9);
}

static void test_two_seeds_apart(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue *live[LIVE_MAX];

	begin_pair();
	version_live(&one, 5, "mine", 0);
	version_gone(&one, 1, 10);
	version_live(&two, 4, "yours", 0);
	version_gone(&two, 1, 99);
	merge_pair(&r);
	assert_true(r.conflict);
	assert_int_equal(record_live(&r, live), 2);
	assert_memory_equal(live[0]->secret.data, "yours", 5);
	assert_memory_equal(live[1]->secret.data, "mine", 4);
	assert_int_equal(r.plain->otp->n_gone, 1);
	assert_true(r.plain->otp->gone[0]->stamp == 99);
}

static void test_seed_and_name_apart(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue *live[LIVE_MAX];

	begin_pair();
	version_live(&one, 5, "new", 0);
	version_gone(&one, 1, 10);
	version_field(&one, "issuer", "old", 1, 1);
	version_live(&two, 1, "old", 0);
	version_field(&two, "issuer", "new", 2, 1);
	merge_pair(&r);
	assert_false(r.conflict);
	assert_int_equal(record_live(&r, live), 1);
	assert_memory_equal(live[0]->secret.data, "new", 3);
	expect_text(&r, "issuer", "new");
}

static void test_delete_against_edit(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 }, gone = { 0 };

	begin_pair();
	one.plain.tombstone = 1;
	version_field(&two, "issuer", "x", 1, 1);
	merge_pair(&r);
	assert_false(r.tombstone);
	two.plain.tombstone = 1;
	merge_pair(&gone);
	assert_true(gone.tombstone);
}

static void test_counters(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue *live[LIVE_MAX];

	begin_pair();
	version_live(&one, 1, "h", 7);
	version_live(&two, 1, "h", 12);
	merge_pair(&r);
	assert_int_equal(record_live(&r, live), 1);
	assert_true(live[0]->counter == 12);
}

static void test_equal_seeds_collapse(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue *live[LIVE_MAX];

	begin_pair();
	version_live(&one, 2, "same", 3);
	version_live(&two, 1, "same", 1);
	version_live(&two, 3, "same", 2)->digits = 8;
	merge_pair(&r);
	assert_int_equal(record_live(&r, live), 2);
	assert_int_equal(live[0]->vid.data[0], 1);
	assert_true(live[0]->counter == 3);
	assert_int_equal(live[1]->digits, 8);
	/* Shown as one, kept as both. */
	assert_int_equal(r.plain->otp->n_live, 3);
	assert_true(r.plain->otp->live[0]->counter == 1);
}

/* A vid that two versions fill differently: the greater content, no clock. */
static void test_forged_vid(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue *live[LIVE_MAX];

	begin_pair();
	version_live(&one, 1, "aaa", 9);
	version_live(&two, 1, "aab", 2);
	merge_pair(&r);
	assert_int_equal(record_live(&r, live), 1);
	assert_memory_equal(live[0]->secret.data, "aab", 3);
	assert_true(live[0]->counter == 9);
}

static void test_created(void **state UNUSED)
{
	AUTO_RECORD struct record a = { 0 }, b = { 0 };

	begin_pair();
	one.plain.created = 7;
	merge_pair(&a);
	assert_true(a.plain->created == 7);
	two.plain.created = 5;
	merge_pair(&b);
	assert_true(b.plain->created == 5);
}

/* --- bounds ---------------------------------------------------------------- */

static void expect_full(void)
{
	AUTO_RECORD struct record a = { 0 }, b = { 0 }, was = { 0 };

	assert_int_equal(record_parse(&a, version_bytes(&one)), 0);
	assert_int_equal(record_parse(&b, version_bytes(&two)), 0);
	copy(&was, &a);
	assert_int_equal(record_merge(&a, &b), RECORD_ERR_FULL);
	expect_same(&a, &was);
}

static void test_too_many_fields(void **state UNUSED)
{
	static char names[FIELDS_MAX + 1][3];

	begin_pair();
	for (size_t i = 0; i <= FIELDS_MAX; i++) {
		names[i][0] = (char)('a' + i / 16);
		names[i][1] = (char)('a' + i % 16);
		version_field(i < FIELDS_MAX ? &one : &two, names[i], "", 1, 1);
	}
	expect_full();
}

static void test_too_many_seeds(void **state UNUSED)
{
	begin_pair();
	for (uint8_t i = 0; i <= LIVE_MAX; i++)
		version_live(i < LIVE_MAX ? &one : &two, i, "s", 0);
	expect_full();
	/* What is gone takes no room. */
	version_gone(&two, 3, 1);
	{
		AUTO_RECORD struct record r = { 0 };

		merge_pair(&r);
		assert_int_equal(r.plain->otp->n_live, LIVE_MAX);
	}
}

static void test_too_many_bytes(void **state UNUSED)
{
	static char value[FIELD_VALUE_MAX];

	memset(value, 'v', sizeof(value) - 1);
	begin_pair();
	version_field(&one, "x-1", value, 1, 1);
	version_field(&two, "x-2", value, 1, 1);
	expect_full();
	/* One that replaces another takes its place. */
	two.fields[0].key = (char *)(uintptr_t) "x-1";
	two.fields[0].stamp = 2;
	{
		AUTO_RECORD struct record r = { 0 };

		merge_pair(&r);
		assert_true(r.changed == 2);
	}
}

/* All gone vids of both count; the newest 64 are written. */
static void test_newest_gone(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 }, back = { 0 };

	begin_pair();
	for (uint8_t i = 0; i < GONE_MAX; i++) {
		version_gone(&one, i, i < 2 ? 50 : 100);
		version_gone(&two, 100 + i, 100 + i);
	}
	version_live(&two, 0, "old", 0);
	merge_pair(&r);
	assert_int_equal(r.plain->otp->n_gone, 2 * GONE_MAX);
	assert_int_equal(r.plain->otp->n_live, 0);
	copy(&back, &r);
	assert_int_equal(back.plain->otp->n_gone, GONE_MAX);
	/* 100 of stamp 100 wins over the smaller vids of that stamp. */
	assert_int_equal(back.plain->otp->gone[0]->vid.data[0], 100);
	version_init(&one);
	for (uint8_t i = 0; i < GONE_MAX; i++)
		version_gone(&one, i, 150);
	record_deinit(&r);
	record_deinit(&back);
	merge_pair(&r);
	copy(&back, &r);
	/* 151..163 are later than 150; then the greatest vids of 150. */
	assert_int_equal(back.plain->otp->n_gone, GONE_MAX);
	assert_int_equal(back.plain->otp->gone[0]->vid.data[0], 14);
	assert_int_equal(back.plain->otp->gone[50]->vid.data[0], 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idempotent),
		cmocka_unit_test(test_commutative),
		cmocka_unit_test(test_associative),
		cmocka_unit_test(test_order_is_total),
		cmocka_unit_test(test_edits_of_two_fields),
		cmocka_unit_test(test_who_wins),
		cmocka_unit_test(test_used_stays_used),
		cmocka_unit_test(test_two_seeds_apart),
		cmocka_unit_test(test_seed_and_name_apart),
		cmocka_unit_test(test_delete_against_edit),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_equal_seeds_collapse),
		cmocka_unit_test(test_forged_vid),
		cmocka_unit_test(test_created),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_too_many_seeds),
		cmocka_unit_test(test_too_many_bytes),
		cmocka_unit_test(test_newest_gone),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
