/*
 * The conversation with a security key, against one that says what the test
 * has written down, and that looks at what it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "client/yubikey/access.h"
#include "client/yubikey/session.h"
#include "proto/text.h"

struct step {
	const char *begins; /* the command, hex, as far as it matters */
	const char *answer; /* hex; NULL: the line fails */
};

struct script {
	const struct step *steps;
	size_t n, at;
};

static int transmit(void *context, struct bytes command,
		    uint8_t ret[static APDU_PIECE_MAX], size_t *ret_n)
{
	struct script *script = context;
	const struct step *step = &script->steps[script->at++];
	char hex[TEXT_HEX_SIZE(APDU_MAX)];

	assert_true(script->at <= script->n);
	text_hex_encode(hex, sizeof(hex), command);
	hex[size_min(strlen(hex), strlen(step->begins))] = '\0';
	assert_string_equal(hex, step->begins);
	if (!step->answer)
		return -1;
	return text_hex_decode(ret, APDU_PIECE_MAX, text_of(step->answer),
			       ret_n);
}

#define SELECT "00a4040007a0000005272101"
#define SELECTED     \
	"7903050403" \
	"71080001020304050607"

static struct session session;
static struct credentials all;

static int select_with(struct script *script, struct line *line)
{
	*line = (struct line){ transmit, script };
	session_init(&session, line);
	return session_select(&session);
}

#define START(steps)                                            \
	struct script script = { steps, ARRAY_SIZE(steps), 0 }; \
	struct line line;                                       \
	int r = select_with(&script, &line)

static void test_list(void **state)
{
	/* 0x21 "a", 0x11 "b"; the second half comes when it is asked for. */
	static const struct step steps[] = {
		{ SELECT, SELECTED "9000" },
		{ "00a10000", "72022161"
			      "6104" },
		{ "00a50000", "72021162"
			      "9000" },
		{ "00a400010a74080000000000000102", "71016176050600000001"
						    "710162770106"
						    "9000" },
	};

	(void)state;
	START(steps);
	assert_int_equal(r, 0);
	assert_int_equal(session_list(&session, 258, &all), 0);
	assert_int_equal(script.at, ARRAY_SIZE(steps));
	assert_int_equal(all.n, 2);
	assert_true(all.list[0].touch_known && !all.list[0].touch);
	assert_false(all.list[1].touch_known);
	/* No code stays behind. */
	assert_int_equal(session.answer.n, 0);
}

static void test_empty(void **state)
{
	static const struct step steps[] = {
		{ SELECT, SELECTED "9000" },
		{ "00a10000", "9000" },
	};

	(void)state;
	START(steps);
	assert_int_equal(r, 0);
	assert_int_equal(session_list(&session, 1, &all), 0);
	assert_int_equal(all.n, 0);
}

static void test_statuses(void **state)
{
	static const struct step steps[] = {
		{ SELECT, SELECTED "9000" },	{ "00a10000", "6982" },
		{ "0002000003710178", "6984" }, { "0002000003710178", "6a84" },
		{ "0002000003710178", "6581" }, { "0002000003710178", "6103" },
		{ "0002000003710178", "90" },	{ "0002000003710178", NULL },
	};
	static const int wanted[] = { SESSION_ERR_NAME,	  SESSION_ERR_FULL,
				      SESSION_ERR_STATUS, SESSION_ERR_BROKEN,
				      SESSION_ERR_BROKEN, SESSION_ERR_LINE };

	(void)state;
	START(steps);
	assert_int_equal(r, 0);
	assert_int_equal(session_list(&session, 1, &all), SESSION_ERR_LOCKED);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(session_delete(&session, text_of("x")),
				 wanted[i]);
}

static void test_no_applet(void **state)
{
	static const struct step steps[] = {
		{ SELECT, "6a82" },
		{ SELECT, "9000" },
	};

	(void)state;
	START(steps);
	assert_int_equal(r, SESSION_ERR_APPLET);
	assert_int_equal(session_select(&session), SESSION_ERR_BROKEN);
}

/*
 * The code "sesame" on device 0001..07 with challenge 0102..08 makes the
 * proof of test_yubikey.c; ours is the same challenge, so is the card's proof.
 */
#define PROOF "14098cd9a52a0f882c982d89e05fc357c3fc0516"
#define VALIDATE "00a30000207514" PROOF "74080102030405060708"

static void test_validate(void **state)
{
	static const uint8_t challenge[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const struct step steps[] = {
		{ SELECT, SELECTED "74080102030405060708"
				   "7b0101"
				   "9000" },
		{ VALIDATE, "7514" PROOF "9000" },
		{ VALIDATE, "7514"
			    "00098cd9a52a0f882c982d89e05fc357c3fc0516"
			    "9000" },
		{ VALIDATE, "7513"
			    "098cd9a52a0f882c982d89e05fc357c3fc0516"
			    "9000" },
		{ VALIDATE, "6a80" },
	};
	static const int wanted[] = { 0, SESSION_ERR_FALSE, SESSION_ERR_BROKEN,
				      SESSION_ERR_CODE };

	(void)state;
	START(steps);
	assert_int_equal(r, 0);
	assert_true(session.card.locked);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(session_validate(&session, text_of("sesame"),
						  challenge),
				 wanted[i]);
}

static void test_put(void **state)
{
	static const struct step steps[] = {
		{ SELECT, SELECTED "9000" },
		{ "000100001571"
		  "01"
		  "61"
		  "73"
		  "102106"
		  "6b6b000000000000000000000000",
		  "9000" },
		{ "00010000", "6a84" },
	};
	uint8_t secret[] = { 'k', 'k' };
	struct credential c = { .n = 1,
				.name = "a",
				.type = FOB__OTP_TYPE__TOTP,
				.algorithm = FOB__ALGORITHM__SHA1 };
	Fob__OtpValue otp = FOB__OTP_VALUE__INIT;

	(void)state;
	START(steps);
	assert_int_equal(r, 0);
	otp.type = c.type;
	otp.algorithm = c.algorithm;
	otp.digits = 6;
	otp.secret = (ProtobufCBinaryData){ sizeof(secret), secret };
	assert_int_equal(session_put(&session, &c, &otp), 0);
	assert_int_equal(session_put(&session, &c, &otp), SESSION_ERR_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_no_applet),
		cmocka_unit_test(test_validate),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
