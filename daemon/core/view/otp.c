#include "daemon/core/view/otp.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <sodium.h>
#include <string.h>

#include "proto/item.pb-c.h"

#define STEP_SIZE 8    /* bytes of a step, big-endian */
#define DECIMAL_MAX 20 /* characters of an int64_t */

/* What a type allows; 0 leaves the choice to the user. */
struct kind {
	uint32_t algorithm;
	uint32_t digits;
	uint32_t period;
	bool pin;
	bool timed;
};

static const struct kind kinds[] = {
	[FOB__OTP_TYPE__TOTP] = { .timed = true },
	[FOB__OTP_TYPE__HOTP] = { .timed = false },
	[FOB__OTP_TYPE__STEAM] = { FOB__ALGORITHM__SHA1, OTP_STEAM_DIGITS, 30,
				   false, true },
	[FOB__OTP_TYPE__MOTP] = { FOB__ALGORITHM__MD5, OTP_MOTP_DIGITS, 10,
				  true, true },
	[FOB__OTP_TYPE__YANDEX] = { FOB__ALGORITHM__SHA256, OTP_YANDEX_DIGITS,
				    30, true, true },
};

struct digest {
	uint8_t bytes[SHA512_DIGEST_SIZE];
	size_t size;
};

union hmac {
	struct hmac_sha1_ctx sha1;
	struct hmac_sha256_ctx sha256;
	struct hmac_sha512_ctx sha512;
};

static void wipe_digest(struct digest *digest)
{
	sodium_memzero(digest, sizeof(*digest));
}

static const struct kind *kind_of(uint32_t type)
{
	if (type == FOB__OTP_TYPE__OTP_NONE || type >= ARRAY_SIZE(kinds))
		return NULL;
	return &kinds[type];
}

void otp_defaults(struct otp *otp)
{
	const struct kind *kind = kind_of(otp->type);

	if (!kind)
		return;
	if (otp->algorithm == FOB__ALGORITHM__ALGORITHM_NONE)
		otp->algorithm = kind->algorithm ? kind->algorithm :
						   FOB__ALGORITHM__SHA1;
	if (otp->digits == 0)
		otp->digits = kind->digits ? kind->digits : 6;
	if (otp->period == 0 && kind->timed)
		otp->period = kind->period ? kind->period : 30;
}

static bool good_algorithm(const struct otp *otp, const struct kind *kind)
{
	if (kind->algorithm)
		return otp->algorithm == kind->algorithm;
	return otp->algorithm == FOB__ALGORITHM__SHA1 ||
	       otp->algorithm == FOB__ALGORITHM__SHA256 ||
	       otp->algorithm == FOB__ALGORITHM__SHA512;
}

static bool good_digits(const struct otp *otp, const struct kind *kind)
{
	if (kind->digits)
		return otp->digits == kind->digits;
	return otp->digits >= DIGITS_MIN && otp->digits <= DIGITS_MAX;
}

static bool good_period(const struct otp *otp, const struct kind *kind)
{
	if (!kind->timed)
		return true;
	if (kind->period)
		return otp->period == kind->period;
	return otp->period >= 1 && otp->period <= PERIOD_MAX;
}

static bool good_secret(const struct otp *otp)
{
	size_t min = 1;

	if (otp->type == FOB__OTP_TYPE__YANDEX)
		min = OTP_YANDEX_SECRET_MIN;
	return otp->secret.n >= min && otp->secret.n <= SECRET_MAX;
}

static bool good_pin(const struct otp *otp, const struct kind *kind)
{
	return !kind->pin || (otp->pin.n >= 1 && otp->pin.n <= PIN_MAX);
}

static const char *wrong_field(const struct otp *otp)
{
	const struct kind *kind = kind_of(otp->type);

	if (!kind)
		return "type";
	if (!good_algorithm(otp, kind))
		return "algorithm";
	if (!good_digits(otp, kind))
		return "digits";
	if (!good_period(otp, kind))
		return "period";
	if (!good_secret(otp))
		return "secret";
	if (!good_pin(otp, kind))
		return "pin";
	return NULL;
}

