/*
 * A look at a JSON text without making anything of it: which keys are there,
 * how deep it goes. It walks over the bytes once, and stops early, so that a
 * file can be shown to every format in turn.
 */
#ifndef FOB_FORMATS_PEEK_H
#define FOB_FORMATS_PEEK_H

#include "proto/base.h"

/*
 * brackets: "{" for a key of the object, "[{" for one of the first object of
 * the array, and so on. key: plain ASCII. A text that is cut off may have it.
 */
bool peek_key(struct bytes text, const char *brackets, const char *key);

/* Are objects and arrays nested deeper than this? *ret_at: where, in bytes. */
bool peek_deeper(struct bytes text, size_t depth, size_t *ret_at);

#endif
