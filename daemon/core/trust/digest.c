/* BLAKE2b over parts, by libsodium. */
#include "daemon/core/trust/digest.h"

#include <sodium.h>

void digest_parts(uint8_t *ret, size_t size, struct bytes key,
		  const struct bytes *parts, size_t n)
{
	crypto_generichash_state state;

	REQUIRE(crypto_generichash_init(&state, key.p, key.n, size) == 0);
	for (size_t i = 0; i < n; i++)
		if (parts[i].n > 0)
			crypto_generichash_update(&state, parts[i].p,
						  parts[i].n);
	crypto_generichash_final(&state, ret, size);
	sodium_memzero(&state, sizeof(state));
}
