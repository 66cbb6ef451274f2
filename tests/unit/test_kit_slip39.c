/*
 * SLIP-0039: the vectors of the specification (three are written in, all 45
 * are read from $FOB_FIXTURES/vectors where that is set), shares made here in
 * all combinations, and what is told about shares that are wrong.
 * Covers: shamir, feistel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/kit/feistel.h"
#include "client/kit/slip39.h"
#include "proto/text.h"

#define FILE_SIZE (64 * 1024)
#define VECTORS 45
#define SHARES_MAX 8

struct vector {
	const char *secret;
	const char *shares[2];
};

/* Numbers 4, 19 and 45, with the passphrase TREZOR. */
static const struct vector vectors[] = {
	{ "b43ceb7e57a0ea8766221624d01b0864",
	  { "shadow pistol academic always adequate wildlife "
	    "fancy gross oasis cylinder mustang wrist rescue "
	    "view short owner flip making coding armed",
	    "shadow pistol academic acid actress prayer class "
	    "unknown daughter sweater depict flip twice unkind "
	    "craft early superior advocate guest smoking" } },
	{ "7c3397a292a5941682d7a4ae2d898d11",
	  { "eraser senior beard romp adorn nuclear spill corner "
	    "cradle style ancient family general leader ambition "
	    "exchange unusual garlic promise voice",
	    "eraser senior acrobat romp bishop medical gesture "
	    "pumps secret alive ultimate quarter priest subject "
	    "class dictate spew material endless market" } },
	{ "8dc652d6d6cd370d8c963141f6d79ba4"
	  "40300f25c467302c1d966bff8f62300d",
	  { "western apart academic always artist resident "
	    "briefing sugar woman oven coding club ajar merit "
	    "pecan answer prisoner artist fraction amount "
	    "desktop mild false necklace muscle photo wealthy "
	    "alpha category unwrap spew losing making",
	    "western apart academic acid answer ancient auction "
	    "flip image penalty oasis beaver multiple thunder "
	    "problem switch alive heat inherit superior teaspoon "
	    "explain blanket pencil numb lend punish endless "
	    "aunt garlic humidity kidney observe" } },
};

/* 0 and the secret, or the first error of reading or of combining. */
static int combine(const char *const *words, size_t n, const char *passphrase,
		   uint8_t secret[static SLIP39_SECRET_MAX], size_t *ret_n)
{
	struct slip39_share shares[SHARES_MAX];
	struct slip39_place place;
	size_t i, at;

	assert_true(n >= 1 && n <= SHARES_MAX);
	for (i = 0; i < n; i++) {
		char back[SLIP39_TEXT_SIZE];
		int r = slip39_read(&shares[i], text_of(words[i]), &place);

		if (r != 0)
			return r;
		slip39_write(back, &shares[i]);
		assert_string_equal(back, words[i]);
	}
	return slip39_combine(secret, ret_n, &(struct slip39_set){ shares, n },
			      text_of(passphrase), &at);
}

static void check_secret(const char *const *words, size_t n, const char *hex)
{
	uint8_t secret[SLIP39_SECRET_MAX];
	char got[2 * SLIP39_SECRET_MAX + 1];
	size_t size;

	assert_int_equal(combine(words, n, "TREZOR", secret, &size), 0);
	sodium_bin2hex(got, sizeof(got), secret, size);
	assert_string_equal(got, hex);
}

static void test_vectors(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		check_secret(vectors[i].shares, 2, vectors[i].secret);
}

/* --- all of them ----------------------------------------------------------- */

