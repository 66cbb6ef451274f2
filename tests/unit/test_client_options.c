/*
 * Options, times, addresses, names and which code to show: what the client
 * decides by itself before it asks the daemon.
 * Covers: options, when, address, account, pick.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "client/account.h"
#include "client/address.h"
#include "client/command.h"
#include "client/pick.h"
#include "client/print.h"
#include "client/when.h"

struct given {
	bool flag;
	char *text;
	struct number number;
	struct texts texts, arguments;
};

static bool parse(struct fob *fob, struct given *given, char **argv)
{
	const struct option table[] = {
		{ "flag", 'f', OPTION_FLAG, &given->flag },
		{ "text", 0, OPTION_TEXT, &given->text },
		{ "number", 0, OPTION_NUMBER, &given->number },
		{ "texts", 0, OPTION_TEXTS, &given->texts },
	};

	*given = (struct given){ 0 };
	*fob = (struct fob){ .quiet = true };
	return options_parse(fob, argv, table, ARRAY_SIZE(table),
			     &given->arguments);
}

#define PARSE(fob, given, ...) \
	parse(fob, given, (char *[]){ __VA_ARGS__, NULL })

static void test_options(void **state)
{
	static char a[] = "one", b[] = "--text", c[] = "-T", d[] = "--flag";
	static char e[] = "--number=17", f[] = "--texts", g[] = "x";
	static char h[] = "--texts=y=z", i[] = "-", j[] = "--", k[] = "--no";
	static char l[] = "--json", m[] = "--timeout", n[] = "5";
	struct given given;
	struct fob fob;

	(void)state;
	assert_true(
		PARSE(&fob, &given, a, b, c, d, e, f, g, h, i, l, m, n, j, k));
	assert_true(given.flag && fob.json);
	assert_string_equal(given.text, "-T");
	assert_true(given.number.set);
	assert_int_equal(given.number.value, 17);
	assert_int_equal(given.texts.n, 2);
	assert_string_equal(given.texts.list[0], "x");
	assert_string_equal(given.texts.list[1], "y=z");
	assert_int_equal(given.arguments.n, 3);
	assert_string_equal(given.arguments.list[0], "one");
	assert_string_equal(given.arguments.list[1], "-");
	assert_string_equal(given.arguments.list[2], "--no");
	assert_int_equal(fob.timeout.value, 5);
}

static void test_wrong_options(void **state)
{
	static char a[] = "--nothing", b[] = "--text", c[] = "--number=x";
	static char d[] = "--flag=1", e[] = "--tex=1", f[] = "-x";
	static char g[] = "--textual";
	char *wrong[] = { a, b, c, d, e, f, g };
	struct given given;
	struct fob fob;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_false(PARSE(&fob, &given, wrong[i]));
		assert_int_equal(fob.status, STATUS_USAGE);
	}
}

static void test_numbers(void **state)
{
	uint64_t value;

	(void)state;
	assert_true(options_number("18446744073709551615", &value));
	assert_true(value == UINT64_MAX);
	assert_false(options_number("18446744073709551616", &value));
	assert_false(options_number("", &value));
	assert_false(options_number("-1", &value));
	assert_false(options_number("1x", &value));
}

struct when_case {
	const char *text;
	uint64_t seconds; /* UINT64_MAX: refused */
};

