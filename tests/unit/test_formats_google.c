/*
 * Google Authenticator's export: published test payloads of others, several
 * QR codes in any order, damage of every kind, and the way back.
 *
 * Covers: wire, payload, google_write
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

#include "client/formats/google.h"
#include "client/formats/list.h"
#include "client/formats/percent.h"
#include "client/formats/wire.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define TEXT(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })
#define START "otpauth-migration://offline?data="
#define URI_ROOM 4096

/* Test payload of google-authenticator-exporter (krissrex): four accounts. */
#define EXPORTER                                                         \
	START "CikKCkhlbGxvId6tvu8SCHRlc3R1c2VyGgtleGFtcGxlLmNvbSABKAEw" \
	      "Ago8CgpXb3JsZCEgICAgEhx0ZXN0LWdpdGh1Yi51c2VyQGV4YW1wbGUu" \
	      "Y29tGgpnaXRodWIuY29tIAEoATACCjcKCldvcmxkISAgICESD2Fub3Ro" \
	      "ZXJ0ZXN0dXNlchoSc29tZWV4YW1wbGVzZXJ2aWNlIAEoATACCjIKCldv" \
	      "cmxkISAgICISCmZvdXJ0aHVzZXIaEnNvbWVleGFtcGxlc2VydmljZSAB" \
	      "KAEwAhACGAEgAA%3D%3D"

/* Test payload of privacyIDEA Authenticator: TOTP, HOTP, negative batch. */
#define PRIVACYIDEA                                                      \
	START "ChkKCpklNznImSU3OcgSBVRlc3QxIAEoATACChsKCpklNznImSU3OdoS" \
	      "BVRlc3QyIAEoATABOAAQARgBIAAo8enF1vr%2F%2F%2F%2F%2FAQ%3D%3D"

static void describe(const struct entry *entry, char out[static 512])
{
	char secret[TEXT_HEX_SIZE(SECRET_MAX)];
	int n;

	text_hex_encode(secret, sizeof(secret),
			(struct bytes){ entry->secret, entry->secret_n });
	n = snprintf(out, 512, "%u %s %u %u %u %llu [%s] [%s]", entry->type,
		     secret, entry->algorithm, entry->digits, entry->period,
		     (unsigned long long)entry->counter,
		     entry_get(entry, ENTRY_ISSUER),
		     entry_get(entry, ENTRY_ACCOUNT));
	assert_in_range(n, 1, 511);
}

static void expect_entry(const struct import *import, size_t i,
			 const char *want)
{
	char got[512];

	assert_true(i < import->n);
	describe(&import->entries[i], got);
	assert_string_equal(got, want);
}

static void read_text(struct import *import, const char *text)
{
	import_init(import);
	assert_true(google_detect(text_of(text)));
	assert_int_equal(google_read(text_of(text), import), 0);
}

static void test_published(void **state UNUSED)
{
	AUTO_IMPORT struct import import;
	AUTO_IMPORT struct import other;

	read_text(&import, EXPORTER);
	assert_int_equal(import.n, 4);
	expect_entry(&import, 0,
		     "1 48656c6c6f21deadbeef 1 6 30 0 "
		     "[example.com] [testuser]");
	expect_entry(&import, 1,
		     "1 576f726c642120202020 1 6 30 0 "
		     "[github.com] [test-github.user@example.com]");
	expect_entry(&import, 3,
		     "1 576f726c642120202022 1 6 30 0 "
		     "[someexampleservice] [fourthuser]");
	assert_int_equal(import.skipped.n, 0);
	assert_int_equal(import.warnings.n, 0);
	read_text(&other, PRIVACYIDEA);
	assert_int_equal(other.n, 2);
	expect_entry(&other, 0, "1 99253739c899253739c8 1 6 30 0 [] [Test1]");
	expect_entry(&other, 1, "2 99253739c899253739da 1 6 0 0 [] [Test2]");
}

/* --- payloads made here --------------------------------------------------- */

struct build {
	uint8_t bytes[2048];
	size_t n;
};

