/*
 * New keys for a device whose passphrase is forgotten: who may approve them,
 * what is refused, and what comes of groups. Whole stories, with power cuts,
 * are told in tests/sim.
 * Covers: reset ask_reset vouch replace
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/reset.h"
#include "tests/lib/recovery.h"
#include "tests/lib/renewal.h"

#define ASK_MS 90000

/* a let b in, b let c in, d is a keeper; one account is everywhere. */
static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world_init(world, 11);
	world->quiet = true;
	for (int i = 0; i < 3; i++)
		world_node(world);
	world_make_vault(world, 0);
	world_join(world, 1, 0);
	world_join(world, 2, 1);
	recovery_keeper(world, 0);
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

static void bad(const Fob__Reply *reply, enum status status, const char *text)
{
	assert_non_null(reply);
	if (reply->status != status || !strstr(reply->message, text))
		print_error("%u %s\n", reply->status, reply->message);
	assert_int_equal(reply->status, status);
	assert_non_null(strstr(reply->message, text));
}

static const Fob__Reply *vouch(struct world *world, int node, int whom,
			       const char *words)
{
	return world_wait(world, node,
			  renewal_vouch_begin(world, node, whom, words),
			  ASK_MS);
}

static size_t members(const struct world *world, int node)
{
	const struct set *set = &world->nodes[node].node->set;
	size_t n = 0;

	for (uint32_t i = 0; i < set->n_authors; i++)
		n += set->authors[i].member;
	return n;
}

/* --- who may, and who may not ----------------------------------------------- */

