/*
 * An entry's plaintext becomes a blob, and comes back.
 *
 * Padded to few sizes, encrypted by XChaCha20-Poly1305 under a key made for
 * this entry, bound to the exact bytes of its head, and committed to: a blob
 * has one key only (format section "Entries"). Nothing is owned here.
 */
#ifndef FOB_CORE_TRUST_SEAL_H
#define FOB_CORE_TRUST_SEAL_H

#include "proto/base.h"
#include "proto/item.pb-c.h"
#include "proto/limits.h"

enum {
	SEAL_ERR_FORGED = 1, /* does not decrypt, or commitment differs */
	SEAL_ERR_PLAIN,	     /* decrypts, but is not padded as we pad */
};

/* Padded size of n bytes: 256, 512, 1024, 2048, ...; 0: over PLAIN_MAX. */
size_t seal_padded(size_t n);

/*
 * nonce = BLAKE2b-192(key = nonce_secret, "fob/1 entry nonce\0" || fresh ||
 * BLAKE2b-256(plain) || head without nonce and commitment). head is an ENTRY,
 * complete but for these two. 0, -ENOMEM.
 */
int seal_nonce(uint8_t ret_nonce[static NONCE_SIZE], const Fob__Head *head,
	       struct bytes plain, const uint8_t fresh[static KEY_SIZE],
	       const uint8_t nonce_secret[static KEY_SIZE]);

/*
 * Key and commitment of an entry whose head says group, record, author and
 * nonce: BLAKE2b-512(key = K, "fob/1 entry\0" || vault || group || record ||
 * author || nonce). ret[0..31] is the key, ret[32..63] the commitment.
 */
void seal_keys(uint8_t ret[static 2 * KEY_SIZE], const Fob__Head *head,
	       const uint8_t vault_id[static ID_SIZE],
	       const uint8_t key[static KEY_SIZE]);

/*
 * ret_blob has room for padded + TAG_SIZE bytes, its first padded ones are
 * the plaintext already padded by seal_pad; keys are those of seal_keys.
 */
void seal_pad(uint8_t *p, size_t n, size_t padded);
int seal_encrypt(uint8_t *ret_blob, size_t padded, const Fob__Head *head,
		 const uint8_t keys[static 2 * KEY_SIZE]); /* 0, -ENOMEM */

/*
 * Decrypts into ret_plain, which has room for blob.n - TAG_SIZE bytes; what
 * is behind *ret_len there is padding. head_bytes: exactly as received; head:
 * the same, unpacked. 0, -ENOMEM, SEAL_ERR_*.
 */
struct seal_entry {
	const Fob__Head *head;
	struct bytes head_bytes;
	struct bytes blob;
};
int seal_decrypt(uint8_t *ret_plain, size_t *ret_len,
		 const struct seal_entry *entry,
		 const uint8_t vault_id[static ID_SIZE],
		 const uint8_t key[static KEY_SIZE]);

#endif
