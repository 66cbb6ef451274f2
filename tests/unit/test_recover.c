/*
 * What people may get wrong with a kit, a file or an address, and that
 * nothing is changed by it. Whole recoveries are told in tests/sim.
 * Covers: ask_kit ask_snapshot ask_recover recover fetch rescue
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/lib/recovery.h"

static struct world *world;
static uint8_t seed[KEY_SIZE], wrong[KEY_SIZE];
static struct recovery_file file;

static void good(const Fob__Reply *reply)
{
	assert_non_null(reply);
	if (reply->status != STATUS_OK)
		print_error("%s\n", reply->message);
	assert_int_equal(reply->status, STATUS_OK);
}

static void bad(const Fob__Reply *reply, enum status status, const char *text)
{
	assert_non_null(reply);
	assert_int_equal(reply->status, status);
	if (!strstr(reply->message, text))
		print_error("%s\n", reply->message);
	assert_non_null(strstr(reply->message, text));
}

/* A vault on a, its keeper b, an empty c; a file of it. */
static int setup(void **state UNUSED)
{
	world = calloc(1, sizeof(*world));
	if (!world || sodium_init() < 0)
		return -1;
	world_init(world, 42);
	world->quiet = true;
	world_node(world);
	world_make_vault(world, 0);
	recovery_seed(world, 0, seed);
	memset(wrong, 0x33, sizeof(wrong));
	recovery_keeper(world, 0);
	for (unsigned i = 0; i < 120; i++) {
		char name[16];

		snprintf(name, sizeof(name), "site-%u", i);
		good(world_add(world, 0, name, i));
	}
	assert_true(world_settle(world, 60000));
	world_node(world);
	recovery_snapshot(world, 0, &file);
	return 0;
}

static int teardown(void **state UNUSED)
{
	recovery_file_deinit(&file);
	world_deinit(world);
	free(world);
	return 0;
}

/* Its client goes, and what is left begins anew. */
static void gone(void)
{
	recovery_gone(world, 2);
	world_run(world, 100);
}

/* Nothing is on its disk, and it may make a vault or recover one. */
static void assert_empty(void)
{
	const struct world_node *c = &world->nodes[2];

	world_run(world, 10000);
	assert_int_equal(c->node->state, NODE_EMPTY);
	assert_int_equal(c->node->set.n_items, 0);
	assert_false(c->node->set.pinned);
	assert_null(c->node->recover);
	for (int i = 1; i < TABLES; i++)
		assert_int_equal(c->disk.tables[i].n, 0);
}

/*
 * So many items at least are on its disk, for whoever has the kit: what every
 * keeper has, and of the device's own rows nothing but whose words they were.
 */
static void assert_kept(size_t items)
{
	const struct world_node *c = &world->nodes[2];

	assert_non_null(c->node);
	assert_int_equal(c->node->state, NODE_RECOVERING);
	assert_null(c->node->recover);
	assert_null(c->node->self);
	assert_null(c->node->unlock_key);
	assert_int_equal(c->node->n_nets, 0);
	assert_true(c->node->set.n_held >= items);
	assert_int_equal(c->disk.tables[TABLE_ITEM].n, c->node->set.n_held);
	assert_int_equal(c->disk.tables[TABLE_LOCAL].n, 1);
	assert_memory_equal(c->disk.tables[TABLE_LOCAL].rows[0].key, "recovery",
			    8);
}

static void forget(void)
{
	good(recovery_forget(world, 2));
	assert_empty();
}

/* --- the kit ------------------------------------------------------------------ */

static void drill_changes_its_date_only(void **state UNUSED)
{
	struct node *a = world->nodes[0].node;
	uint32_t held = a->set.n_held;

	assert_int_equal(a->drill, 0);
	bad(recovery_kit(world, 0, "verify", wrong, NULL), STATUS_REFUSED,
	    "do not open this vault");
	assert_int_equal(a->drill, 0);
	good(recovery_kit(world, 0, "verify", seed, NULL));
	assert_true(a->drill >= (uint64_t)WORLD_WALL);
	assert_int_equal(a->set.n_held, held);
	/* Others hear of it, a keeper may drill as well. */
	world_run(world, 5000);
	assert_int_equal(statuses_find(&world->nodes[1].node->statuses,
				       world->nodes[1].node->set.n_authors > 0 ?
					       0 :
					       NONE)
				 ->drill,
			 a->drill);
	good(recovery_kit(world, 1, "verify", seed, NULL));
	bad(recovery_kit(world, 0, "sing", seed, NULL), STATUS_USAGE, "verify");
}

