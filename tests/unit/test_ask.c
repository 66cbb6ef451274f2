/*
 * What clients ask about entries, through the whole step, with a disk in
 * memory: see tests/lib/one.h.
 *
 * Covers: account, change, saying, clock, ask_add, ask_list, ask_show, ask_code, ask_edit,
 * ask_exported, ask_trash, ask_history, ask_revert, ask_resolve, open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/account.h"
#include "tests/lib/one.h"

static char rfc_key[] = "12345678901234567890"; /* RFC 4226, 6238 */
static char other_key[] = "abcdefghijklmnopqrst";
static char third_key[] = "ABCDEFGHIJKLMNOPQRST";

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

static Fob__OtpValue totp(char *secret)
{
	Fob__OtpValue otp = FOB__OTP_VALUE__INIT;

	otp.type = FOB__OTP_TYPE__TOTP;
	otp.algorithm = FOB__ALGORITHM__SHA1;
	otp.digits = 8;
	otp.period = 30;
	otp.secret = data(secret);
	return otp;
}

static Fob__OtpValue hotp(char *secret, uint64_t counter)
{
	Fob__OtpValue otp = totp(secret);

	otp.type = FOB__OTP_TYPE__HOTP;
	otp.digits = 6;
	otp.period = 0;
	otp.counter = counter;
	return otp;
}

static const Fob__Reply *add(struct one *one, char *issuer, char *account,
			     Fob__OtpValue *otp)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries[] = { &entry };

	entry.issuer = issuer;
	entry.account = account;
	entry.otp = otp;
	ask.entries = entries;
	ask.n_entries = 1;
	request.add = &ask;
	return one_ask(one, &request);
}

static void must_add(struct one *one, char *issuer, char *account,
		     Fob__OtpValue otp)
{
	const Fob__Reply *reply = add(one, issuer, account, &otp);

	assert_int_equal(reply->status, STATUS_OK);
	assert_int_equal(reply->added->n_results, 1);
	assert_int_equal(reply->added->results[0]->id.len, RECORD_ID_SIZE);
}

static const Fob__Reply *list(struct one *one, char *query, bool one_only)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk ask = FOB__LIST_ASK__INIT;

	ask.query = query;
	ask.one = one_only;
	request.list = &ask;
	return one_ask(one, &request);
}

static const Fob__Reply *code(struct one *one, char *query, uint64_t at,
			      bool all)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__CodeAsk ask = FOB__CODE_ASK__INIT;

	ask.query = query;
	ask.at = at;
	ask.all = all;
	request.code = &ask;
	return one_ask(one, &request);
}

static const Fob__Reply *edit(struct one *one, Fob__EditAsk *ask)
{
	Fob__Request request = FOB__REQUEST__INIT;

	request.edit = ask;
	return one_ask(one, &request);
}

static const Fob__Reply *set_field(struct one *one, char *query, char *key,
				   char *value)
{
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	Fob__FieldValue field = FOB__FIELD_VALUE__INIT, *fields[] = { &field };

	field.key = key;
	field.value = data(value);
	ask.query = query;
	ask.set = fields;
	ask.n_set = 1;
	return edit(one, &ask);
}

static const Fob__Reply *show(struct one *one, char *query, bool reveal)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ShowAsk ask = FOB__SHOW_ASK__INIT;

	ask.query = query;
	ask.reveal = reveal;
	request.show = &ask;
	return one_ask(one, &request);
}

static const Fob__Reply *confirm(struct one *one, uint32_t kind, char *text)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ConfirmAsk ask = FOB__CONFIRM_ASK__INIT;

	ask.kind = kind;
	ask.passphrase = data(text);
	request.confirm = &ask;
	return one_ask(one, &request);
}

static const Fob__Reply *remove_entry(struct one *one, char *query)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RemoveAsk ask = FOB__REMOVE_ASK__INIT;

	ask.query = query;
	request.remove = &ask;
	return one_ask(one, &request);
}

static const Fob__Reply *trash(struct one *one, char *op, char *id)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__TrashAsk ask = FOB__TRASH_ASK__INIT;

	ask.op = op;
	ask.id = id;
	request.trash = &ask;
	return one_ask(one, &request);
}

static const Fob__Reply *history(struct one *one, char *query)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__HistoryAsk ask = FOB__HISTORY_ASK__INIT;

	ask.query = query;
	request.history = &ask;
	return one_ask(one, &request);
}

static const Fob__Reply *revert(struct one *one, char *query, char *version)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RevertAsk ask = FOB__REVERT_ASK__INIT;

	ask.query = query;
	ask.version = version;
	request.revert = &ask;
	return one_ask(one, &request);
}

static const Fob__Reply *resolve(struct one *one, char *query, char *keep,
				 bool keep_all)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ResolveAsk ask = FOB__RESOLVE_ASK__INIT;

	ask.query = query;
	ask.keep = keep;
	ask.keep_all = keep_all;
	request.resolve = &ask;
	return one_ask(one, &request);
}

