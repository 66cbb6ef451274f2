/*
 * The wire format of Protocol Buffers, field by field, for messages of
 * strangers: nothing is allocated, nothing is copied, each step consumes at
 * least one byte. Source: protobuf.dev, "Encoding". Groups, which nobody
 * writes any more, count as damage.
 */
#ifndef FOB_FORMATS_WIRE_H
#define FOB_FORMATS_WIRE_H

#include "proto/base.h"

enum {
	WIRE_ERR_END = 1,     /* no further field */
	WIRE_ERR_DAMAGED = 2, /* cut off, or not this format */
};

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

struct wire_field {
	uint32_t number;
	enum wire_type type;
	uint64_t varint;    /* WIRE_VARINT */
	struct bytes bytes; /* WIRE_BYTES; in the message */
};

/* Takes the next field off the front of the message. 0 or WIRE_ERR_*. */
int wire_next(struct bytes *message, struct wire_field *ret);

/* Is the message whole to its end, as far as its own fields go? */
bool wire_whole(struct bytes message);

/*
 * Writing, into memory that the caller knows to be large enough; each
 * returns the bytes written: at most 20, or 20 and the bytes.
 */
#define WIRE_FIELD_MAX 20
size_t wire_put_varint(uint8_t *out, uint32_t number, uint64_t v);
size_t wire_put_bytes(uint8_t *out, uint32_t number, struct bytes b);

#endif
