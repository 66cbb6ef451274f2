/*
 * What goes to a security key and comes back: lengths, pieces, names, keys.
 * Keys and proofs were computed with Python's hashlib and hmac.
 *
 * Covers: yubikey/tlv, yubikey/apdu, yubikey/access, yubikey/credential,
 * yubikey/oath
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "client/yubikey/access.h"
#include "client/yubikey/oath.h"
#include "client/yubikey/tlv.h"
#include "proto/text.h"

/* --- tag, length, value --------------------------------------------------------- */

static void test_tlv(void **state)
{
	uint8_t buffer[512], value[TLV_PUT_MAX] = { 7 };
	static const size_t lengths[] = { 0, 1, 127, 128, 255 };
	struct tlv tlv;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t n = 0;
		struct bytes in;

		tlv_put(buffer, sizeof(buffer), &n,
			(struct tlv){ 0x71, { value, lengths[i] } });
		assert_int_equal(n, lengths[i] + (lengths[i] > 127 ? 3 : 2));
		in = (struct bytes){ buffer, n };
		assert_int_equal(tlv_take(&in, &tlv), 0);
		assert_int_equal(tlv.tag, 0x71);
		assert_int_equal(tlv.value.n, lengths[i]);
		assert_int_equal(in.n, 0);
		assert_int_equal(tlv_take(&in, &tlv), TLV_ERR_END);
		in = (struct bytes){ buffer, n - 1 };
		assert_int_equal(tlv_take(&in, &tlv), TLV_ERR_SHORT);
	}
}

static void test_tlv_wrong(void **state)
{
	static const uint8_t wrong[][4] = { { 0x71, 0x80, 0, 0 },
					    { 0x71, 0x83, 0, 0 },
					    { 0x71, 0x82, 1, 0 },
					    { 0x71, 0x81, 2, 0 } };
	struct bytes value, in;
	struct tlv tlv;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		in = BYTES(wrong[i]);
		assert_int_equal(tlv_take(&in, &tlv), TLV_ERR_SHORT);
		assert_int_equal(in.n, 4);
	}
	in = (struct bytes){ (const uint8_t *)"\x72\x01x", 3 };
	assert_int_equal(tlv_take_tag(&in, 0x71, &value), TLV_ERR_SHORT);
	assert_int_equal(in.n, 3);
	assert_int_equal(tlv_take_tag(&in, 0x72, &value), 0);
	assert_int_equal(value.p[0], 'x');
}

/* --- commands and answers ------------------------------------------------------- */

static void test_select(void **state)
{
	static const uint8_t wanted[] = { 0x00, 0xa4, 0x04, 0x00, 0x07, 0xa0,
					  0x00, 0x00, 0x05, 0x27, 0x21, 0x01 };
	struct command_apdu command = { OATH_SELECT, 4, 0, oath_applet };
	uint8_t bytes[APDU_MAX];

	(void)state;
	assert_int_equal(apdu_write(bytes, &command), sizeof(wanted));
	assert_memory_equal(bytes, wanted, sizeof(wanted));
	command = (struct command_apdu){ .ins = OATH_LIST };
	assert_int_equal(apdu_write(bytes, &command), 4);
}

static void test_pieces(void **state)
{
	static struct answer_apdu answer;
	static uint8_t piece[APDU_PIECE_MAX];
	size_t i;

	(void)state;
	answer_apdu_init(&answer);
	assert_int_equal(
		answer_apdu_take(&answer,
				 (struct bytes){ (const uint8_t *)"ab\x61\x01",
						 4 }),
		APDU_ERR_MORE);
	assert_int_equal(
		answer_apdu_take(&answer,
				 (struct bytes){ (const uint8_t *)"c\x90\x00",
						 3 }),
		0);
	assert_int_equal(answer.status, APDU_OK);
	assert_int_equal(answer.n, 3);
	assert_memory_equal(answer.data, "abc", 3);
	/* It promises more, and brings nothing. */
	assert_int_equal(
		answer_apdu_take(&answer,
				 (struct bytes){ (const uint8_t *)"\x61\x05",
						 2 }),
		APDU_ERR_BROKEN);
	assert_int_equal(answer_apdu_take(&answer, (struct bytes){ piece, 1 }),
			 APDU_ERR_BROKEN);
	/* It never ends. */
	answer_apdu_init(&answer);
	piece[sizeof(piece) - 2] = 0x61;
	for (i = 0; answer_apdu_take(&answer, BYTES(piece)) == APDU_ERR_MORE;)
		assert_true(++i <= CARD_REPLY_MAX / 256);
	assert_int_equal(i, CARD_REPLY_MAX / 256);
}

/* --- keys ------------------------------------------------------------------------- */

