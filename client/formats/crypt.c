#include "client/formats/crypt.h"

#include <argon2.h>
#include <errno.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>
#include <nettle/pbkdf2.h>
#include <sodium.h>
#include <string.h>

#include "client/sandbox/confine.h"

#define SALT_MAX 64
#define SALT_MIN 8 /* libargon2 takes no shorter one */

/* --- keys from passwords --------------------------------------------------- */

/* nettle's pbkdf2 is told what to do by function pointers. */
union mac {
	struct hmac_sha1_ctx sha1;
	struct hmac_sha256_ctx sha256;
	struct hmac_sha512_ctx sha512;
};

static void run_pbkdf2(const struct crypt_pbkdf2 *how, union mac *mac,
		       uint8_t *ret, size_t n)
{
	unsigned int iterations = (unsigned int)how->iterations;

	switch (how->hash) {
	case CRYPT_SHA1:
		PBKDF2(&mac->sha1, hmac_sha1_update, hmac_sha1_digest,
		       SHA1_DIGEST_SIZE, iterations, how->salt.n, how->salt.p,
		       n, ret);
		break;
	case CRYPT_SHA256:
		PBKDF2(&mac->sha256, hmac_sha256_update, hmac_sha256_digest,
		       SHA256_DIGEST_SIZE, iterations, how->salt.n, how->salt.p,
		       n, ret);
		break;
	case CRYPT_SHA512:
		PBKDF2(&mac->sha512, hmac_sha512_update, hmac_sha512_digest,
		       SHA512_DIGEST_SIZE, iterations, how->salt.n, how->salt.p,
		       n, ret);
		break;
	}
}

static void set_key(enum crypt_hash hash, union mac *mac, struct bytes key)
{
	switch (hash) {
	case CRYPT_SHA1:
		hmac_sha1_set_key(&mac->sha1, key.n, key.p);
		break;
	case CRYPT_SHA256:
		hmac_sha256_set_key(&mac->sha256, key.n, key.p);
		break;
	case CRYPT_SHA512:
		hmac_sha512_set_key(&mac->sha512, key.n, key.p);
		break;
	}
}

int crypt_pbkdf2(const struct crypt_pbkdf2 *how, struct bytes password,
		 uint8_t *ret, size_t n)
{
	union mac mac;

	if (how->iterations == 0)
		return CRYPT_ERR_NUMBERS;
	if (how->iterations > CRYPT_PBKDF2_MAX)
		return CRYPT_ERR_COST;
	set_key(how->hash, &mac, password);
	run_pbkdf2(how, &mac, ret, n);
	sodium_memzero(&mac, sizeof(mac));
	return 0;
}

int crypt_scrypt(const struct crypt_scrypt *how, struct bytes password,
		 uint8_t ret[static CRYPT_KEY])
{
	uint64_t n = how->n;

	if (n < 2 || (n & (n - 1)) != 0 || how->r == 0 || how->p == 0 ||
	    how->salt.n == 0)
		return CRYPT_ERR_NUMBERS;
	if (how->r > CRYPT_SCRYPT_MAX / 128 ||
	    n > CRYPT_SCRYPT_MAX / 128 / how->r ||
	    how->p > CRYPT_SCRYPT_WORK_MAX / 128 / how->r / n)
		return CRYPT_ERR_COST;
	if (crypto_pwhash_scryptsalsa208sha256_ll(
		    password.p, password.n, how->salt.p, how->salt.n, n,
		    (uint32_t)how->r, (uint32_t)how->p, ret, CRYPT_KEY) != 0)
		return -ENOMEM;
	return 0;
}

static int check_argon2(const struct crypt_argon2 *how)
{
	if (how->passes == 0 || how->lanes == 0 || how->salt.n < SALT_MIN ||
	    how->salt.n > SALT_MAX || how->kib < 8 * how->lanes)
		return CRYPT_ERR_NUMBERS;
	if (how->lanes > CRYPT_LANES_MAX ||
	    how->kib > CRYPT_ARGON2_MAX / 1024 ||
	    how->passes > CRYPT_ARGON2_WORK_MAX / 1024 / how->kib)
		return CRYPT_ERR_COST;
	return 0;
}

/* libargon2 wants to be allowed to write to what it only reads. */
static int run_argon2(const struct crypt_argon2 *how, struct buffer *password,
		      uint8_t *ret)
{
	uint8_t salt[SALT_MAX];
	argon2_context context = {
		.out = ret,
		.outlen = CRYPT_KEY,
		.pwd = password->p,
		.pwdlen = (uint32_t)password->n,
		.salt = salt,
		.saltlen = (uint32_t)how->salt.n,
		.t_cost = (uint32_t)how->passes,
		.m_cost = (uint32_t)how->kib,
		.lanes = (uint32_t)how->lanes,
		.threads = 1,
		.version = ARGON2_VERSION_13,
	};

	memcpy(salt, how->salt.p, how->salt.n);
	switch (argon2_ctx(&context, Argon2_id)) {
	case ARGON2_OK:
		return 0;
	case ARGON2_MEMORY_ALLOCATION_ERROR:
		return -ENOMEM;
	default:
		return CRYPT_ERR_NUMBERS;
	}
}

