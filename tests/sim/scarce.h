/*
 * Memory that runs out in stories: the first telling finds out by which ways
 * each step comes to an allocation; in the second, at each way that is new, a
 * process is forked in which just that allocation fails. There the step may
 * end with -ENOMEM and nothing else, the node starts again from its disk with
 * all that it has answered for, and goes on. The story itself sees nothing.
 */
#ifndef FOB_TESTS_SCARCE_H
#define FOB_TESTS_SCARCE_H

#include "tests/sim/story.h"

/* Before any process that tells: ways are new only once in all of them. */
void scarce_init(void);
/* For the first telling. */
void scarce_watch(struct world *world);
/* For the second: of the ways, those whose turn it is. */
void scarce_climb(struct world *world, unsigned turn, unsigned turns);
/* How many allocations have failed, in all processes. */
unsigned long scarce_count(void);

#endif