static void expect(const Fob__Reply *reply, enum status status,
		   const char *part)
{
	assert_non_null(reply);
	if (reply->status != status || !strstr(reply->message, part))
		print_error("%u: %s\n", reply->status, reply->message);
	assert_int_equal(reply->status, status);
	assert_non_null(strstr(reply->message, part));
}

static void expect_code(const Fob__Reply *reply, const char *want)
{
	expect(reply, STATUS_OK, "");
	assert_int_equal(reply->n_codes, 1);
	assert_string_equal(reply->codes[0]->code, want);
}

/* --- adding ---------------------------------------------------------------- */

static void test_add_and_list(void **state)
{
	struct one *one = *state;
	const Fob__Reply *reply;

	must_add(one, "Zoo", "z", totp(rfc_key));
	must_add(one, "Ant", "a", hotp(other_key, 5));
	reply = list(one, "", false);
	assert_int_equal(reply->n_accounts, 2);
	assert_string_equal(reply->accounts[0]->issuer, "Ant");
	assert_string_equal(reply->accounts[0]->type, "hotp");
	assert_int_equal(reply->accounts[0]->counter, 5);
	assert_string_equal(reply->accounts[1]->type, "totp");
	assert_string_equal(reply->accounts[1]->algorithm, "SHA1");
	assert_string_equal(reply->accounts[1]->group, "main");
	assert_int_equal(reply->accounts[1]->digits, 8);
	assert_int_equal(reply->accounts[1]->copies, 0);
	assert_int_equal(reply->accounts[1]->version.len, 16);
	/* On disk before the reply, and there again after a restart. */
	one_restart(one);
	expect(list(one, "", false), STATUS_LOCKED, "");
	assert_int_equal(one->replies[0]->need, FOB__NEED__NEED_UNLOCK);
}

static void test_add_order(void **state)
{
	struct one *one = *state;
	const char *put;

	must_add(one, "Git", "a", totp(rfc_key));
	put = strchr(one->log, 'P');
	assert_non_null(put);
	assert_true(put < strchr(one->log, 'R'));
	assert_null(strchr(strchr(one->log, 'R'), 'P'));
}

static void test_list_none(void **state)
{
	struct one *one = *state;

	expect(list(one, "nothing", false), STATUS_OK, "");
	assert_int_equal(one->replies[0]->n_accounts, 0);
	expect(list(one, "no\"thing", true), STATUS_NOT_FOUND, "no\"thing");
}

static void test_list_one(void **state)
{
	struct one *one = *state;
	const Fob__Reply *reply;

	must_add(one, "Git", "a", totp(rfc_key));
	must_add(one, "Git", "b", totp(other_key));
	reply = list(one, "git", true);
	expect(reply, STATUS_AMBIGUOUS, "matches 2");
	assert_int_equal(reply->n_accounts, 2);
	reply = list(one, "Git/b", true);
	expect(reply, STATUS_OK, "");
	assert_int_equal(reply->n_accounts, 1);
	assert_string_equal(reply->accounts[0]->account, "b");
}

static void test_list_filters(void **state)
{
	struct one *one = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk ask = FOB__LIST_ASK__INIT;
	char work[] = "work", nowhere[] = "nowhere", main_group[] = "main";

	must_add(one, "Git", "a", totp(rfc_key));
	must_add(one, "Loo", "b", totp(other_key));
	expect(set_field(one, "Git", "tag/work", "1"), STATUS_OK, "");
	request.list = &ask;
	ask.tag = work;
	ask.group = main_group;
	assert_int_equal(one_ask(one, &request)->n_accounts, 1);
	assert_string_equal(one->replies[0]->accounts[0]->tags[0], "work");
	ask.group = nowhere;
	expect(one_ask(one, &request), STATUS_NOT_FOUND, "nowhere");
}

/* More than one reply holds: each under its bound, all of them there. */
static void test_list_many(void **state)
{
	struct one *one = *state;
	char secret[8] = "s000000", name[8] = "n000";
	size_t n = 0;

	for (int i = 0; i < 150; i++) {
		secret[1] = name[1] = (char)('0' + i / 100);
		secret[2] = name[2] = (char)('0' + i / 10 % 10);
		secret[3] = name[3] = (char)('0' + i % 10);
		must_add(one, "Many", name, totp(secret));
	}
	assert_non_null(list(one, "", false));
	assert_int_equal(one->n_replies, 3);
	for (size_t i = 0; i < one->n_replies; i++)
		n += one->replies[i]->n_accounts;
	assert_int_equal(n, 150);
	assert_non_null(code(one, "", 59000, true));
	n = 0;
	for (size_t i = 0; i < one->n_replies; i++)
		n += one->replies[i]->n_codes;
	assert_int_equal(n, 150);
	expect(list(one, "many", true), STATUS_AMBIGUOUS, "matches 150");
	assert_int_equal(one->replies[0]->n_accounts, ACCOUNT_BATCH);
}

