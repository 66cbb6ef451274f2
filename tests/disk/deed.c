#include "tests/disk/deed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

#define BATCH 6
#define TEXT 64
#define DEVICES_MOST 12
#define GROUPS_MOST 6

static const char *const texts[DEEDS] = {
	[DEED_INIT] = "make a vault",
	[DEED_ADD] = "add an entry",
	[DEED_ADD_HOTP] = "add a counter",
	[DEED_BATCH] = "import entries",
	[DEED_EDIT] = "edit an entry",
	[DEED_REMOVE] = "remove an entry",
	[DEED_RESTORE] = "restore an entry",
	[DEED_PURGE] = "purge an entry",
	[DEED_CODE] = "show a counter's code",
	[DEED_RENAME] = "rename the device",
	[DEED_RELOCK] = "lock and unlock",
	[DEED_PASSPHRASE] = "change the passphrase",
	[DEED_INVITE] = "invite a device",
	[DEED_DEVICE] = "have another device",
	[DEED_REVOKE] = "revoke a device",
	[DEED_GROUP] = "make a group",
};

const char *deed_text(enum deed deed)
{
	return texts[deed];
}

static ProtobufCBinaryData data_of(char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

enum outcome deed_judge(const Fob__Reply *reply)
{
	if (!reply)
		return OUTCOME_DOWN;
	return reply->status == STATUS_OK ? OUTCOME_DONE : OUTCOME_FAILED;
}

/* --- which ------------------------------------------------------------------ */

static bool suits(enum deed deed, const struct entry *entry)
{
	switch (deed) {
	case DEED_ADD:
	case DEED_ADD_HOTP:
	case DEED_BATCH:
		return entry->version == 0;
	case DEED_CODE:
		return entry->version && entry->hotp && !entry->trashed;
	case DEED_RESTORE:
	case DEED_PURGE:
		return entry->version && entry->trashed;
	default:
		return entry->version && !entry->trashed;
	}
}

static uint32_t count(enum deed deed, const struct seen *seen)
{
	uint32_t n = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		n += suits(deed, &seen->entries[i]);
	return n;
}

bool deed_fits(enum deed deed, const struct seen *seen)
{
	switch (deed) {
	case DEED_INIT:
		return !seen->made;
	case DEED_RENAME:
	case DEED_RELOCK:
	case DEED_PASSPHRASE:
	case DEED_INVITE:
		return seen->made;
	case DEED_DEVICE:
		return seen->made && seen->devices < DEVICES_MOST;
	case DEED_REVOKE:
		return seen->made && seen->members > 1;
	case DEED_GROUP:
		return seen->made && seen->groups < GROUPS_MOST;
	case DEED_BATCH:
		return seen->made && count(deed, seen) >= BATCH;
	default:
		return seen->made && count(deed, seen) > 0;
	}
}

static uint32_t pick(enum deed deed, const struct seen *seen, struct draw *draw)
{
	uint32_t k = draw_below(draw, count(deed, seen)), i = 0;

	for (;; i++)
		if (suits(deed, &seen->entries[i]) && k-- == 0)
			return i;
}

/* --- each of them ----------------------------------------------------------- */

static void name_of(char ret[TEXT], uint32_t i)
{
	snprintf(ret, TEXT, "entry-%02u", i);
}

static void text_of(char ret[TEXT], uint32_t version)
{
	snprintf(ret, TEXT, "text-%u", version);
}

static enum outcome make(struct machine *machine, struct seen *next)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init = FOB__INIT_ASK__INIT;
	char name[] = "device-0", passphrase[] = "CANARY!! horse 0";

	init.name = name;
	init.passphrase = data_of(passphrase);
	request.init = &init;
	next->made = true;
	next->devices = next->members = 1;
	return deed_judge(machine_ask(machine, &request));
}

struct adding {
	Fob__NewEntry entries[BATCH], *list[BATCH];
	Fob__OtpValue otps[BATCH];
	char names[BATCH][TEXT], accounts[BATCH][TEXT], secrets[BATCH][TEXT];
};

static void fill(struct adding *adding, size_t k, uint32_t i,
		 const struct entry *entry)
{
	Fob__NewEntry *new = &adding->entries[k];
	Fob__OtpValue *otp = &adding->otps[k];

	fob__new_entry__init(new);
	fob__otp_value__init(otp);
	name_of(adding->names[k], i);
	text_of(adding->accounts[k], entry->version);
	snprintf(adding->secrets[k], TEXT, "CANARY!!%012u", entry->version);
	otp->type = entry->hotp ? FOB__OTP_TYPE__HOTP : FOB__OTP_TYPE__TOTP;
	otp->algorithm = FOB__ALGORITHM__SHA1;
	otp->digits = 6;
	otp->period = entry->hotp ? 0 : 30;
	otp->secret = data_of(adding->secrets[k]);
	new->issuer = adding->names[k];
	new->account = adding->accounts[k];
	new->otp = otp;
	adding->list[k] = new;
}

