/*
 * URIs of accounts: otpauth:// in the dialects of the applications that
 * write it, steam:// and motp://. Source: the "Key Uri Format" page of Google
 * Authenticator; where applications part from it or from each other, the
 * comments in uri.c say what is taken. One URI comes in or goes out; the
 * caller owns both, and wipes the text, which holds the secret.
 */
#ifndef FOB_FORMATS_URI_H
#define FOB_FORMATS_URI_H

#include "client/formats/entry.h"

enum {
	URI_ERR_INVALID = 1, /* refused, the fault says why */
	URI_ERR_ROOM = 2,    /* the buffer is too small */
};

/* Bytes that are enough for any entry, with the NUL. */
#define URI_MAX (9 * TEXT_MAX + 2 * SECRET_MAX + 2 * PIN_MAX + 192)
#define URI_WARNINGS_MAX 4

/* What a reader notices in a URI that it takes. Constant strings. */
struct uri_warnings {
	const char *text[URI_WARNINGS_MAX];
	size_t n;
};

/*
 * Reads one URI, without spaces or line ends around it, into an entry that
 * has been initialised; on failure the entry is as before. Never fails for
 * what it does not know, only for what it cannot do without. 0, -ENOMEM or
 * URI_ERR_INVALID with *ret_fault.
 */
int uri_parse(struct bytes uri, struct entry *entry,
	      struct uri_warnings *ret_warnings, struct fault *ret_fault);

/*
 * Writes the canonical URI with its NUL; *ret_n is its length without. A
 * note, tags, the favourite mark and the PIN of mOTP have no place in it. The
 * entry must have passed entry_check. 0 or URI_ERR_ROOM, then out is wiped.
 */
int uri_write(const struct entry *entry, char *out, size_t size, size_t *ret_n);

#endif
