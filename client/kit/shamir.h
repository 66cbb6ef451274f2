/*
 * Shamir's secret sharing over GF(256) with the digest share of SLIP-0039, so
 * that shares which do not belong together are noticed. Values are secrets,
 * and no branch and no address depends on them; where a share lies is public.
 * Pure functions on the caller's memory, which the caller wipes.
 */
#ifndef FOB_KIT_SHAMIR_H
#define FOB_KIT_SHAMIR_H

#include "proto/base.h"

#define SHAMIR_SHARES_MAX 16
#define SHAMIR_VALUE_MAX 32
#define SHAMIR_DIGEST 4 /* bytes */

enum shamir_error {
	SHAMIR_ERR_DIGEST = 1, /* these shares do not belong together */
};

struct shamir_point {
	uint8_t x;
	uint8_t value[SHAMIR_VALUE_MAX];
};

/*
 * The polynomials through n points of size bytes each, at x. The x of all
 * points differ. (SLIP-0039, "Shamir's secret sharing scheme")
 */
void shamir_interpolate(uint8_t *ret, size_t size, uint8_t x,
			const struct shamir_point *points, size_t n);

/*
 * Fills count points with x from 0, any threshold of which are enough.
 * random: threshold * SHAMIR_VALUE_MAX bytes that nobody else knows; unused
 * when the threshold is 1. secret: 16..32 bytes.
 */
void shamir_split(struct shamir_point *ret, size_t count, size_t threshold,
		  struct bytes secret, const uint8_t *random);

/* n: the threshold, no more points. 0 or SHAMIR_ERR_DIGEST. */
int shamir_recover(uint8_t *ret, size_t size, const struct shamir_point *points,
		   size_t n);

#endif