static enum outcome add(struct machine *machine, struct seen *next,
			enum deed deed, struct draw *draw, uint32_t *version)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	struct adding adding;
	size_t n = deed == DEED_BATCH ? BATCH : 1;

	for (size_t k = 0; k < n; k++) {
		uint32_t i = pick(deed, next, draw);
		struct entry *entry = &next->entries[i];

		*entry = (struct entry){ ++*version, 0, deed == DEED_ADD_HOTP,
					 false };
		fill(&adding, k, i, entry);
	}
	ask.entries = adding.list;
	ask.n_entries = n;
	request.add = &ask;
	return deed_judge(machine_ask(machine, &request));
}

static enum outcome edit(struct machine *machine, struct seen *next, uint32_t i,
			 uint32_t *version)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	Fob__FieldValue field = FOB__FIELD_VALUE__INIT, *fields[] = { &field };
	char name[TEXT], text[TEXT], key[] = "account";

	next->entries[i].version = ++*version;
	name_of(name, i);
	text_of(text, *version);
	field.key = key;
	field.value = data_of(text);
	ask.query = name;
	ask.set = fields;
	ask.n_set = 1;
	request.edit = &ask;
	return deed_judge(machine_ask(machine, &request));
}

static enum outcome drop(struct machine *machine, struct seen *next, uint32_t i)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RemoveAsk ask = FOB__REMOVE_ASK__INIT;
	char name[TEXT];

	next->entries[i].trashed = true;
	name_of(name, i);
	ask.query = name;
	request.remove = &ask;
	return deed_judge(machine_ask(machine, &request));
}

static enum outcome restore(struct machine *machine, struct seen *next,
			    uint32_t i)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__TrashAsk ask = FOB__TRASH_ASK__INIT;
	char name[TEXT], op[] = "restore";

	next->entries[i].trashed = false;
	name_of(name, i);
	ask.op = op;
	ask.id = name;
	request.trash = &ask;
	return deed_judge(machine_ask(machine, &request));
}

static enum outcome purge(struct machine *machine, struct seen *next,
			  uint32_t i)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__PurgeAsk ask = FOB__PURGE_ASK__INIT;
	enum outcome outcome =
		people_confirm(machine, FOB__CONFIRM__CONFIRM_PURGE);
	char name[TEXT];

	if (outcome != OUTCOME_DONE)
		return outcome;
	next->entries[i] = (struct entry){ 0 };
	name_of(name, i);
	ask.query = name;
	ask.now = i % 2;
	request.purge = &ask;
	return deed_judge(machine_ask(machine, &request));
}

static enum outcome code(struct machine *machine, struct seen *next, uint32_t i)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__CodeAsk ask = FOB__CODE_ASK__INIT;
	const Fob__Reply *reply;
	char name[TEXT];

	next->entries[i].counter++;
	name_of(name, i);
	ask.query = name;
	request.code = &ask;
	reply = machine_ask(machine, &request);
	if (deed_judge(reply) == OUTCOME_DONE &&
	    (reply->n_codes != 1 || strlen(reply->codes[0]->code) != 6))
		return OUTCOME_WRONG;
	return deed_judge(reply);
}

static enum outcome rename_device(struct machine *machine, struct seen *next,
				  uint32_t *version)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RenameAsk ask = FOB__RENAME_ASK__INIT;
	char from[TEXT], to[TEXT];

	snprintf(from, TEXT, "device-%u", next->name);
	next->name = ++*version;
	snprintf(to, TEXT, "device-%u", next->name);
	ask.device = from;
	ask.name = to;
	request.rename = &ask;
	return deed_judge(machine_ask(machine, &request));
}

static enum outcome relock(struct machine *machine, struct seen *next)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LockAsk ask = FOB__LOCK_ASK__INIT;
	enum outcome outcome;

	request.lock = &ask;
	outcome = deed_judge(machine_ask(machine, &request));
	return outcome == OUTCOME_DONE ? people_unlock(machine, next) : outcome;
}

