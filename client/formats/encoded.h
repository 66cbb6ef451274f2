/*
 * The secret of an entry from the text that it is written as: base32 as sites
 * show it and people copy it, or hex. What is decoded on the way is wiped.
 */
#ifndef FOB_FORMATS_ENCODED_H
#define FOB_FORMATS_ENCODED_H

#include "client/formats/entry.h"

/* 0, -ENOMEM or ENTRY_ERR_INVALID with *ret_fault. */
int encoded_base32(struct entry *entry, struct bytes text,
		   struct fault *ret_fault);
int encoded_hex(struct entry *entry, struct bytes text,
		struct fault *ret_fault);

/* Has base32 a length that no encoder makes? A character may be missing. */
bool encoded_odd(struct bytes text);

#endif