static void put_number(struct build *build, uint32_t number, uint64_t v)
{
	build->n += wire_put_varint(build->bytes + build->n, number, v);
}

static void put_bytes(struct build *build, uint32_t number, struct bytes b)
{
	build->n += wire_put_bytes(build->bytes + build->n, number, b);
}

static void put_build(struct build *build, uint32_t number,
		      const struct build *inner)
{
	put_bytes(build, number, (struct bytes){ inner->bytes, inner->n });
}

static void put_batch(struct build *build, uint64_t size, uint64_t index,
		      int32_t id)
{
	put_number(build, 2, 1);
	put_number(build, 3, size);
	put_number(build, 4, index);
	put_number(build, 5, (uint64_t)id);
}

/* An account with a secret and a name; the caller adds the rest. */
static struct build account(const char *secret, const char *name)
{
	struct build build = { .n = 0 };

	put_bytes(&build, 1, text_of(secret));
	put_bytes(&build, 2, text_of(name));
	return build;
}

static void to_uri(const struct build *build, char uri[static URI_ROOM])
{
	char base64[URI_ROOM];
	size_t n = strlen(START);

	sodium_bin2base64(base64, sizeof(base64), build->bytes, build->n,
			  sodium_base64_VARIANT_ORIGINAL);
	assert_true(n + 3 * strlen(base64) < URI_ROOM);
	memcpy(uri, START, n);
	n += percent_encode(text_of(base64), uri + n);
	uri[n] = '\0';
}

static void read_build(struct import *import, const struct build *build)
{
	char uri[URI_ROOM];

	to_uri(build, uri);
	read_text(import, uri);
}

static void read_account(struct import *import, const struct build *one)
{
	struct build build = { .n = 0 };

	put_build(&build, 1, one);
	put_batch(&build, 1, 0, -7);
	read_build(import, &build);
}

static void accepted(const struct build *one, const char *want)
{
	AUTO_IMPORT struct import import;

	read_account(&import, one);
	assert_int_equal(import.skipped.n, 0);
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, want);
}

static void skipped(const struct build *one, const char *reason)
{
	AUTO_IMPORT struct import import;

	read_account(&import, one);
	assert_int_equal(import.n, 0);
	assert_int_equal(import.skipped.n, 1);
	assert_string_equal(import.skipped.list[0].text, reason);
	assert_int_equal(import.skipped.list[0].position, 1);
}

static void test_fields(void **state UNUSED)
{
	struct build one = account("abc", "Site: me");

	accepted(&one, "1 616263 1 6 30 0 [Site] [me]");
	put_bytes(&one, 3, TEXT("Site"));
	put_number(&one, 4, 3);
	put_number(&one, 5, 2);
	put_number(&one, 6, 1);
	put_number(&one, 7, INT64_MAX);
	accepted(&one, "2 616263 3 8 0 9223372036854775807 [Site] [me]");
	/* What newer versions add, and a field of a wrong type. */
	put_bytes(&one, 8, TEXT("unique"));
	put_number(&one, 1, 9);
	put_bytes(&one, 5, TEXT("x"));
	put_number(&one, 4, 2);
	accepted(&one, "2 616263 2 8 0 9223372036854775807 [Site] [me]");
}

static void test_bad_accounts(void **state UNUSED)
{
	struct build one = account("", "me");

	skipped(&one, "secret is empty");
	one = account("abc", "a\x1b[2J");
	skipped(&one, "account holds a control character");
	one = account("abc", "\xff\xfe");
	skipped(&one, "account is not UTF-8");
	one = account("abc", "me");
	put_number(&one, 4, 4);
	skipped(&one, "algorithm must be SHA1, SHA256 or SHA512");
	one = account("abc", "me");
	put_number(&one, 4, UINT64_MAX);
	skipped(&one, "algorithm must be SHA1, SHA256 or SHA512");
	one = account("abc", "me");
	put_number(&one, 5, 3);
	skipped(&one, "digits must be 6 or 8");
	one = account("abc", "me");
	put_number(&one, 6, 3);
	skipped(&one, "type is not known");
	one = account("abc", "me");
	put_number(&one, 6, 1);
	put_number(&one, 7, (uint64_t)-1);
	skipped(&one, "counter is negative");
	one.n = 0;
	skipped(&one, "secret is empty");
}

