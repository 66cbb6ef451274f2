/*
 * The message inside of Google Authenticator's QR codes, as published by
 * several readers of it: one of a batch, with accounts inside, in the wire
 * format of Protocol Buffers. A payload owns its bytes, secrets among them,
 * and wipes them.
 */
#ifndef FOB_FORMATS_PAYLOAD_H
#define FOB_FORMATS_PAYLOAD_H

#include "client/formats/entry.h"

#define PAYLOAD_URI "otpauth-migration://offline"

/* Fields of the payload. */
enum {
	PAYLOAD_ACCOUNT = 1,
	PAYLOAD_VERSION = 2,
	PAYLOAD_SIZE = 3,
	PAYLOAD_INDEX = 4,
	PAYLOAD_ID = 5,
};

/* Fields of an account. */
enum {
	ACCOUNT_SECRET = 1,
	ACCOUNT_NAME = 2,
	ACCOUNT_ISSUER = 3,
	ACCOUNT_ALGORITHM = 4,
	ACCOUNT_DIGITS = 5,
	ACCOUNT_TYPE = 6,
	ACCOUNT_COUNTER = 7,
	ACCOUNT_FIELDS,
};

/* Values of its fields; 0 is "not told". */
enum {
	DIGITS_SIX = 1,
	DIGITS_EIGHT = 2,
	TYPE_HOTP = 1,
	TYPE_TOTP = 2,
	VERSION_MAX = 2, /* that published payloads have */
	PERIOD = 30,	 /* there is no field for it */
};

/* Zeroed at first. */
struct payload {
	uint8_t *buffer; /* owned */
	size_t capacity;
	struct bytes message;
	int32_t id;
	uint64_t size, index, version;
};

void payload_free(struct payload *payload);
#define AUTO_PAYLOAD CLEANUP(payload_free)

/*
 * Decodes the URI, reads the numbers of the batch, and checks that every
 * account is whole: half a QR code must not go in as if it were one. 0,
 * -ENOMEM, or ENTRY_ERR_INVALID with *ret_fault.
 */
int payload_decode(struct bytes uri, struct payload *payload,
		   struct fault *ret_fault);

#endif
