/*
 * Random numbers from a seed: SplitMix64 (Steele, Lea, Flood 2014), a stream
 * for each purpose, so that one more draw for the disk shifts no other.
 */
#ifndef FOB_TESTS_DRAW_H
#define FOB_TESTS_DRAW_H

#include "proto/base.h"

struct draw {
	uint64_t state;
};

static inline uint64_t draw_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint64_t draw_next(struct draw *draw)
{
	draw->state += 0x9e3779b97f4a7c15;
	return draw_mix(draw->state);
}

/* 0..limit-1; limit is small, so the bias of the remainder is nothing. */
static inline uint32_t draw_below(struct draw *draw, uint32_t limit)
{
	return (uint32_t)(draw_next(draw) % limit);
}

static inline bool draw_chance(struct draw *draw, uint32_t of_eighths)
{
	return draw_below(draw, 8) < of_eighths;
}

static inline struct draw draw_stream(uint64_t seed, uint32_t purpose)
{
	return (struct draw){ draw_mix(seed * 64 + purpose) };
}

#endif
