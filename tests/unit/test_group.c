/*
 * Groups in a world of three: all hold all ciphertext, only readers read. The
 * sealed name; rules of what is to be apart; backup codes.
 *
 * Covers: title, ask_group, ask_apart, ask_backup.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/trust/title.h"
#include "proto/text.h"
#include "tests/lib/world.h"

static char root[] = "CANARY!!-root", b_name[] = "b", c_name[] = "c";
static char create[] = "create", grant[] = "grant", deny[] = "deny";
static char none[] = "", aws[] = "aws", bank[] = "bank";

static const Fob__Reply *group(struct world *world, int node, char *op,
			       char *name, char *device)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__GroupAsk ask = FOB__GROUP_ASK__INIT;
	char *devices[] = { device };

	ask.op = op;
	ask.name = name;
	ask.devices = devices;
	ask.n_devices = device[0] != '\0';
	request.group = &ask;
	return world_ask(world, node, &request);
}

static const Fob__Reply *move(struct world *world, int node, char *query,
			      char *to)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;

	ask.query = query;
	ask.group = to;
	request.edit = &ask;
	return world_ask(world, node, &request);
}

/* a made the vault and let b and c in; "aws" is in a group of a and b. */
static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world_init(world, 13);
	for (int i = 0; i < 3; i++)
		world_node(world);
	world_make_vault(world, 0);
	world_join(world, 1, 0);
	world_join(world, 2, 0);
	world_add(world, 0, "bank", 1);
	world_add(world, 0, "aws", 2);
	assert_int_equal(group(world, 0, create, root, b_name)->status,
			 STATUS_OK);
	assert_int_equal(move(world, 0, aws, root)->status, STATUS_OK);
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

static size_t accounts(struct world *world, int node, const char *query)
{
	return world_list(world, node, query)->n_accounts;
}

static bool on_disk(const struct world *world, int node, const char *text)
{
	size_t m = strlen(text);

	for (int t = 0; t < TABLES; t++) {
		const struct disk_table *table =
			&world->nodes[node].disk.tables[t];

		for (size_t i = 0; i < table->n; i++)
			for (size_t k = 0; k + m <= table->rows[i].n; k++)
				if (!memcmp(table->rows[i].data + k, text, m))
					return true;
	}
	return false;
}

static void test_readers(void **state)
{
	struct world *world = *state;
	const struct node *c = world->nodes[2].node;
	size_t unread = 0;

	assert_int_equal(accounts(world, 1, "aws"), 1);
	assert_string_equal(world_list(world, 1, "aws")->accounts[0]->group,
			    root);
	/* c holds the blob, and has no key for it. */
	assert_int_equal(accounts(world, 2, "aws"), 0);
	assert_int_equal(world_code(world, 2, "aws")->status, STATUS_NOT_FOUND);
	for (uint32_t i = 0; i < c->set.n_items; i++) {
		const struct set_item *item = &c->set.items[i];

		if (item->kind != FOB__KIND__ENTRY ||
		    c->set.records[item->content].group == 0)
			continue;
		assert_true(item->flags & SET_BLOB);
		assert_null(
			keyring_secret(&c->keyring, c->set.kids[item->kid].id));
		unread++;
	}
	assert_int_equal(unread, 1);
	/* Its name is nobody's but its readers'. */
	for (int i = 0; i < 3; i++)
		assert_false(on_disk(world, i, root));
	assert_int_equal(group(world, 2, grant, root, c_name)->status,
			 STATUS_NOT_FOUND);
}

