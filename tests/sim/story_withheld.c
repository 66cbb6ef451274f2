/* Keepers that do not give all that they were given, and who finds out. */
#include <string.h>

#include "daemon/core/recover.h"
#include "tests/lib/recovery.h"
#include "tests/sim/story.h"

/* The doctor's finding at that node, of that kind and about that, or NULL. */
static const Fob__Finding *finding(struct world *world, int node,
				   const char *check, const char *subject)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__DoctorAsk ask = FOB__DOCTOR_ASK__INIT;
	const Fob__Reply *reply;

	request.doctor = &ask;
	reply = world_ask(world, node, &request);
	EXPECT(world, story_ok(reply));
	for (size_t i = 0; i < reply->n_findings; i++)
		if (!strcmp(reply->findings[i]->check, check) &&
		    !strcmp(reply->findings[i]->subject, subject))
			return reply->findings[i];
	return NULL;
}

static bool has(struct world *world, int node, const char *issuer)
{
	const Fob__Reply *reply = world_list(world, node, issuer);

	EXPECT(world, story_ok(reply));
	return reply->n_accounts > 0;
}

/* The item of an author that arrived last but `skip`. */
static uint32_t newest(struct world *world, int node, int author, uint8_t kind,
		       unsigned skip)
{
	const struct set *set = &world->nodes[node].node->set;
	uint32_t by = set_author(set, world->nodes[author].id);

	for (uint32_t i = set->n_items; i-- > 0;)
		if (set->items[i].kind == kind && set->items[i].author == by &&
		    skip-- == 0)
			return i;
	EXPECT(world, false); /* there are not as many */
	return 0;
}

static void forget(struct disk *disk, const struct set *set, uint32_t item)
{
	uint8_t key[4];

	item_row_key(key, set->items[item].seq);
	disk_delete(disk, TABLE_ITEM, BYTES(key));
	disk_delete(disk, TABLE_BLOB, BYTES(key));
	disk_commit(disk);
}

/* A keeper of a and b, who have written some accounts; what it holds. */
static void house(struct world *world, uint8_t ret_seed[static KEY_SIZE])
{
	story_vault(world, 2);
	recovery_seed(world, 0, ret_seed);
	EXPECT(world, recovery_keeper(world, 0) == 2);
	EXPECT(world, story_ok(world_add(world, 0, "github", 1)));
	EXPECT(world, story_ok(world_add(world, 1, "gitlab", 2)));
	EXPECT(world, story_ok(world_add(world, 1, "codeberg", 3)));
	story_settle(world);
	world_run(world, 10000);
	world_quiesce(world, 2);
	world->quiet = true;
}

/* All is lost but the keeper, which lacks those items from now on. */
static void fire(struct world *world, const uint32_t *items, size_t n)
{
	static const struct world_ids nothing = { NULL, 0, 0 };
	struct disk disk;

	disk_copy(&world->nodes[2].disk, &disk);
	for (size_t i = 0; i < n; i++)
		forget(&disk, &world->nodes[2].node->set, items[i]);
	for (int i = 0; i < 3; i++)
		if (world->nodes[i].node)
			world_kill(world, i);
	world_replace_disk(world, 2, &disk, &nothing);
	disk_deinit(&disk);
	world_say(world, "c  withholds %zu items", n);
	world_run(world, 1200000);
	world_start(world, 2);
	world_node(world);
}

static const Fob__Reply *back(struct world *world,
			      const uint8_t seed[static KEY_SIZE], int keep)
{
	const Fob__Reply *reply;

	EXPECT(world, story_ok(recovery_begin(world, 3, seed)));
	EXPECT(world, story_ok(recovery_from(world, 3, 2)));
	EXPECT(world, story_ok(recovery_list(world, 3)));
	reply = recovery_make(world, 3, keep);
	EXPECT(world, story_ok(reply) && reply->recovered);
	return reply;
}

/*
 * What both of them held last is not given, and nothing that is given names
 * it: but what they said of themselves tells how much they had.
 */
