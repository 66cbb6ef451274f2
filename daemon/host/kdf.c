#include "daemon/host/kdf.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "daemon/host/clock.h"
#include "proto/secret.h"

struct kdf *kdf_new(uint8_t *passphrase, size_t n)
{
	struct kdf *kdf = secret_alloc(sizeof(*kdf));
	if (!kdf) {
		if (passphrase)
			sodium_memzero(passphrase, n);
		free(passphrase);
		return NULL;
	}
	kdf->passphrase = passphrase;
	kdf->passphrase_len = n;
	return kdf;
}

void kdf_free(struct kdf *kdf)
{
	if (!kdf)
		return;
	if (kdf->passphrase)
		sodium_memzero(kdf->passphrase, kdf->passphrase_len);
	free(kdf->passphrase);
	secret_free(kdf);
}

static int derive(struct kdf *kdf, uint32_t passes)
{
	const char *text = (const char *)kdf->passphrase;

	/* The only reason to fail, once the bounds are kept, is memory. */
	return crypto_pwhash(kdf->key, sizeof(kdf->key), text ? text : "",
			     kdf->passphrase_len, kdf->salt, passes,
			     (size_t)kdf->memory,
			     crypto_pwhash_ALG_ARGON2ID13) ?
		       -ENOMEM :
		       0;
}

/* Measures the least, and takes as many more as fit into the time. */
static void calibrate(struct kdf *kdf)
{
	uint64_t before = clock_mono();
	kdf->error = derive(kdf, KDF_PASSES_MIN);
	if (kdf->error)
		return;
	uint64_t took = clock_mono() - before;
	uint64_t passes =
		KDF_PASSES_MIN * (uint64_t)KDF_CALIBRATE_MS / (took ? took : 1);
	if (passes <= KDF_PASSES_MIN) {
		kdf->passes = KDF_PASSES_MIN;
		return;
	}
	kdf->passes = passes > KDF_PASSES_MAX ? KDF_PASSES_MAX :
						(uint32_t)passes;
	kdf->error = derive(kdf, kdf->passes);
}

void kdf_run(void *arg)
{
	struct kdf *kdf = arg;

	if (kdf->memory < crypto_pwhash_MEMLIMIT_MIN)
		kdf->memory = crypto_pwhash_MEMLIMIT_MIN;
	if (kdf->passes == 0)
		calibrate(kdf);
	else
		kdf->error = derive(kdf, kdf->passes);
}
