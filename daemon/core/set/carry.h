/*
 * What of the held items is carried (proto/README.md, "The carried set").
 *
 * carry_evaluate() is the definition, from nothing, over all that is held.
 * carry_arrived() is the short way for an item of class 1 or 2 whose author
 * nobody revoked: it gives the same result, or leaves the set dirty. Used by
 * the files of this room only.
 */
#ifndef FOB_CORE_SET_CARRY_H
#define FOB_CORE_SET_CARRY_H

#include "daemon/core/set/set.h"

/* Evaluates everything anew. 0 or -ENOMEM. */
int carry_evaluate(struct set *set);

/* The item at has just become held. 0 or -ENOMEM. */
int carry_arrived(struct set *set, uint32_t at);

#endif