static void test_grant_deny(void **state)
{
	struct world *world = *state;

	assert_int_equal(group(world, 1, grant, root, c_name)->status,
			 STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(accounts(world, 2, "aws"), 1);
	assert_int_equal(group(world, 0, deny, root, c_name)->status,
			 STATUS_OK);
	world_add(world, 0, "later", 3);
	assert_true(world_settle(world, 60000));
	assert_int_equal(
		world_set_field(world, 0, "aws", "note", "new")->status,
		STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(accounts(world, 2, "later"), 1);
	/* The newest version is under a key that it never gets. */
	assert_int_equal(accounts(world, 2, "aws"), 0);
	/* And in again: the removal is undone. */
	assert_int_equal(group(world, 0, grant, root, c_name)->status,
			 STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(accounts(world, 2, "aws"), 1);
	/* A junior puts no senior out of what that one made. */
	group(world, 2, deny, root, "a");
	assert_true(world_settle(world, 60000));
	assert_int_equal(accounts(world, 0, "aws"), 1);
}

static void test_move(void **state)
{
	struct world *world = *state;
	char main_name[] = "main", nothing[] = "nothing";

	assert_int_equal(world_status(world, 0)->vault->trashed, 1);
	assert_int_equal(move(world, 0, aws, nothing)->status,
			 STATUS_NOT_FOUND);
	assert_int_equal(move(world, 0, aws, main_name)->status, STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(accounts(world, 2, "aws"), 1);
	assert_int_equal(world_code(world, 2, "aws")->status, STATUS_OK);
}

static const Fob__Reply *apart(struct world *world, char *op, char *a, char *b)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ApartAsk ask = FOB__APART_ASK__INIT;

	ask.op = op;
	ask.a = a;
	ask.b = b;
	request.apart = &ask;
	return world_ask(world, 0, &request);
}

/* The rules, as "a | b: who reads both" in one line. */
static void rules(struct world *world, char ret[static 256])
{
	const struct world_node *a = &world->nodes[0];
	uint32_t id = apart(world, none, none, none)->id;
	size_t n = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < a->n_replies; i++)
		for (size_t k = 0; k < a->replies[i]->n_apart; k++) {
			const Fob__ApartInfo *info = a->replies[i]->apart[k];

			if (a->replies[i]->id != id)
				continue;
			n += (size_t)snprintf(ret + n, 256 - n,
					      "%s | %s:", info->a, info->b);
			for (size_t j = 0; j < info->n_both; j++)
				n += (size_t)snprintf(ret + n, 256 - n, " %s",
						      info->both[j]);
			n += (size_t)snprintf(ret + n, 256 - n, "; ");
		}
}

/* a and b read both groups, c does not read the one. */
static void test_rules(void **state)
{
	struct world *world = *state;
	char add[] = "add", rm[] = "rm", text[256];

	rules(world, text);
	assert_string_equal(text, "");
	assert_int_equal(apart(world, add, root, bank)->status, STATUS_OK);
	assert_int_equal(apart(world, add, aws, bank)->status, STATUS_OK);
	rules(world, text);
	assert_non_null(strstr(text, "bank/me | CANARY!!-root: a b; "));
	assert_non_null(strstr(text, "aws/me | bank/me: a b; "));
	/* In either order it is the same rule. */
	assert_int_equal(apart(world, rm, bank, aws)->status, STATUS_OK);
	rules(world, text);
	assert_string_equal(text, "bank/me | CANARY!!-root: a b; ");
	/* Who reads only one of the two any more is not named. */
	assert_int_equal(group(world, 0, deny, root, b_name)->status,
			 STATUS_OK);
	assert_true(world_settle(world, 60000));
	rules(world, text);
	assert_string_equal(text, "bank/me | CANARY!!-root: a; ");
}

static void test_apart(void **state)
{
	struct world *world = *state;
	char add[] = "add", rm[] = "rm", main_name[] = "main";

	assert_int_equal(apart(world, add, bank, bank)->status, STATUS_USAGE);
	assert_int_equal(apart(world, add, root, main_name)->status,
			 STATUS_USAGE);
	assert_int_equal(apart(world, rm, bank, aws)->status, STATUS_NOT_FOUND);
	assert_int_equal(apart(world, add, root, bank)->status, STATUS_OK);
	assert_int_equal(apart(world, add, aws, bank)->status, STATUS_OK);
	/* Said the other way around it is the same rule. */
	assert_int_equal(apart(world, rm, bank, aws)->status, STATUS_OK);
	assert_int_equal(apart(world, rm, bank, root)->status, STATUS_OK);
}

static const Fob__Reply *backup(struct world *world, int node, char *op,
				char *code)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__BackupAsk ask = FOB__BACKUP_ASK__INIT;
	ProtobufCBinaryData codes[] = { { strlen(code), (uint8_t *)code } };

	ask.op = op;
	ask.query = bank;
	ask.codes = codes;
	ask.n_codes = code[0] != '\0';
	request.backup = &ask;
	return world_ask(world, node, &request);
}

static void test_backup(void **state)
{
	struct world *world = *state;
	char add[] = "add", use[] = "use", list[] = "list";
	char one[] = "1111", bad[] = "a\nb";
	const Fob__Reply *reply;

	assert_int_equal(backup(world, 0, use, none)->status, STATUS_NOT_FOUND);
	assert_int_equal(backup(world, 0, add, none)->status, STATUS_USAGE);
	assert_int_equal(backup(world, 0, add, bad)->status, STATUS_USAGE);
	assert_int_equal(backup(world, 0, add, one)->status, STATUS_OK);
	assert_int_equal(backup(world, 0, add, one)->status, STATUS_OK);
	reply = backup(world, 0, list, none);
	assert_int_equal(reply->shown->n_fields, 1);
	assert_int_equal(reply->shown->fields[0]->value.len, 0);
	reply = backup(world, 0, use, none);
	assert_int_equal(reply->status, STATUS_OK);
	assert_memory_equal(reply->shown->fields[0]->value.data, one, 4);
	/* Used is used, on all devices, also when it is put in again. */
	assert_int_equal(backup(world, 0, add, one)->status, STATUS_OK);
	assert_true(world_settle(world, 60000));
	assert_int_equal(backup(world, 1, use, none)->status, STATUS_NOT_FOUND);
}

static const Fob__Reply *reveal(struct world *world)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__BackupAsk ask = FOB__BACKUP_ASK__INIT;
	char op[] = "list";

	ask.op = op;
	ask.query = bank;
	ask.reveal = true;
	request.backup = &ask;
	return world_ask(world, 0, &request);
}

