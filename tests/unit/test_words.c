/* The word list: all different, short, plain letters, in a fixed order. */
#include "daemon/core/peer/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

static void test_words(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 256; i++) {
		const char *word = words_of((uint8_t)i);
		size_t n = strlen(word);

		assert_true(n >= 3 && n <= WORDS_LENGTH_MAX);
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz"), n);
		if (i > 0)
			assert_true(strcmp(words_of((uint8_t)(i - 1)), word) <
				    0);
	}
}

/* A word that moved would make two versions show different words. */
static void test_order_is_the_format(void **state)
{
	crypto_generichash_state hash;
	uint8_t digest[16];
	char hex[33];

	(void)state;
	crypto_generichash_init(&hash, NULL, 0, sizeof(digest));
	for (unsigned int i = 0; i < 256; i++) {
		const char *word = words_of((uint8_t)i);

		crypto_generichash_update(&hash, (const uint8_t *)word,
					  strlen(word) + 1);
	}
	crypto_generichash_final(&hash, digest, sizeof(digest));
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	assert_string_equal(hex, "524e0d16e290ae4a7e091cc1b4ab2f16");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_order_is_the_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
