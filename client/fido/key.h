/*
 * One security key, and the two things that are asked of it: a new credential,
 * and the secret that it makes of a credential and a salt (hmac-secret, CTAP
 * 2.1 section 12.5). It asks for the PIN at the terminal and says when to
 * touch. What fails is put into the answer, in words.
 */
#ifndef FOB_CLIENT_FIDO_KEY_H
#define FOB_CLIENT_FIDO_KEY_H

#include "client/fido/device.h"
#include "proto/local.pb-c.h"
#include "proto/status.h"

/* A secret that was had; in secret memory. */
struct key_answer {
	enum status status;
	char message[256]; /* why */
	char slot[32];	   /* whose secret it is; empty for a new credential */
	bool verify;
	uint8_t salt[FIDO2_SALT_SIZE];
	uint8_t secret[KEY_SIZE];
	size_t credential_len;
	uint8_t credential[FIDO2_CREDENTIAL_MAX];
};

/* A new credential in the one key that is there, and its first secret. */
void key_make(const Fob__KeyAsk *ask, struct key_answer *ret);

/* The secret of a slot, from whichever key knows its credential. */
void key_secret(const Fob__KeyAsk *ask, struct key_answer *ret);

#endif
