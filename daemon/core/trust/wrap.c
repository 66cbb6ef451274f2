/*
 * Wraps by X25519, BLAKE2b and ChaCha20-Poly1305 (RFC 8439). The zero nonces
 * are safe: a box key belongs to one ephemeral key and one recipient, and a
 * parent key to one pair of keys; each encrypts one message only.
 */
#include "daemon/core/trust/wrap.h"

#include <sodium.h>
#include <string.h>

#include "daemon/core/trust/digest.h"

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

void wrap_kid(uint8_t ret_kid[static KID_SIZE],
	      const uint8_t key[static KEY_SIZE])
{
	const struct bytes parts[] = { LABEL("fob/1 kid") };

	DIGEST(ret_kid, KID_SIZE, ((struct bytes){ key, KEY_SIZE }), parts);
}

static bool is_recovery(const struct wrap_recipient *recipient)
{
	return sodium_is_zero(recipient->device, DEVICE_ID_SIZE);
}

static void ephemeral_secret(uint8_t ret[static KEY_SIZE],
			     const uint8_t key[static KEY_SIZE],
			     const uint8_t kid[static KID_SIZE],
			     const struct wrap_recipient *recipient)
{
	const uint32_t g = recipient->generation;
	const uint8_t generation[] = { (uint8_t)(g >> 24), (uint8_t)(g >> 16),
				       (uint8_t)(g >> 8), (uint8_t)g };
	const struct bytes parts[] = {
		LABEL("fob/1 wrap eph"),
		{ kid, KID_SIZE },
		{ recipient->device, DEVICE_ID_SIZE },
		{ generation, is_recovery(recipient) ? sizeof(generation) : 0 },
	};

	DIGEST(ret, KEY_SIZE, ((struct bytes){ key, KEY_SIZE }), parts);
}

/* From the X25519 product of one side's secret and the other's point. */
static void box_key(uint8_t ret[static KEY_SIZE],
		    const uint8_t shared[static KEY_SIZE],
		    const uint8_t ephemeral[static KEY_SIZE],
		    const struct wrap_recipient *recipient, const uint8_t *kid)
{
	const struct bytes parts[] = {
		LABEL("fob/1 wrap"),
		{ recipient->vault_id, ID_SIZE },
		{ shared, KEY_SIZE },
		{ ephemeral, KEY_SIZE },
		{ recipient->public_key, KEY_SIZE },
		{ kid, KID_SIZE },
	};

	DIGEST(ret, KEY_SIZE, NO_KEY, parts);
}

static void seal(uint8_t box[static BOX_SIZE], const uint8_t *plain,
		 const uint8_t *key)
{
	crypto_aead_chacha20poly1305_ietf_encrypt(
		box, NULL, plain, KEY_SIZE, NULL, 0, NULL, zero_nonce, key);
}

/* Opens into ret only what has the name kid. */
static int open_named(uint8_t *ret, const uint8_t *box, const uint8_t *key,
		      const uint8_t *kid)
{
	uint8_t opened[KEY_SIZE], name[KID_SIZE];
	int err = WRAP_ERR_BAD;

	if (crypto_aead_chacha20poly1305_ietf_decrypt(opened, NULL, NULL, box,
						      BOX_SIZE, NULL, 0,
						      zero_nonce, key) == 0) {
		wrap_kid(name, opened);
		if (memcmp(name, kid, KID_SIZE) == 0) {
			memcpy(ret, opened, KEY_SIZE);
			err = 0;
		}
	}
	sodium_memzero(opened, sizeof(opened));
	return err;
}

int wrap_make(struct wrapped *ret, const uint8_t key[static KEY_SIZE],
	      const struct wrap_recipient *recipient)
{
	uint8_t secret[KEY_SIZE], shared[KEY_SIZE], sealing[KEY_SIZE];
	uint8_t kid[KID_SIZE];
	int err = WRAP_ERR_BAD;

	wrap_kid(kid, key);
	ephemeral_secret(secret, key, kid, recipient);
	/* It fails for points of low order only. */
	if (crypto_scalarmult(shared, secret, recipient->public_key) == 0) {
		crypto_scalarmult_base(ret->ephemeral, secret);
		box_key(sealing, shared, ret->ephemeral, recipient, kid);
		seal(ret->box, key, sealing);
		err = 0;
	}
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(sealing, sizeof(sealing));
	return err;
}

static bool wrap_sized(const Fob__Wrap *wrap)
{
	return wrap->ephemeral.len == KEY_SIZE && wrap->box.len == BOX_SIZE;
}

bool wrap_right(const Fob__Wrap *wrap, const uint8_t key[static KEY_SIZE],
		const struct wrap_recipient *recipient)
{
	struct wrapped want;

	return wrap_sized(wrap) && wrap_make(&want, key, recipient) == 0 &&
	       memcmp(want.ephemeral, wrap->ephemeral.data, KEY_SIZE) == 0 &&
	       memcmp(want.box, wrap->box.data, BOX_SIZE) == 0;
}

int wrap_open(uint8_t ret_key[static KEY_SIZE], const Fob__Wrap *wrap,
	      const struct wrap_recipient *recipient,
	      const uint8_t secret[static KEY_SIZE], const uint8_t *kid)
{
	uint8_t shared[KEY_SIZE], opening[KEY_SIZE];
	int err = WRAP_ERR_BAD;

	if (!wrap_sized(wrap))
		return WRAP_ERR_BAD;
	if (crypto_scalarmult(shared, secret, wrap->ephemeral.data) == 0) {
		box_key(opening, shared, wrap->ephemeral.data, recipient, kid);
		err = open_named(ret_key, wrap->box.data, opening, kid);
	}
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(opening, sizeof(opening));
	return err;
}

static void parent_key(uint8_t ret[static KEY_SIZE], const uint8_t *key,
		       const uint8_t *parent_kid)
{
	const struct bytes parts[] = { LABEL("fob/1 parent"),
				       { parent_kid, KID_SIZE } };

	DIGEST(ret, KEY_SIZE, ((struct bytes){ key, KEY_SIZE }), parts);
}

void wrap_seal_parent(uint8_t ret_box[static BOX_SIZE],
		      const uint8_t key[static KEY_SIZE],
		      const uint8_t parent[static KEY_SIZE])
{
	uint8_t sealing[KEY_SIZE], kid[KID_SIZE];

	wrap_kid(kid, parent);
	parent_key(sealing, key, kid);
	seal(ret_box, parent, sealing);
	sodium_memzero(sealing, sizeof(sealing));
}

int wrap_open_parent(uint8_t ret_parent[static KEY_SIZE],
		     const uint8_t key[static KEY_SIZE],
		     const Fob__SealedParent *sealed)
{
	uint8_t opening[KEY_SIZE];
	int err;

	if (sealed->kid.len != KID_SIZE || sealed->box.len != BOX_SIZE)
		return WRAP_ERR_BAD;
	parent_key(opening, key, sealed->kid.data);
	err = open_named(ret_parent, sealed->box.data, opening,
			 sealed->kid.data);
	sodium_memzero(opening, sizeof(opening));
	return err;
}
