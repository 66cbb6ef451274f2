/* What it costs to be in sync. */
#include "tests/sim/story.h"

#define IN_SYNC_MAX 300
#define ONE_CHANGE_MAX (8 * 1024)

static void count(struct world *world, const char *what)
{
	world_say(world, "%s: %llu messages, %llu bytes", what,
		  (unsigned long long)world->messages,
		  (unsigned long long)world->wire_bytes);
}

static void count_from_here(struct world *world)
{
	world->messages = world->wire_bytes = 0;
}

/* Two that are in sync find that out. */
static void in_sync_bytes(struct world *world)
{
	story_vault(world, 2);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	story_settle(world);
	world_run(world, 10000);
	count_from_here(world);
	EXPECT(world, story_ok(world_sync(world, 1)));
	count(world, "in sync");
	EXPECT(world, world->messages > 0);
	EXPECT(world, world->wire_bytes < IN_SYNC_MAX);
	/* And nothing moves when nothing happens, but a sign of life. */
	count_from_here(world);
	world_run(world, 90000);
	count(world, "idle for 90 s");
	EXPECT(world, world->messages <= 4);
}

static void one_among_10000(struct world *world)
{
	story_vault(world, 2);
	world->quiet = true;
	world_add_many(world, 0, "site", 10000);
	story_settle(world);
	world_cut(world, 0, 1, true);
	world_run(world, 1000);
	EXPECT(world, story_ok(world_set_field(world, 0, "site-0815", "note",
					       "changed")));
	world_heal(world, 0, 1);
	count_from_here(world);
	world->quiet = false;
	story_settle(world);
	count(world, "one among 10,000");
	EXPECT(world, world->wire_bytes < ONE_CHANGE_MAX);
}

const struct story stories_bytes[] = {
	{ "in-sync-bytes", in_sync_bytes },
	{ "one-among-10000", one_among_10000 },
	{ 0 },
};