static void only_from_above(void **state)
{
	struct world *world = *state;
	uint32_t asking = renewal_begin(world, 1, NULL);
	char words[128];

	renewal_words(world, 1, asking, words);
	bad(vouch(world, 2, 1, words), STATUS_REFUSED, "stands above");
	bad(vouch(world, 0, 1, "oak oak oak oak oak oak"), STATUS_REFUSED,
	    "not the words");
	bad(vouch(world, 0, 1, ""), STATUS_REFUSED, "not the words");
	bad(vouch(world, 0, 0, words), STATUS_USAGE, "this device");
	bad(vouch(world, 0, 3, words), STATUS_REFUSED, "keeper");
	/* C asks for nothing. */
	bad(vouch(world, 0, 2, words), STATUS_TIMEOUT, "asks for no new keys");
	assert_int_equal(members(world, 0), 4);
	/* Capitals and dashes are as good. */
	for (char *p = words; *p; p++)
		*p = *p == ' ' ? '-' : (char)(*p - 'a' + 'A');
	assert_int_equal(vouch(world, 0, 1, words)->status, STATUS_OK);
	assert_int_equal(world_wait(world, 1, asking, ASK_MS)->status,
			 STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(members(world, 2), 4);
}

static void first_needs_the_kit(void **state)
{
	struct world *world = *state;
	uint8_t seed[KEY_SIZE], wrong[KEY_SIZE] = { 3 };

	bad(world_wait(world, 0, renewal_begin(world, 0, NULL), ASK_MS),
	    STATUS_REFUSED, "--kit");
	bad(world_wait(world, 0, renewal_begin(world, 0, wrong), ASK_MS),
	    STATUS_REFUSED, "do not open this vault");
	bad(world_wait(world, 3, renewal_begin(world, 3, NULL), ASK_MS),
	    STATUS_REFUSED, "keeper");
	assert_int_equal(world->nodes[0].node->state, NODE_UNLOCKED);
	recovery_seed(world, 0, seed);
	assert_int_equal(world_wait(world, 0, renewal_begin(world, 0, seed),
				    ASK_MS)
				 ->status,
			 STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(members(world, 1), 4);
	/* What it opened for a moment is not kept. */
	assert_int_equal(world_code(world, 0, "bank")->status, STATUS_OK);
	/* B and c stay below, and their own devices stay theirs. */
	assert_int_equal(world_revoke(world, 0, "c")->status, STATUS_OK);
}

static void not_asked_twice(void **state)
{
	struct world *world = *state;
	char words[128], again[128];
	uint32_t asking = renewal_begin(world, 1, NULL);

	renewal_words(world, 1, asking, words);
	bad(world_wait(world, 1, renewal_begin(world, 1, NULL), ASK_MS),
	    STATUS_CONFLICT, "already");
	recovery_gone(world, 1);
	/* Another passphrase: nothing was signed, so there are other keys. */
	asking = renewal_begin_with(world, 1, "CANARY!! other");
	renewal_words(world, 1, asking, again);
	assert_string_not_equal(words, again);
	bad(vouch(world, 0, 1, words), STATUS_REFUSED, "not the words");
	assert_int_equal(vouch(world, 0, 1, again)->status, STATUS_OK);
	assert_int_equal(world_wait(world, 1, asking, ASK_MS)->status,
			 STATUS_OK);
}

/* The person changes his mind: the old keys still work. */
static void given_up(void **state)
{
	struct world *world = *state;
	char words[128];

	renewal_words(world, 1, renewal_begin(world, 1, NULL), words);
	assert_int_equal(world->nodes[1].node->state, NODE_LOCKED);
	recovery_gone(world, 1);
	world_unlock(world, 1);
	bad(vouch(world, 0, 1, words), STATUS_TIMEOUT, "did not answer");
	assert_int_equal(world_add(world, 1, "more", 2)->status, STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(members(world, 0), 4);
}

static void late(void **state)
{
	struct world *world = *state;
	uint32_t asking = renewal_begin(world, 1, NULL);

	world_cut(world, 0, 1, true);
	bad(world_wait(world, 1, asking, RESET_MS + ASK_MS), STATUS_TIMEOUT,
	    "in time");
	bad(vouch(world, 0, 1, "oak"), STATUS_TIMEOUT, "not connected");
}

/* --- groups ------------------------------------------------------------------- */

static const Fob__Reply *create(struct world *world, int node, const char *name,
				const char *device)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__GroupAsk ask = FOB__GROUP_ASK__INIT;
	char op[] = "create", text[32], whom[32], *devices[] = { whom };

	snprintf(text, sizeof(text), "%s", name);
	snprintf(whom, sizeof(whom), "%s", device);
	ask.op = op;
	ask.name = text;
	ask.devices = devices;
	ask.n_devices = device[0] ? 1 : 0;
	request.group = &ask;
	return world_ask(world, node, &request);
}

/* The group that was made last, as a node sees it. */
static bool reads(const struct world *world, int node, int who)
{
	const struct node *n = world->nodes[node].node;
	uint32_t author = set_author(&n->set, world->nodes[who].node->self->id);

	assert_true(n->roster.n_groups > 1);
	return roster_reads(&n->roster,
			    n->roster.groups[n->roster.n_groups - 1].group,
			    author);
}

static void groups_come_along(void **state)
{
	struct world *world = *state;

	assert_int_equal(create(world, 0, "root", "b")->status, STATUS_OK);
	assert_true(world_settle(world, 60000));
	renewal(world, 1, 0);
	assert_true(world_settle(world, 60000));
	assert_true(reads(world, 2, 1));
	assert_false(reads(world, 2, 2));
	assert_true(keyring_complete(&world->nodes[1].node->keyring,
				     world->nodes[1].node->self_author));
}

/* What it alone reads would be lost with its keys, but for the kit. */
static void alone_in_a_group(void **state)
{
	struct world *world = *state;
	uint8_t seed[KEY_SIZE];
	char words[128];
	uint32_t asking;

	assert_int_equal(create(world, 1, "own", "")->status, STATUS_OK);
	assert_true(world_settle(world, 60000));
	asking = renewal_begin(world, 1, NULL);
	renewal_words(world, 1, asking, words);
	bad(vouch(world, 0, 1, words), STATUS_REFUSED, "alone reads");
	recovery_gone(world, 1);
	recovery_seed(world, 0, seed);
	assert_int_equal(world_wait(world, 1, renewal_begin(world, 1, seed),
				    ASK_MS)
				 ->status,
			 STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_true(reads(world, 1, 1));
	assert_false(reads(world, 1, 0));
	assert_true(keyring_complete(&world->nodes[1].node->keyring,
				     world->nodes[1].node->self_author));
}

/* --- words and what strangers say ------------------------------------------------ */

static void words_stand_for_all_keys(void **state)
{
	struct world *world = *state;
	struct node *a = world->nodes[0].node;
	struct device_keys *keys = secret_alloc(sizeof(*keys));
	uint8_t entropy[KEY_SIZE] = { 7 };
	Fob__Certificate certificate;
	char words[RESET_WORDS_SIZE], other[RESET_WORDS_SIZE];
	ProtobufCBinaryData *fields[] = { &certificate.sign,
					  &certificate.status,
					  &certificate.wrap,
					  &certificate.transport };

	device_make(keys, entropy);
	device_certificate(keys, &certificate);
	reset_words(a, 0, &certificate, words);
	reset_words(a, 1, &certificate, other);
	assert_string_not_equal(words, other);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i]->data[5] ^= 1;
		reset_words(a, 0, &certificate, other);
		assert_string_not_equal(words, other);
		fields[i]->data[5] ^= 1;
	}
	reset_words(a, 0, &certificate, other);
	assert_string_equal(words, other);
	secret_free(keys);
}

/* Nobody is signed for, and nobody is let in, who was not asked. */
static void unasked(void **state)
{
	struct world *world = *state;
	struct node *b = world->nodes[1].node;
	struct effects effects;
	struct event event = { .mono = b->mono, .wall = b->wall };
	struct step step = { .node = b, .event = &event, .effects = &effects };
	Fob__Reset offer = FOB__RESET__INIT, answer = FOB__RESET__INIT;
	Fob__Reset ask = FOB__RESET__INIT;
	Fob__Certificate certificate = FOB__CERTIFICATE__INIT;
	uint8_t bytes[SIGNATURE_SIZE] = { 0 };
	struct sync_peer *peer = sync_peer_of(&b->sync, 0);

	effects_init(&effects);
	assert_non_null(peer);
	offer.ordinal = 9;
	assert_int_equal(reset_message(&step, peer, &offer), 0);
	answer.join_sig = (ProtobufCBinaryData){ sizeof(bytes), bytes };
	assert_int_equal(reset_message(&step, peer, &answer), 0);
	ask.device = &certificate;
	assert_int_equal(reset_message(&step, peer, &ask), SYNC_ERR_PROTOCOL);
	assert_int_equal(effects.n, 0);
	assert_int_equal(b->sync.n_out, 0);
	effects_deinit(&effects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_from_above, setup,
						teardown),
		cmocka_unit_test_setup_teardown(first_needs_the_kit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(not_asked_twice, setup,
						teardown),
		cmocka_unit_test_setup_teardown(given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(late, setup, teardown),
		cmocka_unit_test_setup_teardown(groups_come_along, setup,
						teardown),
		cmocka_unit_test_setup_teardown(alone_in_a_group, setup,
						teardown),
		cmocka_unit_test_setup_teardown(words_stand_for_all_keys, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unasked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
