/*
 * The dense arrays of a set and the indexes into them: finding a name, and
 * putting it in when it is new. Places in the arrays never change, nothing
 * is ever taken out. Used by the files of this room only.
 */
#ifndef FOB_CORE_SET_TABLE_H
#define FOB_CORE_SET_TABLE_H

#include "daemon/core/set/set.h"

/*
 * Room for one more of n things of size bytes: the array, moved perhaps, or
 * NULL (the old one is still good). Grows by half.
 */
void *table_grow(void *array, uint32_t n, uint32_t *cap, size_t size);

/* The item of this id, made a ghost when it is new. All: 0 or -ENOMEM. */
int table_item(struct set *set, const uint8_t *id, uint32_t *ret);
int table_author(struct set *set, const Fob__Certificate *certificate,
		 uint32_t *ret);
int table_record(struct set *set, uint32_t group, const uint8_t *id,
		 uint32_t *ret);
int table_group(struct set *set, const uint8_t *id, uint32_t *ret);
int table_kid(struct set *set, const uint8_t *id, uint32_t *ret);
/* A recovery key that item introduces. */
int table_recovery(struct set *set, uint32_t item, uint32_t generation,
		   const ProtobufCBinaryData keys[static 2]);
/* Keeps a whole item of class 0 or 1; it is empty afterwards. */
int table_head(struct set *set, struct item *item, uint32_t at);
void table_drop_head(struct set *set, uint32_t at);
int table_link(struct set *set, uint32_t to);

/* Makes index at a ghost, with nothing known about it. */
void table_ghost(struct set_item *item);

#endif
