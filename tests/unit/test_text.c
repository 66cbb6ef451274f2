/* Text: validity, comparing, escaping, base32, hex, times. */
#include "proto/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_utf8(UNUSED void **state)
{
	static const char *const good[] = {
		"",
		"plain",
		"\x7f",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
		"Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x94\x91",
	};
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2\x20",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf0\x90\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"ab\xfe",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(text_utf8(text_of(good[i])));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(text_utf8(text_of(bad[i])));
		assert_false(text_line(text_of(bad[i])));
		assert_false(text_lines(text_of(bad[i])));
	}
}

static void test_controls(UNUSED void **state)
{
	unsigned int c;

	for (c = 0; c < 0xa0; c++) {
		uint8_t t[] = { 'a', (uint8_t)c, 'b', 'c' };
		size_t n = 3;
		bool control = c < 0x20 || c >= 0x7f;

		if (c >= 0x80) {
			t[1] = 0xc2;
			t[2] = (uint8_t)c;
			n = 4;
		}
		assert_int_equal(text_line((struct bytes){ t, n }), !control);
		assert_int_equal(text_lines((struct bytes){ t, n }),
				 !control || c == '\n' || c == '\t');
		assert_true(text_utf8((struct bytes){ t, n }));
	}
}

static bool contains(const char *text, const char *part)
{
	return text_contains(text_of(text), text_of(part));
}

static void test_comparing(UNUSED void **state)
{
	assert_true(text_same(text_of("GitHub"), text_of("gITHUB")));
	assert_false(text_same(text_of("GitHub"), text_of("GitHu")));
	assert_false(text_same(text_of("[@"), text_of("{`")));
	/* Only ASCII is folded. */
	assert_false(text_same(text_of("\xc3\x84"), text_of("\xc3\xa4")));

	assert_true(contains("GitHub alice", "HUB A"));
	assert_true(contains("aab", "AB"));
	assert_true(contains("abc", ""));
	assert_true(contains("", ""));
	assert_true(contains("abc", "abc"));
	assert_false(contains("abc", "abcd"));
	assert_false(contains("abc", "ac"));
	assert_false(contains("", "a"));
}

static void assert_escaped(const char *from, const char *to)
{
	char out[200];
	size_t size, need = strlen(to);

	assert_int_equal(text_escape(out, sizeof(out), text_of(from)), need);
	assert_string_equal(out, to);
	assert_true(need < TEXT_ESCAPED_MAX(strlen(from)));

	/* Any smaller room holds a beginning, and the need is told. */
	for (size = 1; size <= need; size++) {
		memset(out, '#', sizeof(out));
		assert_int_equal(text_escape(out, size, text_of(from)), need);
		assert_true(strlen(out) < size);
		assert_memory_equal(out, to, strlen(out));
		assert_int_equal(out[size], '#');
	}
	assert_int_equal(text_escape(NULL, 0, text_of(from)), need);
}

static void test_escaping(UNUSED void **state)
{
	assert_escaped("", "");
	assert_escaped("plain \\ text", "plain \\ text");
	assert_escaped("\x1b[31m", "\\u{1b}[31m");
	assert_escaped("a\nb\x7f", "a\\u{a}b\\u{7f}");
	assert_escaped("\xc2\x9b"
		       "31m",
		       "\\u{9b}31m");
	assert_escaped("\xe2\x80\xae"
		       "evil",
		       "\\u{202e}evil");
	assert_escaped("\xe2\x81\xa6\xe2\x81\xa9", "\\u{2066}\\u{2069}");
	assert_escaped("\xe2\x80\x8e\xe2\x80\x8f", "\\u{200e}\\u{200f}");
	assert_escaped("\xff\xc3", "\\x{ff}\\x{c3}");
	assert_escaped("\xe2\x82\xac", "\xe2\x82\xac");
	assert_escaped("\xe2\x82", "\\x{e2}\\x{82}");
}

static void test_escape_nul(UNUSED void **state)
{
	char out[TEXT_ESCAPED_MAX(3)];
	const struct bytes t = { (const uint8_t *)"a\0b", 3 };

	assert_int_equal(text_escape(out, sizeof(out), t), 7);
	assert_string_equal(out, "a\\u{0}b");
}

/* RFC 4648 section 10. */
static void test_base32_vectors(UNUSED void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "MY" },
		{ "fo", "MZXQ" },
		{ "foo", "MZXW6" },
		{ "foob", "MZXW6YQ" },
		{ "fooba", "MZXW6YTB" },
		{ "foobar", "MZXW6YTBOI" },
	};
	uint8_t back[16];
	char out[TEXT_BASE32_SIZE(6)];
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		size_t length = strlen(pairs[i][0]);

		text_base32_encode(out, TEXT_BASE32_SIZE(length),
				   text_of(pairs[i][0]));
		assert_string_equal(out, pairs[i][1]);
		assert_int_equal(
			text_base32_decode(back, length, text_of(out), &n), 0);
		assert_int_equal(n, length);
		assert_memory_equal(back, pairs[i][0], n);
	}
}

