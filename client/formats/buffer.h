/*
 * Bytes that a reader makes on its way: decoded, decrypted, decompressed. It
 * owns them and wipes them when it goes. Decoders of base64 and hex write
 * straight into one, so that a secret is never in memory that nobody wipes.
 */
#ifndef FOB_FORMATS_BUFFER_H
#define FOB_FORMATS_BUFFER_H

#include "proto/base.h"

enum {
	BUFFER_ERR_TEXT = 1, /* is not base64, or not hex */
};

/* Zeroed is empty. */
struct buffer {
	uint8_t *p; /* owned */
	size_t n;
};

void buffer_free(struct buffer *buffer);
#define AUTO_BUFFER CLEANUP(buffer_free)

/* n bytes of 0, 0 bytes too; frees what was there. 0 or -ENOMEM. */
int buffer_alloc(struct buffer *buffer, size_t n);

struct bytes buffer_bytes(const struct buffer *buffer);

/*
 * The bytes of a text in RFC 4648 base64 (section 4), with or without
 * padding, line ends and spaces in between; or of pairs of hex digits. 0,
 * -ENOMEM, or BUFFER_ERR_TEXT; the buffer is left alone on failure.
 */
int buffer_base64(struct buffer *buffer, struct bytes text);
int buffer_hex(struct buffer *buffer, struct bytes text);

#endif
