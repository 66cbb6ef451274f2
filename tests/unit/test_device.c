/*
 * Keys of a device and the rows in which they rest: what comes back is what
 * went in, damage of any byte is found, a wrong key opens nothing.
 */
#include "daemon/core/trust/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "daemon/core/set/item.h"

static const uint8_t nonce[NONCE_SIZE] = { 1, 2, 3 };
static const uint8_t unlock_key[KEY_SIZE] = { 9, 8, 7 };
static const uint8_t other_key[KEY_SIZE] = { 9, 8, 6 };

static void make(struct device_keys *keys)
{
	uint8_t entropy[KEY_SIZE];

	for (uint8_t i = 0; i < KEY_SIZE; i++)
		entropy[i] = (uint8_t)(KEY_SIZE + i);
	device_make(keys, entropy);
}

static void expect_hex(const uint8_t *p, size_t n, const char *want)
{
	char hex[2 * 64 + 1];

	assert_true(n <= 64);
	assert_string_equal(sodium_bin2hex(hex, sizeof(hex), p, n), want);
}

/* Made apart from this code with Python's hashlib and PyNaCl. */
static void test_make(UNUSED void **state)
{
	struct device_keys keys;
	Fob__Certificate certificate;
	uint8_t id[DEVICE_ID_SIZE];

	make(&keys);
	assert_true(keys.unlocked);
	expect_hex(keys.sign_public, KEY_SIZE,
		   "2c0b569f090dfaf5d044763b30ab923076bc1f1a4e2c38816117037a"
		   "18bb9ad8");
	expect_hex(keys.transport_public, KEY_SIZE,
		   "18bcc8484fbe44ba49667b948c6853e6ee19e644c34e76b921d5fb28"
		   "c72fcb71");
	expect_hex(keys.id, DEVICE_ID_SIZE, "e935a031406898805d432149b3c7978f");
	device_certificate(&keys, &certificate);
	item_device_id(id, &certificate);
	assert_memory_equal(id, keys.id, DEVICE_ID_SIZE);
}

static bool locked(const struct device_keys *k)
{
	return !k->unlocked && sodium_is_zero(k->sign_secret, 64) &&
	       sodium_is_zero(k->wrap_secret, KEY_SIZE) &&
	       sodium_is_zero(k->nonce_secret, KEY_SIZE);
}

/* Compares what a locked device still has. */
static void expect_clear_part(const struct device_keys *a,
			      const struct device_keys *b)
{
	assert_memory_equal(a->id, b->id, DEVICE_ID_SIZE);
	assert_memory_equal(a->sign_public, b->sign_public, KEY_SIZE);
	assert_memory_equal(a->wrap_public, b->wrap_public, KEY_SIZE);
	assert_memory_equal(a->status_public, b->status_public, KEY_SIZE);
	assert_memory_equal(a->status_secret, b->status_secret, 64);
	assert_memory_equal(a->transport_public, b->transport_public, KEY_SIZE);
	assert_memory_equal(a->transport_secret, b->transport_secret, KEY_SIZE);
}

static void expect_all(const struct device_keys *a, const struct device_keys *b)
{
	expect_clear_part(a, b);
	assert_true(a->unlocked && b->unlocked);
	assert_memory_equal(a->sign_secret, b->sign_secret, 64);
	assert_memory_equal(a->wrap_secret, b->wrap_secret, KEY_SIZE);
	assert_memory_equal(a->nonce_secret, b->nonce_secret, KEY_SIZE);
}

static void test_lock(UNUSED void **state)
{
	struct device_keys keys, before;

	make(&keys);
	before = keys;
	device_lock(&keys);
	assert_true(locked(&keys));
	expect_clear_part(&keys, &before);
	device_wipe(&keys);
	assert_true(sodium_is_zero((const uint8_t *)&keys, sizeof(keys)));
}

static void test_row(UNUSED void **state)
{
	uint8_t row[DEVICE_ROW_MAX];
	struct device_keys keys, loaded;
	size_t n;

	make(&keys);
	n = device_pack(row, &keys, unlock_key, nonce);
	assert_true(n <= sizeof(row));
	/* No secret of the sealed part is to be seen in it. */
	assert_null(memmem(row, n, keys.sign_secret, 32));
	assert_null(memmem(row, n, keys.wrap_secret, KEY_SIZE));
	assert_null(memmem(row, n, keys.nonce_secret, KEY_SIZE));
	assert_int_equal(device_load(&loaded, (struct bytes){ row, n }), 0);
	assert_true(locked(&loaded));
	expect_clear_part(&loaded, &keys);
	assert_int_equal(device_unlock(&loaded, (struct bytes){ row, n },
				       other_key),
			 DEVICE_ERR_KEY);
	assert_true(locked(&loaded));
	assert_int_equal(device_unlock(&loaded, (struct bytes){ row, n },
				       unlock_key),
			 0);
	expect_all(&loaded, &keys);
}

