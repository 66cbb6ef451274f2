/* Open addressing over places in dense arrays. */
#include "daemon/core/set/index.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MIN 64u

void index_deinit(struct index *index)
{
	free(index->slots);
	*index = (struct index){ .slots = NULL };
}

uint64_t index_hash(const uint8_t key[static HASH_KEY_SIZE], const uint8_t *p,
		    size_t n)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t hash;

	_Static_assert(HASH_KEY_SIZE == crypto_shorthash_KEYBYTES, "key");
	crypto_shorthash(out, p, n, key);
	memcpy(&hash, out, sizeof(hash));
	return hash;
}

bool index_full(const struct index *index)
{
	return index->used >= index->size - index->size / 4;
}

int index_resize(struct index *index)
{
	uint32_t size = index->size + index->size / 4;
	uint32_t *slots;

	if (size < SIZE_MIN)
		size = SIZE_MIN;
	slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(index->slots);
	*index = (struct index){ .slots = slots, .size = size };
	return 0;
}

uint32_t index_start(const struct index *index, uint64_t hash)
{
	/* The high half, scaled down to the size without a division. */
	return (uint32_t)(((hash >> 32) * index->size) >> 32);
}

uint32_t index_next(const struct index *index, uint32_t slot)
{
	return slot + 1 == index->size ? 0 : slot + 1;
}

bool index_at(const struct index *index, uint32_t slot, uint32_t *ret_place)
{
	if (index->size == 0 || index->slots[slot] == 0)
		return false;
	*ret_place = index->slots[slot] - 1;
	return true;
}

void index_put(struct index *index, uint64_t hash, uint32_t place)
{
	uint32_t slot, there;

	REQUIRE(!index_full(index));
	for (slot = index_start(index, hash); index_at(index, slot, &there);)
		slot = index_next(index, slot);
	index->slots[slot] = place + 1;
	index->used++;
}
