#include "client/formats/xmlenc.h"

#include <errno.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/hmac.h>
#include <sodium.h>
#include <string.h>

#include "client/formats/number.h"
#include "proto/text.h"

static bool ends_with(struct bytes text, const char *end)
{
	size_t n = strlen(end);

	return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

/* Bytes of the key of a method; 0: it is not known. */
static size_t key_size(struct bytes method)
{
	if (ends_with(method, "xmlenc#aes128-cbc"))
		return AES128_KEY_SIZE;
	if (ends_with(method, "xmlenc#aes192-cbc"))
		return AES192_KEY_SIZE;
	if (ends_with(method, "xmlenc#aes256-cbc"))
		return AES256_KEY_SIZE;
	return 0;
}

static void decrypt(struct bytes key, struct bytes sealed, uint8_t *out)
{
	union {
		struct aes128_ctx small;
		struct aes192_ctx middle;
		struct aes256_ctx large;
	} ctx;
	uint8_t iv[AES_BLOCK_SIZE];
	size_t n = sealed.n - sizeof(iv);

	memcpy(iv, sealed.p, sizeof(iv));
	switch (key.n) {
	case AES128_KEY_SIZE:
		aes128_set_decrypt_key(&ctx.small, key.p);
		cbc_decrypt(&ctx, (nettle_cipher_func *)aes128_decrypt,
			    AES_BLOCK_SIZE, iv, n, out, sealed.p + sizeof(iv));
		break;
	case AES192_KEY_SIZE:
		aes192_set_decrypt_key(&ctx.middle, key.p);
		cbc_decrypt(&ctx, (nettle_cipher_func *)aes192_decrypt,
			    AES_BLOCK_SIZE, iv, n, out, sealed.p + sizeof(iv));
		break;
	default:
		aes256_set_decrypt_key(&ctx.large, key.p);
		cbc_decrypt(&ctx, (nettle_cipher_func *)aes256_decrypt,
			    AES_BLOCK_SIZE, iv, n, out, sealed.p + sizeof(iv));
	}
	sodium_memzero(&ctx, sizeof(ctx));
}

int xmlenc_sealed(const struct xml *element, struct buffer *ret)
{
	int r = buffer_base64(ret, xml_text(xml_find(element, "CipherData/"
							      "CipherValue")));

	return r > 0 ? CRYPT_ERR_NUMBERS : r;
}

/* Of the padding only the last byte means something. */
int xmlenc_open(struct bytes key, const struct xml *element, struct buffer *ret)
{
	AUTO_BUFFER struct buffer sealed = { 0 }, padded = { 0 };
	const struct xml *method = xml_child(element, "EncryptionMethod");
	size_t n, pad;
	int r = xmlenc_sealed(element, &sealed);

	if (r != 0)
		return r;
	n = key_size(xml_attribute(method, "Algorithm"));
	if (n == 0)
		return CRYPT_ERR_NUMBERS;
	if (n != key.n)
		return CRYPT_ERR_FORGED;
	if (sealed.n < 2 * AES_BLOCK_SIZE || sealed.n % AES_BLOCK_SIZE != 0)
		return CRYPT_ERR_FORGED;
	n = sealed.n - AES_BLOCK_SIZE;
	if (buffer_alloc(&padded, n) < 0)
		return -ENOMEM;
	decrypt(key, buffer_bytes(&sealed), padded.p);
	pad = padded.p[n - 1];
	if (pad == 0 || pad > AES_BLOCK_SIZE)
		return CRYPT_ERR_FORGED;
	if (buffer_alloc(ret, n - pad) < 0)
		return -ENOMEM;
	memcpy(ret->p, padded.p, ret->n);
	return 0;
}

static void hmac_sha1(struct bytes key, struct bytes text, uint8_t *ret)
{
	struct hmac_sha1_ctx ctx;

	hmac_sha1_set_key(&ctx, key.n, key.p);
	hmac_sha1_update(&ctx, text.n, text.p);
	hmac_sha1_digest(&ctx, SHA1_DIGEST_SIZE, ret);
	sodium_memzero(&ctx, sizeof(ctx));
}

int xmlenc_verify(struct bytes method, struct bytes key, struct bytes text,
		  struct bytes mac)
{
	uint8_t want[CRYPT_KEY];
	size_t n = CRYPT_KEY;

	if (ends_with(method, "#hmac-sha1")) {
		n = SHA1_DIGEST_SIZE;
		hmac_sha1(key, text, want);
	} else if (ends_with(method, "#hmac-sha256")) {
		crypt_hmac(key, text, (struct bytes){ NULL, 0 }, want);
	} else {
		return CRYPT_ERR_NUMBERS;
	}
	if (mac.n != n || sodium_memcmp(mac.p, want, n) != 0)
		return CRYPT_ERR_FORGED;
	return 0;
}

static enum crypt_hash hash_of(const struct xml *params)
{
	struct bytes prf = xml_attribute(xml_child(params, "PRF"), "Algorithm");

	if (text_contains(prf, text_of("sha256")))
		return CRYPT_SHA256;
	return text_contains(prf, text_of("sha512")) ? CRYPT_SHA512 :
						       CRYPT_SHA1;
}

static int derive(const struct xml *params, struct bytes password,
		  struct buffer *ret)
{
	AUTO_BUFFER struct buffer salt = { 0 };
	struct crypt_pbkdf2 how = { .hash = hash_of(params) };
	uint64_t n = AES128_KEY_SIZE;
	struct bytes length = xml_text(xml_child(params, "KeyLength"));
	int r = buffer_base64(&salt,
			      xml_text(xml_find(params, "Salt/Specified")));

	if (r < 0)
		return r;
	if (r != 0 || (length.n > 0 && !number_read(length, &n)) ||
	    !number_read(xml_text(xml_child(params, "IterationCount")),
			 &how.iterations) ||
	    n == 0 || n > CRYPT_KEY)
		return CRYPT_ERR_NUMBERS;
	how.salt = buffer_bytes(&salt);
	if (buffer_alloc(ret, (size_t)n) < 0)
		return -ENOMEM;
	return crypt_pbkdf2(&how, password, ret->p, ret->n);
}

int xmlenc_key(const struct xml *element, struct bytes password,
	       struct buffer *ret)
{
	const struct xml *derived = xml_child(element, "DerivedKey");
	int r;

	if (derived)
		return derive(xml_find(derived, "KeyDerivationMethod/"
						"PBKDF2-params"),
			      password, ret);
	r = buffer_hex(ret, password);
	/* Whoever types something else has not the key. */
	return r > 0 ? CRYPT_ERR_FORGED : r;
}
