/*
 * Keys of this device, and the bytes in which they rest. All numbers are
 * big-endian. What is read back is checked as if a stranger had written it:
 * the checksum finds damage, the public keys must be those of the secrets.
 */
#include "daemon/core/trust/device.h"

#include <sodium.h>
#include <string.h>

#include "daemon/core/set/item.h"
#include "daemon/core/trust/digest.h"

#define ROW_VERSION 1
#define ROW_SEALED 1
#define CHECK_SIZE 16
#define SEED_SIZE crypto_sign_SEEDBYTES

/* Offsets in the row of a device. */
enum {
	AT_VERSION = 0,
	AT_SEALED = 1,
	AT_ID = 2,
	AT_SIGN = AT_ID + DEVICE_ID_SIZE,
	AT_STATUS = AT_SIGN + KEY_SIZE,
	AT_WRAP = AT_STATUS + KEY_SIZE,
	AT_TRANSPORT = AT_WRAP + KEY_SIZE,
	AT_STATUS_SEED = AT_TRANSPORT + KEY_SIZE,
	AT_TRANSPORT_SECRET = AT_STATUS_SEED + KEY_SIZE,
	AT_NONCE = AT_TRANSPORT_SECRET + KEY_SIZE,
	CLEAR_SIZE = AT_NONCE + NONCE_SIZE,
};

/* The part that is sealed. */
struct secrets {
	uint8_t sign_seed[SEED_SIZE];
	uint8_t wrap[KEY_SIZE];
	uint8_t nonce[KEY_SIZE];
};

#define ROW_SIZE (CLEAR_SIZE + sizeof(struct secrets) + TAG_SIZE + CHECK_SIZE)
#define ROW_BARE_SIZE (CLEAR_SIZE + sizeof(struct secrets) + CHECK_SIZE)

_Static_assert(sizeof(struct secrets) == SEED_SIZE + 2 * KEY_SIZE, "packed");
_Static_assert(ROW_SIZE <= DEVICE_ROW_MAX, "the row fits");

static void wipe_secrets(struct secrets *secrets)
{
	sodium_memzero(secrets, sizeof(*secrets));
}

/* --- keys ----------------------------------------------------------------- */

static void derive(uint8_t ret[static KEY_SIZE], const uint8_t *entropy,
		   struct bytes label)
{
	digest_parts(ret, KEY_SIZE, (struct bytes){ entropy, KEY_SIZE }, &label,
		     1);
}

static void set_id(struct device_keys *keys)
{
	Fob__Certificate certificate;

	device_certificate(keys, &certificate);
	item_device_id(keys->id, &certificate);
}

void device_make(struct device_keys *keys,
		 const uint8_t entropy[static KEY_SIZE])
{
	uint8_t seed[SEED_SIZE];

	sodium_memzero(keys, sizeof(*keys));
	derive(seed, entropy, LABEL("fob/1 device sign"));
	crypto_sign_seed_keypair(keys->sign_public, keys->sign_secret, seed);
	derive(seed, entropy, LABEL("fob/1 device status"));
	crypto_sign_seed_keypair(keys->status_public, keys->status_secret,
				 seed);
	sodium_memzero(seed, sizeof(seed));
	derive(keys->wrap_secret, entropy, LABEL("fob/1 device wrap"));
	crypto_scalarmult_base(keys->wrap_public, keys->wrap_secret);
	derive(keys->transport_secret, entropy,
	       LABEL("fob/1 device transport"));
	crypto_scalarmult_base(keys->transport_public, keys->transport_secret);
	derive(keys->nonce_secret, entropy, LABEL("fob/1 device nonce"));
	keys->unlocked = true;
	set_id(keys);
}

void device_lock(struct device_keys *keys)
{
	sodium_memzero(keys->sign_secret, sizeof(keys->sign_secret));
	sodium_memzero(keys->wrap_secret, sizeof(keys->wrap_secret));
	sodium_memzero(keys->nonce_secret, sizeof(keys->nonce_secret));
	keys->unlocked = false;
}

void device_wipe(struct device_keys *keys)
{
	if (keys)
		sodium_memzero(keys, sizeof(*keys));
}

