/*
 * New keys for a device whose passphrase is forgotten (proto/README.md, "New
 * keys for a device"). reset.c keeps the new keys until they are in the vault
 * and then puts them in the place of the old ones; ask_reset.c makes them,
 * vouch.c is the device that approves, replace.c writes what makes them count.
 */
#ifndef FOB_CORE_RESET_H
#define FOB_CORE_RESET_H

#include "daemon/core/state.h"

/* Keys that are to be this device's; lives in secret memory. */
struct reset {
	struct device_keys keys;
	uint8_t unlock_key[KEY_SIZE];
	bool open; /* unlock_key, and the sealed part of keys, are here */
	uint8_t row[DEVICE_ROW_MAX];
	size_t row_len;
	struct slot slots[RESET_SLOTS];
	size_t n_slots;
	bool offered; /* our signature has left, to: */
	uint8_t sponsor[DEVICE_ID_SIZE];
	uint32_t sponsor_conn;	   /* 0: before the last start */
	uint32_t call;		   /* who waits; 0: nobody */
	uint32_t asked[PEERS_MAX]; /* connections that were asked */
};

/* The six words for new keys of a device, with spaces between. */
#define RESET_WORDS_SIZE 64
void reset_words(const struct node *node, uint32_t author,
		 const Fob__Certificate *device,
		 char ret[static RESET_WORDS_SIZE]);

/* A row "reset/..." of the store. 0, -EBADMSG, -ENOMEM. */
int reset_row(struct node *node, struct bytes key, struct bytes row);
/* Puts all rows of node->reset on disk. */
void reset_save(struct step *step);
/* Forgets the new keys, in memory and on disk. */
void reset_drop(struct step *step);
void reset_free(struct node *node);
void reset_call_gone(struct node *node, uint32_t number);
/* The new keys are this device's from now on. 0 or negative errno. */
int reset_adopt(struct step *step);
/* After items came: adopts the new keys once they are a member. */
int reset_settle(struct step *step);
/* Shows our new keys to those connected who may vouch for them. */
int reset_ask_around(struct step *step);
/* 0, SYNC_ERR_PROTOCOL or negative errno. */
int reset_message(struct step *step, struct sync_peer *peer,
		  const Fob__Reset *message);
int reset_say(struct step *step, struct sync_peer *peer, Fob__Reset *what);
/* The ADD of the keys that a REVOKE with reason 1 made room for, or NULL. */
const struct item *reset_add_of(const struct node *node,
				const struct item *revoke);

/* --- vouch.c --- */
/* New keys that a device has shown us, and whom we are vouching for. */
struct plea {
	uint32_t conn; /* 0: none */
	uint32_t author;
	uint8_t keys[4][KEY_SIZE]; /* sign, status, wrap, transport */
};
struct vouch {
	struct plea pleas[PEERS_MAX];
	uint32_t call; /* who approves; 0: nobody */
	uint32_t author;
	uint32_t conn; /* of the device */
	uint32_t ordinal;
	bool answered;
	uint8_t join_sig[SIGNATURE_SIZE];
};
int vouch_asked(struct step *step, const struct sync_peer *peer,
		const Fob__Certificate *device);
void vouch_answered(struct node *node, const struct sync_peer *peer,
		    struct bytes join_sig);
void vouch_free(struct node *node);

/* --- replace.c --- */
struct replacement {
	uint32_t old; /* author */
	const Fob__Certificate *device;
	uint32_t ordinal;
	const uint8_t *join_sig; /* SIGNATURE_SIZE */
	const struct kit *kit;	 /* NULL: in our own name */
};
/*
 * The ADD of the new keys, their place in the groups of the old ones as far
 * as we read those, and the REVOKE of the old ones with all that is held of
 * them as tips. 0, WRITE_ERR_* (nothing was written) or negative errno.
 */
int replace_write(struct step *step, const struct replacement *what,
		  uint32_t *ret_author);
/* Groups that `old` reads and nobody else does, main apart. */
size_t replace_alone(const struct node *node, uint32_t old);
/* Groups that `old` reads and we do not. */
size_t replace_beyond(const struct node *node, uint32_t old);

#endif
