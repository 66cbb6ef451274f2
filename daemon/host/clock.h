/*
 * The two clocks of the machine. They differ in what they promise: one never
 * goes back and goes on while the machine sleeps, the other is what people
 * call the time, and may jump.
 */
#ifndef FOB_HOST_CLOCK_H
#define FOB_HOST_CLOCK_H

#include "proto/base.h"

uint64_t clock_mono(void); /* ms since some start, sleep included */
int64_t clock_wall(void);  /* ms since 1970 */

#endif
