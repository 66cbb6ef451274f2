/*
 * URIs of accounts in the dialects of those who write them, what is refused
 * and why, lists of them, and the way back.
 *
 * Covers: list, params, display, uri_write
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/formats/list.h"
#include "client/formats/uri.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define TEXT(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })
#define ABC "MFRGG" /* "abc" */

/* What an entry must be, in a line. */
static void describe(const struct entry *entry, char out[static 512])
{
	char secret[TEXT_HEX_SIZE(SECRET_MAX)];
	int n;

	text_hex_encode(secret, sizeof(secret),
			(struct bytes){ entry->secret, entry->secret_n });
	n = snprintf(out, 512, "%u %s %u %u %u %llu [%s] [%s] [%s]",
		     entry->type, secret, entry->algorithm, entry->digits,
		     entry->period, (unsigned long long)entry->counter,
		     entry_get(entry, ENTRY_ISSUER),
		     entry_get(entry, ENTRY_ACCOUNT),
		     entry_get(entry, ENTRY_PIN));
	assert_in_range(n, 1, 511);
}

static void reads_as(struct bytes uri, const char *want, const char *warning)
{
	AUTO_ENTRY struct entry entry;
	struct uri_warnings warnings = { .n = 0 };
	struct fault fault = { "-", "-" };
	char got[512];
	int r;

	entry_init(&entry);
	r = uri_parse(uri, &entry, &warnings, &fault);
	if (r != 0)
		print_message("%.*s: %s %s\n", (int)uri.n, (const char *)uri.p,
			      fault.field, fault.why);
	assert_int_equal(r, 0);
	describe(&entry, got);
	assert_string_equal(got, want);
	assert_int_equal(warnings.n, warning ? 1 : 0);
	if (warning)
		assert_non_null(strstr(warnings.text[0], warning));
}

static void reads(const char *uri, const char *want)
{
	reads_as(text_of(uri), want, NULL);
}

static void refused(struct bytes uri, const char *field)
{
	AUTO_ENTRY struct entry entry;
	struct uri_warnings warnings = { .n = 0 };
	struct fault fault = { "-", "-" };

	entry_init(&entry);
	assert_int_equal(uri_parse(uri, &entry, &warnings, &fault),
			 URI_ERR_INVALID);
	assert_string_equal(fault.field, field);
	assert_null(entry.secret);
}

static void refuses(const char *uri, const char *field)
{
	refused(text_of(uri), field);
}

static void test_plain(void **state UNUSED)
{
	reads("otpauth://totp/Site:me?secret=" ABC,
	      "1 616263 1 6 30 0 [Site] [me] []");
	reads("otpauth://totp/Example:alice@google.com?secret=JBSWY3DPEHPK3PXP"
	      "&issuer=Example",
	      "1 48656c6c6f21deadbeef 1 6 30 0 [Example] [alice@google.com] []");
	reads("OTPAUTH://TOTP/me?SECRET=" ABC "&Digits=8&PERIOD=60"
	      "&algorithm=sha512",
	      "1 616263 3 8 60 0 [] [me] []");
	reads("otpauth://hotp/Air%20Canada:Ben?secret=" ABC
	      "&issuer=Air+Canada&algorithm=SHA256&digits=7&counter=50",
	      "2 616263 2 7 0 50 [Air Canada] [Ben] []");
	reads("otpauth://totp/?secret=" ABC, "1 616263 1 6 30 0 [] [] []");
	reads("otpauth://totp?secret=" ABC, "1 616263 1 6 30 0 [] [] []");
}

