/* fob add: one account, from a URI or from options. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/fields.h"
#include "client/helper.h"
#include "client/parsed.h"
#include "client/pictures.h"
#include "client/print.h"
#include "client/report.h"
#include "client/seed.h"
#include "proto/text.h"

#define OWN_OPTIONS 11

struct add_options {
	char *uri, *qr, *issuer, *account, *group, *note;
	struct texts tags, pairs;
	struct seed_options seed;
	struct number wait_copies;
	bool secret_stdin, count_keepers, force;
};

static bool read_options(struct fob *fob, char **argv, struct add_options *o)
{
	struct option table[OWN_OPTIONS + SEED_OPTIONS] = {
		{ "issuer", 0, OPTION_TEXT, &o->issuer },
		{ "account", 0, OPTION_TEXT, &o->account },
		{ "group", 0, OPTION_TEXT, &o->group },
		{ "note", 0, OPTION_TEXT, &o->note },
		{ "tag", 0, OPTION_TEXTS, &o->tags },
		{ "field", 0, OPTION_TEXTS, &o->pairs },
		{ "secret-stdin", 0, OPTION_FLAG, &o->secret_stdin },
		{ "wait-copies", 0, OPTION_NUMBER, &o->wait_copies },
		{ "count-keepers", 0, OPTION_FLAG, &o->count_keepers },
		{ "force", 0, OPTION_FLAG, &o->force },
		{ "qr", 0, OPTION_TEXT, &o->qr },
	};
	struct texts arguments;

	seed_table(&o->seed, table + OWN_OPTIONS);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_one(fob, &arguments, &o->uri))
		return false;
	if (arguments.n == 0)
		o->uri = NULL;
	return true;
}

static int check_options(struct fob *fob, const struct add_options *o)
{
	if (o->uri && o->secret_stdin)
		return fail(fob, STATUS_USAGE,
			    "a URI brings its secret: not with "
			    "--secret-stdin");
	if (o->qr && (o->uri || o->secret_stdin))
		return fail(fob, STATUS_USAGE,
			    "a picture brings its secret: not with a URI or "
			    "--secret-stdin");
	if (o->wait_copies.value > UINT32_MAX)
		return fail(fob, STATUS_USAGE, "--wait-copies: too many");
	if (o->count_keepers && !o->wait_copies.set)
		return fail(fob, STATUS_USAGE,
			    "--count-keepers goes with --wait-copies N");
	return 0;
}

/* --- a URI ---------------------------------------------------------------- */

static int parse_from(struct fob *fob, const struct add_options *o,
		      struct parsed *ret)
{
	static char format[] = "uri";
	int in, r;

	if (strcmp(o->uri, "-") == 0)
		return parsed_read(fob, STDIN_FILENO, NULL, ret);
	warn(fob, "the list of processes showed the secret of this URI; "
		  "fob add - reads it from standard input");
	if (strlen(o->uri) > HELPER_BYTES_MAX)
		return fail(fob, STATUS_USAGE, "the URI is too long");
	in = helper_bytes(text_of(o->uri));
	if (in < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(-in));
	r = parsed_read(
		fob, in,
		strncmp(o->uri, "otpauth-migration", 17) ? format : NULL, ret);
	close(in);
	return r;
}

static int one_entry(struct fob *fob, const struct parsed *parsed,
		     Fob__NewEntry **ret)
{
	size_t i;

	for (i = 0; i < parsed->n; i++) {
		const Fob__ImportItem *item = parsed->list[i].message;

		if (item->skipped)
			return fail(fob, STATUS_USAGE, "%s",
				    item->skipped->reason);
		if (item->warning[0])
			warn(fob, "%s", item->warning);
		if (item->entry)
			*ret = item->entry;
	}
	if (parsed->entries == 0)
		return fail(fob, STATUS_USAGE, "there is no account in it");
	if (parsed->entries > 1)
		return fail(fob, STATUS_USAGE,
			    "there are %zu accounts in it: use fob import",
			    parsed->entries);
	return 0;
}

/* --- a picture ------------------------------------------------------------- */

static int picture_lines(struct fob *fob, const char *name,
			 struct pictures *pictures)
{
	int in, r;

