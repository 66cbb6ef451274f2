/*
 * Opening keys and making their wraps again. Both cost a Diffie-Hellman, so
 * both are done once for each item: an item's bytes never change, and neither
 * does what comes out of them.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"
#include "daemon/core/trust/keyring_table.h"
#include "daemon/core/trust/wrap.h"
#include "proto/secret.h"

/* --- opening -------------------------------------------------------------- */

const uint8_t *keyring_find_secret(const struct keyring *ring, uint32_t kid)
{
	for (uint32_t i = 0; i < ring->n_secrets; i++)
		if (ring->secrets[i].kid == kid)
			return ring->secrets[i].key;
	return NULL;
}

/* Beyond the limit a key stays closed: peers do not fill our memory. */
static int keep_secret(struct keyring *ring, uint32_t kid,
		       const uint8_t secret[static KEY_SIZE])
{
	struct keyring_secret *more;
	uint32_t cap = ring->cap_secrets;
	uint8_t *key;

	if (ring->n_secrets == KEYS_HELD_MAX)
		return 0;
	if (ring->n_secrets == cap) {
		cap = cap ? 2 * cap : 8;
		more = realloc(ring->secrets, cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		ring->secrets = more;
		ring->cap_secrets = cap;
	}
	key = secret_alloc(KEY_SIZE);
	if (!key)
		return -ENOMEM;
	memcpy(key, secret, KEY_SIZE);
	ring->secrets[ring->n_secrets++] =
		(struct keyring_secret){ .kid = kid, .key = key };
	return 0;
}

static int open_wrap(struct keyring *ring, const struct device_keys *self,
		     uint32_t kid, const Fob__Wrap *wrap)
{
	struct wrap_recipient me = { .vault_id = ring->set->vault_id };
	uint8_t secret[KEY_SIZE];
	int err = 0;

	if (memcmp(wrap->recipient.data, self->id, DEVICE_ID_SIZE) != 0 ||
	    keyring_find_secret(ring, kid))
		return 0;
	memcpy(me.device, self->id, DEVICE_ID_SIZE);
	memcpy(me.public_key, self->wrap_public, KEY_SIZE);
	if (wrap_open(secret, wrap, &me, self->wrap_secret,
		      keyring_kid_bytes(ring, kid)) == 0)
		err = keep_secret(ring, kid, secret);
	sodium_memzero(secret, sizeof(secret));
	return err;
}

static int open_item(struct keyring *ring, const struct device_keys *self,
		     const struct key_item *it)
{
	int err = 0;

	if (bits_get(ring->tried, it->item))
		return 0;
	bits_set(ring->tried, it->item);
	if (it->head->grant)
		return open_wrap(ring, self, it->kid, it->head->grant->wrap);
	for (size_t i = 0; i < it->head->key->n_wraps && !err; i++)
		err = open_wrap(ring, self, it->kid, it->head->key->wraps[i]);
	return err;
}

/*
 * What does not count for writing may still be needed for reading, so all
 * that is held is opened; what counts goes first, because of the limit.
 */
static int open_wraps(struct keyring *ring, const struct device_keys *self)
{
	struct key_item it;
	int err = 0;

	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < ring->set->n_heads && !err; i++)
			if (keyring_read_item(ring, i, &it) &&
			    it.valid == (pass == 0))
				err = open_item(ring, self, &it);
	return err;
}

static int open_parents(struct keyring *ring, const struct key_item *it,
			const uint8_t *secret, bool *changed)
{
	const Fob__Key *key = it->head->key;
	uint8_t parent[KEY_SIZE];
	int err = 0;

	bits_set(ring->unsealed, it->item);
	for (size_t i = 0; i < key->n_sealed && !err; i++) {
		uint32_t kid = set_kid(ring->set, key->sealed[i]->kid.data);

		if (kid == NONE || keyring_find_secret(ring, kid) ||
		    wrap_open_parent(parent, secret, key->sealed[i]) != 0)
			continue;
		err = keep_secret(ring, kid, parent);
		*changed = true;
	}
	sodium_memzero(parent, sizeof(parent));
	return err;
}

static int open_carried(struct keyring *ring)
{
	struct key_item it;
	bool changed;
	int err = 0;

	do {
		changed = false;
		for (uint32_t i = 0; i < ring->set->n_heads && !err; i++) {
			const uint8_t *secret;

			if (!keyring_read_item(ring, i, &it) || !it.head->key ||
			    bits_get(ring->unsealed, it.item))
				continue;
			secret = keyring_find_secret(ring, it.kid);
			if (secret)
				err = open_parents(ring, &it, secret, &changed);
		}
	} while (changed && !err);
	return err;
}

static int open_kit_wrap(struct keyring *ring, const struct kit *kit,
			 uint32_t kid, const Fob__Wrap *wrap)
{
	struct wrap_recipient to = { .vault_id = ring->set->vault_id,
				     .generation = wrap->generation };
	uint8_t secret[KEY_SIZE];
	int err = 0;

	if (!sodium_is_zero(wrap->recipient.data, DEVICE_ID_SIZE) ||
	    keyring_find_secret(ring, kid))
		return 0;
	memcpy(to.public_key, kit->wrap_public, KEY_SIZE);
	if (wrap_open(secret, wrap, &to, kit->wrap_secret,
		      keyring_kid_bytes(ring, kid)) == 0)
		err = keep_secret(ring, kid, secret);
	sodium_memzero(secret, sizeof(secret));
	return err;
}

