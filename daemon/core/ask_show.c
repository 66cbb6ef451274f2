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

/* What the passphrase must have been given again for. */
static uint32_t confirm_kind(const Fob__ShowAsk *ask)
{
	return ask->export ? FOB__CONFIRM__CONFIRM_EXPORT :
			     FOB__CONFIRM__CONFIRM_REVEAL;
}

static bool may_reveal(struct step *step, const struct call *call)
{
	const struct client *client = call_client(step->node, call->conn);

	return client && client->fresh_until > step->node->mono &&
	       client->fresh_kind == confirm_kind(call->request->show);
}

/* An export is one line however many entries it takes. */
static int log_reveal(struct step *step, const struct call *call,
		      const struct vault_entry *entry)
{
	struct client *client = call_client(step->node, call->conn);
	const Fob__ShowAsk *ask = call->request->show;

	if (!ask->export)
		return logbook_add(step, LOGBOOK_REVEAL, BYTES(entry->id), 0);
	if (!client || client->export_told)
		return 0;
	client->export_told = true;
	return logbook_add(step, LOGBOOK_EXPORT, (struct bytes){ NULL, 0 },
			   ask->exported ? ask->exported : 1);
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
	bool reveal = ask->reveal || ask->export;
	Fob__Reply reply;
	Fob__Shown shown = FOB__SHOWN__INIT;
	Fob__FieldValue fields[FIELDS_MAX], *field_list[FIELDS_MAX];
	Fob__OtpValue seeds[LIVE_MAX], *seed_list[LIVE_MAX];
	struct account account;

	fob__reply__init(&reply);
	shown.n_fields = account_fields(record, reveal, fields, field_list);
	shown.n_fields = pick_field(field_list, shown.n_fields, ask->field);
	if (ask->field[0] && shown.n_fields == 0 && !is_property(ask->field))
		return call_fail(
			step, call, STATUS_NOT_FOUND,
			"there is no field \"%s\" in this entry: fob show lists them",
			ask->field);
	shown.fields = field_list;
	shown.n_otp = show_seeds(record, reveal, seeds, seed_list);
	shown.otp = seed_list;
	shown.revealed = reveal;
	account_fill(step->node, entry, &account);
	shown.account = &account.message;
	reply.shown = &shown;
	return call_reply(step, call, &reply);
}

int ask_show(struct step *step, struct call *call)
{
	const Fob__ShowAsk *ask = call->request->show;
	AUTO_OPENED struct opened opened = { 0 };
	bool reveal = ask->reveal || ask->export;
	const struct vault_entry *entry;
	int r = account_find_text(step, call, ask->query, &entry);

	if (r != 0)
		return account_end(r);
	if (reveal && !may_reveal(step, call))
		return call_need(step, call, FOB__NEED__NEED_CONFIRM,
				 confirm_kind(ask));
	r = account_open(step, call, entry, &opened);
	if (r == 0 && reveal)
		r = log_reveal(step, call, entry);
	return r != 0 ? account_end(r) :
			show(step, call, entry, &opened.record);
}