/* What each is there to show; from 20 on, the same with 256 bits. */
static int wanted_error(size_t number)
{
	static const int errors[] = {
		0, /* numbers are from 1 */
		0,
		SLIP39_ERR_CHECKSUM,
		SLIP39_ERR_FORMAT,
		0,
		SLIP39_ERR_FEW,
		SLIP39_ERR_SET, /* 6: identifiers */
		SLIP39_ERR_SET,
		SLIP39_ERR_SET,
		SLIP39_ERR_SET,
		SLIP39_ERR_FORMAT, /* 10: group threshold above the count */
		SLIP39_ERR_SET,
		SLIP39_ERR_SET,
		SLIP39_ERR_DIGEST,
		SLIP39_ERR_FEW,
		SLIP39_ERR_FEW,
		SLIP39_ERR_FEW,
		0,
		0,
		0,
	};

	if (number == 39 || number == 40)
		return SLIP39_ERR_COUNT;
	if (number > 40)
		return 0;
	return errors[number > 19 ? number - 19 : number];
}

/* The next string of a JSON file without escapes, cut in place. */
static char *next_string(char **text)
{
	char *from = strchr(*text, '"'), *to;

	if (!from)
		return NULL;
	to = strchr(from + 1, '"');
	assert_non_null(to);
	*to = '\0';
	*text = to + 1;
	return from + 1;
}

/* The name was read; then come shares, the secret, and a key of BIP-32. */
static void check_one(char **rest, size_t number)
{
	const char *words[SHARES_MAX], *text;
	uint8_t secret[SLIP39_SECRET_MAX];
	size_t n = 0, size;

	while ((text = next_string(rest)) && strchr(text, ' ')) {
		assert_true(n < SHARES_MAX);
		words[n++] = text;
	}
	assert_non_null(text);
	assert_non_null(next_string(rest));
	if (wanted_error(number) == 0) {
		check_secret(words, n, text);
		return;
	}
	assert_string_equal(text, "");
	if (combine(words, n, "TREZOR", secret, &size) != wanted_error(number))
		fail_msg("vector %zu: %d", number,
			 combine(words, n, "TREZOR", secret, &size));
}

