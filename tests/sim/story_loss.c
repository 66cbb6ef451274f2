/* Devices in other hands, and devices that were away for very long. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/recovery.h"
#include "tests/sim/story.h"

static uint32_t author_of(const struct world *world, int node, int whom)
{
	return set_author(&world->nodes[node].node->set, world->nodes[whom].id);
}

static bool member(const struct world *world, int node, int whom)
{
	uint32_t author = author_of(world, node, whom);

	return author != NONE &&
	       world->nodes[node].node->set.authors[author].member;
}

static bool has(struct world *world, int node, const char *issuer)
{
	const Fob__Reply *reply = world_list(world, node, issuer);

	EXPECT(world, story_ok(reply));
	return reply->n_accounts > 0;
}

/* By its name; since: ms since 1970, or 0; seed: of the kit, or NULL. */
static uint32_t revoke_begin(struct world *world, int node, int whom,
			     uint64_t since, const uint8_t *seed)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RevokeAsk ask = FOB__REVOKE_ASK__INIT;
	uint8_t copy[KEY_SIZE];

	ask.device = world->nodes[whom].name;
	ask.since = since;
	if (seed) {
		memcpy(copy, seed, sizeof(copy));
		ask.recovery_seed = (ProtobufCBinaryData){ sizeof(copy), copy };
	}
	request.revoke = &ask;
	world->revoked = true;
	return world_send(world, node, &request);
}

/* How many accounts are on the checklist of that. */
static size_t revoke(struct world *world, int node, int whom, uint64_t since,
		     const uint8_t *seed)
{
	const Fob__Reply *reply;

	world_confirm(world, node, FOB__CONFIRM__CONFIRM_REVOKE);
	reply = world_wait(world, node,
			   revoke_begin(world, node, whom, since, seed), 90000);
	EXPECT(world, story_ok(reply));
	return reply->n_accounts;
}

/* Each of the issuers, separated by blanks, is held aside, and no other. */
static void aside(struct world *world, int node, const char *issuers)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__QuarantineAsk ask = FOB__QUARANTINE_ASK__INIT;
	const Fob__Reply *reply;
	char op[] = "list";
	size_t n = 0, first = world->nodes[node].n_replies;

	ask.op = op;
	request.quarantine = &ask;
	reply = world_ask(world, node, &request);
	EXPECT(world, story_ok(reply));
	for (size_t i = first; i < world->nodes[node].n_replies; i++) {
		reply = world->nodes[node].replies[i];
		for (size_t k = 0; k < reply->n_versions; k++, n++) {
			const Fob__Version *version = reply->versions[k];

			EXPECT(world, version->readable && version->account);
			EXPECT(world,
			       strstr(issuers, version->account->issuer));
			EXPECT(world, version->device[0] && version->why[0]);
		}
	}
	for (const char *at = issuers; *at; at++)
		n -= at == issuers || at[-1] == ' ';
	EXPECT(world, n == 0);
}

/* The next second of the wall clocks, which is when the thief has it. */
static uint64_t moment(struct world *world)
{
	world_run(world, 60000);
	return (uint64_t)WORLD_WALL / 1000 * 1000 + world->now / 1000 * 1000;
}

/*
 * An unlocked junior is stolen: it writes, lets in a puppet that writes, and
 * puts out a junior of its own rank; some of it unseen by the senior, who
 * revokes it as of the hour when it was stolen.
 */
