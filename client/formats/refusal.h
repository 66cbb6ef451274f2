/*
 * Reasons for which a file as a whole is refused, in words that name the place
 * in it: a line and a column, a byte, or a field. Only numbers are taken from
 * the file, and what else is said is constant text. All of them return what
 * import_fail returns, so that a reader may pass it on.
 */
#ifndef FOB_FORMATS_REFUSAL_H
#define FOB_FORMATS_REFUSAL_H

#include "client/formats/import.h"

/* line and column: from 1, the column in bytes. */
int refusal_line(struct import *import, unsigned long line,
		 unsigned long column, const char *why);

/* The same for a place in a text, in bytes from its beginning. */
int refusal_text(struct import *import, struct bytes text, size_t at,
		 const char *why);

/* In a file that is no text; at: bytes from its beginning. */
int refusal_byte(struct import *import, uint64_t at, const char *why);

/* key: of the list that should be there; NULL: the file should be one. */
int refusal_list(struct import *import, const char *key);

/* 0 when the version, where there is one, is a number up to the newest. */
struct refusal_version {
	const char *application, *key;
	uint64_t newest; /* that can be read */
};
int refusal_newer(struct import *import, const struct refusal_version *known,
		  bool sound, uint64_t version);

/*
 * What to return for a CRYPT_ERR_* of deriving a key or opening with it, or a
 * negative errno, whichever error is; fields: what in the file asks for it.
 */
int refusal_crypt(struct import *import, const char *fields, int error);

#endif