static void test_when(void **state)
{
	static const struct when_case cases[] = {
		{ "59", 59 },
		{ "1111111109", 1111111109 },
		{ "20000000000", 20000000000 },
		{ "1970-01-01", 0 },
		{ "2005-03-18T01:58:29Z", 1111111109 },
		{ "2005-03-18 01:58:29", 1111111109 },
		{ "2005-03-18T02:58:29+01:00", 1111111109 },
		{ "2005-03-17T20:58:29.75-0500", 1111111109 },
		{ "2000-02-29T00:00", 951782400 },
		{ "2603-10-11T11:33:20Z", 20000000000 },
		{ "1900-02-29", UINT64_MAX },
		{ "2001-02-29", UINT64_MAX },
		{ "2005-13-01", UINT64_MAX },
		{ "2005-03-18T24:00", UINT64_MAX },
		{ "2005-03-18T01:58:29+1", UINT64_MAX },
		{ "2005-03-18x", UINT64_MAX },
		{ "99999999999999", UINT64_MAX },
		{ "-5", UINT64_MAX },
		{ "", UINT64_MAX },
		{ "now", UINT64_MAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ms = 1;
		int r = when_parse(cases[i].text, &ms);

		if (cases[i].seconds == UINT64_MAX) {
			assert_int_equal(r, WHEN_ERR_INVALID);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(ms, cases[i].seconds * 1000);
	}
}

struct address_case {
	const char *text, *host, *port; /* host NULL: refused */
};

static void test_address(void **state)
{
	static const struct address_case cases[] = {
		{ "desk.lan:4000", "desk.lan", "4000" },
		{ "desk.lan", "desk.lan", "47362" },
		{ "192.0.2.1:1", "192.0.2.1", "1" },
		{ "[2001:db8::1]:65535", "2001:db8::1", "65535" },
		{ "[2001:db8::1]", "2001:db8::1", "47362" },
		{ "2001:db8::1", "2001:db8::1", "47362" },
		{ "desk:0", NULL, NULL },
		{ "desk:65536", NULL, NULL },
		{ "desk:", NULL, NULL },
		{ "desk:x", NULL, NULL },
		{ ":80", NULL, NULL },
		{ "[::1", NULL, NULL },
		{ "[::1]x", NULL, NULL },
		{ "", NULL, NULL },
	};
	char host[256], port[8];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct address_case *c = &cases[i];

		assert_int_equal(address_split(c->text, host, port),
				 c->host != NULL);
		if (!c->host)
			continue;
		assert_string_equal(host, c->host);
		assert_string_equal(port, c->port);
	}
}

static void test_numeric_addresses(void **state)
{
	struct addresses addresses = { .n = 0 };
	struct fob fob = { .quiet = true };

	(void)state;
	assert_int_equal(address_look_up(&fob, "127.0.0.1:80", &addresses), 0);
	assert_int_equal(address_look_up(&fob, "[::1]:81", &addresses), 0);
	assert_int_equal(address_look_up(&fob, "127.0.0.1:80", &addresses), 0);
	assert_int_equal(addresses.n, 2);
	assert_string_equal(addresses.text[0], "127.0.0.1:80");
	assert_string_equal(addresses.text[1], "[::1]:81");
}

static void test_names(void **state)
{
	uint32_t value = 99;

	(void)state;
	assert_true(account_type("Steam", &value));
	assert_int_equal(value, FOB__OTP_TYPE__STEAM);
	assert_false(account_type("", &value));
	assert_false(account_type("totpx", &value));
	assert_true(account_algorithm("sha-256", &value));
	assert_int_equal(value, FOB__ALGORITHM__SHA256);
	assert_true(account_algorithm("HMAC-SHA-512", &value));
	assert_int_equal(value, FOB__ALGORITHM__SHA512);
	assert_true(account_algorithm("HmacSHA1", &value));
	assert_int_equal(value, FOB__ALGORITHM__SHA1);
	assert_false(account_algorithm("sha3", &value));
	assert_string_equal(account_type_name(77), "unknown");
	assert_string_equal(account_algorithm_name(0), "");
}

static void test_pick(void **state)
{
	Fob__Code code;
	struct pick any = { 0 }, next = { .next = true };
	struct pick five = { .min_left = 5000 };

	(void)state;
	fob__code__init(&code);
	code.valid_from = 30000;
	code.valid_to = 60000;
	assert_int_equal(pick_left(&code, 30000), 30000);
	assert_int_equal(pick_left(&code, 59999), 1);
	assert_int_equal(pick_left(&code, 60001), 0);
	assert_false(pick_next(&any, &code, 59999));
	assert_true(pick_next(&next, &code, 30000));
	assert_false(pick_next(&five, &code, 55000));
	assert_true(pick_next(&five, &code, 55001));
	/* HOTP: it has no end, so there is always time enough. */
	code.valid_from = 0;
	code.valid_to = 0;
	assert_false(pick_next(&five, &code, 55001));
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(print_width(""), 0);
	assert_int_equal(print_width("abc"), 3);
	assert_int_equal(print_width("Grüße"), 5);
	assert_int_equal(print_width("鍵"), 2);
	assert_int_equal(print_width("🔑x"), 3);
	assert_int_equal(print_width("e\xcc\x81"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_numeric_addresses),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
