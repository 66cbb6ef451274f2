#include "client/yubikey/credential.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "client/yubikey/access.h"
#include "client/yubikey/apdu.h"
#include "client/yubikey/oath.h"
#include "client/yubikey/tlv.h"
#include "proto/text.h"

#define DIGITS_FEWEST 6 /* that a card shows */
#define DIGITS_MOST 8
#define TOUCH_SINCE CREDENTIAL_VERSION(4, 2, 4)
#define SHA512_SINCE CREDENTIAL_VERSION(4, 3, 1)
#define PREFIX_SIZE 16

/* --- names -------------------------------------------------------------------- */

/* How long "60/" is, and its number; 0 when the text begins otherwise. */
static size_t period_of(struct bytes text, uint32_t *ret)
{
	uint32_t period = 0;
	size_t i;

	for (i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++) {
		period = 10 * period + (uint32_t)(text.p[i] - '0');
		if (period > PERIOD_MAX)
			return 0;
	}
	if (i == 0 || i == text.n || text.p[i] != '/' || period == 0)
		return 0;
	*ret = period;
	return i + 1;
}

void credential_split(const struct credential *credential,
		      struct credential_parts *ret)
{
	struct bytes name = { credential->name, credential->n };
	const uint8_t *colon;
	size_t prefix = 0;

	*ret = (struct credential_parts){ .issuer = { name.p, 0 } };
	if (credential->type == FOB__OTP_TYPE__TOTP) {
		ret->period = CREDENTIAL_PERIOD;
		prefix = period_of(name, &ret->period);
	}
	name.p += prefix;
	name.n -= prefix;
	colon = name.n > 0 ? memchr(name.p, ':', name.n) : NULL;
	/* A colon at either end parts nothing. */
	if (colon && colon > name.p && colon + 1 < name.p + name.n) {
		ret->issuer.p = name.p;
		ret->issuer.n = (size_t)(colon - name.p);
		name.n -= ret->issuer.n + 1;
		name.p = colon + 1;
	}
	ret->account = name;
}

/*
 * The usual period is left out, unless what follows would be read as one: an
 * issuer that is called "24/7".
 */
static void prefix_of(const Fob__CardAsk *ask, char ret[static PREFIX_SIZE])
{
	const char *first = *ask->issuer ? ask->issuer : ask->account;
	uint32_t unused;

	ret[0] = '\0';
	if (ask->otp->type == FOB__OTP_TYPE__TOTP &&
	    (ask->otp->period != CREDENTIAL_PERIOD ||
	     period_of(text_of(first), &unused) > 0))
		snprintf(ret, PREFIX_SIZE, "%u/", ask->otp->period);
}

static bool append(struct credential *credential, const char *text)
{
	size_t n = strlen(text);

	if (n > sizeof(credential->name) - credential->n)
		return false;
	memcpy(credential->name + credential->n, text, n);
	credential->n += n;
	return true;
}

static const char *make_name(const Fob__CardAsk *ask, struct credential *ret)
{
	char prefix[PREFIX_SIZE];
	bool both = *ask->issuer && *ask->account;

	prefix_of(ask, prefix);
	ret->n = 0;
	if (!append(ret, prefix) || !append(ret, ask->issuer) ||
	    (both && !append(ret, ":")) || !append(ret, ask->account))
		return "issuer and account together are longer than the 64 "
		       "bytes that a key has for a name";
	if (!*ask->issuer && !*ask->account)
		return "it has neither an issuer nor an account, and a key "
		       "wants a name";
	return NULL;
}

/* --- what a card can do --------------------------------------------------------- */

static const char *check_kind(const Fob__OtpValue *otp)
{
	if (otp->type != FOB__OTP_TYPE__TOTP &&
	    otp->type != FOB__OTP_TYPE__HOTP)
		return "a key makes codes of TOTP and HOTP only, not those of "
		       "Steam, Yandex or mOTP";
	if (otp->algorithm < FOB__ALGORITHM__SHA1 ||
	    otp->algorithm > FOB__ALGORITHM__SHA512)
		return "a key knows SHA-1, SHA-256 and SHA-512 only";
	if (otp->digits < DIGITS_FEWEST || otp->digits > DIGITS_MOST)
		return "a key shows 6, 7 or 8 digits";
	if (otp->type == FOB__OTP_TYPE__HOTP && otp->counter > UINT32_MAX)
		return "a key cannot count that far";
	if (otp->secret.len == 0 || otp->secret.len > SECRET_MAX)
		return "there is no secret that fits on a key";
	return NULL;
}

const char *credential_make(const Fob__CardAsk *ask, uint32_t version,
			    struct credential *ret)
{
	const Fob__OtpValue *otp = ask->otp;
	const char *why;

	if (!otp)
		return "this entry has no secret of codes: it was added without one";
	why = check_kind(otp);
	if (why)
		return why;
	if (otp->algorithm == FOB__ALGORITHM__SHA512 && version < SHA512_SINCE)
		return "this key is too old for SHA-512, which takes firmware "
		       "4.3.1";
	if (ask->touch && version < TOUCH_SINCE)
		return "this key is too old to ask for a touch, which takes "
		       "firmware 4.2.4";
	*ret = (struct credential){ .type = otp->type,
				    .algorithm = otp->algorithm,
				    .touch = ask->touch,
				    .touch_known = true };
	return make_name(ask, ret);
}

static uint8_t kind_byte(const struct credential *credential)
{
	uint8_t type = credential->type == FOB__OTP_TYPE__HOTP ? OATH_HOTP :
								 OATH_TOTP;

	/* The numbers of the algorithms are the same there and here. */
	return (uint8_t)(type | credential->algorithm);
}

size_t credential_put(const struct credential *credential,
		      const Fob__OtpValue *otp, uint8_t *ret)
{
	uint8_t key[2 + ACCESS_SECRET_MAX];
	uint32_t counter = (uint32_t)otp->counter;
	uint8_t start[] = { (uint8_t)(counter >> 24), (uint8_t)(counter >> 16),
			    (uint8_t)(counter >> 8), (uint8_t)counter };
	struct bytes secret = { otp->secret.data, otp->secret.len };
	size_t n = 0, key_n;

	key[0] = kind_byte(credential);
	key[1] = (uint8_t)otp->digits;
	key_n = 2 + access_secret(otp->algorithm, secret, key + 2);
	tlv_put(ret, APDU_DATA_MAX, &n,
		(struct tlv){ OATH_NAME, { credential->name, credential->n } });
	tlv_put(ret, APDU_DATA_MAX, &n,
		(struct tlv){ OATH_KEY, { key, key_n } });
	sodium_memzero(key, sizeof(key));
	if (credential->touch) {
		/* The one tag that has a value and no length. */
		REQUIRE(n + 2 <= APDU_DATA_MAX);
		ret[n++] = OATH_PROPERTY;
		ret[n++] = OATH_TOUCHED;
	}
	if (otp->type == FOB__OTP_TYPE__HOTP && counter > 0)
		tlv_put(ret, APDU_DATA_MAX, &n,
			(struct tlv){ OATH_COUNTER, BYTES(start) });
	return n;
}
