/*
 * One-time codes against published vectors, and against values computed
 * apart from this code with Python's hmac and hashlib.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/view/otp.h"
#include "proto/item.pb-c.h"

#define TEXT(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })
#define RFC_KEY "12345678901234567890"

static struct otp make(uint32_t type, struct bytes secret)
{
	struct otp otp = { .type = type, .secret = secret };

	otp_defaults(&otp);
	return otp;
}

static void expect_code(const struct otp *otp, int64_t step, const char *want)
{
	char code[OTP_CODE_MAX];

	memset(code, 'x', sizeof(code));
	assert_int_equal(otp_code(otp, (uint64_t)step, code), 0);
	assert_string_equal(code, want);
}

static void expect_at(const struct otp *otp, int64_t seconds, const char *want)
{
	expect_code(otp, otp_step(otp, seconds), want);
}

/* RFC 4226, appendix D. */
static void test_hotp_rfc4226(void **state UNUSED)
{
	static const char *const want[] = {
		"755224", "287082", "359152", "969429", "338314",
		"254676", "287922", "162583", "399871", "520489",
	};
	struct otp otp = make(FOB__OTP_TYPE__HOTP, TEXT(RFC_KEY));

	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		expect_code(&otp, (int64_t)i, want[i]);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		otp.counter = i;
		expect_at(&otp, 1234567890, want[i]);
	}
}

struct rfc6238 {
	int64_t seconds;
	const char *sha1, *sha256, *sha512;
};

/* RFC 6238, appendix B, with the keys of its reference code. */
static void test_totp_rfc6238(void **state UNUSED)
{
	static const struct rfc6238 rows[] = {
		{ 59, "94287082", "46119246", "90693936" },
		{ 1111111109, "07081804", "68084774", "25091201" },
		{ 1111111111, "14050471", "67062674", "99943326" },
		{ 1234567890, "89005924", "91819424", "93441116" },
		{ 2000000000, "69279037", "90698825", "38618901" },
		{ 20000000000, "65353130", "77737706", "47863826" },
	};
	static const char key[] = "12345678901234567890123456789012"
				  "34567890123456789012345678901234";
	struct otp otp = make(FOB__OTP_TYPE__TOTP, TEXT(key));

	otp.digits = 8;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		otp.algorithm = FOB__ALGORITHM__SHA1;
		otp.secret.n = 20;
		expect_at(&otp, rows[i].seconds, rows[i].sha1);
		otp.algorithm = FOB__ALGORITHM__SHA256;
		otp.secret.n = 32;
		expect_at(&otp, rows[i].seconds, rows[i].sha256);
		otp.algorithm = FOB__ALGORITHM__SHA512;
		otp.secret.n = 64;
		expect_at(&otp, rows[i].seconds, rows[i].sha512);
	}
}

static void test_steam(void **state UNUSED)
{
	static const uint8_t secret[] = {
		0xf6, 0xc2, 0x41, 0xd8, 0x50, 0xca, 0xa7, 0x0b, 0x3c, 0x92,
		0x04, 0x50, 0x48, 0xaf, 0xa3, 0x9c, 0xe0, 0x51, 0x26, 0x6a,
	};
	struct otp otp = make(FOB__OTP_TYPE__STEAM, BYTES(secret));

	expect_at(&otp, 1511200518, "FR8RV");
	expect_at(&otp, 1511200714, "9P3VP");
}

#define YANDEX_1 "f483a429acf3839782a1acdc71aa5c280000000019693830338e"
#define YANDEX_2 "58355f298236196b5496f722d7ed20da000000003ce46e1e397a"
#define YANDEX_3 "484d205386fa099379d8e5017bfb49a7000000003ce46e1ef4db"

struct pinned {
	const char *pin, *secret; /* hex */
	int64_t seconds;
	const char *code;
};

