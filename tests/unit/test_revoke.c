/*
 * Putting devices out, in a world of three: what the others see of it, the
 * checklist, and what was written too late.
 *
 * Covers: ask_revoke, checklist, ask_quarantine, history, ask_history.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/saying.h"
#include "tests/lib/world.h"

/* a made the vault, let b in, and b let c in; one account is everywhere. */
static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world_init(world, 7);
	for (int i = 0; i < 3; i++)
		world_node(world);
	world_make_vault(world, 0);
	world_join(world, 1, 0);
	world_join(world, 2, 1);
	assert_int_equal(world_add(world, 0, "bank", 1)->status, STATUS_OK);
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

static const Fob__Reply *ask_device(struct world *world, int node, char *name,
				    bool lift)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RevokeAsk revoke = FOB__REVOKE_ASK__INIT;
	Fob__LiftAsk ask = FOB__LIFT_ASK__INIT;

	world_confirm(world, node, FOB__CONFIRM__CONFIRM_REVOKE);
	revoke.device = ask.device = name;
	if (lift)
		request.lift = &ask;
	else
		request.revoke = &revoke;
	return world_ask(world, node, &request);
}

/* What the first of the replies to a request said of it. */
static const Fob__Revoked *said(const struct world *world, int node,
				uint32_t id)
{
	const struct world_node *n = &world->nodes[node];

	for (size_t i = 0; i < n->n_replies; i++)
		if (n->replies[i]->id == id && n->replies[i]->revoked)
			return n->replies[i]->revoked;
	return NULL;
}

static const Fob__Reply *rotate(struct world *world, int node, char *op,
				char *query)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RotateAsk ask = FOB__ROTATE_ASK__INIT;

	ask.op = op;
	ask.query = query;
	request.rotate = &ask;
	return world_ask(world, node, &request);
}

static const Fob__Reply *quarantine(struct world *world, int node, char *op,
				    char *id)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__QuarantineAsk ask = FOB__QUARANTINE_ASK__INIT;

	ask.op = op;
	ask.id = id;
	request.quarantine = &ask;
	return world_ask(world, node, &request);
}

static uint32_t author_of(const struct world *world, int node, int whom)
{
	return set_author(&world->nodes[node].node->set,
			  world->nodes[whom].node->self->id);
}

static bool member(const struct world *world, int node, int whom)
{
	return world->nodes[node]
		.node->set.authors[author_of(world, node, whom)]
		.member;
}

/* --- revoked --------------------------------------------------------------- */

static void test_at_once(void **state)
{
	struct world *world = *state;
	const Fob__Reply *reply = ask_device(world, 0, "b", false);
	const Fob__Revoked *revoked;

	assert_non_null(reply);
	assert_int_equal(reply->status, STATUS_OK);
	revoked = said(world, 0, reply->id);
	assert_string_equal(revoked->effect, "revoked");
	/* Whoever put it out has paid: the new key is there with the answer. */
	assert_false(keyring_rotation_owed(&world->nodes[0].node->keyring, 0,
					   author_of(world, 0, 0)));
	/* b had let c in: the person is told. */
	assert_int_equal(revoked->n_added, 1);
	assert_string_equal(revoked->added[0], "c");
	assert_int_equal(reply->n_accounts, 1);
	/* One way through the network is enough for it to hear. */
	world_run(world, 2 * (world->latency + world->jitter) + 100);
	assert_false(member(world, 1, 1));
	assert_false(member(world, 2, 1));
	assert_true(member(world, 1, 2));
	assert_false(world_connected(world, 0, 1));
	reply = world_add(world, 1, "late", 2);
	assert_int_equal(reply->status, STATUS_REFUSED);
	assert_non_null(strstr(reply->message, "revoked by a on 20"));
	assert_int_equal(world_code(world, 1, "bank")->status, STATUS_OK);
	assert_int_equal(ask_device(world, 1, "c", false)->status,
			 STATUS_REFUSED);
}

/* Is there a REVOKE of whom, by whom, that counts at a? */
static bool revoked_by(const struct world *world, int whom, int by)
{
	const struct set *set = &world->nodes[0].node->set;
	const uint8_t *target = world->nodes[whom].node->self->id;

	for (uint32_t i = 0; i < set->n_heads; i++) {
		const Fob__Revoke *revoke = set->heads[i]->head->revoke;
		const struct set_item *item = &set->items[set->heads_item[i]];

		if (revoke && (item->flags & SET_CARRIED) &&
		    item->author == author_of(world, 0, by) &&
		    !memcmp(revoke->target.data, target, DEVICE_ID_SIZE))
			return true;
	}
	return false;
}

