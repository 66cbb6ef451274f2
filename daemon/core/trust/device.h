/*
 * This device's own keys: made once, sealed in two parts.
 *
 * status and transport work while locked, so they rest in the store as they
 * are; sign and wrap are sealed under the unlock key. struct device_keys is
 * for secret memory only (proto/secret).
 */
#ifndef FOB_CORE_TRUST_DEVICE_H
#define FOB_CORE_TRUST_DEVICE_H

#include "proto/base.h"
#include "proto/item.pb-c.h"
#include "proto/limits.h"

enum {
	DEVICE_ERR_DAMAGED = 1, /* not a row of ours */
	DEVICE_ERR_KEY,		/* this unlock key does not open it */
};

struct device_keys {
	uint8_t id[DEVICE_ID_SIZE];
	uint8_t sign_secret[64], sign_public[KEY_SIZE];
	uint8_t status_secret[64], status_public[KEY_SIZE];
	uint8_t wrap_secret[KEY_SIZE], wrap_public[KEY_SIZE];
	uint8_t transport_secret[KEY_SIZE], transport_public[KEY_SIZE];
	uint8_t nonce_secret[KEY_SIZE]; /* for entry nonces; sealed too */
	bool unlocked; /* sign, wrap and nonce secrets are here */
};

/* All keys from 32 bytes of entropy, which the caller wipes. */
void device_make(struct device_keys *keys,
		 const uint8_t entropy[static KEY_SIZE]);
/* Wipes sign, wrap and nonce secrets, keeps the rest. */
void device_lock(struct device_keys *keys);
void device_wipe(struct device_keys *keys); /* everything; NULL is fine */
#define AUTO_DEVICE CLEANUP(device_wipe)
/* The four public keys; it points into keys. */
void device_certificate(const struct device_keys *keys, Fob__Certificate *ret);

#define DEVICE_ROW_MAX 1024
/*
 * The row of the store: clear part, sealed part, checksum. seal_nonce: 24
 * fresh bytes. A keeper's row is not sealed: unlock_key NULL. keys must be
 * unlocked. Returns the length of the row.
 */
size_t device_pack(uint8_t ret_row[static DEVICE_ROW_MAX],
		   const struct device_keys *keys, const uint8_t *unlock_key,
		   const uint8_t seal_nonce[static NONCE_SIZE]);
/*
 * Locked keys from a row; those of a row that is not sealed are unlocked. 0,
 * DEVICE_ERR_DAMAGED, then keys are untouched.
 */
int device_load(struct device_keys *keys, struct bytes row);
/*
 * Opens the sealed part into keys that were loaded from this row. 0,
 * DEVICE_ERR_DAMAGED, DEVICE_ERR_KEY, then keys are untouched.
 */
int device_unlock(struct device_keys *keys, struct bytes row,
		  const uint8_t unlock_key[static KEY_SIZE]);

/*
 * An unlock slot: the unlock key wrapped under a key that comes from a
 * passphrase (Argon2id, made by the host), a key file or the answer of a
 * security key (keyed BLAKE2b).
 */
enum slot_type { SLOT_PASSPHRASE = 1, SLOT_KEY_FILE = 2, SLOT_FIDO2 = 3 };

/* What to ask a security key; only the key can make the answer. */
struct slot_fido2 {
	bool verify; /* it verifies the person, by a PIN say */
	uint8_t salt[FIDO2_SALT_SIZE];
	char rp[FIDO2_RP_MAX + 1];
	size_t credential_len; /* 1 and up */
	uint8_t credential[FIDO2_CREDENTIAL_MAX];
};

struct slot {
	uint8_t number; /* 1 and up, never reused */
	uint8_t type;
	uint32_t passes;  /* Argon2id; 0 for key files */
	uint64_t memory;  /* bytes */
	uint64_t created; /* ms since 1970 */
	uint8_t salt[16];
	uint8_t nonce[NONCE_SIZE];
	uint8_t box[BOX_SIZE];
	char label[DEVICE_NAME_MAX + 1];
	struct slot_fido2 fido2; /* SLOT_FIDO2 only */
};

#define SLOT_ROW_MAX 1536
size_t slot_pack(uint8_t ret_row[static SLOT_ROW_MAX], const struct slot *slot);
int slot_load(struct slot *slot, struct bytes row); /* 0, DEVICE_ERR_DAMAGED */
/* Fills box. All but box and label is set before, and bound by it. */
void slot_seal(struct slot *slot, const uint8_t slot_key[static KEY_SIZE],
	       const uint8_t unlock_key[static KEY_SIZE]);
int slot_open(const struct slot *slot, const uint8_t slot_key[static KEY_SIZE],
	      uint8_t ret_unlock_key[static KEY_SIZE]); /* 0, DEVICE_ERR_KEY */
/* slot_key = BLAKE2b-256(key = salt, "fob/1 key file\0" || content). */
void slot_key_file(const struct slot *slot, struct bytes content,
		   uint8_t ret_slot_key[static KEY_SIZE]);
/* slot_key = BLAKE2b-256(key = salt, "fob/1 fido2\0" || hmac-secret). */
void slot_fido2(const struct slot *slot, const uint8_t secret[static KEY_SIZE],
		uint8_t ret_slot_key[static KEY_SIZE]);

#endif