static void test_access(void **state)
{
	static const uint8_t device[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t key[ACCESS_KEY_SIZE], proof[ACCESS_PROOF_SIZE];
	char hex[TEXT_HEX_SIZE(ACCESS_PROOF_SIZE)];

	(void)state;
	access_key(text_of("sesame"), BYTES(device), key);
	text_hex_encode(hex, sizeof(hex), BYTES(key));
	assert_string_equal(hex, "67c639792c9efdf48c0745e413d19c35");
	access_proof(key, BYTES(challenge), proof);
	text_hex_encode(hex, sizeof(hex), BYTES(proof));
	assert_string_equal(hex, "14098cd9a52a0f882c982d89e05fc357c3fc0516");
}

static void test_secret(void **state)
{
	static const struct {
		uint32_t algorithm;
		size_t n, wanted;
		uint8_t first;
	} cases[] = {
		{ FOB__ALGORITHM__SHA1, 1, 14, 'a' },
		{ FOB__ALGORITHM__SHA1, 14, 14, 'a' },
		{ FOB__ALGORITHM__SHA1, 64, 64, 'a' },
		{ FOB__ALGORITHM__SHA1, 65, 20, 0x11 },
		{ FOB__ALGORITHM__SHA256, 65, 32, 0x63 },
		{ FOB__ALGORITHM__SHA512, 128, 128, 'a' },
		{ FOB__ALGORITHM__SHA512, 129, 64, 0x4f },
	};
	uint8_t secret[SECRET_MAX], ret[ACCESS_SECRET_MAX];

	(void)state;
	memset(secret, 'a', sizeof(secret));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes from = { secret, cases[i].n };

		assert_int_equal(access_secret(cases[i].algorithm, from, ret),
				 cases[i].wanted);
		assert_int_equal(ret[0], cases[i].first);
	}
	access_secret(FOB__ALGORITHM__SHA1, (struct bytes){ secret, 1 }, ret);
	assert_int_equal(ret[1] | ret[13], 0);
}

/* --- names ------------------------------------------------------------------------ */

static struct credential named(const char *name, uint32_t type)
{
	struct credential credential = { .n = strlen(name), .type = type };

	memcpy(credential.name, name, credential.n);
	return credential;
}