static void test_labels(void **state UNUSED)
{
	reads("otpauth://totp/a+b?secret=" ABC,
	      "1 616263 1 6 30 0 [] [a+b] []");
	reads("otpauth://totp/Site%3Ame?secret=" ABC,
	      "1 616263 1 6 30 0 [Site] [me] []");
	reads("otpauth://totp/Site:%20me?secret=" ABC,
	      "1 616263 1 6 30 0 [Site] [me] []");
	reads("otpauth://totp/:cool@x?secret=" ABC "&issuer=/e/",
	      "1 616263 1 6 30 0 [/e/] [cool@x] []");
	reads("otpauth://totp//me?secret=" ABC, "1 616263 1 6 30 0 [] [me] []");
	reads("otpauth://totp/a#1:me?secret=" ABC "&issuer=a%231",
	      "1 616263 1 6 30 0 [a#1] [me] []");
	reads("otpauth://totp/Old:me?secret=" ABC "&issuer=New",
	      "1 616263 1 6 30 0 [New] [Old:me] []");
	reads("otpauth://totp/B%C3%BCro:J%c3%b6rg?secret=" ABC,
	      "1 616263 1 6 30 0 [B\xc3\xbcro] [J\xc3\xb6rg] []");
	reads("otpauth://totp/https%3A//x:me?secret=" ABC "&issuer=https://x",
	      "1 616263 1 6 30 0 [https://x] [me] []");
}

static void test_params(void **state UNUSED)
{
	reads("otpauth://totp/me?secret=" ABC "&secret=AA&issuer=A&issuer=B",
	      "1 616263 1 6 30 0 [A] [me] []");
	reads("otpauth://totp/me?unknown=%zz&&=&x&secret=" ABC,
	      "1 616263 1 6 30 0 [] [me] []");
	reads("otpauth://totp/me?secret=mf%20rg-g%3D%3D%3D&digits=&period="
	      "&algorithm=&issuer=",
	      "1 616263 1 6 30 0 [] [me] []");
	reads("otpauth://totp/me?secret=mf+rg+g",
	      "1 616263 1 6 30 0 [] [me] []");
	reads("otpauth://totp/me?counter=-5&secret=" ABC,
	      "1 616263 1 6 30 0 [] [me] []");
	reads("otpauth://hotp/me?counter=18446744073709551615&period=0&secret=" ABC,
	      "2 616263 1 6 0 18446744073709551615 [] [me] []");
	reads("otpauth://totp/me?digits=10&period=86400&secret=" ABC,
	      "1 616263 1 10 86400 0 [] [me] []");
}

static void test_algorithms(void **state UNUSED)
{
	static const struct {
		const char *name;
		unsigned int algorithm;
	} rows[] = {
		{ "SHA1", 1 },	       { "sha-1", 1 },
		{ "HmacSHA1", 1 },     { "HMAC-SHA-1", 1 },
		{ "SHA256", 2 },       { "HMACSHA256", 2 },
		{ "hmac-sha-256", 2 }, { "Algorithm.sha256", 2 },
		{ "SHA-512", 3 },      { "Algorithm.sha512", 3 },
	};
	char uri[128], want[128];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(uri, sizeof(uri),
			 "otpauth://totp/me?secret=" ABC "&algorithm=%s",
			 rows[i].name);
		snprintf(want, sizeof(want), "1 616263 %u 6 30 0 [] [me] []",
			 rows[i].algorithm);
		reads(uri, want);
	}
	refuses("otpauth://totp/me?secret=" ABC "&algorithm=MD5", "algorithm");
	refuses("otpauth://totp/me?secret=" ABC "&algorithm=SHA3", "algorithm");
	refuses("otpauth://totp/me?secret=" ABC "&algorithm=%00", "algorithm");
}

static void test_steam(void **state UNUSED)
{
	reads("otpauth://steam/Site:me?secret=" ABC "&digits=6&period=99",
	      "3 616263 1 5 30 0 [Site] [me] []");
	reads("otpauth://totp/Site:me?secret=" ABC "&encoder=steam",
	      "3 616263 1 5 30 0 [Site] [me] []");
	reads("otpauth://totp/Site:me?secret=" ABC "&steam",
	      "3 616263 1 5 30 0 [Site] [me] []");
	reads("otpauth://totp/Steam:me?secret=" ABC "&algorithm=MD5",
	      "3 616263 1 5 30 0 [Steam] [me] []");
	reads("otpauth://totp/Steamy:me?secret=" ABC,
	      "1 616263 1 6 30 0 [Steamy] [me] []");
	reads("steam://" ABC, "3 616263 1 5 30 0 [Steam] [] []");
	reads("steam://" ABC "/?x=y", "3 616263 1 5 30 0 [Steam] [] []");
	refuses("steam://", "secret");
	refuses("steam://0", "secret");
}

