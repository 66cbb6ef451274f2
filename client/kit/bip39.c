#include "client/kit/bip39.h"

#include <sodium.h>
#include <string.h>

#include "client/kit/spelling.h"

#define WORD_BITS 11

static bool entropy_size(size_t n)
{
	return n >= 16 && n <= BIP39_ENTROPY_MAX && n % 4 == 0;
}

static unsigned int bit_get(const uint8_t *bits, size_t i)
{
	return (unsigned int)bits[i / 8] >> (7 - i % 8) & 1u;
}

static void bit_set(uint8_t *bits, size_t i)
{
	bits[i / 8] |= (uint8_t)(0x80u >> i % 8);
}

/* The entropy and, behind it, one byte that begins with the checksum. */
static void with_checksum(uint8_t ret[static BIP39_ENTROPY_MAX + 1],
			  struct bytes entropy)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	memcpy(ret, entropy.p, entropy.n);
	crypto_hash_sha256(hash, entropy.p, entropy.n);
	ret[entropy.n] = hash[0];
	sodium_memzero(hash, sizeof(hash));
}

void bip39_write(char ret_text[static BIP39_TEXT_SIZE], struct bytes entropy)
{
	uint8_t bits[BIP39_ENTROPY_MAX + 1];
	size_t words, w, b, at = 0;

	REQUIRE(entropy_size(entropy.n));
	with_checksum(bits, entropy);
	words = (entropy.n * 8 + entropy.n / 4) / WORD_BITS;
	for (w = 0; w < words; w++) {
		size_t index = 0, n;

		for (b = 0; b < WORD_BITS; b++)
			index = index << 1 | bit_get(bits, w * WORD_BITS + b);
		n = strlen(bip39_words[index]);
		memcpy(ret_text + at, bip39_words[index], n);
		at += n;
		ret_text[at++] = ' ';
	}
	ret_text[at - 1] = '\0';
	sodium_memzero(bits, sizeof(bits));
}

int bip39_find(struct bytes word)
{
	_Static_assert(BIP39_WORD_SIZE == SPELLING_SIZE, "one size");
	return spelling_find(bip39_words, BIP39_LIST, word);
}

static int count_words(struct bytes text, size_t *ret_words)
{
	struct bytes word;
	size_t n = 0;

	while (spelling_next(&text, &word))
		n++;
	*ret_words = n;
	if (n < 12 || n > BIP39_WORDS_MAX || n % 3 != 0)
		return BIP39_ERR_COUNT;
	return 0;
}

/* bits is zeroed and has room for every word. */
static int read_words(uint8_t *bits, struct bytes text,
		      struct bip39_place *ret_place)
{
	struct bytes word;
	size_t w, b;

	for (w = 0; spelling_next(&text, &word); w++) {
		int index = bip39_find(word);

		if (index < 0) {
			*ret_place = (struct bip39_place){ w + 1, word };
			return BIP39_ERR_WORD;
		}
		for (b = 0; b < WORD_BITS; b++)
			if ((unsigned int)index >> (WORD_BITS - 1 - b) & 1u)
				bit_set(bits, w * WORD_BITS + b);
	}
	return 0;
}

int bip39_read(uint8_t ret[static BIP39_ENTROPY_MAX], struct bytes text,
	       size_t *ret_n, struct bip39_place *ret_place)
{
	uint8_t bits[BIP39_ENTROPY_MAX + 1] = { 0 };
	uint8_t right[BIP39_ENTROPY_MAX + 1];
	size_t words, n;
	int r;

	r = count_words(text, &words);
	if (r != 0)
		*ret_place = (struct bip39_place){ .number = words };
	if (r == 0)
		r = read_words(bits, text, ret_place);
	if (r == 0) {
		n = words * WORD_BITS / 33 * 4;
		with_checksum(right, (struct bytes){ bits, n });
		/* The checksum has a bit for each 4 bytes. */
		right[n] &= (uint8_t)(0xff00u >> n / 4);
		if (sodium_memcmp(right, bits, n + 1) != 0)
			r = BIP39_ERR_CHECKSUM;
	}
	if (r == 0) {
		memcpy(ret, bits, n);
		*ret_n = n;
	} else {
		sodium_memzero(ret, BIP39_ENTROPY_MAX);
	}
	sodium_memzero(bits, sizeof(bits));
	sodium_memzero(right, sizeof(right));
	return r;
}
