#include "daemon/core/trust/title.h"

#include <sodium.h>
#include <string.h>

#include "daemon/core/trust/digest.h"

#define HEADER (KID_SIZE + NONCE_SIZE)
#define AD_LABEL "fob/1 group name ad"
#define AD_SIZE (sizeof(AD_LABEL) + ID_SIZE + GROUP_ID_SIZE)
#define PADDED_MAX 256

static void name_key(uint8_t ret[static KEY_SIZE], const struct title *title)
{
	const struct bytes parts[] = { LABEL("fob/1 group name") };

	DIGEST(ret, KEY_SIZE, ((struct bytes){ title->key, KEY_SIZE }), parts);
}

static void make_ad(uint8_t ret[static AD_SIZE], const struct title *title)
{
	memcpy(ret, AD_LABEL, sizeof(AD_LABEL));
	memcpy(ret + sizeof(AD_LABEL), title->vault_id, ID_SIZE);
	memcpy(ret + sizeof(AD_LABEL) + ID_SIZE, title->group, GROUP_ID_SIZE);
}

size_t title_seal(uint8_t ret[static TITLE_SIZE], const struct title *title,
		  struct bytes name, const uint8_t nonce[static NONCE_SIZE])
{
	uint8_t padded[PADDED_MAX] = { 0 }, key[KEY_SIZE], ad[AD_SIZE];
	size_t n = (name.n + 1 + TITLE_PAD - 1) / TITLE_PAD * TITLE_PAD;
	unsigned long long sealed = 0;

	REQUIRE(name.n >= 1 && name.n <= TITLE_MAX);
	padded[0] = (uint8_t)name.n;
	memcpy(padded + 1, name.p, name.n);
	memcpy(ret, title->kid, KID_SIZE);
	memcpy(ret + KID_SIZE, nonce, NONCE_SIZE);
	name_key(key, title);
	make_ad(ad, title);
	crypto_aead_xchacha20poly1305_ietf_encrypt(ret + HEADER, &sealed,
						   padded, n, ad, sizeof(ad),
						   NULL, nonce, key);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(padded, sizeof(padded));
	return HEADER + (size_t)sealed;
}

const uint8_t *title_kid(struct bytes sealed)
{
	if (sealed.n < HEADER + TITLE_PAD + TAG_SIZE || sealed.n > TITLE_SIZE)
		return NULL;
	return sealed.p;
}

int title_open(char ret[static TITLE_MAX + 1], const struct title *title,
	       struct bytes sealed)
{
	uint8_t padded[PADDED_MAX], key[KEY_SIZE], ad[AD_SIZE];
	unsigned long long n = 0;
	int r;

	if (!title_kid(sealed))
		return TITLE_ERR_FORGED;
	name_key(key, title);
	make_ad(ad, title);
	r = crypto_aead_xchacha20poly1305_ietf_decrypt(
		padded, &n, NULL, sealed.p + HEADER, sealed.n - HEADER, ad,
		sizeof(ad), sealed.p + KID_SIZE, key);
	sodium_memzero(key, sizeof(key));
	if (r != 0 || padded[0] == 0 || padded[0] >= n)
		return TITLE_ERR_FORGED;
	memcpy(ret, padded + 1, padded[0]);
	ret[padded[0]] = '\0';
	sodium_memzero(padded, sizeof(padded));
	return 0;
}