int keyring_open_for_kit(struct keyring *ring, const struct kit *kit)
{
	struct key_item it;
	int err = 0;

	for (uint32_t i = 0; i < ring->set->n_heads && !err; i++) {
		const Fob__Key *key;

		if (!keyring_read_item(ring, i, &it))
			continue;
		if (it.head->grant)
			err = open_kit_wrap(ring, kit, it.kid,
					    it.head->grant->wrap);
		key = it.head->key;
		for (size_t w = 0; key && w < key->n_wraps && !err; w++)
			err = open_kit_wrap(ring, kit, it.kid, key->wraps[w]);
	}
	return err ? err : open_carried(ring);
}

int keyring_open_keys(struct keyring *ring, const struct device_keys *self)
{
	int err = open_wraps(ring, self);

	return err ? err : open_carried(ring);
}

/* --- audit ---------------------------------------------------------------- */

enum verdict { RIGHT, WRONG, UNKNOWN };

/* A generation may have two keys while recovery is frozen: either is right. */
static enum verdict audit_kit_wrap(const struct keyring *ring,
				   const Fob__Wrap *wrap, const uint8_t *secret)
{
	struct wrap_recipient to = { .vault_id = ring->set->vault_id,
				     .generation = wrap->generation };
	enum verdict verdict = UNKNOWN;

	for (uint32_t i = 0; i < ring->set->n_recoveries; i++) {
		const struct set_recovery *r = &ring->set->recoveries[i];

		if (r->generation != wrap->generation)
			continue;
		memcpy(to.public_key, r->wrap, KEY_SIZE);
		if (wrap_right(wrap, secret, &to))
			return RIGHT;
		verdict = WRONG;
	}
	return verdict;
}

static enum verdict audit_wrap(const struct keyring *ring,
			       const Fob__Wrap *wrap, const uint8_t *secret)
{
	struct wrap_recipient to = { .vault_id = ring->set->vault_id };
	uint32_t author;

	if (sodium_is_zero(wrap->recipient.data, DEVICE_ID_SIZE))
		return audit_kit_wrap(ring, wrap, secret);
	author = set_author(ring->set, wrap->recipient.data);
	if (author == NONE)
		return UNKNOWN;
	memcpy(to.device, wrap->recipient.data, DEVICE_ID_SIZE);
	memcpy(to.public_key, ring->set->authors[author].wrap, KEY_SIZE);
	return wrap_right(wrap, secret, &to) ? RIGHT : WRONG;
}

static bool parent_right(const Fob__SealedParent *sealed, const uint8_t *secret)
{
	uint8_t parent[KEY_SIZE];
	bool ok = wrap_open_parent(parent, secret, sealed) == 0;

	sodium_memzero(parent, sizeof(parent));
	return ok;
}

static enum verdict audit_key(const struct keyring *ring, const Fob__Key *key,
			      const uint8_t *secret)
{
	enum verdict all = RIGHT;

	for (size_t i = 0; i < key->n_wraps; i++) {
		enum verdict one = audit_wrap(ring, key->wraps[i], secret);

		if (one == WRONG)
			return WRONG;
		if (one == UNKNOWN)
			all = UNKNOWN;
	}
	for (size_t i = 0; i < key->n_sealed; i++)
		if (!parent_right(key->sealed[i], secret))
			return WRONG;
	return all;
}

static enum verdict audit_item(struct keyring *ring, const struct key_item *it,
			       const uint8_t *secret)
{
	enum verdict verdict;

	if (bits_get(ring->right, it->item))
		return RIGHT;
	if (bits_get(ring->wrong, it->item) && !ring->set->frozen)
		return WRONG;
	verdict = it->head->key ?
			  audit_key(ring, it->head->key, secret) :
			  audit_wrap(ring, it->head->grant->wrap, secret);
	if (verdict == RIGHT)
		bits_set(ring->right, it->item);
	/* A second kit of a generation, which freezes, may make it right. */
	if (verdict == WRONG)
		bits_set(ring->wrong, it->item);
	return verdict;
}

/* A key that is not held can not be audited, and passes. */
void keyring_audit(struct keyring *ring)
{
	struct key_item it;

	for (uint32_t i = 0; i < ring->n_keys; i++) {
		struct keyring_key *key = &ring->keys[i];

		key->secret = keyring_find_secret(ring, key->kid);
		key->held = key->secret != NULL;
		key->audited = true;
	}
	for (uint32_t i = 0; i < ring->set->n_heads; i++) {
		const uint8_t *secret;
		enum verdict verdict;

		if (!keyring_read_item(ring, i, &it) || !it.valid)
			continue;
		secret = keyring_find_secret(ring, it.kid);
		if (!secret)
			continue;
		verdict = audit_item(ring, &it, secret);
		for (uint32_t k = keyring_first_of(ring, it.kid);
		     keyring_is_kid(ring, k, it.kid); k++) {
			ring->keys[k].audited &= verdict == RIGHT;
			ring->keys[k].poisoned |= verdict == WRONG;
		}
	}
}
