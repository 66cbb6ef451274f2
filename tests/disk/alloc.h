/*
 * Memory that runs out: malloc() and its like of the daemon, LMDB and the
 * libraries that are linked in, and secret_alloc(), fail at the n-th call.
 * The linker sends them here (--wrap); what the test itself allocates between
 * alloc_hold() and alloc_go_on() does not count.
 */
#ifndef FOB_TESTS_ALLOC_H
#define FOB_TESTS_ALLOC_H

#include "proto/base.h"

/* From now on the n-th fails, from 1; sticky: all later ones, too. */
void alloc_arm(uint32_t n, bool sticky);

/* How many have failed since then. */
uint32_t alloc_disarm(void);

/*
 * From now on those that come by a way not seen before, by the addresses that
 * they return to, are listed: their n, as alloc_arm() takes it. The list is
 * good until the next time.
 */
void alloc_watch(void);
/* The ways are known to processes that are forked later, and by them. */
void alloc_share(void);
const uint32_t *alloc_watched(size_t *ret_n);

void alloc_hold(void);
void alloc_go_on(void);

#endif
