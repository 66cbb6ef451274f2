/*
 * One signed item: its bytes, its id, and what its head says.
 *
 * An item that item_parse() accepted is well-formed: every length, count and
 * payload agrees with DESIGN of the format (proto/README.md, "Items"), the
 * keys in it are on their curves, inner signatures (join_sig, cosign) that
 * need no other item verify. Whether its own signature is good is asked
 * separately, with item_verify(), since a chained item need not be asked.
 * The item owns copies of its bytes; it never encodes them again.
 */
#ifndef FOB_CORE_SET_ITEM_H
#define FOB_CORE_SET_ITEM_H

#include "proto/base.h"
#include "proto/item.pb-c.h"
#include "proto/limits.h"

enum {
	ITEM_ERR_MALFORMED = 1, /* not an item, or one that breaks a rule */
	ITEM_ERR_SIGNATURE,	/* does not verify */
	ITEM_ERR_BLOB,		/* blob and blob_hash or blob_len differ */
};

struct item {
	uint8_t id[ID_SIZE];
	uint8_t *body; /* exact bytes, owned */
	size_t body_len;
	uint8_t signature[SIGNATURE_SIZE];
	uint8_t *blob;	    /* owned, or NULL: a stub */
	size_t blob_len;    /* of blob as held; body->blob_len as told */
	Fob__Body *content; /* unpacked, owned */
	Fob__Head *head;    /* unpacked, owned */
};

/* The class (0, 1, 2) of a kind, or CLASS_MAX for none. */
unsigned item_class(uint32_t kind);

/* id = BLAKE2b-256("fob/1 item\0" || body). */
void item_hash(uint8_t ret_id[static ID_SIZE], const uint8_t *body, size_t n);

/*
 * Copies and checks. signature must be SIGNATURE_SIZE long; blob may be
 * empty (a stub). vault_id NULL: only a GENESIS may come. Returns 0,
 * -ENOMEM, ITEM_ERR_MALFORMED or ITEM_ERR_BLOB.
 */
int item_parse(struct item *item, const uint8_t *vault_id, struct bytes body,
	       struct bytes signature, struct bytes blob);
void item_deinit(struct item *item);
#define AUTO_ITEM CLEANUP(item_deinit)

/* Ed25519 over "fob/1 sig item\0" || vault_id || body: 0, ITEM_ERR_SIGNATURE. */
int item_verify(const struct item *item, const uint8_t vault_id[static ID_SIZE],
		const uint8_t public_key[static KEY_SIZE]);

/*
 * Makes an item from a head and a blob (may be empty): encodes once, hashes,
 * signs with the Ed25519 secret (64 bytes, libsodium's form). vault_id NULL
 * makes a GENESIS, which signs its own id as vault id. 0 or -ENOMEM,
 * ITEM_ERR_MALFORMED when the result would break a limit.
 */
int item_make(struct item *item, const Fob__Head *head, struct bytes blob,
	      const uint8_t *vault_id, const uint8_t secret_key[static 64]);

/*
 * Inner signatures, for those who make heads. All labels are with their NUL.
 * join_sig of an ADD, by the newcomer: "fob/1 sig join\0" || vault_id ||
 * sponsor (zeros: the recovery key) || role, 1 byte || ordinal, u32 big-endian
 * || sign || status || wrap || transport. add: complete but for join_sig.
 */
void item_join_sign(uint8_t ret[static SIGNATURE_SIZE],
		    const uint8_t vault_id[static ID_SIZE],
		    const uint8_t sponsor[static DEVICE_ID_SIZE],
		    const Fob__Add *add, const uint8_t secret_key[static 64]);

/*
 * cosign of a GENESIS ("fob/1 sig genesis\0" || head; vault_id NULL), by its
 * recovery key, or of a RECOVERY ("fob/1 sig recovery\0" || vault_id || head),
 * by the next key. head: complete, cosign still empty. 0 or -ENOMEM.
 */
int item_cosign(uint8_t ret[static SIGNATURE_SIZE], const Fob__Head *head,
		const uint8_t *vault_id, const uint8_t secret_key[static 64]);

/* Is this the blob that the body tells of? 0, ITEM_ERR_BLOB. */
int item_check_blob(const Fob__Body *body, struct bytes blob);

/* device_id = BLAKE2b-128("fob/1 device\0" || the four keys). */
void item_device_id(uint8_t ret_id[static DEVICE_ID_SIZE],
		    const Fob__Certificate *certificate);

#endif
