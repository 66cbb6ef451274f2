/* Entries under the keys of the ring. */
#include "daemon/core/trust/keyring.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/seal.h"
#include "proto/secret.h"

/* --- sealing -------------------------------------------------------------- */

static void free_blob(uint8_t **blob)
{
	free(*blob);
}

/* Pads into a new blob, which is longer by the tag. */
static int pad(struct bytes plain, uint8_t **ret, size_t *ret_padded)
{
	size_t padded = seal_padded(plain.n);
	uint8_t *blob;

	if (padded == 0)
		return KEYRING_ERR_TOO_LARGE;
	blob = malloc(padded + TAG_SIZE);
	if (!blob)
		return -ENOMEM;
	if (plain.n > 0)
		memcpy(blob, plain.p, plain.n);
	seal_pad(blob, plain.n, padded);
	*ret = blob;
	*ret_padded = padded;
	return 0;
}

/* Encrypts what is in blob; whatever happens, no plaintext stays there. */
static int encrypt(const struct keyring *ring, const Fob__Head *head,
		   const struct keyring_key *key, uint8_t *blob, size_t padded)
{
	uint8_t keys[2 * KEY_SIZE];
	int err;

	seal_keys(keys, head, ring->set->vault_id, key->secret);
	memcpy(head->entry->commitment.data, keys + KEY_SIZE, COMMITMENT_SIZE);
	err = seal_encrypt(blob, padded, head, keys);
	if (err)
		sodium_memzero(blob, padded);
	sodium_memzero(keys, sizeof(keys));
	return err;
}

static void fill_head(Fob__Entry *entry, struct keyring_sealed *into)
{
	entry->kid = (ProtobufCBinaryData){ KID_SIZE, into->kid };
	entry->nonce = (ProtobufCBinaryData){ NONCE_SIZE, into->nonce };
	entry->commitment =
		(ProtobufCBinaryData){ COMMITMENT_SIZE, into->commitment };
}

int keyring_seal(const struct keyring *ring, const struct device_keys *self,
		 Fob__Head *head, const struct keyring_plain *plain,
		 struct keyring_sealed *ret)
{
	CLEANUP(free_blob) uint8_t *blob = NULL;
	const struct keyring_key *key;
	size_t padded;
	uint32_t group;
	int err;

	REQUIRE(self->unlocked && head->entry &&
		head->entry->group.len == GROUP_ID_SIZE);
	group = set_group(ring->set, head->entry->group.data);
	err = keyring_write_key(ring, group, &key);
	if (err)
		return err;
	err = pad(plain->bytes, &blob, &padded);
	if (err)
		return err;
	memcpy(ret->kid, ring->set->kids[key->kid].id, KID_SIZE);
	fill_head(head->entry, ret);
	err = seal_nonce(ret->nonce, head, plain->bytes, plain->fresh,
			 self->nonce_secret);
	if (!err)
		err = encrypt(ring, head, key, blob, padded);
	else
		sodium_memzero(blob, padded);
	if (err)
		return err;
	ret->blob = blob;
	ret->blob_len = padded + TAG_SIZE;
	blob = NULL;
	return 0;
}

/* --- opening -------------------------------------------------------------- */

static int open_with(const struct keyring *ring, const uint8_t *key,
		     const struct seal_entry *entry, uint8_t **ret,
		     size_t *ret_len)
{
	AUTO_SECRET uint8_t *plain = secret_alloc(entry->blob.n - TAG_SIZE);
	int err;

	if (!plain)
		return -ENOMEM;
	err = seal_decrypt(plain, ret_len, entry, ring->set->vault_id, key);
	if (err == SEAL_ERR_FORGED)
		return KEYRING_ERR_FORGED;
	if (err == SEAL_ERR_PLAIN)
		return KEYRING_ERR_PLAIN;
	if (err)
		return err;
	*ret = plain;
	plain = NULL;
	return 0;
}

static int open_head(const struct keyring *ring, struct bytes head_bytes,
		     struct bytes blob, uint8_t **ret, size_t *ret_len)
{
	struct seal_entry entry = { .head_bytes = head_bytes, .blob = blob };
	const uint8_t *key;
	int err = KEYRING_ERR_FORGED;
	struct watched memory;
	Fob__Head *head;

	watched_init(&memory);
	head = fob__head__unpack(&memory.allocator, head_bytes.n, head_bytes.p);
	if (!head)
		return memory.failed ? -ENOMEM : KEYRING_ERR_FORGED;
	entry.head = head;
	if (head->kind == FOB__KIND__ENTRY && head->entry &&
	    head->entry->kid.len == KID_SIZE) {
		key = keyring_secret(ring, head->entry->kid.data);
		err = key ? open_with(ring, key, &entry, ret, ret_len) :
			    KEYRING_ERR_NO_KEY;
	}
	fob__head__free_unpacked(head, NULL);
	return err;
}

int keyring_open(const struct keyring *ring, struct bytes body,
		 struct bytes blob, uint8_t **ret_plain, size_t *ret_len)
{
	struct watched memory;
	Fob__Body *content;
	int err;

	if (body.n == 0 || body.n > BODY_MAX || blob.n <= TAG_SIZE ||
	    blob.n > BLOB_MAX)
		return KEYRING_ERR_FORGED;
	watched_init(&memory);
	content = fob__body__unpack(&memory.allocator, body.n, body.p);
	if (!content)
		return memory.failed ? -ENOMEM : KEYRING_ERR_FORGED;
	err = open_head(ring,
			(struct bytes){ content->head.data, content->head.len },
			blob, ret_plain, ret_len);
	fob__body__free_unpacked(content, NULL);
	return err;
}
