/*
 * What this room adds to rows. LMDB has no checksums: one flipped bit goes
 * unseen. Items and blobs are named by their hashes, so they authenticate
 * themselves; the rows of the other tables carry the first ROW_SUM bytes of
 * a BLAKE2b-256 over table, key and value at their end. The meta row says
 * that the file is a store of fob, and in which format.
 */
#ifndef FOB_STORE_ROW_H
#define FOB_STORE_ROW_H

#include "daemon/core/event.h"
#include "proto/base.h"

#define ROW_SUM 8
#define ROW_FORMAT_KEY "format"
#define ROW_FORMAT_SIZE (12 + ROW_SUM)

enum row_error {
	ROW_ERR_DAMAGED = 1, /* the checksum does not agree */
	ROW_ERR_FOREIGN,     /* the meta row is not ours */
	ROW_ERR_NEWER,	     /* written by a newer fob */
};

/* Do rows of this table end with a checksum? */
bool row_summed(enum table table);

/* Is this a key that the table can have? */
bool row_key_ok(enum table table, struct bytes key);

void row_sum(uint8_t ret_sum[static ROW_SUM], enum table table,
	     struct bytes key, struct bytes value);

/* Checks a stored value and takes the checksum off: 0 or ROW_ERR_DAMAGED. */
int row_open(enum table table, struct bytes key, struct bytes *value);

void row_format_write(uint8_t ret_value[static ROW_FORMAT_SIZE],
		      uint32_t format);

/* 0, ROW_ERR_FOREIGN, ROW_ERR_NEWER or ROW_ERR_DAMAGED. */
int row_format_check(struct bytes value);

#endif