/* 5239 is GUZDGOI in base32. */
static void test_yandex(void **state UNUSED)
{
	reads("otpauth://yaotp/me?secret=6SB2IKNM6OBZPAVBVTOHDKS4FA&pin=GUZDGOI",
	      "5 f483a429acf3839782a1acdc71aa5c28 2 8 30 0 [Yandex] [me] "
	      "[5239]");
	reads("otpauth://yaotp/Yandex:me?secret="
	      "6SB2IKNM6OBZPAVBVTOHDKS4FA&pin_length=4",
	      "5 f483a429acf3839782a1acdc71aa5c28 2 8 30 0 [Yandex] [me] []");
	refuses("otpauth://yaotp/me?secret=6SB2IKNM6OBZPAVBVTOHDKS4", "secret");
	refuses("otpauth://yaotp/me?secret=6SB2IKNM6OBZPAVBVTOHDKS4FA&pin=1",
		"pin");
	refuses("otpauth://yaotp/me?secret=6SB2IKNM6OBZPAVBVTOHDKS4FA&pin=AAAA",
		"pin");
}

static void test_motp(void **state UNUSED)
{
	reads("motp://Site:me?secret=7AC61d4736f51a2b",
	      "4 7ac61d4736f51a2b 4 6 10 0 [Site] [me] []");
	reads("motp://Air%20Canada:me?secret=7ac6&digits=8",
	      "4 7ac6 4 6 10 0 [Air Canada] [me] []");
	reads("otpauth://motp/Site:me?secret=7ac6",
	      "4 7ac6 4 6 10 0 [Site] [me] []");
	refuses("motp://Site:me?secret=7ac", "secret");
	refuses("motp://Site:me?secret=zz", "secret");
	refuses("motp://Site:me?secret=", "secret");
	refuses("motp://Site:me", "secret");
}

static void test_warnings(void **state UNUSED)
{
	reads_as(TEXT("otpauth://hotp/me?secret=" ABC),
		 "2 616263 1 6 0 0 [] [me] []", "counter");
	reads_as(TEXT("otpauth://totp/me?secret=MFR"),
		 "1 61 1 6 30 0 [] [me] []", "odd length");
}

static void test_refuses_kinds(void **state UNUSED)
{
	refuses("", "URI");
	refuses("otpauth:", "URI");
	refuses("https://example.org/?secret=" ABC, "URI");
	refuses("otpauth-migration://offline?data=AA", "URI");
	refuses("otpauth://", "type");
	refuses("otpauth://?secret=" ABC, "type");
	refuses("otpauth://ocra/me?secret=" ABC, "type");
	refuses("otpauth:///totp/me?secret=" ABC, "type");
}

static void test_refuses_secrets(void **state UNUSED)
{
	char uri[1024] = "otpauth://totp/me?secret=";
	size_t n = strlen(uri);

	refuses("otpauth://totp/me", "secret");
	refuses("otpauth://totp/me?issuer=x", "secret");
	refuses("otpauth://totp/me?secret", "secret");
	refuses("otpauth://totp/me?secret=", "secret");
	refuses("otpauth://totp/me?secret=====", "secret");
	refuses("otpauth://totp/me?secret=A", "secret");
	refuses("otpauth://totp/me?secret=MFRG0", "secret");
	refuses("otpauth://totp/me?secret=MFRG1", "secret");
	refuses("otpauth://totp/me?secret=MFRG8", "secret");
	refuses("otpauth://totp/me?secret=MF=RG", "secret");
	refuses("otpauth://totp/me?secret=MFRG%00", "secret");
	refuses("otpauth://totp/me?secret=MFRG%C3%BC", "secret");
	refuses("otpauth://totp/me?secret=MFRG%", "secret");
	refuses("otpauth://totp/me?secret=MFRG%4", "secret");
	refuses("otpauth://totp/me?secret=MFRG%GG", "secret");
	memset(uri + n, 'A', 412);
	refuses(uri, "secret");
}