static void test_row_of_keeper(UNUSED void **state)
{
	uint8_t row[DEVICE_ROW_MAX];
	struct device_keys keys, loaded;
	size_t n;

	make(&keys);
	n = device_pack(row, &keys, NULL, nonce);
	assert_int_equal(device_load(&loaded, (struct bytes){ row, n }), 0);
	expect_all(&loaded, &keys);
	assert_int_equal(device_unlock(&loaded, (struct bytes){ row, n },
				       unlock_key),
			 DEVICE_ERR_DAMAGED);
}

static void test_damage(UNUSED void **state)
{
	uint8_t row[DEVICE_ROW_MAX];
	struct device_keys keys, loaded = { 0 };
	size_t n;

	make(&keys);
	n = device_pack(row, &keys, unlock_key, nonce);
	for (size_t i = 0; i < n; i++) {
		row[i] ^= 0x10;
		assert_int_equal(device_load(&loaded, (struct bytes){ row, n }),
				 DEVICE_ERR_DAMAGED);
		assert_int_equal(device_unlock(&keys, (struct bytes){ row, n },
					       unlock_key),
				 DEVICE_ERR_DAMAGED);
		row[i] ^= 0x10;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(device_load(&loaded, (struct bytes){ row, i }),
				 DEVICE_ERR_DAMAGED);
	assert_true(sodium_is_zero((const uint8_t *)&loaded, sizeof(loaded)));
	assert_true(keys.unlocked);
}

/* Writes a row's checksum anew, as whoever tampers with the store would. */
static void forge(uint8_t *row, size_t n)
{
	static const char label[] = "fob/1 row";
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, 16);
	crypto_generichash_update(&state, (const uint8_t *)label,
				  sizeof(label));
	crypto_generichash_update(&state, row, n - 16);
	crypto_generichash_final(&state, row + n - 16, 16);
}

/* The checksum is for accidents; keys and cipher find what it can not. */
static void test_forged_row(UNUSED void **state)
{
	uint8_t row[DEVICE_ROW_MAX];
	struct device_keys keys, loaded;
	size_t n;

	make(&keys);
	n = device_pack(row, &keys, unlock_key, nonce);
	for (size_t i = 2; i < n - 16; i++) {
		row[i] ^= 0x20;
		forge(row, n);
		loaded = keys;
		assert_int_not_equal(device_unlock(&loaded,
						   (struct bytes){ row, n },
						   unlock_key),
				     0);
		row[i] ^= 0x20;
	}
	forge(row, n);
	assert_int_equal(device_unlock(&loaded, (struct bytes){ row, n },
				       unlock_key),
			 0);
}

static struct slot make_slot(void)
{
	struct slot slot = {
		.number = 3,
		.type = SLOT_PASSPHRASE,
		.passes = 4,
		.memory = KDF_MEMORY,
		.created = 1700000000123,
		.salt = { 7, 7, 7 },
		.nonce = { 5 },
		.label = "my passphrase",
	};

	return slot;
}

static void test_slot(UNUSED void **state)
{
	uint8_t row[SLOT_ROW_MAX], key[KEY_SIZE] = { 0 };
	struct slot slot = make_slot(), loaded;
	size_t n;

	slot_seal(&slot, other_key, unlock_key);
	n = slot_pack(row, &slot);
	assert_int_equal(slot_load(&loaded, (struct bytes){ row, n }), 0);
	assert_int_equal(loaded.number, 3);
	assert_int_equal(loaded.type, SLOT_PASSPHRASE);
	assert_int_equal(loaded.passes, 4);
	assert_int_equal(loaded.memory, KDF_MEMORY);
	assert_int_equal(loaded.created, 1700000000123);
	assert_string_equal(loaded.label, "my passphrase");
	assert_int_equal(slot_open(&loaded, unlock_key, key), DEVICE_ERR_KEY);
	assert_true(sodium_is_zero(key, KEY_SIZE));
	assert_int_equal(slot_open(&loaded, other_key, key), 0);
	assert_memory_equal(key, unlock_key, KEY_SIZE);
	loaded.passes = 3;
	assert_int_equal(slot_open(&loaded, other_key, key), DEVICE_ERR_KEY);
}

static void test_slot_damage(UNUSED void **state)
{
	uint8_t row[SLOT_ROW_MAX];
	struct slot slot = make_slot(), loaded;
	size_t n;

	memset(slot.label, 'x', DEVICE_NAME_MAX);
	slot_seal(&slot, other_key, unlock_key);
	n = slot_pack(row, &slot);
	assert_int_equal(slot_load(&loaded, (struct bytes){ row, n }), 0);
	assert_int_equal(strlen(loaded.label), DEVICE_NAME_MAX);
	for (size_t i = 0; i < n; i++) {
		row[i] ^= 1;
		assert_int_equal(slot_load(&loaded, (struct bytes){ row, n }),
				 DEVICE_ERR_DAMAGED);
		row[i] ^= 1;
		assert_int_equal(slot_load(&loaded, (struct bytes){ row, i }),
				 DEVICE_ERR_DAMAGED);
	}
}

