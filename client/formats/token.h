/*
 * The JSON object that FreeOTP and FreeOTP+ keep for an account, which three
 * formats share. Bytes are lists of numbers from -128 to 127 in it. Source:
 * OtpTokenFactory of helloworld1/FreeOTPPlus, readers of Aegis.
 */
#ifndef FOB_FORMATS_TOKEN_H
#define FOB_FORMATS_TOKEN_H

#include "client/formats/json.h"
#include "client/formats/buffer.h"

enum {
	TOKEN_ERR_BYTES = 1, /* is no list of bytes */
};

/*
 * Adds the account, or skips it. secret: when it is kept elsewhere; p is
 * NULL: it is the object's own. Returns as import_add.
 */
int token_add(struct import *import, uint64_t position, const json_t *object,
	      struct bytes secret);

/* 0, -ENOMEM or TOKEN_ERR_BYTES. */
int token_bytes(const json_t *list, struct buffer *ret);

#endif
