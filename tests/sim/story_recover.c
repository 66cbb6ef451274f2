/* The fire, and what is left of the vault after it. */
#include <string.h>

#include "tests/lib/recovery.h"
#include "tests/sim/story.h"

static void begin(struct world *world, int node,
		  const uint8_t seed[static KEY_SIZE])
{
	EXPECT(world, story_ok(recovery_begin(world, node, seed)));
}

/* A, b and their keeper c; one account; what a was told to write down. */
static void house(struct world *world, uint8_t ret_seed[static KEY_SIZE])
{
	story_vault(world, 2);
	recovery_seed(world, 0, ret_seed);
	EXPECT(world, recovery_keeper(world, 0) == 2);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	story_settle(world);
}

static void fire(struct world *world)
{
	world_run(world, 10000);
	world_kill(world, 0);
	world_kill(world, 1);
	world_say(world, "a and b burn");
	world_node(world);
}

static size_t members(const struct world *world, int node)
{
	const struct set *set = &world->nodes[node].node->set;
	size_t n = 0;

	for (uint32_t i = 0; i < set->n_authors; i++)
		n += set->authors[i].member;
	return n;
}

/* A new device comes out, its codes work, and the readers are put out. */
static void back(struct world *world, int node, int keep)
{
	const Fob__Reply *reply = recovery_list(world, node);

	EXPECT(world, story_ok(reply));
	reply = recovery_make(world, node, keep);
	EXPECT(world, story_ok(reply) && reply->recovered);
	EXPECT(world, world->nodes[node].node->state == NODE_UNLOCKED);
	EXPECT(world, story_ok(world_code(world, node, "github")));
}

/* One keeper and the words are left. */
static void fire_keeper(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	const Fob__Reply *reply;

	house(world, seed);
	fire(world);
	begin(world, 3, seed);
	reply = recovery_from(world, 3, 2);
	EXPECT(world, story_ok(reply));
	back(world, 3, -1);
	EXPECT(world, members(world, 3) == 2);
	EXPECT(world, story_ok(world_add(world, 3, "gitlab", 2)));
	story_settle(world);
	/* The burnt one was stolen, after all: it is told, and gets nothing. */
	world_start(world, 0);
	world_unlock(world, 0);
	world_run(world, 60000);
	EXPECT(world,
	       !world->nodes[0]
			.node->set.authors[world->nodes[0].node->self_author]
			.member);
	reply = world_list(world, 0, "gitlab");
	EXPECT(world, story_ok(reply) && reply->n_accounts == 0);
}

/* A snapshot and the words. */
static void fire_snapshot(struct world *world)
{
	AUTO_RECOVERY_FILE struct recovery_file file = { NULL, 0 };
	uint8_t seed[KEY_SIZE];

	house(world, seed);
	recovery_snapshot(world, 1, &file);
	fire(world);
	world_kill(world, 2);
	begin(world, 3, seed);
	EXPECT(world, story_ok(recovery_from_file(world, 3, &file)));
	back(world, 3, -1);
	world_kill(world, 3);
	world_start(world, 3);
	world_unlock(world, 3);
	EXPECT(world, story_ok(world_code(world, 3, "github")));
}

/* An old snapshot, and a keeper that knows more. */
static void fire_both(struct world *world)
{
	AUTO_RECOVERY_FILE struct recovery_file file = { NULL, 0 };
	uint8_t seed[KEY_SIZE];

	house(world, seed);
	recovery_snapshot(world, 0, &file);
	world_kill(world, 2);
	EXPECT(world, story_ok(world_add(world, 1, "gitlab", 2)));
	story_settle(world);
	world_start(world, 2);
	story_settle(world);
	fire(world);
	begin(world, 3, seed);
	EXPECT(world, story_ok(recovery_from_file(world, 3, &file)));
	EXPECT(world, story_ok(recovery_from(world, 3, 2)));
	back(world, 3, 1);
	EXPECT(world, members(world, 3) == 3);
	story_account(world, 3, "gitlab");
	/* B was only away. */
	world_start(world, 1);
	world_unlock(world, 1);
	EXPECT(world, story_ok(world_add(world, 3, "codeberg", 3)));
	story_settle(world);
	story_account(world, 1, "codeberg");
}

/* Another kit: the old words open nothing that is written from now on. */
static void kit_rotated(struct world *world)
{
	uint8_t old[KEY_SIZE], seed[KEY_SIZE];
	const Fob__Reply *reply;

	house(world, old);
	EXPECT(world, story_ok(recovery_kit(world, 1, "verify", old, NULL)));
	world_confirm(world, 1, FOB__CONFIRM__CONFIRM_RECOVERY);
	reply = recovery_kit(world, 1, "new", old, NULL);
	EXPECT(world, story_ok(reply) && reply->made);
	memcpy(seed, reply->made->recovery_seed.data, KEY_SIZE);
	story_settle(world);
	reply = recovery_kit(world, 0, "verify", old, NULL);
	EXPECT(world, reply && reply->status == STATUS_REFUSED);
	EXPECT(world, story_ok(recovery_kit(world, 0, "verify", seed, NULL)));
	EXPECT(world, story_ok(world_add(world, 0, "gitlab", 2)));
	story_settle(world);
	fire(world);
	begin(world, 3, old);
	reply = recovery_from(world, 3, 2);
	EXPECT(world, reply && reply->status == STATUS_REFUSED);
	recovery_gone(world, 3);
	begin(world, 3, seed);
	EXPECT(world, story_ok(recovery_from(world, 3, 2)));
	back(world, 3, -1);
	story_account(world, 3, "gitlab");
}

