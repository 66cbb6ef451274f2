/*
 * Fresh randomness for the events of the core, from the kernel. The core
 * itself has none, so whatever is drawn there comes from here.
 */
#ifndef FOB_HOST_ENTROPY_H
#define FOB_HOST_ENTROPY_H

#include "proto/base.h"

void entropy_fill(void *ret, size_t n);

#endif
