/*
 * Wraps and sealed parents, against values made apart from this code with
 * Python's hashlib and PyNaCl, and what does not open.
 */
#include "daemon/core/trust/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "daemon/core/trust/digest.h"

static uint8_t key[KEY_SIZE], parent[KEY_SIZE], secret[KEY_SIZE];
static uint8_t vault_id[ID_SIZE];
static uint8_t kid[KID_SIZE];

static int setup(UNUSED void **state)
{
	for (uint8_t i = 0; i < KEY_SIZE; i++) {
		key[i] = i;
		parent[i] = (uint8_t)(KEY_SIZE + i);
	}
	memset(secret, 0x42, sizeof(secret));
	memset(vault_id, 0x11, sizeof(vault_id));
	wrap_kid(kid, key);
	return 0;
}

static void expect_hex(const uint8_t *p, size_t n, const char *want)
{
	char hex[2 * 64 + 1];

	assert_true(n <= 64);
	assert_string_equal(sodium_bin2hex(hex, sizeof(hex), p, n), want);
}

static struct wrap_recipient device(void)
{
	struct wrap_recipient to = { .vault_id = vault_id };

	memset(to.device, 0x22, sizeof(to.device));
	crypto_scalarmult_base(to.public_key, secret);
	return to;
}

/* A Wrap that points into made. */
static Fob__Wrap view(struct wrapped *made)
{
	Fob__Wrap wrap = FOB__WRAP__INIT;

	wrap.ephemeral = (ProtobufCBinaryData){ KEY_SIZE, made->ephemeral };
	wrap.box = (ProtobufCBinaryData){ BOX_SIZE, made->box };
	return wrap;
}

static void test_kid(UNUSED void **state)
{
	expect_hex(kid, KID_SIZE, "fcb7d9e2f94f94d161f51835ba63d057");
}

static void test_device(UNUSED void **state)
{
	struct wrap_recipient to = device();
	struct wrapped made;

	assert_int_equal(wrap_make(&made, key, &to), 0);
	expect_hex(made.ephemeral, KEY_SIZE,
		   "cba1cf9d0fcc648c757b69b0b902304d6f74dd17fff7fb6246e67ba8"
		   "5b970b66");
	expect_hex(made.box, BOX_SIZE,
		   "a86c4af2381a8087e95e38ddc16585b92f946b7cb7af88ec796ba709"
		   "c0edf10cb15e20b01b40b35742e05ee9527cb359");
}

static void test_recovery(UNUSED void **state)
{
	struct wrap_recipient to = device();
	struct wrapped made;

	memset(to.device, 0, sizeof(to.device));
	to.generation = 3;
	assert_int_equal(wrap_make(&made, key, &to), 0);
	expect_hex(made.ephemeral, KEY_SIZE,
		   "f24909f682ede6a68d6892df53c6d7624be8e8555b0d2a985335eb79"
		   "e752a65d");
	expect_hex(made.box, BOX_SIZE,
		   "545217b6e7404c32aa9773fa7a67dbf6240309a21e153b34d972ac07"
		   "1f1a0cdfc35f1471200ac3a2dd24a0b08e94cca2");
}

static void test_open(UNUSED void **state)
{
	struct wrap_recipient to = device();
	struct wrapped made;
	uint8_t opened[KEY_SIZE], other[KEY_SIZE] = { 1 };
	Fob__Wrap wrap;

	assert_int_equal(wrap_make(&made, key, &to), 0);
	wrap = view(&made);
	assert_true(wrap_right(&wrap, key, &to));
	assert_int_equal(wrap_open(opened, &wrap, &to, secret, kid), 0);
	assert_memory_equal(opened, key, KEY_SIZE);
	assert_int_equal(wrap_open(opened, &wrap, &to, other, kid),
			 WRAP_ERR_BAD);
	/* It is for this vault, and by this name. */
	vault_id[0] ^= 1;
	assert_int_equal(wrap_open(opened, &wrap, &to, secret, kid),
			 WRAP_ERR_BAD);
	assert_false(wrap_right(&wrap, key, &to));
	vault_id[0] ^= 1;
	assert_int_equal(wrap_open(opened, &wrap, &to, secret, other),
			 WRAP_ERR_BAD);
	assert_false(wrap_right(&wrap, parent, &to));
}

