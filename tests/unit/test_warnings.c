/*
 * What goes wrong in a world of devices is found by the doctor, told as a
 * warning by fob status, and found no more once it is mended the way that the
 * doctor says. Findings of single entries: test_doctor.c, tests/e2e/doctor.sh.
 *
 * Covers: warnings, ask_doctor, alarm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/warnings.h"
#include "tests/lib/recovery.h"
#include "tests/lib/world.h"

/* a made the vault, let b in, and b let c in; the kit is proven. */
static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	uint8_t seed[KEY_SIZE];

	world_init(world, 11);
	for (int i = 0; i < 3; i++)
		world_node(world);
	world_make_vault(world, 0);
	world_join(world, 1, 0);
	world_join(world, 2, 1);
	assert_int_equal(world_add(world, 0, "bank", 1)->status, STATUS_OK);
	recovery_seed(world, 0, seed);
	recovery_kit(world, 0, "verify", seed, NULL);
	assert_true(world_settle(world, 60000));
	world_run(world, 120000); /* all have told who they are */
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	world_deinit(*state);
	free(*state);
	return 0;
}

/* --- what is said ---------------------------------------------------------- */

/* The severity of the first finding of that check, "" when there is none. */
static const char *found(struct world *world, int node, const char *check,
			 const char *subject)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__DoctorAsk ask = FOB__DOCTOR_ASK__INIT;
	const Fob__Reply *reply;

	request.doctor = &ask;
	reply = world_ask(world, node, &request);
	assert_non_null(reply);
	assert_int_equal(reply->status, STATUS_OK);
	for (size_t i = 0; i < reply->n_findings; i++) {
		const Fob__Finding *f = reply->findings[i];

		if (strcmp(f->check, check) != 0 ||
		    strncmp(f->subject, subject, strlen(subject)) != 0)
			continue;
		assert_true(strlen(f->message) > 20 && strlen(f->fix) > 5);
		return f->severity;
	}
	return "";
}

static bool warned(struct world *world, int node, const char *text)
{
	const Fob__Reply *reply = world_status(world, node);

	for (size_t i = 0; i < reply->n_warnings; i++)
		if (strstr(reply->warnings[i], text))
			return true;
	return false;
}

/* Clients that listen: what came with this text since the start. */
static size_t heard(const struct world *world, int node, const char *text)
{
	const struct world_node *n = &world->nodes[node];
	size_t count = 0;

	for (size_t i = 0; i < n->n_replies; i++) {
		const Fob__EventInfo *event = n->replies[i]->event;

		count += event && strcmp(event->type, "alarm") == 0 &&
			 strstr(event->text, text) != NULL;
	}
	return count;
}

static void listen(struct world *world, int node)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__EventsAsk events = FOB__EVENTS_ASK__INIT;

	request.events = &events;
	world_send(world, node, &request);
	world_run(world, 10);
}

static void sound(struct world *world, int node)
{
	assert_int_equal(world_status(world, node)->n_warnings, 0);
}

/* --- devices --------------------------------------------------------------- */

static void test_silent(void **state)
{
	struct world *world = *state;

	sound(world, 0);
	world_kill(world, 1);
	world_kill(world, 2);
	world_run(world, 29 * DAY_MS);
	world_unlock(world, 0);
	assert_string_equal(found(world, 0, "silent", "c"), "");
	assert_false(warned(world, 0, "c was not heard of"));
	world_run(world, 2 * DAY_MS);
	assert_string_equal(found(world, 0, "silent", "c"), "warn");
	assert_true(warned(world, 0, "c was not heard of for 3"));
	world_start(world, 1);
	world_start(world, 2);
	world_run(world, 700000);
	assert_string_equal(found(world, 0, "silent", "c"), "");
	sound(world, 0);
}

/* Nothing is written for a month, and c meets b alone: it is not silent. */
static void test_idle(void **state)
{
	struct world *world = *state;

	world_cut(world, 0, 2, true);
	world_run(world, 20 * DAY_MS);
	world_reset(world, 1, 2); /* as a session that got old */
	world_run(world, 11 * DAY_MS);
	world_unlock(world, 0);
	assert_string_equal(found(world, 0, "silent", "c"), "");
	sound(world, 0);
}

static const Fob__Reply *set_aside(struct world *world, int node, char *name,
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
	world->revoked = true;
	return world_ask(world, node, &request);
}

static void test_suspended(void **state)
{
	struct world *world = *state;
	char name[] = "a";

	assert_int_equal(set_aside(world, 2, name, false)->status, STATUS_OK);
	world_run(world, 10000);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(found(world, i, "suspended", "a"), "warn");
		assert_true(warned(world, i, "a is suspended"));
	}
	assert_int_equal(set_aside(world, 2, name, true)->status, STATUS_OK);
	world_run(world, 10000);
	assert_string_equal(found(world, 1, "suspended", "a"), "");
	assert_false(warned(world, 1, "a is suspended"));
}

static void test_revoked(void **state)
{
	struct world *world = *state;
	char name[] = "c";

	world_cut(world, 0, 2, true);
	world_cut(world, 1, 2, true);
	assert_int_equal(world_add(world, 2, "late", 2)->status, STATUS_OK);
	assert_int_equal(set_aside(world, 0, name, false)->status, STATUS_OK);
	assert_string_equal(found(world, 0, "rotate", "bank"), "bad");
	world_heal_all(world);
	world_run(world, 600000);
	assert_string_equal(found(world, 2, "revoked", "c"), "bad");
	assert_true(warned(world, 2, "was revoked by a"));
	assert_string_equal(found(world, 2, "quarantine", ""), "warn");
	world_kill(world, 0);
	world_kill(world, 1);
	world_run(world, 31 * DAY_MS);
	world_unlock(world, 2);
	assert_string_equal(found(world, 2, "quarantine", ""), "info");
}

