/*
 * fob qr: the account's URI as a QR picture, on the terminal or in a file. It
 * is there for another application's camera, so it is an export, and the
 * vault takes note of it.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/export_file.h"
#include "client/exported.h"
#include "client/formats/uri.h"
#include "client/helper.h"
#include "client/print.h"
#include "client/qr_picture.h"
#include "client/report.h"
#include "client/reveal.h"
#include "proto/text.h"

struct qr_options {
	char *png;
	bool force;
};

/* A URI of Yandex says it; those of mOTP have no place for theirs. */
static int set_pin(struct entry *entry, const Fob__Shown *shown,
		   struct fault *fault)
{
	for (size_t i = 0; i < shown->n_fields; i++)
		if (strcmp(shown->fields[i]->key, "pin") == 0)
			return entry_set(entry, ENTRY_PIN,
					 account_bytes(shown->fields[i]->value),
					 fault);
	return 0;
}

/* What a URI needs; the texts stay the message's. */
static int as_uri(const Fob__Shown *shown, char ret[static URI_MAX])
{
	struct entry entry AUTO_ENTRY;
	const Fob__OtpValue *otp = shown->otp[0];
	struct fault fault = { 0 };
	size_t n;
	int r;

	entry_init(&entry);
	entry.type = otp->type;
	entry.algorithm = otp->algorithm;
	entry.digits = otp->digits;
	entry.period = otp->period;
	entry.counter = otp->counter;
	r = entry_set(&entry, ENTRY_ISSUER, text_of(shown->account->issuer),
		      &fault);
	if (r == 0)
		r = entry_set(&entry, ENTRY_ACCOUNT,
			      text_of(shown->account->account), &fault);
	if (r == 0)
		r = entry_set_secret(&entry, account_bytes(otp->secret),
				     &fault);
	if (r == 0)
		r = set_pin(&entry, shown, &fault);
	if (r == 0)
		r = entry_check(&entry, &fault);
	return r == 0 ? uri_write(&entry, ret, URI_MAX, &n) : r;
}

static int uri_json(struct fob *fob, const Fob__Shown *shown, char *uri)
{
	struct json json AUTO_JSON = { 0 };

	json_object(&json, NULL);
	account_json_name(&json, shown->account);
	json_text(&json, "uri", uri);
	json_object_end(&json);
	return print_json(fob, &json);
}

int qr_picture(struct fob *fob, const char *text)
{
	char name[] = "fob-qr", plain[] = "--plain";
	char *argv[] = { name, print_colour(fob) ? NULL : plain, NULL };
	struct helper helper;
	int in, r;

	if (strlen(text) > HELPER_BYTES_MAX)
		return fail(fob, STATUS_FAILED, "too long for a QR code");
	in = helper_bytes(text_of(text));
	if (in < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(-in));
	r = helper_start(fob, argv, in, false, &helper);
	close(in);
	if (r != 0)
		return r;
	r = helper_wait(&helper);
	return r == 0 ? 0 : fail(fob, STATUS_FAILED, "fob-qr failed");
}

static int take_note(struct fob *fob, const Fob__Shown *shown)
{
	char format[] = "qr";

	return exported_note(fob, &shown->account->id, 1, format);
}

static int as_picture(struct fob *fob, const Fob__Shown *shown)
{
	char uri[URI_MAX];
	int r = as_uri(shown, uri);

	if (r != 0)
		return fail(fob, STATUS_FAILED, "it does not fit into a URI");
	/* Of two documents the second, an error, would be one too many. */
	if (fob->json)
		r = take_note(fob, shown);
	if (r == 0)
		r = fob->json ? uri_json(fob, shown, uri) :
				qr_picture(fob, uri);
	if (r == 0 && !fob->json)
		r = take_note(fob, shown);
	sodium_memzero(uri, sizeof(uri));
	return r;
}

/* --- a file ----------------------------------------------------------------- */

static int file_json(struct fob *fob, const Fob__Shown *shown, const char *file)
{
	struct json json AUTO_JSON = { 0 };

	json_object(&json, NULL);
	account_json_name(&json, shown->account);
	json_text(&json, "file", file);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int write_file(struct fob *fob, const struct export_file *to,
		      const Fob__Shown *shown)
{
	struct outgoing outgoing AUTO_OUTGOING = { .fd = -1 };
	struct parsed parsed AUTO_PARSED = { 0 };
	char format[] = "png";
	int r = outgoing_one(fob, shown, &outgoing);

	if (r == 0)
		r = parsed_write(fob, outgoing.fd, format, NULL, &parsed);
	if (r == 0 && parsed.skipped > 0)
		return fail(fob, STATUS_FAILED, "it does not fit into a URI");
	return r ? r : export_file_write(fob, to, &outgoing, &parsed);
}

static int as_file(struct fob *fob, const struct qr_options *o,
		   const Fob__Shown *shown)
{
	const struct export_file to = { o->png, o->force, true };
	int r = write_file(fob, &to, shown);

	if (r == 0)
		r = take_note(fob, shown);
	if (r != 0)
		return r;
	if (fob->json)
		return file_json(fob, shown, o->png);
	note(fob, "the picture has the secret: whoever sees it has the codes");
	return print_done(fob);
}

/* --- the command -------------------------------------------------------------- */

/* Before a passphrase is asked for. */
static int check(struct fob *fob, const struct qr_options *o)
{
	struct stat st;

	if (o->force && !o->png)
		return fail(fob, STATUS_USAGE, "--force is for --png FILE");
	if (!o->png || lstat(o->png, &st) != 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return fail(fob, STATUS_USAGE, "%s is a folder", o->png);
	return o->force ?
		       0 :
		       fail(fob, STATUS_CONFLICT,
			    "%s is there already: --force replaces it", o->png);
}

static int run_qr(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	struct qr_options o = { 0 };
	const struct option table[] = {
		{ "png", 0, OPTION_TEXT, &o.png },
		{ "force", 0, OPTION_FLAG, &o.force },
	};
	const Fob__Shown *shown;
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 1, "QUERY"))
		return fob->status;
	r = check(fob, &o);
	if (r == 0)
		r = reveal_one(fob, arguments.list[0], &answers, &shown);
	if (r != 0)
		return r;
	return o.png ? as_file(fob, &o, shown) : as_picture(fob, shown);
}

const struct command cmd_qr = {
	.name = "qr",
	.brief = "the account as a QR code",
	.help = "Usage: fob qr QUERY [--png FILE] [--force]\n"
		"\n"
		"Draws the account's otpauth URI on the terminal, for the\n"
		"camera of another application. It holds the secret, so the\n"
		"passphrase is asked for again, and the vault takes note that\n"
		"a copy is outside (fob show, fob doctor).\n"
		"\n"
		"  --png FILE  into a picture, readable by you alone\n"
		"  --force     replace FILE\n"
		"\n"
		"Example:\n"
		"  $ fob qr github\n"
		"  $ fob qr github --png github.png\n",
	.run = run_qr,
};
