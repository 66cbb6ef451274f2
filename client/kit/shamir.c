#include "client/kit/shamir.h"

#include <sodium.h>
#include <string.h>

/* Where the polynomial holds what is no share. */
#define X_DIGEST 254
#define X_SECRET 255

/* --- GF(256), modulo x^8 + x^4 + x^3 + x + 1 -------------------------------- */

static uint8_t multiply(uint8_t a, uint8_t b)
{
	unsigned int product = 0, factor = a, i;

	for (i = 0; i < 8; i++) {
		unsigned int high;

		product ^= factor & (0u - ((unsigned int)b >> i & 1u));
		high = 0u - (factor >> 7 & 1u);
		factor = (factor << 1 & 0xffu) ^ (high & 0x1bu);
	}
	return (uint8_t)product;
}

/* a^254, since a^255 is 1 for all but 0. */
static uint8_t invert(uint8_t a)
{
	uint8_t square = a, product = 1;
	int i;

	for (i = 0; i < 7; i++) {
		square = multiply(square, square);
		product = multiply(product, square);
	}
	return product;
}

/* How much point i counts at x, as Lagrange says. */
static uint8_t weight(uint8_t x, const struct shamir_point *points, size_t n,
		      size_t i)
{
	uint8_t above = 1, below = 1;
	size_t j;

	for (j = 0; j < n; j++) {
		if (j == i)
			continue;
		REQUIRE(points[i].x != points[j].x);
		above = multiply(above, x ^ points[j].x);
		below = multiply(below, points[i].x ^ points[j].x);
	}
	return multiply(above, invert(below));
}

void shamir_interpolate(uint8_t *ret, size_t size, uint8_t x,
			const struct shamir_point *points, size_t n)
{
	size_t i, b;

	REQUIRE(size <= SHAMIR_VALUE_MAX);
	memset(ret, 0, size);
	for (i = 0; i < n; i++) {
		uint8_t w = weight(x, points, n, i);

		for (b = 0; b < size; b++)
			ret[b] ^= multiply(w, points[i].value[b]);
	}
}

/* --- shares ---------------------------------------------------------------- */

/* The digest of the secret, under what follows it in the same value. */
static void digest(uint8_t ret[static SHAMIR_DIGEST], struct bytes secret,
		   struct bytes key)
{
	crypto_auth_hmacsha256_state state;
	uint8_t hash[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&state, key.p, key.n);
	crypto_auth_hmacsha256_update(&state, secret.p, secret.n);
	crypto_auth_hmacsha256_final(&state, hash);
	memcpy(ret, hash, SHAMIR_DIGEST);
	sodium_memzero(hash, sizeof(hash));
	sodium_memzero(&state, sizeof(state));
}

static void split_many(struct shamir_point *ret, size_t count, size_t threshold,
		       struct bytes secret, const uint8_t *random)
{
	struct shamir_point base[SHAMIR_SHARES_MAX] = { 0 };
	struct shamir_point *proof = &base[threshold - 2];
	struct shamir_point *hidden = &base[threshold - 1];
	size_t i;

	for (i = 0; i < threshold - 1; i++) {
		base[i].x = (uint8_t)i;
		memcpy(base[i].value, random + i * SHAMIR_VALUE_MAX, secret.n);
	}
	proof->x = X_DIGEST;
	digest(proof->value, secret,
	       (struct bytes){ proof->value + SHAMIR_DIGEST,
			       secret.n - SHAMIR_DIGEST });
	hidden->x = X_SECRET;
	memcpy(hidden->value, secret.p, secret.n);
	for (i = 0; i < count; i++) {
		ret[i].x = (uint8_t)i;
		shamir_interpolate(ret[i].value, secret.n, (uint8_t)i, base,
				   threshold);
	}
	sodium_memzero(base, sizeof(base));
}

void shamir_split(struct shamir_point *ret, size_t count, size_t threshold,
		  struct bytes secret, const uint8_t *random)
{
	size_t i;

	REQUIRE(threshold >= 1 && threshold <= count);
	REQUIRE(count <= SHAMIR_SHARES_MAX);
	REQUIRE(secret.n >= 16 && secret.n <= SHAMIR_VALUE_MAX);
	if (threshold > 1) {
		split_many(ret, count, threshold, secret, random);
		return;
	}
	for (i = 0; i < count; i++) {
		ret[i].x = (uint8_t)i;
		memcpy(ret[i].value, secret.p, secret.n);
	}
}

int shamir_recover(uint8_t *ret, size_t size, const struct shamir_point *points,
		   size_t n)
{
	uint8_t proof[SHAMIR_VALUE_MAX], right[SHAMIR_DIGEST];
	uint8_t secret[SHAMIR_VALUE_MAX];
	int r = 0;

	REQUIRE(n >= 1 && size > SHAMIR_DIGEST && size <= SHAMIR_VALUE_MAX);
	if (n == 1) {
		memcpy(ret, points[0].value, size);
		return 0;
	}
	shamir_interpolate(secret, size, X_SECRET, points, n);
	shamir_interpolate(proof, size, X_DIGEST, points, n);
	digest(right, (struct bytes){ secret, size },
	       (struct bytes){ proof + SHAMIR_DIGEST, size - SHAMIR_DIGEST });
	if (sodium_memcmp(right, proof, SHAMIR_DIGEST) != 0)
		r = SHAMIR_ERR_DIGEST;
	else
		memcpy(ret, secret, size);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(proof, sizeof(proof));
	return r;
}