static void test_longest_secret(void **state UNUSED)
{
	AUTO_ENTRY struct entry entry;
	struct uri_warnings warnings;
	struct fault fault;
	char uri[1024] = "otpauth://totp/me?secret=";
	size_t n = strlen(uri);

	entry_init(&entry);
	memset(uri + n, 'A', 410);
	assert_int_equal(uri_parse(text_of(uri), &entry, &warnings, &fault), 0);
	assert_int_equal(entry.secret_n, SECRET_MAX);
}

static void test_refuses_numbers(void **state UNUSED)
{
	static const char *const digits[] = { "0",
					      "3",
					      "11",
					      "-6",
					      "+6",
					      "6.",
					      "0x6",
					      "six",
					      "6 ",
					      "4294967302",
					      "18446744073709551622" };
	static const char *const periods[] = { "0", "86401", "-30", "1e3",
					       "99999999999999999999" };
	static const char *const counters[] = { "-1", "x",
						"18446744073709551616", "%00" };
	char uri[128];

	for (size_t i = 0; i < ARRAY_SIZE(digits); i++) {
		snprintf(uri, sizeof(uri),
			 "otpauth://totp/me?secret=" ABC "&digits=%s",
			 digits[i]);
		refuses(uri, "digits");
	}
	for (size_t i = 0; i < ARRAY_SIZE(periods); i++) {
		snprintf(uri, sizeof(uri),
			 "otpauth://totp/me?secret=" ABC "&period=%s",
			 periods[i]);
		refuses(uri, "period");
	}
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		snprintf(uri, sizeof(uri),
			 "otpauth://hotp/me?secret=" ABC "&counter=%s",
			 counters[i]);
		refuses(uri, "counter");
	}
}

static void test_refuses_names(void **state UNUSED)
{
	char uri[1024];
	char long_name[TEXT_MAX + 2];

	refuses("otpauth://totp/a%0Ab?secret=" ABC, "account");
	refuses("otpauth://totp/a%00b?secret=" ABC, "account");
	refuses("otpauth://totp/a%1b[2J:b?secret=" ABC, "issuer");
	refuses("otpauth://totp/me?secret=" ABC "&issuer=%07", "issuer");
	refuses("otpauth://totp/me?secret=" ABC "&issuer=%c2%9b1m", "issuer");
	refuses("otpauth://totp/%ff?secret=" ABC, "account");
	refuses("otpauth://totp/me?secret=" ABC "&issuer=%c3", "issuer");
	refuses("otpauth://totp/me%?secret=" ABC, "label");
	refuses("otpauth://totp/me%4?secret=" ABC, "label");
	refuses("otpauth://totp/me?issuer=%x0&secret=" ABC, "issuer");
	refused(TEXT("otpauth://totp/a\0b?secret=" ABC), "account");
	refused(TEXT("otpauth://totp/a?secret=" ABC "\0"), "secret");
	memset(long_name, 'n', sizeof(long_name));
	long_name[TEXT_MAX + 1] = '\0';
	snprintf(uri, sizeof(uri), "otpauth://totp/%s?secret=" ABC, long_name);
	refuses(uri, "account");
}

/* Each beginning of a good URI is read or refused, never anything else. */
static void test_truncated(void **state UNUSED)
{
	static const char whole[] = "otpauth://hotp/A%20b:c?secret=MFRGG%3D"
				    "&issuer=A+b&digits=8&counter=9";

	for (size_t n = 0; n < sizeof(whole); n++) {
		uint8_t *copy = malloc(n + (n == 0));
		AUTO_ENTRY struct entry entry;
		struct uri_warnings warnings;
		struct fault fault = { NULL, NULL };
		int r;

		assert_non_null(copy);
		memcpy(copy, whole, n);
		entry_init(&entry);
		r = uri_parse((struct bytes){ copy, n }, &entry, &warnings,
			      &fault);
		free(copy);
		assert_in_range(r, 0, URI_ERR_INVALID);
		if (r != 0)
			assert_non_null(fault.why);
	}
}

