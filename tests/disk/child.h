/* How the store's look at itself is done: by a fork, or cheaper. */
#ifndef FOB_TESTS_CHILD_H
#define FOB_TESTS_CHILD_H

#include "proto/base.h"

extern bool child_shares;

#endif