/* Codes are shown after the passphrase was given again for that, not before. */
static void test_reveal(void **state)
{
	struct world *world = *state;
	char add[] = "add", one[] = "1111", bad[] = "show";
	const Fob__Reply *reply;

	assert_int_equal(backup(world, 0, bad, none)->status, STATUS_USAGE);
	assert_int_equal(backup(world, 0, add, one)->status, STATUS_OK);
	reply = reveal(world);
	assert_int_equal(reply->need, FOB__NEED__NEED_CONFIRM);
	assert_int_equal(reply->confirm, FOB__CONFIRM__CONFIRM_REVEAL);
	assert_null(reply->shown);
	/* For another kind is not for this one. */
	world_confirm(world, 0, FOB__CONFIRM__CONFIRM_EXPORT);
	assert_int_equal(reveal(world)->need, FOB__NEED__NEED_CONFIRM);
	world_confirm(world, 0, FOB__CONFIRM__CONFIRM_REVEAL);
	reply = reveal(world);
	assert_int_equal(reply->status, STATUS_OK);
	assert_int_equal(reply->shown->n_fields, 1);
	assert_int_equal(reply->shown->fields[0]->value.len, 4);
	assert_memory_equal(reply->shown->fields[0]->value.data, one, 4);
	/* It is over after a while. */
	world_run(world, FRESH_MS + 1000);
	assert_int_equal(reveal(world)->need, FOB__NEED__NEED_CONFIRM);
}

/* --- the sealed name ------------------------------------------------------- */

static void test_title(void **state UNUSED)
{
	static const uint8_t vault[ID_SIZE] = { 1 }, id[GROUP_ID_SIZE] = { 2 };
	static const uint8_t kid[KID_SIZE] = { 3 }, key[KEY_SIZE] = { 4 };
	static const uint8_t nonce[NONCE_SIZE] = { 5 };
	static const uint8_t other[KEY_SIZE] = { 6 };
	struct title title = { vault, id, kid, key };
	uint8_t sealed[TITLE_SIZE];
	char name[TITLE_MAX + 1], longest[TITLE_MAX + 1];
	size_t n = title_seal(sealed, &title, text_of("root"), nonce);

	/* One length for short names, so that it tells nothing. */
	assert_int_equal(n, KID_SIZE + NONCE_SIZE + TITLE_PAD + TAG_SIZE);
	assert_memory_equal(title_kid((struct bytes){ sealed, n }), kid,
			    KID_SIZE);
	assert_int_equal(title_open(name, &title, (struct bytes){ sealed, n }),
			 0);
	assert_string_equal(name, "root");
	for (size_t i = KID_SIZE; i < n; i++) {
		sealed[i] ^= 1;
		assert_int_equal(title_open(name, &title,
					    (struct bytes){ sealed, n }),
				 TITLE_ERR_FORGED);
		sealed[i] ^= 1;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(title_open(name, &title,
					    (struct bytes){ sealed, i }),
				 TITLE_ERR_FORGED);
	title.group = other; /* of another group */
	assert_int_equal(title_open(name, &title, (struct bytes){ sealed, n }),
			 TITLE_ERR_FORGED);
	title.group = id;
	title.key = other;
	assert_int_equal(title_open(name, &title, (struct bytes){ sealed, n }),
			 TITLE_ERR_FORGED);
	memset(longest, 'x', TITLE_MAX);
	longest[TITLE_MAX] = '\0';
	n = title_seal(sealed, &title, text_of(longest), nonce);
	assert_int_equal(n, TITLE_SIZE);
	assert_int_equal(title_open(name, &title, (struct bytes){ sealed, n }),
			 0);
	assert_string_equal(name, longest);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_readers), TEST(test_grant_deny),
		TEST(test_move),    TEST(test_apart),
		TEST(test_rules),   TEST(test_backup),
		TEST(test_reveal),  cmocka_unit_test(test_title),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