static void test_long_fields(void **state UNUSED)
{
	uint8_t bytes[SECRET_MAX + 1];
	struct build one = { .n = 0 };

	memset(bytes, 'a', sizeof(bytes));
	put_bytes(&one, 1, BYTES(bytes));
	skipped(&one, "secret is too long");
	one = account("abc", "");
	put_bytes(&one, 2, BYTES(bytes));
	skipped(&one, "account is too long");
}

/* --- several QR codes ----------------------------------------------------- */

static void payload(uint64_t size, uint64_t index, int32_t id, const char *name,
		    char uri[static URI_ROOM])
{
	struct build one = account("abc", name);
	struct build build = { .n = 0 };

	put_build(&build, 1, &one);
	put_batch(&build, size, index, id);
	to_uri(&build, uri);
}

static int read_list(struct import *import, size_t n, char uris[][URI_ROOM])
{
	AUTO_FREE char *text = calloc(n + 1, URI_ROOM);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		strcat(text, uris[i]);
		strcat(text, "\n");
	}
	import_init(import);
	return google_read(text_of(text), import);
}

static void test_any_order(void **state UNUSED)
{
	static char uris[3][URI_ROOM];
	AUTO_IMPORT struct import import;

	payload(3, 2, -7, "two", uris[0]);
	payload(3, 0, -7, "zero", uris[1]);
	payload(3, 1, -7, "one", uris[2]);
	assert_int_equal(read_list(&import, 3, uris), 0);
	assert_int_equal(import.n, 3);
	assert_int_equal(import.positions[2], 3);
	assert_int_equal(import.warnings.n, 0);
}

static void test_missing_and_repeated(void **state UNUSED)
{
	static char uris[3][URI_ROOM];
	AUTO_IMPORT struct import import;

	payload(4, 2, 5, "two", uris[0]);
	payload(4, 0, 5, "zero", uris[1]);
	payload(4, 2, 5, "two", uris[2]);
	assert_int_equal(read_list(&import, 3, uris), 0);
	assert_int_equal(import.n, 2);
	assert_int_equal(import.warnings.n, 3);
	assert_string_equal(import.warnings.list[0].text,
			    "the same QR code once more");
	assert_int_equal(import.warnings.list[0].position, 3);
	assert_string_equal(import.warnings.list[1].text,
			    "QR code 2 of 4 is missing");
	assert_string_equal(import.warnings.list[2].text,
			    "QR code 4 of 4 is missing");
}

static void test_many_missing(void **state UNUSED)
{
	static char uris[1][URI_ROOM];
	AUTO_IMPORT struct import import;

	payload(MIGRATION_BATCH_MAX, 7, 5, "seven", uris[0]);
	assert_int_equal(read_list(&import, 1, uris), 0);
	assert_int_equal(import.n, 1);
	assert_int_equal(import.warnings.n, 33);
}

static void test_mixed(void **state UNUSED)
{
	static char uris[2][URI_ROOM];
	AUTO_IMPORT struct import batches;
	AUTO_IMPORT struct import sizes;
	AUTO_IMPORT struct import contents;

	payload(2, 0, 5, "zero", uris[0]);
	payload(2, 1, 6, "one", uris[1]);
	assert_int_equal(read_list(&batches, 2, uris), IMPORT_ERR_FILE);
	assert_non_null(strstr(batches.error, "two different exports"));
	payload(3, 1, 5, "one", uris[1]);
	assert_int_equal(read_list(&sizes, 2, uris), IMPORT_ERR_FILE);
	payload(2, 0, 5, "other", uris[1]);
	assert_int_equal(read_list(&contents, 2, uris), IMPORT_ERR_FILE);
	assert_non_null(strstr(contents.error, "same number"));
}

