/*
 * BLAKE2b over labelled parts, with or without a key: the one hash of this
 * room. A label is a string constant and includes its NUL, so no label is the
 * beginning of another. Intermediate state is wiped; nothing is owned.
 */
#ifndef FOB_CORE_TRUST_DIGEST_H
#define FOB_CORE_TRUST_DIGEST_H

#include "proto/base.h"

#define LABEL(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) })
#define NO_KEY ((struct bytes){ NULL, 0 })

/*
 * ret gets size bytes (16..64) of BLAKE2b(key, part 0 || part 1 || ...). The
 * key is empty or 16..64 bytes. RFC 7693.
 */
void digest_parts(uint8_t *ret, size_t size, struct bytes key,
		  const struct bytes *parts, size_t n);

/* Of an array of struct bytes. */
#define DIGEST(ret, size, key, parts) \
	digest_parts(ret, size, key, parts, ARRAY_SIZE(parts))

#endif
