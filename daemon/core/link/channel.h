/*
 * The encrypted channel to one peer: Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b
 * behind a mac that only those can make who know our key and our vault, then
 * packets. A machine of its own beside node_step: it knows the transport key
 * and the net secrets and nothing else, so it could live in a process that
 * has no key of the vault. Bytes in, whole messages out; no clock, socket or
 * randomness. Whatever does not verify gets no byte in answer. The first
 * byte of the connection, which says what it is for, is not the channel's.
 *
 * A loop around it:
 *
 *	struct bytes in = { data, n };
 *	do {
 *		r = channel_feed(channel, &in, now);
 *		while (channel_next(channel, &event))
 *			...;
 *	} while (r == 0 && in.n > 0);
 *	write channel_output(), then channel_sent();
 *	after CHANNEL_CLOSED: write what is left of the output, and close
 */
#ifndef FOB_CORE_LINK_CHANNEL_H
#define FOB_CORE_LINK_CHANNEL_H

#include "daemon/core/link/tunnel.h"
#include "proto/base.h"
#include "proto/limits.h"

#define CHANNEL_VERSION 1
#define CHANNEL_PSKS_MAX 8 /* slots in message 1: a constant of the format */
#define CHANNEL_PSK_ID_SIZE 8
#define CHANNEL_ENTROPY 32
#define CHANNEL_ZERO_SLOT CHANNEL_PSKS_MAX

struct channel_psk {
	uint8_t id[CHANNEL_PSK_ID_SIZE]; /* not all zeros */
	uint8_t key[KEY_SIZE];
};

/*
 * Who we are. Copied by channel_init(), and the copy is wiped when the
 * handshake ends.
 */
struct channel_keys {
	uint8_t secret[KEY_SIZE], public[KEY_SIZE]; /* transport, X25519 */
	uint8_t vault_id[ID_SIZE];
	size_t n_psks; /* the preferred first */
	struct channel_psk psks[CHANNEL_PSKS_MAX];
	size_t n_denied; /* transport keys that get no answer, as strangers */
	uint8_t denied[DENIED_MAX][KEY_SIZE];
};

enum channel_kind {
	CHANNEL_ACCEPTED = TUNNEL_ACCEPTED,
	CHANNEL_MESSAGE = TUNNEL_MESSAGE,
	CHANNEL_STALE = TUNNEL_STALE, /* 24 h old: dial again */
	CHANNEL_CLOSED = TUNNEL_CLOSED,
};

struct channel_event {
	enum channel_kind kind;
	enum tunnel_reason reason; /* of CLOSED */
	struct bytes message;	   /* of MESSAGE; until the next call */
	/* Of ACCEPTED: the other side's transport key, which may be one that
	 * we do not know or our own, and the handshake hash. */
	uint8_t remote[KEY_SIZE];
	uint8_t hash[NOISE_HASH_SIZE];
};

/* Holds keys: put it into locked memory. */
struct channel {
	struct tunnel tunnel;
	struct noise noise;
	struct channel_keys keys;
	uint8_t remote[KEY_SIZE];
	bool greeted;
	size_t slot; /* psk in use: index in keys, or CHANNEL_ZERO_SLOT */
};

/*
 * remote: the responder's transport key when we dial, 32 bytes; NULL when we
 * were dialled. now: ms of a clock that never runs backwards. entropy: fresh,
 * never used before. Dialling queues message 1; -ENOMEM. A remote key of low
 * order gives a channel that is closed at once.
 */
int channel_init(struct channel *channel, const struct channel_keys *keys,
		 const uint8_t *remote, uint64_t now,
		 const uint8_t entropy[CHANNEL_ENTROPY]);
void channel_deinit(struct channel *channel); /* wipes; NULL is fine */

/*
 * Takes bytes off the front of *in, until an event waits or none are left.
 * An event that waits stops it: call channel_next(), then feed the rest.
 * -ENOMEM: drop the connection.
 */
int channel_feed(struct channel *channel, struct bytes *in, uint64_t now);

/* False when no event waits. Exactly one CLOSED ends every channel. */
bool channel_next(struct channel *channel, struct channel_event *ret);

/*
 * Queues a message of at most MESSAGE_MAX bytes. TUNNEL_ERR_SHUT before
 * ACCEPTED and after the end, TUNNEL_ERR_FULL when WRITE_QUEUE_MAX bytes
 * wait; -ENOMEM.
 */
int channel_send(struct channel *channel, struct bytes message);

/* Says goodbye, so that the other side can tell this from a cut. -ENOMEM. */
int channel_close(struct channel *channel);
void channel_eof(struct channel *channel); /* the stream ended or broke */

/* Call channel_tick() at channel_deadline() (ms; TUNNEL_NEVER: none). */
void channel_tick(struct channel *channel, uint64_t now);
uint64_t channel_deadline(const struct channel *channel);

struct bytes channel_output(const struct channel *channel);
void channel_sent(struct channel *channel, size_t n);

/* A valid mac1 has come in: the last to be closed when places are short. */
bool channel_greeted(const struct channel *channel);

/* ACCEPTED, and not closed since. */
bool channel_is_open(const struct channel *channel);

#endif
