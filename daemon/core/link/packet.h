/*
 * Packets: what runs over a link once its handshake is through. One packet
 * carries one whole message of up to MESSAGE_MAX bytes, padded, so that an
 * observer learns a size from a short list only. On the wire:
 *
 *	u16 big-endian		length of the sealed text
 *	sealed text		ChaChaPoly, Noise section 5.1, no ad, over
 *		u8		type
 *		u16 big-endian	length of the message
 *		message
 *		zeros		up to the padded size
 *
 * Packets are numbered by the cipher, so one that is dropped, repeated,
 * moved or changed does not open. Each direction rekeys after REKEY_RECORDS.
 * struct packet_reader owns its buffer and wipes it; it collects one packet
 * at a time, from pieces of any size, and allocates only as bytes arrive.
 */
#ifndef FOB_CORE_LINK_PACKET_H
#define FOB_CORE_LINK_PACKET_H

#include "daemon/core/link/noise.h"
#include "daemon/core/link/queue.h"
#include "proto/base.h"
#include "proto/limits.h"

enum packet_error {
	PACKET_ERR_REFUSED = 1, /* the stream is damaged: close it */
};

enum packet_type {
	PACKET_OPEN = 1, /* the initiator's first: it holds the keys */
	PACKET_MESSAGE = 2,
	PACKET_CLOSE = 3, /* the last: the stream was not cut short */
};

#define PACKET_HEADER 3 /* type and length, inside */
#define PACKET_PAD_MIN 64
#define PACKET_PAD_SMALL 512 /* up to here in steps of 64, then of 512 */
#define PACKET_PLAIN_MAX (FRAME_MAX - 32)

/* Wire size of a packet without a message. */
#define PACKET_EMPTY (2 + PACKET_PAD_MIN + NOISE_TAG_SIZE)

struct packet_reader {
	struct noise_cipher cipher;
	uint8_t length[2];
	size_t have; /* bytes of this packet, the length included */
	size_t want; /* bytes of sealed text, once the length is here */
	struct queue sealed;
};

/* A packet that opened; its bytes are valid until the reader is used again. */
struct packet {
	enum packet_type type;
	struct bytes message;
};

/*
 * Appends one packet to `out`. At most MESSAGE_MAX bytes. -ENOMEM: the
 * stream has lost nothing yet and may go on; PACKET_ERR_REFUSED: the numbers
 * of the cipher have run out.
 */
int packet_write(struct noise_cipher *cipher, enum packet_type type,
		 struct bytes message, struct queue *out);

/*
 * Takes bytes off the front of *in, up to the end of one packet. *ret_whole
 * tells whether *ret is set. Sizes over wire_max or not of the list are
 * refused before anything is allocated.
 */
int packet_read(struct packet_reader *reader, size_t wire_max, struct bytes *in,
		struct packet *ret, bool *ret_whole);

/* Wipes the packet that was given out last, if there is one. */
void packet_forget(struct packet_reader *reader);

void packet_reader_deinit(struct packet_reader *reader);

/* The padded size of n bytes of plain text, n <= PACKET_PLAIN_MAX. */
size_t packet_padded(size_t n);

#endif
