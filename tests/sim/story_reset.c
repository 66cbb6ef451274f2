/* A passphrase that is forgotten: with another device, and with the kit. */
#include <string.h>

#include "tests/lib/recovery.h"
#include "tests/lib/renewal.h"
#include "tests/sim/story.h"

static const struct set_author *author_of(const struct world *world, int node,
					  const uint8_t *id)
{
	const struct set *set = &world->nodes[node].node->set;
	uint32_t author = set_author(set, id);

	return author == NONE ? NULL : &set->authors[author];
}

/* The old keys are out, the new ones in; what was there is there. */
static void renewed(struct world *world, int node, const uint8_t *old)
{
	const struct node *n = world->nodes[node].node;

	EXPECT(world, memcmp(old, n->self->id, DEVICE_ID_SIZE) != 0);
	for (int i = 0; i < world->n_nodes; i++) {
		if (!world->nodes[i].node)
			continue;
		EXPECT(world, !author_of(world, i, old)->member);
		EXPECT(world, author_of(world, i, n->self->id)->member);
	}
	story_account(world, node, "github");
	EXPECT(world, story_ok(world_code(world, node, "github")));
	EXPECT(world, story_ok(world_code(world, node, "mine")));
}

/* Three devices in a row; b has written something of its own. */
static void household(struct world *world, uint8_t ret_old[DEVICE_ID_SIZE])
{
	story_vault(world, 3);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	EXPECT(world, story_ok(world_add(world, 1, "mine", 2)));
	story_settle(world);
	memcpy(ret_old, world->nodes[1].node->self->id, DEVICE_ID_SIZE);
	EXPECT(world, story_ok(world_lock(world, 1)));
}

/* A above b approves; c below b may not, and its session goes on. */
static void forgotten(struct world *world)
{
	uint8_t old[DEVICE_ID_SIZE];
	const Fob__Reply *reply;

	household(world, old);
	renewal(world, 1, 0);
	story_settle(world);
	renewed(world, 1, old);
	EXPECT(world, world_connected(world, 0, 2));
	EXPECT(world, story_ok(world_set_field(world, 1, "mine", "note",
					       "still mine")));
	story_settle(world);
	EXPECT(world,
	       !strcmp(story_field(world, 2, "mine", "note"), "still mine"));
	/* Nothing is to be changed at the sites: it was nobody else's. */
	world_kill(world, 1);
	world_start(world, 1);
	EXPECT(world, world->nodes[1].node->state == NODE_LOCKED);
	world_unlock(world, 1);
	story_settle(world);
	renewed(world, 1, old);
	reply = world_wait(world, 1, renewal_begin(world, 1, NULL), 1000);
	EXPECT(world, !reply); /* it waits to be approved once more */
}

/* Nobody else is there. */
static void forgotten_kit(struct world *world)
{
	uint8_t old[DEVICE_ID_SIZE], seed[KEY_SIZE];
	const Fob__Reply *reply;

	household(world, old);
	recovery_seed(world, 0, seed);
	world_run(world, 10000);
	world_kill(world, 0);
	world_kill(world, 2);
	reply = world_wait(world, 1, renewal_begin(world, 1, seed), 90000);
	EXPECT(world, story_ok(reply) && reply->joined);
	renewed(world, 1, old);
	EXPECT(world, story_ok(world_add(world, 1, "after", 3)));
	world_kill(world, 1);
	world_start(world, 1);
	world_unlock(world, 1);
	renewed(world, 1, old);
	world_start(world, 0);
	world_start(world, 2);
	world_unlock(world, 0);
	world_unlock(world, 2);
	story_settle(world);
	renewed(world, 1, old);
	story_account(world, 2, "after");
}

/*
 * Power fails at b, and at a, at every moment of it. Then it is run again:
 * either nothing was done, or all.
 */
static void forgotten_cut(struct world *world)
{
	uint8_t old[DEVICE_ID_SIZE];
	uint32_t asking;
	char words[128];

	household(world, old);
	for (unsigned i = 0; i < 22; i++) {
		uint64_t ms = i < 16 ? 3 * i : 25 * (i - 14);
		int victim = i % 2 ? 0 : 1;
		const struct world_node *b = &world->nodes[1];

		memcpy(old, b->node->self->id, DEVICE_ID_SIZE);
		asking = renewal_begin(world, 1, NULL);
		renewal_words(world, 1, asking, words);
		renewal_vouch_begin(world, 0, 1, words);
		world_run(world, ms);
		world_kill(world, victim);
		world_run(world, 2000);
		world_start(world, victim);
		world_unlock(world, 0);
		if (victim == 0)
			recovery_gone(world, 1);
		world_run(world, 60000);
		if (!memcmp(old, b->node->self->id, DEVICE_ID_SIZE)) {
			/* Not done: the same keys are approved now. */
			EXPECT(world, author_of(world, 0, old)->member);
			renewal(world, 1, 0);
		} else if (b->node->state != NODE_UNLOCKED) {
			world_unlock(world, 1);
		}
		story_settle(world);
		renewed(world, 1, old);
		EXPECT(world, story_ok(world_lock(world, 1)));
	}
}

const struct story stories_reset[] = {
	{ "forgotten", forgotten },
	{ "forgotten-kit", forgotten_kit },
	{ "forgotten-cut", forgotten_cut },
	{ 0 },
};