	if (strcmp(name, "-") == 0)
		return pictures_add(fob, pictures, "standard input",
				    STDIN_FILENO);
	in = open(name, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return fail(fob, STATUS_FAILED, "cannot open %s: %s", name,
			    strerror(errno));
	r = pictures_add(fob, pictures, name, in);
	close(in);
	return r;
}

static int parse_picture(struct fob *fob, const char *name, struct parsed *ret)
{
	struct pictures pictures AUTO_PICTURES = { .fd = -1 };
	char *format;
	int r = picture_lines(fob, name, &pictures);

	if (r == 0)
		r = pictures_done(fob, &pictures, &format);
	return r == 0 ? parsed_read(fob, pictures.fd, format, ret) : r;
}

static int ambiguous(struct fob *fob, const struct parsed *parsed)
{
	size_t i;

	for (i = 0; i < parsed->n; i++) {
		const Fob__NewEntry *entry = parsed->list[i].message->entry;

		if (entry)
			note(fob, "%s%s%s", entry->issuer,
			     entry->issuer[0] ? "/" : "", entry->account);
	}
	return fail(fob, STATUS_AMBIGUOUS,
		    "there are %zu accounts in the picture: fob import adds "
		    "them all, or cut out the code of one",
		    parsed->entries);
}

/* Other codes may be beside it: to an application, to a page of help. */
static int from_picture(struct fob *fob, const struct parsed *parsed,
			Fob__NewEntry **ret)
{
	const char *why = NULL;
	size_t i;

	if (parsed->entries > 1)
		return ambiguous(fob, parsed);
	for (i = 0; i < parsed->n; i++) {
		const Fob__ImportItem *item = parsed->list[i].message;

		if (item->warning[0])
			warn(fob, "%s", item->warning);
		if (item->skipped)
			why = item->skipped->reason;
		if (item->entry)
			*ret = item->entry;
	}
	if (parsed->entries == 0)
		return fail(fob, STATUS_NOT_FOUND,
			    "the picture has QR codes, but no account: %s",
			    why ? why : "nothing is in them");
	return 0;
}

/* --- sending -------------------------------------------------------------- */

static int added(struct fob *fob, const Fob__Reply *reply,
		 const Fob__AddResult *result)
{
	struct json json AUTO_JSON = { 0 };
	bool late = reply->status == STATUS_TIMEOUT;

	if (fob->json && !late) {
		json_object(&json, NULL);
		json_hex(&json, "id", account_bytes(result->id));
		json_number(&json, "copies", reply->added->copies);
		json_object_end(&json);
		return print_json(fob, &json);
	}
	if (!fob->json) {
		print_hex(stdout, account_bytes(result->id));
		putchar('\n');
	}
	if (late && reply->message[0])
		return ask_failed(fob, reply);
	if (late)
		return fail(fob, STATUS_TIMEOUT,
			    "the entry is here, but so far only %u other "
			    "devices have it",
			    reply->added->copies);
	return print_done(fob);
}

static int refused(struct fob *fob, const Fob__AddResult *result)
{
	unsigned int status = result->status;

	if (status == STATUS_OK)
		status = STATUS_FAILED;
	if (result->duplicate_of[0])
		return fail(fob, status,
			    "the same secret is in %s already; "
			    "--force adds it again",
			    result->duplicate_of);
	return fail(fob, status, "%s",
		    result->reason[0] ? result->reason : status_text(status));
}

static int send_entry(struct fob *fob, const struct add_options *o,
		      Fob__NewEntry *entry)
{
	struct answer answer AUTO_ANSWER = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk add = FOB__ADD_ASK__INIT;
	uint32_t timeout = command_timeout(fob, COMMAND_TIMEOUT);
	const Fob__AddResult *result = NULL;
	struct asking asking;
	int r;

	add.entries = &entry;
	add.n_entries = 1;
	add.force = o->force;
	add.wait_copies = (uint32_t)o->wait_copies.value;
	add.count_keepers = o->count_keepers;
	add.timeout_ms = timeout;
	request.add = &add;
	r = ask_begin(&asking, fob, &request);
	/* The daemon keeps the time, and we leave it time to say so. */
	asking.timeout_ms = timeout + 2000;
	if (r == 0)
		r = ask_next(&asking, &answer);
	if (r != 0)
		return r;
	if (answer.reply->added && answer.reply->added->n_results == 1)
		result = answer.reply->added->results[0];
	if (result && result->id.len > 0)
		return added(fob, answer.reply, result);
	if (result && (result->duplicate_of[0] || !answer.reply->message[0]))
		return refused(fob, result);
	return ask_failed(fob, answer.reply);
}

static void override(char *from, char **to)
{
	if (from)
		*to = from;
}

/* Options on top of what the URI said, or of nothing. */
static int add_entry(struct fob *fob, const struct add_options *o,
		     Fob__NewEntry *source)
{
	struct fields fields AUTO_FIELDS = { 0 };
	Fob__NewEntry entry;
	size_t i;
	int r;

	fob__new_entry__init(&entry);
	entry.issuer = source->issuer;
	entry.account = source->account;
	entry.otp = source->otp;
	override(o->issuer, &entry.issuer);
	override(o->account, &entry.account);
	override(o->group, &entry.group);
	fields_add_all(&fields, source->fields, source->n_fields);
	if (o->note)
		fields_add(&fields, "note", text_of(o->note));
	for (i = 0; i < o->tags.n; i++)
		fields_add_tag(&fields, o->tags.list[i]);
	r = fields_add_pairs(fob, &fields, &o->pairs);
	if (r != 0)
		return r;
	if (fields.failed)
		return fail(fob, STATUS_FAILED, "out of memory");
	entry.fields = fields.list;
	entry.n_fields = fields.n;
	return send_entry(fob, o, &entry);
}

static int from_uri(struct fob *fob, const struct add_options *o)
{
	struct parsed parsed AUTO_PARSED = { 0 };
	Fob__NewEntry *entry = NULL;
	int r = o->qr ? parse_picture(fob, o->qr, &parsed) :
			parse_from(fob, o, &parsed);

	if (r == 0)
		r = o->qr ? from_picture(fob, &parsed, &entry) :
			    one_entry(fob, &parsed, &entry);
	if (r == 0 && entry->otp)
		r = seed_apply(fob, &o->seed, false, entry->otp);
	return r == 0 ? add_entry(fob, o, entry) : r;
}

static int from_options(struct fob *fob, const struct add_options *o)
{
	struct seed seed AUTO_SEED = { .otp = FOB__OTP_VALUE__INIT };
	Fob__NewEntry entry;
	int r = seed_apply(fob, &o->seed, true, &seed.otp);

	fob__new_entry__init(&entry);
	if (r == 0 && !o->issuer && !o->account)
		r = fail(fob, STATUS_USAGE,
			 "missing: a URI, or --issuer and --account");
	if (r == 0 && seed.otp.type != FOB__OTP_TYPE__OTP_NONE) {
		r = seed_secret(fob, o->secret_stdin, &seed);
		entry.otp = &seed.otp;
	}
	return r == 0 ? add_entry(fob, o, &entry) : r;
}

static int run_add(struct fob *fob, char **argv)
{
	struct add_options o = { 0 };
	int r;

	if (!read_options(fob, argv, &o))
		return fob->status;
	r = check_options(fob, &o);
	if (r != 0)
		return r;
	return o.uri || o.qr ? from_uri(fob, &o) : from_options(fob, &o);
}

const struct command cmd_add = {
	.name = "add",
	.brief = "add an account",
	.help = "Usage: fob add [URI | - | --qr IMAGE] [options]\n"
		"\n"
		"Adds one account and prints its id. - reads the URI from\n"
		"standard input; on the command line everybody on the machine\n"
		"can see it for a moment. Without a URI the secret is asked\n"
		"for.\n"
		"\n"
		"  --qr IMAGE         from the QR code of a PNG or JPEG picture,\n"
		"                     - for standard input\n"
		"  --issuer I, --account A\n"
		"  --type T           totp, hotp, steam, motp, yandex, none\n"
		"  --algorithm A      SHA1, SHA256, SHA512\n"
		"  --digits N, --period S, --counter N\n"
		"  --secret-stdin     the secret, base32, from standard input\n"
		"  --group G, --tag T, --note N, --field NAME=VALUE\n"
		"  --wait-copies N    return when N other devices have it on\n"
		"                     disk; exit 8 after --timeout\n"
		"  --count-keepers    keepers count for that, too\n"
		"  --force            also when the same secret is there\n"
		"\n"
		"Example:\n"
		"  $ fob add --issuer GitHub --account ada --secret-stdin "
		"<secret\n"
		"  5d1c0e9a8f0b4a57b0c6f1d2e3a4b5c6\n"
		"  $ fob add --qr screenshot.png\n",
	.run = run_add,
};
