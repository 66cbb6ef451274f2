#include "daemon/core/link/noise.h"

#include <sodium.h>
#include <string.h>

#define BLOCK_SIZE 128 /* BLAKE2b's, for HMAC */
#define HASH_SIZE NOISE_HASH_SIZE
#define MESSAGES_MAX 3
#define TOKENS_MAX 4

enum token { END, E, S, EE, ES, SE, SS, PSK };

struct pattern {
	const char *name; /* HASH_SIZE bytes or fewer: section 5.2 */
	bool known_initiator, known_responder; /* pre-messages "-> s", "<- s" */
	bool psk;
	uint8_t n_messages;
	enum token messages[MESSAGES_MAX][TOKENS_MAX];
};

#define NAME(pattern) "Noise_" pattern "_25519_ChaChaPoly_BLAKE2b"

/* Section 7.5 and, for the psk modifiers, section 9.4. */
static const struct pattern patterns[] = {
	[NOISE_NN] = { NAME("NN"), false, false, false, 2, { { E }, { E, EE } } },
	[NOISE_KK] = { NAME("KK"),
		       true,
		       true,
		       false,
		       2,
		       { { E, ES, SS }, { E, EE, SE } } },
	[NOISE_IK] = { NAME("IK"),
		       false,
		       true,
		       false,
		       2,
		       { { E, ES, S, SS }, { E, EE, SE } } },
	[NOISE_XX] = { NAME("XX"),
		       false,
		       false,
		       false,
		       3,
		       { { E }, { E, EE, S, ES }, { S, SE } } },
	[NOISE_NNPSK0] = { NAME("NNpsk0"),
			   false,
			   false,
			   true,
			   2,
			   { { PSK, E }, { E, EE } } },
	[NOISE_XXPSK0] = { NAME("XXpsk0"),
			   false,
			   false,
			   true,
			   3,
			   { { PSK, E }, { E, EE, S, ES }, { S, SE } } },
	[NOISE_XXPSK3] = { NAME("XXpsk3"),
			   false,
			   false,
			   true,
			   3,
			   { { E }, { E, EE, S, ES }, { S, SE, PSK } } },
	[NOISE_KKPSK2] = { NAME("KKpsk2"),
			   true,
			   true,
			   true,
			   2,
			   { { E, ES, SS }, { E, EE, SE, PSK } } },
	[NOISE_IKPSK2] = { NAME("IKpsk2"),
			   false,
			   true,
			   true,
			   2,
			   { { E, ES, S, SS }, { E, EE, SE, PSK } } },
};

static const struct pattern *pattern_of(const struct noise *noise)
{
	REQUIRE((size_t)noise->pattern < ARRAY_SIZE(patterns));
	return &patterns[noise->pattern];
}

/* --- hashing: sections 4.3 and 12.9 */

