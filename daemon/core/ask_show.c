/* All that is known of one entry; its secrets after the passphrase only. */
#include <string.h>

#include "daemon/core/account.h"

/* What the client reads from the account and the seeds, not from fields. */
static bool is_property(const char *name)
{
	static const char *const properties[] = {
		"id",	   "type",    "algorithm", "digits",	"period",
		"counter", "group",   "tags",	   "copies",	"holders",
		"secret",  "created", "changed",   "favourite", "conflict",
		"issuer",  "account",
	};

	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (strcmp(properties[i], name) == 0)
			return true;
	return false;
}

static bool may_reveal(struct step *step, const struct call *call)
{
	const struct client *client = call_client(step->node, call->conn);

	return client && client->fresh_kind == FOB__CONFIRM__CONFIRM_REVEAL &&
	       client->fresh_until > step->node->mono;
}

static size_t show_seeds(const struct record *record, bool reveal,
			 Fob__OtpValue *ret, Fob__OtpValue **ret_list)
{
	Fob__OtpValue *live[LIVE_MAX];
	size_t n = record_live(record, live);

	for (size_t i = 0; i < n; i++) {
		ret[i] = *live[i];
		if (!reveal)
			ret[i].secret = (ProtobufCBinaryData){ 0 };
		ret_list[i] = &ret[i];
	}
	return n;
}

/* Only the field that was asked for, when one was. */
static size_t pick_field(Fob__FieldValue **list, size_t n, const char *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!key[0] || strcmp(list[i]->key, key) == 0)
			list[kept++] = list[i];
	return kept;
}

static int show(struct step *step, struct call *call,
		const struct vault_entry *entry, const struct record *record)
{
	const Fob__ShowAsk *ask = call->request->show;
	Fob__Reply reply;
	Fob__Shown shown = FOB__SHOWN__INIT;
	Fob__FieldValue fields[FIELDS_MAX], *field_list[FIELDS_MAX];
	Fob__OtpValue seeds[LIVE_MAX], *seed_list[LIVE_MAX];
	struct account account;

	fob__reply__init(&reply);
	shown.n_fields =
		account_fields(record, ask->reveal, fields, field_list);
	shown.n_fields = pick_field(field_list, shown.n_fields, ask->field);
	if (ask->field[0] && shown.n_fields == 0 && !is_property(ask->field))
		return call_fail(step, call, STATUS_NOT_FOUND,
				 "there is no field \"%s\" in this entry",
				 ask->field);
	shown.fields = field_list;
	shown.n_otp = show_seeds(record, ask->reveal, seeds, seed_list);
	shown.otp = seed_list;
	shown.revealed = ask->reveal;
	account_fill(step->node, entry, &account);
	shown.account = &account.message;
	reply.shown = &shown;
	return call_reply(step, call, &reply);
}

int ask_show(struct step *step, struct call *call)
{
	const Fob__ShowAsk *ask = call->request->show;
	AUTO_OPENED struct opened opened = { 0 };
	const struct vault_entry *entry;
	int r = account_find_text(step, call, ask->query, &entry);

	if (r != 0)
		return account_end(r);
	if (ask->reveal && !may_reveal(step, call))
		return call_need(step, call, FOB__NEED__NEED_CONFIRM,
				 FOB__CONFIRM__CONFIRM_REVEAL);
	r = account_open(step, call, entry, &opened);
	if (r == 0 && ask->reveal)
		r = logbook_add(step, LOGBOOK_REVEAL, BYTES(entry->id), 0);
	return r != 0 ? account_end(r) :
			show(step, call, entry, &opened.record);
}
