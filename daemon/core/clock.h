/*
 * The clock vote: what the devices that are connected now say of the time,
 * against our own clock. It only ever warns, or serves who asks for it.
 */
#ifndef FOB_CORE_CLOCK_H
#define FOB_CORE_CLOCK_H

#include "daemon/core/state.h"

/*
 * How far our clock is ahead of the median of the devices connected now, in
 * ms, at most STAMP_MAX either way; 0 and not known when there is none.
 */
int64_t node_clock_offset(const struct node *node, bool *ret_known);

#endif
