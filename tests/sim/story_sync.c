/* Two sets become equal, and stay so. */
#include <string.h>

#include "tests/sim/story.h"

static void first_sync(struct world *world)
{
	story_vault(world, 1);
	world->quiet = true;
	world_add_many(world, 0, "site", 50);
	world->quiet = false;
	world_node(world);
	uint64_t before = world->now;
	world_join(world, 1, 0);
	/* 0.9 s of it are passphrases; the rest is a few round trips. */
	EXPECT(world, world->now - before < 1500);
	story_settle(world);
	story_account(world, 1, "site-0049");
}

/* What one side adds is on the other within a round trip. */
static void live_push(struct world *world)
{
	const Fob__Reply *reply;
	uint32_t held;

	story_vault(world, 2);
	world_run(world, 5000);
	held = world->nodes[1].node->set.n_held;
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	world_run(world, 2 * world->latency + 1);
	EXPECT(world, world->nodes[1].node->set.n_held == held + 1);
	story_account(world, 1, "github");
	story_settle(world);
	uint64_t before = world->now;
	reply = world_add_wait(world, 1, "gitlab", 2, 1);
	EXPECT(world, story_ok(reply) && reply->added->copies == 1);
	/* Our commit, there, their commit, and back. */
	EXPECT(world,
	       world->now - before <= 2 * world->latency + 2 * world->sync_ms);
	EXPECT(world, story_account(world, 1, "gitlab")->copies == 1);
	story_settle(world);
	/* More than there are: said so, in time, and the entry stays. */
	reply = world_add_wait(world, 0, "codeberg", 3, 2);
	EXPECT(world, reply && reply->status == STATUS_TIMEOUT);
	story_settle(world);
	story_account(world, 1, "codeberg");
}

/* A relay tells the others: a and c never meet. */
static void relay(struct world *world)
{
	story_vault(world, 3);
	world_cut(world, 0, 2, true);
	world_run(world, 3000);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	EXPECT(world, story_ok(world_add(world, 2, "gitlab", 2)));
	story_settle(world);
	story_account(world, 2, "github");
	story_account(world, 0, "gitlab");
	EXPECT(world, !world_connected(world, 0, 2));
}

static void partition(struct world *world)
{
	story_vault(world, 2);
	world_cut(world, 0, 1, false);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	EXPECT(world, story_ok(world_add(world, 1, "gitlab", 2)));
	world_run(world, 200000);
	EXPECT(world, !world_equal(world));
	world_heal(world, 0, 1);
	EXPECT(world, world_settle(world, DIAL_MAX_MS * 2));
	story_settle(world);
	story_account(world, 1, "github");
	story_account(world, 0, "gitlab");
}

static const char *state_of(struct world *world, int node)
{
	const Fob__Reply *reply = world_status(world, node);

	EXPECT(world, story_ok(reply) && reply->vault);
	return reply->vault->state;
}

/* A locked device goes on replicating what it cannot read. */
static void locked(struct world *world)
{
	const Fob__Reply *reply;

	story_vault(world, 1);
	world_node(world);
	world->nodes[1].config.idle_lock_ms = 60000;
	world_kill(world, 1);
	world_start(world, 1);
	world_join(world, 1, 0);
	story_settle(world);
	EXPECT(world, !strcmp(state_of(world, 1), "unlocked"));
	world_run(world, 61000);
	EXPECT(world, !strcmp(state_of(world, 1), "locked"));
	EXPECT(world, story_ok(world_add_wait(world, 0, "github", 1, 1)));
	reply = world_add(world, 1, "gitlab", 2);
	EXPECT(world, reply && reply->status == STATUS_LOCKED &&
			      reply->need == FOB__NEED__NEED_UNLOCK);
	reply = world_list(world, 1, "github");
	EXPECT(world, reply && reply->need == FOB__NEED__NEED_UNLOCK);
	world_unlock(world, 1);
	story_account(world, 1, "github");
	EXPECT(world, story_ok(world_lock(world, 0)));
	EXPECT(world, story_ok(world_add_wait(world, 1, "gitlab", 2, 1)));
	story_settle(world);
	world_unlock(world, 0);
	story_account(world, 0, "gitlab");
}