int crypt_argon2(const struct crypt_argon2 *how, struct bytes password,
		 uint8_t ret[static CRYPT_KEY])
{
	AUTO_BUFFER struct buffer copy = { 0 };
	bool raise = how->kib > CRYPT_ARGON2_PLAIN / 1024;
	int r = check_argon2(how);

	if (r == 0)
		r = buffer_alloc(&copy, password.n);
	if (r != 0)
		return r;
	if (password.n > 0)
		memcpy(copy.p, password.p, password.n);
	if (raise)
		confine_raise(how->kib * 1024);
	r = run_argon2(how, &copy, ret);
	if (raise)
		confine_lower();
	return r;
}

void crypt_hmac(struct bytes key, struct bytes first, struct bytes second,
		uint8_t ret[static CRYPT_KEY])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, key.n, key.p);
	hmac_sha256_update(&ctx, first.n, first.p);
	hmac_sha256_update(&ctx, second.n, second.p);
	hmac_sha256_digest(&ctx, CRYPT_KEY, ret);
	sodium_memzero(&ctx, sizeof(ctx));
}

void crypt_expand(const uint8_t key[static CRYPT_KEY], const char *info,
		  uint8_t ret[static CRYPT_KEY])
{
	static const uint8_t one[] = { 1 };

	crypt_hmac((struct bytes){ key, CRYPT_KEY },
		   (struct bytes){ (const uint8_t *)info, strlen(info) },
		   BYTES(one), ret);
}

void crypt_sha256(struct bytes text, uint8_t ret[static CRYPT_KEY])
{
	crypto_hash_sha256(ret, text.p, text.n);
}

void crypt_wipe(uint8_t key[static CRYPT_KEY])
{
	sodium_memzero(key, CRYPT_KEY);
}

/* --- ciphers ---------------------------------------------------------------- */

int crypt_gcm_open(const struct crypt_gcm *how, struct bytes sealed,
		   struct buffer *ret)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	struct gcm_aes256_ctx ctx;
	uint8_t tag[CRYPT_TAG];
	bool same;
	size_t n;

	if (sealed.n < CRYPT_TAG || how->nonce.n != CRYPT_NONCE)
		return CRYPT_ERR_FORGED;
	n = sealed.n - CRYPT_TAG;
	if (buffer_alloc(&plain, n) < 0)
		return -ENOMEM;
	gcm_aes256_set_key(&ctx, how->key);
	gcm_aes256_set_iv(&ctx, CRYPT_NONCE, how->nonce.p);
	gcm_aes256_update(&ctx, how->more.n, how->more.p);
	gcm_aes256_decrypt(&ctx, n, plain.p, sealed.p);
	gcm_aes256_digest(&ctx, CRYPT_TAG, tag);
	sodium_memzero(&ctx, sizeof(ctx));
	same = sodium_memcmp(tag, sealed.p + n, CRYPT_TAG) == 0;
	if (!same)
		return CRYPT_ERR_FORGED;
	buffer_free(ret);
	*ret = plain;
	plain = (struct buffer){ 0 };
	return 0;
}

/* The bytes in front of the padding, or SIZE_MAX when it is none. */
static size_t unpadded(const struct buffer *plain)
{
	size_t pad = plain->p[plain->n - 1];

	if (pad == 0 || pad > CRYPT_BLOCK)
		return SIZE_MAX;
	for (size_t i = 0; i < pad; i++)
		if (plain->p[plain->n - 1 - i] != pad)
			return SIZE_MAX;
	return plain->n - pad;
}

int crypt_cbc_open(const uint8_t key[static CRYPT_KEY],
		   const uint8_t iv[static CRYPT_BLOCK], struct bytes sealed,
		   struct buffer *ret)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	struct CBC_CTX(struct aes256_ctx, CRYPT_BLOCK) ctx;
	size_t n;

	if (sealed.n == 0 || sealed.n % CRYPT_BLOCK != 0)
		return CRYPT_ERR_FORGED;
	if (buffer_alloc(&plain, sealed.n) < 0)
		return -ENOMEM;
	aes256_set_decrypt_key(&ctx.ctx, key);
	CBC_SET_IV(&ctx, iv);
	CBC_DECRYPT(&ctx, aes256_decrypt, sealed.n, plain.p, sealed.p);
	sodium_memzero(&ctx, sizeof(ctx));
	n = unpadded(&plain);
	if (n == SIZE_MAX)
		return CRYPT_ERR_FORGED;
	/* The padding is no secret, so the buffer may be shorter than it is. */
	buffer_free(ret);
	*ret = (struct buffer){ plain.p, n };
	plain = (struct buffer){ 0 };
	return 0;
}
