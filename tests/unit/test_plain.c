/*
 * What is taken as the plaintext of an entry, what is refused, and that what
 * is written is the same whatever the order in which it came.
 * Covers: wire
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/view/plain.h"
#include "daemon/core/view/wire.h"
#include "tests/lib/version.h"

static struct version v;

static int begin(void **state UNUSED)
{
	version_init(&v);
	return 0;
}

static int judge(struct bytes bytes)
{
	struct budget budget;
	Fob__Plain *plain = NULL;
	int r;

	budget_init(&budget, true);
	r = plain_unpack(&budget, bytes, &plain);
	assert_true((r == 0) == (plain != NULL));
	plain_free(&budget, plain);
	budget_deinit(&budget);
	return r;
}

static void expect(int want)
{
	assert_int_equal(judge(version_bytes(&v)), want);
}

static void refuses(const char *bytes, size_t n)
{
	assert_int_equal(judge((struct bytes){ (const uint8_t *)bytes, n }),
			 PLAIN_ERR_MALFORMED);
}

#define REFUSES(s) refuses(s, sizeof(s) - 1)

/* Packs again what was read. */
static struct bytes again(struct bytes bytes, uint8_t *ret)
{
	struct budget budget;
	Fob__Plain *plain;
	uint8_t *packed;
	size_t n;

	budget_init(&budget, true);
	assert_int_equal(plain_unpack(&budget, bytes, &plain), 0);
	assert_int_equal(plain_pack(plain, &packed, &n), 0);
	assert_true(n <= PLAIN_MAX);
	memcpy(ret, packed, n);
	secret_free(packed);
	plain_free(&budget, plain);
	budget_deinit(&budget);
	return (struct bytes){ ret, n };
}

static void test_exact_bytes(void **state UNUSED)
{
	static const uint8_t want[] = "\x0a\x1c\x0a\x01"
				      "a"
				      "\x12\x01"
				      "1"
				      "\x18\x07\x22\x10"
				      "dddddddddddddddd"
				      "\x30\x01"
				      "\x0a\x17\x0a\x01"
				      "b"
				      "\x22\x10"
				      "eeeeeeeeeeeeeeee"
				      "\x28\x01"
				      "\x12\x3a"
				      "\x0a\x1f\x0a\x10"
				      "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
				      "\x10\x02\x1a\x03"
				      "key"
				      "\x20\x01\x28\x06\x38\x09"
				      "\x12\x17\x0a\x10"
				      "\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2\2"
				      "\x10\x80\xa0\x8d\x06"
				      "\x18\x01\x20\x05";
	uint8_t got[PLAIN_MAX];
	struct bytes bytes;

	version_field(&v, "b", "dropped", STAMP_MAX + 1, 'e')->unset = 1;
	version_field(&v, "a", "1", 7, 'd')->used = 1;
	version_live(&v, 1, "key", 9);
	version_gone(&v, 2, 12800000);
	v.plain.tombstone = 1;
	v.plain.created = 5;
	bytes = again(version_bytes(&v), got);
	assert_int_equal(bytes.n, sizeof(want) - 1);
	assert_memory_equal(bytes.p, want, bytes.n);
}

static void test_order_does_not_matter(void **state UNUSED)
{
	uint8_t first[PLAIN_MAX], second[PLAIN_MAX];
	struct bytes a, b;

	version_field(&v, "tag/x", "1", 3, 1);
	version_field(&v, "issuer", "I", 2, 1);
	version_field(&v, "tag/", "1", 3, 1);
	version_live(&v, 9, "nine", 0);
	version_live(&v, 200, "many", 0);
	version_live(&v, 3, "three", 0);
	version_gone(&v, 8, 1);
	version_gone(&v, 7, 2);
	a = again(version_bytes(&v), first);
	version_init(&v);
	version_field(&v, "tag/", "1", 3, 1);
	version_field(&v, "tag/x", "1", 3, 1);
	version_field(&v, "issuer", "I", 2, 1);
	version_live(&v, 200, "many", 0);
	version_live(&v, 9, "nine", 0);
	version_live(&v, 3, "three", 0);
	version_gone(&v, 7, 2);
	version_gone(&v, 8, 1);
	b = again(version_bytes(&v), second);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	b = again(a, second);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
}

static void test_empty(void **state UNUSED)
{
	uint8_t got[PLAIN_MAX];
	struct bytes bytes = again((struct bytes){ NULL, 0 }, got);

	assert_int_equal(bytes.n, 0);
	/* An otp that says nothing is not written. */
	bytes = again((struct bytes){ (const uint8_t *)"\x12\x00", 2 }, got);
	assert_int_equal(bytes.n, 0);
}