static void test_base32_tolerance(UNUSED void **state)
{
	static const char *const same[] = {
		"MZXW6YTBOI======", "mzxw6ytboi",	 "mzxw 6ytb oi",
		"MZXW-6YTB-OI",	    " MZXW6YTBOI == \n", "mZxW\t6yTb\r\noI=",
		"MZXW6YTBOIA",
	};
	uint8_t out[16];
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(same); i++) {
		assert_int_equal(
			text_base32_decode(out, 6, text_of(same[i]), &n), 0);
		assert_int_equal(n, 6);
		assert_memory_equal(out, "foobar", 6);
	}
	/* One letter holds no byte; left-over bits are dropped. */
	assert_int_equal(text_base32_decode(out, 0, text_of("M"), &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(text_base32_decode(out, 1, text_of("MZX"), &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(out[0], 'f');
	assert_int_equal(text_base32_decode(out, 3, text_of("MZXW6Y"), &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(text_base32_decode(out, 0, text_of(" - "), &n), 0);
	assert_int_equal(n, 0);
}

static void assert_base32_error(const char *t, size_t size, int error,
				size_t position)
{
	uint8_t out[16];
	size_t n = 99, i;

	memset(out, 0xee, sizeof(out));
	assert_int_equal(text_base32_decode(out, size, text_of(t), &n), error);
	assert_int_equal(n, position);
	for (i = 0; i < sizeof(out); i++)
		assert_true(out[i] == 0 || out[i] == 0xee);
}

static void test_base32_errors(UNUSED void **state)
{
	assert_base32_error("MZXW1", 16, TEXT_ERR_CHARACTER, 4);
	assert_base32_error("MZ 0", 16, TEXT_ERR_CHARACTER, 3);
	assert_base32_error("MZXW8YTB", 16, TEXT_ERR_CHARACTER, 4);
	assert_base32_error("MZXW\xc2\xa0", 16, TEXT_ERR_CHARACTER, 4);
	assert_base32_error("MY==MY", 16, TEXT_ERR_CHARACTER, 4);
	assert_base32_error("=MY", 16, TEXT_ERR_CHARACTER, 0);
	assert_base32_error("MZXW6YTBOI", 5, TEXT_ERR_ROOM, 99);
}

/* Each byte, alone: only the 58 letters and the fillers are taken. */
static void test_base32_alphabet(UNUSED void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned int c;

	for (c = 0; c < 256; c++) {
		const uint8_t t[2] = { (uint8_t)c, 'A' };
		uint8_t out[2];
		size_t n;
		int r = text_base32_decode(out, 2, BYTES(t), &n);
		int upper = c >= 'a' && c <= 'z' ? (int)c - 32 : (int)c;
		const char *at = c ? strchr(letters, upper) : NULL;

		if (at) {
			assert_int_equal(r, 0);
			assert_int_equal(n, 1);
			assert_int_equal(out[0], (at - letters) << 3);
		} else if (c && strchr(" -\t\n\v\f\r", (int)c)) {
			assert_int_equal(r, 0);
			assert_int_equal(n, 0);
		} else {
			assert_int_equal(r, TEXT_ERR_CHARACTER);
			assert_int_equal(n, 0);
		}
	}
}

static void test_hex(UNUSED void **state)
{
	static const uint8_t all[] = { 0x00, 0x9a, 0xbf, 0xff };
	uint8_t back[4];
	char out[9];
	size_t n = 99;

	text_hex_encode(out, sizeof(out), BYTES(all));
	assert_string_equal(out, "009abfff");
	assert_int_equal(text_hex_decode(back, 4, text_of("009AbfFf"), &n), 0);
	assert_int_equal(n, 4);
	assert_memory_equal(back, all, 4);
	assert_int_equal(text_hex_decode(back, 4, text_of(""), &n), 0);
	assert_int_equal(n, 0);

	assert_int_equal(text_hex_decode(back, 4, text_of("00 1"), &n),
			 TEXT_ERR_CHARACTER);
	assert_int_equal(n, 2);
	assert_int_equal(text_hex_decode(back, 4, text_of("0g"), &n),
			 TEXT_ERR_CHARACTER);
	assert_int_equal(n, 1);
	assert_int_equal(text_hex_decode(back, 4, text_of("001"), &n),
			 TEXT_ERR_CHARACTER);
	assert_int_equal(n, 3);
	assert_int_equal(text_hex_decode(back, 4, text_of("0011223344"), &n),
			 TEXT_ERR_ROOM);
	assert_int_equal(text_hex_decode(back, 0, text_of("0"), &n),
			 TEXT_ERR_CHARACTER);
}

static void assert_time(uint64_t ms, const char *expected)
{
	char out[TEXT_TIME_SIZE];

	text_time(out, ms);
	assert_string_equal(out, expected);
}

static void test_times(UNUSED void **state)
{
	assert_time(0, "1970-01-01T00:00:00Z");
	assert_time(999, "1970-01-01T00:00:00Z");
	/* RFC 6238 appendix B. */
	assert_time(1111111109000, "2005-03-18T01:58:29Z");
	assert_time(1234567890000, "2009-02-13T23:31:30Z");
	assert_time(20000000000000, "2603-10-11T11:33:20Z");
	assert_time(951782400000, "2000-02-29T00:00:00Z");
	assert_time(4107542400000, "2100-03-01T00:00:00Z");
	assert_time(253402300799999, "9999-12-31T23:59:59Z");
	assert_time(253402300800000, "9999-12-31T23:59:59Z");
	assert_time(UINT64_MAX, "9999-12-31T23:59:59Z");
}

/* The C library agrees, over all the days until 9999 and odd seconds. */
static void test_times_as_libc(UNUSED void **state)
{
	uint64_t s;

	for (s = 0; s < 253402300799; s += 86400 * 3 + 3607) {
		char expected[32];
		time_t t = (time_t)s;
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_time(s * 1000, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_comparing),
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_escape_nul),
		cmocka_unit_test(test_base32_vectors),
		cmocka_unit_test(test_base32_tolerance),
		cmocka_unit_test(test_base32_errors),
		cmocka_unit_test(test_base32_alphabet),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_times_as_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
