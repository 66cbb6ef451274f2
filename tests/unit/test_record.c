/*
 * Reading and changing an entry, and what a person may put into one.
 * Covers: check
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/view/record.h"
#include "proto/text.h"
#include "tests/lib/version.h"

static const uint8_t device[DEVICE_ID_SIZE] = { 0xd0 };

static struct record_stamp at(uint64_t time)
{
	return (struct record_stamp){ time, device };
}

static const uint8_t *vid(uint8_t n)
{
	static uint8_t vids[256][VID_SIZE];

	memset(vids[n], n, VID_SIZE);
	return vids[n];
}

static Fob__OtpValue totp(const char *secret)
{
	Fob__OtpValue value = FOB__OTP_VALUE__INIT;

	value.type = FOB__OTP_TYPE__TOTP;
	value.algorithm = FOB__ALGORITHM__SHA1;
	value.digits = 6;
	value.period = 30;
	value.secret.data = (uint8_t *)(uintptr_t)secret;
	value.secret.len = strlen(secret);
	return value;
}

static void set(struct record *r, const char *key, const char *value,
		uint64_t time)
{
	assert_int_equal(record_set(r, key, text_of(value), at(time)), 0);
}

static void add(struct record *r, const char *secret, uint8_t n)
{
	Fob__OtpValue value = totp(secret);

	assert_int_equal(record_add_otp(r, &value, vid(n)), 0);
}

static void expect_text(const struct record *r, const char *key,
			const char *want)
{
	struct bytes text = record_text(r, key);

	assert_int_equal(text.n, strlen(want));
	assert_memory_equal(text.p, want, text.n);
}

/* The record as another device reads it. */
static void carry(struct record *ret, const struct record *r)
{
	uint8_t *bytes;
	size_t n;

	assert_int_equal(record_pack(r, &bytes, &n), 0);
	assert_int_equal(record_parse(ret, (struct bytes){ bytes, n }), 0);
	secret_free(bytes);
}

static void test_new(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 }, back = { 0 };

	assert_int_equal(record_new(&r, 77), 0);
	set(&r, "issuer", "GitHub", 100);
	set(&r, "tag/work", "1", 100);
	set(&r, "x-\xc3\xa9", "\xff\x00", 100);
	add(&r, "secret", 1);
	carry(&back, &r);
	assert_true(back.plain->created == 77);
	expect_text(&back, "issuer", "GitHub");
	expect_text(&back, "account", "");
	expect_text(&back, "x-\xc3\xa9", "\xff");
	assert_true(record_bool(&back, "tag/work"));
	assert_false(record_bool(&back, "tag/home"));
	assert_false(record_bool(&back, "issuer"));
	assert_int_equal(back.n_shown, 1);
	assert_int_equal(back.shown[0].period, 30);
	assert_memory_equal(record_field(&back, "issuer")->device.data, device,
			    DEVICE_ID_SIZE);
	assert_true(back.changed == 100);
}

static void test_stamps_only_grow(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };

	assert_int_equal(record_new(&r, 1), 0);
	set(&r, "note", "a", 100);
	set(&r, "note", "b", 50);
	assert_true(record_field(&r, "note")->stamp == 101);
	set(&r, "note", "c", 101);
	assert_true(record_field(&r, "note")->stamp == 102);
	set(&r, "note", "d", 500);
	assert_true(record_field(&r, "note")->stamp == 500);
	assert_true(record_stamp_max(&r) == 500);
	/* A later one would count as 0 and lose. */
	set(&r, "note", "e", STAMP_MAX + 5);
	assert_true(record_field(&r, "note")->stamp == STAMP_MAX);
	set(&r, "note", "f", 1);
	assert_true(record_field(&r, "note")->stamp == STAMP_MAX);
	expect_text(&r, "note", "f");
}

/* A value may be a part of the record itself. */
static void test_set_from_itself(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	const Fob__Field *field;

	assert_int_equal(record_new(&r, 1), 0);
	set(&r, "note", "long enough", 1);
	field = record_field(&r, "note");
	assert_int_equal(record_set(&r, field->key,
				    (struct bytes){ field->value.data + 5, 6 },
				    at(2)),
			 0);
	expect_text(&r, "note", "enough");
}

