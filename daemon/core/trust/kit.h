/*
 * The recovery seed and the keys that come from it.
 *
 * 32 random bytes; Ed25519 and X25519 keys by keyed BLAKE2b of a label. The
 * spelling of the seed as words or shares is the client's.
 */
#ifndef FOB_CORE_TRUST_KIT_H
#define FOB_CORE_TRUST_KIT_H

#include "proto/base.h"
#include "proto/limits.h"

struct kit {
	uint8_t sign_secret[64]; /* libsodium's form */
	uint8_t sign_public[KEY_SIZE];
	uint8_t wrap_secret[KEY_SIZE];
	uint8_t wrap_public[KEY_SIZE];
};

/* Every byte of *kit is set. The caller wipes kit and seed. */
void kit_derive(struct kit *kit, const uint8_t seed[static KEY_SIZE]);
void kit_wipe(struct kit *kit); /* NULL is fine */
#define AUTO_KIT CLEANUP(kit_wipe)

#endif