static void test_duplicate(void **state)
{
	struct one *one = *state;
	Fob__OtpValue otp = totp(rfc_key);
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT;
	Fob__NewEntry *entries[] = { &entry, &entry };
	char twice[] = "Twice";
	const Fob__Reply *reply;

	must_add(one, "First", "me", otp);
	reply = add(one, "Second", "me", &otp);
	expect(reply, STATUS_CONFLICT, "First/me");
	assert_string_equal(reply->added->results[0]->duplicate_of, "First/me");
	assert_int_equal(reply->added->results[0]->id.len, 0);
	/* The same twice in one request, of which the list knows nothing. */
	otp = totp(other_key);
	entry.issuer = twice;
	entry.otp = &otp;
	ask.entries = entries;
	ask.n_entries = 2;
	request.add = &ask;
	reply = one_ask(one, &request);
	expect(reply, STATUS_OK, "");
	assert_int_equal(reply->added->results[0]->status, STATUS_OK);
	assert_int_equal(reply->added->results[1]->status, STATUS_CONFLICT);
	assert_string_equal(reply->added->results[1]->duplicate_of, "Twice");
	ask.force = true;
	reply = one_ask(one, &request);
	assert_int_equal(reply->added->results[1]->status, STATUS_OK);
	assert_int_equal(list(one, "", false)->n_accounts, 4);
}

static void test_dry_run(void **state)
{
	struct one *one = *state;
	Fob__OtpValue otp = totp(rfc_key);
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries[] = { &entry };

	entry.otp = &otp;
	ask.entries = entries;
	ask.n_entries = 1;
	ask.dry_run = true;
	request.add = &ask;
	expect(one_ask(one, &request), STATUS_OK, "");
	assert_null(strchr(one->log, 'P'));
	assert_int_equal(list(one, "", false)->n_accounts, 0);
	ask.n_entries = 0;
	expect(one_ask(one, &request), STATUS_USAGE, "1 to 192");
}

#define MANY 192 /* entries, as many as one request takes */

