#include "tests/sim/story.h"

void swarm_run(struct world *world, uint64_t seed)
{
	(void)seed;
	story_vault(world, 2);
}