static struct slot make_fido2(void)
{
	struct slot slot = make_slot();

	slot.type = SLOT_FIDO2;
	slot.fido2.verify = true;
	memset(slot.fido2.salt, 9, sizeof(slot.fido2.salt));
	memset(slot.fido2.rp, 'r', FIDO2_RP_MAX);
	slot.fido2.credential_len = FIDO2_CREDENTIAL_MAX;
	memset(slot.fido2.credential, 5, FIDO2_CREDENTIAL_MAX);
	return slot;
}

/* What is asked of the key is kept, and bound. */
static void test_slot_fido2(UNUSED void **state)
{
	uint8_t row[SLOT_ROW_MAX], key[KEY_SIZE];
	struct slot slot = make_fido2(), loaded;
	size_t n;

	memset(slot.label, 'x', DEVICE_NAME_MAX);
	slot_seal(&slot, other_key, unlock_key);
	n = slot_pack(row, &slot);
	assert_int_equal(slot_load(&loaded, (struct bytes){ row, n }), 0);
	assert_memory_equal(&loaded.fido2, &slot.fido2, sizeof(slot.fido2));
	assert_string_equal(loaded.label, slot.label);
	assert_int_equal(slot_open(&loaded, other_key, key), 0);
	assert_memory_equal(key, unlock_key, KEY_SIZE);
	loaded.fido2.verify = false;
	assert_int_equal(slot_open(&loaded, other_key, key), DEVICE_ERR_KEY);
	loaded.fido2 = slot.fido2;
	loaded.fido2.salt[31] ^= 1;
	assert_int_equal(slot_open(&loaded, other_key, key), DEVICE_ERR_KEY);
	loaded.fido2 = slot.fido2;
	loaded.fido2.credential_len--;
	assert_int_equal(slot_open(&loaded, other_key, key), DEVICE_ERR_KEY);
	for (size_t i = 0; i < n; i++) {
		row[i] ^= 1;
		assert_int_equal(slot_load(&loaded, (struct bytes){ row, n }),
				 DEVICE_ERR_DAMAGED);
		row[i] ^= 1;
		assert_int_equal(slot_load(&loaded, (struct bytes){ row, i }),
				 DEVICE_ERR_DAMAGED);
	}
}

static void expect_refused(const struct slot *slot)
{
	uint8_t row[SLOT_ROW_MAX];
	struct slot loaded;
	size_t n = slot_pack(row, slot);

	assert_int_equal(slot_load(&loaded, (struct bytes){ row, n }),
			 DEVICE_ERR_DAMAGED);
}

/* A row may not ask for more work than we would ever ask for. */
static void test_slot_bounds(UNUSED void **state)
{
	struct slot slot = make_slot();

	slot.passes = KDF_PASSES_MAX + 1;
	expect_refused(&slot);
	slot = make_slot();
	slot.memory = (uint64_t)KDF_MEMORY + 1;
	expect_refused(&slot);
	slot = make_slot();
	slot.type = SLOT_FIDO2 + 1;
	expect_refused(&slot);
	slot = make_slot();
	slot.number = 0;
	expect_refused(&slot);
	slot = make_fido2();
	slot.fido2.credential_len = 0;
	expect_refused(&slot);
	slot = make_fido2();
	slot.fido2.rp[0] = '\0';
	expect_refused(&slot);
}

static void test_key_file(UNUSED void **state)
{
	struct slot slot = make_slot();
	uint8_t key[KEY_SIZE];

	memset(slot.salt, 7, sizeof(slot.salt));
	slot_key_file(&slot, (struct bytes){ (const uint8_t *)"content", 7 },
		      key);
	expect_hex(key, KEY_SIZE,
		   "32c8366df803deb640d03fa286323e11482cb4cb98b8bebea0dd2472"
		   "8baad4d9");
}

/* From Python's hashlib.blake2b. */
static void test_fido2_key(UNUSED void **state)
{
	struct slot slot = make_slot();
	uint8_t key[KEY_SIZE], secret[KEY_SIZE];

	memset(slot.salt, 7, sizeof(slot.salt));
	memset(secret, 8, sizeof(secret));
	slot_fido2(&slot, secret, key);
	expect_hex(key, KEY_SIZE,
		   "329bf6dab46f5a5f266b287f7f133b0707356b319d330fdefc833043"
		   "e157a641");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_row_of_keeper),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_forged_row),
		cmocka_unit_test(test_slot),
		cmocka_unit_test(test_slot_damage),
		cmocka_unit_test(test_slot_bounds),
		cmocka_unit_test(test_slot_fido2),
		cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_fido2_key),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
