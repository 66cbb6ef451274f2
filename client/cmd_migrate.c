/* fob migrate: a new vault with the same entries, and a kit of its own. */
#include <sodium.h>
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/kit_show.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"
#include "proto/secret.h"

#define MAKE_SECONDS 600 /* thousands of entries are read and written */

struct migrating {
	struct answers look, devices, groups;
	const Fob__Migration *found; /* in look */
	struct kit_file file;
	char *kit;
	uint8_t *seed; /* secret memory */
	char words[BIP39_TEXT_SIZE];
};

static void migrating_deinit(struct migrating *m)
{
	/* Still open means that there are no words in it. */
	kit_file_drop(&m->file);
	answers_free(&m->look);
	answers_free(&m->devices);
	answers_free(&m->groups);
	secret_free(m->seed);
	sodium_memzero(m->words, sizeof(m->words));
}

/* --- what there is --------------------------------------------------------- */

static int look(struct fob *fob, struct migrating *m)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__MigrateAsk migrate = FOB__MIGRATE_ASK__INIT;
	Fob__DevicesAsk devices = FOB__DEVICES_ASK__INIT;
	Fob__GroupAsk group = FOB__GROUP_ASK__INIT;
	char op[] = "look";
	int r;

	migrate.op = op;
	request.migrate = &migrate;
	r = ask(fob, &request, &m->look);
	if (r != 0)
		return r;
	m->found = m->look.list[0].reply->migration;
	if (!m->found)
		return fail(fob, STATUS_FAILED, "the daemon says nothing");
	request.migrate = NULL;
	request.devices = &devices;
	r = ask(fob, &request, &m->devices);
	request.devices = NULL;
	request.group = &group;
	return r == 0 ? ask(fob, &request, &m->groups) : r;
}

/* The next device that is to be invited again, or NULL. */
static const Fob__Device *next_device(const struct migrating *m, size_t *at)
{
	size_t n = 0, i, k;

	for (i = 0; i < m->devices.n; i++) {
		const Fob__Reply *reply = m->devices.list[i].reply;

		for (k = 0; k < reply->n_devices; k++) {
			const Fob__Device *device = reply->devices[k];

			if (n++ < *at || device->self ||
			    strcmp(device->state, "revoked") == 0)
				continue;
			*at = n;
			return device;
		}
	}
	return NULL;
}

static void tell_count(struct fob *fob, uint64_t n, const char *one,
		       const char *many)
{
	if (n > 0)
		note(fob, "  %llu %s", (unsigned long long)n,
		     n == 1 ? one : many);
}

static void tell_left(struct fob *fob, const struct migrating *m)
{
	const Fob__Migration *f = m->found;
	size_t i;

	if (f->unreadable + f->incomplete + f->quarantined == 0)
		return;
	note(fob, "What this device does not have cannot be carried over:");
	tell_count(fob, f->unreadable,
		   "entry that it does not read stays in the old vault",
		   "entries that it does not read stay in the old vault");
	tell_count(fob, f->incomplete,
		   "entry goes without a version that is not here",
		   "entries go without versions that are not here");
	tell_count(fob, f->quarantined, "item in quarantine stays",
		   "items in quarantine stay");
	for (i = 0; i < f->n_left; i++) {
		const Fob__Account *a = f->left[i];
		char id[9] = "";
		size_t k;

		for (k = 0; k < 4 && k < a->id.len; k++)
			snprintf(id + 2 * k, 3, "%02x", a->id.data[k]);
		/* A group whose name is not known here has a long id. */
		note(fob, "    %s%s%s%s%s, in group %.*s", id,
		     a->issuer[0] || a->account[0] ? " " : "", a->issuer,
		     a->issuer[0] && a->account[0] ? "/" : "", a->account,
		     strlen(a->group) == 64 ? 8 : 64, a->group);
	}
	if (f->unreadable > 0)
		note(fob, "Let a device that reads all of them migrate, if "
			  "there is one.");
}