static void test_in_a_list(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	import_init(&import);
	assert_int_equal(
		list_read(TEXT("otpauth://totp/a?secret=MFRGG\n" EXPORTER "\n"
			       "otpauth://totp/b?secret=MFRGG\n"),
			  &import),
		0);
	assert_int_equal(import.n, 6);
	assert_int_equal(import.positions[4], 2);
	assert_int_equal(import.skipped.n, 0);
}

/* --- damage --------------------------------------------------------------- */

static void unreadable(const char *uri, const char *reason)
{
	AUTO_IMPORT struct import import;

	import_init(&import);
	assert_int_equal(google_read(text_of(uri), &import), 0);
	assert_int_equal(import.n, 0);
	assert_int_equal(import.skipped.n, 1);
	assert_string_equal(import.skipped.list[0].text, reason);
}

static void test_bad_uris(void **state UNUSED)
{
	unreadable("otpauth-migration:", "URI is no Google export");
	unreadable("otpauth-migration://online?data=AA",
		   "URI is no Google export");
	unreadable("otpauth://totp/a?secret=MFRGG", "URI is no Google export");
	unreadable("otpauth-migration://offline", "data is missing");
	unreadable("otpauth-migration://offline/", "data is missing");
	unreadable("otpauth-migration://offlinex?data=AA", "data is missing");
	unreadable("otpauth-migration://offline?", "data is missing");
	unreadable("otpauth-migration://offline?date=AA", "data is missing");
	unreadable(START, "data is empty");
	unreadable(START "%3D%3D", "data is empty");
	unreadable(START "CikK*", "data is not base64, or cut off");
	unreadable(START "C", "data is not base64, or cut off");
	unreadable(START "Cik%00", "data is not base64, or cut off");
	unreadable(START "Cik%2",
		   "data has a % without two hex digits after it");
	unreadable(START "Cik", "data is damaged");
}

/* What mail programs and URI parsers do to the base64 text. */
static void test_mangled_base64(void **state UNUSED)
{
	struct build one = account("ab\xfb\xef\xbe\xff\xff\xfe", "me");
	struct build build = { .n = 0 };
	char uri[URI_ROOM], plain[URI_ROOM];
	static const char *const forms[][2] = {
		{ "+", "/" },
		{ "%20", "%2F" },
		{ " ", "/" },
		{ "-", "_" },
	};

	put_build(&build, 1, &one);
	put_batch(&build, 1, 0, 1);
	sodium_bin2base64(plain, sizeof(plain), build.bytes, build.n,
			  sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	assert_non_null(strchr(plain, '+'));
	assert_non_null(strchr(plain, '/'));
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		AUTO_IMPORT struct import import;

		strcpy(uri, "otpauth-migration://offline/?data=");
		for (const char *p = plain; *p; p++) {
			char c[2] = { *p, '\0' };

			strcat(uri, *p == '+' ? forms[i][0] :
				    *p == '/' ? forms[i][1] :
						c);
		}
		read_text(&import, uri);
		assert_int_equal(import.n, 1);
		expect_entry(&import, 0, "1 6162fbefbefffffe 1 6 30 0 [] [me]");
	}
}

static void damaged(const struct build *build, const char *reason)
{
	char uri[URI_ROOM];

	to_uri(build, uri);
	unreadable(uri, reason);
}

static void test_bad_batches(void **state UNUSED)
{
	static const char numbers[] = "data has impossible batch numbers";
	struct build build = { .n = 0 };

	put_batch(&build, 2, 2, 1);
	damaged(&build, numbers);
	build.n = 0;
	put_batch(&build, MIGRATION_BATCH_MAX + 1, 0, 1);
	damaged(&build, numbers);
	build.n = 0;
	put_batch(&build, UINT64_MAX, 0, 1);
	damaged(&build, numbers);
	build.n = 0;
	put_batch(&build, 2, UINT64_MAX, 1);
	damaged(&build, numbers);
	build.n = 0;
	put_batch(&build, 0, 1, 1);
	damaged(&build, numbers);
}

