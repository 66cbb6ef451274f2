/*
 * The Noise handshake (Noise Protocol Framework, revision 34) for the suite
 * 25519_ChaChaPoly_BLAKE2b, as a pure machine: messages in, messages out.
 * The caller gives every secret, the ephemeral one included, and owns the
 * memory; a struct noise holds keys, so it belongs into locked memory when it
 * lives longer than a call, and noise_deinit() wipes it. A failure is final:
 * after NOISE_ERR_REFUSED the state may only be wiped. A copy taken before a
 * message (a plain struct assignment) may be used to try that message again.
 */
#ifndef FOB_CORE_LINK_NOISE_H
#define FOB_CORE_LINK_NOISE_H

#include "proto/base.h"

enum noise_error {
	/* A tag does not verify, a point is of low order, a length is wrong. */
	NOISE_ERR_REFUSED = 1,
};

enum noise_pattern {
	NOISE_NN,
	NOISE_KK,
	NOISE_IK,
	NOISE_XX,
	NOISE_NNPSK0,
	NOISE_XXPSK0,
	NOISE_XXPSK3,
	NOISE_KKPSK2,
	NOISE_IKPSK2,
};

#define NOISE_KEY_SIZE 32 /* DHLEN, a psk, a cipher key */
#define NOISE_HASH_SIZE 64
#define NOISE_TAG_SIZE 16

/* A CipherState (section 5.1) that has a key. */
struct noise_cipher {
	uint8_t key[NOISE_KEY_SIZE];
	uint64_t n; /* of the next message; never used twice with one key */
};

/* What noise_init() is told; the bytes are copied. */
struct noise_params {
	enum noise_pattern pattern;
	bool initiator;
	struct bytes prologue;
	const uint8_t *ephemeral; /* 32 bytes, fresh: never used before */
	const uint8_t *secret;	  /* own static secret, 32 bytes, or NULL */
	const uint8_t *remote;	  /* static public key known before, or NULL */
	const uint8_t *psk;	  /* 32 bytes, or NULL: noise_set_psk() later */
};

struct noise {
	enum noise_pattern pattern;
	bool initiator;
	bool keyed; /* cipher has a key: payloads are encrypted */
	bool has_psk;
	uint8_t step; /* messages written and read so far */
	uint8_t chain[NOISE_HASH_SIZE];
	uint8_t hash[NOISE_HASH_SIZE];
	struct noise_cipher cipher;
	uint8_t psk[NOISE_KEY_SIZE];
	uint8_t secret[NOISE_KEY_SIZE], public[NOISE_KEY_SIZE];
	uint8_t ephemeral[NOISE_KEY_SIZE], ephemeral_public[NOISE_KEY_SIZE];
	uint8_t remote[NOISE_KEY_SIZE]; /* once known: the static public key */
	uint8_t remote_ephemeral[NOISE_KEY_SIZE];
};

/* Initialize() of section 5.3, pre-messages included. */
void noise_init(struct noise *noise, const struct noise_params *params);
void noise_deinit(struct noise *noise); /* wipes; NULL is fine */

/* Sets the pre-shared key, 32 bytes, any time before it is mixed. */
void noise_set_psk(struct noise *noise, const uint8_t psk[NOISE_KEY_SIZE]);

/* True when it is this side's turn to write. */
bool noise_writes(const struct noise *noise);

/* True when the last message of the pattern is through. */
bool noise_done(const struct noise *noise);

/* Bytes that the next message is longer than its payload. */
size_t noise_overhead(const struct noise *noise);

/*
 * WriteMessage() of section 5.3: writes exactly payload.n +
 * noise_overhead() bytes to ret_message. NOISE_ERR_REFUSED when a Diffie-
 * Hellman with a key of the other side gives zeros.
 */
int noise_write(struct noise *noise, struct bytes payload,
		uint8_t *ret_message);

/*
 * ReadMessage() of section 5.3: writes exactly message.n - noise_overhead()
 * bytes to ret_payload. NOISE_ERR_REFUSED: drop the connection.
 */
int noise_read(struct noise *noise, struct bytes message, uint8_t *ret_payload);

/*
 * Split() of section 5.2, after noise_done(): the two transport ciphers as
 * this side uses them and the handshake hash (section 11.2). The handshake's
 * state is wiped.
 */
void noise_split(struct noise *noise, struct noise_cipher *ret_send,
		 struct noise_cipher *ret_receive,
		 uint8_t ret_hash[NOISE_HASH_SIZE]);

/*
 * EncryptWithAd() and DecryptWithAd() of section 5.1. The sealed text is
 * NOISE_TAG_SIZE longer; both work in place. NOISE_ERR_REFUSED when the tag
 * does not verify, or when n has run out (2^64 - 1 is never a message).
 */
int noise_seal(struct noise_cipher *cipher, struct bytes ad, struct bytes plain,
	       uint8_t *ret_sealed);
int noise_open(struct noise_cipher *cipher, struct bytes ad,
	       struct bytes sealed, uint8_t *ret_plain);

/* Rekey() of section 5.1 with the default REKEY(k) of section 4.2. */
void noise_rekey(struct noise_cipher *cipher);

#define AUTO_NOISE CLEANUP(noise_deinit)

#endif