int otp_check(const struct otp *otp, const char **ret_field)
{
	const char *field = wrong_field(otp);

	if (!field)
		return 0;
	if (ret_field)
		*ret_field = field;
	return OTP_ERR_INVALID;
}

static bool timeless(const struct otp *otp)
{
	return otp->type == FOB__OTP_TYPE__HOTP;
}

int64_t otp_step(const struct otp *otp, int64_t seconds)
{
	int64_t period = (int64_t)otp->period;
	int64_t step;

	if (timeless(otp))
		return (int64_t)otp->counter;
	REQUIRE(period > 0);
	step = seconds / period;
	/* C rounds towards zero, a moment before 1970 must go down. */
	return seconds % period < 0 ? step - 1 : step;
}

static int64_t step_start(int64_t step, int64_t period)
{
	if (step > INT64_MAX / period)
		return INT64_MAX;
	if (step < INT64_MIN / period)
		return INT64_MIN;
	return step * period;
}

int64_t otp_valid_from(const struct otp *otp, int64_t step)
{
	if (timeless(otp))
		return 0;
	REQUIRE(otp->period > 0);
	return step_start(step, (int64_t)otp->period);
}

int64_t otp_valid_to(const struct otp *otp, int64_t step)
{
	if (timeless(otp))
		return 0;
	REQUIRE(otp->period > 0);
	if (step == INT64_MAX)
		return INT64_MAX;
	return step_start(step + 1, (int64_t)otp->period);
}

static uint64_t load_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static void store_be64(uint8_t out[static STEP_SIZE], uint64_t v)
{
	for (size_t i = STEP_SIZE; i-- > 0; v >>= 8)
		out[i] = (uint8_t)v;
}

/* HMAC of the step under a key, RFC 2104. */
static void hmac_step(uint32_t algorithm, struct bytes key, uint64_t step,
		      struct digest *ret)
{
	uint8_t message[STEP_SIZE];
	union hmac ctx;

	store_be64(message, step);
	switch (algorithm) {
	case FOB__ALGORITHM__SHA1:
		ret->size = SHA1_DIGEST_SIZE;
		hmac_sha1_set_key(&ctx.sha1, key.n, key.p);
		hmac_sha1_update(&ctx.sha1, STEP_SIZE, message);
		hmac_sha1_digest(&ctx.sha1, ret->size, ret->bytes);
		break;
	case FOB__ALGORITHM__SHA256:
		ret->size = SHA256_DIGEST_SIZE;
		hmac_sha256_set_key(&ctx.sha256, key.n, key.p);
		hmac_sha256_update(&ctx.sha256, STEP_SIZE, message);
		hmac_sha256_digest(&ctx.sha256, ret->size, ret->bytes);
		break;
	default:
		REQUIRE(algorithm == FOB__ALGORITHM__SHA512);
		ret->size = SHA512_DIGEST_SIZE;
		hmac_sha512_set_key(&ctx.sha512, key.n, key.p);
		hmac_sha512_update(&ctx.sha512, STEP_SIZE, message);
		hmac_sha512_digest(&ctx.sha512, ret->size, ret->bytes);
		break;
	}
	sodium_memzero(&ctx, sizeof(ctx));
}

/* Dynamic truncation to 31 bits, RFC 4226 section 5.3. */
static uint32_t truncate31(const struct digest *digest)
{
	size_t at = digest->bytes[digest->size - 1] & 15;

	return (uint32_t)load_be(digest->bytes + at, 4) & 0x7fffffff;
}

/* The lowest digits of v in a base, the most significant one first. */
static void write_base(uint64_t v, uint32_t base, char zero, char *out,
		       size_t digits)
{
	out[digits] = '\0';
	for (size_t i = digits; i-- > 0; v /= base)
		out[i] = (char)(zero + (char)(v % base));
}

static void code_decimal(const struct otp *otp, uint64_t step, char *code)
{
	CLEANUP(wipe_digest) struct digest digest;

	hmac_step(otp->algorithm, otp->secret, step, &digest);
	write_base(truncate31(&digest), 10, '0', code, otp->digits);
}

