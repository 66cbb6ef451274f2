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

#endif
