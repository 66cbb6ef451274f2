/*
 * A look at an encoded Plain before it is unpacked.
 *
 * Two bytes on the wire can become a hundred in memory, and protobuf-c stops
 * at no count of its own. So the pieces are counted first, on the bytes as
 * they are, and what is over a bound is refused before anything is
 * allocated. Nothing is kept; the bytes stay with the caller.
 */
#ifndef FOB_CORE_VIEW_WIRE_H
#define FOB_CORE_VIEW_WIRE_H

#include "proto/base.h"

enum {
	WIRE_ERR_MALFORMED = 1, /* not a Plain, or over a bound */
};

struct wire_count {
	size_t fields, otps, live, gone;
	size_t unknown; /* field numbers that we do not know, anywhere */
};

/*
 * Counts. 0 or WIRE_ERR_MALFORMED: cut short, a known number with another
 * wire type, a group, a number 0, a key with a zero byte.
 */
int wire_count(struct wire_count *ret, struct bytes plain);

/* The counts are within FIELDS_MAX, LIVE_MAX, GONE_MAX, UNKNOWN_FIELDS_MAX. */
bool wire_within(const struct wire_count *count);

#endif