static void test_unset(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 }, back = { 0 };

	assert_int_equal(record_new(&r, 1), 0);
	assert_int_equal(record_unset(&r, "note", at(1)), RECORD_ERR_FIELD);
	set(&r, "note", "a", 100);
	assert_int_equal(record_unset(&r, "note", at(1)), 0);
	assert_int_equal(record_unset(&r, "note", at(1)), RECORD_ERR_FIELD);
	assert_null(record_field(&r, "note"));
	/* That it was taken away is kept: it wins over the old value. */
	carry(&back, &r);
	assert_int_equal(back.plain->n_fields, 1);
	assert_true(back.plain->fields[0]->unset);
	assert_true(back.plain->fields[0]->stamp == 101);
	set(&r, "note", "b", 1);
	assert_true(record_field(&r, "note")->stamp == 102);
}

static void test_use(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };

	assert_int_equal(record_new(&r, 1), 0);
	assert_int_equal(record_use(&r, "backup-code/1", at(1)),
			 RECORD_ERR_FIELD);
	set(&r, "backup-code/1", "1234", 100);
	assert_false(record_field(&r, "backup-code/1")->used);
	assert_int_equal(record_use(&r, "backup-code/1", at(200)), 0);
	assert_true(record_field(&r, "backup-code/1")->used);
	expect_text(&r, "backup-code/1", "1234");
	set(&r, "backup-code/1", "1234", 300);
	assert_true(record_field(&r, "backup-code/1")->used);
}

static void test_bad_keys(void **state UNUSED)
{
	static char key[FIELD_KEY_MAX + 2];
	static uint8_t value[FIELD_VALUE_MAX + 1];
	AUTO_RECORD struct record r = { 0 };

	memset(key, 'k', FIELD_KEY_MAX + 1);
	assert_int_equal(record_new(&r, 1), 0);
	assert_int_equal(record_set(&r, "", text_of("v"), at(1)),
			 RECORD_ERR_FIELD);
	assert_int_equal(record_set(&r, "a\tb", text_of("v"), at(1)),
			 RECORD_ERR_FIELD);
	assert_int_equal(record_set(&r, "\xff", text_of("v"), at(1)),
			 RECORD_ERR_FIELD);
	assert_int_equal(record_set(&r, key, text_of("v"), at(1)),
			 RECORD_ERR_FIELD);
	assert_int_equal(record_set(&r, "note", BYTES(value), at(1)),
			 RECORD_ERR_FULL);
	assert_int_equal(r.plain->n_fields, 0);
}

static void test_full(void **state UNUSED)
{
	static uint8_t value[FIELD_VALUE_MAX];
	AUTO_RECORD struct record r = { 0 };
	uint8_t *bytes = NULL;
	size_t n;
	char key[16];

	assert_int_equal(record_new(&r, 1), 0);
	for (int i = 0; i < FIELDS_MAX; i++) {
		snprintf(key, sizeof(key), "x-%d", i);
		set(&r, key, "", 1);
	}
	assert_int_equal(record_set(&r, "y", text_of(""), at(1)),
			 RECORD_ERR_FULL);
	set(&r, "x-7", "v", 1);
	assert_int_equal(record_set(&r, "x-1", BYTES(value), at(1)), 0);
	assert_int_equal(record_set(&r, "x-2", BYTES(value), at(1)), 0);
	assert_int_equal(record_pack(&r, &bytes, &n), RECORD_ERR_FULL);
	assert_null(bytes);
}

static void test_replace(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue value = totp("new"), *live[LIVE_MAX];

	assert_int_equal(record_new(&r, 1), 0);
	add(&r, "one", 1);
	add(&r, "two", 2);
	assert_true(r.conflict);
	assert_int_equal(record_replace_otp(&r, &value, vid(2), at(9)),
			 RECORD_ERR_FIELD);
	assert_int_equal(r.n_shown, 2);
	assert_int_equal(record_replace_otp(&r, &value, vid(3), at(9)), 0);
	assert_false(r.conflict);
	assert_int_equal(record_live(&r, live), 1);
	assert_memory_equal(live[0]->secret.data, "new", 3);
	assert_int_equal(r.plain->otp->n_gone, 2);
	assert_true(r.plain->otp->gone[0]->stamp == 9);
	assert_true(r.changed == 9);
	/* A vid never comes back, and what goes later is newer. */
	assert_int_equal(record_add_otp(&r, &value, vid(1)), RECORD_ERR_FIELD);
	assert_int_equal(record_replace_otp(&r, &value, vid(4), at(5)), 0);
	assert_true(r.plain->otp->gone[2]->stamp == 10);
}

