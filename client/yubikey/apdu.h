/*
 * What goes to a card and comes back: commands of ISO 7816-4 in their short
 * form, and answers that come in pieces, each but the last with the status
 * 0x61xx. Bytes in, bytes out; it talks to nobody. A command may hold a secret
 * and an answer a code, so both are wiped.
 */
#ifndef FOB_YUBIKEY_APDU_H
#define FOB_YUBIKEY_APDU_H

#include "proto/base.h"
#include "proto/limits.h"

#define APDU_DATA_MAX 255
#define APDU_MAX (5 + APDU_DATA_MAX)
#define APDU_PIECE_MAX 258 /* of an answer, with its status */

/* Status words, of ISO 7816-4 and as YKOATH uses them. */
enum apdu_status {
	APDU_OK = 0x9000,
	APDU_MORE = 0x6100, /* and how many bytes in the low byte */
	APDU_MEMORY = 0x6581,
	APDU_LOCKED = 0x6982,
	APDU_NO_OBJECT = 0x6984,
	APDU_SYNTAX = 0x6a80,
	APDU_NO_APPLET = 0x6a82,
	APDU_FULL = 0x6a84,
};

struct command_apdu {
	uint8_t ins, p1, p2;
	struct bytes data; /* at most APDU_DATA_MAX bytes */
};

/* Class 0. Returns the length, at most APDU_MAX; without data it ends at P2. */
size_t apdu_write(uint8_t ret[static APDU_MAX],
		  const struct command_apdu *command);

enum apdu_error {
	APDU_ERR_MORE = 1, /* the next piece is to be asked for */
	APDU_ERR_BROKEN,   /* no status, too long, or it does not end */
};

struct answer_apdu {
	uint8_t data[CARD_REPLY_MAX];
	size_t n;
	unsigned int status; /* of the last piece */
};

void answer_apdu_init(struct answer_apdu *answer);
void answer_apdu_wipe(struct answer_apdu *answer);

/*
 * Appends a piece as it came. 0: the answer is whole. A piece that brings
 * nothing and promises more is APDU_ERR_BROKEN, so every answer ends.
 */
int answer_apdu_take(struct answer_apdu *answer, struct bytes piece);

#endif
