#include "client/kit/feistel.h"

#include <sodium.h>
#include <string.h>

#define ROUNDS 4
#define ITERATIONS 2500u /* of one round, with the exponent 0 */
#define HALF_MAX (FEISTEL_MAX / 2)
#define MAC crypto_auth_hmacsha256_BYTES

/*
 * The first block of PBKDF2 (RFC 8018 section 5.2), which is longer than half
 * a secret ever is.
 */
static void pbkdf2_block(uint8_t ret[static MAC],
			 const crypto_auth_hmacsha256_state *keyed,
			 struct bytes salt, uint32_t iterations)
{
	static const uint8_t one[4] = { 0, 0, 0, 1 };
	crypto_auth_hmacsha256_state state = *keyed;
	uint8_t u[MAC];
	size_t b;

	crypto_auth_hmacsha256_update(&state, salt.p, salt.n);
	crypto_auth_hmacsha256_update(&state, one, sizeof(one));
	crypto_auth_hmacsha256_final(&state, u);
	memcpy(ret, u, MAC);
	while (--iterations > 0) {
		state = *keyed;
		crypto_auth_hmacsha256_update(&state, u, MAC);
		crypto_auth_hmacsha256_final(&state, u);
		for (b = 0; b < MAC; b++)
			ret[b] ^= u[b];
	}
	sodium_memzero(u, sizeof(u));
	sodium_memzero(&state, sizeof(state));
}

/* The round function, over the right half. */
static void round_key(uint8_t ret[static MAC], const struct feistel *how,
		      uint8_t i, struct bytes right)
{
	uint8_t password[1 + FEISTEL_PASSPHRASE] = { i };
	uint8_t salt[8 + HALF_MAX] = "shamir";
	size_t at = how->extendable ? 0 : 8;
	crypto_auth_hmacsha256_state keyed;

	REQUIRE(how->passphrase.n <= FEISTEL_PASSPHRASE);
	if (how->passphrase.n > 0)
		memcpy(password + 1, how->passphrase.p, how->passphrase.n);
	salt[6] = (uint8_t)(how->id >> 8);
	salt[7] = (uint8_t)how->id;
	memcpy(salt + at, right.p, right.n);
	crypto_auth_hmacsha256_init(&keyed, password, 1 + how->passphrase.n);
	pbkdf2_block(ret, &keyed, (struct bytes){ salt, at + right.n },
		     ITERATIONS << how->exponent);
	sodium_memzero(password, sizeof(password));
	sodium_memzero(salt, sizeof(salt));
	sodium_memzero(&keyed, sizeof(keyed));
}

/* The rounds in the order first, first + step, ... */
static void run(const struct feistel *how, uint8_t *ret, struct bytes in,
		bool backwards)
{
	uint8_t halves[2][HALF_MAX], key[MAC];
	size_t half = in.n / 2, b;
	unsigned int i;

	REQUIRE(in.n % 2 == 0 && half <= HALF_MAX && how->exponent < 16);
	memcpy(halves[0], in.p, half);
	memcpy(halves[1], in.p + half, half);
	for (i = 0; i < ROUNDS; i++) {
		/* Instead of swapping: the right half is the other one. */
		uint8_t *left = halves[i % 2], *right = halves[(i + 1) % 2];

		round_key(key, how, (uint8_t)(backwards ? ROUNDS - 1 - i : i),
			  (struct bytes){ right, half });
		for (b = 0; b < half; b++)
			left[b] ^= key[b];
	}
	memcpy(ret, halves[1], half);
	memcpy(ret + half, halves[0], half);
	sodium_memzero(halves, sizeof(halves));
	sodium_memzero(key, sizeof(key));
}

void feistel_encrypt(const struct feistel *how, uint8_t *ret, struct bytes in)
{
	run(how, ret, in, false);
}

void feistel_decrypt(const struct feistel *how, uint8_t *ret, struct bytes in)
{
	run(how, ret, in, true);
}