/* What is said of so many, with names of any length, is one reply still. */
static void test_many_at_once(void **state)
{
	struct one *one = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entries[MANY + 1], *list[MANY + 1];
	Fob__OtpValue otp[MANY + 1];
	char name[TEXT_MAX + 1], secrets[MANY + 1][16];
	const Fob__Reply *reply;

	memset(name, 'n', TEXT_MAX);
	name[TEXT_MAX] = '\0';
	for (size_t i = 0; i <= MANY; i++) {
		snprintf(secrets[i], sizeof(secrets[i]), "seed%03zu", i);
		otp[i] = totp(secrets[i]);
		fob__new_entry__init(&entries[i]);
		entries[i].issuer = name;
		entries[i].otp = &otp[i];
		list[i] = &entries[i];
	}
	ask.entries = list;
	ask.n_entries = MANY + 1;
	request.add = &ask;
	expect(one_ask(one, &request), STATUS_USAGE, "1 to 192");
	ask.n_entries = MANY;
	reply = one_ask(one, &request);
	expect(reply, STATUS_OK, "");
	assert_int_equal(reply->added->n_results, MANY);
	reply = one_ask(one, &request);
	expect(reply, STATUS_OK, "");
	assert_int_equal(reply->added->n_results, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_true(strlen(reply->added->results[i]->duplicate_of) >
			    TEXT_MAX - 8);
}

static void refuse_otp(struct one *one, Fob__OtpValue otp, const char *part)
{
	expect(add(one, "Git", "a", &otp), STATUS_USAGE, part);
	assert_null(strchr(one->log, 'P'));
}

static void test_bad_input(void **state)
{
	struct one *one = *state;
	Fob__OtpValue otp = totp(rfc_key);
	char empty[] = "", control[] = "a\nb", bad[] = "\xff", longer[258];

	otp.secret = data(empty);
	refuse_otp(one, otp, "secret: ");
	otp = totp(rfc_key);
	otp.period = 0;
	refuse_otp(one, otp, "period: ");
	otp = totp(rfc_key);
	otp.digits = 11;
	refuse_otp(one, otp, "digits: ");
	otp = totp(rfc_key);
	otp.type = 77;
	refuse_otp(one, otp, "type: ");
	otp = totp(rfc_key);
	expect(add(one, control, "a", &otp), STATUS_USAGE, "issuer: ");
	expect(add(one, "Git", bad, &otp), STATUS_USAGE, "account: ");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	expect(add(one, longer, "a", &otp), STATUS_USAGE, "issuer: ");
	expect(add(one, "Git", "a", NULL), STATUS_USAGE, "secret: ");
	assert_int_equal(list(one, "", false)->n_accounts, 0);
}

/* Nobody is there to take a copy. */
static void test_wait_copies(void **state)
{
	struct one *one = *state;
	Fob__OtpValue otp = totp(rfc_key);
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries[] = { &entry };

	entry.otp = &otp;
	ask.entries = entries;
	ask.n_entries = 1;
	ask.wait_copies = 2;
	ask.timeout_ms = 5000;
	request.add = &ask;
	assert_null(one_ask(one, &request));
	one_later(one, 4999);
	assert_int_equal(one->n_replies, 0);
	one_later(one, 1);
	assert_int_equal(one->n_replies, 1);
	expect(one->replies[0], STATUS_TIMEOUT, "0 of 2 devices after 5 s");
	assert_int_equal(one->replies[0]->added->results[0]->id.len,
			 RECORD_ID_SIZE);
	assert_int_equal(list(one, "", false)->n_accounts, 1);
}

/* --- showing --------------------------------------------------------------- */

static void test_show(void **state)
{
	struct one *one = *state;
	const Fob__Reply *reply;

	must_add(one, "Git", "a", totp(rfc_key));
	expect(set_field(one, "Git", "pin", "1234"), STATUS_OK, "");
	reply = show(one, "Git", false);
	expect(reply, STATUS_OK, "");
	assert_int_equal(reply->shown->n_otp, 1);
	assert_int_equal(reply->shown->otp[0]->secret.len, 0);
	assert_int_equal(reply->shown->n_fields, 3);
	assert_string_equal(reply->shown->fields[2]->key, "pin");
	assert_int_equal(reply->shown->fields[2]->value.len, 0);
	reply = show(one, "Git", true);
	assert_int_equal(reply->need, FOB__NEED__NEED_CONFIRM);
	assert_int_equal(reply->confirm, FOB__CONFIRM__CONFIRM_REVEAL);
	expect(confirm(one, FOB__CONFIRM__CONFIRM_REVEAL, "wrong"),
	       STATUS_REFUSED, "");
	assert_int_equal(show(one, "Git", true)->need, FOB__NEED__NEED_CONFIRM);
	/* A passphrase for something else does not do. */
	expect(confirm(one, FOB__CONFIRM__CONFIRM_EXPORT, "passphrase"),
	       STATUS_OK, "");
	assert_int_equal(show(one, "Git", true)->need, FOB__NEED__NEED_CONFIRM);
	expect(confirm(one, FOB__CONFIRM__CONFIRM_REVEAL, "passphrase"),
	       STATUS_OK, "");
	reply = show(one, "Git", true);
	expect(reply, STATUS_OK, "");
	assert_true(reply->shown->revealed);
	assert_int_equal(reply->shown->otp[0]->secret.len, 20);
	assert_memory_equal(reply->shown->otp[0]->secret.data, rfc_key, 20);
	assert_memory_equal(reply->shown->fields[2]->value.data, "1234", 4);
	one_later(one, FRESH_MS + 1);
	assert_int_equal(show(one, "Git", true)->need, FOB__NEED__NEED_CONFIRM);
}

/* --- codes ----------------------------------------------------------------- */

/* RFC 6238, appendix B. */
static void test_totp(void **state)
{
	struct one *one = *state;
	const Fob__Reply *reply;

	must_add(one, "Git", "a", totp(rfc_key));
	expect_code(code(one, "Git", 59000, false), "94287082");
	expect_code(code(one, "", 1111111109000, false), "07081804");
	reply = code(one, "Git", 1111111111999, false);
	expect_code(reply, "14050471");
	assert_int_equal(reply->codes[0]->valid_from, 1111111110000);
	assert_int_equal(reply->codes[0]->valid_to, 1111111140000);
	assert_int_equal(strlen(reply->codes[0]->next), 8);
	expect_code(code(one, "Git", 20000000000000, false), "65353130");
	/* Without a time it is that of the event. */
	one->wall = 1234567890000;
	expect_code(code(one, "Git", 0, false), "89005924");
	expect(code(one, "Loo", 0, false), STATUS_NOT_FOUND, "\"Loo\"");
	expect(code(one, "Loo", 0, true), STATUS_NOT_FOUND, "\"Loo\"");
}

static void test_no_codes(void **state)
{
	struct one *one = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries[] = { &entry };
	Fob__FieldValue field = FOB__FIELD_VALUE__INIT, *fields[] = { &field };
	char note[] = "note", issuer[] = "Note";

	field.key = note;
	field.value = data(note);
	entry.issuer = issuer;
	entry.fields = fields;
	entry.n_fields = 1;
	ask.entries = entries;
	ask.n_entries = 1;
	request.add = &ask;
	expect(one_ask(one, &request), STATUS_OK, "");
	expect(code(one, "Note", 0, false), STATUS_NOT_FOUND, "has no codes");
	must_add(one, "Git", "a", totp(rfc_key));
	expect_code(code(one, "", 59000, true), "94287082");
}

/* RFC 4226, appendix D; the counter is on disk before the code is out. */
static void test_hotp(void **state)
{
	struct one *one = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__CodeAsk peek = FOB__CODE_ASK__INIT;

	must_add(one, "H", "h", hotp(rfc_key, 0));
	expect_code(code(one, "H", 0, false), "755224");
	assert_int_equal(one->replies[0]->codes[0]->account->counter, 0);
	assert_non_null(strchr(one->log, 'P'));
	assert_true(strchr(one->log, 'P') < strchr(one->log, 'R'));
	assert_non_null(strchr(one->log, 'C'));
	expect_code(code(one, "H", 0, true), "287082");
	request.code = &peek;
	peek.all = true;
	peek.peek = true;
	expect_code(one_ask(one, &request), "");
	assert_null(strchr(one->log, 'P'));
	must_add(one, "T", "t", totp(other_key));
	expect(code(one, "", 59000, true), STATUS_OK, "");
	assert_int_equal(one->replies[0]->n_codes, 2);
	assert_string_equal(one->replies[0]->codes[0]->code, "");
	assert_null(strchr(one->log, 'P'));
	expect_code(code(one, "H", 0, false), "359152");
}

static void test_hotp_end(void **state)
{
	struct one *one = *state;

	must_add(one, "H", "h", hotp(rfc_key, UINT64_MAX));
	expect(code(one, "H", 0, false), STATUS_REFUSED, "end");
}

/* --- changing -------------------------------------------------------------- */

static void test_edit(void **state)
{
	struct one *one = *state;
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	char query[] = "Git", note[] = "note", *unset[] = { note };
	uint8_t version[16];

	must_add(one, "Git", "a", totp(rfc_key));
	memcpy(version, list(one, "Git", true)->accounts[0]->version.data, 16);
	expect(set_field(one, "Git", "note", "two\nlines"), STATUS_OK, "");
	assert_memory_equal(
		show(one, "Git", false)->shown->fields[2]->value.data,
		"two\nlines", 9);
	/* What was looked at is not what is there. */
	ask.query = query;
	ask.unset = unset;
	ask.n_unset = 1;
	ask.version = (ProtobufCBinaryData){ 16, version };
	expect(edit(one, &ask), STATUS_CONFLICT, "changed underneath");
	memcpy(version, list(one, "Git", true)->accounts[0]->version.data, 16);
	expect(edit(one, &ask), STATUS_OK, "");
	assert_int_equal(show(one, "Git", false)->shown->n_fields, 2);
	ask.version.len = 0;
	expect(edit(one, &ask), STATUS_NOT_FOUND, "note");
	ask.n_unset = 0;
	expect(edit(one, &ask), STATUS_USAGE, "nothing to change");
	expect(set_field(one, "Git", "issuer", "a\tb"), STATUS_USAGE,
	       "issuer: ");
	expect(set_field(one, "Git", "favourite", "7"), STATUS_USAGE,
	       "favourite: ");
	expect_code(code(one, "Git", 59000, false), "94287082");
}

/* --- exports --- */

static const Fob__Reply *exported(struct one *one, char *format,
				  ProtobufCBinaryData *ids, size_t n)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ExportedAsk ask = FOB__EXPORTED_ASK__INIT;

	ask.format = format;
	ask.ids = ids;
	ask.n_ids = n;
	request.exported = &ask;
	return one_ask(one, &request);
}

