#include "daemon/core/peer/cpace.h"

#include <sodium.h>

#define BLOCK_SIZE 128 /* s_in_bytes of SHA-512 */

static const uint8_t dsi[] = "CPaceRistretto255";
static const uint8_t dsi_isk[] = "CPaceRistretto255_ISK";
static const uint8_t dsi_mac[] = "CPaceMac";

/* Domain names go in without the NUL that C appends. */
#define NAME(a) ((struct bytes){ (a), sizeof(a) - 1 })

size_t cpace_length(size_t n, uint8_t ret[CPACE_LENGTH_MAX])
{
	size_t i = 0;

	for (; n >= 128; n >>= 7)
		ret[i++] = (uint8_t)(n & 127) | 128;
	ret[i++] = (uint8_t)n;
	return i;
}

/* One part of lv_cat: hashed as it comes, never put together in memory. */
static void add_lv(crypto_hash_sha512_state *state, struct bytes part)
{
	uint8_t length[CPACE_LENGTH_MAX];

	crypto_hash_sha512_update(state, length, cpace_length(part.n, length));
	if (part.n > 0)
		crypto_hash_sha512_update(state, part.p, part.n);
}

/* Zeros that fill the first block, so hashing takes no time of the password. */
static size_t zero_pad(struct bytes prs)
{
	uint8_t length[CPACE_LENGTH_MAX];
	size_t used = 1 + cpace_length(prs.n, length) + prs.n +
		      cpace_length(sizeof(dsi) - 1, length) + sizeof(dsi) - 1;

	return used < BLOCK_SIZE ? BLOCK_SIZE - used : 0;
}

void cpace_generator(struct bytes prs, struct bytes ci, struct bytes sid,
		     uint8_t ret[CPACE_POINT_SIZE])
{
	static const uint8_t zeros[BLOCK_SIZE];
	crypto_hash_sha512_state state;
	uint8_t hash[crypto_hash_sha512_BYTES];

	crypto_hash_sha512_init(&state);
	add_lv(&state, NAME(dsi));
	add_lv(&state, prs);
	add_lv(&state, (struct bytes){ zeros, zero_pad(prs) });
	add_lv(&state, ci);
	add_lv(&state, sid);
	crypto_hash_sha512_final(&state, hash);
	crypto_core_ristretto255_from_hash(ret, hash);
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(hash, sizeof(hash));
}

void cpace_scalar(const uint8_t random[CPACE_RANDOM_SIZE],
		  uint8_t ret[CPACE_SCALAR_SIZE])
{
	crypto_core_ristretto255_scalar_reduce(ret, random);
}

int cpace_multiply(const uint8_t scalar[CPACE_SCALAR_SIZE],
		   const uint8_t point[CPACE_POINT_SIZE],
		   uint8_t ret[CPACE_POINT_SIZE])
{
	/* libsodium refuses both: bad encodings and the identity. */
	return crypto_scalarmult_ristretto255(ret, scalar, point) == 0 ?
		       0 :
		       CPACE_ERR_REFUSED;
}

static void add_message(crypto_hash_sha512_state *state,
			const struct cpace_message *message)
{
	add_lv(state, BYTES(message->share));
	add_lv(state, message->ad);
}

void cpace_isk(struct bytes sid, const uint8_t k[CPACE_POINT_SIZE],
	       const struct cpace_message *a, const struct cpace_message *b,
	       uint8_t ret[CPACE_ISK_SIZE])
{
	crypto_hash_sha512_state state;

	crypto_hash_sha512_init(&state);
	add_lv(&state, NAME(dsi_isk));
	add_lv(&state, sid);
	add_lv(&state, (struct bytes){ k, CPACE_POINT_SIZE });
	add_message(&state, a);
	add_message(&state, b);
	crypto_hash_sha512_final(&state, ret);
	sodium_memzero(&state, sizeof(state));
}

static void mac_key(struct bytes sid, const uint8_t isk[CPACE_ISK_SIZE],
		    uint8_t ret[crypto_hash_sha512_BYTES])
{
	crypto_hash_sha512_state state;

	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, dsi_mac, sizeof(dsi_mac) - 1);
	if (sid.n > 0)
		crypto_hash_sha512_update(&state, sid.p, sid.n);
	crypto_hash_sha512_update(&state, isk, CPACE_ISK_SIZE);
	crypto_hash_sha512_final(&state, ret);
	sodium_memzero(&state, sizeof(state));
}

static void mac_lv(crypto_auth_hmacsha512_state *state, struct bytes part)
{
	uint8_t length[CPACE_LENGTH_MAX];

	crypto_auth_hmacsha512_update(state, length,
				      cpace_length(part.n, length));
	if (part.n > 0)
		crypto_auth_hmacsha512_update(state, part.p, part.n);
}

void cpace_tag(struct bytes sid, const uint8_t isk[CPACE_ISK_SIZE],
	       const struct cpace_message *message, uint8_t ret[CPACE_MAC_SIZE])
{
	crypto_auth_hmacsha512_state state;
	uint8_t key[crypto_hash_sha512_BYTES];

	mac_key(sid, isk, key);
	crypto_auth_hmacsha512_init(&state, key, sizeof(key));
	mac_lv(&state, BYTES(message->share));
	mac_lv(&state, message->ad);
	crypto_auth_hmacsha512_final(&state, ret);
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(key, sizeof(key));
}
