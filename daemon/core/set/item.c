/* Items: parsing, making, and the signatures on and in them. */
#include "daemon/core/set/item.h"

#include "daemon/core/set/head.h"
#include "proto/secret.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define KIND_SHIFT 4 /* kind >> KIND_SHIFT is the class */

/* Each label is hashed and signed with its NUL, so none is another's start. */
static const char label_item[] = "fob/1 item";
static const char label_sig_item[] = "fob/1 sig item";
static const char label_device[] = "fob/1 device";
static const char label_join[] = "fob/1 sig join";
static const char label_genesis[] = "fob/1 sig genesis";
static const char label_recovery[] = "fob/1 sig recovery";

#define LABEL_MAX 32

unsigned item_class(uint32_t kind)
{
	uint32_t class = kind >> KIND_SHIFT;

	return class < CLASS_MAX ? (unsigned)class : CLASS_MAX;
}

static void hash_label(crypto_generichash_state *state, const char *label,
		       size_t size)
{
	uint8_t bytes[LABEL_MAX];

	memcpy(bytes, label, size);
	crypto_generichash_update(state, bytes, size);
}

void item_hash(uint8_t ret_id[static ID_SIZE], const uint8_t *body, size_t n)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, ID_SIZE);
	hash_label(&state, label_item, sizeof(label_item));
	crypto_generichash_update(&state, body, n);
	crypto_generichash_final(&state, ret_id, ID_SIZE);
}

static void hash_key(crypto_generichash_state *state,
		     const ProtobufCBinaryData *key)
{
	crypto_generichash_update(state, key->data, key->len);
}

void item_device_id(uint8_t ret_id[static DEVICE_ID_SIZE],
		    const Fob__Certificate *certificate)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, DEVICE_ID_SIZE);
	hash_label(&state, label_device, sizeof(label_device));
	hash_key(&state, &certificate->sign);
	hash_key(&state, &certificate->status);
	hash_key(&state, &certificate->wrap);
	hash_key(&state, &certificate->transport);
	crypto_generichash_final(&state, ret_id, DEVICE_ID_SIZE);
}

/* --- what is signed ------------------------------------------------------- */

/* libsodium signs one run of bytes, so the parts are put together here. */
struct message {
	uint8_t bytes[LABEL_MAX + ID_SIZE + BODY_MAX];
	size_t n;
};

static void put(struct message *m, const void *p, size_t n)
{
	REQUIRE(n <= sizeof(m->bytes) - m->n);
	if (n > 0)
		memcpy(m->bytes + m->n, p, n);
	m->n += n;
}

static void put_key(struct message *m, const ProtobufCBinaryData *key)
{
	put(m, key->data, key->len);
}

static bool verifies(const struct message *m, const uint8_t *signature,
		     const uint8_t *public_key)
{
	return crypto_sign_verify_detached(signature, m->bytes, m->n,
					   public_key) == 0;
}

static void sign(uint8_t *ret, const struct message *m,
		 const uint8_t *secret_key)
{
	crypto_sign_detached(ret, NULL, m->bytes, m->n, secret_key);
}

static void item_message(struct message *m, const struct item *item,
			 const uint8_t *vault_id)
{
	m->n = 0;
	put(m, label_sig_item, sizeof(label_sig_item));
	put(m, vault_id, ID_SIZE);
	put(m, item->body, item->body_len);
}

static void join_message(struct message *m, const uint8_t *vault_id,
			 const uint8_t *sponsor, const Fob__Add *add)
{
	uint8_t rest[5] = { (uint8_t)add->role, (uint8_t)(add->ordinal >> 24),
			    (uint8_t)(add->ordinal >> 16),
			    (uint8_t)(add->ordinal >> 8),
			    (uint8_t)add->ordinal };

	m->n = 0;
	put(m, label_join, sizeof(label_join));
	put(m, vault_id, ID_SIZE);
	put(m, sponsor, DEVICE_ID_SIZE);
	put(m, rest, sizeof(rest));
	put_key(m, &add->device->sign);
	put_key(m, &add->device->status);
	put_key(m, &add->device->wrap);
	put_key(m, &add->device->transport);
}

/*
 * The head without its cosign is the head packed again from shallow copies
 * in which cosign is empty; item_parse lets only heads pass that are equal
 * to their own packing, so all devices arrive at the same bytes.
 */
