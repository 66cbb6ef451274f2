/*
 * The cryptography that YKOATH asks of its host: the key that an access code
 * stands for, the proofs that both sides know it, and the secret as a card
 * keeps it. Pure; whoever calls wipes what it gets.
 */
#ifndef FOB_YUBIKEY_ACCESS_H
#define FOB_YUBIKEY_ACCESS_H

#include "proto/base.h"

#define ACCESS_KEY_SIZE 16
#define ACCESS_PROOF_SIZE 20 /* HMAC-SHA-1 */

/*
 * PBKDF2 (RFC 8018 section 5.2) with HMAC-SHA-1 and 1,000 rounds; the salt is
 * the device id of SELECT. The card chose it and so few rounds, not we.
 */
void access_key(struct bytes code, struct bytes device,
		uint8_t ret[static ACCESS_KEY_SIZE]);

/* VALIDATE: HMAC-SHA-1 of the challenge. */
void access_proof(const uint8_t key[static ACCESS_KEY_SIZE],
		  struct bytes challenge,
		  uint8_t ret[static ACCESS_PROOF_SIZE]);

#define ACCESS_SECRET_MAX 128 /* the block of SHA-512 */

/*
 * A secret longer than the block of its hash becomes its hash (RFC 2104
 * section 2), one shorter than 14 bytes gets zeros at its end: neither changes
 * a code. algorithm: of enum Fob__Algorithm, one that a card knows. Returns
 * the length.
 */
size_t access_secret(uint32_t algorithm, struct bytes secret,
		     uint8_t ret[static ACCESS_SECRET_MAX]);

#endif
