/*
 * JSON of strangers: what is looked for without reading, what is refused as a
 * whole and on which line, and how members come out.
 *
 * Covers: names, encoded, import, peek, refusal
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "client/formats/crypt.h"
#include "client/formats/encoded.h"
#include "client/formats/json.h"
#include "client/formats/names.h"
#include "client/formats/refusal.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define TEXT(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

static void test_has(void **state UNUSED)
{
	assert_true(json_has(TEXT(" {\"a\":1,\"b\" : 2}"), "b"));
	assert_true(json_has(TEXT("\xef\xbb\xbf{\"a\":1}"), "a"));
	assert_true(json_has(TEXT("{\"x\":{\"b\":[{}]},\"a\":\"cut of"), "a"));
	assert_true(json_has(TEXT("{\"x\":\"\\\"}\",\"a\":0"), "a"));
	assert_false(json_has(TEXT("{\"x\":{\"a\":1}}"), "a"));
	assert_false(json_has(TEXT("{\"x\":\"a\"}"), "a"));
	assert_false(json_has(TEXT("{\"x\":1} {\"a\":1}"), "a"));
	assert_false(json_has(TEXT("[{\"a\":1}]"), "a"));
	assert_false(json_has(TEXT("a"), "a"));
	assert_false(json_has(TEXT(""), "a"));
	assert_false(json_has(TEXT("{\"a\\"), "a"));
	assert_true(json_first_has(TEXT("[ {\"x\":[],\"a\":1}]"), "a"));
	assert_false(json_first_has(TEXT("[{\"x\":1},{\"a\":1}]"), "a"));
	assert_false(json_first_has(TEXT("{\"a\":1}"), "a"));
	assert_false(json_first_has(TEXT("["), "a"));
}

static void refused(struct bytes text, const char *why)
{
	AUTO_IMPORT struct import import;
	json_t *value = NULL;

	import_init(&import);
	assert_int_equal(json_read(text, &import, &value), IMPORT_ERR_FILE);
	assert_null(value);
	if (!strstr(import.error, why))
		fail_msg("\"%s\" is not in \"%s\"", why, import.error);
}

static void nest(char *out, size_t depth)
{
	memset(out, '[', depth);
	memset(out + depth, ']', depth);
	out[2 * depth] = '\0';
}

static void test_refused(void **state UNUSED)
{
	char deep[2 * 100000 + 1];

	refused(TEXT(""), "empty");
	refused(TEXT("\xef\xbb\xbf"), "empty");
	refused(TEXT("{\"a\":\n\n1"), "line 3, column 1: it is cut off");
	refused(TEXT("{\"a\":\"\xff\"}"), "line 1, column 6: it is not UTF-8");
	refused(TEXT("{\"a\":1,\n\"a\":2}"),
		"line 2, column 3: a key is there twice");
	refused(TEXT("{\"a\":123456789012345678901234567890}"),
		"a number is too large");
	refused(TEXT("{\"a\":1} x"), "no sound JSON");
	refused(TEXT("7"), "no sound JSON");
	nest(deep, 100000);
	refused(text_of(deep), "line 1, column 33: it is nested too deeply");
	nest(deep, JSON_DEPTH + 1);
	refused(text_of(deep), "nested too deeply");
	/* What the file says is never in the message. */
	refused(TEXT("{\"a\":hunter2}"),
		"line 1, column 11: it is no sound JSON");
}

struct opened {
	struct import import;
	json_t *value;
	struct json_record record;
};

static void open_text(struct opened *opened, struct bytes text)
{
	import_init(&opened->import);
	opened->value = NULL;
	assert_int_equal(json_read(text, &opened->import, &opened->value), 0);
	opened->record = (struct json_record){ .object = opened->value };
}

static void shut(struct opened *opened)
{
	json_drop(&opened->value);
	import_deinit(&opened->import);
}

static void expect_fault(struct json_record *record, const char *field,
			 const char *why)
{
	assert_true(json_failed(record));
	assert_string_equal(record->fault.field, field);
	assert_string_equal(record->fault.why, why);
	record->fault = (struct fault){ NULL, NULL };
}

static void test_members(void **state UNUSED)
{
	struct opened o;
	struct bytes text;

	open_text(&o, TEXT("{\"t\":\"x\\/\\u0000y\",\"n\":null,\"i\":7,"
			   "\"r\":30.0,\"s\":\"12\",\"e\":\"\",\"y\":true,"
			   "\"l\":[1],\"o\":{},\"neg\":-1}"));
	text = json_get_text(&o.record, "t");
	assert_int_equal(text.n, 4);
	assert_memory_equal(text.p, "x/\0y", 4);
	assert_null(json_get_text(&o.record, "n").p);
	assert_null(json_get_text(&o.record, "none").p);
	assert_int_equal(json_get_number(&o.record, "i", 5), 7);
	assert_int_equal(json_get_number(&o.record, "n", 5), 5);
	assert_int_equal(json_get_small(&o.record, "none", 9), 9);
	assert_int_equal(json_get_small(&o.record, "r", 0), 30);
	assert_int_equal(json_get_signed(&o.record, "neg", 0), -1);
	assert_int_equal(json_get_loose(&o.record, "s", 0), 12);
	assert_int_equal(json_get_loose(&o.record, "i", 0), 7);
	assert_int_equal(json_get_loose(&o.record, "e", 3), 3);
	assert_true(json_get_bool(&o.record, "y"));
	assert_false(json_get_bool(&o.record, "none"));
	assert_int_equal(json_array_size(json_get_array(&o.record, "l")), 1);
	assert_non_null(json_get_object(&o.record, "o"));
	assert_null(json_get_object(&o.record, "n"));
	assert_false(json_failed(&o.record));
	shut(&o);
}

