/*
 * What the peer channel, pairing and recovery have in common: flights of an
 * exact length while the handshake runs, then packets, then one end with its
 * reason. A pure machine: bytes go in, events come out, and what is to be
 * written waits in a queue. The handshake itself belongs to the owner, which
 * calls tunnel_begin() when its Noise state is done. The side that accepts
 * opens only when the initiator's first packet has verified; before that it
 * holds at most one flight, of TUNNEL_FLIGHT_MAX bytes, and one empty packet.
 * The struct holds keys: it belongs into locked memory, and is wiped at its
 * end.
 */
#ifndef FOB_CORE_LINK_TUNNEL_H
#define FOB_CORE_LINK_TUNNEL_H

#include "daemon/core/link/noise.h"
#include "daemon/core/link/queue.h"
#include "daemon/core/link/packet.h"
#include "proto/base.h"

#define TUNNEL_FLIGHT_MAX 256
#define TUNNEL_NEVER UINT64_MAX

enum tunnel_error {
	TUNNEL_ERR_SHUT = 1, /* not open, or not open any more */
	TUNNEL_ERR_FULL = 2, /* WRITE_QUEUE_MAX bytes wait already */
};

enum tunnel_reason {
	TUNNEL_ENDED = 1, /* the other side said that this is the end */
	TUNNEL_CUT,	  /* the stream ended without that: truncated */
	TUNNEL_REFUSED,	  /* bytes that do not verify */
	TUNNEL_LATE,	  /* no handshake within HANDSHAKE_MS */
	TUNNEL_LOCAL,	  /* closed from this side */
	TUNNEL_WRONG,	  /* pairing only: the code is not the same */
};

enum tunnel_kind {
	TUNNEL_ACCEPTED = 1, /* the other side has proven its keys */
	TUNNEL_MESSAGE,
	TUNNEL_STALE,  /* REHANDSHAKE_MS old: a new connection is due */
	TUNNEL_CLOSED, /* once, and the last */
};

struct tunnel_event {
	enum tunnel_kind kind;
	enum tunnel_reason reason; /* of CLOSED */
	struct bytes message;	   /* valid until the tunnel is used again */
};

enum tunnel_phase {
	TUNNEL_HANDSHAKE,
	TUNNEL_CONFIRM, /* the accepting side waits for the first packet */
	TUNNEL_OPEN,
	TUNNEL_SHUT,
};

struct tunnel {
	enum tunnel_phase phase;
	bool initiator;
	uint64_t deadline;
	struct queue out;
	uint8_t flight[TUNNEL_FLIGHT_MAX];
	size_t have, want; /* of the flight */
	struct noise_cipher send;
	struct packet_reader reader;
	uint8_t hash[NOISE_HASH_SIZE]; /* the handshake's, once begun */
	/* Events that wait, in the order in which they are given out. */
	bool has_accepted, has_message, has_stale, has_closed;
	struct bytes message;
	enum tunnel_reason reason;
};

/* Times are ms of any clock that never runs backwards. */
void tunnel_init(struct tunnel *tunnel, bool initiator, uint64_t now);
void tunnel_deinit(struct tunnel *tunnel);

/* --- for the owner of the handshake */

/* The next flight from the other side has exactly n bytes. */
void tunnel_expect(struct tunnel *tunnel, size_t n);

/*
 * Takes bytes of the expected flight off *in. True when it is whole: then
 * *ret_flight is valid until the next tunnel_expect() or tunnel_deinit().
 */
bool tunnel_collect(struct tunnel *tunnel, struct bytes *in,
		    struct bytes *ret_flight);

/*
 * The handshake is done: takes the keys out of `noise`, wiping it. The
 * initiator queues its first packet and is open. -ENOMEM.
 */
int tunnel_begin(struct tunnel *tunnel, struct noise *noise, uint64_t now);

/*
 * Ends it. Waiting output is dropped when the stream cannot be trusted
 * (REFUSED, LATE, CUT), and stays to be written otherwise.
 */
void tunnel_shut(struct tunnel *tunnel, enum tunnel_reason reason);

/* True when an event waits: then nothing more is fed. */
bool tunnel_pending(const struct tunnel *tunnel);

/*
 * Takes packets off the front of *in until an event waits or *in is empty.
 * When shut it swallows all. -ENOMEM.
 */
int tunnel_feed(struct tunnel *tunnel, struct bytes *in);

/* --- passed on by the owner as its own interface */

/* False when no event waits. */
bool tunnel_next(struct tunnel *tunnel, struct tunnel_event *ret);

/* TUNNEL_ERR_SHUT, TUNNEL_ERR_FULL, -ENOMEM. At most MESSAGE_MAX bytes. */
int tunnel_send(struct tunnel *tunnel, struct bytes message);

/* Queues the end when open, and shuts. -ENOMEM. */
int tunnel_close(struct tunnel *tunnel);

/* The stream has ended (end of file, reset). */
void tunnel_eof(struct tunnel *tunnel);

/* Time has passed. */
void tunnel_tick(struct tunnel *tunnel, uint64_t now);

/* When tunnel_tick() is due; TUNNEL_NEVER: not by itself. */
uint64_t tunnel_deadline(const struct tunnel *tunnel);

/* Bytes for the wire, valid until the next call; taken by tunnel_sent(). */
struct bytes tunnel_output(const struct tunnel *tunnel);
void tunnel_sent(struct tunnel *tunnel, size_t n);

#endif
