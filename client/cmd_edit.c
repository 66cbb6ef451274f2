/* fob edit: change fields of one account, from the version that was seen. */
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/fields.h"
#include "client/print.h"
#include "client/report.h"
#include "client/seed.h"
#include "proto/text.h"

#define OWN_OPTIONS 10
#define UNSET_MAX (2 * OPTIONS_TEXTS_MAX)
#define TAG_KEY_SIZE (TEXT_MAX + 5)

struct edit_options {
	char *query, *issuer, *account, *group, *note;
	struct texts tags, pairs, unset, resets;
	struct seed_options seed;
	bool secret_stdin, contact_checked;
};

/* Names of fields to remove; those of tags are made here. */
struct removal {
	char *list[UNSET_MAX];
	size_t n;
	char tags[OPTIONS_TEXTS_MAX][TAG_KEY_SIZE];
};

static bool read_options(struct fob *fob, char **argv, struct edit_options *o)
{
	struct option table[OWN_OPTIONS + SEED_OPTIONS] = {
		{ "issuer", 0, OPTION_TEXT, &o->issuer },
		{ "account", 0, OPTION_TEXT, &o->account },
		{ "group", 0, OPTION_TEXT, &o->group },
		{ "note", 0, OPTION_TEXT, &o->note },
		{ "tag", 0, OPTION_TEXTS, &o->tags },
		{ "field", 0, OPTION_TEXTS, &o->pairs },
		{ "unset", 0, OPTION_TEXTS, &o->unset },
		{ "secret-stdin", 0, OPTION_FLAG, &o->secret_stdin },
		{ "resets", 0, OPTION_TEXTS, &o->resets },
		{ "contact-checked", 0, OPTION_FLAG, &o->contact_checked },
	};
	struct texts arguments;

	seed_table(&o->seed, table + OWN_OPTIONS);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 1, "QUERY"))
		return false;
	o->query = arguments.list[0];
	return true;
}

static int check_options(struct fob *fob, const struct edit_options *o)
{
	const struct seed_options *s = &o->seed;

	if (!o->issuer && !o->account && !o->group && !o->note &&
	    o->tags.n == 0 && o->pairs.n == 0 && o->unset.n == 0 &&
	    !o->secret_stdin && !s->counter.set && o->resets.n == 0 &&
	    !o->contact_checked)
		return fail(fob, STATUS_USAGE, "nothing to change");
	if (!o->secret_stdin &&
	    (s->type || s->algorithm || s->digits.set || s->period.set))
		return fail(fob, STATUS_USAGE,
			    "these belong to the secret: "
			    "use --secret-stdin too");
	return 0;
}

static int read_tags(struct fob *fob, const struct texts *tags,
		     struct fields *fields, struct removal *removal)
{
	size_t i;

	for (i = 0; i < tags->n; i++) {
		const char *tag = tags->list[i];

		if ((tag[0] != '+' && tag[0] != '-') || !tag[1])
			return fail(fob, STATUS_USAGE,
				    "--tag takes +TAG or -TAG, not: %s", tag);
		if (strlen(tag) > TEXT_MAX)
			return fail(fob, STATUS_USAGE,
				    "a tag has at most %d "
				    "bytes",
				    TEXT_MAX);
		if (tag[0] == '+') {
			fields_add_tag(fields, tag + 1);
			continue;
		}
		snprintf(removal->tags[i], TAG_KEY_SIZE, "tag/%s", tag + 1);
		removal->list[removal->n++] = removal->tags[i];
	}
	return 0;
}

/* Other accounts that this one can reset, by their ids. */
static int read_resets(struct fob *fob, const struct texts *resets,
		       struct fields *fields)
{
	char id[ACCOUNT_ID_SIZE], key[ACCOUNT_ID_SIZE + 8];
	size_t i;

	for (i = 0; i < resets->n; i++) {
		struct answers answers AUTO_ANSWERS = { 0 };
		const Fob__Account *account;
		int r = account_find(fob, resets->list[i], &answers, &account);

		if (r != 0)
			return r;
		account_id(id, account->id);
		snprintf(key, sizeof(key), "resets/%s", id);
		fields_add(fields, key, text_of("1"));
	}
	return 0;
}

static int read_changes(struct fob *fob, const struct edit_options *o,
			struct fields *fields, struct removal *removal)
{
	size_t i;
	int r;

