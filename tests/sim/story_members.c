/* Devices that are put out, and keys for those that come. */
#include <string.h>

#include "tests/sim/story.h"

static size_t count_keys(const struct world *world, int node)
{
	return world->nodes[node].node->keyring.n_keys;
}

static bool is_unlocked(struct world *world, void *arg UNUSED)
{
	return world->nodes[1].node->state == NODE_UNLOCKED;
}

/*
 * A newcomer that has no key yet makes none of its own: it could carry
 * nothing, and what was written under the old one would be lost for those
 * who come later.
 */
static void early_write(struct world *world)
{
	char code[32];
	uint32_t inviting, joining;
	const Fob__Reply *reply;

	story_vault(world, 1);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	world_node(world);
	world_invite(world, 0, code, &inviting);
	joining = world_join_begin(world, 1, 0, code);
	EXPECT(world, world_until(world, 5000, is_unlocked, NULL));
	reply = world_add(world, 1, "gitlab", 2);
	EXPECT(world, reply && reply->status != STATUS_OK);
	reply = world_wait(world, 1, joining, 90000);
	EXPECT(world, story_ok(reply));
	EXPECT(world, story_ok(world_add(world, 1, "gitlab", 2)));
	story_settle(world);
	EXPECT(world, count_keys(world, 0) == 1);
}

/* Two keys made apart stay beside each other; who comes later gets both. */
static void two_keys(struct world *world)
{
	story_vault(world, 2);
	world_node(world);
	world_join(world, 2, 1);
	story_settle(world);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	story_settle(world);
	world_cut(world, 0, 1, true);
	world_cut(world, 0, 2, true);
	world_run(world, 1000);
	/* Both may: c was let in by b, and b by a. */
	EXPECT(world, story_ok(world_revoke(world, 0, "c")));
	EXPECT(world, story_ok(world_revoke(world, 1, "c")));
	EXPECT(world, story_ok(world_add(world, 0, "on-a", 2)));
	EXPECT(world, story_ok(world_add(world, 1, "on-b", 3)));
	world_run(world, 5000);
	world_kill(world, 2);
	world_heal_all(world);
	story_settle(world);
	EXPECT(world, count_keys(world, 0) == 3);
	story_account(world, 0, "on-b");
	story_account(world, 1, "on-a");
	world_node(world);
	world_join(world, 3, 0);
	story_settle(world);
	story_account(world, 3, "github");
	story_account(world, 3, "on-a");
	story_account(world, 3, "on-b");
}

/* It hears of it, keeps what it has, and is told nothing more. */
static void revoked(struct world *world)
{
	const Fob__Reply *reply;
	uint32_t held;

	story_vault(world, 3);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	story_settle(world);
	EXPECT(world, story_ok(world_revoke(world, 0, "b")));
	world_run(world, 5000);
	reply = world_add(world, 1, "gitlab", 2);
	EXPECT(world, reply && reply->status == STATUS_REFUSED);
	story_account(world, 1, "github");
	held = world->nodes[1].node->set.n_held;
	EXPECT(world, story_ok(world_add(world, 0, "later", 3)));
	world_run(world, 600000);
	EXPECT(world, world->nodes[1].node->set.n_held == held);
	EXPECT(world, !world_connected(world, 0, 1));
	EXPECT(world, !world_connected(world, 2, 1));
	world_kill(world, 1);
	story_settle(world);
	story_account(world, 2, "later");
}

/* What it wrote before it knew, unseen by who put it out, is set aside. */
static void revoked_apart(struct world *world)
{
	const Fob__Reply *reply;

	story_vault(world, 3);
	world_cut(world, 0, 1, true);
	world_cut(world, 2, 1, true);
	world_run(world, 1000);
	EXPECT(world, story_ok(world_add(world, 1, "late", 1)));
	EXPECT(world, story_ok(world_revoke(world, 0, "b")));
	world_heal_all(world);
	world_run(world, 600000);
	reply = world_add(world, 1, "later", 2);
	EXPECT(world, reply && reply->status == STATUS_REFUSED);
	for (int i = 0; i < 3; i += 2) {
		reply = world_list(world, i, "late");
		EXPECT(world, reply && reply->n_accounts == 0);
	}
	world_kill(world, 1);
	EXPECT(world, world_settle(world, 120000));
	EXPECT(world, story_ok(world_add(world, 2, "after", 3)));
	EXPECT(world, world_settle(world, 120000));
	story_account(world, 0, "after");
}

/*
 * A lets c in while nobody else is to be reached, and goes. C knows where b
 * is, and b, which has not heard of c, is shown the chain.
 */
static void sponsor_goes(struct world *world)
{
	story_vault(world, 2);
	world_run(world, 20000);
	world_cut(world, 0, 1, true);
	world_node(world);
	world_join(world, 2, 0);
	world_run(world, 5000);
	world_kill(world, 0);
	world_heal_all(world);
	world_run(world, 10000);
	EXPECT(world, world_connected(world, 1, 2));
	story_settle(world);
}

const struct story stories_members[] = {
	{ "sponsor-goes", sponsor_goes },   { "early-write", early_write },
	{ "two-keys", two_keys },	    { "revoked", revoked },
	{ "revoked-apart", revoked_apart }, { 0 },
};
