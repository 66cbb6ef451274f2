/*
 * A group key wrapped for one recipient, and old keys sealed under new ones.
 *
 * Wraps are deterministic: the ephemeral X25519 secret is a hash of the key,
 * its kid and the recipient, so whoever holds the key can make each wrap
 * again and compare. A key names itself by its kid, so an opened key is
 * always checked. Nothing is owned here.
 */
#ifndef FOB_CORE_TRUST_WRAP_H
#define FOB_CORE_TRUST_WRAP_H

#include "proto/base.h"
#include "proto/item.pb-c.h"
#include "proto/limits.h"

enum {
	WRAP_ERR_BAD = 1, /* does not open, or not to the key of that kid */
};

struct wrap_recipient {
	const uint8_t *vault_id;	/* ID_SIZE */
	uint8_t device[DEVICE_ID_SIZE]; /* zeros: the recovery key */
	uint32_t generation;		/* of the recovery key, else 0 */
	uint8_t public_key[KEY_SIZE];	/* X25519 */
};

/* What a Wrap carries besides its recipient. */
struct wrapped {
	uint8_t ephemeral[KEY_SIZE];
	uint8_t box[BOX_SIZE];
};

/* kid = BLAKE2b-128(key = K, "fob/1 kid\0"). */
void wrap_kid(uint8_t ret_kid[static KID_SIZE],
	      const uint8_t key[static KEY_SIZE]);

/* WRAP_ERR_BAD: the public key is of low order (RFC 7748 section 6.1). */
int wrap_make(struct wrapped *ret, const uint8_t key[static KEY_SIZE],
	      const struct wrap_recipient *recipient);

/* Is this, byte for byte, the wrap that wrap_make would make? */
bool wrap_right(const Fob__Wrap *wrap, const uint8_t key[static KEY_SIZE],
		const struct wrap_recipient *recipient);

/*
 * Opens the wrap with the recipient's X25519 secret. kid: KID_SIZE bytes, the
 * name that the opened key must have. 0, WRAP_ERR_BAD.
 */
int wrap_open(uint8_t ret_key[static KEY_SIZE], const Fob__Wrap *wrap,
	      const struct wrap_recipient *recipient,
	      const uint8_t secret[static KEY_SIZE], const uint8_t *kid);

/* An old key sealed under a new one, and opened. 0, WRAP_ERR_BAD. */
void wrap_seal_parent(uint8_t ret_box[static BOX_SIZE],
		      const uint8_t key[static KEY_SIZE],
		      const uint8_t parent[static KEY_SIZE]);
int wrap_open_parent(uint8_t ret_parent[static KEY_SIZE],
		     const uint8_t key[static KEY_SIZE],
		     const Fob__SealedParent *sealed);

#endif
