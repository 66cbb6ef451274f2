#include "client/yubikey/access.h"

#include <nettle/hmac.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <sodium.h>
#include <string.h>

#include "proto/item.pb-c.h"

#define ROUNDS 1000
#define SECRET_MIN 14 /* bytes that a card wants at least */

void access_key(struct bytes code, struct bytes device,
		uint8_t ret[static ACCESS_KEY_SIZE])
{
	pbkdf2_hmac_sha1(code.n, code.p, ROUNDS, device.n, device.p,
			 ACCESS_KEY_SIZE, ret);
}

void access_proof(const uint8_t key[static ACCESS_KEY_SIZE],
		  struct bytes challenge, uint8_t ret[static ACCESS_PROOF_SIZE])
{
	struct hmac_sha1_ctx hmac;

	hmac_sha1_set_key(&hmac, ACCESS_KEY_SIZE, key);
	hmac_sha1_update(&hmac, challenge.n, challenge.p);
	hmac_sha1_digest(&hmac, ACCESS_PROOF_SIZE, ret);
	sodium_memzero(&hmac, sizeof(hmac));
}

static size_t hash(uint32_t algorithm, struct bytes secret, uint8_t *ret)
{
	union {
		struct sha1_ctx sha1;
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} ctx;
	size_t n = SHA1_DIGEST_SIZE;

	if (algorithm == FOB__ALGORITHM__SHA512) {
		n = SHA512_DIGEST_SIZE;
		sha512_init(&ctx.sha512);
		sha512_update(&ctx.sha512, secret.n, secret.p);
		sha512_digest(&ctx.sha512, n, ret);
	} else if (algorithm == FOB__ALGORITHM__SHA256) {
		n = SHA256_DIGEST_SIZE;
		sha256_init(&ctx.sha256);
		sha256_update(&ctx.sha256, secret.n, secret.p);
		sha256_digest(&ctx.sha256, n, ret);
	} else {
		REQUIRE(algorithm == FOB__ALGORITHM__SHA1);
		sha1_init(&ctx.sha1);
		sha1_update(&ctx.sha1, secret.n, secret.p);
		sha1_digest(&ctx.sha1, n, ret);
	}
	sodium_memzero(&ctx, sizeof(ctx));
	return n;
}

size_t access_secret(uint32_t algorithm, struct bytes secret,
		     uint8_t ret[static ACCESS_SECRET_MAX])
{
	size_t block = algorithm == FOB__ALGORITHM__SHA512 ? SHA512_BLOCK_SIZE :
							     SHA1_BLOCK_SIZE;

	if (secret.n > block)
		return hash(algorithm, secret, ret);
	memset(ret, 0, ACCESS_SECRET_MAX);
	if (secret.n > 0)
		memcpy(ret, secret.p, secret.n);
	return size_max(secret.n, SECRET_MIN);
}