/* The certificate only looks, though protobuf-c has no const for that. */
static ProtobufCBinaryData key_view(const uint8_t *key)
{
	uint8_t *data;

	memcpy(&data, &key, sizeof(data));
	return (ProtobufCBinaryData){ KEY_SIZE, data };
}

void device_certificate(const struct device_keys *keys, Fob__Certificate *ret)
{
	fob__certificate__init(ret);
	ret->sign = key_view(keys->sign_public);
	ret->status = key_view(keys->status_public);
	ret->wrap = key_view(keys->wrap_public);
	ret->transport = key_view(keys->transport_public);
}

/* --- the row -------------------------------------------------------------- */

static void checksum(uint8_t ret[static CHECK_SIZE], const uint8_t *row,
		     size_t n)
{
	const struct bytes parts[] = { LABEL("fob/1 row"), { row, n } };

	DIGEST(ret, CHECK_SIZE, NO_KEY, parts);
}

static bool checksum_ok(struct bytes row)
{
	uint8_t want[CHECK_SIZE];

	checksum(want, row.p, row.n - CHECK_SIZE);
	return memcmp(want, row.p + row.n - CHECK_SIZE, CHECK_SIZE) == 0;
}

static void pack_clear(uint8_t *row, const struct device_keys *keys,
		       bool sealed, const uint8_t *nonce)
{
	row[AT_VERSION] = ROW_VERSION;
	row[AT_SEALED] = sealed ? ROW_SEALED : 0;
	memcpy(row + AT_ID, keys->id, DEVICE_ID_SIZE);
	memcpy(row + AT_SIGN, keys->sign_public, KEY_SIZE);
	memcpy(row + AT_STATUS, keys->status_public, KEY_SIZE);
	memcpy(row + AT_WRAP, keys->wrap_public, KEY_SIZE);
	memcpy(row + AT_TRANSPORT, keys->transport_public, KEY_SIZE);
	/* libsodium's secret key begins with the seed (RFC 8032). */
	memcpy(row + AT_STATUS_SEED, keys->status_secret, SEED_SIZE);
	memcpy(row + AT_TRANSPORT_SECRET, keys->transport_secret, KEY_SIZE);
	memcpy(row + AT_NONCE, nonce, NONCE_SIZE);
}

size_t device_pack(uint8_t ret_row[static DEVICE_ROW_MAX],
		   const struct device_keys *keys, const uint8_t *unlock_key,
		   const uint8_t seal_nonce[static NONCE_SIZE])
{
	CLEANUP(wipe_secrets) struct secrets secrets;
	size_t n = CLEAR_SIZE + sizeof(secrets);

	REQUIRE(keys->unlocked);
	memcpy(secrets.sign_seed, keys->sign_secret, SEED_SIZE);
	memcpy(secrets.wrap, keys->wrap_secret, KEY_SIZE);
	memcpy(secrets.nonce, keys->nonce_secret, KEY_SIZE);
	pack_clear(ret_row, keys, unlock_key != NULL, seal_nonce);
	if (unlock_key) {
		crypto_aead_xchacha20poly1305_ietf_encrypt(
			ret_row + CLEAR_SIZE, NULL, (const uint8_t *)&secrets,
			sizeof(secrets), ret_row, CLEAR_SIZE, NULL, seal_nonce,
			unlock_key);
		n += TAG_SIZE;
	} else {
		memcpy(ret_row + CLEAR_SIZE, &secrets, sizeof(secrets));
	}
	checksum(ret_row + n, ret_row, n);
	return n + CHECK_SIZE;
}

/* Is it a whole row of this version? Says whether it is sealed. */
static bool row_ok(struct bytes row, bool *ret_sealed)
{
	bool sealed;

	if (row.n < CLEAR_SIZE || row.p[AT_VERSION] != ROW_VERSION ||
	    row.p[AT_SEALED] > ROW_SEALED)
		return false;
	sealed = row.p[AT_SEALED] == ROW_SEALED;
	if (row.n != (sealed ? ROW_SIZE : ROW_BARE_SIZE) || !checksum_ok(row))
		return false;
	*ret_sealed = sealed;
	return true;
}