static void expect_pinned(uint32_t type, const struct pinned *row)
{
	uint8_t secret[SECRET_MAX];
	size_t n = strlen(row->secret) / 2;
	struct otp otp;

	for (size_t i = 0; i < n; i++) {
		char pair[3] = { row->secret[2 * i], row->secret[2 * i + 1] };

		secret[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	otp = make(type, (struct bytes){ secret, n });
	otp.pin = (struct bytes){ (const uint8_t *)row->pin, strlen(row->pin) };
	expect_at(&otp, row->seconds, row->code);
}

/*
 * Published with several open authenticators; the last row, whose key
 * starts with a zero byte, was computed with hashlib.
 */
static void test_yandex(void **state UNUSED)
{
	static const struct pinned rows[] = {
		{ "5239", YANDEX_1, 1641559648, "umozdicq" },
		{ "7586", YANDEX_2, 1581064020, "oactmacq" },
		{ "7586", YANDEX_2, 1581090810, "wemdwrix" },
		{ "5210481216086702", YANDEX_3, 1581091469, "dfrpywob" },
		{ "5210481216086702", YANDEX_3, 1581093059, "vunyprpd" },
		{ "0250", YANDEX_1, 1641559648, "jeucwbqc" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_pinned(FOB__OTP_TYPE__YANDEX, &rows[i]);
}

/* The bytes after the sixteenth are a checksum, not key. */
static void test_yandex_checksum_is_no_key(void **state UNUSED)
{
	struct pinned row = { "5239", NULL, 1641559648, "umozdicq" };
	char secret[] = YANDEX_1;

	row.secret = secret;
	secret[32] = '\0';
	expect_pinned(FOB__OTP_TYPE__YANDEX, &row);
}

/* Published vectors, then the ends of the clock by hashlib. */
static void test_motp(void **state UNUSED)
{
	static const struct pinned rows[] = {
		{ "1234", "e3152afee62599c8", 165892298, "e7d8b6" },
		{ "1234", "e3152afee62599c8", 123456789, "4ebfb2" },
		{ "5555", "7ac61d4736f51a2b", 0, "c42a26" },
		{ "5555", "7ac61d4736f51a2b", 1000000000, "4af383" },
		{ "5555", "7ac61d4736f51a2b", -1, "9a51cc" },
		{ "5555", "7ac61d4736f51a2b", -10, "9a51cc" },
	};
	static const uint8_t long_secret[SECRET_MAX];
	struct otp otp;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_pinned(FOB__OTP_TYPE__MOTP, &rows[i]);
	otp = make(FOB__OTP_TYPE__MOTP, BYTES(long_secret));
	otp.pin = TEXT("1");
	expect_at(&otp, 19, "6e6dd8");
	otp.secret = TEXT("\x7a\xc6\x1d\x47\x36\xf5\x1a\x2b");
	otp.pin = TEXT("5555");
	expect_code(&otp, INT64_MAX, "90b9c6");
	expect_code(&otp, INT64_MIN, "275313");
}

struct wide {
	uint32_t digits;
	const char *sha1, *sha256, *sha512;
};

/* Computed with hmac of Python: counters 0, 1 and 7. */
static void test_digits(void **state UNUSED)
{
	static const struct wide rows[] = {
		{ 4, "5224", "7374", "8359" },
		{ 5, "55224", "47374", "88359" },
		{ 6, "755224", "247374", "588359" },
		{ 7, "4755224", "2247374", "2588359" },
		{ 8, "84755224", "32247374", "22588359" },
		{ 9, "284755224", "332247374", "022588359" },
		{ 10, "1284755224", "1332247374", "0022588359" },
	};
	struct otp otp = make(FOB__OTP_TYPE__HOTP, TEXT(RFC_KEY));

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		otp.digits = rows[i].digits;
		otp.algorithm = FOB__ALGORITHM__SHA1;
		expect_code(&otp, 0, rows[i].sha1);
		otp.algorithm = FOB__ALGORITHM__SHA256;
		expect_code(&otp, 1, rows[i].sha256);
		otp.algorithm = FOB__ALGORITHM__SHA512;
		expect_code(&otp, 7, rows[i].sha512);
	}
}

/* Keys longer than a block, and of one byte; by hmac of Python. */
static void test_key_sizes(void **state UNUSED)
{
	uint8_t key[SECRET_MAX];
	struct otp otp = make(FOB__OTP_TYPE__HOTP, BYTES(key));

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	otp.digits = 8;
	expect_code(&otp, 1, "21918892");
	otp.algorithm = FOB__ALGORITHM__SHA256;
	expect_code(&otp, 1, "65329450");
	otp.algorithm = FOB__ALGORITHM__SHA512;
	expect_code(&otp, 1, "05562098");
	otp.algorithm = FOB__ALGORITHM__SHA1;
	otp.secret.n = 1;
	expect_code(&otp, 1, "30812658");
}

static void test_ends_of_the_counter(void **state UNUSED)
{
	struct otp otp = make(FOB__OTP_TYPE__HOTP, TEXT(RFC_KEY));

	expect_code(&otp, INT64_MAX, "181742");
	otp.counter = UINT64_MAX;
	expect_at(&otp, 0, "094451");
}

static void test_before_1970(void **state UNUSED)
{
	struct otp otp = make(FOB__OTP_TYPE__TOTP, TEXT(RFC_KEY));

	assert_int_equal(otp_step(&otp, 0), 0);
	assert_int_equal(otp_step(&otp, 29), 0);
	assert_int_equal(otp_step(&otp, 30), 1);
	assert_int_equal(otp_step(&otp, -1), -1);
	assert_int_equal(otp_step(&otp, -30), -1);
	assert_int_equal(otp_step(&otp, -31), -2);
	expect_at(&otp, -1, "094451");
	expect_at(&otp, -31, "488204");
}

static void test_validity(void **state UNUSED)
{
	struct otp otp = make(FOB__OTP_TYPE__TOTP, TEXT(RFC_KEY));

	assert_int_equal(otp_valid_from(&otp, 2), 60);
	assert_int_equal(otp_valid_to(&otp, 2), 90);
	assert_int_equal(otp_valid_from(&otp, -1), -30);
	assert_int_equal(otp_valid_to(&otp, -1), 0);
	assert_int_equal(otp_valid_to(&otp, INT64_MAX), INT64_MAX);
	assert_int_equal(otp_valid_from(&otp, INT64_MAX), INT64_MAX);
	assert_int_equal(otp_valid_from(&otp, INT64_MIN), INT64_MIN);
	otp.period = 1;
	assert_int_equal(otp_valid_from(&otp, INT64_MIN), INT64_MIN);
	assert_int_equal(otp_valid_to(&otp, INT64_MAX - 1), INT64_MAX);
	assert_int_equal(otp_step(&otp, INT64_MIN), INT64_MIN);
	otp = make(FOB__OTP_TYPE__HOTP, TEXT(RFC_KEY));
	assert_int_equal(otp_valid_from(&otp, 7), 0);
	assert_int_equal(otp_valid_to(&otp, 7), 0);
}

static void test_defaults(void **state UNUSED)
{
	struct otp otp = { .type = FOB__OTP_TYPE__MOTP };

	otp_defaults(&otp);
	assert_int_equal(otp.algorithm, FOB__ALGORITHM__MD5);
	assert_int_equal(otp.digits, 6);
	assert_int_equal(otp.period, 10);
	otp = (struct otp){ .type = FOB__OTP_TYPE__HOTP, .digits = 8 };
	otp_defaults(&otp);
	assert_int_equal(otp.algorithm, FOB__ALGORITHM__SHA1);
	assert_int_equal(otp.digits, 8);
	assert_int_equal(otp.period, 0);
	otp = (struct otp){ .type = 99 };
	otp_defaults(&otp);
	assert_int_equal(otp.digits, 0);
}

static void refused(const struct otp *otp, const char *want)
{
	char code[OTP_CODE_MAX] = "before";
	const char *field = NULL;

	assert_int_equal(otp_check(otp, &field), OTP_ERR_INVALID);
	assert_string_equal(field, want);
	assert_int_equal(otp_code(otp, 1, code), OTP_ERR_INVALID);
	assert_string_equal(code, "before");
}

static void test_refuses_numbers(void **state UNUSED)
{
	const struct otp good = make(FOB__OTP_TYPE__TOTP, TEXT(RFC_KEY));
	struct otp otp = good;

	otp.type = FOB__OTP_TYPE__YANDEX + 1;
	refused(&otp, "type");
	otp.type = 0;
	refused(&otp, "type");
	otp.type = UINT32_MAX;
	refused(&otp, "type");
	otp = good;
	otp.algorithm = FOB__ALGORITHM__MD5;
	refused(&otp, "algorithm");
	otp.algorithm = 0;
	refused(&otp, "algorithm");
	otp = good;
	otp.digits = DIGITS_MIN - 1;
	refused(&otp, "digits");
	otp.digits = 11;
	refused(&otp, "digits");
	otp = good;
	otp.period = 0;
	refused(&otp, "period");
	otp.period = PERIOD_MAX + 1;
	refused(&otp, "period");
}

static void test_refuses_secrets(void **state UNUSED)
{
	static const uint8_t key[SECRET_MAX + 1];
	struct otp otp = make(FOB__OTP_TYPE__TOTP, (struct bytes){ key, 0 });

	refused(&otp, "secret");
	otp.secret.n = SECRET_MAX + 1;
	refused(&otp, "secret");
	otp.secret.n = SECRET_MAX;
	assert_int_equal(otp_check(&otp, NULL), 0);
	otp = make(FOB__OTP_TYPE__YANDEX, (struct bytes){ key, 15 });
	otp.pin = TEXT("1234");
	refused(&otp, "secret");
	otp.secret.n = 16;
	assert_int_equal(otp_check(&otp, NULL), 0);
}

static void test_refuses_pins(void **state UNUSED)
{
	static const uint8_t pin[PIN_MAX + 1];
	struct otp otp = make(FOB__OTP_TYPE__MOTP, TEXT(RFC_KEY));

	refused(&otp, "pin");
	otp.pin = BYTES(pin);
	refused(&otp, "pin");
	otp.pin.n = PIN_MAX;
	assert_int_equal(otp_check(&otp, NULL), 0);
	otp = make(FOB__OTP_TYPE__YANDEX, TEXT(RFC_KEY));
	refused(&otp, "pin");
}

/* Steam, mOTP and Yandex leave no choice of digits, hash and period. */
static void test_refuses_other_kinds(void **state UNUSED)
{
	struct otp otp = make(FOB__OTP_TYPE__STEAM, TEXT(RFC_KEY));

	otp.digits = 6;
	refused(&otp, "digits");
	otp.digits = 5;
	otp.algorithm = FOB__ALGORITHM__SHA256;
	refused(&otp, "algorithm");
	otp.algorithm = FOB__ALGORITHM__SHA1;
	otp.period = 60;
	refused(&otp, "period");
	otp = make(FOB__OTP_TYPE__MOTP, TEXT(RFC_KEY));
	otp.pin = TEXT("1234");
	otp.digits = 8;
	refused(&otp, "digits");
	otp.digits = 6;
	otp.algorithm = FOB__ALGORITHM__SHA1;
	refused(&otp, "algorithm");
	otp = make(FOB__OTP_TYPE__HOTP, TEXT(RFC_KEY));
	otp.period = 0;
	assert_int_equal(otp_check(&otp, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hotp_rfc4226),
		cmocka_unit_test(test_totp_rfc6238),
		cmocka_unit_test(test_steam),
		cmocka_unit_test(test_yandex),
		cmocka_unit_test(test_yandex_checksum_is_no_key),
		cmocka_unit_test(test_motp),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_key_sizes),
		cmocka_unit_test(test_ends_of_the_counter),
		cmocka_unit_test(test_before_1970),
		cmocka_unit_test(test_validity),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refuses_numbers),
		cmocka_unit_test(test_refuses_secrets),
		cmocka_unit_test(test_refuses_pins),
		cmocka_unit_test(test_refuses_other_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