static void test_live_that_is_gone(void **state UNUSED)
{
	struct budget budget;
	Fob__Plain *plain;

	version_live(&v, 1, "one", 0);
	version_live(&v, 2, "two", 0);
	version_gone(&v, 1, 5);
	budget_init(&budget, true);
	assert_int_equal(plain_unpack(&budget, version_bytes(&v), &plain), 0);
	assert_int_equal(plain->otp->n_live, 1);
	assert_int_equal(plain->otp->live[0]->vid.data[0], 2);
	plain_free(&budget, plain);
	budget_deinit(&budget);
}

/* Far future counts as 0; a time of 2100 itself is one. */
static void test_times(void **state UNUSED)
{
	struct budget budget;
	Fob__Plain *plain;

	version_field(&v, "a", "", STAMP_MAX + 1, 1);
	version_field(&v, "b", "", STAMP_MAX, 1);
	version_field(&v, "c", "", UINT64_MAX, 1);
	version_gone(&v, 1, STAMP_MAX + 1);
	v.plain.created = UINT64_MAX;
	budget_init(&budget, true);
	assert_int_equal(plain_unpack(&budget, version_bytes(&v), &plain), 0);
	assert_true(plain->fields[0]->stamp == 0);
	assert_true(plain->fields[1]->stamp == STAMP_MAX);
	assert_true(plain->fields[2]->stamp == 0);
	assert_true(plain->otp->gone[0]->stamp == 0);
	assert_true(plain->created == 0);
	plain_free(&budget, plain);
	budget_deinit(&budget);
}

static void test_twice(void **state UNUSED)
{
	version_field(&v, "a", "1", 1, 1);
	version_field(&v, "b", "1", 1, 1);
	expect(0);
	version_field(&v, "a", "1", 1, 1);
	expect(PLAIN_ERR_MALFORMED);
	version_init(&v);
	version_live(&v, 1, "x", 0);
	version_live(&v, 2, "x", 0);
	expect(0);
	version_live(&v, 1, "x", 0);
	expect(PLAIN_ERR_MALFORMED);
	version_init(&v);
	version_gone(&v, 1, 1);
	version_gone(&v, 2, 1);
	expect(0);
	version_gone(&v, 1, 2);
	expect(PLAIN_ERR_MALFORMED);
}

static char names[VERSION_FIELDS][24];

static void test_field_bounds(void **state UNUSED)
{
	for (size_t i = 0; i < VERSION_FIELDS; i++) {
		snprintf(names[i], sizeof(names[i]), "x-%zu", i);
		version_field(&v, names[i], "", 1, 1);
		if (i + 1 == FIELDS_MAX)
			expect(0);
	}
	expect(PLAIN_ERR_MALFORMED);
}

static void test_otp_bounds(void **state UNUSED)
{
	for (uint8_t i = 0; i < LIVE_MAX; i++)
		version_live(&v, i, "x", 0);
	for (uint8_t i = 0; i < GONE_MAX; i++)
		version_gone(&v, 100 + i, i);
	expect(0);
	version_live(&v, 99, "x", 0);
	expect(PLAIN_ERR_MALFORMED);
	v.otp.n_live--;
	expect(0);
	version_gone(&v, 99, 0);
	expect(PLAIN_ERR_MALFORMED);
}

/* All that is said of a seed is known, so however many there are, none counts
 * as a field of a newer version. */
static void test_full_seeds(void **state UNUSED)
{
	struct wire_count count;
	struct bytes bytes;

	for (uint8_t i = 0; i < LIVE_MAX; i++)
		version_live(&v, i, "key", i)->stamp = 7;
	bytes = version_bytes(&v);
	assert_int_equal(wire_count(&count, bytes), 0);
	assert_int_equal(count.live, LIVE_MAX);
	assert_int_equal(count.unknown, 0);
	expect(0);
}