/* The seed that goes is among the vids that are written. */
static void test_replace_often(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue value = totp("s");

	assert_int_equal(record_new(&r, 1), 0);
	add(&r, "s", 0);
	for (uint8_t i = 1; i < 200; i++) {
		AUTO_RECORD struct record back = { 0 };
		size_t want = size_min(i, GONE_MAX);

		assert_int_equal(record_replace_otp(&r, &value,
						    vid((uint8_t)(200 - i)),
						    at(1)),
				 0);
		carry(&back, &r);
		assert_int_equal(back.n_shown, 1);
		assert_int_equal(back.plain->otp->n_gone, want);
		assert_int_equal(back.plain->otp->gone[0]->vid.data[0],
				 i <= GONE_MAX ? 0 : 201 - i);
	}
}

static void test_add_bounds(void **state UNUSED)
{
	static const char secret[SECRET_MAX + 2] = { 0 };
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue value = totp("s");

	assert_int_equal(record_new(&r, 1), 0);
	value.secret.data = (uint8_t *)(uintptr_t)secret;
	value.secret.len = SECRET_MAX + 1;
	assert_int_equal(record_add_otp(&r, &value, vid(1)), RECORD_ERR_FIELD);
	assert_int_equal(record_replace_otp(&r, &value, vid(1), at(1)),
			 RECORD_ERR_FIELD);
	value.secret.len = SECRET_MAX;
	for (uint8_t i = 0; i < LIVE_MAX; i++)
		assert_int_equal(record_add_otp(&r, &value, vid(i)), 0);
	assert_int_equal(record_add_otp(&r, &value, vid(99)), RECORD_ERR_FULL);
	assert_int_equal(r.n_shown, 1);
	assert_false(r.conflict);
}

static void test_keep(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue *live[LIVE_MAX];

	assert_int_equal(record_new(&r, 1), 0);
	add(&r, "lost", 1);
	add(&r, "kept", 2);
	add(&r, "kept", 3);
	add(&r, "lost too", 4);
	assert_int_equal(record_live(&r, live), 3);
	assert_int_equal(record_keep_otp(&r, vid(9), at(1)), RECORD_ERR_FIELD);
	assert_int_equal(record_keep_otp(&r, vid(3), at(7)), 0);
	assert_int_equal(record_live(&r, live), 1);
	assert_int_equal(live[0]->vid.data[0], 2);
	assert_int_equal(r.plain->otp->n_live, 2);
	assert_int_equal(r.plain->otp->n_gone, 2);
	assert_false(r.conflict);
}

static void test_drop(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue *live[LIVE_MAX];

	assert_int_equal(record_new(&r, 1), 0);
	add(&r, "kept", 1);
	add(&r, "lost", 2);
	add(&r, "lost", 3);
	assert_int_equal(record_drop_otp(&r, vid(9), at(1)), RECORD_ERR_FIELD);
	assert_int_equal(record_live(&r, live), 2);
	assert_int_equal(record_drop_otp(&r, live[1]->vid.data, at(7)), 0);
	assert_int_equal(record_live(&r, live), 1);
	assert_int_equal(live[0]->vid.data[0], 1);
	assert_int_equal(r.plain->otp->n_live, 1);
	assert_int_equal(r.plain->otp->n_gone, 2);
	assert_true(r.changed == 7);
}

static void test_counter(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue *live[LIVE_MAX];

	assert_int_equal(record_new(&r, 1), 0);
	add(&r, "a", 1);
	add(&r, "a", 2);
	assert_int_equal(record_set_counter(&r, vid(3), 1), RECORD_ERR_FIELD);
	assert_int_equal(record_set_counter(&r, vid(2), 8), 0);
	assert_int_equal(record_live(&r, live), 1);
	assert_true(live[0]->counter == 8);
	assert_int_equal(record_set_counter(&r, live[0]->vid.data, 9), 0);
	assert_int_equal(record_set_counter(&r, vid(1), 3), 0);
	assert_int_equal(record_live(&r, live), 1);
	assert_true(live[0]->counter == 9);
}

static void test_tombstone(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 }, back = { 0 };

	assert_int_equal(record_new(&r, 1), 0);
	record_set_tombstone(&r, true);
	carry(&back, &r);
	assert_true(back.tombstone);
	record_set_tombstone(&back, false);
	assert_false(back.tombstone || back.plain->tombstone);
}