/* --- writing -------------------------------------------------------------- */

static void writes(const char *in, const char *want)
{
	AUTO_ENTRY struct entry entry;
	AUTO_ENTRY struct entry again;
	struct uri_warnings warnings;
	struct fault fault;
	char uri[URI_MAX], before[512], after[512];
	size_t n = 0;

	entry_init(&entry);
	entry_init(&again);
	assert_int_equal(uri_parse(text_of(in), &entry, &warnings, &fault), 0);
	assert_int_equal(uri_write(&entry, uri, sizeof(uri), &n), 0);
	assert_string_equal(uri, want);
	assert_int_equal(n, strlen(want));
	assert_int_equal(uri_parse(text_of(uri), &again, &warnings, &fault), 0);
	describe(&entry, before);
	describe(&again, after);
	assert_string_equal(before, after);
}

static void test_writes(void **state UNUSED)
{
	writes("otpauth://totp/Air+Canada:a b?issuer=Air+Canada&secret=mfrgg",
	       "otpauth://totp/Air%20Canada:Air%2BCanada%3Aa%20b?secret=MFRGG"
	       "&issuer=Air%20Canada&algorithm=SHA1&digits=6&period=30");
	writes("otpauth://hotp/x?secret=mfrgg&digits=8&algorithm=sha256"
	       "&counter=18446744073709551615",
	       "otpauth://hotp/x?secret=MFRGG&algorithm=SHA256&digits=8"
	       "&counter=18446744073709551615");
	writes("otpauth://totp/:a:b?secret=mfrgg",
	       "otpauth://totp/:a%3Ab?secret=MFRGG&algorithm=SHA1&digits=6"
	       "&period=30");
	writes("otpauth://totp/a%3Ab:c?issuer=a:b&secret=mfrgg",
	       "otpauth://totp/a%3Ab:c?secret=MFRGG&issuer=a%3Ab"
	       "&algorithm=SHA1&digits=6&period=30");
	writes("otpauth://totp/A:?secret=mfrgg",
	       "otpauth://totp/A:?secret=MFRGG&issuer=A&algorithm=SHA1"
	       "&digits=6&period=30");
	writes("otpauth://totp/%2Fx%26y%3D%25?secret=mfrgg",
	       "otpauth://totp/%2Fx%26y%3D%25?secret=MFRGG&algorithm=SHA1"
	       "&digits=6&period=30");
	writes("steam://MFRGG", "otpauth://steam/Steam:?secret=MFRGG&issuer="
				"Steam&algorithm=SHA1&digits=5&period=30");
	writes("motp://A%20b:c?secret=7AC6", "motp://A%20b:c?secret=7ac6");
	writes("otpauth://yaotp/me?secret=6SB2IKNM6OBZPAVBVTOHDKS4FA"
	       "&pin=GUZDGOI",
	       "otpauth://yaotp/Yandex:me?secret=6SB2IKNM6OBZPAVBVTOHDKS4FA"
	       "&issuer=Yandex&pin=GUZDGOI&algorithm=SHA256&digits=8"
	       "&period=30");
}

static void set(struct entry *entry, enum entry_text which, struct bytes text)
{
	struct fault fault;

	assert_int_equal(entry_set(entry, which, text, &fault), 0);
}

