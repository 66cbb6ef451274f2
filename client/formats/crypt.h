/*
 * How other applications encrypt: keys from passwords, and ciphers. Every
 * cost that a file asks for is compared with a bound before it is paid. The
 * primitives are those of nettle, libsodium and libargon2; nothing is kept
 * here. Results go into the caller's memory, who wipes it.
 */
#ifndef FOB_FORMATS_CRYPT_H
#define FOB_FORMATS_CRYPT_H

#include "client/formats/buffer.h"

enum {
	CRYPT_ERR_FORGED = 1,  /* wrong key, or damaged: nobody can tell */
	CRYPT_ERR_COST = 2,    /* asks for more time or memory than allowed */
	CRYPT_ERR_NUMBERS = 3, /* the numbers make no sense to the algorithm */
};

#define CRYPT_KEY 32   /* bytes of a key */
#define CRYPT_TAG 16   /* of AES-GCM */
#define CRYPT_NONCE 12 /* of AES-GCM */
#define CRYPT_BLOCK 16 /* of AES, and the IV of CBC */

/* The bounds of what a file may ask for. */
#define CRYPT_PBKDF2_MAX 5000000	     /* iterations */
#define CRYPT_SCRYPT_MAX (128ull << 20)	     /* bytes, N * r * 128 */
#define CRYPT_SCRYPT_WORK_MAX (512ull << 20) /* the same, times p */
#define CRYPT_ARGON2_MAX (1024ull << 20)     /* bytes of memory */
#define CRYPT_ARGON2_WORK_MAX (8ull << 30)   /* bytes times passes */
#define CRYPT_LANES_MAX 16

enum crypt_hash {
	CRYPT_SHA1,
	CRYPT_SHA256,
	CRYPT_SHA512,
};

/*
 * PBKDF2 (RFC 8018 section 5.2) with HMAC. n: bytes of the key. 0,
 * CRYPT_ERR_COST, or CRYPT_ERR_NUMBERS for 0 iterations.
 */
struct crypt_pbkdf2 {
	enum crypt_hash hash;
	uint64_t iterations;
	struct bytes salt;
};
int crypt_pbkdf2(const struct crypt_pbkdf2 *how, struct bytes password,
		 uint8_t *ret, size_t n);

/* scrypt (RFC 7914). 0, -ENOMEM or CRYPT_ERR_*. */
struct crypt_scrypt {
	uint64_t n, r, p;
	struct bytes salt;
};
int crypt_scrypt(const struct crypt_scrypt *how, struct bytes password,
		 uint8_t ret[static CRYPT_KEY]);

/*
 * Argon2id, version 1.3 (RFC 9106), all lanes in this thread. Beyond
 * CRYPT_ARGON2_PLAIN bytes the limit on our memory is raised for it and
 * lowered afterwards (confine.h). 0, -ENOMEM or CRYPT_ERR_*.
 */
#define CRYPT_ARGON2_PLAIN (64ull << 20)
struct crypt_argon2 {
	uint64_t passes, kib, lanes;
	struct bytes salt; /* 8 to 64 bytes */
};
int crypt_argon2(const struct crypt_argon2 *how, struct bytes password,
		 uint8_t ret[static CRYPT_KEY]);

/* HMAC-SHA-256 (RFC 2104) of two pieces, one after the other. */
void crypt_hmac(struct bytes key, struct bytes first, struct bytes second,
		uint8_t ret[static CRYPT_KEY]);

/* HKDF-Expand of RFC 5869 section 2.3 with SHA-256, one block. */
void crypt_expand(const uint8_t key[static CRYPT_KEY], const char *info,
		  uint8_t ret[static CRYPT_KEY]);

/* SHA-256 in one go; *ret has CRYPT_KEY bytes. */
void crypt_sha256(struct bytes text, uint8_t ret[static CRYPT_KEY]);

/* Of a key that is no longer needed. */
void crypt_wipe(uint8_t key[static CRYPT_KEY]);

/*
 * AES-256-GCM (NIST SP 800-38D) with a nonce of CRYPT_NONCE bytes, the tag at
 * the end of sealed. The tag is compared before anything is handed out. 0,
 * -ENOMEM, or CRYPT_ERR_FORGED (too short counts as that).
 */
struct crypt_gcm {
	const uint8_t *key; /* CRYPT_KEY bytes */
	struct bytes nonce;
	struct bytes more; /* the associated data */
};
int crypt_gcm_open(const struct crypt_gcm *how, struct bytes sealed,
		   struct buffer *ret);

/*
 * AES-256-CBC with the padding of PKCS#7 (RFC 5652 section 6.3). There is no
 * tag: whoever calls knows another way to tell a wrong key. 0, -ENOMEM, or
 * CRYPT_ERR_FORGED when the length or the padding is wrong.
 */
int crypt_cbc_open(const uint8_t key[static CRYPT_KEY],
		   const uint8_t iv[static CRYPT_BLOCK], struct bytes sealed,
		   struct buffer *ret);

/* The same the other way (crypt_seal.c). 0 or -ENOMEM. */
int crypt_gcm_seal(const struct crypt_gcm *how, struct bytes plain,
		   struct buffer *ret);
int crypt_cbc_seal(const uint8_t key[static CRYPT_KEY],
		   const uint8_t iv[static CRYPT_BLOCK], struct bytes plain,
		   struct buffer *ret);

#endif