static void cosign_message(struct message *m, const Fob__Head *head,
			   const uint8_t *vault_id)
{
	Fob__Head bare = *head;
	Fob__Genesis genesis;
	Fob__Recovery recovery;

	m->n = 0;
	if (head->genesis) {
		genesis = *head->genesis;
		genesis.cosign.len = 0;
		bare.genesis = &genesis;
		put(m, label_genesis, sizeof(label_genesis));
	} else {
		recovery = *head->recovery;
		recovery.cosign.len = 0;
		bare.recovery = &recovery;
		put(m, label_recovery, sizeof(label_recovery));
		put(m, vault_id, ID_SIZE);
	}
	REQUIRE(fob__head__get_packed_size(&bare) <= sizeof(m->bytes) - m->n);
	m->n += fob__head__pack(&bare, m->bytes + m->n);
}

void item_join_sign(uint8_t ret[static SIGNATURE_SIZE],
		    const uint8_t vault_id[static ID_SIZE],
		    const uint8_t sponsor[static DEVICE_ID_SIZE],
		    const Fob__Add *add, const uint8_t secret_key[static 64])
{
	struct message m;

	join_message(&m, vault_id, sponsor, add);
	sign(ret, &m, secret_key);
}

int item_cosign(uint8_t ret[static SIGNATURE_SIZE], const Fob__Head *head,
		const uint8_t *vault_id, const uint8_t secret_key[static 64])
{
	struct message m;

	cosign_message(&m, head, vault_id);
	sign(ret, &m, secret_key);
	return 0;
}

int item_verify(const struct item *item, const uint8_t vault_id[static ID_SIZE],
		const uint8_t public_key[static KEY_SIZE])
{
	struct message m;

	item_message(&m, item, vault_id);
	return verifies(&m, item->signature, public_key) ? 0 :
							   ITEM_ERR_SIGNATURE;
}

static bool inner_signatures_ok(const Fob__Head *head, const uint8_t *vault_id)
{
	struct message m;

	switch (head->kind) {
	case FOB__KIND__GENESIS:
		cosign_message(&m, head, NULL);
		return verifies(&m, head->genesis->cosign.data,
				head->genesis->recovery_sign.data);
	case FOB__KIND__ADD:
		join_message(&m, vault_id, head->author.data, head->add);
		return verifies(&m, head->add->join_sig.data,
				head->add->device->sign.data);
	case FOB__KIND__RECOVERY:
		cosign_message(&m, head, vault_id);
		return verifies(&m, head->recovery->cosign.data,
				head->recovery->recovery_sign.data);
	default:
		return true;
	}
}

/* --- parsing -------------------------------------------------------------- */

int item_check_blob(const Fob__Body *body, struct bytes blob)
{
	uint8_t hash[ID_SIZE];

	if (blob.n != body->blob_len || body->blob_hash.len != sizeof(hash))
		return ITEM_ERR_BLOB;
	crypto_generichash(hash, sizeof(hash), blob.p, blob.n, NULL, 0);
	return memcmp(hash, body->blob_hash.data, sizeof(hash)) == 0 ?
		       0 :
		       ITEM_ERR_BLOB;
}

/* An ENTRY has a blob, of a length that sealing can give; nothing else has. */
static bool blob_told_ok(const Fob__Body *body, uint32_t kind)
{
	if (kind == FOB__KIND__ENTRY)
		return body->blob_hash.len == ID_SIZE &&
		       body->blob_len >= TAG_SIZE && body->blob_len <= BLOB_MAX;
	return body->blob_hash.len == 0 && body->blob_len == 0;
}

static bool packs_to(const ProtobufCMessage *message, struct bytes bytes)
{
	uint8_t again[BODY_MAX];

	return protobuf_c_message_get_packed_size(message) == bytes.n &&
	       protobuf_c_message_pack(message, again) == bytes.n &&
	       memcmp(again, bytes.p, bytes.n) == 0;
}

/*
 * No budget is needed here: BODY_MAX bytes unpack to about a megabyte at most,
 * whatever is in them, and what breaks a count is freed at once.
 */