	if (o->issuer)
		fields_add(fields, "issuer", text_of(o->issuer));
	if (o->account)
		fields_add(fields, "account", text_of(o->account));
	if (o->note)
		fields_add(fields, "note", text_of(o->note));
	if (o->contact_checked)
		fields_add(fields, "contact-checked", text_of("1"));
	r = read_tags(fob, &o->tags, fields, removal);
	if (r == 0)
		r = read_resets(fob, &o->resets, fields);
	if (r == 0)
		r = fields_add_pairs(fob, fields, &o->pairs);
	for (i = 0; i < o->unset.n; i++)
		removal->list[removal->n++] = o->unset.list[i];
	if (r == 0 && fields->failed)
		r = fail(fob, STATUS_FAILED, "out of memory");
	return r;
}

/* A new secret keeps what the account had for the rest. */
static int read_seed(struct fob *fob, const struct edit_options *o,
		     const Fob__Account *account, struct seed *seed)
{
	bool fresh = true;
	int r;

	if (account_type(account->type, &seed->otp.type) &&
	    seed->otp.type != FOB__OTP_TYPE__OTP_NONE) {
		fresh = false;
		account_algorithm(account->algorithm, &seed->otp.algorithm);
		seed->otp.digits = account->digits;
		seed->otp.period = account->period;
	}
	r = seed_apply(fob, &o->seed, fresh, &seed->otp);
	return r == 0 ? seed_secret(fob, true, seed) : r;
}

/* In another group it has another id. */
static int told(struct fob *fob, const Fob__Account *account,
		const struct answers *answers)
{
	const Fob__Added *added = answers->list[0].reply->added;
	bool moved = added && added->n_results == 1;
	struct json json AUTO_JSON = { 0 };

	if (moved)
		note(fob, "It is a new entry there; the old one is in the "
			  "trash. Who could read it has seen the secret.");
	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_hex(&json, "id",
		 account_bytes(moved ? added->results[0]->id : account->id));
	json_object_end(&json);
	return print_json(fob, &json);
}

static int send_edit(struct fob *fob, const struct edit_options *o,
		     const Fob__Account *account, Fob__EditAsk *edit)
{
	struct seed seed AUTO_SEED = { .otp = FOB__OTP_VALUE__INIT };
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	char id[ACCOUNT_ID_SIZE];
	int r = 0;

	account_id(id, account->id);
	edit->query = id;
	edit->version = account->version;
	if (o->group)
		edit->group = o->group;
	if (o->secret_stdin) {
		r = read_seed(fob, o, account, &seed);
		edit->otp = &seed.otp;
	} else if (o->seed.counter.set) {
		edit->set_counter = true;
		edit->counter = o->seed.counter.value;
	}
	request.edit = edit;
	if (r == 0)
		r = ask(fob, &request, &answers);
	return r == 0 ? told(fob, account, &answers) : r;
}

static int run_edit(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	struct fields fields AUTO_FIELDS = { 0 };
	Fob__EditAsk edit;
	struct edit_options o = { 0 };
	struct removal removal = { .n = 0 };
	const Fob__Account *account;
	int r;

	fob__edit_ask__init(&edit);
	if (!read_options(fob, argv, &o))
		return fob->status;
	r = check_options(fob, &o);
	if (r == 0)
		r = read_changes(fob, &o, &fields, &removal);
	if (r == 0)
		r = account_find(fob, o.query, &answers, &account);
	if (r != 0)
		return r;
	edit.set = fields.list;
	edit.n_set = fields.n;
	edit.unset = removal.list;
	edit.n_unset = removal.n;
	return send_edit(fob, &o, account, &edit);
}

const struct command cmd_edit = {
	.name = "edit",
	.brief = "change fields of an account",
	.help = "Usage: fob edit QUERY [options]\n"
		"\n"
		"Changes what the options name, and nothing else. Exits 9\n"
		"when the account was changed meanwhile.\n"
		"\n"
		"  --issuer I, --account A, --note N\n"
		"  --group G            move it to another group, as a new\n"
		"                       entry; the old one is in the trash\n"
		"  --tag +T | -T        add or remove a tag\n"
		"  --field NAME=VALUE   set a field\n"
		"  --unset NAME         remove a field\n"
		"  --resets QUERY       another account that can be reset with\n"
		"                       this one; fob doctor looks for circles\n"
		"  --contact-checked    what the site knows of you was looked\n"
		"                       at today\n"
		"  --counter N          the next counter of a HOTP account\n"
		"  --secret-stdin       a new secret, base32, from standard\n"
		"                       input; with it also --type,\n"
		"                       --algorithm, --digits and --period\n"
		"\n"
		"Example:\n"
		"  $ fob edit github --tag +work --note 'the old phone'\n",
	.run = run_edit,
};