/* The alphabet of Steam Guard, the least significant character first. */
static void code_steam(const struct otp *otp, uint64_t step, char *code)
{
	static const char letters[] = "23456789BCDFGHJKMNPQRTVWXY";
	CLEANUP(wipe_digest) struct digest digest;
	uint32_t v;

	hmac_step(FOB__ALGORITHM__SHA1, otp->secret, step, &digest);
	v = truncate31(&digest);
	for (size_t i = 0; i < OTP_STEAM_DIGITS; i++) {
		code[i] = letters[v % (sizeof(letters) - 1)];
		v /= sizeof(letters) - 1;
	}
	code[OTP_STEAM_DIGITS] = '\0';
}

/* SHA-256 of the pin and the first 16 bytes of the secret. */
static void yandex_key(const struct otp *otp, uint8_t key[static 32])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, otp->pin.n, otp->pin.p);
	sha256_update(&ctx, OTP_YANDEX_SECRET_MIN, otp->secret.p);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, key);
	sodium_memzero(&ctx, sizeof(ctx));
}

/*
 * As Yandex Key does it: a first zero byte of the key is dropped, 63 bits
 * instead of 31 are taken, and the digits are letters.
 */
static void code_yandex(const struct otp *otp, uint64_t step, char *code)
{
	CLEANUP(wipe_digest) struct digest digest;
	uint8_t key[SHA256_DIGEST_SIZE];
	struct bytes used = BYTES(key);
	size_t at;
	uint64_t v;

	yandex_key(otp, key);
	if (key[0] == 0) {
		used.p++;
		used.n--;
	}
	hmac_step(FOB__ALGORITHM__SHA256, used, step, &digest);
	sodium_memzero(key, sizeof(key));
	at = digest.bytes[digest.size - 1] & 15;
	v = load_be(digest.bytes + at, 8) & INT64_MAX;
	write_base(v, 26, 'a', code, OTP_YANDEX_DIGITS);
}

/* Decimal text of a step, which may be negative; returns its length. */
static size_t write_step(uint64_t step, char out[static DECIMAL_MAX])
{
	bool minus = step > INT64_MAX;
	uint64_t v = minus ? 0 - step : step;
	char text[DECIMAL_MAX + 1];
	size_t n = 1;

	for (uint64_t rest = v / 10; rest; rest /= 10)
		n++;
	write_base(v, 10, '0', text, n);
	if (minus)
		out[0] = '-';
	memcpy(out + minus, text, n);
	return n + minus;
}

/*
 * Mobile-OTP: MD5 over three texts, the time in tens of seconds, the secret
 * in lower-case hex and the pin; the first characters of its hex.
 */
static void code_motp(const struct otp *otp, uint64_t step, char *code)
{
	CLEANUP(wipe_digest) struct digest digest;
	char hex[2 * SECRET_MAX + 1], decimal[DECIMAL_MAX];
	struct md5_ctx ctx;
	size_t n = write_step(step, decimal);

	sodium_bin2hex(hex, sizeof(hex), otp->secret.p, otp->secret.n);
	md5_init(&ctx);
	md5_update(&ctx, n, (const uint8_t *)decimal);
	md5_update(&ctx, 2 * otp->secret.n, (const uint8_t *)hex);
	md5_update(&ctx, otp->pin.n, otp->pin.p);
	md5_digest(&ctx, MD5_DIGEST_SIZE, digest.bytes);
	sodium_bin2hex(hex, sizeof(hex), digest.bytes, MD5_DIGEST_SIZE);
	memcpy(code, hex, OTP_MOTP_DIGITS);
	code[OTP_MOTP_DIGITS] = '\0';
	sodium_memzero(hex, sizeof(hex));
	sodium_memzero(&ctx, sizeof(ctx));
}

int otp_code(const struct otp *otp, uint64_t step,
	     char code[static OTP_CODE_MAX])
{
	if (otp_check(otp, NULL) != 0)
		return OTP_ERR_INVALID;
	switch (otp->type) {
	case FOB__OTP_TYPE__STEAM:
		code_steam(otp, step, code);
		break;
	case FOB__OTP_TYPE__MOTP:
		code_motp(otp, step, code);
		break;
	case FOB__OTP_TYPE__YANDEX:
		code_yandex(otp, step, code);
		break;
	default:
		code_decimal(otp, step, code);
		break;
	}
	return 0;
}