/* What b put out stays out by a's word, whatever becomes of b's. */
static void test_again(void **state)
{
	struct world *world = *state;

	assert_int_equal(ask_device(world, 1, "c", false)->status, STATUS_OK);
	world_run(world, 5000);
	assert_true(revoked_by(world, 2, 1));
	assert_false(revoked_by(world, 2, 0));
	assert_int_equal(ask_device(world, 0, "b", false)->status, STATUS_OK);
	assert_true(revoked_by(world, 1, 0));
	assert_true(revoked_by(world, 2, 0));
}

static void test_checklist(void **state)
{
	struct world *world = *state;
	char empty[] = "", list[] = "list", done[] = "done", bank[] = "bank";

	world_add(world, 0, "mail", 2);
	ask_device(world, 0, "c", false);
	world_run(world, 1000);
	world_add(world, 0, "after", 3);
	world_run(world, 5000);
	assert_int_equal(rotate(world, 1, list, empty)->n_accounts, 2);
	/* A new secret settles it, from whatever device. */
	assert_int_equal(world_set_secret(world, 1, "mail", 9)->status,
			 STATUS_OK);
	world_run(world, 5000);
	assert_int_equal(rotate(world, 0, list, empty)->n_accounts, 1);
	assert_int_equal(rotate(world, 0, done, bank)->status, STATUS_OK);
	assert_int_equal(rotate(world, 0, list, empty)->n_accounts, 0);
}

static void test_suspend(void **state)
{
	struct world *world = *state;
	const Fob__Reply *reply = ask_device(world, 2, "a", false);
	const struct node *a = world->nodes[0].node;

	assert_int_equal(reply->status, STATUS_OK);
	assert_string_equal(said(world, 2, reply->id)->effect, "suspended");
	assert_int_equal(reply->n_accounts, 1);
	world_run(world, 5000);
	assert_true(member(world, 2, 0));
	assert_true(a->roster.devices[a->self_author].suspended);
	assert_int_equal(ask_device(world, 0, "a", true)->status,
			 STATUS_REFUSED);
	assert_int_equal(ask_device(world, 2, "a", true)->status, STATUS_OK);
	world_run(world, 5000);
	assert_false(a->roster.devices[a->self_author].suspended);
	assert_int_equal(ask_device(world, 2, "a", true)->status,
			 STATUS_NOT_FOUND);
}

/* What a suspended device wrote unseen comes later, and shows nowhere. */
static void test_suspended_late(void **state)
{
	struct world *world = *state;

	world_cut(world, 0, 1, true);
	world_cut(world, 0, 2, true);
	world_run(world, 1000);
	world_add(world, 0, "late", 5);
	world_set_field(world, 0, "bank", "note", "mine now");
	assert_int_equal(ask_device(world, 2, "a", false)->status, STATUS_OK);
	world_heal_all(world);
	world_run(world, 600000);
	assert_true(world_equal(world));
	assert_int_equal(world_list(world, 2, "late")->n_accounts, 0);
	assert_int_equal(world_list(world, 1, "late")->n_accounts, 0);
}

/*
 * What its suspension accepts comes after it and in pieces, of which the
 * first are held back until the last is here.
 */
static void test_accepted_in_pieces(void **state)
{
	struct world *world = *state;
	const struct node *b = world->nodes[1].node;

	world_cut(world, 0, 1, true);
	world_cut(world, 1, 2, true);
	world_run(world, 1000);
	world_add_many(world, 0, "many", 500);
	world_run(world, 60000);
	assert_int_equal(world->nodes[2].node->vault.n, 501);
	assert_int_equal(ask_device(world, 2, "a", false)->status, STATUS_OK);
	assert_int_equal(b->vault.n, 1);
	world_heal(world, 1, 2);
	world_run(world, 600000);
	assert_true(b->roster.devices[author_of(world, 1, 0)].suspended);
	assert_int_equal(b->vault.n, 501);
}

/* --- too late -------------------------------------------------------------- */