static void theft(struct world *world)
{
	uint64_t since;

	story_vault(world, 3);
	EXPECT(world, story_ok(world_add(world, 0, "bank", 1)));
	EXPECT(world, story_ok(world_add(world, 1, "mail", 2)));
	story_settle(world);
	since = moment(world);
	world_run(world, 2000);
	world_say(world, "b  is in other hands");
	EXPECT(world, story_ok(world_add(world, 1, "evil", 3)));
	world_node(world);
	world_join(world, 3, 1);
	EXPECT(world, story_ok(world_add(world, 3, "puppet", 4)));
	story_settle(world);
	EXPECT(world, has(world, 0, "puppet"));
	world_cut(world, 0, 1, true);
	world_cut(world, 0, 2, true);
	world_cut(world, 0, 3, true);
	world_run(world, 1000);
	EXPECT(world, story_ok(world_add(world, 1, "late", 5)));
	world_run(world, 5000);
	EXPECT(world, has(world, 2, "late"));
	revoke(world, 1, 2, 0, NULL);
	world_run(world, 5000);
	EXPECT(world, !member(world, 2, 2) && !member(world, 3, 2));
	/* The checklist is what it could read, and nothing of its own. */
	EXPECT(world, revoke(world, 0, 1, since, NULL) == 2);
	EXPECT(world, story_ok(world_add(world, 0, "after", 6)));
	world_heal_all(world);
	world_run(world, 600000);
	for (int i = 0; i < 3; i++) {
		EXPECT(world, member(world, i, 0) && !member(world, i, 1) &&
				      member(world, i, 2));
		EXPECT(world, i == 1 || !member(world, i, 3));
		EXPECT(world, has(world, i, "after") == (i != 1));
	}
	EXPECT(world, !has(world, 3, "after"));
	EXPECT(world, !story_ok(world_add(world, 1, "more", 7)));
	EXPECT(world, !has(world, 0, "evil") && !has(world, 2, "late"));
	aside(world, 0, "evil puppet");
	aside(world, 2, "evil puppet late");
	world_kill(world, 1);
	world_kill(world, 3);
	EXPECT(world, story_ok(world_add(world, 2, "mended", 8)));
	EXPECT(world, world_settle(world, 120000));
	EXPECT(world, has(world, 0, "mended"));
}

/*
 * The senior is stolen. A junior can suspend it, which it cannot lift; it puts
 * the junior out in return; the kit settles it, and the junior is back.
 */
static void stolen_senior(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	uint64_t since;

	story_vault(world, 3);
	recovery_seed(world, 0, seed);
	EXPECT(world, story_ok(world_add(world, 0, "bank", 1)));
	story_settle(world);
	since = moment(world);
	world_run(world, 2000);
	world_say(world, "a  is in other hands");
	EXPECT(world, story_ok(world_add(world, 0, "evil", 3)));
	world_run(world, 5000);
	EXPECT(world, revoke(world, 2, 0, 0, NULL) > 0);
	world_run(world, 5000);
	for (int i = 0; i < 3; i++)
		EXPECT(world, member(world, i, 0) &&
				      world->nodes[i]
					      .node->roster
					      .devices[author_of(world, i, 0)]
					      .suspended);
	/* Nothing but membership goes to it now. */
	EXPECT(world, story_ok(world_add(world, 2, "mail", 2)));
	world_run(world, 60000);
	EXPECT(world, has(world, 1, "mail") && !has(world, 0, "mail"));
	revoke(world, 0, 2, 0, NULL);
	world_run(world, 5000);
	EXPECT(world, !member(world, 1, 2));
	EXPECT(world, revoke(world, 1, 0, since, seed) == 2);
	world_run(world, 600000);
	for (int i = 0; i < 3; i++)
		EXPECT(world, !member(world, i, 0));
	EXPECT(world, member(world, 1, 2) && member(world, 2, 2));
	world_kill(world, 0);
	EXPECT(world, story_ok(world_add(world, 1, "on-b", 4)));
	EXPECT(world, story_ok(world_add(world, 2, "on-c", 5)));
	EXPECT(world, world_settle(world, 120000));
	for (int i = 1; i < 3; i++)
		EXPECT(world, has(world, i, "bank") && has(world, i, "mail") &&
				      has(world, i, "on-b") &&
				      has(world, i, "on-c") &&
				      !has(world, i, "evil"));
}

/* --- at once ----------------------------------------------------------------- */

#define CROWD 5

/* All know that b is out, itself too, and none of them talks to it. */
static bool is_effective(struct world *world, void *arg UNUSED)
{
	for (int i = 0; i < CROWD; i++) {
		struct sync *sync = &world->nodes[i].node->sync;

		if (member(world, i, 1) ||
		    (i != 1 && sync_peer_of(sync, author_of(world, i, 1))))
			return false;
	}
	return true;
}

/* Every connected device, the one that is put out too, in a round trip. */
static void revoked_at_once(struct world *world)
{
	uint64_t before;

	story_vault(world, CROWD);
	EXPECT(world, story_ok(world_add(world, 0, "bank", 1)));
	story_settle(world);
	world_run(world, 60000);
	for (int i = 1; i < CROWD; i++)
		EXPECT(world, world_connected(world, 0, i));
	world_confirm(world, 0, FOB__CONFIRM__CONFIRM_REVOKE);
	before = world->now;
	revoke_begin(world, 0, 1, 0, NULL);
	EXPECT(world, world_until(world, 60000, is_effective, NULL));
	world_say(world, "it took %llu ms",
		  (unsigned long long)(world->now - before));
	/* Our commit, and there and back. */
	EXPECT(world,
	       world->now - before <=
		       world->sync_ms + 2 * (world->latency + world->jitter));
}

