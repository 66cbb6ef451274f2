/*
 * Percent-encoding, RFC 3986 section 2.1, as URIs of accounts use it. Pure
 * functions on the caller's memory.
 */
#ifndef FOB_FORMATS_PERCENT_H
#define FOB_FORMATS_PERCENT_H

#include "proto/base.h"

enum {
	PERCENT_ERR_INVALID = 1, /* a % without two hex digits after it */
};

/*
 * Decodes into out, which has room for text.n bytes (decoding never grows)
 * and may be text.p itself. plus: "+" means a space, as in queries. *ret_n is
 * the number of bytes written. Bytes of any value may come out, NUL too.
 */
int percent_decode(struct bytes text, bool plus, uint8_t *out, size_t *ret_n);

/*
 * Encodes all but the unreserved characters, so never "+". out has room for
 * 3 * text.n bytes and gets no NUL; returns the number of bytes written.
 */
size_t percent_encode(struct bytes text, char *out);

#endif
