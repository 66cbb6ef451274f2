/*
 * The handshake of a recovery connection and the encrypted link after it, for
 * both sides: whoever holds the recovery kit, who dials, and a device of the
 * vault. Noise_XXpsk0: the psk comes from the public recovery keys, so that
 * strangers hear nothing, and the dialer's static key is the recovery key
 * itself; nothing is said to anyone who has not proven it. A pure machine,
 * used like a channel (core/link/channel.h); the first byte of the connection
 * is not its own. The struct holds keys: it belongs into locked memory, and
 * is wiped at its end.
 */
#ifndef FOB_CORE_PEER_RESCUE_H
#define FOB_CORE_PEER_RESCUE_H

#include "daemon/core/link/tunnel.h"
#include "proto/base.h"
#include "proto/limits.h"

#define RESCUE_FIRST (32 + NOISE_TAG_SIZE)			  /* psk, e */
#define RESCUE_SECOND (32 + 32 + NOISE_TAG_SIZE + NOISE_TAG_SIZE) /* e, s */
#define RESCUE_THIRD (32 + NOISE_TAG_SIZE + NOISE_TAG_SIZE)	  /* s */

enum rescue_kind {
	RESCUE_READY = TUNNEL_ACCEPTED,
	RESCUE_MESSAGE = TUNNEL_MESSAGE,
	RESCUE_CLOSED = TUNNEL_CLOSED,
};

struct rescue_event {
	enum rescue_kind kind;
	enum tunnel_reason reason;	/* of CLOSED */
	struct bytes message;		/* of MESSAGE; until the next call */
	uint8_t hash[NOISE_HASH_SIZE];	/* of READY: the handshake's */
	uint8_t remote[NOISE_KEY_SIZE]; /* of READY: their static key */
};

struct rescue_params {
	bool dials;
	/* Own static secret: the recovery key's, or the device's transport. */
	const uint8_t *secret;
	const uint8_t *recovery_sign, *recovery_wrap; /* public, KEY_SIZE */
	const uint8_t *ephemeral;		      /* 32 fresh bytes */
};

struct rescue {
	struct tunnel tunnel;
	struct noise noise;
	uint8_t recovery[KEY_SIZE]; /* the static key that the dialer needs */
	uint8_t remote[KEY_SIZE];
};

/* psk = BLAKE2b-256("fob/1 rescue psk\0" || recovery_sign || recovery_wrap). */
void rescue_psk(uint8_t ret[static KEY_SIZE],
		const uint8_t recovery_sign[static KEY_SIZE],
		const uint8_t recovery_wrap[static KEY_SIZE]);

/* now: ms of a clock that never runs backwards. -ENOMEM. */
int rescue_init(struct rescue *rescue, const struct rescue_params *params,
		uint64_t now);
void rescue_deinit(struct rescue *rescue); /* wipes; NULL is fine */

/* These are as in core/link/channel.h; CLOSED comes once, and last. */
int rescue_feed(struct rescue *rescue, struct bytes *in, uint64_t now);
bool rescue_next(struct rescue *rescue, struct rescue_event *ret);
int rescue_send(struct rescue *rescue, struct bytes message);
int rescue_close(struct rescue *rescue);
void rescue_eof(struct rescue *rescue);
struct bytes rescue_output(const struct rescue *rescue);
void rescue_sent(struct rescue *rescue, size_t n);

/* HANDSHAKE_MS for the handshake; from READY on TUNNEL_NEVER. */
void rescue_tick(struct rescue *rescue, uint64_t now);
uint64_t rescue_deadline(const struct rescue *rescue);

#endif