static int unpack(struct item *item)
{
	struct bytes body = { item->body, item->body_len };
	struct watched memory;
	struct bytes head;

	watched_init(&memory);
	item->content = fob__body__unpack(&memory.allocator, body.n, body.p);
	if (memory.failed)
		return -ENOMEM;
	if (!item->content || item->content->base.n_unknown_fields > 0 ||
	    !packs_to(&item->content->base, body))
		return ITEM_ERR_MALFORMED;
	head = (struct bytes){ item->content->head.data,
			       item->content->head.len };
	if (head.n == 0 || head.n > HEAD_RECOVERY_MAX)
		return ITEM_ERR_MALFORMED;
	item->head = fob__head__unpack(&memory.allocator, head.n, head.p);
	if (memory.failed)
		return -ENOMEM;
	if (!item->head || !head_well_formed(item->head) ||
	    head.n > head_limit(item->head->kind) ||
	    !blob_told_ok(item->content, item->head->kind))
		return ITEM_ERR_MALFORMED;
	if (head_known(item->head->kind) && !packs_to(&item->head->base, head))
		return ITEM_ERR_MALFORMED;
	return 0;
}

static int copy(uint8_t **ret, struct bytes bytes)
{
	uint8_t *p = malloc(bytes.n);

	if (!p)
		return -ENOMEM;
	memcpy(p, bytes.p, bytes.n);
	*ret = p;
	return 0;
}

static int fill(struct item *item, struct bytes body, struct bytes blob)
{
	int r = copy(&item->body, body);

	if (r)
		return r;
	item->body_len = body.n;
	r = unpack(item);
	if (r || blob.n == 0)
		return r;
	r = item_check_blob(item->content, blob);
	if (r)
		return r;
	r = copy(&item->blob, blob);
	if (!r)
		item->blob_len = blob.n;
	return r;
}

int item_parse(struct item *item, const uint8_t *vault_id, struct bytes body,
	       struct bytes signature, struct bytes blob)
{
	struct item new AUTO_ITEM = { .body = NULL };
	int r;

	if (body.n == 0 || body.n > BODY_MAX || signature.n != SIGNATURE_SIZE ||
	    blob.n > BLOB_MAX)
		return ITEM_ERR_MALFORMED;
	r = fill(&new, body, blob);
	if (r)
		return r;
	if (!vault_id && new.head->kind != FOB__KIND__GENESIS)
		return ITEM_ERR_MALFORMED;
	if (!inner_signatures_ok(new.head, vault_id))
		return ITEM_ERR_MALFORMED;
	memcpy(new.signature, signature.p, SIGNATURE_SIZE);
	item_hash(new.id, body.p, body.n);
	*item = new;
	new = (struct item){ .body = NULL };
	return 0;
}

void item_deinit(struct item *item)
{
	free(item->body);
	free(item->blob);
	if (item->content)
		fob__body__free_unpacked(item->content, NULL);
	if (item->head)
		fob__head__free_unpacked(item->head, NULL);
	*item = (struct item){ .body = NULL };
}

/* --- making --------------------------------------------------------------- */

/* The body around packed head bytes; ret_body has room for BODY_MAX. */
static size_t pack_body(uint8_t *ret_body, struct bytes head, struct bytes blob)
{
	uint8_t head_copy[HEAD_RECOVERY_MAX];
	uint8_t hash[ID_SIZE];
	Fob__Body body = FOB__BODY__INIT;

	memcpy(head_copy, head.p, head.n);
	body.head.data = head_copy;
	body.head.len = head.n;
	if (blob.n > 0) {
		crypto_generichash(hash, sizeof(hash), blob.p, blob.n, NULL, 0);
		body.blob_hash.data = hash;
		body.blob_hash.len = sizeof(hash);
		body.blob_len = (uint32_t)blob.n;
	}
	if (fob__body__get_packed_size(&body) > BODY_MAX)
		return 0;
	return fob__body__pack(&body, ret_body);
}

int item_make(struct item *item, const Fob__Head *head, struct bytes blob,
	      const uint8_t *vault_id, const uint8_t secret_key[static 64])
{
	static const uint8_t unsigned_yet[SIGNATURE_SIZE] = { 0 };
	uint8_t packed[HEAD_RECOVERY_MAX], body[BODY_MAX];
	struct message m;
	size_t n;
	int r;

	if (fob__head__get_packed_size(head) > sizeof(packed) ||
	    blob.n > BLOB_MAX)
		return ITEM_ERR_MALFORMED;
	n = fob__head__pack(head, packed);
	n = pack_body(body, (struct bytes){ packed, n }, blob);
	r = item_parse(item, vault_id, (struct bytes){ body, n },
		       BYTES(unsigned_yet), blob);
	if (r)
		return r == ITEM_ERR_BLOB ? ITEM_ERR_MALFORMED : r;
	item_message(&m, item, vault_id ? vault_id : item->id);
	sign(item->signature, &m, secret_key);
	return 0;
}