static void tell_groups(struct fob *fob, const struct migrating *m)
{
	size_t i, k;

	for (i = 0; i < m->groups.n; i++) {
		const Fob__Reply *reply = m->groups.list[i].reply;

		for (k = 0; k < reply->n_groups; k++) {
			const Fob__GroupInfo *group = reply->groups[k];

			if (!group->reads || strcmp(group->name, "main") == 0)
				continue;
			note(fob,
			     "Group %s is read by this device alone then: "
			     "fob group grant lets others in again.",
			     group->name);
		}
	}
}

static void tell_devices(struct fob *fob, const struct migrating *m)
{
	const Fob__Device *device;
	size_t at = 0, n = 0;

	while ((device = next_device(m, &at)) != NULL) {
		if (n++ == 0)
			note(fob, "Other devices keep the old vault and its "
				  "secrets, until each leaves it and\nis "
				  "invited again:");
		note(fob, "    %s%s", device->name,
		     strcmp(device->role, "keeper") == 0 ? " (keeper)" : "");
	}
}

static void tell_plan(struct fob *fob, const struct migrating *m)
{
	const Fob__Migration *f = m->found;

	note(fob, "A new vault on this device, with a new recovery kit, new "
		  "keys, and:");
	note(fob, "  %llu %s", (unsigned long long)f->entries,
	     f->entries == 1 ? "entry" : "entries");
	tell_count(fob, f->conflicts, "of them with a conflict, kept as it is",
		   "of them with a conflict, kept as they are");
	tell_count(fob, f->trashed, "entry in the trash",
		   "entries in the trash");
	tell_count(fob, f->rotate,
		   "of them to be changed at its site still: tagged rotate",
		   "of them to be changed at their sites still: tagged "
		   "rotate");
	note(fob, "Former versions (fob history) stay in the old vault.");
	tell_left(fob, m);
	tell_groups(fob, m);
	tell_devices(fob, m);
}

/* --- the kit --------------------------------------------------------------- */

/* The words are with the person before anything depends on them. */
static int give_words(struct fob *fob, struct migrating *m)
{
	int r = 0;

	m->seed = secret_alloc(BIP39_ENTROPY_MAX);
	if (!m->seed)
		return fail(
			fob, STATUS_FAILED,
			"no locked memory to be had: raise the limit (ulimit -l)");
	randombytes_buf(m->seed, BIP39_ENTROPY_MAX);
	bip39_write(m->words, (struct bytes){ m->seed, BIP39_ENTROPY_MAX });
	if (m->kit)
		return kit_file_write(fob, &m->file, m->words);
	kit_show(fob, m->words);
	r = print_done(fob);
	if (r == 0 && !kit_ask_back(fob, m->words))
		r = fail(fob, STATUS_REFUSED,
			 "the new words are not known: the vault is as it was");
	return r;
}

/* --- the vault ------------------------------------------------------------- */

