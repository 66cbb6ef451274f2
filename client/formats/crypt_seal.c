/* The closing half of crypt.h. */
#include <errno.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/gcm.h>
#include <sodium.h>
#include <string.h>

#include "client/formats/crypt.h"

int crypt_gcm_seal(const struct crypt_gcm *how, struct bytes plain,
		   struct buffer *ret)
{
	struct gcm_aes256_ctx ctx;

	REQUIRE(how->nonce.n == CRYPT_NONCE);
	if (buffer_alloc(ret, plain.n + CRYPT_TAG) < 0)
		return -ENOMEM;
	gcm_aes256_set_key(&ctx, how->key);
	gcm_aes256_set_iv(&ctx, CRYPT_NONCE, how->nonce.p);
	gcm_aes256_update(&ctx, how->more.n, how->more.p);
	gcm_aes256_encrypt(&ctx, plain.n, ret->p, plain.p);
	gcm_aes256_digest(&ctx, CRYPT_TAG, ret->p + plain.n);
	sodium_memzero(&ctx, sizeof(ctx));
	return 0;
}

int crypt_cbc_seal(const uint8_t key[static CRYPT_KEY],
		   const uint8_t iv[static CRYPT_BLOCK], struct bytes plain,
		   struct buffer *ret)
{
	struct CBC_CTX(struct aes256_ctx, CRYPT_BLOCK) ctx;
	size_t pad = CRYPT_BLOCK - plain.n % CRYPT_BLOCK;

	if (buffer_alloc(ret, plain.n + pad) < 0)
		return -ENOMEM;
	if (plain.n > 0)
		memcpy(ret->p, plain.p, plain.n);
	memset(ret->p + plain.n, (int)pad, pad);
	aes256_set_encrypt_key(&ctx.ctx, key);
	CBC_SET_IV(&ctx, iv);
	CBC_ENCRYPT(&ctx, aes256_encrypt, ret->n, ret->p, ret->p);
	sodium_memzero(&ctx, sizeof(ctx));
	return 0;
}
