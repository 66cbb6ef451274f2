/*
 * What is forgotten, and when: purged, superseded, in the trash; under a
 * clock that moves by days.
 *
 * Covers: compact, ask_purge.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/world.h"

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world_init(world, 11);
	world->quiet = true;
	for (int i = 0; i < 2; i++)
		world_node(world);
	world_make_vault(world, 0);
	world_join(world, 1, 0);
	assert_int_equal(world_add(world, 0, "bank", 1)->status, STATUS_OK);
	assert_int_equal(world_add(world, 0, "mail", 2)->status, STATUS_OK);
	assert_true(world_settle(world, 60000));
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	world_deinit(*state);
	free(*state);
	return 0;
}

/* How many blobs a node holds, by what it knows and by its disk. */
static size_t blobs(const struct world *world, int node)
{
	const struct set *set = &world->nodes[node].node->set;
	size_t n = 0;

	for (uint32_t i = 0; i < set->n_items; i++)
		n += (set->items[i].flags & SET_BLOB) != 0;
	assert_int_equal(world->nodes[node].disk.tables[TABLE_BLOB].n, n);
	return n;
}

static void days(struct world *world, unsigned n)
{
	world_run(world, n * (uint64_t)DAY_MS);
}

static const Fob__Reply *purge(struct world *world, int node, char *query,
			       bool now)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__PurgeAsk ask = FOB__PURGE_ASK__INIT;

	world_unlock(world, node);
	world_confirm(world, node, FOB__CONFIRM__CONFIRM_PURGE);
	ask.query = query;
	ask.now = now;
	request.purge = &ask;
	return world_ask(world, node, &request);
}

static void test_purge(void **state)
{
	struct world *world = *state;
	char bank[] = "bank", nothing[] = "nothing";

	assert_int_equal(purge(world, 0, nothing, false)->status,
			 STATUS_NOT_FOUND);
	assert_int_equal(purge(world, 0, bank, false)->status, STATUS_OK);
	world_run(world, 5000);
	/* Hidden at once, everywhere. */
	assert_int_equal(world_list(world, 0, "bank")->n_accounts, 0);
	world_unlock(world, 1);
	assert_int_equal(world_list(world, 1, "bank")->n_accounts, 0);
	assert_int_equal(blobs(world, 0), 2);
	assert_int_equal(blobs(world, 1), 2);
	days(world, 28);
	assert_int_equal(blobs(world, 0), 2);
	days(world, 4);
	assert_int_equal(blobs(world, 0), 1);
	assert_int_equal(blobs(world, 1), 1);
	assert_true(world_equal(world));
	/* It is not asked for again, also after a restart. */
	world_kill(world, 0);
	world_start(world, 0);
	assert_true(world_settle(world, 600000));
	assert_int_equal(blobs(world, 0), 1);
}

static void test_now(void **state)
{
	struct world *world = *state;
	char bank[] = "bank";

	world_set_field(world, 0, "bank", "note", "one");
	world_set_field(world, 0, "bank", "note", "two");
	world_run(world, 5000);
	assert_int_equal(blobs(world, 0), 4);
	assert_int_equal(purge(world, 0, bank, true)->status, STATUS_OK);
	world_run(world, 60000);
	assert_int_equal(blobs(world, 0), 1);
	assert_int_equal(blobs(world, 1), 4);
	assert_true(world_equal(world));
}

/* Who was put out since may not have meant it. */
static void test_purger_revoked(void **state)
{
	struct world *world = *state;
	char bank[] = "bank";

	assert_int_equal(purge(world, 1, bank, false)->status, STATUS_OK);
	world_run(world, 5000);
	world_unlock(world, 0);
	assert_int_equal(world_revoke(world, 0, "b")->status, STATUS_OK);
	days(world, 40);
	assert_int_equal(blobs(world, 0), 2);
}

static void test_superseded(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 12; i++)
		assert_int_equal(world_set_field(world, 0, "bank", "note",
						 i % 2 ? "odd" : "even")
					 ->status,
				 STATUS_OK);
	world_run(world, 5000);
	assert_int_equal(blobs(world, 0), 14);
	days(world, 178);
	assert_int_equal(blobs(world, 0), 14);
	days(world, 4);
	/* One that is current, the eight newest, and mail. */
	assert_int_equal(blobs(world, 0), 10);
	assert_int_equal(blobs(world, 1), 10);
	world_unlock(world, 0);
	assert_int_equal(world_code(world, 0, "bank")->status, STATUS_OK);
}

