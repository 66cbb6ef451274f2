/*
 * Memory that runs out, for fuzz targets: malloc, calloc, realloc and
 * secret_alloc of all that is linked with --wrap, libsodium and protobuf-c
 * included. Targets say when it is scarce; else it never is.
 */
#ifndef FOB_FUZZ_SCARCE_H
#define FOB_FUZZ_SCARCE_H

#include "proto/base.h"

/* The n-th allocation from now fails, n from 1; with for_ever all later. */
void scarce_begin(unsigned n, bool for_ever);
/* Did any fail? The count goes on with the next scarce_resume(). */
bool scarce_pause(void);
void scarce_resume(void);
void scarce_end(void);

/*
 * For targets that take bytes and nothing else: the last of them says which of
 * the allocations from now on fails, and by its highest bit whether all later
 * ones do. scarce_over() tells whether any did.
 */
static inline void scarce_draw(const uint8_t *data, size_t size)
{
	uint8_t last = size > 0 ? data[size - 1] : 0;

	scarce_begin(1u + last % 64u, last & 0x80);
	scarce_resume();
}

static inline bool scarce_over(void)
{
	bool failed = scarce_pause();

	scarce_end();
	return failed;
}

#endif
