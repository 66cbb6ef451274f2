/* Edits made apart. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/story.h"

/* Two devices that share an account and do not hear of each other. */
static void apart(struct world *world)
{
	story_vault(world, 2);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	story_settle(world);
	world_cut(world, 0, 1, true);
	world_run(world, 1000);
}

static void together(struct world *world)
{
	world_heal(world, 0, 1);
	story_settle(world);
}

static void two_fields(struct world *world)
{
	apart(world);
	EXPECT(world,
	       story_ok(world_set_field(world, 0, "github", "note", "from a")));
	EXPECT(world,
	       story_ok(world_set_field(world, 1, "github", "x-b", "from b")));
	together(world);
	for (int i = 0; i < 2; i++) {
		EXPECT(world, !strcmp(story_field(world, i, "github", "note"),
				      "from a"));
		EXPECT(world, !strcmp(story_field(world, i, "github", "x-b"),
				      "from b"));
		EXPECT(world, !story_account(world, i, "github")->conflict);
	}
}

/* One field twice: the later stamp wins, on both sides alike. */
static void one_field(struct world *world)
{
	apart(world);
	EXPECT(world, story_ok(world_set_field(world, 0, "github", "note",
					       "earlier")));
	world_run(world, 50);
	EXPECT(world,
	       story_ok(world_set_field(world, 1, "github", "note", "later")));
	together(world);
	for (int i = 0; i < 2; i++)
		EXPECT(world, !strcmp(story_field(world, i, "github", "note"),
				      "later"));
}

/* Both codes are offered until somebody says which it is. */
static void two_seeds(struct world *world)
{
	const char *codes[LIVE_MAX], *others[LIVE_MAX];
	const Fob__Reply *reply;
	char vid[2 * VID_SIZE + 1];

	apart(world);
	EXPECT(world, story_ok(world_set_secret(world, 0, "github", 2)));
	EXPECT(world, story_ok(world_set_secret(world, 1, "github", 3)));
	together(world);
	for (int i = 0; i < 2; i++) {
		EXPECT(world, story_codes(world, i, "github", codes) == 2);
		EXPECT(world, strcmp(codes[0], codes[1]) != 0);
		EXPECT(world, story_account(world, i, "github")->conflict);
	}
	reply = world_code(world, 1, "github");
	for (size_t i = 0; i < VID_SIZE; i++)
		snprintf(vid + 2 * i, 3, "%02x", reply->codes[1]->vid.data[i]);
	EXPECT(world, story_ok(world_resolve(world, 1, "github", vid)));
	story_settle(world);
	EXPECT(world, story_codes(world, 0, "github", codes) == 1);
	EXPECT(world, story_codes(world, 1, "github", others) == 1);
	EXPECT(world, !strcmp(codes[0], others[0]));
	EXPECT(world, !strcmp(codes[0], reply->codes[1]->code));
	EXPECT(world, !story_account(world, 0, "github")->conflict);
}

/* A seed set apart from another field is no conflict. */
static void seed_and_field(struct world *world)
{
	const char *codes[LIVE_MAX];

	apart(world);
	EXPECT(world, story_ok(world_set_secret(world, 0, "github", 2)));
	EXPECT(world,
	       story_ok(world_set_field(world, 1, "github", "note", "new")));
	together(world);
	for (int i = 0; i < 2; i++) {
		EXPECT(world, story_codes(world, i, "github", codes) == 1);
		EXPECT(world,
		       !strcmp(story_field(world, i, "github", "note"), "new"));
	}
}

static void delete_edit(struct world *world)
{
	apart(world);
	EXPECT(world, story_ok(world_remove(world, 0, "github")));
	EXPECT(world,
	       story_ok(world_set_field(world, 1, "github", "note", "kept")));
	together(world);
	for (int i = 0; i < 2; i++) {
		EXPECT(world, !story_account(world, i, "github")->trashed);
		EXPECT(world, !strcmp(story_field(world, i, "github", "note"),
				      "kept"));
	}
	/* Without an edit beside it a delete stays one. */
	EXPECT(world, story_ok(world_remove(world, 1, "github")));
	story_settle(world);
	for (int i = 0; i < 2; i++) {
		const Fob__Reply *reply = world_list(world, i, "github");

		EXPECT(world, reply && reply->n_accounts == 0);
	}
}

static void hotp_apart(struct world *world)
{
	const char *given[3][LIVE_MAX], *next[LIVE_MAX];

	story_vault(world, 2);
	EXPECT(world, story_ok(world_add_hotp(world, 0, "bank", 1)));
	story_settle(world);
	world_cut(world, 0, 1, true);
	world_run(world, 1000);
	EXPECT(world, story_codes(world, 0, "bank", given[0]) == 1);
	EXPECT(world, story_codes(world, 0, "bank", given[1]) == 1);
	EXPECT(world, story_codes(world, 1, "bank", given[2]) == 1);
	/* Apart they cannot know: the first of both is the same. */
	EXPECT(world, strcmp(given[0][0], given[1][0]) != 0);
	EXPECT(world, !strcmp(given[0][0], given[2][0]));
	together(world);
	for (int i = 0; i < 2; i++)
		EXPECT(world, story_account(world, i, "bank")->counter == 2);
	/* From now on no code comes twice. */
	EXPECT(world, story_codes(world, 1, "bank", next) == 1);
	EXPECT(world, strcmp(next[0], given[0][0]) != 0);
	EXPECT(world, strcmp(next[0], given[1][0]) != 0);
	story_settle(world);
	EXPECT(world, story_account(world, 0, "bank")->counter == 3);
}

const struct story stories_merge[] = {
	{ "two-fields", two_fields },
	{ "one-field", one_field },
	{ "two-seeds", two_seeds },
	{ "seed-and-field", seed_and_field },
	{ "delete-edit", delete_edit },
	{ "hotp-apart", hotp_apart },
	{ 0 },
};