static void test_parse_failure(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };

	assert_int_equal(record_parse(&r, text_of("\x0a")),
			 RECORD_ERR_MALFORMED);
	record_deinit(&r);
	record_deinit(&r);
	record_deinit(NULL);
}

/* --- check ----------------------------------------------------------------- */

static void expect_field(const char *key, const char *value, const char *want)
{
	AUTO_RECORD struct record r = { 0 };
	const char *field = NULL, *reason = NULL;

	assert_int_equal(record_new(&r, 1), 0);
	set(&r, key, value, 1);
	if (!want) {
		assert_int_equal(record_check(&r, &field, &reason), 0);
		assert_null(field);
		return;
	}
	assert_int_equal(record_check(&r, &field, &reason), RECORD_ERR_FIELD);
	assert_string_equal(field, want);
	assert_non_null(reason);
}

static void test_check_fields(void **state UNUSED)
{
	static char text[TEXT_MAX + 2];

	memset(text, 't', TEXT_MAX);
	expect_field("issuer", text, NULL);
	text[TEXT_MAX] = 't';
	expect_field("issuer", text, "issuer");
	expect_field("account", text, "account");
	expect_field("note", text, NULL);
	expect_field("pin", text, "pin");
	expect_field("issuer", "a b/c:d \xe2\x82\xac", NULL);
	expect_field("issuer", "a\nb", "issuer");
	expect_field("account", "a\x1b[0m", "account");
	expect_field("account", "\xc2\x85", "account");
	expect_field("account", "\xc3", "account");
	expect_field("note", "a\n\tb", NULL);
	expect_field("note", "\x07", "note");
	expect_field("note", "\xff", "note");
	expect_field("url", "a\nb", "url");
	expect_field("tag/a b", "1", NULL);
	expect_field("tag/a b", "yes", "tag");
	expect_field("tag/", "1", "tag");
	expect_field("favourite", "2", "favourite");
	expect_field("backup-code/", "1", "backup-code");
	expect_field("x-any", "\xff\n", NULL);
	expect_field("issuers", "\xff\n", NULL);
}

static void expect_otp(const Fob__OtpValue *value, const char *want)
{
	AUTO_RECORD struct record r = { 0 };
	const char *field = NULL, *reason = NULL;

	assert_int_equal(record_new(&r, 1), 0);
	assert_int_equal(record_add_otp(&r, value, vid(1)), 0);
	assert_int_equal(record_check(&r, &field, &reason),
			 want ? RECORD_ERR_FIELD : 0);
	if (want)
		assert_string_equal(field, want);
	assert_int_equal(!want, !reason);
}

static void test_check_otp(void **state UNUSED)
{
	Fob__OtpValue value = totp("secret");

	expect_otp(&value, NULL);
	value.digits = 11;
	expect_otp(&value, "digits");
	value = totp("secret");
	value.period = 0;
	expect_otp(&value, "period");
	value = totp("");
	expect_otp(&value, "secret");
	value = totp("secret");
	value.algorithm = FOB__ALGORITHM__MD5;
	expect_otp(&value, "algorithm");
	value.type = 77;
	expect_otp(&value, "type");
}

static void test_check_pin(void **state UNUSED)
{
	AUTO_RECORD struct record r = { 0 };
	Fob__OtpValue value = totp("0123456789abcdef");
	const char *field = NULL, *reason = NULL;

	value.type = FOB__OTP_TYPE__YANDEX;
	value.algorithm = FOB__ALGORITHM__SHA256;
	value.digits = 8;
	assert_int_equal(record_new(&r, 1), 0);
	assert_int_equal(record_add_otp(&r, &value, vid(1)), 0);
	assert_int_equal(record_check(&r, &field, &reason), RECORD_ERR_FIELD);
	assert_string_equal(field, "pin");
	set(&r, "pin", "1234", 1);
	assert_int_equal(record_check(&r, &field, &reason), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_stamps_only_grow),
		cmocka_unit_test(test_set_from_itself),
		cmocka_unit_test(test_unset),
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_replace_often),
		cmocka_unit_test(test_add_bounds),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_tombstone),
		cmocka_unit_test(test_parse_failure),
		cmocka_unit_test(test_check_fields),
		cmocka_unit_test(test_check_otp),
		cmocka_unit_test(test_check_pin),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
