/*
 * What an entry takes and refuses, how an import counts, and the message
 * that is made of an entry.
 *
 * Covers: import, label, lines, percent, wire, message, formats
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/formats/formats.h"
#include "client/formats/label.h"
#include "client/formats/lines.h"
#include "client/formats/message.h"
#include "client/formats/percent.h"
#include "client/formats/wire.h"
#include "proto/text.h"

#define TEXT(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

static void takes(struct entry *entry, enum entry_text which, struct bytes text,
		  const char *want)
{
	struct fault fault = { 0 };

	assert_int_equal(entry_set(entry, which, text, &fault), 0);
	assert_string_equal(entry_get(entry, which), want);
}

static void refuses(struct entry *entry, enum entry_text which,
		    struct bytes text, const char *field, const char *why)
{
	struct fault fault = { 0 };

	assert_int_equal(entry_set(entry, which, text, &fault),
			 ENTRY_ERR_INVALID);
	assert_string_equal(fault.field, field);
	assert_string_equal(fault.why, why);
}

static void test_texts(void **state UNUSED)
{
	static const char control[] = "holds a control character";
	char longest[TEXT_MAX + 2];
	AUTO_ENTRY struct entry entry;

	entry_init(&entry);
	assert_string_equal(entry_get(&entry, ENTRY_ISSUER), "");
	takes(&entry, ENTRY_ISSUER, TEXT("  B\xc3\xbcro \t"), "B\xc3\xbcro");
	refuses(&entry, ENTRY_ISSUER, TEXT("a\x1b[2J"), "issuer", control);
	refuses(&entry, ENTRY_ISSUER, TEXT("a\0b"), "issuer", control);
	refuses(&entry, ENTRY_ACCOUNT, TEXT("a\x7f"), "account", control);
	refuses(&entry, ENTRY_ACCOUNT, TEXT("a\xc2\x9b"), "account", control);
	refuses(&entry, ENTRY_ACCOUNT, TEXT("a\nb"), "account", control);
	refuses(&entry, ENTRY_ACCOUNT, TEXT("\xff"), "account", "is not UTF-8");
	assert_string_equal(entry_get(&entry, ENTRY_ISSUER), "B\xc3\xbcro");
	takes(&entry, ENTRY_NOTE, TEXT(" two\n\tlines\n"), " two\n\tlines\n");
	memset(longest, 'a', sizeof(longest));
	longest[TEXT_MAX] = '\0';
	takes(&entry, ENTRY_ISSUER, text_of(longest), longest);
	longest[TEXT_MAX] = 'a';
	longest[TEXT_MAX + 1] = '\0';
	refuses(&entry, ENTRY_ISSUER, text_of(longest), "issuer",
		"is too long");
	takes(&entry, ENTRY_ISSUER, TEXT("  "), "");
	assert_null(entry.texts[ENTRY_ISSUER]);
}

static void test_tags(void **state UNUSED)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { 0 };

	entry_init(&entry);
	assert_int_equal(entry_add_tag(&entry, TEXT(" work "), &fault), 0);
	assert_int_equal(entry_add_tag(&entry, TEXT("work"), &fault), 0);
	assert_int_equal(entry.n_tags, 1);
	assert_string_equal(entry.tags[0], "tag/work");
	assert_int_equal(entry_add_tag(&entry, TEXT("  "), &fault),
			 ENTRY_ERR_INVALID);
	assert_string_equal(fault.why, "is empty");
	assert_int_equal(entry_add_tag(&entry, TEXT("a\rb"), &fault),
			 ENTRY_ERR_INVALID);
	for (uint32_t i = 0; entry.n_tags < GROUP_TAGS_MAX; i++) {
		uint8_t name[] = { (uint8_t)('A' + i / 16),
				   (uint8_t)('A' + i % 16) };

		assert_int_equal(entry_add_tag(&entry, BYTES(name), &fault), 0);
	}
	assert_int_equal(entry_add_tag(&entry, TEXT("one more"), &fault),
			 ENTRY_ERR_INVALID);
	assert_int_equal(entry_add_tag(&entry, TEXT("work"), &fault), 0);
}

static void test_secret(void **state UNUSED)
{
	static const uint8_t secret[SECRET_MAX + 1] = { 1, 2, 3 };
	AUTO_ENTRY struct entry entry;
	struct fault fault = { 0 };

	entry_init(&entry);
	assert_int_equal(entry_check(&entry, &fault), ENTRY_ERR_INVALID);
	assert_string_equal(fault.field, "secret");
	assert_int_equal(entry_set_secret(&entry, BYTES(secret), &fault),
			 ENTRY_ERR_INVALID);
	assert_string_equal(fault.why, "is too long");
	assert_int_equal(entry_set_secret(&entry, (struct bytes){ secret, 0 },
					  &fault),
			 ENTRY_ERR_INVALID);
	assert_string_equal(fault.why, "is empty");
	assert_int_equal(entry_set_secret(&entry, (struct bytes){ secret, 3 },
					  &fault),
			 0);
	assert_int_equal(entry.secret_n, 3);
	assert_int_equal(entry_check(&entry, &fault), 0);
}

static void wrong(struct entry *entry, const char *field)
{
	struct fault fault = { 0 };

	assert_int_equal(entry_check(entry, &fault), ENTRY_ERR_INVALID);
	assert_string_equal(fault.field, field);
}

static void test_check(void **state UNUSED)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { 0 };

	entry_init(&entry);
	assert_int_equal(entry_set_secret(&entry, TEXT("12345678"), &fault), 0);
	entry.digits = 11;
	wrong(&entry, "digits");
	entry.digits = 3;
	wrong(&entry, "digits");
	entry.digits = 10;
	entry.period = 0;
	wrong(&entry, "period");
	entry.period = PERIOD_MAX + 1;
	wrong(&entry, "period");
	entry.period = PERIOD_MAX;
	entry.algorithm = FOB__ALGORITHM__MD5;
	wrong(&entry, "algorithm");
	entry.algorithm = 0;
	wrong(&entry, "algorithm");
	entry.algorithm = 77;
	wrong(&entry, "algorithm");
	entry.algorithm = FOB__ALGORITHM__SHA512;
	assert_int_equal(entry_check(&entry, &fault), 0);
	entry.type = 6;
	wrong(&entry, "type");
	entry.type = FOB__OTP_TYPE__YANDEX;
	wrong(&entry, "secret");
}

static void test_settle(void **state UNUSED)
{
	struct entry entry = { .type = FOB__OTP_TYPE__STEAM,
			       .digits = 9,
			       .counter = 4 };

	entry_settle(&entry);
	assert_int_equal(entry.digits, 5);
	assert_int_equal(entry.period, 30);
	assert_int_equal(entry.counter, 0);
	assert_int_equal(entry.algorithm, FOB__ALGORITHM__SHA1);
	entry = (struct entry){ .type = FOB__OTP_TYPE__HOTP, .counter = 4 };
	entry_settle(&entry);
	assert_int_equal(entry.period, 0);
	assert_int_equal(entry.counter, 4);
	entry = (struct entry){ .type = FOB__OTP_TYPE__MOTP };
	entry_settle(&entry);
	assert_int_equal(entry.algorithm, FOB__ALGORITHM__MD5);
	assert_int_equal(entry.period, 10);
	assert_true(entry_lacks_pin(&entry));
}

static void labelled(const char *issuer, const char *label,
		     const char *want_issuer, const char *want_account)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault;

	entry_init(&entry);
	assert_int_equal(label_apply(&entry, text_of(issuer), text_of(label),
				     &fault),
			 0);
	assert_string_equal(entry_get(&entry, ENTRY_ISSUER), want_issuer);
	assert_string_equal(entry_get(&entry, ENTRY_ACCOUNT), want_account);
}

static void test_labels(void **state UNUSED)
{
	labelled("", "me", "", "me");
	labelled("", "", "", "");
	labelled("", "Site:me", "Site", "me");
	labelled("", "Site: me ", "Site", "me");
	labelled("", ":a:b", "", "a:b");
	labelled("Site", "Site:me", "Site", "me");
	labelled("Site", "SITE : me", "Site", "me");
	labelled("Site", "me", "Site", "me");
	labelled("Site", "Other:me", "Site", "Other:me");
	labelled("a:b", "a:b:c", "a:b", "c");
	labelled("Site", "Site", "Site", "Site");
	labelled("Site", "Site:", "Site", "");
	labelled("", ":", "", "");
	labelled("/e/", ":cool@x", "/e/", "cool@x");
	labelled(":A", ":A:me", ":A", "me");
	labelled("Site", "Sites:me", "Site", "Sites:me");
}

static void test_import_keeps_and_skips(void **state UNUSED)
{
	AUTO_IMPORT struct import import;
	AUTO_ENTRY struct entry entry;
	struct fault fault;

	import_init(&import);
	entry_init(&entry);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(
			entry_set_secret(&entry, TEXT("12345"), &fault), 0);
		assert_int_equal(entry_set(&entry, ENTRY_ISSUER, TEXT("Site"),
					   &fault),
				 0);
		entry.digits = i == 50 ? 3 : 6;
		assert_int_equal(import_add(&import, (uint64_t)i, &entry), 0);
		if (i != 50)
			assert_null(entry.secret);
	}
	assert_int_equal(import.n, 99);
	assert_int_equal(import.positions[98], 99);
	assert_memory_equal(import.entries[98].secret, "12345", 5);
	assert_int_equal(import.skipped.n, 1);
	assert_int_equal(import.skipped.list[0].position, 50);
	assert_string_equal(import.skipped.list[0].text,
			    "digits must be 4 to 10");
	assert_string_equal(import.skipped.list[0].name, "Site");
}

static void test_import_bounds(void **state UNUSED)
{
	AUTO_IMPORT struct import import;
	AUTO_ENTRY struct entry entry;
	struct fault fault = { "line", "is bad" };
	int r = 0;

	import_init(&import);
	entry_init(&entry);
	for (int i = 0; i < IMPORT_REPORTS_MAX + 5; i++)
		assert_int_equal(
			import_skip(&import, 1, fault, TEXT("a\x1b[0m")), 0);
	assert_int_equal(import.skipped.n, IMPORT_REPORTS_MAX);
	assert_int_equal(import.skipped.dropped, 5);
	assert_string_equal(import.skipped.list[0].name, "a\\u{1b}[0m");
	for (int i = 0; i <= IMPORT_ENTRIES_MAX; i++) {
		assert_int_equal(r, 0);
		assert_int_equal(entry_set_secret(&entry, TEXT("1"), &fault),
				 0);
		r = import_add(&import, 1, &entry);
	}
	assert_int_equal(r, IMPORT_ERR_FILE);
	assert_non_null(import.error);
}

static void decodes(const char *text, bool plus, const char *want)
{
	uint8_t out[64];
	size_t n = 99;

	assert_int_equal(percent_decode(text_of(text), plus, out, &n), 0);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(out, want, n);
}

static void test_percent(void **state UNUSED)
{
	static const char *const bad[] = { "%",	   "a%4", "%zz", "%4g",
					   "%%41", "% 1", "%+1" };
	char encoded[16];
	uint8_t out[16];
	size_t n = 99;

	decodes("a%20b+c", false, "a b+c");
	decodes("a%20b+c%2b", true, "a b c+");
	decodes("", true, "");
	decodes("%c3%BC", false, "\xc3\xbc");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(percent_decode(text_of(bad[i]), true, out, &n),
				 PERCENT_ERR_INVALID);
	assert_int_equal(n, 99);
	n = percent_encode(TEXT("a \0+~"), encoded);
	assert_int_equal(n, 11);
	assert_memory_equal(encoded, "a%20%00%2B~", 11);
}

static void test_lines(void **state UNUSED)
{
	static const char *const want[] = { "one", "two words", "three" };
	static const uint64_t at[] = { 1, 5, 6 };
	struct lines lines;
	struct bytes line;

	lines_init(&lines, TEXT("\xef\xbb\xbf  one\r\n\n# no\n \t \r\n"
				"\"two words\" \nthree"));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_true(lines_next(&lines, &line));
		assert_int_equal(line.n, strlen(want[i]));
		assert_memory_equal(line.p, want[i], line.n);
		assert_int_equal(lines.number, at[i]);
	}
	assert_false(lines_next(&lines, &line));
	lines_init(&lines, (struct bytes){ NULL, 0 });
	assert_false(lines_next(&lines, &line));
	assert_true(lines_begins(TEXT("OTPauth://x"), "otpauth://"));
	assert_false(lines_begins(TEXT("otp"), "otpauth://"));
}

static void test_wire(void **state UNUSED)
{
	static const char *const damaged[] = {
		"\x08",	       /* no value */
		"\x08\x80",    /* varint cut off */
		"\x0a\x05yes", /* bytes cut off */
		"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", /* huge */
		"\x0b",						/* a group */
		"\x0e\x01",	/* no such type */
		"\x02\x01x",	/* field 0 */
		"\x09\x01\x01", /* fixed64 cut off */
		"\x0d\x01",	/* fixed32 cut off */
		"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", /* 65 bits */
	};
	uint8_t out[64];
	struct wire_field field;
	struct bytes message = { out, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++)
		assert_false(wire_whole(text_of(damaged[i])));
	assert_true(wire_whole(message));
	message.n = wire_put_varint(out, 5, UINT64_MAX);
	message.n += wire_put_bytes(out + message.n, 100, TEXT("abc"));
	assert_true(wire_whole(message));
	assert_int_equal(wire_next(&message, &field), 0);
	assert_int_equal(field.number, 5);
	assert_int_equal(field.varint, UINT64_MAX);
	assert_int_equal(wire_next(&message, &field), 0);
	assert_int_equal(field.number, 100);
	assert_int_equal(field.bytes.n, 3);
	assert_memory_equal(field.bytes.p, "abc", 3);
	assert_int_equal(wire_next(&message, &field), WIRE_ERR_END);
}