/*
 * Cut anywhere: the whole QR code is refused, or, where the cut lies between
 * two fields, those before it are read. Never half an account.
 */
static void test_truncated(void **state UNUSED)
{
	struct build one = account("abcdefgh", "Site:me");
	struct build build = { .n = 0 }, cut;
	size_t taken = 0;

	put_build(&build, 1, &one);
	put_build(&build, 1, &one);
	put_batch(&build, 1, 0, 1);
	for (size_t n = 1; n < build.n; n++) {
		AUTO_IMPORT struct import import;

		cut = build;
		cut.n = n;
		read_build(&import, &cut);
		for (size_t i = 0; i < import.n; i++)
			expect_entry(&import, i,
				     "1 6162636465666768 1 6 30 0 "
				     "[Site] [me]");
		assert_int_equal(import.skipped.n, import.n > 0 ? 0 : 1);
		taken += import.n;
	}
	assert_true(taken > 0);
}

static void test_damaged_inside(void **state UNUSED)
{
	struct build good = account("abc", "good");
	struct build bad = account("abc", "bad");
	struct build build = { .n = 0 };

	bad.n--;
	put_build(&build, 1, &good);
	put_build(&build, 1, &bad);
	put_batch(&build, 1, 0, 1);
	damaged(&build, "data is damaged");
	build.n = 0;
	/* A length far beyond the message. */
	put_number(&build, 3, 1);
	memcpy(build.bytes + build.n, "\x0a\xff\xff\xff\xff\x0f", 6);
	build.n += 6;
	damaged(&build, "data is damaged");
}

/* --- writing -------------------------------------------------------------- */

static void fill(struct entry *entry, unsigned int i)
{
	struct fault fault;
	uint8_t secret[20];
	char name[32];

	memset(secret, (int)i, sizeof(secret));
	snprintf(name, sizeof(name), "Site %u:me+%u@x", i, i);
	entry_init(entry);
	entry->type = i % 3 ? FOB__OTP_TYPE__TOTP : FOB__OTP_TYPE__HOTP;
	entry->algorithm = 1 + i % 3;
	entry->digits = i % 2 ? 6 : 8;
	entry->counter = i;
	entry_settle(entry);
	assert_int_equal(entry_set_secret(entry, BYTES(secret), &fault), 0);
	assert_int_equal(entry_set(entry, ENTRY_ACCOUNT, text_of(name), &fault),
			 0);
	snprintf(name, sizeof(name), "Site: %u", i);
	if (i % 5)
		assert_int_equal(entry_set(entry, ENTRY_ISSUER, text_of(name),
					   &fault),
				 0);
	assert_true(google_carries(entry, &fault));
}

/* An account with a colon and no issuer comes back split, so has none here. */
static void fill_all(struct entry *entries, size_t n)
{
	struct fault fault;

	for (size_t i = 0; i < n; i++) {
		fill(&entries[i], (unsigned int)i);
		if (i % 5 == 0)
			assert_int_equal(entry_set(&entries[i], ENTRY_ACCOUNT,
						   TEXT("me"), &fault),
					 0);
	}
}

static void round_trip(size_t n, int32_t id)
{
	struct entry entries[25];
	struct google_batch batch = { entries, n, id, 0 };
	AUTO_IMPORT struct import import;
	struct google google;
	char before[512];

	fill_all(entries, n);
	import_init(&import);
	google_init(&google);
	assert_int_equal(google_count(&batch), (n + 9) / 10);
	for (size_t i = 0; i < google_count(&batch); i++) {
		char *uri = NULL;

		assert_int_equal(google_write(&batch, i, &uri), 0);
		assert_int_equal(
			google_add(&google, text_of(uri), i + 1, &import), 0);
		free(uri);
	}
	assert_int_equal(google_finish(&google, &import), 0);
	assert_int_equal(import.n, n);
	assert_int_equal(import.skipped.n + import.warnings.n, 0);
	for (size_t i = 0; i < n; i++) {
		describe(&entries[i], before);
		expect_entry(&import, i, before);
		assert_int_equal(import.positions[i], i / 10 + 1);
		entry_deinit(&entries[i]);
	}
}

