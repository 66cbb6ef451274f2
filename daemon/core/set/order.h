/*
 * The carried ids of a class in order, and the roots over them.
 *
 * New ids wait at the end of the array until somebody asks; then few are
 * put in where they belong, and many are sorted with the rest, byte by byte
 * in place, so that asking never fails. Used by the files of this room only.
 */
#ifndef FOB_CORE_SET_ORDER_H
#define FOB_CORE_SET_ORDER_H

#include "daemon/core/set/set.h"

/* The item at is carried from now on. 0 or -ENOMEM. */
int order_add(struct set *set, unsigned class, uint32_t at);
/* Forgets the class, which is about to be told anew. */
void order_clear(struct set *set, unsigned class);

#endif
