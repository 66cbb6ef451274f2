/*
 * One-time codes: HOTP (RFC 4226), TOTP (RFC 6238), and those of Steam,
 * mOTP and Yandex, which differ in how the digest becomes text. A struct otp
 * only points at its secret and pin; whoever made it owns and wipes them.
 * Time comes in as seconds since 1970, nothing here reads a clock. What was
 * computed on the way to a code is wiped before a function returns.
 */
#ifndef FOB_VIEW_OTP_H
#define FOB_VIEW_OTP_H

#include "proto/base.h"
#include "proto/limits.h"

enum {
	OTP_ERR_INVALID = 1, /* a field of the otp is not acceptable */
};

#define OTP_CODE_MAX (DIGITS_MAX + 1) /* characters and the NUL */

/* Digits of the types that leave no choice. */
#define OTP_STEAM_DIGITS 5
#define OTP_MOTP_DIGITS 6
#define OTP_YANDEX_DIGITS 8
#define OTP_YANDEX_SECRET_MIN 16 /* bytes; further ones are a checksum */

struct otp {
	uint32_t type;	    /* Fob__OtpType */
	uint32_t algorithm; /* Fob__Algorithm */
	uint32_t digits;
	uint32_t period;     /* seconds; HOTP does not look at it */
	uint64_t counter;    /* HOTP: the next one to use */
	struct bytes secret; /* raw; mOTP: its hex is the user's secret */
	struct bytes pin;    /* UTF-8, not empty for mOTP and Yandex */
};

/*
 * Gives algorithm, digits and period that are 0 the usual value of the
 * type. It leaves what is set, right or wrong, and unknown types, alone.
 */
void otp_defaults(struct otp *otp);

/*
 * 0, or OTP_ERR_INVALID with *ret_field the name of the first field that is
 * wrong, a string constant: "type", "algorithm", "digits", "period",
 * "secret" or "pin". ret_field may be NULL.
 */
int otp_check(const struct otp *otp, const char **ret_field);

/*
 * The step that a moment (seconds since 1970, also before) belongs to,
 * rounded down; RFC 6238 section 4.2. For HOTP the counter, so that
 * otp_code(otp, (uint64_t)otp_step(otp, now), code) holds for every type.
 * The otp must have passed otp_check.
 */
int64_t otp_step(const struct otp *otp, int64_t seconds);

/*
 * The first second in which the code of a step is valid, and the first in
 * which it no longer is. Beyond the range of int64_t they stay at its ends.
 * For HOTP a code has no time: both are 0.
 */
int64_t otp_valid_from(const struct otp *otp, int64_t step);
int64_t otp_valid_to(const struct otp *otp, int64_t step);

/*
 * Writes the code of a step, or of a HOTP counter, as text with its NUL.
 * 0 or OTP_ERR_INVALID (what otp_check says), then code is untouched. The
 * caller wipes the code.
 */
int otp_code(const struct otp *otp, uint64_t step,
	     char code[static OTP_CODE_MAX]);

#endif