static void test_round_trip(void **state UNUSED)
{
	round_trip(1, 1);
	round_trip(10, INT32_MIN);
	round_trip(11, -1);
	round_trip(25, INT32_MAX);
}

/* Byte for byte what protoc makes of the same message. */
static void test_bytes(void **state UNUSED)
{
	static const char want[] = START
		"ChkKBWFiY2RlEgRTOm1lGgFTIAIoAjABONgEEAEYASAAKP%2F%"
		"2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwE%3D";
	struct entry entry;
	struct google_batch batch = { &entry, 1, -1, 0 };
	struct fault fault;
	char *uri = NULL;

	entry_init(&entry);
	entry.type = FOB__OTP_TYPE__HOTP;
	entry.algorithm = FOB__ALGORITHM__SHA256;
	entry.digits = 8;
	entry.counter = 600;
	entry_settle(&entry);
	assert_int_equal(entry_set_secret(&entry, TEXT("abcde"), &fault), 0);
	assert_int_equal(entry_set(&entry, ENTRY_ISSUER, TEXT("S"), &fault), 0);
	assert_int_equal(entry_set(&entry, ENTRY_ACCOUNT, TEXT("me"), &fault),
			 0);
	assert_int_equal(google_write(&batch, 0, &uri), 0);
	assert_string_equal(uri, want);
	free(uri);
	entry_deinit(&entry);
}

static void test_longest(void **state UNUSED)
{
	static const uint8_t secret[SECRET_MAX] = { 1 };
	struct entry entries[MIGRATION_ACCOUNTS];
	struct google_batch batch = { entries, MIGRATION_ACCOUNTS, -1, 0 };
	AUTO_IMPORT struct import import;
	struct fault fault;
	uint8_t name[TEXT_MAX];
	char *uri = NULL;

	memset(name, 'n', sizeof(name));
	for (size_t i = 0; i < MIGRATION_ACCOUNTS; i++) {
		entry_init(&entries[i]);
		entries[i].type = FOB__OTP_TYPE__HOTP;
		entries[i].counter = INT64_MAX;
		entry_settle(&entries[i]);
		assert_int_equal(entry_set_secret(&entries[i], BYTES(secret),
						  &fault),
				 0);
		assert_int_equal(entry_set(&entries[i], ENTRY_ISSUER,
					   BYTES(name), &fault),
				 0);
		assert_int_equal(entry_set(&entries[i], ENTRY_ACCOUNT,
					   BYTES(name), &fault),
				 0);
	}
	assert_int_equal(google_write(&batch, 0, &uri), 0);
	read_text(&import, uri);
	assert_int_equal(import.n, MIGRATION_ACCOUNTS);
	free(uri);
	for (size_t i = 0; i < MIGRATION_ACCOUNTS; i++)
		entry_deinit(&entries[i]);
}

static void not_carried(struct entry *entry, const char *field)
{
	struct fault fault = { "-", "-" };

	assert_false(google_carries(entry, &fault));
	assert_string_equal(fault.field, field);
}

static void test_carries(void **state UNUSED)
{
	AUTO_ENTRY struct entry entry;

	fill(&entry, 1);
	entry.period = 60;
	not_carried(&entry, "period");
	entry.period = 30;
	entry.digits = 7;
	not_carried(&entry, "digits");
	entry.type = FOB__OTP_TYPE__STEAM;
	not_carried(&entry, "type");
	entry.type = FOB__OTP_TYPE__HOTP;
	entry.digits = 6;
	entry.counter = (uint64_t)INT64_MAX + 1;
	not_carried(&entry, "counter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_bad_accounts),
		cmocka_unit_test(test_long_fields),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_missing_and_repeated),
		cmocka_unit_test(test_many_missing),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_in_a_list),
		cmocka_unit_test(test_bad_uris),
		cmocka_unit_test(test_mangled_base64),
		cmocka_unit_test(test_bad_batches),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged_inside),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_carries),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
