/*
 * BIP-39 words: the vectors of the reference implementation (three are
 * written in, all are read from $FOB_FIXTURES/vectors where that is set), and
 * what is told about words that are wrong.
 *
 * Covers: spelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/kit/bip39.h"
#include "proto/text.h"

#define FILE_SIZE (128 * 1024)

struct vector {
	const char *entropy, *words;
};

static const struct vector vectors[] = {
	{ "00000000000000000000000000000000",
	  "abandon abandon abandon abandon abandon abandon abandon abandon "
	  "abandon abandon abandon about" },
	{ "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
	  "legal winner thank year wave sausage worth useful legal winner "
	  "thank year wave sausage worth useful legal winner thank year wave "
	  "sausage worth title" },
	{ "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	  "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
	  "zoo zoo zoo zoo zoo zoo zoo vote" },
};

static void check_vector(const char *hex, const char *words)
{
	uint8_t entropy[BIP39_ENTROPY_MAX], back[BIP39_ENTROPY_MAX];
	char text[BIP39_TEXT_SIZE];
	struct bip39_place place;
	size_t n, back_n;

	assert_int_equal(
		text_hex_decode(entropy, sizeof(entropy), text_of(hex), &n), 0);
	bip39_write(text, (struct bytes){ entropy, n });
	assert_string_equal(text, words);
	assert_int_equal(bip39_read(back, text_of(words), &back_n, &place), 0);
	assert_int_equal(back_n, n);
	assert_memory_equal(back, entropy, n);
}

static void test_vectors(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		check_vector(vectors[i].entropy, vectors[i].words);
}

/* The next string of a JSON file without escapes, cut in place. */
static char *next_string(char **text)
{
	char *from = strchr(*text, '"'), *to;

	if (!from)
		return NULL;
	to = strchr(from + 1, '"');
	if (!to)
		return NULL;
	*to = '\0';
	*text = to + 1;
	return from + 1;
}

static void test_all_vectors(void **state)
{
	static char text[FILE_SIZE];
	const char *folder = getenv("FOB_FIXTURES");
	char path[4096], *rest = text, *hex;
	size_t n, count = 0;
	FILE *file;

	(void)state;
	if (!folder) {
		print_message("FOB_FIXTURES is not set\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/vectors/bip39-vectors-english.json",
		 folder);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	assert_string_equal(next_string(&rest), "english");
	while ((hex = next_string(&rest))) {
		const char *words = next_string(&rest);

		check_vector(hex, words);
		assert_non_null(next_string(&rest)); /* the PBKDF2 seed */
		assert_non_null(next_string(&rest)); /* a BIP-32 key */
		count++;
	}
	assert_int_equal(count, 24);
}

static int read_it(const char *words, struct bip39_place *place)
{
	uint8_t back[BIP39_ENTROPY_MAX];
	size_t n;

	return bip39_read(back, text_of(words), &n, place);
}

static void test_written_freely(void **state)
{
	struct bip39_place place;

	(void)state;
	assert_int_equal(read_it("  Abandon ABANDON\tabandon abandon\nabandon "
				 "abandon abandon abandon abandon abandon "
				 "abandon\r\nabout\n",
				 &place),
			 0);
}

static void test_count(void **state)
{
	struct bip39_place place;

	(void)state;
	assert_int_equal(read_it("abandon about", &place), BIP39_ERR_COUNT);
	assert_int_equal(place.number, 2);
	assert_int_equal(read_it("", &place), BIP39_ERR_COUNT);
	assert_int_equal(place.number, 0);
}

static void test_which_word(void **state)
{
	struct bip39_place place;

	(void)state;
	assert_int_equal(read_it("abandon abandon abandon abandon abandon "
				 "abandon abandno abandon abandon abandon "
				 "abandon about",
				 &place),
			 BIP39_ERR_WORD);
	assert_int_equal(place.number, 7);
	assert_int_equal(place.word.n, 7);
	assert_memory_equal(place.word.p, "abandno", 7);
}

static void test_checksum(void **state)
{
	struct bip39_place place;

	(void)state;
	assert_int_equal(read_it("abandon abandon abandon abandon abandon "
				 "abandon abandon abandon abandon abandon "
				 "abandon abandon",
				 &place),
			 BIP39_ERR_CHECKSUM);
}

/* One wrong word of 24: the checksum has 8 bits, so few are missed. */
static void test_one_word_wrong(void **state)
{
	char text[BIP39_TEXT_SIZE];
	struct bip39_place place;
	uint8_t entropy[BIP39_ENTROPY_MAX] = { 1, 2, 3 };
	char *last;
	int i, missed = 0;

	(void)state;
	bip39_write(text, BYTES(entropy));
	last = strrchr(text, ' ') + 1;
	for (i = 0; i < BIP39_LIST; i++) {
		memcpy(last, bip39_words[i], BIP39_WORD_SIZE);
		if (read_it(text, &place) == 0)
			missed++;
	}
	assert_int_equal(missed, BIP39_LIST / 256);
}

static void test_list(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < BIP39_LIST; i++) {
		assert_int_equal(bip39_find(text_of(bip39_words[i])), i);
		if (i > 0)
			assert_true(strcmp(bip39_words[i - 1], bip39_words[i]) <
				    0);
	}
	assert_int_equal(bip39_find(text_of("abandonment")), -1);
	assert_int_equal(bip39_find(text_of("")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_all_vectors),
		cmocka_unit_test(test_written_freely),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_which_word),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_one_word_wrong),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
