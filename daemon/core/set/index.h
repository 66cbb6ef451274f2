/*
 * From a key to its place in a dense array: open addressing, linear probing.
 *
 * Slots hold place + 1; the keys stay in the array, so the owner compares
 * them. Nothing is ever taken out. The table grows by a quarter when it is
 * three quarters full: 5.3 to 6.7 bytes a key, about 8 probes for a key that
 * is not there. The hash is keyed, so who picks keys cannot pick slots.
 */
#ifndef FOB_CORE_SET_INDEX_H
#define FOB_CORE_SET_INDEX_H

#include "proto/base.h"

#define HASH_KEY_SIZE 16

struct index {
	uint32_t *slots;
	uint32_t size, used;
};

void index_deinit(struct index *index);

/* SipHash-2-4 of n bytes. */
uint64_t index_hash(const uint8_t key[static HASH_KEY_SIZE], const uint8_t *p,
		    size_t n);

/* Must index_resize come before the next index_put? */
bool index_full(const struct index *index);
/* Makes it empty and larger; the owner puts all keys in again. 0, -ENOMEM. */
int index_resize(struct index *index);
void index_put(struct index *index, uint64_t hash, uint32_t place);

/*
 * Probing: for (s = index_start(i, hash); index_at(i, s, &place);
 * s = index_next(i, s)) compares place after place.
 */
uint32_t index_start(const struct index *index, uint64_t hash);
uint32_t index_next(const struct index *index, uint32_t slot);
bool index_at(const struct index *index, uint32_t slot, uint32_t *ret_place);

#endif