static void hash_two(struct bytes a, struct bytes b, uint8_t ret[HASH_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	if (a.n > 0)
		crypto_generichash_update(&state, a.p, a.n);
	if (b.n > 0)
		crypto_generichash_update(&state, b.p, b.n);
	crypto_generichash_final(&state, ret, HASH_SIZE);
	sodium_memzero(&state, sizeof(state));
}

/*
 * HMAC (RFC 2104) over unkeyed BLAKE2b: Noise asks for that and not for
 * BLAKE2b's own keyed mode, which gives other bytes.
 */
static void hmac(const uint8_t key[HASH_SIZE], struct bytes data,
		 uint8_t ret[HASH_SIZE])
{
	uint8_t pad[BLOCK_SIZE], inner[HASH_SIZE];

	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < HASH_SIZE; i++)
		pad[i] ^= key[i];
	hash_two(BYTES(pad), data, inner);
	for (size_t i = 0; i < BLOCK_SIZE; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash_two(BYTES(pad), BYTES(inner), ret);
	sodium_memzero(pad, sizeof(pad));
	sodium_memzero(inner, sizeof(inner));
}

/* HKDF(chaining_key, input, n) of section 4.3; n is 2 or 3. */
static void hkdf(const uint8_t chain[HASH_SIZE], struct bytes input, size_t n,
		 uint8_t ret[][HASH_SIZE])
{
	uint8_t key[HASH_SIZE], data[HASH_SIZE + 1];
	size_t used = 0;

	hmac(chain, input, key);
	for (size_t i = 0; i < n; i++) {
		data[used] = (uint8_t)(i + 1);
		hmac(key, (struct bytes){ data, used + 1 }, ret[i]);
		memcpy(data, ret[i], HASH_SIZE);
		used = HASH_SIZE;
	}
	sodium_memzero(key, sizeof(key));
	sodium_memzero(data, sizeof(data));
}

/* --- the cipher: sections 4.2 and 5.1 */

static void nonce_of(uint64_t n, uint8_t ret[12])
{
	memset(ret, 0, 12);
	for (size_t i = 0; i < 8; i++)
		ret[4 + i] = (uint8_t)(n >> (8 * i));
}

int noise_seal(struct noise_cipher *cipher, struct bytes ad, struct bytes plain,
	       uint8_t *ret_sealed)
{
	uint8_t nonce[12];

	if (cipher->n == UINT64_MAX)
		return NOISE_ERR_REFUSED;
	nonce_of(cipher->n++, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(ret_sealed, NULL, plain.p,
						  plain.n, ad.p, ad.n, NULL,
						  nonce, cipher->key);
	return 0;
}

int noise_open(struct noise_cipher *cipher, struct bytes ad,
	       struct bytes sealed, uint8_t *ret_plain)
{
	uint8_t nonce[12];

	if (cipher->n == UINT64_MAX || sealed.n < NOISE_TAG_SIZE)
		return NOISE_ERR_REFUSED;
	nonce_of(cipher->n, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		    ret_plain, NULL, NULL, sealed.p, sealed.n, ad.p, ad.n,
		    nonce, cipher->key) != 0)
		return NOISE_ERR_REFUSED;
	cipher->n++;
	return 0;
}

void noise_rekey(struct noise_cipher *cipher)
{
	static const uint8_t zeros[NOISE_KEY_SIZE];
	uint8_t sealed[NOISE_KEY_SIZE + NOISE_TAG_SIZE], nonce[12];

	nonce_of(UINT64_MAX, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, zeros,
						  sizeof(zeros), NULL, 0, NULL,
						  nonce, cipher->key);
	memcpy(cipher->key, sealed, NOISE_KEY_SIZE);
	sodium_memzero(sealed, sizeof(sealed));
}

/* --- the symmetric state: section 5.2 */

static void mix_hash(struct noise *noise, struct bytes data)
{
	hash_two(BYTES(noise->hash), data, noise->hash);
}

static void set_cipher(struct noise *noise, const uint8_t key[HASH_SIZE])
{
	memcpy(noise->cipher.key, key, NOISE_KEY_SIZE);
	noise->cipher.n = 0;
	noise->keyed = true;
}

static void mix_key(struct noise *noise, struct bytes input)
{
	uint8_t out[2][HASH_SIZE];

	hkdf(noise->chain, input, 2, out);
	memcpy(noise->chain, out[0], HASH_SIZE);
	set_cipher(noise, out[1]);
	sodium_memzero(out, sizeof(out));
}

static void mix_psk(struct noise *noise)
{
	uint8_t out[3][HASH_SIZE];

	REQUIRE(noise->has_psk);
	hkdf(noise->chain, BYTES(noise->psk), 3, out);
	memcpy(noise->chain, out[0], HASH_SIZE);
	mix_hash(noise, BYTES(out[1]));
	set_cipher(noise, out[2]);
	sodium_memzero(out, sizeof(out));
}

/* Returns the bytes written. The hash takes in what went over the wire. */
static size_t encrypt_and_hash(struct noise *noise, struct bytes plain,
			       uint8_t *ret)
{
	size_t n = plain.n;

	if (noise->keyed) {
		/* Few messages share a key here: n cannot have run out. */
		REQUIRE(noise_seal(&noise->cipher, BYTES(noise->hash), plain,
				   ret) == 0);
		n += NOISE_TAG_SIZE;
	} else if (n > 0) {
		memcpy(ret, plain.p, n);
	}
	mix_hash(noise, (struct bytes){ ret, n });
	return n;
}

static int decrypt_and_hash(struct noise *noise, struct bytes sealed,
			    uint8_t *ret)
{
	if (noise->keyed) {
		if (noise_open(&noise->cipher, BYTES(noise->hash), sealed,
			       ret) != 0)
			return NOISE_ERR_REFUSED;
	} else if (sealed.n > 0) {
		memcpy(ret, sealed.p, sealed.n);
	}
	mix_hash(noise, sealed);
	return 0;
}

/* --- tokens: section 5.3 */

static int mix_dh(struct noise *noise, const uint8_t *secret,
		  const uint8_t *public)
{
	uint8_t shared[NOISE_KEY_SIZE];

	/* Fails when the result is all zeros: a point of low order. */
	if (crypto_scalarmult(shared, secret, public) != 0)
		return NOISE_ERR_REFUSED;
	mix_key(noise, BYTES(shared));
	sodium_memzero(shared, sizeof(shared));
	return 0;
}

/* EE, ES, SE, SS: the first letter is the initiator's key. */
static int do_dh(struct noise *noise, enum token token)
{
	bool mine = token == SS || token == (noise->initiator ? SE : ES);
	bool theirs = token == SS || token == (noise->initiator ? ES : SE);

	return mix_dh(noise, mine ? noise->secret : noise->ephemeral,
		      theirs ? noise->remote : noise->remote_ephemeral);
}

static void mix_ephemeral(struct noise *noise, const uint8_t *public)
{
	struct bytes key = { public, NOISE_KEY_SIZE };

	mix_hash(noise, key);
	if (pattern_of(noise)->psk)
		mix_key(noise, key); /* section 9.2 */
}

static int write_token(struct noise *noise, enum token token, uint8_t **at)
{
	switch (token) {
	case E:
		memcpy(*at, noise->ephemeral_public, NOISE_KEY_SIZE);
		*at += NOISE_KEY_SIZE;
		mix_ephemeral(noise, noise->ephemeral_public);
		return 0;
	case S:
		*at += encrypt_and_hash(noise, BYTES(noise->public), *at);
		return 0;
	case PSK:
		mix_psk(noise);
		return 0;
	default:
		return do_dh(noise, token);
	}
}

static int read_token(struct noise *noise, enum token token, struct bytes *in)
{
	size_t n = NOISE_KEY_SIZE;
	int r = 0;

	switch (token) {
	case E:
		memcpy(noise->remote_ephemeral, in->p, n);
		mix_ephemeral(noise, noise->remote_ephemeral);
		break;
	case S:
		n += noise->keyed ? NOISE_TAG_SIZE : 0;
		r = decrypt_and_hash(noise, (struct bytes){ in->p, n },
				     noise->remote);
		break;
	case PSK:
		mix_psk(noise);
		return 0;
	default:
		return do_dh(noise, token);
	}
	*in = (struct bytes){ in->p + n, in->n - n };
	return r;
}

/* --- the handshake */

static const enum token *tokens_of(const struct noise *noise)
{
	REQUIRE(!noise_done(noise));
	return pattern_of(noise)->messages[noise->step];
}

/* Section 5.3: the keys that both sides know beforehand, initiator's first. */
static void mix_known_keys(struct noise *noise, const struct noise_params *p)
{
	const struct pattern *pattern = pattern_of(noise);
	bool known[2] = { pattern->known_initiator, pattern->known_responder };

	for (size_t i = 0; i < 2; i++) {
		bool own = (i == 0) == noise->initiator;

		if (!known[i])
			continue;
		REQUIRE(own ? p->secret != NULL : p->remote != NULL);
		mix_hash(noise,
			 own ? BYTES(noise->public) : BYTES(noise->remote));
	}
}

static void set_keys(struct noise *noise, const struct noise_params *params)
{
	memcpy(noise->ephemeral, params->ephemeral, NOISE_KEY_SIZE);
	crypto_scalarmult_base(noise->ephemeral_public, noise->ephemeral);
	if (params->secret != NULL) {
		memcpy(noise->secret, params->secret, NOISE_KEY_SIZE);
		crypto_scalarmult_base(noise->public, noise->secret);
	}
	if (params->remote != NULL)
		memcpy(noise->remote, params->remote, NOISE_KEY_SIZE);
	if (params->psk != NULL)
		noise_set_psk(noise, params->psk);
}

void noise_init(struct noise *noise, const struct noise_params *params)
{
	const char *name;

	memset(noise, 0, sizeof(*noise));
	noise->pattern = params->pattern;
	noise->initiator = params->initiator;
	name = pattern_of(noise)->name;
	REQUIRE(strlen(name) <= HASH_SIZE);
	memcpy(noise->hash, name, strlen(name));
	memcpy(noise->chain, noise->hash, HASH_SIZE);
	set_keys(noise, params);
	mix_hash(noise, params->prologue);
	mix_known_keys(noise, params);
}

void noise_deinit(struct noise *noise)
{
	if (noise != NULL)
		sodium_memzero(noise, sizeof(*noise));
}

void noise_set_psk(struct noise *noise, const uint8_t psk[NOISE_KEY_SIZE])
{
	memcpy(noise->psk, psk, NOISE_KEY_SIZE);
	noise->has_psk = true;
}

bool noise_done(const struct noise *noise)
{
	return noise->step == pattern_of(noise)->n_messages;
}

bool noise_writes(const struct noise *noise)
{
	return !noise_done(noise) && (noise->step % 2 == 0) == noise->initiator;
}

size_t noise_overhead(const struct noise *noise)
{
	const enum token *tokens = tokens_of(noise);
	bool keyed = noise->keyed, psk = pattern_of(noise)->psk;
	size_t n = 0;

	for (size_t i = 0; i < TOKENS_MAX && tokens[i] != END; i++) {
		if (tokens[i] == E || tokens[i] == S)
			n += NOISE_KEY_SIZE;
		if (tokens[i] == S && keyed)
			n += NOISE_TAG_SIZE;
		/* Every other token makes a key, and so does E with a psk. */
		keyed |= tokens[i] == E ? psk : tokens[i] != S;
	}
	return n + (keyed ? NOISE_TAG_SIZE : 0);
}

int noise_write(struct noise *noise, struct bytes payload, uint8_t *ret_message)
{
	const enum token *tokens = tokens_of(noise);

	REQUIRE(noise_writes(noise));
	for (size_t i = 0; i < TOKENS_MAX && tokens[i] != END; i++) {
		int r = write_token(noise, tokens[i], &ret_message);

		if (r != 0)
			return r;
	}
	encrypt_and_hash(noise, payload, ret_message);
	noise->step++;
	return 0;
}

int noise_read(struct noise *noise, struct bytes message, uint8_t *ret_payload)
{
	const enum token *tokens = tokens_of(noise);
	int r;

	REQUIRE(!noise_writes(noise));
	if (message.n < noise_overhead(noise))
		return NOISE_ERR_REFUSED;
	for (size_t i = 0; i < TOKENS_MAX && tokens[i] != END; i++) {
		r = read_token(noise, tokens[i], &message);
		if (r != 0)
			return r;
	}
	r = decrypt_and_hash(noise, message, ret_payload);
	if (r != 0)
		return r;
	noise->step++;
	return 0;
}

void noise_split(struct noise *noise, struct noise_cipher *ret_send,
		 struct noise_cipher *ret_receive,
		 uint8_t ret_hash[NOISE_HASH_SIZE])
{
	uint8_t out[2][HASH_SIZE];
	struct noise_cipher *first, *second;

	REQUIRE(noise_done(noise));
	first = noise->initiator ? ret_send : ret_receive;
	second = noise->initiator ? ret_receive : ret_send;
	hkdf(noise->chain, (struct bytes){ NULL, 0 }, 2, out);
	memcpy(first->key, out[0], NOISE_KEY_SIZE);
	memcpy(second->key, out[1], NOISE_KEY_SIZE);
	first->n = second->n = 0;
	memcpy(ret_hash, noise->hash, NOISE_HASH_SIZE);
	sodium_memzero(out, sizeof(out));
	noise_deinit(noise);
}