/* --- joining, with power that fails --------------------------------------------- */

static const char *state_of(struct world *world, int node)
{
	const Fob__Reply *reply = world_status(world, node);

	EXPECT(world, story_ok(reply) && reply->vault);
	return reply->vault->state;
}

/* A machine as it comes out of its box. */
static void blank(struct world *world, int node)
{
	struct disk disk = { 0 };
	struct world_ids none = { NULL, 0, 0 };

	if (world->nodes[node].node)
		world_kill(world, node);
	world_replace_disk(world, node, &disk, &none);
	world_start(world, node);
	world_say(world, "%s  is new", world->nodes[node].name);
}

/* lost: what was on its way does not arrive. */
static void join_until(struct world *world, uint64_t ms, bool lost)
{
	char code[32];
	uint32_t inviting;

	world_invite(world, 0, code, &inviting);
	world_join_begin(world, 1, 0, code);
	world_run(world, ms);
	if (lost)
		world_cut(world, 0, 1, false);
	world_kill(world, 1);
	world_run(world, 130000); /* the code is dead */
	world_heal_all(world);
	world_start(world, 1);
}

/*
 * The phone dies at every moment of joining. Nothing is half there: it is
 * empty, or it goes on by itself or with another code, and has all then.
 */
static void join_kills(struct world *world)
{
	unsigned empty = 0, resumed = 0, whole = 0;

	story_vault(world, 1);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	world_node(world);
	world->quiet = true;
	for (uint64_t ms = 290; ms < 640; ms += 6) {
		blank(world, 1);
		join_until(world, ms, ms % 4 == 0);
		if (!strcmp(state_of(world, 1), "empty")) {
			EXPECT(world,
			       world->nodes[1].node->set.n_items == 0 &&
				       world->nodes[1].disk.tables[TABLE_ITEM]
						       .n == 0);
			empty++;
			continue;
		}
		whole += !strcmp(state_of(world, 1), "locked");
		world_run(world, 60000);
		if (!strcmp(state_of(world, 1), "joining")) {
			world_join(world, 1, 0);
			resumed++;
		}
		if (!strcmp(state_of(world, 1), "locked"))
			world_unlock(world, 1);
		story_settle(world);
		EXPECT(world, story_ok(world_code(world, 1, "github")));
	}
	world_say(world, "%u times empty, %u times anew, %u times whole", empty,
		  resumed, whole);
	EXPECT(world, empty && resumed && whole);
}

/* --- long sleeps ---------------------------------------------------------------- */

static void days(struct world *world, unsigned n)
{
	world_run(world, n * (uint64_t)DAY_MS);
}

static void new_kit(struct world *world, int node, uint8_t seed[KEY_SIZE])
{
	const Fob__Reply *reply;

	world_confirm(world, node, FOB__CONFIRM__CONFIRM_RECOVERY);
	reply = recovery_kit(world, node, "new", seed, NULL);
	EXPECT(world, story_ok(reply) && reply->made);
	memcpy(seed, reply->made->recovery_seed.data, KEY_SIZE);
}

static void purge(struct world *world, int node, const char *issuer)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__PurgeAsk ask = FOB__PURGE_ASK__INIT;
	char query[32];

	snprintf(query, sizeof(query), "%s", issuer);
	world_confirm(world, node, FOB__CONFIRM__CONFIRM_PURGE);
	ask.query = query;
	request.purge = &ask;
	EXPECT(world, story_ok(world_ask(world, node, &request)));
}

/*
 * B sleeps for 400 days, with an entry that nobody else has seen. Two new
 * kits, three revocations and a purge later it wakes, and all is well.
 */
