/*
 * The conversation with one card: what is said in which order, over a line
 * that the caller gives. It owns the answer, which is wiped with it. It knows
 * no reader, no clock and no randomness.
 */
#ifndef FOB_YUBIKEY_SESSION_H
#define FOB_YUBIKEY_SESSION_H

#include "client/yubikey/oath.h"

enum session_error {
	SESSION_ERR_LINE = 1, /* the line failed, and knows why */
	SESSION_ERR_BROKEN,   /* the card does not speak this protocol */
	SESSION_ERR_APPLET,   /* there is no OATH on it */
	SESSION_ERR_CODE,     /* the access code is wrong */
	SESSION_ERR_LOCKED,   /* it wants one */
	SESSION_ERR_FALSE,    /* the card itself does not know the code */
	SESSION_ERR_NAME,     /* nothing has this name */
	SESSION_ERR_FULL,
	SESSION_ERR_STATUS, /* another status, in answer.status */
};

/* Sends a command and gets one piece; 0, or anything else for failed. */
struct line {
	int (*transmit)(void *context, struct bytes command,
			uint8_t ret[static APDU_PIECE_MAX], size_t *ret_n);
	void *context;
};

struct session {
	const struct line *line;
	struct oath_card card;
	struct answer_apdu answer;
};

void session_init(struct session *session, const struct line *line);
void session_deinit(struct session *session);

/* All return 0 or SESSION_ERR_. */
int session_select(struct session *session);

/*
 * Proves that we know the code, and has the card prove it as well. challenge:
 * OATH_CHALLENGE_SIZE fresh random bytes.
 */
int session_validate(struct session *session, struct bytes code,
		     const uint8_t challenge[static OATH_CHALLENGE_SIZE]);

/* step: of TOTP, now; a card that must not go back remembers it. */
int session_list(struct session *session, uint64_t step,
		 struct credentials *ret);

/* One of the same name is replaced by the card without a question. */
int session_put(struct session *session, const struct credential *credential,
		const Fob__OtpValue *otp);

/* name: 1 to CARD_NAME_MAX bytes. */
int session_delete(struct session *session, struct bytes name);

#endif