static void test_all_vectors(void **state)
{
	static char text[FILE_SIZE];
	const char *folder = getenv("FOB_FIXTURES");
	char path[4096], *rest = text;
	size_t n, count = 0;
	FILE *file;

	(void)state;
	if (!folder) {
		print_message("FOB_FIXTURES is not set\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/vectors/slip39-vectors.json", folder);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	assert_true(n < sizeof(text) - 1);
	text[n] = '\0';
	while (next_string(&rest))
		check_one(&rest, ++count);
	assert_int_equal(count, VECTORS);
}

/* --- made here ------------------------------------------------------------- */

static void make(struct slip39_share *ret, size_t threshold, size_t count,
		 uint8_t secret[static SLIP39_SECRET_MAX])
{
	uint8_t random[SHAMIR_SHARES_MAX * SHAMIR_VALUE_MAX];

	randombytes_buf(random, sizeof(random));
	randombytes_buf(secret, SLIP39_SECRET_MAX);
	slip39_split(ret, (struct bytes){ secret, SLIP39_SECRET_MAX },
		     &(struct slip39_plan){
			     .threshold = threshold,
			     .count = count,
			     .id = (uint16_t)randombytes_uniform(1u << 15),
			     .random = random,
		     });
}

/* Every subset of 3 of 5, and of 2 that is too few, and of 4 and 5. */
static void test_subsets(void **state)
{
	struct slip39_share all[5], some[5];
	uint8_t secret[SLIP39_SECRET_MAX], back[SLIP39_SECRET_MAX];
	struct slip39_place place;
	unsigned int subset;
	size_t i, n, size, at;

	(void)state;
	make(all, 3, 5, secret);
	for (subset = 1; subset < 32; subset++) {
		int r;

		for (i = n = 0; i < 5; i++) {
			char text[SLIP39_TEXT_SIZE];

			if (!(subset >> i & 1u))
				continue;
			slip39_write(text, &all[i]);
			assert_int_equal(slip39_read(&some[n++], text_of(text),
						     &place),
					 0);
		}
		r = slip39_combine(back, &size, &(struct slip39_set){ some, n },
				   (struct bytes){ NULL, 0 }, &at);
		assert_int_equal(r, n < 3 ? SLIP39_ERR_FEW : 0);
		if (r != 0)
			continue;
		assert_int_equal(size, SLIP39_SECRET_MAX);
		assert_memory_equal(back, secret, size);
	}
}

static void test_twice_counts_once(void **state)
{
	struct slip39_share all[3], some[3];
	uint8_t secret[SLIP39_SECRET_MAX], back[SLIP39_SECRET_MAX];
	struct slip39_set set = { some, 2 };
	size_t size, at;

	(void)state;
	make(all, 2, 3, secret);
	some[0] = some[1] = all[2];
	some[2] = all[0];
	assert_int_equal(slip39_combine(back, &size, &set,
					(struct bytes){ NULL, 0 }, &at),
			 SLIP39_ERR_FEW);
	set.n = 3;
	assert_int_equal(slip39_combine(back, &size, &set,
					(struct bytes){ NULL, 0 }, &at),
			 0);
	assert_memory_equal(back, secret, size);
}

static void test_other_kit(void **state)
{
	struct slip39_share all[2], others[2], some[2];
	uint8_t secret[SLIP39_SECRET_MAX];
	size_t size, at = 99;

	(void)state;
	make(all, 2, 2, secret);
	make(others, 2, 2, secret);
	others[1].id = all[0].id ^ 1;
	some[0] = all[0];
	some[1] = others[1];
	assert_int_equal(slip39_combine(secret, &size,
					&(struct slip39_set){ some, 2 },
					(struct bytes){ NULL, 0 }, &at),
			 SLIP39_ERR_SET);
	assert_int_equal(at, 1);
}

/* The same identifier by chance, or a value that was altered. */
static void test_digest(void **state)
{
	struct slip39_share all[3];
	uint8_t secret[SLIP39_SECRET_MAX];
	size_t size, at, bit;

	(void)state;
	make(all, 3, 3, secret);
	for (bit = 0; bit < 256; bit += 51) {
		all[1].value[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(slip39_combine(secret, &size,
						&(struct slip39_set){ all, 3 },
						(struct bytes){ NULL, 0 }, &at),
				 SLIP39_ERR_DIGEST);
		all[1].value[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* Fewer than the threshold say nothing: any secret is as likely. */
static void test_first_shares_are_random(void **state)
{
	uint8_t random[2 * SHAMIR_VALUE_MAX], secret[SLIP39_SECRET_MAX] = { 0 };
	struct shamir_point a[2], b[2];

	(void)state;
	randombytes_buf(random, sizeof(random));
	shamir_split(a, 2, 2, BYTES(secret), random);
	secret[0] = 1;
	shamir_split(b, 2, 2, BYTES(secret), random);
	assert_memory_not_equal(a[0].value, b[0].value, SHAMIR_VALUE_MAX);
	shamir_split(a, 2, 1, BYTES(secret), NULL);
	assert_memory_equal(a[1].value, secret, SHAMIR_VALUE_MAX);
}

/* f(x) = 3x + 5 in GF(256), by hand: f(1) = 6, f(2) = 3, f(4) = 9. */
static void test_interpolation(void **state)
{
	const struct shamir_point points[2] = {
		{ .x = 1, .value = { 6 } },
		{ .x = 2, .value = { 3 } },
	};
	uint8_t value;

	(void)state;
	shamir_interpolate(&value, 1, 0, points, 2);
	assert_int_equal(value, 5);
	shamir_interpolate(&value, 1, 4, points, 2);
	assert_int_equal(value, 9);
	shamir_interpolate(&value, 1, 0x80, points, 2);
	assert_int_equal(value, 0x80 ^ 0x1b ^ 5);
}

static void test_feistel(void **state)
{
	static const uint8_t other[] = "other";
	uint8_t in[FEISTEL_MAX], out[FEISTEL_MAX], back[FEISTEL_MAX];
	struct feistel how = { .id = 7, .exponent = 1 };

	(void)state;
	randombytes_buf(in, sizeof(in));
	feistel_encrypt(&how, out, BYTES(in));
	assert_memory_not_equal(in, out, sizeof(in));
	feistel_decrypt(&how, back, BYTES(out));
	assert_memory_equal(in, back, sizeof(in));
	how.passphrase = (struct bytes){ other, 5 };
	feistel_decrypt(&how, back, BYTES(out));
	assert_memory_not_equal(in, back, sizeof(in));
}

/* --- what is wrong --------------------------------------------------------- */

static int read_it(const char *words, struct slip39_place *place)
{
	struct slip39_share share;

	return slip39_read(&share, text_of(words), place);
}

static void test_which_word(void **state)
{
	struct slip39_place place;
	char text[2 * SLIP39_TEXT_SIZE];

	(void)state;
	snprintf(text, sizeof(text), "%s", vectors[0].shares[0]);
	memcpy(strstr(text, "academic"), "academix", 8);
	assert_int_equal(read_it(text, &place), SLIP39_ERR_WORD);
	assert_int_equal(place.number, 3);
	assert_memory_equal(place.word.p, "academix", 8);
	assert_int_equal(read_it("academic acid", &place), SLIP39_ERR_COUNT);
	assert_int_equal(place.number, 2);
	assert_int_equal(read_it("", &place), SLIP39_ERR_COUNT);
	snprintf(text, sizeof(text), "%s %s", vectors[0].shares[0],
		 vectors[0].shares[1]);
	assert_int_equal(read_it(text, &place), SLIP39_ERR_COUNT);
	assert_int_equal(place.number, 40);
}

/* Another word anywhere is always noticed. */
static void test_wrong_words(void **state)
{
	struct slip39_share share[2];
	uint8_t secret[SLIP39_SECRET_MAX];
	struct slip39_place place;
	char text[SLIP39_TEXT_SIZE], changed[2 * SLIP39_TEXT_SIZE];
	size_t tries, i;

	(void)state;
	make(share, 2, 2, secret);
	slip39_write(text, &share[0]);
	for (tries = 0; tries < 200; tries++) {
		size_t wrong = randombytes_uniform(SLIP39_WORDS_MAX), n = 0;
		uint32_t other = randombytes_uniform(SLIP39_LIST);
		char *rest = text;
		bool same = false;

		for (i = 0; i < SLIP39_WORDS_MAX; i++) {
			size_t length = strcspn(rest, " ");
			const char *word = slip39_words[other];

			if (i == wrong) {
				same = strlen(word) == length &&
				       memcmp(word, rest, length) == 0;
				n += (size_t)snprintf(changed + n, 16, "%s ",
						      word);
			} else {
				n += (size_t)snprintf(changed + n, 16, "%.*s ",
						      (int)length, rest);
			}
			rest += length + (rest[length] != '\0');
		}
		assert_int_equal(read_it(changed, &place),
				 same ? 0 : SLIP39_ERR_CHECKSUM);
	}
}

static void test_written_freely(void **state)
{
	struct slip39_place place;
	char text[SLIP39_TEXT_SIZE];
	size_t i;

	(void)state;
	snprintf(text, sizeof(text), "%s", vectors[0].shares[0]);
	for (i = 0; text[i]; i++)
		text[i] = (char)(text[i] == ' ' ? '\n' : text[i] - 32);
	assert_int_equal(read_it(text, &place), 0);
}

static void test_list(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < SLIP39_LIST; i++) {
		assert_int_equal(slip39_find(text_of(slip39_words[i])), i);
		if (i > 0)
			assert_true(strncmp(slip39_words[i - 1],
					    slip39_words[i], 4) < 0);
	}
	assert_int_equal(slip39_find(text_of("abandon")), -1);
	assert_int_equal(slip39_find(text_of("")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_all_vectors),
		cmocka_unit_test(test_subsets),
		cmocka_unit_test(test_twice_counts_once),
		cmocka_unit_test(test_other_kit),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_first_shares_are_random),
		cmocka_unit_test(test_interpolation),
		cmocka_unit_test(test_feistel),
		cmocka_unit_test(test_which_word),
		cmocka_unit_test(test_wrong_words),
		cmocka_unit_test(test_written_freely),
		cmocka_unit_test(test_list),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
