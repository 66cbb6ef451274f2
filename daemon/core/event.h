/*
 * What goes into node_step(): one thing that happened, when, and 32 bytes of
 * entropy. The event and all it points to belong to the caller, and are read
 * during the step only.
 */
#ifndef FOB_CORE_EVENT_H
#define FOB_CORE_EVENT_H

#include "proto/base.h"
#include "proto/limits.h"

enum event_type {
	EVENT_ROW = 1, /* at start: items by seq, then the other tables */
	EVENT_START,   /* all rows were given: begin to work */
	EVENT_TIMER,   /* the time of the last EFFECT_TIMER has come */
	EVENT_CLIENT,  /* a client's whole message */
	EVENT_CLIENT_GONE,
	EVENT_PEER_UP,	    /* a channel is authenticated */
	EVENT_PEER_MESSAGE, /* a whole message from it */
	EVENT_PEER_DOWN,    /* it ended, or a dial failed */
	EVENT_PEER_RENEW,   /* the channel is old: dial anew when idle */
	EVENT_MEET_UP,	    /* one for pairing or recovery is made or came in */
	EVENT_MEET_BYTES,
	EVENT_MEET_DOWN,
	EVENT_LOADED,	 /* answers EFFECT_LOAD */
	EVENT_KDF,	 /* answers EFFECT_KDF */
	EVENT_LISTENING, /* our addresses, as others may reach us */
	EVENT_NEXT,	 /* answers EFFECT_NEXT_END; token: 0, or an errno */
};

enum table {
	TABLE_ITEM = 1, /* u32 seq, big-endian -> item row */
	TABLE_BLOB,	/* u32 seq -> ciphertext */
	TABLE_STATUS,	/* device id -> packed Status */
	TABLE_HOLDER,	/* u32 seq -> mask; soft */
	TABLE_LOCAL,	/* name -> this device's own rows */
};
#define TABLES 6 /* one more than the last of them */
#define TABLE_KEY_MAX 64

/* An item row as read, with its blob when that is held (else empty). */
struct loaded {
	uint32_t seq;
	struct bytes row; /* empty: no such row */
	struct bytes blob;
};

struct event {
	enum event_type type;
	uint64_t mono; /* ms, never goes back, starts anywhere */
	int64_t wall;  /* ms since 1970 */
	uint8_t entropy[32];
	/*
	 * A client, or a connection. Dials carry the number that EFFECT_DIAL
	 * gave, with CONN_DIALED set; what came in has a number of the
	 * driver's without it. Numbers are not used again while in use.
	 */
	uint32_t conn;
	uint32_t token;		  /* LOADED, KDF: of the effect */
	enum table table;	  /* ROW */
	struct bytes key;	  /* ROW */
	struct bytes data;	  /* ROW: value; message; MEET_BYTES: bytes */
	uint8_t remote[KEY_SIZE]; /* PEER_UP: transport key of the other */
	uint8_t hash[32];	  /* PEER_UP: handshake hash */
	const struct loaded *loaded; /* LOADED */
	size_t n_loaded;
	uint8_t kdf[KEY_SIZE];	      /* KDF: the key made */
	uint32_t passes;	      /* KDF: those used, when calibrated */
	const char *const *addresses; /* LISTENING: ADDR:PORT */
	size_t n_addresses;
	bool dialed; /* PEER_DOWN, MEET_DOWN: never came up */
	bool rescue; /* MEET_UP: its first byte is 3, not 2 */
};

#define CONN_DIALED 0x80000000u

#endif