static void withheld_last(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	uint32_t item;

	house(world, seed);
	item = newest(world, 2, 1, FOB__KIND__ENTRY, 0);
	fire(world, &item, 1);
	EXPECT(world, back(world, seed, 1)->n_warnings == 1);
	EXPECT(world, has(world, 3, "gitlab") && !has(world, 3, "codeberg"));
	EXPECT(world, finding(world, 3, "incomplete", "a") != NULL);
	EXPECT(world, finding(world, 3, "incomplete", "b") != NULL);
	/* Power fails: it is known still. */
	world_run(world, 10000);
	world_kill(world, 3);
	world_start(world, 3);
	world_unlock(world, 3);
	EXPECT(world, finding(world, 3, "incomplete", "a") != NULL);
	/* What is written since does not make up for it. */
	EXPECT(world, story_ok(world_add(world, 3, "new", 4)));
	EXPECT(world, story_ok(world_add(world, 3, "newer", 5)));
	EXPECT(world, finding(world, 3, "incomplete", "a") != NULL);
	/* B was kept, and has it. */
	world_start(world, 1);
	world_unlock(world, 1);
	story_settle(world);
	EXPECT(world, has(world, 3, "codeberg"));
	EXPECT(world, !finding(world, 3, "incomplete", "a"));
	EXPECT(world, !finding(world, 3, "incomplete", "b"));
}

/* One in the middle of a chain: the next one names it. */
static void withheld_middle(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	const Fob__Finding *found;
	uint32_t item;

	house(world, seed);
	item = newest(world, 2, 1, FOB__KIND__ENTRY, 1);
	fire(world, &item, 1);
	EXPECT(world, back(world, seed, -1)->n_warnings == 1);
	EXPECT(world, !has(world, 3, "gitlab") && has(world, 3, "codeberg"));
	EXPECT(world, world_settle(world, 60000));
	found = finding(world, 3, "incomplete", "b");
	EXPECT(world, found && strstr(found->message, " items"));
	EXPECT(world, !strcmp(found->severity, "warn"));
	/* It stays known, and nobody is called for it any more. */
	world_run(world, 31 * (uint64_t)DAY_MS);
	world_unlock(world, 3);
	found = finding(world, 3, "incomplete", "b");
	EXPECT(world, found && strstr(found->message, "later ones") &&
			      !strcmp(found->severity, "info"));
	EXPECT(world, !finding(world, 3, "incomplete", "a"));
}

/* No key is given, so nothing could be read: no device is made of it. */
static void withheld_keys(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	const struct set *set;
	uint32_t items[16];
	const Fob__Reply *reply;
	size_t n = 0;

	house(world, seed);
	set = &world->nodes[2].node->set;
	for (uint32_t i = 0; i < set->n_items && n < 16; i++)
		if (set->items[i].kind == FOB__KIND__KEY)
			items[n++] = i;
	EXPECT(world, n > 0);
	fire(world, items, n);
	EXPECT(world, story_ok(recovery_begin(world, 3, seed)));
	EXPECT(world, story_ok(recovery_from(world, 3, 2)));
	EXPECT(world, story_ok(recovery_list(world, 3)));
	reply = recovery_make(world, 3, -1);
	EXPECT(world, reply && reply->status == STATUS_FAILED &&
			      strstr(reply->message, "no key"));
	world_run(world, 100);
	EXPECT(world, world->nodes[3].node->state == NODE_RECOVERING);
	EXPECT(world, !world->nodes[3].node->self);
}

/* B's own group, and an entry in it that nobody else reads. */
static void own_group(struct world *world)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__GroupAsk ask = FOB__GROUP_ASK__INIT;
	Fob__AddAsk add = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *list[] = { &entry };
	char op[] = "create", name[] = "own", issuer[] = "root";
	Fob__FieldValue note = FOB__FIELD_VALUE__INIT, *fields[] = { &note };
	char key[] = "note";

	ask.op = op;
	ask.name = name;
	request.group = &ask;
	EXPECT(world, story_ok(world_ask(world, 1, &request)));
	request.group = NULL;
	entry.issuer = issuer;
	entry.account = name;
	entry.group = name;
	note.key = key;
	note.value = (ProtobufCBinaryData){ strlen(issuer), (uint8_t *)issuer };
	entry.fields = fields;
	entry.n_fields = 1;
	add.entries = list;
	add.n_entries = 1;
	request.add = &add;
	EXPECT(world, story_ok(world_ask(world, 1, &request)));
}