/* The largest that an entry can be fits; a byte less of room does not. */
static void test_write_room(void **state UNUSED)
{
	static const uint8_t secret[SECRET_MAX] = { 255 };
	AUTO_ENTRY struct entry entry;
	struct fault fault;
	char uri[URI_MAX];
	uint8_t name[TEXT_MAX];
	size_t n = 0, other;

	entry_init(&entry);
	entry.type = FOB__OTP_TYPE__YANDEX;
	entry_settle(&entry);
	memset(name, '%', sizeof(name));
	set(&entry, ENTRY_ISSUER, BYTES(name));
	set(&entry, ENTRY_ACCOUNT, BYTES(name));
	set(&entry, ENTRY_PIN, (struct bytes){ name, PIN_MAX });
	assert_int_equal(entry_set_secret(&entry, BYTES(secret), &fault), 0);
	assert_int_equal(uri_write(&entry, uri, sizeof(uri), &n), 0);
	assert_int_equal(n, strlen(uri));
	assert_int_equal(uri_write(&entry, uri, n + 1, &other), 0);
	assert_int_equal(uri_write(&entry, uri, n, &other), URI_ERR_ROOM);
	assert_int_equal(uri[0], 0);
	assert_int_equal(uri_write(&entry, uri, 0, &other), URI_ERR_ROOM);
}

/* --- lists ---------------------------------------------------------------- */

static void test_list(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	import_init(&import);
	assert_int_equal(
		list_read(TEXT("# exported\r\n"
			       "otpauth://totp/Site:me?secret=MFRGG\r\n"
			       "\r\n"
			       "otpauth://totp/Bad%20one?secret=M0\r\n"
			       "nonsense\r\n"
			       "otpauth://totp/a\x1b?secret=MFRGG\n"
			       "\"steam://MFRGG\"\n"
			       "motp://x:y?secret=7ac6\n"
			       "otpauth://hotp/z?secret=MFRGG\n"
			       "steam://0MFRGG"),
			  &import),
		0);
	assert_int_equal(import.n, 4);
	assert_int_equal(import.positions[0], 2);
	assert_int_equal(import.positions[1], 7);
	assert_int_equal(import.positions[3], 9);
	assert_int_equal(import.skipped.n, 4);
	assert_int_equal(import.skipped.list[0].position, 4);
	assert_string_equal(import.skipped.list[0].name, "Bad%20one");
	assert_int_equal(import.skipped.list[1].position, 5);
	assert_int_equal(import.skipped.list[2].position, 6);
	assert_string_equal(import.skipped.list[2].text,
			    "account holds a control character");
	/* The name of a steam:// line would be its secret. */
	assert_string_equal(import.skipped.list[3].name, "");
	assert_int_equal(import.warnings.n, 2);
	assert_int_equal(import.warnings.list[0].position, 8);
	assert_int_equal(import.warnings.list[1].position, 9);
}

static void test_list_long_line(void **state UNUSED)
{
	AUTO_IMPORT struct import import;
	size_t n = IMPORT_LINE_MAX + 1;
	char *text = malloc(n + 64);

	import_init(&import);
	assert_non_null(text);
	memset(text, 'x', n);
	snprintf(text + n, 64, "\notpauth://totp/a?secret=MFRGG");
	assert_int_equal(list_read(text_of(text), &import), 0);
	free(text);
	assert_int_equal(import.n, 1);
	assert_int_equal(import.skipped.n, 1);
	assert_string_equal(import.skipped.list[0].text, "line is too long");
}