/* Both in one step, one field a format however often it is exported. */
static void test_exported(void **state)
{
	struct one *one = *state;
	const struct node *node = one->node;
	uint8_t id[3][RECORD_ID_SIZE];
	ProtobufCBinaryData ids[] = { { RECORD_ID_SIZE, id[0] },
				      { RECORD_ID_SIZE, id[1] },
				      { RECORD_ID_SIZE, id[2] } };
	Fob__OtpValue otp = FOB__OTP_VALUE__INIT;
	Fob__EditAsk edit_ask = FOB__EDIT_ASK__INIT;
	char query[] = "Bank";
	const Fob__Reply *reply;
	uint32_t items;

	must_add(one, "Git", "a", totp(rfc_key));
	must_add(one, "Bank", "b", totp(other_key));
	memset(id[2], 7, sizeof(id[2])); /* one that is gone */
	for (size_t i = 0; i < 2; i++)
		memcpy(id[i], node->vault.entries[i].id, RECORD_ID_SIZE);
	assert_int_equal(node->vault.entries[0].exported, 0);
	expect(exported(one, "aegis", ids, 3), STATUS_OK, "");
	items = node->set.n_items;
	expect(exported(one, "aegis", ids, 2), STATUS_OK, "");
	assert_int_equal(node->set.n_items, items);
	/* A week later, one is worth an item; and one of another secret. */
	one->wall += 7 * 24 * 3600 * 1000ll + 60000;
	expect(exported(one, "aegis", ids, 1), STATUS_OK, "");
	assert_int_equal(node->set.n_items, items + 1);
	otp.secret = data(third_key);
	edit_ask.query = query;
	edit_ask.otp = &otp;
	expect(edit(one, &edit_ask), STATUS_OK, "");
	expect(exported(one, "aegis", ids, 2), STATUS_OK, "");
	assert_int_equal(node->set.n_items, items + 3);
	expect(exported(one, "2fas", ids, 1), STATUS_OK, "");
	assert_true(node->vault.entries[0].exported >= ONE_WALL);
	assert_true(node->vault.entries[1].exported >= ONE_WALL);
	reply = show(one, "Bank", false);
	assert_string_equal(reply->shown->fields[1]->key, "exported/aegis");
	assert_int_equal(reply->shown->fields[1]->value.len,
			 TEXT_TIME_SIZE - 1);
	assert_int_equal(show(one, "Git", false)->shown->n_fields +
				 show(one, "Bank", false)->shown->n_fields,
			 2 + 2 + 3);
	expect(exported(one, "a/b", ids, 1), STATUS_USAGE, "format: ");
	expect(exported(one, "", ids, 1), STATUS_USAGE, "format: ");
	expect(exported(one, "aegis", ids, 0), STATUS_USAGE, "1 to");
	expect_code(code(one, "Git", 59000, false), "94287082");
}