static void load_clear(struct device_keys *keys, const uint8_t *row)
{
	memcpy(keys->sign_public, row + AT_SIGN, KEY_SIZE);
	memcpy(keys->wrap_public, row + AT_WRAP, KEY_SIZE);
	crypto_sign_seed_keypair(keys->status_public, keys->status_secret,
				 row + AT_STATUS_SEED);
	memcpy(keys->transport_secret, row + AT_TRANSPORT_SECRET, KEY_SIZE);
	crypto_scalarmult_base(keys->transport_public, keys->transport_secret);
	set_id(keys);
}

/* Keys from the sealed part. False when they are not those of the row. */
static bool load_secrets(struct device_keys *keys,
			 const struct secrets *secrets)
{
	uint8_t public_key[KEY_SIZE];

	crypto_sign_seed_keypair(public_key, keys->sign_secret,
				 secrets->sign_seed);
	if (memcmp(public_key, keys->sign_public, KEY_SIZE) != 0)
		return false;
	memcpy(keys->wrap_secret, secrets->wrap, KEY_SIZE);
	crypto_scalarmult_base(public_key, keys->wrap_secret);
	if (memcmp(public_key, keys->wrap_public, KEY_SIZE) != 0)
		return false;
	memcpy(keys->nonce_secret, secrets->nonce, KEY_SIZE);
	keys->unlocked = true;
	return true;
}

int device_load(struct device_keys *keys, struct bytes row)
{
	CLEANUP(wipe_secrets) struct secrets secrets = { 0 };
	AUTO_DEVICE struct device_keys loaded = { 0 };
	bool sealed;

	if (!row_ok(row, &sealed))
		return DEVICE_ERR_DAMAGED;
	load_clear(&loaded, row.p);
	/* The id covers the four public keys, two of them made anew here. */
	if (memcmp(loaded.id, row.p + AT_ID, DEVICE_ID_SIZE) != 0)
		return DEVICE_ERR_DAMAGED;
	if (!sealed) {
		memcpy(&secrets, row.p + CLEAR_SIZE, sizeof(secrets));
		if (!load_secrets(&loaded, &secrets))
			return DEVICE_ERR_DAMAGED;
	}
	memcpy(keys, &loaded, sizeof(loaded));
	return 0;
}

int device_unlock(struct device_keys *keys, struct bytes row,
		  const uint8_t unlock_key[static KEY_SIZE])
{
	CLEANUP(wipe_secrets) struct secrets secrets = { 0 };
	AUTO_DEVICE struct device_keys opened = { 0 };
	int err = device_load(&opened, row);

	if (err)
		return err;
	if (memcmp(opened.id, keys->id, DEVICE_ID_SIZE) != 0 || opened.unlocked)
		return DEVICE_ERR_DAMAGED;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    (uint8_t *)&secrets, NULL, NULL, row.p + CLEAR_SIZE,
		    sizeof(secrets) + TAG_SIZE, row.p, CLEAR_SIZE,
		    row.p + AT_NONCE, unlock_key) != 0)
		return DEVICE_ERR_KEY;
	if (!load_secrets(&opened, &secrets))
		return DEVICE_ERR_DAMAGED;
	memcpy(keys, &opened, sizeof(opened));
	return 0;
}

/* --- slots ---------------------------------------------------------------- */

/* Offsets in the row of a slot; everything up to the box is bound by it. */
enum {
	SLOT_NUMBER = 1,
	SLOT_TYPE = 2,
	SLOT_PASSES = 3,
	SLOT_MEMORY = SLOT_PASSES + 4,
	SLOT_CREATED = SLOT_MEMORY + 8,
	SLOT_SALT = SLOT_CREATED + 8,
	SLOT_NONCE = SLOT_SALT + 16,
	SLOT_BOX = SLOT_NONCE + NONCE_SIZE,
	SLOT_LABEL = SLOT_BOX + BOX_SIZE,
	SLOT_MIN = SLOT_LABEL + 1 + CHECK_SIZE,
};

