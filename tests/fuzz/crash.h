/*
 * Steps that fail as the input has it, for targets that drive a whole node:
 * an allocation, once or from then on, or the power, after a step and before
 * its commit. Whatever it was, the node starts again from its disk.
 */
#ifndef FOB_FUZZ_CRASH_H
#define FOB_FUZZ_CRASH_H

#include <errno.h>
#include <string.h>

#include "tests/fuzz/draw.h"
#include "tests/fuzz/scarce.h"
#include "tests/lib/one.h"

static unsigned crash_steps; /* until one is lost; 0: none */

static inline int crash_step(struct node *node, const struct event *event,
			     struct effects *effects)
{
	int r;

	scarce_resume();
	r = node_step(node, event, effects);
	REQUIRE(scarce_pause() || r == 0);
	REQUIRE(r == 0 || r == -ENOMEM);
	if (crash_steps > 0 && --crash_steps == 0)
		return -EIO;
	return r;
}

/* Draws what will fail, most times nothing. */
static inline void crash_draw(struct one *one, struct draw *draw)
{
	uint8_t how = draw_byte(draw);
	uint32_t n = draw_below(draw, 4096);

	one->step = crash_step;
	crash_steps = 0;
	scarce_end();
	if (how >= 224)
		crash_steps = 1 + n % 32;
	else if (how >= 160)
		scarce_begin(1 + n, how & 1);
}

/* A root that depends on nothing but the set. */
static inline void crash_root(struct one *one, uint8_t ret[static ID_SIZE])
{
	set_root_all(&one->node->set, ret);
}

/*
 * From the disk again, without faults. What was there without any is there
 * again.
 */
static inline void crash_restart(struct one *one)
{
	uint8_t before[ID_SIZE], after[ID_SIZE];
	bool dead = one->dead;

	scarce_end();
	crash_steps = 0;
	if (!dead)
		crash_root(one, before);
	one_restart(one);
	REQUIRE(!one->dead);
	crash_root(one, after);
	REQUIRE(dead || memcmp(before, after, ID_SIZE) == 0);
}

#endif