/* Ente's codeDisplay, whole, damaged, and of a trashed entry. */
static void test_list_display(void **state UNUSED)
{
	AUTO_IMPORT struct import import;
	const struct entry *entry;

	import_init(&import);
	assert_int_equal(
		list_read(TEXT("otpauth://totp/a?secret=MFRGG&codeDisplay="
			       "%7B%22pinned%22%3Atrue%2C%22tags%22%3A%5B"
			       "%22w%20x%22%2C%22%22%2C5%5D%2C%22note%22%3A"
			       "%22l1%5Cnl2%22%7D\n"
			       "otpauth://totp/b?secret=MFRGG&codeDisplay="
			       "%7B%22trashed%22%3Atrue%7D\n"
			       "otpauth://totp/c?secret=MFRGG&codeDisplay="
			       "%7B%22pinned\n"
			       "otpauth://totp/d?secret=MFRGG&codeDisplay="
			       "%7B%22tags%22%3A7%2C%22note%22%3Anull%7D\n"
			       "otpauth://totp/e?secret=MFRGG&codeDisplay="
			       "%7B%22note%22%3A%22%5Cu0007%22%7D\n"),
			  &import),
		0);
	assert_int_equal(import.n, 4);
	entry = &import.entries[0];
	assert_true(entry->favourite);
	assert_string_equal(entry_get(entry, ENTRY_NOTE), "l1\nl2");
	assert_int_equal(entry->n_tags, 1);
	assert_string_equal(entry->tags[0], "tag/w x");
	assert_false(import.entries[2].favourite);
	assert_int_equal(import.skipped.n, 1);
	assert_int_equal(import.skipped.list[0].position, 2);
	assert_string_equal(import.skipped.list[0].text,
			    "entry is in the trash");
	assert_int_equal(import.warnings.n, 2);
	assert_int_equal(import.warnings.list[0].position, 3);
	assert_int_equal(import.warnings.list[1].position, 5);
}

/* --- real samples --------------------------------------------------------- */

static const char *const sample[] = {
	"1 e49270f0d21f365c8408f8b475c5267c 1 6 30 0 [Deno] [Mason] []",
	"1 eb99cb39c67ae042fa866ec4f239cbb5 2 7 20 0 [SPDX] [James] []",
	"1 f91664c8d768853aedde5a936c16ba88 3 8 50 0 [Airbnb] [Elijah] []",
	"2 c39cc45ed2e99be8cc2fa14b654edd67 1 6 0 1 [Issuu] [James] []",
	"2 552a94b99feed079b472cd44d52fe642 2 7 0 50 [Air Canada] [Benjamin] []",
	"2 ed40c5eefbecce2206b15d75c1182a76 3 8 0 10300 [WWE] [Mason] []",
	"3 4c7225f3e265eae831afcc745fa79132 1 5 30 0 [Boeing] [Sophia] []",
};

static size_t load(const char *name, uint8_t *buffer, size_t size)
{
	const char *root = getenv("FOB_FIXTURES");
	char path[1024];
	FILE *file;
	size_t n;

	if (!root) {
		print_message("FOB_FIXTURES is not set: skipped\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/fixtures/aegis/%s", root, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	n = fread(buffer, 1, size, file);
	fclose(file);
	return n;
}

static bool holds(const struct import *import, const char *want)
{
	char got[512];

	for (size_t i = 0; i < import->n; i++) {
		describe(&import->entries[i], got);
		if (strcmp(got, want) == 0)
			return true;
	}
	return false;
}

/* The table of accounts that the samples were made from. */
static void check_sample(const char *name)
{
	AUTO_IMPORT struct import import;
	uint8_t buffer[8192];
	struct bytes file = { buffer, load(name, buffer, sizeof(buffer)) };

	import_init(&import);
	assert_true(list_detect(file));
	assert_int_equal(list_read(file, &import), 0);
	assert_int_equal(import.n, 7);
	assert_int_equal(import.skipped.n, 0);
	assert_int_equal(import.warnings.n, 0);
	for (size_t i = 0; i < ARRAY_SIZE(sample); i++)
		assert_true(holds(&import, sample[i]));
}

static void test_sample_aegis(void **state UNUSED)
{
	check_sample("plain.txt");
}

static void test_sample_ente(void **state UNUSED)
{
	check_sample("ente_auth.txt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_steam),
		cmocka_unit_test(test_yandex),
		cmocka_unit_test(test_motp),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_refuses_kinds),
		cmocka_unit_test(test_refuses_secrets),
		cmocka_unit_test(test_longest_secret),
		cmocka_unit_test(test_refuses_numbers),
		cmocka_unit_test(test_refuses_names),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_write_room),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_long_line),
		cmocka_unit_test(test_list_display),
		cmocka_unit_test(test_sample_aegis),
		cmocka_unit_test(test_sample_ente),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