/* --- joining ----------------------------------------------------------------- */

static void wrong_code(struct world *world)
{
	char code[32];
	uint32_t inviting, joining;
	const Fob__Reply *reply;

	story_vault(world, 1);
	world_node(world);
	world_invite(world, 0, code, &inviting);
	code[0] = code[0] == '9' ? '0' : (char)(code[0] + 1);
	joining = world_join_begin(world, 1, 0, code);
	reply = world_wait(world, 1, joining, 90000);
	EXPECT(world, reply && reply->status == STATUS_REFUSED);
	reply = world_wait(world, 0, inviting, 90000);
	EXPECT(world, reply && reply->status == STATUS_REFUSED);
	/* The right one is dead as well. */
	code[0] = code[0] == '0' ? '9' : (char)(code[0] - 1);
	joining = world_join_begin(world, 1, 0, code);
	reply = world_wait(world, 1, joining, 90000);
	EXPECT(world, reply && reply->status != STATUS_OK);
	EXPECT(world, !strcmp(state_of(world, 1), "empty"));
	/* And a new one works. */
	world_join(world, 1, 0);
	story_settle(world);
}

static bool is_added(struct world *world, void *arg UNUSED)
{
	const struct set *set = &world->nodes[0].node->set;

	return set->n_authors > 1 && set->authors[1].member;
}

static bool has_vault(struct world *world, void *arg UNUSED)
{
	return world->nodes[1].node->set.pinned;
}

/* The newcomer dies when the other has added it, before it hears of that. */
static void join_cut(struct world *world)
{
	char code[32];
	uint32_t inviting;

	story_vault(world, 1);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	world_node(world);
	world_invite(world, 0, code, &inviting);
	world_join_begin(world, 1, 0, code);
	EXPECT(world, world_until(world, 5000, is_added, NULL));
	world_kill(world, 1);
	world_run(world, 2000);
	world_start(world, 1);
	EXPECT(world, !strcmp(state_of(world, 1), "joining"));
	/* It knows where to go, and is in the vault once it has been there. */
	story_settle(world);
	EXPECT(world, !strcmp(state_of(world, 1), "locked"));
	world_unlock(world, 1);
	story_account(world, 1, "github");
}

/* It dies before its signature leaves: a second join, with the same keys. */
static void join_again(struct world *world)
{
	char code[32];
	uint32_t inviting;
	uint8_t id[DEVICE_ID_SIZE];

	story_vault(world, 1);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	world_node(world);
	world_invite(world, 0, code, &inviting);
	world_join_begin(world, 1, 0, code);
	EXPECT(world, world_until(world, 5000, has_vault, NULL));
	world_quiesce(world, 1);
	memcpy(id, world->nodes[1].id, sizeof(id));
	/* The signature is on its way, and must not arrive. */
	world_cut(world, 0, 1, false);
	world_kill(world, 1);
	world_run(world, 130000);
	world_heal(world, 0, 1);
	world_start(world, 1);
	world_run(world, 30000);
	EXPECT(world, !strcmp(state_of(world, 1), "joining"));
	world_join(world, 1, 0);
	EXPECT(world, !memcmp(id, world->nodes[1].id, sizeof(id)));
	story_settle(world);
	story_account(world, 1, "github");
}

const struct story stories_sync[] = {
	{ "first-sync", first_sync },
	{ "live-push", live_push },
	{ "relay", relay },
	{ "partition", partition },
	{ "locked", locked },
	{ "wrong-code", wrong_code },
	{ "join-cut", join_cut },
	{ "join-again", join_again },
	{ 0 },
};