static void expect_field(const Fob__FieldValue *field, const char *key,
			 const char *value)
{
	assert_string_equal(field->key, key);
	assert_int_equal(field->value.len, strlen(value));
	assert_memory_equal(field->value.data, value, strlen(value));
}

static void test_message(void **state UNUSED)
{
	AUTO_ENTRY struct entry entry;
	struct message message;
	struct fault fault;
	uint8_t packed[512];
	Fob__NewEntry *back;
	size_t n;

	entry_init(&entry);
	entry.favourite = true;
	takes(&entry, ENTRY_ISSUER, TEXT("Site"), "Site");
	takes(&entry, ENTRY_NOTE, TEXT("n"), "n");
	takes(&entry, ENTRY_PIN, TEXT("1234"), "1234");
	assert_int_equal(entry_add_tag(&entry, TEXT("work"), &fault), 0);
	assert_int_equal(entry_set_secret(&entry, TEXT("12345"), &fault), 0);
	message_fill(&message, &entry);
	n = fob__new_entry__get_packed_size(&message.entry);
	assert_true(n <= sizeof(packed));
	fob__new_entry__pack(&message.entry, packed);
	back = fob__new_entry__unpack(NULL, n, packed);
	assert_non_null(back);
	assert_string_equal(back->issuer, "Site");
	assert_string_equal(back->account, "");
	assert_int_equal(back->otp->type, FOB__OTP_TYPE__TOTP);
	assert_int_equal(back->otp->digits, 6);
	assert_int_equal(back->otp->secret.len, 5);
	assert_int_equal(back->n_fields, 4);
	expect_field(back->fields[0], "note", "n");
	expect_field(back->fields[1], "pin", "1234");
	expect_field(back->fields[2], "favourite", "1");
	expect_field(back->fields[3], "tag/work", "1");
	fob__new_entry__free_unpacked(back, NULL);
}

static void test_table(void **state UNUSED)
{
	assert_string_equal(formats_find("uri")->name, "uri");
	assert_null(formats_find("no such"));
	assert_null(formats_at(1000));
	for (size_t i = 0; formats_at(i); i++)
		assert_ptr_equal(formats_find(formats_at(i)->name),
				 formats_at(i));
	assert_null(formats_detect((struct bytes){ NULL, 0 }));
	assert_null(formats_detect(TEXT("{}")));
	assert_string_equal(formats_detect(TEXT("\n# x\nOTPAUTH://"))->name,
			    "uri");
	assert_string_equal(
		formats_detect(TEXT("otpauth-migration://offline"))->name,
		"google");
	assert_string_equal(formats_detect(TEXT("otpauth-migration://offline\n"
						"otpauth://totp/"))
				    ->name,
			    "uri");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_import_keeps_and_skips),
		cmocka_unit_test(test_import_bounds),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
