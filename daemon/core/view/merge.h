/*
 * The merge of two versions of an entry (proto/README.md, "Merge").
 *
 * Commutative, associative and idempotent on canonical bytes, which is why
 * devices that hold the same versions show the same entry, in whatever order
 * these came in. Where two versions say different things under one key, one
 * of them wins by a total order; no clock of ours is asked.
 */
#ifndef FOB_CORE_VIEW_MERGE_H
#define FOB_CORE_VIEW_MERGE_H

#include "proto/item.pb-c.h"
#include "proto/secret.h"

enum {
	MERGE_ERR_FULL = 1, /* the result would be over a bound */
};

/*
 * into, made of the budget, becomes the merge of both; both in normal form
 * (plain.h). The bounds: FIELDS_MAX, LIVE_MAX, LIST_MAX vids gone, and
 * PLAIN_MAX bytes of fields. 0; MERGE_ERR_FULL, then into is as it was;
 * -ENOMEM, then into is good only for being freed.
 */
int merge_plain(struct budget *budget, Fob__Plain *into,
		const Fob__Plain *other);

/* More than 0 when a wins over b; 0 when they say the same. Keys are equal. */
int merge_order_fields(const Fob__Field *a, const Fob__Field *b);

/* The same for two seeds of one vid; the counter has no say. */
int merge_order_live(const Fob__OtpValue *a, const Fob__OtpValue *b);

#endif