static void test_quarantine(void **state)
{
	struct world *world = *state;
	char empty[] = "", list[] = "list", import[] = "import", id[16];
	const Fob__Reply *reply;

	assert_int_equal(quarantine(world, 2, list, empty)->n_versions, 0);
	/* The thief writes to whom it reaches; a has not seen that. */
	world_cut(world, 0, 1, true);
	world_cut(world, 0, 2, true);
	world_run(world, 1000);
	world_add(world, 1, "theirs", 5);
	world_set_field(world, 1, "bank", "note", "mine now");
	world_run(world, 5000);
	assert_int_equal(world_list(world, 2, "theirs")->n_accounts, 1);
	ask_device(world, 0, "b", false);
	world_heal_all(world);
	world_run(world, 600000);
	assert_false(member(world, 2, 1));
	assert_int_equal(world_list(world, 2, "theirs")->n_accounts, 0);
	reply = quarantine(world, 2, list, empty);
	assert_int_equal(reply->status, STATUS_OK);
	assert_int_equal(world_status(world, 2)->vault->quarantined, 2);
	reply = quarantine(world, 2, list, empty);
	assert_int_equal(reply->n_versions, 1);
	assert_true(reply->versions[0]->readable);
	assert_string_equal(reply->versions[0]->why, "late");
	assert_string_equal(reply->versions[0]->device, "b");
	assert_int_equal(quarantine(world, 2, import, "0000")->status,
			 STATUS_NOT_FOUND);
	for (int i = 0; i < 2; i++) {
		char hex[] = "0123456789abcdef";
		const uint8_t *bytes;

		reply = quarantine(world, 2, list, empty);
		bytes = reply->versions[0]->id.data;
		for (int k = 0; k < 8; k++) {
			id[2 * k] = hex[bytes[k] >> 4];
			if (2 * k + 1 < 15)
				id[2 * k + 1] = hex[bytes[k] & 15];
		}
		id[15] = '\0';
		assert_int_equal(quarantine(world, 2, import, id)->status,
				 STATUS_OK);
	}
	assert_int_equal(quarantine(world, 2, list, empty)->n_versions, 0);
	world_kill(world, 1);
	assert_true(world_settle(world, 60000));
	assert_int_equal(world_list(world, 0, "theirs")->n_accounts, 1);
	reply = world_show(world, 0, "bank");
	assert_int_equal(reply->status, STATUS_OK);
	assert_int_equal(reply->shown->fields[0]->value.len > 0, 1);
}

/*
 * c was put out by b, who is put out by a. It wakes up an hour later, where
 * nobody reaches it soon: it asks by itself, and is back at once.
 */
static void test_wrongly(void **state)
{
	struct world *world = *state;

	world_cut(world, 0, 1, true);
	world_cut(world, 0, 2, true);
	ask_device(world, 1, "c", false);
	world_run(world, 5000);
	assert_false(member(world, 2, 2));
	world_quiesce(world, 2);
	world_kill(world, 2);
	ask_device(world, 0, "b", false);
	world_heal_all(world);
	world_run(world, 3600000);
	world_start(world, 2);
	assert_true(member(world, 0, 2));
	assert_false(member(world, 2, 2));
	world_run(world, 5000);
	assert_true(member(world, 2, 2));
	assert_false(member(world, 2, 1));
	assert_true(world_connected(world, 0, 2));
}

static void test_date(void **state UNUSED)
{
	static const struct {
		uint64_t ms;
		const char *date;
	} dates[] = {
		{ 0, "1970-01-01" },
		{ 951782400000, "2000-02-29" },
		{ 951868800000, "2000-03-01" },
		{ 1700000000000, "2023-11-14" },
		{ 1735689599999, "2024-12-31" },
		{ UINT64_MAX, "2100-01-01" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
		struct saying text = { .n = 0 };

		saying_date(&text, dates[i].ms);
		assert_string_equal(text.text, dates[i].date);
	}
}

/* The newest key that a node knows of, and the revocation before it. */
static const uint8_t *key_after_revoking(struct world *world, char *name)
{
	struct world_node *n = &world->nodes[0];
	const struct set *set = &n->node->set;

	world_confirm(world, 0, FOB__CONFIRM__CONFIRM_REVOKE);
	n->own_entropy = true;
	n->entropy.state = 42;
	assert_int_equal(world_revoke(world, 0, name)->status, STATUS_OK);
	n->own_entropy = false;
	for (uint32_t i = set->n_heads; i-- > 0;)
		if (set->heads[i]->head->key)
			return set->heads[i]->head->key->kid.data;
	return NULL;
}

/*
 * A copy of a machine that draws the same numbers, for other readers, does
 * not make the same key of them.
 */
static void test_same_numbers(void **state)
{
	struct world *world = *state;
	const uint8_t *first = key_after_revoking(world, "c");
	const uint8_t *second = key_after_revoking(world, "b");

	assert_non_null(first);
	assert_memory_not_equal(first, second, KID_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_numbers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_checklist, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_suspend, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suspended_late, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_accepted_in_pieces, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_wrongly, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quarantine, setup,
						teardown),
		cmocka_unit_test(test_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
