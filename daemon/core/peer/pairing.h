/*
 * The handshake of a pairing connection and the encrypted link after it, for
 * both sides: the joiner, who dials, and the inviter. With nine digits: CPace
 * with mandatory confirmation, the joiner's first; with a secret of 256 bits
 * out of a URI: straight on. Then Noise_NNpsk0 and packets. A pure machine,
 * used like a channel (core/link/channel.h); the first byte of the
 * connection is not its own, and what is said inside is not its business.
 * The struct holds keys: it belongs into locked memory, and is wiped at its
 * end.
 */
#ifndef FOB_CORE_PEER_PAIRING_H
#define FOB_CORE_PEER_PAIRING_H

#include "daemon/core/link/tunnel.h"
#include "daemon/core/peer/cpace.h"
#include "daemon/core/peer/words.h"
#include "proto/base.h"
#include "proto/limits.h"

#define PAIRING_ENTROPY 32
#define PAIRING_DIGITS 9
#define PAIRING_SECRET_SIZE 32
#define PAIRING_SID_SIZE 16
#define PAIRING_AD_SIZE 16
#define PAIRING_SHARE_MESSAGE (CPACE_POINT_SIZE + PAIRING_AD_SIZE)
#define PAIRING_NOISE_MESSAGE (32 + NOISE_TAG_SIZE)
#define PAIRING_CONFIRM_MESSAGE (CPACE_MAC_SIZE + PAIRING_NOISE_MESSAGE)
#define PAIRING_FIRST_MESSAGE (1 + PAIRING_SID_SIZE + PAIRING_SHARE_MESSAGE)
/* Four words, three spaces, the NUL. */
#define PAIRING_WORDS_SIZE (4 * WORDS_LENGTH_MAX + 4)

enum pairing_mode { /* the first byte that the joiner sends */
		    PAIRING_BY_DIGITS = 1,
		    PAIRING_BY_SECRET = 2,
};

enum pairing_kind {
	PAIRING_READY = TUNNEL_ACCEPTED,
	PAIRING_MESSAGE = TUNNEL_MESSAGE,
	/*
	 * The end: digits that are not the same. On the inviter a guess was
	 * made and the code must die; on the joiner the person mistyped.
	 */
	PAIRING_WRONG = 16,
	/*
	 * The end for any other reason. Before READY it costs the inviter a
	 * slot and no code. On the joiner, TUNNEL_CUT before READY is all that
	 * a secret from a URI gets when the inviter does not know it.
	 */
	PAIRING_CLOSED = TUNNEL_CLOSED,
};

struct pairing_event {
	enum pairing_kind kind;
	enum tunnel_reason reason;     /* of CLOSED */
	struct bytes message;	       /* of MESSAGE; until the next call */
	uint8_t hash[NOISE_HASH_SIZE]; /* of READY: the handshake's */
};

struct pairing_params {
	bool joiner;
	enum pairing_mode mode;
	/* 9 ASCII digits or 32 bytes, as the mode says; copied. */
	const uint8_t *code;
};

/* What all randomness of one run is cut from. */
struct pairing_random {
	uint8_t ephemeral[32];
	uint8_t scalar[CPACE_RANDOM_SIZE];
	uint8_t sid[PAIRING_SID_SIZE];
	uint8_t ad[PAIRING_AD_SIZE];
	uint8_t refusal[PAIRING_CONFIRM_MESSAGE];
};

enum pairing_step {
	PAIRING_AT_MODE,    /* inviter: the mode byte is due */
	PAIRING_AT_SHARE,   /* both: the other side's share is due */
	PAIRING_AT_CONFIRM, /* both: the other side's tag is due */
	PAIRING_AT_NOISE,   /* with a secret: a message of Noise is due */
};

struct pairing {
	struct tunnel tunnel;
	struct noise noise;
	enum pairing_mode mode;
	enum pairing_step step;
	uint8_t code[PAIRING_SECRET_SIZE];
	struct pairing_random random;
	uint8_t scalar[CPACE_SCALAR_SIZE];
	/* The first two messages as they went over the wire. */
	uint8_t transcript[PAIRING_FIRST_MESSAGE + PAIRING_SHARE_MESSAGE];
	uint8_t isk[CPACE_ISK_SIZE];
};

/*
 * now: ms of a clock that never runs backwards. entropy: fresh. The joiner's
 * first message is queued. -ENOMEM.
 */
int pairing_init(struct pairing *pairing, const struct pairing_params *params,
		 uint64_t now, const uint8_t entropy[PAIRING_ENTROPY]);
void pairing_deinit(struct pairing *pairing); /* wipes; NULL is fine */

/* These are as in core/link/channel.h; WRONG or CLOSED comes once, last. */
int pairing_feed(struct pairing *pairing, struct bytes *in, uint64_t now);
bool pairing_next(struct pairing *pairing, struct pairing_event *ret);
int pairing_send(struct pairing *pairing, struct bytes message);
int pairing_close(struct pairing *pairing);
void pairing_eof(struct pairing *pairing);
struct bytes pairing_output(const struct pairing *pairing);
void pairing_sent(struct pairing *pairing, size_t n);

/*
 * The deadline is that of the handshake, HANDSHAKE_MS; from READY on it is
 * TUNNEL_NEVER, and the caller knows how long its code lives.
 */
void pairing_tick(struct pairing *pairing, uint64_t now);
uint64_t pairing_deadline(const struct pairing *pairing);

/* The four words that both screens show, with spaces between. */
void pairing_words(const uint8_t hash[NOISE_HASH_SIZE],
		   char ret[PAIRING_WORDS_SIZE]);

#endif