static void test_edit_seed(void **state)
{
	struct one *one = *state;
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	Fob__OtpValue otp = FOB__OTP_VALUE__INIT;
	char query[] = "Git";

	must_add(one, "Git", "a", totp(other_key));
	ask.query = query;
	ask.set_counter = true;
	ask.counter = 9;
	expect(edit(one, &ask), STATUS_USAGE, "counter: only HOTP");
	/* A secret alone: the rest stays. */
	otp.secret = data(rfc_key);
	ask.otp = &otp;
	ask.set_counter = false;
	expect(edit(one, &ask), STATUS_OK, "");
	expect_code(code(one, "Git", 59000, false), "94287082");
	otp.secret.len = 0;
	expect(edit(one, &ask), STATUS_USAGE, "secret: ");
	otp = hotp(rfc_key, 0);
	expect(edit(one, &ask), STATUS_OK, "");
	ask.otp = NULL;
	ask.set_counter = true;
	expect(edit(one, &ask), STATUS_OK, "");
	expect_code(code(one, "Git", 0, false), "520489");
	/* Downwards too, by hand. */
	ask.counter = 1;
	expect(edit(one, &ask), STATUS_OK, "");
	expect_code(code(one, "Git", 0, false), "287082");
}

static void test_trash(void **state)
{
	struct one *one = *state;
	char id[TEXT_HEX_SIZE(RECORD_ID_SIZE)];
	const Fob__Reply *reply;

	must_add(one, "Git", "a", totp(rfc_key));
	expect(remove_entry(one, "Loo"), STATUS_NOT_FOUND, "");
	expect(remove_entry(one, "Git"), STATUS_OK, "");
	assert_int_equal(list(one, "", false)->n_accounts, 0);
	expect(code(one, "Git", 59000, false), STATUS_NOT_FOUND, "");
	reply = trash(one, "list", "");
	assert_int_equal(reply->n_accounts, 1);
	assert_true(reply->accounts[0]->trashed);
	text_hex_encode(id, sizeof(id),
			(struct bytes){ reply->accounts[0]->id.data, 16 });
	expect(trash(one, "empty", ""), STATUS_LOCKED, "passphrase");
	expect(trash(one, "burn", ""), STATUS_USAGE, "burn");
	/* What is in the trash is no duplicate. */
	expect(trash(one, "restore", "ffffffff"), STATUS_NOT_FOUND, "trash");
	expect(trash(one, "restore", id), STATUS_OK, "");
	expect_code(code(one, "Git", 59000, false), "94287082");
	assert_int_equal(trash(one, "", "")->n_accounts, 0);
}

/* --- history --------------------------------------------------------------- */

static void version_id(const struct one *one, size_t at, char *ret)
{
	text_hex_encode(ret, 17,
			(struct bytes){ one->replies[at]->versions[0]->id.data,
					8 });
}