/* What a peer says after a run counts while it is here. */
static void test_unequal(void **state)
{
	struct world *world = *state;
	struct node *node = world->nodes[0].node;
	uint32_t b = set_author(&node->set, world->nodes[1].node->self->id);
	struct sync_peer *peer = sync_peer_of(&node->sync, b);

	assert_non_null(peer);
	peer->unequal = true;
	assert_string_equal(found(world, 0, "unequal", "b"), "warn");
	assert_true(warned(world, 0, "b and this device hold different sets"));
	peer->unequal = false;
	assert_string_equal(found(world, 0, "unequal", "b"), "");
}

static void test_clock(void **state)
{
	struct world *world = *state;

	world->nodes[0].skew = -40000;
	world_reset(world, 0, 1);
	world_reset(world, 0, 2);
	world_run(world, 120000);
	assert_string_equal(found(world, 0, "clock", ""), "bad");
	assert_true(warned(world, 0, "behind that of the other devices"));
	assert_string_equal(found(world, 1, "clock", ""), "");
	world->nodes[0].skew = 0;
	world_reset(world, 0, 1);
	world_reset(world, 0, 2);
	world_run(world, 120000);
	assert_string_equal(found(world, 0, "clock", ""), "");
}

/* --- the vault ------------------------------------------------------------- */

static void test_kit(void **state)
{
	struct world *world = *state;
	uint8_t seed[KEY_SIZE];

	assert_string_equal(found(world, 0, "kit", ""), "");
	/* Proven on a, known on b. */
	assert_string_equal(found(world, 1, "kit", ""), "");
	world_kill(world, 1);
	world_kill(world, 2);
	world_run(world, 181 * DAY_MS);
	world_unlock(world, 0);
	assert_string_equal(found(world, 0, "kit", ""), "warn");
	recovery_seed(world, 0, seed);
	recovery_kit(world, 0, "verify", seed, NULL);
	assert_string_equal(found(world, 0, "kit", ""), "");
}

static void test_frozen(void **state)
{
	struct world *world = *state;
	uint8_t seed[KEY_SIZE];

	recovery_seed(world, 0, seed);
	listen(world, 2);
	world_cut(world, 0, 1, true);
	world_cut(world, 0, 2, true);
	for (int i = 0; i < 2; i++) {
		world_confirm(world, i, FOB__CONFIRM__CONFIRM_RECOVERY);
		assert_int_equal(
			recovery_kit(world, i, "new", seed, NULL)->status,
			STATUS_OK);
	}
	world_heal_all(world);
	assert_true(world_settle(world, 600000));
	for (int i = 0; i < 3; i++) {
		assert_string_equal(found(world, i, "kit", ""), "bad");
		assert_true(warned(world, i, "fob migrate"));
	}
	assert_int_equal(heard(world, 2, "replaced twice"), 1);
	recovery_migrate(world, 0, seed);
	assert_string_equal(found(world, 0, "kit", ""), "warn"); /* unproven */
	assert_false(warned(world, 0, "fob migrate"));
}

/* An id of class 0 that nobody brings counts for a day of connection. */
static void test_incomplete(void **state)
{
	struct world *world = *state;
	struct node *node = world->nodes[0].node;
	struct gap_named named = { .ids = { { 1, 2, 3 } }, .n = 1 };
	uint32_t item = node->set.sorted[2][0];

	listen(world, 0);
	assert_int_equal(gap_note(node, &named, item), 0);
	assert_string_equal(found(world, 0, "incomplete", ""), "warn");
	assert_true(warned(world, 0, "membership is incomplete"));
	world_run(world, 10);
	assert_int_equal(heard(world, 0, "membership is incomplete"), 1);
	world_run(world, DAY_MS + 60000);
	world_unlock(world, 0);
	assert_string_equal(found(world, 0, "incomplete", ""), "info");
	sound(world, 0);
}

static void test_full(void **state)
{
	struct world *world = *state;

	world->nodes[0].node->stored_bytes += FLOW_FULL_BYTES;
	world_run(world, 60000);
	assert_string_equal(found(world, 0, "full", ""), "bad");
	assert_true(warned(world, 0, "the store is full"));
	world->nodes[0].node->stored_bytes -= FLOW_FULL_BYTES;
	world_run(world, 60000);
	assert_string_equal(found(world, 0, "full", ""), "");
}

static void test_poisoned(void **state)
{
	struct world *world = *state;
	struct keyring *ring = &world->nodes[0].node->keyring;

	ring->keys[0].poisoned = true;
	assert_string_equal(found(world, 0, "key", ""), "bad");
	assert_true(warned(world, 0, "not all can open"));
	ring->keys[0].poisoned = false;
	assert_string_equal(found(world, 0, "key", ""), "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_silent),  TEST(test_idle),	 TEST(test_suspended),
		TEST(test_revoked), TEST(test_unequal),	 TEST(test_clock),
		TEST(test_kit),	    TEST(test_frozen),	 TEST(test_incomplete),
		TEST(test_full),    TEST(test_poisoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
