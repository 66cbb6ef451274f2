/*
 * The keys of a recovery seed, against values made apart from this code with
 * Python's hashlib and PyNaCl. Covers: digest.
 */
#include "daemon/core/trust/kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

static void expect_hex(const uint8_t *p, size_t n, const char *want)
{
	char hex[2 * 64 + 1];

	assert_true(n <= 64);
	assert_string_equal(sodium_bin2hex(hex, sizeof(hex), p, n), want);
}

static void make_seed(uint8_t seed[static KEY_SIZE])
{
	for (uint8_t i = 0; i < KEY_SIZE; i++)
		seed[i] = i;
}

static void test_derive(UNUSED void **state)
{
	uint8_t seed[KEY_SIZE], public_key[KEY_SIZE];
	struct kit kit;

	make_seed(seed);
	kit_derive(&kit, seed);
	expect_hex(kit.sign_public, KEY_SIZE,
		   "27b56f5c0d86d7d9a4dec8cf92573fb495950459edbc53eeb92a0142"
		   "cf1333e0");
	expect_hex(kit.wrap_public, KEY_SIZE,
		   "5f1b20425820f0a6521e7edc6430b4653e0e8e57db8622c61a6ae6e7"
		   "fb07ca76");
	crypto_sign_ed25519_sk_to_pk(public_key, kit.sign_secret);
	assert_memory_equal(public_key, kit.sign_public, KEY_SIZE);
	crypto_scalarmult_base(public_key, kit.wrap_secret);
	assert_memory_equal(public_key, kit.wrap_public, KEY_SIZE);
}

static void test_every_bit_counts(UNUSED void **state)
{
	uint8_t seed[KEY_SIZE];
	struct kit a, b;

	make_seed(seed);
	kit_derive(&a, seed);
	for (size_t bit = 0; bit < 8 * KEY_SIZE; bit += 37) {
		seed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		kit_derive(&b, seed);
		assert_memory_not_equal(a.sign_public, b.sign_public, KEY_SIZE);
		assert_memory_not_equal(a.wrap_public, b.wrap_public, KEY_SIZE);
		seed[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void test_wipe(UNUSED void **state)
{
	uint8_t seed[KEY_SIZE];
	struct kit kit;

	make_seed(seed);
	kit_derive(&kit, seed);
	kit_wipe(&kit);
	assert_true(sodium_is_zero((const uint8_t *)&kit, sizeof(kit)));
	kit_wipe(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_derive),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_wipe),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
