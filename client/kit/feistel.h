/*
 * The encryption of SLIP-0039: four Feistel rounds of PBKDF2-HMAC-SHA256 over
 * the secret before it is split, so that a passphrase can be asked for too.
 * fob uses none. Pure functions; the caller wipes what comes out.
 */
#ifndef FOB_KIT_FEISTEL_H
#define FOB_KIT_FEISTEL_H

#include "proto/base.h"

#define FEISTEL_MAX 32	       /* bytes of a secret */
#define FEISTEL_PASSPHRASE 128 /* bytes */

struct feistel {
	uint16_t id; /* salts it, when the shares are not extendable */
	bool extendable;
	uint8_t exponent;	 /* 0..15: 10,000 * 2^exponent iterations */
	struct bytes passphrase; /* at most FEISTEL_PASSPHRASE bytes */
};

/* in: 16..FEISTEL_MAX bytes, an even number; as many come out. */
void feistel_encrypt(const struct feistel *how, uint8_t *ret, struct bytes in);
void feistel_decrypt(const struct feistel *how, uint8_t *ret, struct bytes in);

#endif