static void test_wrong_members(void **state UNUSED)
{
	struct opened o;

	open_text(&o, TEXT("{\"i\":7,\"t\":\"x\",\"neg\":-1,\"r\":1.5,"
			   "\"big\":4294967296,\"l\":[],\"o\":{},"
			   "\"huge\":1e300}"));
	assert_null(json_get_text(&o.record, "i").p);
	/* The first fault stays. */
	json_get_bool(&o.record, "t");
	expect_fault(&o.record, "i", "is not text");
	json_get_bool(&o.record, "t");
	expect_fault(&o.record, "t", "is neither true nor false");
	assert_int_equal(json_get_number(&o.record, "neg", 5), 5);
	expect_fault(&o.record, "neg", "is negative");
	json_get_number(&o.record, "r", 0);
	expect_fault(&o.record, "r", "is not a whole number");
	json_get_number(&o.record, "huge", 0);
	expect_fault(&o.record, "huge", "is not a whole number");
	json_get_number(&o.record, "t", 0);
	expect_fault(&o.record, "t", "is not a whole number");
	assert_int_equal(json_get_small(&o.record, "big", 1), 1);
	expect_fault(&o.record, "big", "is too large");
	json_get_loose(&o.record, "t", 0);
	expect_fault(&o.record, "t", "is not a number");
	assert_null(json_get_array(&o.record, "o"));
	expect_fault(&o.record, "o", "is not a list");
	assert_null(json_get_object(&o.record, "l"));
	expect_fault(&o.record, "l", "is not an object");
	shut(&o);
}

/* Of what is no object everything is absent. */
static void test_no_object(void **state UNUSED)
{
	struct opened o;

	open_text(&o, TEXT("[1]"));
	assert_null(json_get_text(&o.record, "a").p);
	assert_int_equal(json_get_number(&o.record, "a", 3), 3);
	assert_false(json_failed(&o.record));
	shut(&o);
}

static void test_names(void **state UNUSED)
{
	assert_int_equal(names_type(TEXT("HOTP")), FOB__OTP_TYPE__HOTP);
	assert_int_equal(names_type(TEXT("yandex")), FOB__OTP_TYPE__YANDEX);
	assert_int_equal(names_type(TEXT("otp")), 0);
	assert_int_equal(names_algorithm(TEXT("HmacSHA256")),
			 FOB__ALGORITHM__SHA256);
	assert_int_equal(names_algorithm(TEXT("HMAC-SHA-512")),
			 FOB__ALGORITHM__SHA512);
	assert_int_equal(names_algorithm(TEXT("Algorithm.sha1")),
			 FOB__ALGORITHM__SHA1);
	assert_int_equal(names_algorithm(TEXT("MD5")), 0);
	assert_int_equal(names_algorithm(TEXT("")), 0);
}

static void test_encoded(void **state UNUSED)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { NULL, NULL };

	entry_init(&entry);
	assert_int_equal(
		encoded_base32(&entry, TEXT("mzxw 6ytb-OI======"), &fault), 0);
	assert_int_equal(entry.secret_n, 6);
	assert_memory_equal(entry.secret, "foobar", 6);
	assert_int_equal(encoded_hex(&entry, TEXT("0aFf"), &fault), 0);
	assert_memory_equal(entry.secret, "\x0a\xff", 2);
	assert_int_equal(encoded_base32(&entry, TEXT("MZ0"), &fault),
			 ENTRY_ERR_INVALID);
	assert_non_null(strstr(fault.why, "0, 1 and 8"));
	assert_int_equal(encoded_base32(&entry, TEXT(""), &fault),
			 ENTRY_ERR_INVALID);
	assert_string_equal(fault.why, "is empty");
	assert_int_equal(encoded_hex(&entry, TEXT("0aF"), &fault),
			 ENTRY_ERR_INVALID);
	/* What was there before stays. */
	assert_memory_equal(entry.secret, "\x0a\xff", 2);
	assert_true(encoded_odd(TEXT("MZX")));
	assert_false(encoded_odd(TEXT("MZXW=")));
}

static void test_password(void **state UNUSED)
{
	AUTO_IMPORT struct import import;
	struct bytes password;

	import_init(&import);
	assert_int_equal(import_password(&import, &password),
			 IMPORT_ERR_PASSWORD);
	import.password = TEXT("pw");
	assert_int_equal(import_password(&import, &password), 0);
	assert_int_equal(password.n, 2);
	assert_int_equal(refusal_crypt(&import, "field", CRYPT_ERR_FORGED),
			 IMPORT_ERR_WRONG);
	assert_non_null(strstr(import.error, "password"));
	assert_int_equal(refusal_crypt(&import, "field", CRYPT_ERR_COST),
			 IMPORT_ERR_FILE);
	assert_int_equal(refusal_crypt(&import, "field", CRYPT_ERR_NUMBERS),
			 IMPORT_ERR_FILE);
	assert_int_equal(refusal_crypt(&import, "field", -12), -12);
	refusal_text(&import, TEXT("a\nbc\nd"), 3, "x");
	assert_non_null(strstr(import.error, "line 2, column 2: x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_wrong_members),
		cmocka_unit_test(test_no_object),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_encoded),
		cmocka_unit_test(test_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
