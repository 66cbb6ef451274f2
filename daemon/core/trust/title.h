/*
 * The name of a group, which only its readers see: sealed in a GROUP item
 * under a key of the group (format section "Groups"). Nothing is owned here.
 */
#ifndef FOB_CORE_TRUST_TITLE_H
#define FOB_CORE_TRUST_TITLE_H

#include "proto/base.h"
#include "proto/limits.h"

#define TITLE_MAX 255 /* bytes of a name */
#define TITLE_PAD 64
#define TITLE_SIZE (KID_SIZE + NONCE_SIZE + 256 + TAG_SIZE)

enum { TITLE_ERR_FORGED = 1 };

/* Whose name it is, and the key that seals it. */
struct title {
	const uint8_t *vault_id; /* ID_SIZE */
	const uint8_t *group;	 /* GROUP_ID_SIZE */
	const uint8_t *kid;	 /* KID_SIZE */
	const uint8_t *key;	 /* KEY_SIZE, of the group */
};

/*
 * kid || nonce || XChaCha20-Poly1305 of the length, 1 byte, and the name, 1
 * to TITLE_MAX bytes, padded with zeros to multiples of TITLE_PAD. Returns
 * the size.
 */
size_t title_seal(uint8_t ret[static TITLE_SIZE], const struct title *title,
		  struct bytes name, const uint8_t nonce[static NONCE_SIZE]);

/* The kid that a sealed name begins with, or NULL when it cannot be one. */
const uint8_t *title_kid(struct bytes sealed);

/* The name and a NUL. 0 or TITLE_ERR_FORGED. */
int title_open(char ret[static TITLE_MAX + 1], const struct title *title,
	       struct bytes sealed);

#endif