static void new_kit_wants_the_passphrase(void **state UNUSED)
{
	const Fob__Reply *reply = recovery_kit(world, 0, "new", seed, NULL);

	assert_int_equal(reply->need, FOB__NEED__NEED_CONFIRM);
	assert_int_equal(reply->confirm, FOB__CONFIRM__CONFIRM_RECOVERY);
	bad(recovery_kit(world, 1, "new", seed, NULL), STATUS_REFUSED,
	    "keeper");
	world_confirm(world, 0, FOB__CONFIRM__CONFIRM_RECOVERY);
	bad(recovery_kit(world, 0, "new", wrong, NULL), STATUS_REFUSED,
	    "do not open this vault");
	bad(recovery_kit(world, 0, "new", seed, seed), STATUS_USAGE,
	    "to be replaced");
	assert_int_equal(world->nodes[0].node->set.n_recoveries, 1);
}

/* --- files --------------------------------------------------------------------- */

static void file_is_looked_at(void **state UNUSED)
{
	const Fob__Reply *reply = recovery_verify(world, 2, &file, seed);
	uint8_t root[ID_SIZE];

	good(reply);
	world_root(world, 0, root);
	assert_true(reply->snapshot->opened);
	assert_memory_equal(reply->snapshot->root.data, root, ID_SIZE);
	assert_int_equal(reply->snapshot->blobs, 120);
	reply = recovery_verify(world, 2, &file, NULL);
	good(reply);
	assert_false(reply->snapshot->opened);
	bad(recovery_verify(world, 2, &file, wrong), STATUS_REFUSED,
	    "do not open it");
	/* On a keeper and a device the same. */
	good(recovery_verify(world, 1, &file, seed));
	good(recovery_verify(world, 0, &file, seed));
}

static void snapshot_of_nothing(void **state UNUSED)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SnapshotAsk ask = FOB__SNAPSHOT_ASK__INIT;
	char make[] = "make", next[] = "next";

	ask.op = make;
	request.snapshot = &ask;
	assert_int_equal(world_ask(world, 2, &request)->need,
			 FOB__NEED__NEED_VAULT);
	ask.op = next;
	bad(world_ask(world, 0, &request), STATUS_USAGE, "under way");
}

static void damaged_file_changes_nothing(void **state UNUSED)
{
	struct recovery_file cut = { file.p, 0 };

	for (cut.n = 0; cut.n < file.n; cut.n += file.n / 7) {
		good(recovery_begin(world, 2, seed));
		bad(recovery_from_file(world, 2, &cut), STATUS_FAILED,
		    "cut short");
		assert_empty();
	}
	for (size_t at = 200; at < file.n; at += file.n / 5) {
		file.p[at] ^= 1;
		good(recovery_begin(world, 2, seed));
		bad(recovery_from_file(world, 2, &file), STATUS_FAILED,
		    "altered");
		file.p[at] ^= 1;
		assert_empty();
	}
}

/* --- words ----------------------------------------------------------------------- */

static void wrong_words(void **state UNUSED)
{
	good(recovery_begin(world, 2, wrong));
	bad(recovery_from_file(world, 2, &file), STATUS_REFUSED,
	    "do not open it");
	assert_empty();
	good(recovery_begin(world, 2, wrong));
	bad(recovery_from(world, 2, 1), STATUS_REFUSED,
	    "does not answer these words");
	gone();
	assert_empty();
}