static int as_json(struct fob *fob, const struct migrating *m,
		   const Fob__Migration *made)
{
	struct json json AUTO_JSON = { 0 };
	const Fob__Device *device;
	size_t at = 0;

	json_object(&json, NULL);
	json_hex(&json, "vault", account_bytes(made->vault));
	json_hex(&json, "device", account_bytes(made->device));
	json_text(&json, "kit", m->kit);
	json_text(&json, "old", made->old);
	json_number(&json, "entries", m->found->entries);
	json_number(&json, "trashed", m->found->trashed);
	json_number(&json, "conflicts", m->found->conflicts);
	json_number(&json, "rotate", m->found->rotate);
	json_number(&json, "unreadable", m->found->unreadable);
	json_number(&json, "incomplete", m->found->incomplete);
	json_number(&json, "quarantined", m->found->quarantined);
	json_array(&json, "invite");
	while ((device = next_device(m, &at)) != NULL) {
		json_object(&json, NULL);
		json_hex(&json, "id", account_bytes(device->id));
		json_text(&json, "name", device->name);
		json_text(&json, "role", device->role);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int told(struct fob *fob, const struct migrating *m,
		const Fob__Migration *made)
{
	if (fob->json)
		return as_json(fob, m, made);
	note(fob,
	     "This is the new vault. The old one is kept beside it, in\n"
	     "    %s\n"
	     "To go back: stop fobd, move the folder store away and give its "
	     "name to that\none. When you need it no more, remove it. The old "
	     "kit still opens it, and\nold snapshots, keepers and devices: if "
	     "somebody else has the kit, change the\nsecrets at the sites, "
	     "too.\n"
	     "Now prove the new kit with fob kit verify. On each other device: "
	     "fob device leave,\nthen fob invite here and fob join there.",
	     made->old);
	return print_done(fob);
}

/* The daemon has begun anew. Is everything there, and does it open? */
static int check(struct fob *fob, const struct migrating *m,
		 const Fob__Migration *made)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk list = FOB__LIST_ASK__INIT;
	uint64_t n = 0;
	size_t i;
	int r;

	daemon_close(&fob->daemon);
	daemon_init(&fob->daemon);
	request.list = &list;
	r = ask(fob, &request, &answers);
	for (i = 0; r == 0 && i < answers.n; i++)
		n += answers.list[i].reply->n_accounts;
	if (r == 0 && n != m->found->entries)
		r = fail(fob, STATUS_FAILED,
			 "the new vault shows %llu entries of %llu",
			 (unsigned long long)n,
			 (unsigned long long)m->found->entries);
	if (r != 0)
		note(fob,
		     "The vault is made, and the new words are its kit. The "
		     "old one is in\n    %s",
		     made->old);
	return r;
}

static int make(struct fob *fob, const struct migrating *m)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__MigrateAsk migrate = FOB__MIGRATE_ASK__INIT;
	const Fob__Migration *made;
	char op[] = "make";
	int r;

	migrate.op = op;
	migrate.seed = (ProtobufCBinaryData){ BIP39_ENTROPY_MAX, m->seed };
	request.migrate = &migrate;
	r = ask_within(fob, &request, command_timeout(fob, MAKE_SECONDS),
		       &answers);
	if (r != 0) {
		note(fob, "Keep the new words until fob kit verify tells which "
			  "are the kit.");
		return r;
	}
	made = answers.list[0].reply->migration;
	if (!made)
		return fail(fob, STATUS_FAILED, "the daemon made nothing");
	r = check(fob, m, made);
	return r == 0 ? told(fob, m, made) : r;
}

static int migrate(struct fob *fob, struct migrating *m)
{
	int r = look(fob, m);

	if (r != 0)
		return r;
	tell_plan(fob, m);
	if (!fob->yes && !prompt_yes("Make it?"))
		return fail(fob, STATUS_REFUSED,
			    "nothing was done; -y answers the question");
	r = kit_file_open(fob, &m->file, m->kit);
	if (r == 0)
		r = give_words(fob, m);
	return r == 0 ? make(fob, m) : r;
}

static int run_migrate(struct fob *fob, char **argv)
{
	CLEANUP(migrating_deinit) struct migrating m = { .file = { .fd = -1 } };
	const struct option table[] = {
		{ "kit", 0, OPTION_TEXT, &m.kit },
	};
	struct texts arguments;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	if (fob->json && !m.kit)
		return fail(fob, STATUS_USAGE,
			    "migrate --json needs --kit FILE: the new words "
			    "must be safe before anything depends on them");
	return migrate(fob, &m);
}

const struct command cmd_migrate = {
	.name = "migrate",
	.brief = "a new vault with the same entries, when the kit is lost",
	.help = "Usage: fob migrate [--kit FILE]\n"
		"\n"
		"Makes a new vault on this device out of all that it reads,\n"
		"with a new recovery kit: for when the kit is lost or stolen,\n"
		"or two people changed it at once. Entries keep their fields,\n"
		"counters, conflicts and ids; what opens this device goes on\n"
		"opening it. It says first what comes along and what does\n"
		"not, and asks.\n"
		"\n"
		"The old vault is kept beside the new one, and its place is\n"
		"told; to go back, move it to where it was. Cut short at any\n"
		"moment, this device has the old vault or the new one. Other\n"
		"devices keep the old one: let each leave it, and invite it\n"
		"again.\n"
		"\n"
		"  --kit FILE  write the words to a new file (0600), not on\n"
		"              the screen; --json needs it\n"
		"\n"
		"Example:\n"
		"  $ fob migrate\n",
	.run = run_migrate,
};