static void test_size_bounds(void **state UNUSED)
{
	static char value[FIELD_VALUE_MAX + 2], key[FIELD_KEY_MAX + 2];
	static char secret[SECRET_MAX + 2];

	memset(value, 'v', FIELD_VALUE_MAX);
	memset(key, 'k', FIELD_KEY_MAX);
	memset(secret, 's', SECRET_MAX);
	version_field(&v, key, value, 1, 1);
	version_live(&v, 1, secret, 0);
	expect(0);
	secret[SECRET_MAX] = 's';
	v.live[0].secret.len++;
	expect(PLAIN_ERR_MALFORMED);
	v.live[0].secret.len--;
	value[FIELD_VALUE_MAX] = 'v';
	v.fields[0].value.len++;
	expect(PLAIN_ERR_MALFORMED);
	v.fields[0].value.len--;
	key[FIELD_KEY_MAX] = 'k';
	expect(PLAIN_ERR_MALFORMED);
	key[FIELD_KEY_MAX] = '\0';
	version_field(&v, "b", value, 1, 1);
	v.fields[1].value.len = PLAIN_MAX - FIELD_VALUE_MAX;
	expect(PLAIN_ERR_MALFORMED);
}

static void test_names(void **state UNUSED)
{
	static char text[TEXT_MAX + 2];

	memset(text, 't', TEXT_MAX);
	version_field(&v, "issuer", text, 1, 1);
	expect(0);
	text[TEXT_MAX] = 't';
	v.fields[0].value.len++;
	expect(PLAIN_ERR_MALFORMED);
	v.fields[0].key = (char *)(uintptr_t) "account";
	expect(PLAIN_ERR_MALFORMED);
	v.fields[0].key = (char *)(uintptr_t) "x-other";
	expect(0);
	version_init(&v);
	version_field(&v, "account", "\xc3\x28", 1, 1);
	expect(PLAIN_ERR_MALFORMED);
	v.fields[0].key = (char *)(uintptr_t) "note";
	expect(0);
	version_init(&v);
	version_field(&v, "issuer", "abc", 1, 1)->value.len = 4;
	expect(PLAIN_ERR_MALFORMED);
}

static void test_keys(void **state UNUSED)
{
	static const char *const bad[] = { "", "a\n", "tag/\xff", "\xc2\x9b",
					   "\x7f" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		version_init(&v);
		version_field(&v, bad[i], "1", 1, 1);
		expect(PLAIN_ERR_MALFORMED);
	}
	version_init(&v);
	version_field(&v, "tag/\xc3\xa9 t", "1", 1, 1);
	expect(0);
}

static void test_ids(void **state UNUSED)
{
	version_field(&v, "a", "1", 1, 1)->device.len = 15;
	expect(PLAIN_ERR_MALFORMED);
	v.fields[0].device.len = 0;
	expect(PLAIN_ERR_MALFORMED);
	version_init(&v);
	version_live(&v, 1, "1", 1)->vid.len = 15;
	expect(PLAIN_ERR_MALFORMED);
	version_init(&v);
	version_gone(&v, 1, 1)->vid.len = 0;
	expect(PLAIN_ERR_MALFORMED);
}