static void test_history(void **state)
{
	struct one *one = *state;
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	Fob__OtpValue otp = totp(other_key);
	char query[] = "a", first[17];
	const Fob__Version *version;

	must_add(one, "Git", "a", totp(rfc_key));
	one_later(one, 1000);
	expect(set_field(one, "a", "note", "n"), STATUS_OK, "");
	one_later(one, 1000);
	expect(set_field(one, "a", "issuer", "Loo"), STATUS_OK, "");
	one_later(one, 1000);
	ask.query = query;
	ask.otp = &otp;
	expect(edit(one, &ask), STATUS_OK, "");
	expect(history(one, "a"), STATUS_OK, "");
	assert_int_equal(one->n_replies, 4);
	for (size_t i = 0; i < 4; i++) {
		version = one->replies[i]->versions[0];
		assert_int_equal(version->time, ONE_WALL + 3000 - 1000 * i);
		assert_int_equal(version->current, i == 0);
		assert_true(version->readable);
		assert_string_equal(version->device, "device");
		assert_string_equal(version->account->issuer,
				    i < 2 ? "Loo" : "Git");
		assert_int_equal(version->n_fields, i < 3 ? 3 : 2);
		assert_int_equal(version->n_vids, 1);
	}
	version_id(one, 3, first);
	first[3] = '\0';
	expect(revert(one, "a", first), STATUS_NOT_FOUND, first);
	expect(revert(one, "a", "00000000000000000000"), STATUS_NOT_FOUND, "");
	expect(history(one, "a"), STATUS_OK, "");
	version_id(one, 3, first);
	expect(revert(one, "a", first), STATUS_OK, "");
	/* Name, fields and seed of the first version, as a fifth one. */
	expect_code(code(one, "Git/a", 59000, false), "94287082");
	assert_int_equal(show(one, "a", false)->shown->n_fields, 2);
	expect(history(one, "a"), STATUS_OK, "");
	assert_int_equal(one->n_replies, 5);
	assert_true(one->replies[0]->versions[0]->current);
}

/* --- several seeds --------------------------------------------------------- */

/* Replaces the first version of the only record, not knowing of later ones. */
static void write_apart(struct one *one, char *secret)
{
	struct one_step own;
	struct record record;
	Fob__OtpValue value = totp(secret);
	struct set *set = &one->node->set;
	uint32_t first = NONE, item;
	struct entry_write what = { .parents = &first, .n_parents = 1 };
	uint8_t vid[VID_SIZE];

	one_step_begin(one, &own);
	for (uint32_t i = set->records[0].last; i != NONE;
	     i = set->items[i].next)
		first = i;
	memcpy(what.record, set->records[0].id, RECORD_ID_SIZE);
	assert_int_equal(record_new(&record, ONE_WALL), 0);
	step_random(&own.step, vid, sizeof(vid));
	assert_int_equal(record_add_otp(&record, &value, vid), 0);
	assert_int_equal(write_entry(&own.step, &what, &record, &item), 0);
	record_deinit(&record);
	one_step_end(one, &own);
}

/* One entry with three live seeds. */
static void make_conflict(struct one *one)
{
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	Fob__OtpValue otp = totp(rfc_key);
	char query[] = "Git", late[] = "0987654321";

	must_add(one, "Git", "a", totp(late));
	ask.query = query;
	ask.otp = &otp;
	expect(edit(one, &ask), STATUS_OK, "");
	write_apart(one, other_key);
	write_apart(one, third_key);
}

static void test_conflict(void **state)
{
	struct one *one = *state;
	const Fob__Reply *reply;
	bool found = false;

	make_conflict(one);
	reply = list(one, "Git", true);
	expect(reply, STATUS_OK, "");
	assert_true(reply->accounts[0]->conflict);
	reply = code(one, "Git", 59000, false);
	expect(reply, STATUS_OK, "");
	assert_int_equal(reply->n_codes, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(reply->codes[i]->conflict);
		assert_int_equal(reply->codes[i]->vid.len, VID_SIZE);
		if (strcmp(reply->codes[i]->code, "94287082") == 0)
			found = true;
	}
	assert_true(found);
	/* A name is changed without a decision about the seeds. */
	expect(set_field(one, "Git", "issuer", "Both"), STATUS_OK, "");
	assert_int_equal(code(one, "Both", 59000, false)->n_codes, 3);
}

static void test_resolve_keep(void **state)
{
	struct one *one = *state;
	const Fob__Reply *reply;
	char vid[17] = "";

	make_conflict(one);
	expect(resolve(one, "Git", "", false), STATUS_USAGE, "");
	expect(resolve(one, "Git", "abcd", true), STATUS_USAGE, "");
	expect(resolve(one, "Git", "ffffffffffff", false), STATUS_NOT_FOUND,
	       "");
	reply = code(one, "Git", 59000, false);
	for (size_t i = 0; i < reply->n_codes; i++)
		if (strcmp(reply->codes[i]->code, "94287082") == 0)
			text_hex_encode(
				vid, sizeof(vid),
				(struct bytes){ reply->codes[i]->vid.data, 8 });
	expect(resolve(one, "Git", vid, false), STATUS_OK, "");
	expect_code(code(one, "Git", 59000, false), "94287082");
	expect(resolve(one, "Git", vid, false), STATUS_NOT_FOUND, "one seed");
}

