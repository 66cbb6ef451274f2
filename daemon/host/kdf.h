/*
 * Argon2id (RFC 9106), which turns a passphrase into a key by taking time and
 * memory on purpose. It runs on a thread of its own, one at a time: this is
 * the work, the loop decides when.
 */
#ifndef FOB_HOST_KDF_H
#define FOB_HOST_KDF_H

#include "proto/base.h"
#include "proto/limits.h"

#define KDF_SALT 16

struct kdf {
	uint8_t *passphrase; /* owned, wiped by kdf_free() */
	size_t passphrase_len;
	uint8_t salt[KDF_SALT];
	uint64_t memory; /* bytes */
	uint32_t passes; /* 0: as many as KDF_CALIBRATE_MS take */
	uint32_t token;
	int error; /* after kdf_run(): 0 or -ENOMEM */
	uint8_t key[KEY_SIZE];
};

/* Takes the passphrase, from malloc(). NULL: no memory; it is wiped. */
struct kdf *kdf_new(uint8_t *passphrase, size_t n);
void kdf_free(struct kdf *kdf); /* wipes; NULL is fine */

/* Fills key and error, and passes when that was 0. */
void kdf_run(void *kdf);

#endif
