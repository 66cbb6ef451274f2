/*
 * Bitmaps over small numbers: authors or items of a set. A bitmap is heap,
 * owned by whoever keeps it, made by bits_new() and given back by free().
 */
#ifndef FOB_CORE_TRUST_BITS_H
#define FOB_CORE_TRUST_BITS_H

#include <stdlib.h>

#include "proto/base.h"

#define BITS_WORD 64u

static inline size_t bits_words(uint32_t n)
{
	return (size_t)n / BITS_WORD + 1;
}

/* All zero, for numbers below n; NULL without memory. */
static inline uint64_t *bits_new(uint32_t n)
{
	return calloc(bits_words(n), sizeof(uint64_t));
}

static inline bool bits_get(const uint64_t *bits, uint32_t i)
{
	return bits[i / BITS_WORD] >> i % BITS_WORD & 1;
}

static inline void bits_set(uint64_t *bits, uint32_t i)
{
	bits[i / BITS_WORD] |= UINT64_C(1) << i % BITS_WORD;
}

static inline void bits_clear(uint64_t *bits, uint32_t i)
{
	bits[i / BITS_WORD] &= ~(UINT64_C(1) << i % BITS_WORD);
}

/* a becomes a or b; says whether that changed a. */
static inline bool bits_merge(uint64_t *a, const uint64_t *b, uint32_t n)
{
	bool changed = false;

	for (size_t i = 0; i < bits_words(n); i++) {
		changed |= (b[i] & ~a[i]) != 0;
		a[i] |= b[i];
	}
	return changed;
}

/* Is every one of a also in b? */
static inline bool bits_within(const uint64_t *a, const uint64_t *b, uint32_t n)
{
	for (size_t i = 0; i < bits_words(n); i++)
		if (a[i] & ~b[i])
			return false;
	return true;
}

#endif
