/*
 * What comes out of node_step(): an ordered list of things to do. All PUTs
 * and DELETEs of a step are durable before any SEND, MEET_SEND or REPLY of it
 * leaves; soft ones hold nothing back. The list owns its bytes.
 */
#ifndef FOB_CORE_EFFECT_H
#define FOB_CORE_EFFECT_H

#include "daemon/core/event.h"

enum effect_type {
	EFFECT_PUT = 1,	    /* table, key, data */
	EFFECT_DELETE,	    /* table, key */
	EFFECT_SOFT_PUT,    /* may be lost with a crash */
	EFFECT_SEND,	    /* conn, data: a message to a peer */
	EFFECT_DIAL,	    /* conn, address, remote: open a channel */
	EFFECT_CLOSE,	    /* conn: flush, then close; peer or meeting */
	EFFECT_KEYS,	    /* data: struct effect_keys, for channels */
	EFFECT_MEET_DIAL,   /* conn, address; number 3: to recover */
	EFFECT_MEET_SEND,   /* conn, data: bytes as they are */
	EFFECT_MEET_LISTEN, /* number: 0 no, 1 take pairing connections */
	EFFECT_REPLY,	    /* conn, data: a message to a client; wipe it */
	EFFECT_LOAD,	    /* token, data: u32 seqs in host order */
	EFFECT_KDF,	    /* token, data: passphrase; salt, passes, memory */
	EFFECT_TIMER,	    /* number: mono ms; UINT64_MAX: none */
	EFFECT_TRACE,	    /* trace */
	EFFECT_WIPE,	    /* the vault was left: remove the store, exit */
	EFFECT_NEXT_PUT,    /* table, key, data: into the store of the next
			       vault, made beside at the first of them */
	EFFECT_NEXT_END,    /* address: a name. That store is whole: make it
			       durable, to be the vault from the next start on,
			       the old one kept under the name; EVENT_NEXT */
	EFFECT_NEXT_DROP,   /* away with it */
	EFFECT_RENEW,	    /* hang up on all, begin anew from disk */
	EFFECT_CLEAR,	    /* a row: all tables are empty */
};

/* What the peer channels of this daemon need; secret, wiped by the list. */
#define EFFECT_PSKS 8
struct effect_keys {
	uint8_t vault_id[ID_SIZE];
	uint8_t transport_secret[KEY_SIZE];
	uint8_t transport_public[KEY_SIZE];
	uint32_t n_psks;
	struct {
		uint8_t id[8];
		uint8_t key[KEY_SIZE];
	} psks[EFFECT_PSKS];
	uint32_t n_denied; /* transport keys that get no answer */
	uint8_t denied[DENIED_MAX][KEY_SIZE];
};

/* Things worth a line in a log or a golden trace. Never a secret in them. */
enum trace_what {
	TRACE_STARTED = 1, /* number: items */
	TRACE_INITIALIZED,
	TRACE_UNLOCKED,
	TRACE_LOCKED,
	TRACE_UNLOCK_FAILED,
	TRACE_PEER_UP,	     /* device */
	TRACE_PEER_DOWN,     /* device */
	TRACE_PEER_REFUSED,  /* a stranger, or one revoked */
	TRACE_PEER_PROTOCOL, /* device; it broke a rule */
	TRACE_RUN_EQUAL,     /* device: complete, equal */
	TRACE_RUN_UNEQUAL,   /* device: complete, unequal */
	TRACE_STORED,	     /* item, number: kind; device: author */
	TRACE_REFUSED_ITEM,  /* item, number: SET_ERR or ITEM_ERR */
	TRACE_WROTE,	     /* item, number: kind */
	TRACE_SENT,	     /* device, number: items */
	TRACE_INVITED,
	TRACE_MEET_WRONG, /* a wrong code was tried: it is dead */
	TRACE_JOINED,	  /* device */
	TRACE_FORKED,	  /* device: it runs from a copy */
	TRACE_REVOKED,	  /* device */
	TRACE_STATUS,	  /* device: a newer status */
	TRACE_KEY,	  /* number: 1 rotated, 2 granted */
	TRACE_POISONED,	  /* a wrap that does not open what it claims */
	TRACE_FULL,	  /* the store takes no more of class 2 */
	TRACE_CODE,	  /* item: record id; number: HOTP counter */
	TRACE_KIT,	  /* there is a new recovery kit */
	TRACE_RESCUE,	  /* somebody with the kit fetches all; number: items */
	TRACE_RECOVERED,  /* device: this one; number: items */
	TRACE_SNAPSHOT,	  /* number: items in it */
	TRACE_DAMAGED,	  /* item: its row on this disk */
	TRACE_MIGRATED,	  /* number: entries in the new vault */
	TRACE_RENEWED,	  /* device: this one, with its new keys */
};

struct effect_trace {
	enum trace_what what;
	bool has_device, has_item;
	uint8_t device[DEVICE_ID_SIZE];
	uint8_t item[ID_SIZE];
	uint64_t number;
};

struct effect {
	enum effect_type type;
	enum table table;
	uint32_t conn;
	uint32_t token;
	uint64_t number;
	uint8_t key[TABLE_KEY_MAX];
	size_t key_len;
	uint8_t *data; /* owned */
	size_t data_len;
	bool secret;	  /* data is wiped before it is freed */
	char address[64]; /* DIAL: "192.0.2.1:47362", "[2001:db8::1]:1" */
	uint8_t remote[KEY_SIZE]; /* DIAL */
	uint8_t salt[16];	  /* KDF */
	uint32_t passes;	  /* KDF; 0: as many as KDF_CALIBRATE_MS take */
	uint64_t memory;	  /* KDF, bytes */
	struct effect_trace trace;
};

struct effects {
	struct effect *list;
	size_t n, cap;
	bool failed;	     /* memory ran out: node_step returns -ENOMEM */
	struct effect scrap; /* what is added from then on: it is lost */
};

void effects_init(struct effects *effects);
void effects_deinit(struct effects *effects); /* wipes and frees all */
void effects_clear(struct effects *effects);

/* Appends; never NULL (after a failure it is a scrap that is not kept). */
struct effect *effects_add(struct effects *effects, enum effect_type type);
/* Appends with a copy of data. */
void effects_put(struct effects *effects, enum table table, struct bytes key,
		 struct bytes data);
void effects_soft(struct effects *effects, enum table table, struct bytes key,
		  struct bytes data);
void effects_delete(struct effects *effects, enum table table,
		    struct bytes key);
/* Appends and takes data, which came from malloc(). */
void effects_take(struct effects *effects, enum effect_type type, uint32_t conn,
		  uint8_t *data, size_t n);

/* "peer up", ...: for logs and golden traces. */
const char *effect_trace_text(enum trace_what what);

#endif