static void test_split(void **state)
{
	static const struct {
		const char *name, *issuer, *account;
		uint32_t period;
		uint32_t type;
	} cases[] = {
		{ "GitHub:ada", "GitHub", "ada", 30, FOB__OTP_TYPE__TOTP },
		{ "60/GitHub:ada", "GitHub", "ada", 60, FOB__OTP_TYPE__TOTP },
		{ "ada", "", "ada", 30, FOB__OTP_TYPE__TOTP },
		{ "a:b:c", "a", "b:c", 30, FOB__OTP_TYPE__TOTP },
		{ ":x", "", ":x", 30, FOB__OTP_TYPE__TOTP },
		{ "x:", "", "x:", 30, FOB__OTP_TYPE__TOTP },
		{ "0/x", "", "0/x", 30, FOB__OTP_TYPE__TOTP },
		{ "60/", "", "", 60, FOB__OTP_TYPE__TOTP },
		{ "99999999999/x", "", "99999999999/x", 30,
		  FOB__OTP_TYPE__TOTP },
		{ "60/Bank:h", "60/Bank", "h", 0, FOB__OTP_TYPE__HOTP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct credential c = named(cases[i].name, cases[i].type);
		struct credential_parts parts;

		credential_split(&c, &parts);
		assert_int_equal(parts.issuer.n, strlen(cases[i].issuer));
		assert_memory_equal(parts.issuer.p, cases[i].issuer,
				    parts.issuer.n);
		assert_int_equal(parts.account.n, strlen(cases[i].account));
		assert_memory_equal(parts.account.p, cases[i].account,
				    parts.account.n);
		assert_int_equal(parts.period, cases[i].period);
	}
}

struct making {
	Fob__CardAsk ask;
	Fob__OtpValue otp;
	uint8_t secret[SECRET_MAX];
	char issuer[TEXT_MAX + 1], account[TEXT_MAX + 1];
};

static void make(struct making *m, const char *issuer, const char *account)
{
	fob__card_ask__init(&m->ask);
	fob__otp_value__init(&m->otp);
	memset(m->secret, 'k', sizeof(m->secret));
	snprintf(m->issuer, sizeof(m->issuer), "%s", issuer);
	snprintf(m->account, sizeof(m->account), "%s", account);
	m->otp.type = FOB__OTP_TYPE__TOTP;
	m->otp.algorithm = FOB__ALGORITHM__SHA1;
	m->otp.digits = 6;
	m->otp.period = 30;
	m->otp.secret = (ProtobufCBinaryData){ 20, m->secret };
	m->ask.otp = &m->otp;
	m->ask.issuer = m->issuer;
	m->ask.account = m->account;
}

#define NEW CREDENTIAL_VERSION(5, 4, 3)

static void check_name(struct making *m, const char *wanted)
{
	struct credential c;

	assert_null(credential_make(&m->ask, NEW, &c));
	assert_int_equal(c.n, strlen(wanted));
	assert_memory_equal(c.name, wanted, c.n);
}

static void test_make_name(void **state)
{
	struct making m;
	char long_name[] = "0123456789012345678901234567890123456789"
			   "01234567890123456789012";
	struct credential c;

	(void)state;
	make(&m, "GitHub", "ada");
	check_name(&m, "GitHub:ada");
	m.otp.period = 60;
	check_name(&m, "60/GitHub:ada");
	/* It would be read as a period of 24 seconds. */
	make(&m, "24/7", "ada");
	check_name(&m, "30/24/7:ada");
	m.otp.type = FOB__OTP_TYPE__HOTP;
	check_name(&m, "24/7:ada");
	make(&m, "", "ada");
	check_name(&m, "ada");
	make(&m, "GitHub", "");
	check_name(&m, "GitHub");
	make(&m, "a", long_name + 1);
	assert_int_equal(strlen(long_name), 63);
	assert_null(credential_make(&m.ask, NEW, &c));
	assert_int_equal(c.n, 64);
	make(&m, "a", long_name);
	assert_non_null(credential_make(&m.ask, NEW, &c));
	make(&m, "", "");
	assert_non_null(credential_make(&m.ask, NEW, &c));
}

static const char *why(struct making *m, uint32_t version)
{
	struct credential c;

	return credential_make(&m->ask, version, &c);
}

static void test_refused(void **state)
{
	struct making m;

	(void)state;
	for (uint32_t type = FOB__OTP_TYPE__STEAM;
	     type <= FOB__OTP_TYPE__YANDEX; type++) {
		make(&m, "a", "b");
		m.otp.type = type;
		assert_non_null(strstr(why(&m, NEW), "Steam"));
	}
	make(&m, "a", "b");
	m.otp.digits = 5;
	assert_non_null(strstr(why(&m, NEW), "digits"));
	m.otp.digits = 9;
	assert_non_null(strstr(why(&m, NEW), "digits"));
	m.otp.digits = 8;
	m.otp.algorithm = FOB__ALGORITHM__SHA512;
	assert_null(why(&m, CREDENTIAL_VERSION(4, 3, 1)));
	assert_non_null(strstr(why(&m, CREDENTIAL_VERSION(4, 3, 0)), "4.3.1"));
	m.otp.algorithm = FOB__ALGORITHM__MD5;
	assert_non_null(why(&m, NEW));
	make(&m, "a", "b");
	m.ask.touch = true;
	assert_null(why(&m, CREDENTIAL_VERSION(4, 2, 4)));
	assert_non_null(strstr(why(&m, CREDENTIAL_VERSION(4, 2, 3)), "touch"));
	make(&m, "a", "b");
	m.otp.type = FOB__OTP_TYPE__HOTP;
	m.otp.counter = UINT32_MAX;
	assert_null(why(&m, NEW));
	m.otp.counter++;
	assert_non_null(strstr(why(&m, NEW), "count"));
	m.ask.otp = NULL;
	assert_non_null(why(&m, NEW));
}

static void test_put(void **state)
{
	static const uint8_t wanted[] = "\x71\x03"
					"a:b"
					"\x73\x10\x21\x06"
					"kkkk\0\0\0\0\0\0\0\0\0\0"
					"\x78\x02";
	static const uint8_t counter[] = "\x7a\x04\x00\x00\x01\x02";
	uint8_t data[APDU_DATA_MAX];
	struct credential c;
	struct making m;
	size_t n;

	(void)state;
	make(&m, "a", "b");
	m.otp.secret.len = 4;
	m.ask.touch = true;
	assert_null(credential_make(&m.ask, NEW, &c));
	n = credential_put(&c, &m.otp, data);
	assert_int_equal(n, sizeof(wanted) - 1);
	assert_memory_equal(data, wanted, n);

	m.otp.type = FOB__OTP_TYPE__HOTP;
	m.otp.counter = 258;
	assert_null(credential_make(&m.ask, NEW, &c));
	n = credential_put(&c, &m.otp, data);
	assert_int_equal(data[7], 0x11);
	assert_memory_equal(data + n - 6, counter, 6);
}

/* The longest of all fits into one command. */
static void test_put_longest(void **state)
{
	uint8_t data[APDU_DATA_MAX];
	struct credential c = { .n = CARD_NAME_MAX,
				.type = FOB__OTP_TYPE__HOTP,
				.algorithm = FOB__ALGORITHM__SHA512,
				.touch = true };
	struct making m;

	(void)state;
	make(&m, "a", "b");
	m.otp.type = FOB__OTP_TYPE__HOTP;
	m.otp.algorithm = FOB__ALGORITHM__SHA512;
	m.otp.counter = 1;
	m.otp.secret.len = 128;
	assert_int_equal(credential_put(&c, &m.otp, data),
			 66 + 3 + 130 + 2 + 6);
}

/* --- answers ----------------------------------------------------------------------- */

#define ANSWER(text) \
	((struct bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

static void test_read_select(void **state)
{
	struct oath_card card;

	(void)state;
	assert_int_equal(oath_read_select(ANSWER("\x79\x03\x05\x04\x03"
						 "\x71\x08"
						 "deviceid"),
					  &card),
			 0);
	assert_false(card.locked);
	assert_int_equal(oath_version(&card), NEW);
	assert_int_equal(card.device_n, 8);
	assert_int_equal(oath_read_select(ANSWER("\x79\x03\x05\x04\x03"
						 "\x71\x08"
						 "deviceid"
						 "\x74\x08"
						 "12345678"
						 "\x7b\x01\x01"),
					  &card),
			 0);
	assert_true(card.locked);
	assert_memory_equal(card.challenge, "12345678", 8);
	assert_int_equal(oath_read_select(ANSWER(""), &card), OATH_ERR_BROKEN);
	assert_int_equal(oath_read_select(ANSWER("\x79\x03\x05\x04\x03"),
					  &card),
			 OATH_ERR_BROKEN);
	assert_int_equal(oath_read_select(ANSWER("\x79\x02\x05\x04\x71\x01x"),
					  &card),
			 OATH_ERR_BROKEN);
	assert_int_equal(oath_read_select(ANSWER("\x79\x03\x05\x04\x03\x71"
						 "\x11"
						 "12345678123456781"),
					  &card),
			 OATH_ERR_BROKEN);
	assert_int_equal(oath_read_select(ANSWER("\x79\x03\x05\x04\x03\x71\x01"
						 "x\x74\x07"
						 "1234567"),
					  &card),
			 OATH_ERR_BROKEN);
}

static void test_read_list(void **state)
{
	static struct credentials all;
	struct credential *c;

	(void)state;
	assert_int_equal(oath_read_list(ANSWER("\x72\x03\x21"
					       "ab"
					       "\x72\x02\x12"
					       "c"
					       "\x72\x02\x23"
					       "d\x72\x02\x2f"
					       "e"),
					&all),
			 0);
	assert_int_equal(all.n, 4);
	assert_int_equal(all.list[1].type, FOB__OTP_TYPE__HOTP);
	assert_int_equal(all.list[2].algorithm, FOB__ALGORITHM__SHA512);
	assert_int_equal(all.list[3].algorithm, 0);
	assert_int_equal(oath_read_touch(ANSWER("\x71\x02"
						"ab\x7c\x01\x06"
						"\x71\x01"
						"c\x77\x01\x06"
						"\x71\x01"
						"d\x76\x05\x06"
						"1234"
						"\x71\x05"
						"other\x77\x01\x06"),
					 &all),
			 0);
	c = oath_find(&all, text_of("ab"));
	assert_true(c->touch && c->touch_known);
	c = oath_find(&all, text_of("c"));
	assert_false(c->touch || c->touch_known);
	c = oath_find(&all, text_of("d"));
	assert_true(!c->touch && c->touch_known);
	assert_null(oath_find(&all, text_of("other")));
	assert_int_equal(oath_read_touch(ANSWER("\x71\x01"
						"d"),
					 &all),
			 OATH_ERR_BROKEN);
	assert_int_equal(oath_read_list(ANSWER("\x71\x02!a"), &all),
			 OATH_ERR_BROKEN);
	assert_int_equal(oath_read_list(ANSWER("\x72\x01!"), &all),
			 OATH_ERR_BROKEN);
	assert_int_equal(oath_read_list(ANSWER("\x72\x02\x31x"), &all),
			 OATH_ERR_BROKEN);
}

static void test_read_many(void **state)
{
	static uint8_t answer[4 * (CARD_NAMES_MAX + 1)];
	static struct credentials all;

	(void)state;
	for (size_t i = 0; i < sizeof(answer); i += 4)
		memcpy(answer + i, "\x72\x02!x", 4);
	assert_int_equal(
		oath_read_list((struct bytes){ answer, sizeof(answer) - 4 },
			       &all),
		0);
	assert_int_equal(all.n, CARD_NAMES_MAX);
	assert_int_equal(oath_read_list(BYTES(answer), &all), OATH_ERR_MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tlv),
		cmocka_unit_test(test_tlv_wrong),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_make_name),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_put_longest),
		cmocka_unit_test(test_read_select),
		cmocka_unit_test(test_read_list),
		cmocka_unit_test(test_read_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
