/*
 * Length-prefixed messages in a stream: u32 big-endian length, then so many
 * bytes (README.md, "Frames"). Bytes go in as they come, whole messages come
 * out. A frame owns one buffer, which grows with what has arrived and never
 * with what was announced; a length of 0 or over the limit is refused before
 * anything is allocated. It never looks into a message, and wipes what it
 * frees, because some messages carry passphrases.
 */
#ifndef FOB_FRAME_H
#define FOB_FRAME_H

#include "proto/base.h"

#define FRAME_HEADER 4 /* bytes */

enum frame_error {
	FRAME_ERR_MORE = 1, /* no whole message yet, feed on */
	FRAME_ERR_EMPTY,    /* a length of 0: close the connection */
	FRAME_ERR_LONG,	    /* over the limit: close the connection */
};

struct frame {
	size_t max;		      /* bytes of the longest message */
	uint8_t header[FRAME_HEADER]; /* as far as it has come */
	size_t header_n;
	size_t length;	 /* of the message under way, 0: not known yet */
	uint8_t *buffer; /* owned */
	size_t n, capacity;
	bool taken; /* the buffer holds a message that was handed out */
	int broken; /* the error that all later calls return */
};

/* max: bytes, at least 1; anything longer is FRAME_ERR_LONG. */
void frame_init(struct frame *f, size_t max);
void frame_deinit(struct frame *f);

/*
 * Takes bytes from the front of *input, which it shortens, until one message
 * is whole. 0: *ret_message is that message, which stays valid until the next
 * call; call again while there is input. FRAME_ERR_MORE: the input is used
 * up. FRAME_ERR_EMPTY and FRAME_ERR_LONG stay: the stream is lost. -ENOMEM.
 */
int frame_take(struct frame *f, struct bytes *input, struct bytes *ret_message);

/* Is a message begun but not whole? Then an end of the stream cut it off. */
bool frame_partial(const struct frame *f);

/* The limit changes when a stranger has become a peer. Not in a message. */
void frame_set_max(struct frame *f, size_t max);

/* The prefix of a message of n bytes; n is at least 1 and fits 32 bits. */
void frame_header(uint8_t ret_header[static FRAME_HEADER], size_t n);

#define AUTO_FRAME CLEANUP(frame_deinit)

#endif