static void order_of_things(void **state UNUSED)
{
	bad(recovery_list(world, 2), STATUS_USAGE, "no recovery is under way");
	bad(recovery_begin(world, 0, seed), STATUS_CONFLICT, "already");
	bad(recovery_begin(world, 1, seed), STATUS_REFUSED, "keeper");
	good(recovery_begin(world, 2, seed));
	bad(recovery_begin(world, 2, seed), STATUS_CONFLICT, "being recovered");
	bad(recovery_list(world, 2), STATUS_USAGE, "nothing to recover from");
	assert_empty();
}

/* --- sources ---------------------------------------------------------------------- */

static void nobody_there(void **state UNUSED)
{
	good(recovery_begin(world, 2, seed));
	bad(recovery_from(world, 2, 2), STATUS_REFUSED, "does not answer");
	world_cut(world, 2, 1, true);
	bad(recovery_from(world, 2, 1), STATUS_TIMEOUT, "nobody answers");
	world_heal_all(world);
	/* The same recovery may go on with another source. */
	good(recovery_from(world, 2, 1));
	gone();
	assert_kept(120);
	forget();
}

/* What a file or an address has given stays, and is not given again. */
static void cut_in_the_middle(void **state UNUSED)
{
	size_t items = 0;

	good(recovery_begin(world, 2, seed));
	good(recovery_from_file(world, 2, &file));
	gone();
	assert_kept(120);
	forget();
	for (uint64_t ms = 5; ms < 600; ms += 45) {
		good(recovery_begin(world, 2, seed));
		recovery_from_begin(world, 2, 1);
		world_run(world, ms);
		gone();
		if (world->nodes[2].node->state == NODE_RECOVERING)
			assert_kept(items);
		else
			assert_empty();
		items = world->nodes[2].node->set.n_held;
	}
	assert_kept(120);
	forget();
}

/* Half of a file is nothing, and what was there before it is. */
static void file_is_kept_whole(void **state UNUSED)
{
	struct recovery_file half = { file.p, file.n / 2 };

	good(recovery_begin(world, 2, seed));
	bad(recovery_from_file(world, 2, &half), STATUS_FAILED, "cut short");
	assert_empty();
	good(recovery_begin(world, 2, seed));
	recovery_from_begin(world, 2, 1);
	while (world->nodes[2].node->set.n_held < 10)
		world_run(world, 1);
	gone();
	assert_kept(10);
	assert_true(world->nodes[2].node->set.n_held < 100);
	good(recovery_begin(world, 2, seed));
	bad(recovery_from_file(world, 2, &half), STATUS_FAILED, "cut short");
	world_run(world, 100);
	assert_true(world->nodes[2].node->set.n_held < 100);
	assert_kept(10);
}

/* A folder with what is left of a recovery is no vault, nor empty. */
static void kept_is_no_vault(void **state UNUSED)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init = FOB__INIT_ASK__INIT;
	Fob__JoinAsk join = FOB__JOIN_ASK__INIT;
	Fob__ListAsk list = FOB__LIST_ASK__INIT;
	const Fob__Reply *reply;

	assert_kept(10);
	request.init = &init;
	bad(world_ask(world, 2, &request), STATUS_CONFLICT,
	    "fob recover goes on with it");
	request.init = NULL;
	request.join = &join;
	bad(world_ask(world, 2, &request), STATUS_CONFLICT,
	    "fob recover goes on with it");
	request.join = NULL;
	request.list = &list;
	reply = world_ask(world, 2, &request);
	assert_int_equal(reply->need, FOB__NEED__NEED_VAULT);
	bad(reply, STATUS_FAILED, "fob recover goes on");
	bad(recovery_begin(world, 2, wrong), STATUS_REFUSED,
	    "began with other words");
	assert_kept(10);
	reply = recovery_begin(world, 2, seed);
	good(reply);
	assert_string_equal(reply->progress->what, "kept");
	assert_true(reply->progress->done >= 10);
	bad(recovery_forget(world, 2), STATUS_CONFLICT, "being recovered");
	gone();
	forget();
	bad(recovery_forget(world, 2), STATUS_NOT_FOUND, "no recovery");
}

