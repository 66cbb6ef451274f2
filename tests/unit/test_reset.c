/*
 * New keys for a device whose passphrase is forgotten: who may approve them,
 * what is refused, and what comes of groups. Whole stories, with power cuts,
 * are told in tests/sim.
 * Covers: reset ask_reset vouch replace
 */
#define _GNU_SOURCE /* memmem */
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
	asking = renewal_begin_with(world, 1, "CANARY!! other", NULL);
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

/* --- what opened the old keys --------------------------------------------------- */

static char touch_secret[KEY_SIZE + 1] = "secretsecretsecretsecretsecretse";
static char key_bytes[] = "sixteen bytes and more";

static ProtobufCBinaryData data(char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

/* B has a key file and a security key besides the passphrase. */
static void add_openers(struct world *world)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SlotsAsk file = FOB__SLOTS_ASK__INIT, touch = FOB__SLOTS_ASK__INIT;
	Fob__Fido2 fido2 = FOB__FIDO2__INIT;
	char credential[] = "credential", rp[] = "fob";

	world_confirm(world, 1, FOB__CONFIRM__CONFIRM_PASSPHRASE);
	file.add_key_file = data(key_bytes);
	request.slots = &file;
	assert_int_equal(world_ask(world, 1, &request)->status, STATUS_OK);
	fido2.credential = data(credential);
	fido2.rp = rp;
	fido2.salt = fido2.secret = data(touch_secret);
	touch.add_fido2 = &fido2;
	request.slots = &touch;
	assert_int_equal(world_ask(world, 1, &request)->status, STATUS_OK);
	assert_int_equal(world->nodes[1].node->n_slots, 3);
}

/* Unlocks with exactly one of the three, or gives it again. */
static const Fob__Reply *open_with(struct world *world, char *passphrase,
				   char *file, char *slot, bool again)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk unlock = FOB__UNLOCK_ASK__INIT;
	Fob__ConfirmAsk confirm = FOB__CONFIRM_ASK__INIT;
	Fob__Fido2Secret fido2 = FOB__FIDO2_SECRET__INIT;

	fido2.slot = slot ? slot : fido2.slot;
	fido2.secret = data(touch_secret);
	unlock.passphrase = data(passphrase ? passphrase : "");
	unlock.key_file = data(file ? file : "");
	unlock.fido2 = slot ? &fido2 : NULL;
	confirm.passphrase = unlock.passphrase;
	confirm.key_file = unlock.key_file;
	confirm.fido2 = unlock.fido2;
	confirm.kind = FOB__CONFIRM__CONFIRM_PASSPHRASE;
	if (again)
		request.confirm = &confirm;
	else
		request.unlock = &unlock;
	return world_ask(world, 1, &request);
}

/* How often b's disk has those bytes in a row of its own. */
static size_t on_disk(const struct world *world, struct bytes part)
{
	const struct disk_table *table =
		&world->nodes[1].disk.tables[TABLE_LOCAL];
	size_t n = 0;

	for (size_t i = 0; i < table->n; i++)
		n += memmem(table->rows[i].data, table->rows[i].n, part.p,
			    part.n) != NULL;
	return n;
}

static void old_openers_refused(struct world *world, bool again)
{
	bad(open_with(world, WORLD_PASSPHRASE, NULL, NULL, again),
	    STATUS_REFUSED, "wrong passphrase");
	bad(open_with(world, NULL, key_bytes, NULL, again), STATUS_REFUSED,
	    "no key file slot");
	for (char slot[] = "fido2-1"; slot[6] <= '9'; slot[6]++)
		bad(open_with(world, NULL, NULL, slot, again), STATUS_REFUSED,
		    "no security key slot");
}

/* Neither a passphrase of before, nor a file, nor a key that is touched. */
static void old_openers_open_nothing(struct world *world, const uint8_t *seed)
{
	char fresh[] = "CANARY!! other", words[128];
	struct slot old[3];
	uint8_t row[DEVICE_ROW_MAX];
	struct bytes device = { row, 0 };
	uint32_t asking;

	add_openers(world);
	memcpy(old, world->nodes[1].node->slots, sizeof(old));
	device.n = world->nodes[1].node->device_row_len;
	memcpy(row, world->nodes[1].node->device_row, device.n);
	assert_int_equal(on_disk(world, device), 1);
	asking = renewal_begin_with(world, 1, fresh, seed);
	if (!seed) {
		renewal_words(world, 1, asking, words);
		assert_int_equal(vouch(world, 0, 1, words)->status, STATUS_OK);
	}
	assert_int_equal(world_wait(world, 1, asking, ASK_MS)->status,
			 STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(world->nodes[1].node->n_slots, 1);
	assert_int_equal(on_disk(world, device), 0);
	for (size_t i = 0; i < ARRAY_SIZE(old); i++)
		assert_int_equal(on_disk(world, BYTES(old[i].salt)), 0);
	old_openers_refused(world, true);
	world_kill(world, 1);
	world_start(world, 1);
	old_openers_refused(world, false);
	assert_int_equal(open_with(world, fresh, NULL, NULL, false)->status,
			 STATUS_OK);
	assert_int_equal(world_code(world, 1, "bank")->status, STATUS_OK);
}

static void old_openers_after_approval(void **state)
{
	old_openers_open_nothing(*state, NULL);
}

static void old_openers_after_the_kit(void **state)
{
	struct world *world = *state;
	uint8_t seed[KEY_SIZE];

	recovery_seed(world, 0, seed);
	old_openers_open_nothing(world, seed);
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

/* Keys are signed for who stands above, and for nobody else. */
static void offered_from_below(void **state)
{
	struct world *world = *state;
	struct node *b = world->nodes[1].node;
	struct event event = { .mono = b->mono, .wall = b->wall };
	Fob__Reset offer = FOB__RESET__INIT;
	uint8_t *const ids[] = { world->nodes[2].id, world->nodes[0].id };
	char words[128];

	offer.ordinal = 9;
	renewal_words(world, 1, renewal_begin(world, 1, NULL), words);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct effects effects;
		struct step step = { .node = b,
				     .event = &event,
				     .effects = &effects };
		struct sync_peer *peer =
			sync_peer_of(&b->sync, set_author(&b->set, ids[i]));

		effects_init(&effects);
		assert_non_null(peer);
		assert_int_equal(reset_message(&step, peer, &offer), 0);
		assert_int_equal(b->reset->offered, i == 1);
		assert_int_equal(effects.n, i);
		assert_int_equal(b->sync.n_out, i);
		effects_deinit(&effects);
	}
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
		cmocka_unit_test_setup_teardown(old_openers_after_approval,
						setup, teardown),
		cmocka_unit_test_setup_teardown(old_openers_after_the_kit,
						setup, teardown),
		cmocka_unit_test_setup_teardown(words_stand_for_all_keys, setup,
						teardown),
		cmocka_unit_test_setup_teardown(unasked, setup, teardown),
		cmocka_unit_test_setup_teardown(offered_from_below, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