static void lift(struct world *world, int node, int whom,
		 uint8_t seed[static KEY_SIZE])
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LiftAsk ask = FOB__LIFT_ASK__INIT;

	world_confirm(world, node, FOB__CONFIRM__CONFIRM_REVOKE);
	ask.device = world->nodes[whom].name;
	ask.recovery_seed = (ProtobufCBinaryData){ KEY_SIZE, seed };
	request.lift = &ask;
	EXPECT(world, story_ok(world_ask(world, node, &request)));
}

/*
 * B suspends a, which does not hear of it and makes a new kit. The key under
 * which b wrote meanwhile has no wrap for a, nor for the new kit, and the key
 * that came with the kit is clean; still a reads it all when that is settled,
 * and the new kit does.
 */
static void lifted_apart(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	const Fob__Reply *reply;

	story_vault(world, 2);
	recovery_seed(world, 0, seed);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	story_settle(world);
	world_cut(world, 0, 1, true);
	world_run(world, 1000);
	EXPECT(world, story_ok(world_revoke(world, 1, "a")));
	EXPECT(world, story_ok(world_set_field(world, 1, "github", "note",
					       "mine now")));
	world_confirm(world, 0, FOB__CONFIRM__CONFIRM_RECOVERY);
	reply = recovery_kit(world, 0, "new", seed, NULL);
	EXPECT(world, story_ok(reply) && reply->made);
	memcpy(seed, reply->made->recovery_seed.data, KEY_SIZE);
	world_heal_all(world);
	world_run(world, 10000);
	lift(world, 1, 0, seed);
	world_run(world, 120000);
	story_settle(world);
	EXPECT(world,
	       !strcmp(story_field(world, 0, "github", "note"), "mine now"));
	fire(world);
	world_start(world, 1);
	begin(world, 2, seed);
	EXPECT(world, story_ok(recovery_from(world, 2, 1)));
	back(world, 2, -1);
	EXPECT(world,
	       !strcmp(story_field(world, 2, "github", "note"), "mine now"));
}

/* Power fails at every moment of it: a device is there, or what came so far. */
static void recover_cut(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	const struct node *d;
	bool whole = false;

	house(world, seed);
	fire(world);
	for (uint64_t ms = 0; ms < 3000 && !whole; ms += 7) {
		begin(world, 3, seed);
		EXPECT(world, story_ok(recovery_from(world, 3, 2)));
		EXPECT(world, story_ok(recovery_list(world, 3)));
		recovery_make_begin(world, 3, -1);
		world_run(world, ms);
		world_kill(world, 3);
		world_start(world, 3);
		d = world->nodes[3].node;
		whole = d->state == NODE_LOCKED;
		EXPECT(world, whole || (d->state == NODE_RECOVERING &&
					!d->self && d->set.n_items > 0));
	}
	EXPECT(world, whole);
	world_unlock(world, 3);
	EXPECT(world, story_ok(world_code(world, 3, "github")));
	story_settle(world);
}

/* --- cut, and gone on with ---------------------------------------------------- */

#define MANY 600

/* Bytes that have come to a node by the network since the last look. */
static uint64_t came(struct world *world, int node, uint64_t *last)
{
	uint64_t now = world->nodes[node].received, since = now - *last;

	*last = now;
	return since;
}

static bool has_some(struct world *world, void *arg)
{
	const uint32_t *n = arg;

	return world->nodes[3].node->set.n_held >= *n;
}

/* As much as that has come, and no more than a few messages later. */
static void until_held(struct world *world, uint32_t n)
{
	EXPECT(world, world_until(world, 60000, has_some, &n));
}

/*
 * The power fails in the middle of a recovery. With the same words it goes on
 * from there, and what came before the cut does not come again.
 */
