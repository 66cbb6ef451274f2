/* Keys from the recovery seed, by libsodium. */
#include "daemon/core/trust/kit.h"

#include <sodium.h>

#include "daemon/core/trust/digest.h"

void kit_derive(struct kit *kit, const uint8_t seed[static KEY_SIZE])
{
	const struct bytes key = { seed, KEY_SIZE };
	const struct bytes sign[] = { LABEL("fob/1 recovery sign") };
	const struct bytes wrap[] = { LABEL("fob/1 recovery wrap") };
	uint8_t sign_seed[crypto_sign_SEEDBYTES];

	DIGEST(sign_seed, sizeof(sign_seed), key, sign);
	crypto_sign_seed_keypair(kit->sign_public, kit->sign_secret, sign_seed);
	sodium_memzero(sign_seed, sizeof(sign_seed));
	DIGEST(kit->wrap_secret, KEY_SIZE, key, wrap);
	crypto_scalarmult_base(kit->wrap_public, kit->wrap_secret);
}

void kit_wipe(struct kit *kit)
{
	if (kit)
		sodium_memzero(kit, sizeof(*kit));
}