/* A blob that somebody says is gone is asked for again after a look. */
static void test_said_gone(void **state)
{
	struct world *world = *state;
	struct node *node = world->nodes[1].node;
	uint32_t at = node->set.records[0].last;

	assert_int_equal(node->set.records[0].n_items, 1);
	node->set.items[at].marks |= MARK_UNWANTED;
	assert_int_equal(compact_mark(node), 0);
	assert_false(node->set.items[at].marks & MARK_UNWANTED);
}

/* A newcomer does not wait for what all others have forgotten. */
static void test_newcomer(void **state)
{
	struct world *world = *state;
	const struct sync_peer *peer;
	int node;

	for (int i = 0; i < 12; i++)
		world_set_field(world, 0, "bank", "note", i % 2 ? "a" : "b");
	days(world, 183);
	assert_int_equal(blobs(world, 0), 10);
	world_unlock(world, 0);
	node = world_node(world);
	world_join(world, node, 0);
	world_run(world, 600000);
	assert_true(world_settle(world, 60000));
	assert_int_equal(blobs(world, node), 10);
	peer = sync_peer_of(&world->nodes[0].node->sync,
			    set_author(&world->nodes[0].node->set,
				       world->nodes[node].node->self->id));
	assert_non_null(peer);
	assert_int_equal(peer->their_missing, 0);
	assert_int_equal(compact_lost(world->nodes[node].node), 0);
}

static void test_trash(void **state)
{
	struct world *world = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__TrashAsk ask = FOB__TRASH_ASK__INIT;
	char empty[] = "empty";

	assert_int_equal(world_remove(world, 0, "bank")->status, STATUS_OK);
	world_run(world, 5000);
	world->nodes[0].node->config.idle_lock_ms = 0;
	days(world, 88);
	world_unlock(world, 0);
	assert_int_equal(world_status(world, 0)->vault->trashed, 1);
	days(world, 4);
	world_unlock(world, 0);
	world_list(world, 0, "");
	assert_int_equal(world_status(world, 0)->vault->trashed, 0);
	/* And by hand. */
	world_remove(world, 0, "mail");
	ask.op = empty;
	request.trash = &ask;
	assert_int_equal(world_ask(world, 0, &request)->status, STATUS_LOCKED);
	world_confirm(world, 0, FOB__CONFIRM__CONFIRM_PURGE);
	assert_int_equal(world_ask(world, 0, &request)->status, STATUS_OK);
	world_list(world, 0, "");
	assert_int_equal(world_status(world, 0)->vault->trashed, 0);
}

/* A clock that others call wrong forgets nothing. */
static void test_clock(void **state)
{
	struct world *world = *state;
	char bank[] = "bank";

	assert_int_equal(purge(world, 0, bank, false)->status, STATUS_OK);
	world_run(world, 5000);
	world->nodes[1].skew = 40 * DAY_MS;
	world_reset(world, 0, 1);
	days(world, 3);
	assert_int_equal(blobs(world, 1), 2);
	world->nodes[1].skew = 0;
	world_reset(world, 0, 1);
	days(world, 35);
	world_reset(world, 0, 1);
	days(world, 35);
	assert_int_equal(blobs(world, 1), 1);
}

/* A clock that nobody can be asked about may be years ahead. */
static void test_nobody_to_ask(void **state)
{
	struct world *world = *state;
	char bank[] = "bank";

	assert_int_equal(purge(world, 0, bank, false)->status, STATUS_OK);
	world_run(world, 5000);
	world_kill(world, 0);
	days(world, 40);
	assert_int_equal(blobs(world, 1), 2);
	world_start(world, 0);
	days(world, 2);
	assert_int_equal(blobs(world, 1), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_purge),	   TEST(test_now),
		TEST(test_purger_revoked), TEST(test_superseded),
		TEST(test_said_gone),	   TEST(test_newcomer),
		TEST(test_trash),	   TEST(test_clock),
		TEST(test_nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
