/*
 * An account as a card keeps it: its name, which carries issuer and period
 * too ("60/issuer:account"), and what of the vault's accounts a card can do.
 * Pure functions; names from a card may be any bytes.
 */
#ifndef FOB_YUBIKEY_CREDENTIAL_H
#define FOB_YUBIKEY_CREDENTIAL_H

#include "proto/local.pb-c.h"
#include "proto/base.h"
#include "proto/limits.h"

#define CREDENTIAL_PERIOD 30 /* seconds, when the name says nothing */

/* A name, and what it says. */
struct credential {
	uint8_t name[CARD_NAME_MAX];
	size_t n;
	uint32_t type;	    /* FOB__OTP_TYPE__TOTP or HOTP */
	uint32_t algorithm; /* enum Fob__Algorithm, or 0 for another */
	bool touch, touch_known;
};

struct credential_parts {
	struct bytes issuer, account; /* in the name */
	uint32_t period;	      /* 0: HOTP */
};

void credential_split(const struct credential *credential,
		      struct credential_parts *ret);

/* The three numbers of a firmware, compared as one. */
#define CREDENTIAL_VERSION(a, b, c) ((uint32_t)((a) << 16 | (b) << 8 | (c)))

/*
 * What is asked to be put on a card of this version. NULL and *ret, but for
 * the secret; or why it cannot be, a sentence for people.
 */
const char *credential_make(const Fob__CardAsk *ask, uint32_t version,
			    struct credential *ret);

/*
 * The data of PUT for it, with the secret of the ask. Returns the length, at
 * most APDU_DATA_MAX, which ret has room for.
 */
size_t credential_put(const struct credential *credential,
		      const Fob__OtpValue *otp, uint8_t *ret);

#endif
