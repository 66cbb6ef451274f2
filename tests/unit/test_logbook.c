/*
 * What happened here: kept over a restart, bounded, without names or secrets
 * in its rows.
 *
 * Covers: logbook, ask_log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/text.h"
#include "tests/lib/one.h"

static char passphrase[] = "passphrase", wrong[] = "wrong";

static ProtobufCBinaryData data(char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

static const Fob__Reply *unlock(struct one *one, char *text)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk ask = FOB__UNLOCK_ASK__INIT;

	ask.passphrase = data(text);
	request.unlock = &ask;
	return one_ask(one, &request);
}

/* All lines, each as "what: text", one after the other. */
static void read_log(struct one *one, uint64_t since, char *ret, size_t size)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LogAsk ask = FOB__LOG_ASK__INIT;
	size_t n = 0;

	ask.since = since;
	request.log = &ask;
	assert_int_equal(one_ask(one, &request)->status, STATUS_OK);
	for (size_t i = 0; i < one->n_replies; i++)
		for (size_t k = 0; k < one->replies[i]->n_log; k++) {
			const char *text = one->replies[i]->log[k]->text;

			assert_true(n + strlen(text) + 2 < size);
			memcpy(ret + n, text, strlen(text));
			n += strlen(text);
			ret[n++] = '\n';
		}
	ret[n] = '\0';
}

static void add_secret(struct one *one)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries[] = { &entry };
	Fob__FieldValue field = FOB__FIELD_VALUE__INIT, *fields[] = { &field };
	char key[] = "note", value[] = "text", issuer[] = "CANARY";

	field.key = key;
	field.value = data(value);
	entry.issuer = issuer;
	entry.fields = fields;
	entry.n_fields = 1;
	ask.entries = entries;
	ask.n_entries = 1;
	request.add = &ask;
	assert_int_equal(one_ask(one, &request)->status, STATUS_OK);
}

static void reveal(struct one *one)
{
	Fob__Request request = FOB__REQUEST__INIT, again = FOB__REQUEST__INIT;
	Fob__ConfirmAsk confirm = FOB__CONFIRM_ASK__INIT;
	Fob__ShowAsk ask = FOB__SHOW_ASK__INIT;
	char query[] = "canary";

	confirm.kind = FOB__CONFIRM__CONFIRM_REVEAL;
	confirm.passphrase = data(passphrase);
	request.confirm = &confirm;
	assert_int_equal(one_ask(one, &request)->status, STATUS_OK);
	ask.query = query;
	ask.reveal = true;
	again.show = &ask;
	assert_int_equal(one_ask(one, &again)->status, STATUS_OK);
}

static bool contains(const uint8_t *data_, size_t n, const char *text)
{
	size_t m = strlen(text);

	for (size_t i = 0; i + m <= n; i++)
		if (!memcmp(data_ + i, text, m))
			return true;
	return false;
}

static void test_lines(void **state UNUSED)
{
	static char text[65536];
	struct one one;

	one_init(&one, 5);
	one_make_vault(&one);
	add_secret(&one);
	reveal(&one);
	one_restart(&one);
	assert_int_equal(unlock(&one, wrong)->status, STATUS_REFUSED);
	assert_int_equal(unlock(&one, passphrase)->status, STATUS_OK);
	read_log(&one, 0, text, sizeof(text));
	assert_string_equal(text, "secrets were shown: CANARY\n"
				  "wrong passphrases in a row: 1\n");
	for (size_t i = 0; i < one.n_rows; i++)
		assert_false(
			contains(one.rows[i].data, one.rows[i].n, "CANARY"));
	read_log(&one, (uint64_t)ONE_WALL + 1000000000, text, sizeof(text));
	assert_string_equal(text, "");
	one_deinit(&one);
}

static void note(struct one *one, enum logbook_what what, struct bytes subject,
		 uint64_t number)
{
	struct one_step step;

	one_step_begin(one, &step);
	assert_int_equal(logbook_add(&step.step, what, subject, number), 0);
	one_step_end(one, &step);
}

/* Devices by name where they have one, else what is gone by its id. */
static void test_subjects(void **state UNUSED)
{
	static const uint8_t gone[DEVICE_ID_SIZE] = { 0xab, 0xcd };
	static char text[65536];
	char expected[1024], hex[TEXT_HEX_SIZE(DEVICE_ID_SIZE)], name[64];
	const char *self;
	struct one one;

	one_init(&one, 7);
	one_make_vault(&one);
	text_hex_encode(hex, sizeof(hex), BYTES(gone));
	note(&one, LOGBOOK_JOIN, BYTES(one.node->self->id), 0);
	note(&one, LOGBOOK_REVOKE, BYTES(gone), 1);
	note(&one, LOGBOOK_SUSPEND, BYTES(gone), 0);
	note(&one, LOGBOOK_PURGE, (struct bytes){ gone, RECORD_ID_SIZE }, 0);
	one_restart(&one);
	assert_int_equal(unlock(&one, passphrase)->status, STATUS_OK);
	self = node_device_name(one.node, one.node->self_author);
	snprintf(name, sizeof(name), "%s", self);
	read_log(&one, 0, text, sizeof(text));
	snprintf(expected, sizeof(expected), "%s%s\n",
		 "came into the vault: ", name);
	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
	snprintf(expected, sizeof(expected), "%s%s, by the recovery key\n",
		 "was revoked: ", hex);
	assert_non_null(strstr(text, expected));
	snprintf(expected, sizeof(expected), "%s%s\n", "was suspended: ", hex);
	assert_non_null(strstr(text, expected));
	snprintf(expected, sizeof(expected), "%s%.*s",
		 "was purged: ", 2 * RECORD_ID_SIZE, hex);
	assert_non_null(strstr(text, expected));
	one_deinit(&one);
}

static void test_bounded(void **state UNUSED)
{
	static char text[65536];
	struct logbook book = { 0 };
	struct one_step step;
	struct one one;
	size_t lines = 0, rows = 0;

	one_init(&one, 6);
	one_make_vault(&one);
	for (uint64_t i = 1; i <= LOGBOOK_MAX + 10; i++) {
		one_step_begin(&one, &step);
		assert_int_equal(logbook_add(&step.step, LOGBOOK_EXPORT,
					     (struct bytes){ NULL, 0 }, i),
				 0);
		one_step_end(&one, &step);
	}
	for (size_t i = 0; i < one.n_rows; i++)
		rows += one.rows[i].key_len == 8 &&
			!memcmp(one.rows[i].key, "log/", 4);
	assert_int_equal(rows, LOGBOOK_MAX);
	one_restart(&one);
	unlock(&one, passphrase);
	read_log(&one, 0, text, sizeof(text));
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, LOGBOOK_MAX);
	assert_int_equal(strncmp(text, "entries were exported: 11\n", 26), 0);
	/* Rows that are none do no harm. */
	assert_int_equal(logbook_row(&book, (struct bytes){ NULL, 0 }), 0);
	assert_null(book.lines);
	logbook_deinit(&book);
	one_deinit(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
