/*
 * The ranges of a Ranges message: fingerprints of our ids between bounds,
 * and putting them into a message that is being made. reconcile.c decides
 * which. Used by the files of this room only.
 */
#ifndef FOB_CORE_SET_RANGE_H
#define FOB_CORE_SET_RANGE_H

#include "daemon/core/set/reconcile.h"

/* Zero-extended, or the end: above all ids. */
struct bound {
	uint8_t bytes[ID_SIZE];
	bool end;
};

/* Our ids from..to of a range that ends at upper. */
struct part {
	uint32_t from, to;
	struct bound upper;
};

/* a + b modulo 2^256, little-endian. */
void range_add(uint8_t ret[static ID_SIZE], const uint8_t a[static ID_SIZE],
	       const uint8_t b[static ID_SIZE]);

/* Our id number i of the run. */
const uint8_t *range_id(const struct reconcile *run, uint32_t i);

/* The sum over our ids from..to. */
void range_sum(const struct reconcile *run, uint32_t from, uint32_t to,
	       uint8_t ret[static ID_SIZE]);

/* False: longer than an id. Never sets end, which an empty upper means. */
bool range_read_bound(struct bound *ret, const ProtobufCBinaryData *from);
int range_compare_bounds(const struct bound *a, const struct bound *b);
/* How many of our ids are below the bound. */
uint32_t range_below(const struct reconcile *run, const struct bound *bound);

/* A message with room for RANGES_PER_MESSAGE. All: 0 or -ENOMEM. */
int range_new(Fob__Ranges **ret, unsigned class);
/* Its last range, or NULL. */
Fob__Range *range_last(const Fob__Ranges *ranges);
int range_put_skip(Fob__Ranges *out, const struct bound *upper);
int range_put_fingerprint(Fob__Ranges *out, const struct reconcile *run,
			  const struct part *part);
/* At most RANGE_LIST ids. */
int range_put_list(Fob__Ranges *out, const struct reconcile *run,
		   const struct part *part);
/* More than RANGE_LIST ids. */
int range_put_split(Fob__Ranges *out, const struct reconcile *run,
		    const struct part *part);

#endif
