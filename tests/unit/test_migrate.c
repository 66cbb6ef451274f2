/*
 * A new vault out of the old one, through the whole step: what goes into the
 * store beside, and that nothing of the old one changes before the end.
 *
 * Covers: migrate, ask_migrate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "daemon/core/migrate.h"
#include "tests/lib/one.h"

#define CLIENT 7 /* that one_ask is */

static char key_a[] = "12345678901234567890";
static char key_b[] = "abcdefghijklmnopqrst";
static uint8_t seed[KEY_SIZE] = { 42 };

static int setup(void **state)
{
	struct one *one = calloc(1, sizeof(*one));

	one_init(one, 1);
	one_make_vault(one);
	*state = one;
	return 0;
}

static int teardown(void **state)
{
	one_deinit(*state);
	free(*state);
	return 0;
}

static ProtobufCBinaryData data(char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

/* --- asking ---------------------------------------------------------------- */

static void add(struct one *one, char *issuer, char *secret, bool hotp)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries[] = { &entry };
	Fob__OtpValue otp = FOB__OTP_VALUE__INIT;

	otp.type = hotp ? FOB__OTP_TYPE__HOTP : FOB__OTP_TYPE__TOTP;
	otp.algorithm = FOB__ALGORITHM__SHA1;
	otp.digits = 6;
	otp.period = hotp ? 0 : 30;
	otp.secret = data(secret);
	entry.issuer = issuer;
	entry.otp = &otp;
	ask.entries = entries;
	ask.n_entries = 1;
	request.add = &ask;
	assert_int_equal(one_ask(one, &request)->status, STATUS_OK);
}

static const Fob__Reply *list(struct one *one)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk ask = FOB__LIST_ASK__INIT;

	request.list = &ask;
	return one_ask(one, &request);
}

static void give_passphrase(struct one *one, char *text, bool unlock)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk ask = FOB__UNLOCK_ASK__INIT;
	Fob__ConfirmAsk confirm = FOB__CONFIRM_ASK__INIT;

	ask.passphrase = confirm.passphrase = data(text);
	confirm.kind = FOB__CONFIRM__CONFIRM_RECOVERY;
	if (unlock)
		request.unlock = &ask;
	else
		request.confirm = &confirm;
	assert_int_equal(one_ask(one, &request)->status, STATUS_OK);
}

static const Fob__Reply *migrate(struct one *one, char *op)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__MigrateAsk ask = FOB__MIGRATE_ASK__INIT;

	ask.op = op;
	ask.seed = (ProtobufCBinaryData){ sizeof(seed), seed };
	request.migrate = &ask;
	return one_ask(one, &request);
}

static void code(struct one *one, char *query, char ret[static 8])
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__CodeAsk ask = FOB__CODE_ASK__INIT;
	const Fob__Reply *reply;

	ask.query = query;
	request.code = &ask;
	reply = one_ask(one, &request);
	assert_int_equal(reply->status, STATUS_OK);
	memcpy(ret, reply->codes[0]->code, 7);
}

/* --- the old disk ---------------------------------------------------------- */

/* Of all its rows; other orders of the same rows are the same. */
static void disk_sum(const struct one *one, uint8_t ret[static 32])
{
	memset(ret, 0, 32);
	for (size_t i = 0; i < one->n_rows; i++) {
		const struct one_row *row = &one->rows[i];
		uint8_t sum[32];

		crypto_generichash(sum, sizeof(sum), row->data, row->n,
				   row->key, row->key_len);
		for (size_t k = 0; k < sizeof(sum); k++)
			ret[k] ^= sum[k];
	}
}

/* --- tests ----------------------------------------------------------------- */

static void test_carried(void **state)
{
	struct one *one = *state;
	uint8_t before[32], after[32], old[ID_SIZE], id[RECORD_ID_SIZE];
	char first[8], next[8];
	CLEANUP(kit_wipe) struct kit kit;
	const Fob__Reply *reply;

	add(one, "bank", key_a, false);
	add(one, "mail", key_b, true);
	code(one, "mail", first);
	memcpy(id, list(one)->accounts[0]->id.data, sizeof(id));
	memcpy(old, one->node->set.vault_id, sizeof(old));
	give_passphrase(one, "passphrase", false);
	disk_sum(one, before);
	reply = migrate(one, "make");
	assert_int_equal(reply->status, STATUS_OK);
	assert_int_equal(reply->migration->entries, 2);
	assert_non_null(strstr(reply->migration->old, "store.before-2023-11"));
	disk_sum(one, after);
	assert_memory_equal(before, after, sizeof(before));
	assert_true(one->renewing);

	one_renew(one);
	assert_memory_not_equal(one->node->set.vault_id, old, sizeof(old));
	assert_int_equal(one->node->state, NODE_LOCKED);
	give_passphrase(one, "passphrase", true);
	reply = list(one);
	assert_int_equal(reply->n_accounts, 2);
	assert_memory_equal(reply->accounts[0]->id.data, id, sizeof(id));
	code(one, "mail", next);
	assert_string_not_equal(first, next);
	kit_derive(&kit, seed);
	assert_memory_equal(one->node->set.recoveries[0].sign, kit.sign_public,
			    KEY_SIZE);
}

