/* Copies of devices, and power that fails. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/story.h"

static bool warns(struct world *world, int node, const char *text)
{
	const Fob__Reply *reply = world_status(world, node);

	EXPECT(world, story_ok(reply));
	for (size_t i = 0; i < reply->n_warnings; i++)
		if (strstr(reply->warnings[i], text))
			return true;
	return false;
}

/* A machine that is set back to an older disk, and writes again. */
static void old_backup(struct world *world)
{
	struct disk backup;
	struct world_ids promised;

	story_vault(world, 2);
	EXPECT(world, story_ok(world_add(world, 1, "before", 1)));
	story_settle(world);
	world_quiesce(world, 1);
	disk_copy(&world->nodes[1].disk, &backup);
	world_copy_ids(&world->nodes[1].promised, &promised);
	EXPECT(world, story_ok(world_add(world, 1, "forgotten", 2)));
	story_settle(world);
	world_kill(world, 1);
	world_say(world, "b  gets its old disk back");
	world_replace_disk(world, 1, &backup, &promised);
	world_cut(world, 0, 1, true);
	world_start(world, 1);
	world_unlock(world, 1);
	EXPECT(world, story_ok(world_add(world, 1, "again", 3)));
	world_heal(world, 0, 1);
	story_settle(world);
	for (int i = 0; i < 2; i++) {
		EXPECT(world, warns(world, i, "runs from a copy"));
		story_account(world, i, "before");
		story_account(world, i, "forgotten");
		story_account(world, i, "again");
	}
	/* It writes on, behind both branches. */
	EXPECT(world, story_ok(world_add(world, 1, "after", 4)));
	story_settle(world);
	story_account(world, 0, "after");
	disk_deinit(&backup);
	free_ptr(&promised.ids);
}

static bool is_equal(struct world *world, void *arg UNUSED)
{
	return world_equal(world);
}

/* One device on two machines at once. */
static void clone(struct world *world)
{
	struct disk copy;
	struct world_ids promised;

	story_vault(world, 2);
	EXPECT(world, story_ok(world_add(world, 1, "before", 1)));
	story_settle(world);
	world_quiesce(world, 1);
	disk_copy(&world->nodes[1].disk, &copy);
	world_copy_ids(&world->nodes[1].promised, &promised);
	world_node(world);
	world_kill(world, 2);
	world_say(world, "c  is a clone of b");
	world_replace_disk(world, 2, &copy, &promised);
	world_start(world, 2);
	world_unlock(world, 2);
	EXPECT(world, story_ok(world_add(world, 1, "on-b", 2)));
	EXPECT(world, story_ok(world_add(world, 2, "on-c", 3)));
	EXPECT(world, world_until(world, 120000, is_equal, NULL));
	world_check_promises(world);
	for (int i = 0; i < 3; i++) {
		EXPECT(world, warns(world, i, "runs from a copy"));
		story_account(world, i, "on-b");
		story_account(world, i, "on-c");
	}
	disk_deinit(&copy);
	free_ptr(&promised.ids);
}

/* What was answered is there after every kind of end. */
static void kills(struct world *world)
{
	bool answered[60] = { false };
	char issuer[32];

	story_vault(world, 2);
	for (unsigned i = 0; i < ARRAY_SIZE(answered); i++) {
		int node = (int)stream_below(&world->people, 2);
		uint32_t id;

		snprintf(issuer, sizeof(issuer), "site-%02u", i);
		id = world_add_begin(world, node, issuer, i);
		world_run(world, stream_below(&world->people, 4));
		world_kill(world, node);
		const Fob__Reply *reply = world_reply(world, node, id);
		answered[i] = story_ok(reply);
		world_run(world, stream_below(&world->people, 2000));
		world_start(world, node);
		world_unlock(world, node);
		world_run(world, stream_below(&world->people, 2000));
	}
	story_settle(world);
	unsigned n = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(answered); i++) {
		snprintf(issuer, sizeof(issuer), "site-%02u", i);
		for (int k = 0; answered[i] && k < 2; k++)
			story_account(world, k, issuer);
		n += answered[i];
	}
	world_say(world, "%u of %zu were answered", n, ARRAY_SIZE(answered));
	EXPECT(world, n > 10 && n < ARRAY_SIZE(answered));
}

const struct story stories_trouble[] = {
	{ "old-backup", old_backup },
	{ "clone", clone },
	{ "kills", kills },
	{ 0 },
};
