/*
 * Tag, length, value, as smart cards have them (ISO 7816-4 section 5.2.2): one
 * byte of tag, a length of one to three bytes. Writes into the caller's memory
 * and reads what a stranger's card has sent; owns nothing.
 */
#ifndef FOB_YUBIKEY_TLV_H
#define FOB_YUBIKEY_TLV_H

#include "proto/base.h"

enum tlv_error {
	TLV_ERR_END = 1, /* there is nothing more */
	TLV_ERR_SHORT,	 /* it says that it is longer than what there is */
};

struct tlv {
	uint8_t tag;
	struct bytes value; /* in what it was read from */
};

/* Takes the first off the front of *input. 0, or TLV_ERR_. */
int tlv_take(struct bytes *input, struct tlv *ret);

/*
 * The same, when it has this tag: TLV_ERR_SHORT when it has another, or when
 * there is none. *input is moved on success only.
 */
int tlv_take_tag(struct bytes *input, uint8_t tag, struct bytes *ret_value);

/* Writes behind *n bytes. REQUIREs that it fits into size. */
#define TLV_PUT_MAX 255 /* bytes of a value of our own */
void tlv_put(uint8_t *ret, size_t size, size_t *n, struct tlv tlv);

#endif