/* Nothing that was drawn at random in one vault is in the other. */
static void test_fresh(void **state)
{
	struct one *one = *state;
	struct device_keys *self = secret_alloc(sizeof(*self));
	uint8_t kid[KID_SIZE];

	add(one, "bank", key_a, false);
	assert_non_null(self);
	*self = *one->node->self;
	memcpy(kid, one->node->set.kids[0].id, sizeof(kid));
	give_passphrase(one, "passphrase", false);
	assert_int_equal(migrate(one, "make")->status, STATUS_OK);
	one_renew(one);
	give_passphrase(one, "passphrase", true);
	assert_memory_not_equal(self->sign_secret, one->node->self->sign_secret,
				32);
	assert_memory_not_equal(self->wrap_secret, one->node->self->wrap_secret,
				32);
	assert_memory_not_equal(self->transport_secret,
				one->node->self->transport_secret, 32);
	assert_memory_not_equal(self->status_secret,
				one->node->self->status_secret, 32);
	assert_memory_not_equal(kid, one->node->set.kids[0].id, sizeof(kid));
	secret_free(self);
}

static void test_needs(void **state)
{
	struct one *one = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LockAsk lock = FOB__LOCK_ASK__INIT;
	const Fob__Reply *reply = migrate(one, "make");

	assert_int_equal(reply->need, FOB__NEED__NEED_CONFIRM);
	assert_int_equal(reply->confirm, FOB__CONFIRM__CONFIRM_RECOVERY);
	give_passphrase(one, "passphrase", false);
	assert_int_equal(migrate(one, "undo")->status, STATUS_USAGE);
	request.lock = &lock;
	assert_int_equal(one_ask(one, &request)->status, STATUS_OK);
	assert_int_equal(migrate(one, "make")->need, FOB__NEED__NEED_UNLOCK);
	assert_int_equal(migrate(one, "look")->need, FOB__NEED__NEED_UNLOCK);
	assert_int_equal(one->n_next, 0);
}

/* What comes in after it was read would be missing. */
static void test_changed_meanwhile(void **state)
{
	struct one *one = *state;
	struct one_step own;
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Group group = FOB__GROUP__INIT;
	uint32_t item;
	const Fob__Reply *reply;

	add(one, "bank", key_a, false);
	give_passphrase(one, "passphrase", false);
	one->hold = true;
	assert_null(migrate(one, "make"));
	assert_true(one->n_next > 0);
	one_step_begin(one, &own);
	head.kind = FOB__KIND__GROUP;
	head.group = &group;
	assert_int_equal(write_head(&own.step, &head, (struct bytes){ NULL, 0 },
				    &item),
			 0);
	one_step_end(one, &own);
	one_release(one);
	reply = one_reply(one, one->next_id - 1);
	assert_int_equal(reply->status, STATUS_CONFLICT);
	assert_int_equal(one->n_next, 0);
	assert_null(one->node->migration);
	assert_int_equal(migrate(one, "make")->status, STATUS_OK);
}

static void test_disk_fails(void **state)
{
	struct one *one = *state;
	const Fob__Reply *reply;

	add(one, "bank", key_a, false);
	give_passphrase(one, "passphrase", false);
	one->next_error = 28;
	reply = migrate(one, "make");
	assert_int_equal(reply->status, STATUS_FAILED);
	assert_non_null(strstr(reply->message, "nothing was changed"));
	assert_int_equal(one->n_next, 0);
	assert_false(one->renewing);
	assert_int_equal(list(one)->n_accounts, 1);
}

static void test_client_gone(void **state)
{
	struct one *one = *state;
	struct event event = { .type = EVENT_CLIENT_GONE, .conn = CLIENT };

	add(one, "bank", key_a, false);
	give_passphrase(one, "passphrase", false);
	one->hold = true;
	assert_null(migrate(one, "make"));
	assert_non_null(one->node->migration);
	one_event(one, &event);
	assert_null(one->node->migration);
	assert_int_equal(one->n_next, 0);
	one_release(one);
	assert_false(one->renewing);
}

static void test_look(void **state)
{
	struct one *one = *state;
	const Fob__Migration *found;
	size_t rows;

	add(one, "bank", key_a, false);
	add(one, "mail", key_b, true);
	give_passphrase(one, "passphrase", false);
	rows = one->n_rows;
	found = migrate(one, "look")->migration;
	assert_int_equal(found->entries, 2);
	assert_int_equal(found->unreadable + found->trashed, 0);
	assert_int_equal(found->conflicts + found->incomplete, 0);
	assert_int_equal(one->n_rows, rows);
	assert_int_equal(one->n_next, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_carried, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fresh, setup, teardown),
		cmocka_unit_test_setup_teardown(test_needs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed_meanwhile, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_disk_fails, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_client_gone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_look, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