/* Two vaults in one: the second source is told to be another's. */
static void another_vault(void **state UNUSED)
{
	AUTO_RECOVERY_FILE struct recovery_file theirs = { NULL, 0 };
	int node = world_node(world);

	world_make_vault(world, node);
	recovery_snapshot(world, node, &theirs);
	good(recovery_begin(world, 2, seed));
	good(recovery_from_file(world, 2, &file));
	bad(recovery_from_file(world, 2, &theirs), STATUS_REFUSED,
	    "another kit");
	assert_kept(120);
	forget();
	good(recovery_begin(world, 2, seed));
	bad(recovery_from(world, 2, node), STATUS_REFUSED, "does not answer");
	gone();
	assert_empty();
	world_kill(world, node);
}

static void made_of_nothing_it_knows(void **state UNUSED)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RecoverAsk ask = FOB__RECOVER_ASK__INIT;
	uint8_t ghost[DEVICE_ID_SIZE] = { 1, 2, 3 };
	ProtobufCBinaryData revoke = { sizeof(ghost), ghost };
	char make[] = "make", passphrase[] = "CANARY!! another one";

	good(recovery_begin(world, 2, seed));
	good(recovery_from_file(world, 2, &file));
	good(recovery_list(world, 2));
	ask.op = make;
	request.recover = &ask;
	bad(world_ask(world, 2, &request), STATUS_USAGE, "passphrase is empty");
	ask.passphrase = (ProtobufCBinaryData){ sizeof(passphrase) - 1,
						(uint8_t *)passphrase };
	ask.n_revoke = 1;
	ask.revoke = &revoke;
	bad(world_ask(world, 2, &request), STATUS_FAILED,
	    "nothing was changed");
	assert_kept(120);
	forget();
}

/* Those that went away without a word keep no other from its vault. */
static void lines_make_way(void **state UNUSED)
{
	for (unsigned i = 0; i < RESCUE_LINES; i++) {
		int node = world_node(world);

		good(recovery_begin(world, node, seed));
		recovery_from_begin(world, node, 1);
		while (!world->nodes[node].node->set.n_held)
			world_run(world, 1);
		world_sleep(world, node);
	}
	good(recovery_begin(world, 2, seed));
	good(recovery_from(world, 2, 1));
	gone();
	forget();
	for (int node = world->n_nodes - RESCUE_LINES; node < world->n_nodes;
	     node++)
		world_kill(world, node);
	world_run(world, PEER_DEAD_MS + 60000);
}

/* --- and what works, after all that ---------------------------------------------------- */

static void whole(void **state UNUSED)
{
	const struct node *c = world->nodes[2].node;
	const Fob__Reply *reply;

	good(recovery_begin(world, 2, seed));
	good(recovery_from_file(world, 2, &file));
	good(recovery_from(world, 2, 1));
	good(recovery_list(world, 2));
	reply = recovery_make(world, 2, -1);
	good(reply);
	assert_int_equal(reply->recovered->n_revoked, 1);
	assert_int_equal(reply->recovered->n_kept, 1);
	assert_int_equal(c->state, NODE_UNLOCKED);
	assert_true(c->drill > 0);
	good(world_code(world, 2, "site-77"));
	assert_int_equal(world_list(world, 2, "site-")->n_accounts > 0, 1);
	world_kill(world, 0);
	assert_true(world_settle(world, 60000));
	/* The word of it has come to the keeper. */
	assert_true(set_author(&world->nodes[1].node->set, c->self->id) !=
		    NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drill_changes_its_date_only),
		cmocka_unit_test(new_kit_wants_the_passphrase),
		cmocka_unit_test(file_is_looked_at),
		cmocka_unit_test(snapshot_of_nothing),
		cmocka_unit_test(damaged_file_changes_nothing),
		cmocka_unit_test(wrong_words),
		cmocka_unit_test(order_of_things),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(cut_in_the_middle),
		cmocka_unit_test(file_is_kept_whole),
		cmocka_unit_test(kept_is_no_vault),
		cmocka_unit_test(another_vault),
		cmocka_unit_test(made_of_nothing_it_knows),
		cmocka_unit_test(lines_make_way),
		cmocka_unit_test(whole),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