static void recover_resumed(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	uint64_t bytes = 0, first, second;
	const Fob__Reply *reply;
	uint32_t kept, whole;

	house(world, seed);
	world->quiet = true;
	world_add_many(world, 0, "site", MANY);
	story_settle(world);
	world->quiet = false;
	whole = world->nodes[2].node->set.n_held;
	fire(world);
	begin(world, 3, seed);
	recovery_from_begin(world, 3, 2);
	world->quiet = true;
	until_held(world, MANY / 2);
	world_run(world, 10);
	world->quiet = false;
	first = came(world, 3, &bytes);
	world_kill(world, 3);
	world_start(world, 3);
	kept = world->nodes[3].node->set.n_held;
	world_say(world, "d has kept %u of %u items", kept, whole);
	EXPECT(world, kept >= MANY / 3 && kept < whole);
	reply = recovery_begin(world, 3, seed);
	EXPECT(world, story_ok(reply) && reply->progress &&
			      reply->progress->done == kept);
	world->quiet = true;
	EXPECT(world, story_ok(recovery_from(world, 3, 2)));
	world->quiet = false;
	second = came(world, 3, &bytes);
	EXPECT(world, world->nodes[3].node->set.n_held == whole);
	/* Less than all, by about what was kept; some of it is no items. */
	EXPECT(world, second < (first + second) * 3 / 4);
	EXPECT(world, second * whole < first * (whole - kept) * 2);
	back(world, 3, -1);
	EXPECT(world, world->nodes[3].disk.tables[TABLE_ITEM].n ==
			      world->nodes[3].node->set.n_held);
	world->quiet = true;
	story_settle(world);
}

/* The keeper is gone half way, comes back, and it goes on by itself. */
static void recover_reconnects(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	const Fob__Reply *reply;
	uint32_t id;

	house(world, seed);
	world->quiet = true;
	world_add_many(world, 0, "site", MANY);
	story_settle(world);
	world->quiet = false;
	fire(world);
	begin(world, 3, seed);
	id = recovery_from_begin(world, 3, 2);
	world->quiet = true;
	until_held(world, MANY / 2);
	world->quiet = false;
	world_kill(world, 2);
	world_run(world, 1000);
	EXPECT(world, !world_reply(world, 3, id));
	world_start(world, 2);
	world->quiet = true;
	reply = world_wait(world, 3, id, 60000);
	world->quiet = false;
	EXPECT(world, story_ok(reply));
	/* Once more, and now it stays away: what came is kept, and said. */
	recovery_gone(world, 3);
	world_run(world, 100);
	EXPECT(world, story_ok(recovery_forget(world, 3)));
	world_run(world, 100);
	begin(world, 3, seed);
	id = recovery_from_begin(world, 3, 2);
	world->quiet = true;
	until_held(world, MANY / 2);
	world->quiet = false;
	world_kill(world, 2);
	reply = world_wait(world, 3, id, 60000);
	EXPECT(world, reply && reply->status == STATUS_TIMEOUT);
	EXPECT(world, strstr(reply->message, "items are kept"));
	world_say(world, "%s", reply->message);
}

/* --- a new vault ------------------------------------------------------------ */

static void replace_kit(struct world *world, int node,
			const uint8_t old[static KEY_SIZE])
{
	const Fob__Reply *reply;

	world_confirm(world, node, FOB__CONFIRM__CONFIRM_RECOVERY);
	reply = recovery_kit(world, node, "new", old, NULL);
	EXPECT(world, story_ok(reply) && reply->made);
}

static void in_vault(struct world *world, int node, int at, bool same)
{
	const struct set *a = &world->nodes[node].node->set;
	const struct set *b = &world->nodes[at].node->set;

	EXPECT(world, (memcmp(a->vault_id, b->vault_id, ID_SIZE) == 0) == same);
}

/*
 * The thief of the kit makes another one of it, and the owner does the same.
 * Neither counts: the way out is a new vault, which the others join.
 */
static void two_kits(struct world *world)
{
	static const uint8_t next[KEY_SIZE] = { 1, 2, 3 };
	uint8_t seed[KEY_SIZE];

	house(world, seed);
	world_cut(world, 0, 1, true);
	world_cut(world, 0, 2, true);
	replace_kit(world, 0, seed);
	replace_kit(world, 1, seed);
	world_heal_all(world);
	story_settle(world);
	EXPECT(world, world->nodes[0].node->set.frozen);
	EXPECT(world, world->nodes[1].node->set.frozen);
	recovery_migrate(world, 0, next);
	EXPECT(world, !world->nodes[0].node->set.frozen);
	EXPECT(world, members(world, 0) == 1);
	story_account(world, 0, "github");
	EXPECT(world, story_ok(recovery_kit(world, 0, "verify", next, NULL)));
	/* B goes on in the old vault, and the two want nothing of each other. */
	in_vault(world, 1, 0, false);
	EXPECT(world, story_ok(world_add(world, 1, "gitlab", 2)));
	world_run(world, 60000);
	EXPECT(world, !world_connected(world, 0, 1));
	EXPECT(world, world_list(world, 0, "gitlab")->n_accounts == 0);
	world_kill(world, 1);
	world_kill(world, 2);
	world_node(world);
	world_join(world, 3, 0);
	in_vault(world, 3, 0, true);
	story_settle(world);
	EXPECT(world, story_ok(world_code(world, 3, "github")));
}

const struct story stories_recover[] = {
	{ "fire-keeper", fire_keeper },
	{ "fire-snapshot", fire_snapshot },
	{ "fire-both", fire_both },
	{ "kit-rotated", kit_rotated },
	{ "recover-cut", recover_cut },
	{ "two-kits", two_kits },
	{ "lifted-apart", lifted_apart },
	{ "recover-resumed", recover_resumed },
	{ "recover-reconnects", recover_reconnects },
	{ 0 },
};