static void year_asleep(struct world *world)
{
	uint8_t seed[KEY_SIZE], old[KEY_SIZE];

	story_vault(world, 5);
	recovery_seed(world, 0, seed);
	EXPECT(world, story_ok(world_add(world, 0, "bank", 1)));
	EXPECT(world, story_ok(world_add(world, 0, "mail", 2)));
	story_settle(world);
	for (int i = 0; i < 5; i++)
		world_cut(world, 1, i, true);
	world_run(world, 1000);
	EXPECT(world, story_ok(world_add(world, 1, "on-the-plane", 3)));
	world_kill(world, 1);
	world_heal_all(world);
	world->quiet = true;
	for (int i = 2; i < 5; i++)
		world_kill(world, i);
	for (int i = 2; i < 5; i++) {
		revoke(world, 0, i, 0, NULL);
		days(world, 100);
		world_unlock(world, 0);
		memcpy(old, seed, sizeof(old));
		if (i == 2)
			purge(world, 0, "mail");
		else
			new_kit(world, 0, seed);
		EXPECT(world, story_ok(world_add(world, 0,
						 i == 2 ? "spring" :
						 i == 3 ? "summer" :
							  "autumn",
						 (unsigned)i + 5)));
	}
	days(world, 100);
	world_start(world, 1);
	world_unlock(world, 0);
	world_unlock(world, 1);
	story_settle(world);
	EXPECT(world, has(world, 0, "on-the-plane"));
	for (int i = 0; i < 2; i++) {
		EXPECT(world, has(world, i, "bank") && !has(world, i, "mail"));
		EXPECT(world, has(world, i, "spring") &&
				      has(world, i, "summer") &&
				      has(world, i, "autumn"));
		for (int k = 2; k < 5; k++)
			EXPECT(world, !member(world, i, k));
	}
	EXPECT(world, !story_ok(recovery_kit(world, 1, "verify", old, NULL)));
	EXPECT(world, story_ok(recovery_kit(world, 1, "verify", seed, NULL)));
	EXPECT(world, story_ok(world_add(world, 1, "awake", 20)));
	story_settle(world);
	EXPECT(world, story_ok(world_code(world, 0, "awake")));
}

/* When the device was last heard of, as who recovers is told. */
static uint64_t last_seen(struct world *world, int node, uint32_t request,
			  int whom)
{
	const struct world_node *at = &world->nodes[node];

	for (size_t i = 0; i < at->n_replies; i++)
		for (size_t k = 0; at->replies[i]->id == request &&
				   k < at->replies[i]->n_devices;
		     k++) {
			const Fob__Device *device = at->replies[i]->devices[k];

			if (!memcmp(device->id.data, world->nodes[whom].id,
				    DEVICE_ID_SIZE))
				return device->last_seen;
		}
	EXPECT(world, false); /* it is not in the list */
	return 0;
}

/*
 * The keeper serves what it had ten days ago. Recovery cannot know that, but
 * it says how old what it knows of each device is; and what is missing comes
 * once a device that was kept turns up.
 */
static void old_keeper(struct world *world)
{
	struct disk old;
	struct world_ids promised;
	uint8_t seed[KEY_SIZE];
	const Fob__Reply *reply;
	uint64_t then;
	uint32_t list;

	story_vault(world, 2);
	recovery_seed(world, 0, seed);
	EXPECT(world, recovery_keeper(world, 0) == 2);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	story_settle(world);
	world_run(world, 10000);
	world_quiesce(world, 2);
	disk_copy(&world->nodes[2].disk, &old);
	world_copy_ids(&world->nodes[2].promised, &promised);
	then = (uint64_t)WORLD_WALL + world->now;
	world->quiet = true;
	days(world, 10);
	world_unlock(world, 1);
	EXPECT(world, story_ok(world_add(world, 1, "gitlab", 2)));
	story_settle(world);
	for (int i = 0; i < 3; i++)
		world_kill(world, i);
	world_replace_disk(world, 2, &old, &promised);
	world_say(world, "c  serves an old state");
	world_start(world, 2);
	world_node(world);
	EXPECT(world, story_ok(recovery_begin(world, 3, seed)));
	EXPECT(world, story_ok(recovery_from(world, 3, 2)));
	reply = recovery_list(world, 3);
	EXPECT(world, story_ok(reply));
	list = reply->id;
	for (int i = 0; i < 2; i++)
		EXPECT(world,
		       last_seen(world, 3, list, i) <= then &&
			       last_seen(world, 3, list, i) + 60000 > then);
	reply = recovery_make(world, 3, 1);
	EXPECT(world, story_ok(reply) && reply->recovered);
	EXPECT(world, has(world, 3, "github") && !has(world, 3, "gitlab"));
	world_start(world, 1);
	world_unlock(world, 1);
	story_settle(world);
	EXPECT(world, has(world, 3, "gitlab") && member(world, 3, 1));
	disk_deinit(&old);
	free_ptr(&promised.ids);
}

const struct story stories_loss[] = {
	{ "theft", theft },
	{ "stolen-senior", stolen_senior },
	{ "revoked-at-once", revoked_at_once },
	{ "join-kills", join_kills },
	{ "year-asleep", year_asleep },
	{ "old-keeper", old_keeper },
	{ 0 },
};