/* What a slot of a security key has more, after the label; bound, too. */
enum {
	FIDO2_VERIFY = 0,
	FIDO2_SALT = 1,
	FIDO2_RP = FIDO2_SALT + FIDO2_SALT_SIZE,
	FIDO2_MIN = FIDO2_RP + 1 + 2,
	FIDO2_MAX = FIDO2_MIN + FIDO2_RP_MAX + FIDO2_CREDENTIAL_MAX,
};

#define BOUND_MAX (SLOT_BOX + FIDO2_MAX)

_Static_assert(SLOT_MIN + DEVICE_NAME_MAX + FIDO2_MAX <= SLOT_ROW_MAX,
	       "the row fits");

static void put_number(uint8_t *p, size_t size, uint64_t value)
{
	while (size-- > 0) {
		p[size] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t get_number(const uint8_t *p, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | p[i];
	return value;
}

/* Returns the length, at most FIDO2_MAX; 0 for a slot of another kind. */
static size_t pack_fido2(uint8_t *p, const struct slot *slot)
{
	const struct slot_fido2 *f = &slot->fido2;
	size_t rp = strnlen(f->rp, FIDO2_RP_MAX);

	if (slot->type != SLOT_FIDO2)
		return 0;
	REQUIRE(f->credential_len <= FIDO2_CREDENTIAL_MAX);
	p[FIDO2_VERIFY] = f->verify;
	memcpy(p + FIDO2_SALT, f->salt, FIDO2_SALT_SIZE);
	p[FIDO2_RP] = (uint8_t)rp;
	memcpy(p + FIDO2_RP + 1, f->rp, rp);
	p += FIDO2_RP + 1 + rp;
	put_number(p, 2, f->credential_len);
	memcpy(p + 2, f->credential, f->credential_len);
	return FIDO2_MIN + rp + f->credential_len;
}

static bool load_fido2(struct slot_fido2 *f, struct bytes row)
{
	size_t rp, n;

	if (row.n < FIDO2_MIN || row.p[FIDO2_VERIFY] > 1)
		return false;
	rp = row.p[FIDO2_RP];
	if (rp == 0 || rp > FIDO2_RP_MAX || row.n < FIDO2_MIN + rp ||
	    memchr(row.p + FIDO2_RP + 1, '\0', rp))
		return false;
	n = get_number(row.p + FIDO2_RP + 1 + rp, 2);
	if (n == 0 || n > FIDO2_CREDENTIAL_MAX || row.n != FIDO2_MIN + rp + n)
		return false;
	f->verify = row.p[FIDO2_VERIFY];
	memcpy(f->salt, row.p + FIDO2_SALT, FIDO2_SALT_SIZE);
	memcpy(f->rp, row.p + FIDO2_RP + 1, rp);
	f->credential_len = n;
	memcpy(f->credential, row.p + FIDO2_MIN + rp, n);
	return true;
}

static void pack_slot_clear(uint8_t row[static SLOT_BOX],
			    const struct slot *slot)
{
	row[0] = ROW_VERSION;
	row[SLOT_NUMBER] = slot->number;
	row[SLOT_TYPE] = slot->type;
	put_number(row + SLOT_PASSES, 4, slot->passes);
	put_number(row + SLOT_MEMORY, 8, slot->memory);
	put_number(row + SLOT_CREATED, 8, slot->created);
	memcpy(row + SLOT_SALT, slot->salt, sizeof(slot->salt));
	memcpy(row + SLOT_NONCE, slot->nonce, NONCE_SIZE);
}

size_t slot_pack(uint8_t ret_row[static SLOT_ROW_MAX], const struct slot *slot)
{
	size_t label = strnlen(slot->label, DEVICE_NAME_MAX);
	size_t n = SLOT_LABEL + 1 + label;

	pack_slot_clear(ret_row, slot);
	memcpy(ret_row + SLOT_BOX, slot->box, BOX_SIZE);
	ret_row[SLOT_LABEL] = (uint8_t)label;
	memcpy(ret_row + SLOT_LABEL + 1, slot->label, label);
	n += pack_fido2(ret_row + n, slot);
	checksum(ret_row + n, ret_row, n);
	return n + CHECK_SIZE;
}

/* Bounds, so that a damaged row can not make us compute for a year. */
static bool slot_ok(const struct slot *slot)
{
	return slot->number > 0 && slot->type >= SLOT_PASSPHRASE &&
	       slot->type <= SLOT_FIDO2 && slot->passes <= KDF_PASSES_MAX &&
	       slot->memory <= KDF_MEMORY &&
	       memchr(slot->label, '\0', sizeof(slot->label));
}

int slot_load(struct slot *slot, struct bytes row)
{
	struct slot s = { 0 };
	struct bytes more;

	if (row.n < SLOT_MIN || row.p[0] != ROW_VERSION ||
	    row.p[SLOT_LABEL] > DEVICE_NAME_MAX ||
	    row.n < (size_t)SLOT_MIN + row.p[SLOT_LABEL] || !checksum_ok(row))
		return DEVICE_ERR_DAMAGED;
	more.p = row.p + SLOT_LABEL + 1 + row.p[SLOT_LABEL];
	more.n = row.n - SLOT_MIN - row.p[SLOT_LABEL];
	s.number = row.p[SLOT_NUMBER];
	s.type = row.p[SLOT_TYPE];
	s.passes = (uint32_t)get_number(row.p + SLOT_PASSES, 4);
	s.memory = get_number(row.p + SLOT_MEMORY, 8);
	s.created = get_number(row.p + SLOT_CREATED, 8);
	memcpy(s.salt, row.p + SLOT_SALT, sizeof(s.salt));
	memcpy(s.nonce, row.p + SLOT_NONCE, NONCE_SIZE);
	memcpy(s.box, row.p + SLOT_BOX, BOX_SIZE);
	memcpy(s.label, row.p + SLOT_LABEL + 1, row.p[SLOT_LABEL]);
	if (!slot_ok(&s) ||
	    (s.type == SLOT_FIDO2 ? !load_fido2(&s.fido2, more) : more.n > 0))
		return DEVICE_ERR_DAMAGED;
	*slot = s;
	return 0;
}

/* What the box is bound to; returns its length. */
static size_t pack_bound(uint8_t bound[static BOUND_MAX],
			 const struct slot *slot)
{
	pack_slot_clear(bound, slot);
	return SLOT_BOX + pack_fido2(bound + SLOT_BOX, slot);
}

void slot_seal(struct slot *slot, const uint8_t slot_key[static KEY_SIZE],
	       const uint8_t unlock_key[static KEY_SIZE])
{
	uint8_t bound[BOUND_MAX];
	size_t n = pack_bound(bound, slot);

	crypto_aead_xchacha20poly1305_ietf_encrypt(slot->box, NULL, unlock_key,
						   KEY_SIZE, bound, n, NULL,
						   slot->nonce, slot_key);
}

int slot_open(const struct slot *slot, const uint8_t slot_key[static KEY_SIZE],
	      uint8_t ret_unlock_key[static KEY_SIZE])
{
	uint8_t bound[BOUND_MAX], key[KEY_SIZE];
	size_t n = pack_bound(bound, slot);

	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    key, NULL, NULL, slot->box, BOX_SIZE, bound, n, slot->nonce,
		    slot_key) != 0)
		return DEVICE_ERR_KEY;
	memcpy(ret_unlock_key, key, KEY_SIZE);
	sodium_memzero(key, sizeof(key));
	return 0;
}

void slot_key_file(const struct slot *slot, struct bytes content,
		   uint8_t ret_slot_key[static KEY_SIZE])
{
	const struct bytes parts[] = { LABEL("fob/1 key file"), content };

	DIGEST(ret_slot_key, KEY_SIZE, BYTES(slot->salt), parts);
}

void slot_fido2(const struct slot *slot, const uint8_t secret[static KEY_SIZE],
		uint8_t ret_slot_key[static KEY_SIZE])
{
	const struct bytes parts[] = { LABEL("fob/1 fido2"),
				       { secret, KEY_SIZE } };

	DIGEST(ret_slot_key, KEY_SIZE, BYTES(slot->salt), parts);
}
