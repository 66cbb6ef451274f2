/*
 * Backup codes of one entry: put in, looked at, and used one by one. A code
 * is told only after the commit that marks it used, on all devices.
 */
#include <sodium.h>
#include <string.h>

#include "daemon/core/change.h"

#define PREFIX "backup-code/"
#define HASH_SIZE 16
#define KEY_TEXT (sizeof(PREFIX) + TEXT_HEX_SIZE(HASH_SIZE))
#define CODE_MAX 256

static int answered(int r)
{
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/* The name of a code's field, so that one that comes twice is there once. */
static void key_of(char ret[static KEY_TEXT], struct bytes code)
{
	uint8_t hash[HASH_SIZE];

	crypto_generichash(hash, sizeof(hash), code.p, code.n, NULL, 0);
	memcpy(ret, PREFIX, sizeof(PREFIX) - 1);
	text_hex_encode(ret + sizeof(PREFIX) - 1, TEXT_HEX_SIZE(HASH_SIZE),
			BYTES(hash));
}

static bool is_code(const Fob__Field *field)
{
	return !field->unset &&
	       strncmp(field->key, PREFIX, sizeof(PREFIX) - 1) == 0;
}

/* --- add ------------------------------------------------------------------- */

static int add_one(struct step *step, struct call *call, struct record *record,
		   struct bytes code)
{
	char key[KEY_TEXT];
	int r;

	if (!code.n || code.n > CODE_MAX || !text_line(code))
		return answered(call_fail(
			step, call, STATUS_USAGE,
			"a backup code has 1 to %d bytes of UTF-8 without "
			"control characters",
			CODE_MAX));
	key_of(key, code);
	/* One that was used stays used. */
	if (record_field(record, key))
		return 0;
	r = record_set(record, key, code, change_stamp(step->node, record));
	return r > 0 ? answered(call_fail(step, call, STATUS_USAGE,
					  "this entry has too many fields")) :
		       r;
}

static int add(struct step *step, struct call *call,
	       const struct vault_entry *entry, struct opened *opened)
{
	const Fob__BackupAsk *ask = call->request->backup;
	int r = 0;

	if (ask->n_codes == 0)
		return answered(call_fail(step, call, STATUS_USAGE,
					  "there is no code to add"));
	for (size_t i = 0; r == 0 && i < ask->n_codes; i++)
		r = add_one(step, call, &opened->record,
			    (struct bytes){ ask->codes[i].data,
					    ask->codes[i].len });
	if (r == 0)
		r = change_write_checked(step, call, entry, opened);
	return r == 0 ? call_ok(step, call) : r;
}

/* --- use, list ------------------------------------------------------------- */

static int say(struct step *step, struct call *call, Fob__FieldValue *fields,
	       size_t n)
{
	Fob__FieldValue *list[FIELDS_MAX];
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Shown shown = FOB__SHOWN__INIT;

	for (size_t i = 0; i < n; i++)
		list[i] = &fields[i];
	shown.n_fields = n;
	shown.fields = list;
	reply.shown = &shown;
	return call_reply(step, call, &reply);
}

static void fill(Fob__FieldValue *to, const Fob__Field *from, bool reveal)
{
	fob__field_value__init(to);
	to->key = from->key;
	if (reveal)
		to->value = from->value;
	to->used = from->used;
	to->changed = from->stamp;
}

static int use(struct step *step, struct call *call,
	       const struct vault_entry *entry, struct opened *opened)
{
	const Fob__Plain *plain = opened->record.plain;
	Fob__FieldValue told;
	uint8_t code[CODE_MAX];
	char key[KEY_TEXT + FIELD_KEY_MAX];
	size_t i = 0;
	int r;

	while (i < plain->n_fields &&
	       (!is_code(plain->fields[i]) || plain->fields[i]->used ||
		plain->fields[i]->value.len > CODE_MAX))
		i++;
	if (i == plain->n_fields)
		return answered(call_fail(
			step, call, STATUS_NOT_FOUND,
			"no backup code is left: make new ones at the site, "
			"then fob backup-codes QUERY add -"));
	/* The record moves its fields when one of them changes. */
	fill(&told, plain->fields[i], true);
	memcpy(key, told.key, strlen(told.key) + 1);
	told.key = key;
	if (told.value.len)
		memcpy(code, told.value.data, told.value.len);
	told.value.data = code;
	r = record_use(&opened->record, key,
		       change_stamp(step->node, &opened->record));
	if (r == 0)
		r = change_write(step, call, entry, opened);
	if (r == 0)
		r = say(step, call, &told, 1);
	sodium_memzero(code, sizeof(code));
	return r;
}

static int list(struct step *step, struct call *call,
		const struct record *record)
{
	Fob__FieldValue fields[FIELDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < record->plain->n_fields && n < FIELDS_MAX; i++)
		if (is_code(record->plain->fields[i]))
			fill(&fields[n++], record->plain->fields[i],
			     call->request->backup->reveal);
	return say(step, call, fields, n);
}

static bool may_reveal(struct step *step, const struct call *call)
{
	const struct client *client = call_client(step->node, call->conn);

	return client && client->fresh_kind == FOB__CONFIRM__CONFIRM_REVEAL &&
	       client->fresh_until > step->node->mono;
}

static int backup(struct step *step, struct call *call)
{
	const Fob__BackupAsk *ask = call->request->backup;
	bool changes = strcmp(ask->op, "list") != 0;
	AUTO_OPENED struct opened opened = { 0 };
	const struct vault_entry *entry = NULL;
	int r;

	if (changes && strcmp(ask->op, "add") && strcmp(ask->op, "use"))
		return call_fail(step, call, STATUS_USAGE,
				 "backup-codes: add, use or list, not \"%s\"",
				 ask->op);
	if (changes && !step->node->set.authors[step->node->self_author].member)
		return call_revoked(step, call);
	r = account_find_text(step, call, ask->query, &entry);
	if (r != 0)
		return r;
	if (!changes && ask->reveal && !may_reveal(step, call))
		return call_need(step, call, FOB__NEED__NEED_CONFIRM,
				 FOB__CONFIRM__CONFIRM_REVEAL);
	r = changes ? change_open(step, call, entry, (ProtobufCBinaryData){ 0 },
				  &opened) :
		      account_open(step, call, entry, &opened);
	if (r != 0)
		return r;
	if (!changes)
		return list(step, call, &opened.record);
	return strcmp(ask->op, "add") == 0 ? add(step, call, entry, &opened) :
					     use(step, call, entry, &opened);
}

int ask_backup(struct step *step, struct call *call)
{
	return account_end(backup(step, call));
}