static void test_resolve_version(void **state)
{
	struct one *one = *state;
	char id[17];
	size_t at = 0;

	make_conflict(one);
	expect(history(one, "Git"), STATUS_OK, "");
	/* The version that the edit made is the one with a name. */
	for (size_t i = 0; i < one->n_replies; i++)
		if (one->replies[i]->versions[0]->current &&
		    one->replies[i]->versions[0]->n_fields > 0)
			at = i;
	version_id(one, at, id);
	expect(resolve(one, "Git", id, false), STATUS_OK, "");
	expect_code(code(one, "Git", 59000, false), "94287082");
}

static void test_resolve_all(void **state)
{
	struct one *one = *state;
	const Fob__Reply *reply;

	make_conflict(one);
	expect(resolve(one, "Git", "", true), STATUS_OK, "");
	reply = list(one, "", false);
	assert_int_equal(reply->n_accounts, 3);
	assert_string_equal(reply->accounts[0]->account, "a");
	assert_string_equal(reply->accounts[1]->account, "a (2)");
	assert_string_equal(reply->accounts[2]->account, "a (3)");
	for (size_t i = 0; i < 3; i++)
		assert_false(reply->accounts[i]->conflict);
	assert_non_null(code(one, "", 59000, true));
	assert_int_equal(one->replies[0]->n_codes, 3);
}

/* Counters of several seeds stay where they are. */
static void test_conflict_hotp(void **state)
{
	struct one *one = *state;
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	Fob__OtpValue otp = hotp(rfc_key, 0);
	char query[] = "Git";

	must_add(one, "Git", "a", hotp(other_key, 0));
	ask.query = query;
	ask.otp = &otp;
	expect(edit(one, &ask), STATUS_OK, "");
	write_apart(one, third_key);
	assert_int_equal(code(one, "Git", 59000, false)->n_codes, 2);
	assert_null(strchr(one->log, 'P'));
	ask.otp = NULL;
	ask.set_counter = true;
	expect(edit(one, &ask), STATUS_CONFLICT, "several seeds");
}

/* --- pieces ---------------------------------------------------------------- */

static void test_saying(void **state)
{
	struct saying saying = { .n = 0 };

	(void)state;
	saying_number(&saying, 0);
	saying_add(&saying, " ");
	saying_number(&saying, UINT64_MAX);
	assert_string_equal(saying.text, "0 18446744073709551615");
	/* It ends with a whole character. */
	saying.n = sizeof(saying.text) - 2;
	memset(saying.text, 'x', saying.n);
	saying_add(&saying, "\xc3\xa9");
	assert_int_equal(strlen(saying.text), sizeof(saying.text) - 2);
}

static void test_prefix(void **state)
{
	static const uint8_t id[] = { 0xab, 0xcd, 0xef };

	(void)state;
	assert_true(account_prefix("abcd", id, 3));
	assert_true(account_prefix("ABCDE", id, 3));
	assert_true(account_prefix("abcdef", id, 3));
	assert_false(account_prefix("abc", id, 3));
	assert_false(account_prefix("abce", id, 3));
	assert_false(account_prefix("abcdef0", id, 3));
}

static void test_clock_offset(void **state)
{
	struct one *one = *state;
	struct sync_peer *peers = one->node->sync.peers;
	bool known = true;

	assert_int_equal(node_clock_offset(one->node, &known), 0);
	assert_false(known);
	for (uint32_t i = 0; i < 4; i++) {
		peers[i].conn = i + 1;
		peers[i].up = true;
		peers[i].clock_known = i < 3;
	}
	peers[0].clock_offset = -5000; /* we are ahead of it */
	peers[1].clock_offset = -3000;
	peers[2].clock_offset = INT64_MAX;
	assert_int_equal(node_clock_offset(one->node, &known), 3000);
	assert_true(known);
	/* Of two, the one that blames us less. */
	peers[2].up = false;
	assert_int_equal(node_clock_offset(one->node, &known), 3000);
	for (uint32_t i = 0; i < 4; i++)
		peers[i] = (struct sync_peer){ 0 };
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_and_list),
		TEST(test_add_order),
		TEST(test_list_none),
		TEST(test_list_one),
		TEST(test_list_filters),
		TEST(test_list_many),
		TEST(test_duplicate),
		TEST(test_dry_run),
		TEST(test_many_at_once),
		TEST(test_bad_input),
		TEST(test_wait_copies),
		TEST(test_show),
		TEST(test_totp),
		TEST(test_no_codes),
		TEST(test_hotp),
		TEST(test_hotp_end),
		TEST(test_exported),
		TEST(test_edit),
		TEST(test_edit_seed),
		TEST(test_trash),
		TEST(test_history),
		TEST(test_conflict),
		TEST(test_resolve_keep),
		TEST(test_resolve_version),
		TEST(test_resolve_all),
		TEST(test_conflict_hotp),
		cmocka_unit_test(test_saying),
		cmocka_unit_test(test_prefix),
		TEST(test_clock_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