static void test_bad_wire(void **state UNUSED)
{
	REFUSES("\x0a");		     /* cut after a tag */
	REFUSES("\x0a\x05\x0a");	     /* longer than there is */
	REFUSES("\x0a\xff\xff\xff\xff\x0f"); /* 4 GiB long */
	REFUSES("\x18");		     /* no number */
	REFUSES("\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
	REFUSES("\x08\x01");	     /* fields as a number */
	REFUSES("\x1a\x01\x01");     /* tombstone as bytes */
	REFUSES("\x00\x01");	     /* number 0 */
	REFUSES("\x2b\x2c");	     /* a group */
	REFUSES("\x2e\x00");	     /* wire type 6 */
	REFUSES("\x29\x01\x02\x03"); /* 64 bits, cut */
	REFUSES("\x12\x00\x12\x00"); /* two registers */
	REFUSES("\x0a\x05\x0a\x03"
		"a\0b");			 /* a zero in a key */
	REFUSES("\xff\xff\xff\xff\xff\x01\x00"); /* an endless tag */
}

/* Read over up to a number, and not written back. */
static void test_unknown(void **state UNUSED)
{
	static const char eight[] = "\x28\x01\x2d"
				    "1234"
				    "\x31"
				    "12345678"
				    "\x32\x02"
				    "xy"
				    "\x0a\x17\x0a\x01"
				    "a"
				    "\x22\x10"
				    "dddddddddddddddd"
				    "\x48\x01"
				    "\x12\x1c\x18\x01\x12\x14\x0a\x10"
				    "vvvvvvvvvvvvvvvv"
				    "\x18\x01"
				    "\x0a\x02\x48\x01";
	struct wire_count count;
	struct bytes bytes = { (const uint8_t *)eight, sizeof(eight) - 1 };

	assert_int_equal(wire_count(&count, bytes), 0);
	assert_int_equal(count.unknown, 8);
	assert_int_equal(count.live, 1);
	assert_true(wire_within(&count));
	/* That live one has no vid. */
	assert_int_equal(judge(bytes), PLAIN_ERR_MALFORMED);
}

static void test_unknown_dropped(void **state UNUSED)
{
	static const char six[] = "\x28\x01\x2d"
				  "1234"
				  "\x31"
				  "12345678"
				  "\x32\x02"
				  "xy"
				  "\x0a\x17\x0a\x01"
				  "a"
				  "\x22\x10"
				  "dddddddddddddddd"
				  "\x48\x01"
				  "\x12\x02\x18\x01";
	char nine[sizeof(six) + 6];
	uint8_t got[PLAIN_MAX];
	struct bytes bytes = { (const uint8_t *)six, sizeof(six) - 1 };

	bytes = again(bytes, got);
	assert_int_equal(bytes.n, 23);
	assert_memory_equal(bytes.p,
			    "\x0a\x15\x0a\x01"
			    "a"
			    "\x22\x10",
			    7);
	memcpy(nine, six, sizeof(six) - 1);
	memcpy(nine + sizeof(six) - 1, "\x28\x01\x28\x01\x28\x01", 6);
	assert_int_equal(
		judge((struct bytes){ (uint8_t *)nine, sizeof(six) + 3 }), 0);
	assert_int_equal(
		judge((struct bytes){ (uint8_t *)nine, sizeof(six) + 5 }),
		PLAIN_ERR_MALFORMED);
}

/* Bytes that would unpack to far more than the arena are refused unread. */
static void test_blown_up(void **state UNUSED)
{
	static uint8_t bytes[PLAIN_MAX];

	for (size_t i = 0; i < sizeof(bytes); i += 2)
		bytes[i] = 0x0a;
	assert_int_equal(judge(BYTES(bytes)), PLAIN_ERR_MALFORMED);
	bytes[0] = 0x12;
	bytes[1] = 0xfd;
	bytes[2] = 0x77;
	for (size_t i = 3; i + 1 < sizeof(bytes); i += 2) {
		bytes[i] = 0x0a;
		bytes[i + 1] = 0;
	}
	assert_int_equal(judge((struct bytes){ bytes, PLAIN_MAX }),
			 PLAIN_ERR_MALFORMED);
}

/* The largest plaintexts fit into the arena several at a time. */
static void test_two_of_the_largest(void **state UNUSED)
{
	struct budget budgets[2];
	Fob__Plain *plains[2];
	struct bytes bytes;

	for (size_t i = 0; i < FIELDS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "x-%zu", i);
		version_field(&v, names[i], "01234567890123456789012345", 1, 1);
	}
	for (uint8_t i = 0; i < LIVE_MAX; i++)
		version_live(&v, i, "x", 0);
	for (uint8_t i = 0; i < 15; i++)
		version_gone(&v, 100 + i, 1);
	bytes = version_bytes(&v);
	assert_in_range(bytes.n, PLAIN_MAX - 1000, PLAIN_MAX);
	for (size_t i = 0; i < 2; i++) {
		budget_init(&budgets[i], true);
		assert_int_equal(plain_unpack(&budgets[i], bytes, &plains[i]),
				 0);
	}
	assert_true(secret_used() < SECRET_ARENA * 3 / 4);
	for (size_t i = 0; i < 2; i++) {
		plain_free(&budgets[i], plains[i]);
		budget_deinit(&budgets[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exact_bytes, begin),
		cmocka_unit_test_setup(test_order_does_not_matter, begin),
		cmocka_unit_test_setup(test_empty, begin),
		cmocka_unit_test_setup(test_live_that_is_gone, begin),
		cmocka_unit_test_setup(test_times, begin),
		cmocka_unit_test_setup(test_twice, begin),
		cmocka_unit_test_setup(test_field_bounds, begin),
		cmocka_unit_test_setup(test_otp_bounds, begin),
		cmocka_unit_test_setup(test_full_seeds, begin),
		cmocka_unit_test_setup(test_size_bounds, begin),
		cmocka_unit_test_setup(test_names, begin),
		cmocka_unit_test_setup(test_keys, begin),
		cmocka_unit_test_setup(test_ids, begin),
		cmocka_unit_test_setup(test_bad_wire, begin),
		cmocka_unit_test_setup(test_unknown, begin),
		cmocka_unit_test_setup(test_unknown_dropped, begin),
		cmocka_unit_test_setup(test_blown_up, begin),
		cmocka_unit_test_setup(test_two_of_the_largest, begin),
	};

	return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