static void test_flipped(UNUSED void **state)
{
	struct wrap_recipient to = device();
	struct wrapped made;
	uint8_t opened[KEY_SIZE];
	Fob__Wrap wrap;

	assert_int_equal(wrap_make(&made, key, &to), 0);
	wrap = view(&made);
	for (size_t bit = 0; bit < 8 * KEY_SIZE; bit++) {
		made.ephemeral[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(wrap_open(opened, &wrap, &to, secret, kid),
				 WRAP_ERR_BAD);
		assert_false(wrap_right(&wrap, key, &to));
		made.ephemeral[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * BOX_SIZE; bit++) {
		made.box[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(wrap_open(opened, &wrap, &to, secret, kid),
				 WRAP_ERR_BAD);
		assert_false(wrap_right(&wrap, key, &to));
		made.box[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	wrap.box.len--;
	assert_int_equal(wrap_open(opened, &wrap, &to, secret, kid),
			 WRAP_ERR_BAD);
}

/* RFC 7748 section 6.1: such a point would make the secret public. */
static void test_low_order(UNUSED void **state)
{
	struct wrap_recipient to = device();
	struct wrapped made = { { 0 }, { 0 } };
	uint8_t opened[KEY_SIZE];
	Fob__Wrap wrap = view(&made);

	assert_int_equal(wrap_open(opened, &wrap, &to, secret, kid),
			 WRAP_ERR_BAD);
	memset(to.public_key, 0, KEY_SIZE);
	assert_int_equal(wrap_make(&made, key, &to), WRAP_ERR_BAD);
	assert_true(sodium_is_zero(made.box, BOX_SIZE));
}

static void test_parent(UNUSED void **state)
{
	Fob__SealedParent sealed = FOB__SEALED_PARENT__INIT;
	uint8_t box[BOX_SIZE], name[KID_SIZE], opened[KEY_SIZE];

	wrap_seal_parent(box, key, parent);
	wrap_kid(name, parent);
	expect_hex(name, KID_SIZE, "59617606585fa33a2e98c14307763c82");
	expect_hex(box, BOX_SIZE,
		   "4b65d7bf80a955fcbafafa7a11731b8e05216645b9ae9c1993208029"
		   "9cf25a889dc3984cdc1ac86c0b83cc1ce2346294");
	sealed.kid = (ProtobufCBinaryData){ KID_SIZE, name };
	sealed.box = (ProtobufCBinaryData){ BOX_SIZE, box };
	assert_int_equal(wrap_open_parent(opened, key, &sealed), 0);
	assert_memory_equal(opened, parent, KEY_SIZE);
	assert_int_equal(wrap_open_parent(opened, parent, &sealed),
			 WRAP_ERR_BAD);
	for (size_t i = 0; i < BOX_SIZE; i++) {
		box[i] ^= 8;
		assert_int_equal(wrap_open_parent(opened, key, &sealed),
				 WRAP_ERR_BAD);
		box[i] ^= 8;
	}
	name[0] ^= 1;
	assert_int_equal(wrap_open_parent(opened, key, &sealed), WRAP_ERR_BAD);
}

/* Whoever makes an item seals what it likes under any name. */
static void test_foreign_name(UNUSED void **state)
{
	static const uint8_t nonce[12];
	Fob__SealedParent sealed = FOB__SEALED_PARENT__INIT;
	uint8_t sealing[KEY_SIZE], box[BOX_SIZE], opened[KEY_SIZE] = { 7 };
	const struct bytes parts[] = { LABEL("fob/1 parent"),
				       { kid, KID_SIZE } };

	DIGEST(sealing, KEY_SIZE, BYTES(key), parts);
	sealed.kid = (ProtobufCBinaryData){ KID_SIZE, kid };
	sealed.box = (ProtobufCBinaryData){ BOX_SIZE, box };
	crypto_aead_chacha20poly1305_ietf_encrypt(
		box, NULL, key, KEY_SIZE, NULL, 0, NULL, nonce, sealing);
	assert_int_equal(wrap_open_parent(opened, key, &sealed), 0);
	assert_memory_equal(opened, key, KEY_SIZE);
	crypto_aead_chacha20poly1305_ietf_encrypt(
		box, NULL, parent, KEY_SIZE, NULL, 0, NULL, nonce, sealing);
	assert_int_equal(wrap_open_parent(opened, key, &sealed), WRAP_ERR_BAD);
	assert_memory_equal(opened, key, KEY_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kid),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_parent),
		cmocka_unit_test(test_foreign_name),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, NULL);
}