enum outcome deed_do(enum deed deed, struct machine *machine, struct seen *next,
		     struct draw *draw, uint32_t *version)
{
	switch (deed) {
	case DEED_INIT:
		return make(machine, next);
	case DEED_ADD:
	case DEED_ADD_HOTP:
	case DEED_BATCH:
		return add(machine, next, deed, draw, version);
	case DEED_EDIT:
		return edit(machine, next, pick(deed, next, draw), version);
	case DEED_REMOVE:
		return drop(machine, next, pick(deed, next, draw));
	case DEED_CODE:
		return code(machine, next, pick(deed, next, draw));
	case DEED_RENAME:
		return rename_device(machine, next, version);
	case DEED_RESTORE:
		return restore(machine, next, pick(deed, next, draw));
	case DEED_PURGE:
		return purge(machine, next, pick(deed, next, draw));
	case DEED_RELOCK:
		return relock(machine, next);
	default:
		return people_do(deed, machine, next, version);
	}
}

/* --- looking ---------------------------------------------------------------- */

static bool number_after(const char *text, const char *prefix, uint32_t *ret)
{
	size_t n = strlen(prefix);

	if (strncmp(text, prefix, n) != 0)
		return false;
	*ret = (uint32_t)strtoul(text + n, NULL, 10);
	return true;
}

static bool note(struct seen *seen, const Fob__Account *account)
{
	uint32_t i, version;

	if (!number_after(account->issuer, "entry-", &i) || i >= ENTRIES ||
	    !number_after(account->account, "text-", &version) ||
	    seen->entries[i].version || account->conflict ||
	    account->incomplete)
		return false;
	seen->entries[i] = (struct entry){ version, (uint32_t)account->counter,
					   strcmp(account->type, "hotp") == 0,
					   account->trashed };
	return true;
}

static bool note_all(struct machine *machine, Fob__Request *request,
		     struct seen *seen)
{
	if (deed_judge(machine_ask(machine, request)) != OUTCOME_DONE)
		return false;
	for (size_t k = 0; k < machine->n_replies; k++)
		for (size_t i = 0; i < machine->replies[k]->n_accounts; i++)
			if (!note(seen, machine->replies[k]->accounts[i]))
				return false;
	return true;
}

static bool list(struct machine *machine, struct seen *seen)
{
	Fob__Request live = FOB__REQUEST__INIT, dead = FOB__REQUEST__INIT;
	Fob__ListAsk ask = FOB__LIST_ASK__INIT;
	Fob__TrashAsk trash = FOB__TRASH_ASK__INIT;

	live.list = &ask;
	dead.trash = &trash;
	return note_all(machine, &live, seen) && note_all(machine, &dead, seen);
}

bool deed_see(struct machine *machine, struct seen *ret)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk ask = FOB__STATUS_ASK__INIT;
	struct seen seen = { 0 };
	const Fob__Reply *reply;

	request.status = &ask;
	reply = machine_ask(machine, &request);
	if (deed_judge(reply) != OUTCOME_DONE || !reply->vault)
		return false;
	if (strcmp(reply->vault->state, "empty") == 0) {
		*ret = seen;
		return true;
	}
	if (people_unlock(machine, &seen) != OUTCOME_DONE)
		return false;
	/* Its name is known once it is unlocked. */
	reply = machine_ask(machine, &request);
	if (deed_judge(reply) != OUTCOME_DONE ||
	    !number_after(reply->vault->name, "device-", &seen.name) ||
	    !list(machine, &seen) || !people_see(machine, &seen))
		return false;
	seen.made = true;
	*ret = seen;
	return true;
}

bool seen_equal(const struct seen *a, const struct seen *b)
{
	bool equal = a->made == b->made && a->name == b->name &&
		     a->passphrase == b->passphrase &&
		     a->devices == b->devices && a->members == b->members &&
		     a->groups == b->groups;

	for (size_t i = 0; i < ENTRIES; i++)
		equal &= a->entries[i].version == b->entries[i].version &&
			 a->entries[i].counter == b->entries[i].counter &&
			 a->entries[i].hotp == b->entries[i].hotp &&
			 a->entries[i].trashed == b->entries[i].trashed;
	return equal;
}

void seen_differ(char *ret, size_t n, const struct seen *is,
		 const struct seen *should)
{
	snprintf(ret, n,
		 "made %d, name %u, passphrase %u, members %u of %u, groups "
		 "%u; not %d, %u, %u, %u of %u, %u",
		 is->made, is->name, is->passphrase, is->members, is->devices,
		 is->groups, should->made, should->name, should->passphrase,
		 should->members, should->devices, should->groups);
	for (size_t i = 0; i < ENTRIES; i++) {
		const struct entry *a = &is->entries[i];
		const struct entry *b = &should->entries[i];

		if (a->version != b->version || a->counter != b->counter ||
		    a->trashed != b->trashed)
			snprintf(ret, n,
				 "entry-%02zu: text %u, counter %u, trash %d, "
				 "not %u, %u, %d",
				 i, a->version, a->counter, a->trashed,
				 b->version, b->counter, b->trashed);
	}
}