/*
 * B, whose own group nobody else reads, is away while a makes another kit, and
 * burns before it has made a key for that: the group stays shut, and the rest
 * comes back.
 */
static void group_of_old_kit(struct world *world)
{
	static const uint8_t next[KEY_SIZE] = { 3, 2, 1 };
	uint8_t seed[KEY_SIZE];
	const Fob__Finding *found;

	house(world, seed);
	own_group(world);
	EXPECT(world, world_settle(world, 60000));
	world_kill(world, 1);
	world_confirm(world, 0, FOB__CONFIRM__CONFIRM_RECOVERY);
	EXPECT(world, story_ok(recovery_kit(world, 0, "new", seed, next)));
	EXPECT(world, world_settle(world, 60000));
	world_quiesce(world, 2);
	fire(world, NULL, 0);
	back(world, next, -1);
	EXPECT(world, has(world, 3, "github") && !has(world, 3, "root"));
	found = finding(world, 3, "incomplete", "");
	EXPECT(world, found && strstr(found->message, "no key"));
	EXPECT(world, story_ok(world_add(world, 3, "new", 4)));
}

/* Something is announced and never given; nobody's status speaks of it. */
static void withheld_announced(struct world *world)
{
	uint8_t seed[KEY_SIZE];
	struct set *set;

	house(world, seed);
	fire(world, NULL, 0);
	set = &world->nodes[2].node->set;
	set->items[newest(world, 2, 1, FOB__KIND__ENTRY, 0)].id[31] ^= 1;
	set->root_stale[2] = set->root_all_stale = true;
	statuses_deinit(&world->nodes[2].node->statuses);
	EXPECT(world, back(world, seed, 1)->n_warnings == 1);
	EXPECT(world, has(world, 3, "github") && !has(world, 3, "codeberg"));
	world_run(world, 120000);
	EXPECT(world, finding(world, 3, "unequal", "c") != NULL);
}

/* Statuses of nobody, more than are kept, do not keep out those that are real. */
static void flood_of_statuses(struct world *world)
{
	uint8_t seed[KEY_SIZE], junk[8] = { 0 };
	struct node *node;
	const Fob__Reply *reply;
	uint64_t seen = 0;

	house(world, seed);
	fire(world, NULL, 0);
	node = world->nodes[3].node;
	EXPECT(world, story_ok(recovery_begin(world, 3, seed)));
	for (size_t i = 0; i < LIST_MAX; i++) {
		struct step step = { .node = node };

		EXPECT(world, recover_status(&step, BYTES(junk)) == 0);
	}
	EXPECT(world, story_ok(recovery_from(world, 3, 2)));
	reply = recovery_list(world, 3);
	EXPECT(world, story_ok(reply));
	for (size_t i = 0; i < world->nodes[3].n_replies; i++) {
		const Fob__Reply *part = world->nodes[3].replies[i];

		for (size_t k = 0; k < part->n_devices; k++)
			seen += part->devices[k]->last_seen > 0;
	}
	EXPECT(world, seen == 3);
}

/* All of it is given: no doubt, and no finding. */
static void withheld_nothing(struct world *world)
{
	uint8_t seed[KEY_SIZE];

	house(world, seed);
	fire(world, NULL, 0);
	EXPECT(world, back(world, seed, -1)->n_warnings == 0);
	story_settle(world);
	EXPECT(world, !finding(world, 3, "incomplete", "a"));
	EXPECT(world, !finding(world, 3, "incomplete", "b"));
	EXPECT(world, !finding(world, 3, "incomplete", ""));
}

const struct story stories_withheld[] = {
	{ "withheld-last", withheld_last },
	{ "withheld-middle", withheld_middle },
	{ "withheld-keys", withheld_keys },
	{ "group-of-old-kit", group_of_old_kit },
	{ "withheld-announced", withheld_announced },
	{ "flood-of-statuses", flood_of_statuses },
	{ "withheld-nothing", withheld_nothing },
	{ 0 },
};
