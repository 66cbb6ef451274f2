/* fob export: the accounts as a file of another application. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/export_file.h"
#include "client/helper.h"
#include "client/outgoing.h"
#include "client/parsed.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/report.h"
#include "client/series.h"

struct export_options {
	char *format, *out, *passphrase_file, *query;
	bool plain, force, formats;
};

/* What fob-formats says of its formats. */
struct form {
	bool known, plain, sealed;
	bool binary; /* nothing for a terminal */
	bool each;   /* a file for each account */
};

#define TARGETS_SIZE 4096

static int read_targets(struct fob *fob, char ret[static TARGETS_SIZE])
{
	char name[] = "fob-formats", option[] = "--targets";
	char *argv[] = { name, option, NULL };
	struct helper helper;
	size_t n = 0;
	ssize_t got;
	int r = helper_start(fob, argv, STDIN_FILENO, true, &helper);

	if (r != 0)
		return r;
	while ((got = read(helper.out, ret + n, TARGETS_SIZE - 1 - n)) > 0)
		n += (size_t)got;
	ret[n] = '\0';
	return helper_wait(&helper) == 0 ?
		       0 :
		       fail(fob, STATUS_FAILED, "fob-formats failed");
}

/* The first word of a line of targets ends there. */
static size_t word(const char *line)
{
	return strcspn(line, " ");
}

static int find_form(struct fob *fob, const char *format, struct form *ret)
{
	char text[TARGETS_SIZE], *line, *rest = NULL;
	int r = read_targets(fob, text);

	if (r != 0)
		return r;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		size_t n = word(line);

		if (strlen(format) != n || memcmp(line, format, n) != 0)
			continue;
		ret->known = true;
		ret->sealed = strstr(line + n, " sealed") != NULL;
		ret->each = strstr(line + n, " each") != NULL;
		ret->binary = ret->each || strstr(line + n, " binary");
		ret->plain = strstr(line + n, " plain") != NULL;
	}
	return ret->known ? 0 :
			    fail(fob, STATUS_USAGE,
				 "no format to write: %s "
				 "(fob export --formats)",
				 format);
}

static int list_formats(struct fob *fob)
{
	struct json json AUTO_JSON = { 0 };
	char text[TARGETS_SIZE], *line, *rest = NULL;
	int r = read_targets(fob, text);

	if (r != 0)
		return r;
	json_array(&json, NULL);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[word(line)] = '\0';
		json_text(&json, NULL, line);
		if (!fob->json)
			puts(line);
	}
	json_array_end(&json);
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

/* --- what does not come along ----------------------------------------------- */

/* The entries that are in the file. */
static size_t written(const struct outgoing *outgoing,
		      const struct parsed *parsed)
{
	return outgoing->n - size_min(parsed->skipped, outgoing->n);
}

static void tell_losses(struct fob *fob, const struct outgoing *outgoing,
			const struct parsed *parsed)
{
	for (size_t i = 0; i < parsed->n; i++) {
		const Fob__ImportItem *item = parsed->list[i].message;
		const char *name = outgoing_name(outgoing, item->position);

		if (item->skipped)
			warn(fob, "left out: %s: %s", name,
			     item->skipped->reason);
		else if (item->warning[0])
			warn(fob, "%s%s%s", name, *name ? ": " : "",
			     item->warning);
	}
}

static void losses_json(struct json *json, const struct outgoing *outgoing,
			const struct parsed *parsed, bool left_out)
{
	json_array(json, left_out ? "left_out" : "lost");
	for (size_t i = 0; i < parsed->n; i++) {
		const Fob__ImportItem *item = parsed->list[i].message;
		const char *reason = item->warning;

		if (left_out)
			reason = item->skipped ? item->skipped->reason : "";
		if (!*reason)
			continue;
		json_object(json, NULL);
		json_text(json, "name",
			  outgoing_name(outgoing, item->position));
		json_text(json, "reason", reason);
		json_object_end(json);
	}
	json_array_end(json);
}

static int told(struct fob *fob, const struct export_options *o,
		const struct outgoing *outgoing, const struct parsed *parsed)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json) {
		note(fob, "%zu exported, %zu left out",
		     written(outgoing, parsed), parsed->skipped);
		return print_done(fob);
	}
	json_object(&json, NULL);
	json_text(&json, "format", o->format);
	json_text(&json, "file", o->out);
	json_number(&json, "exported", written(outgoing, parsed));
	losses_json(&json, outgoing, parsed, true);
	losses_json(&json, outgoing, parsed, false);
	json_object_end(&json);
	return print_json(fob, &json);
}

/* Only of what is in the file, and after it is there. */
static int take_note(struct fob *fob, const struct export_options *o,
		     const struct outgoing *outgoing,
		     const struct parsed *parsed)
{
	bool *left_out AUTO_FREE = calloc(outgoing->n + 1, sizeof(*left_out));

	if (!left_out)
		return fail(fob, STATUS_FAILED,
			    "the copy is made, but the vault has no note of "
			    "it: out of memory");
	for (size_t i = 0; i < parsed->n; i++) {
		const Fob__Skipped *skipped = parsed->list[i].message->skipped;

		if (skipped && skipped->position > 0 &&
		    skipped->position <= outgoing->n)
			left_out[skipped->position - 1] = true;
	}
	return outgoing_note(fob, outgoing, o->format, left_out);
}

/* --- the command ---------------------------------------------------------------- */

static int put_out(struct fob *fob, const struct export_options *o,
		   const struct form *form, const struct outgoing *outgoing,
		   const struct parsed *parsed)
{
	const struct export_file to = { o->out, o->force, form->each };
	int r;

	tell_losses(fob, outgoing, parsed);
	if (written(outgoing, parsed) == 0)
		return fail(fob, STATUS_FAILED,
			    "none of them has a place in this format");
	if (o->out)
		r = export_file_write(fob, &to, outgoing, parsed);
	else if (print_terminal(fob) && strcmp(o->format, "google") == 0)
		r = series_show(fob, parsed);
	else if (form->each && written(outgoing, parsed) > 1)
		r = fail(fob, STATUS_USAGE,
			 "it is a file for each account: give -o FILE.png, "
			 "or -o FOLDER");
	else
		r = export_file_print(fob, form->binary, parsed);
	if (r == 0)
		r = take_note(fob, o, outgoing, parsed);
	return r ? r : told(fob, o, outgoing, parsed);
}

static int export(struct fob *fob, const struct export_options *o,
		  const struct form *form)
{
	struct passphrase *password AUTO_PASSPHRASE = NULL;
	struct outgoing outgoing AUTO_OUTGOING = { .fd = -1 };
	struct parsed parsed AUTO_PARSED = { 0 };
	int r = outgoing_collect(fob, o->query, &outgoing);

	if (r == 0 && form->sealed && !o->plain)
		r = passphrase_other_new(fob, o->passphrase_file,
					 "--file-passphrase-file", &password);
	else if (r == 0)
		warn(fob, "the file is not encrypted: whoever reads it has "
			  "the codes");
	if (r == 0)
		r = parsed_write(fob, outgoing.fd, o->format, password,
				 &parsed);
	return r ? r : put_out(fob, o, form, &outgoing, &parsed);
}

/* Before anything is asked: what cannot come to an end need not begin. */
static int check(struct fob *fob, const struct export_options *o,
		 struct form *ret)
{
	struct stat st;
	int r = find_form(fob, o->format, ret);

	if (r != 0)
		return r;
	if (fob->json && !o->out)
		return fail(fob, STATUS_USAGE, "--json needs -o FILE");
	if (o->passphrase_file && (o->plain || !ret->sealed))
		return fail(fob, STATUS_USAGE,
			    "the plain form takes no password");
	if (o->out && !ret->each && !o->force && lstat(o->out, &st) == 0)
		return fail(fob, STATUS_CONFLICT,
			    "%s is there already: --force replaces it", o->out);
	return 0;
}

static int run_export(struct fob *fob, char **argv)
{
	struct export_options o = { 0 };
	const struct option table[] = {
		{ "format", 0, OPTION_TEXT, &o.format },
		{ "output", 'o', OPTION_TEXT, &o.out },
		{ "plain", 0, OPTION_FLAG, &o.plain },
		{ "file-passphrase-file", 0, OPTION_TEXT, &o.passphrase_file },
		{ "force", 0, OPTION_FLAG, &o.force },
		{ "formats", 0, OPTION_FLAG, &o.formats },
	};
	struct texts arguments;
	struct form form = { 0 };
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_one(fob, &arguments, &o.query))
		return fob->status;
	if (o.formats)
		return list_formats(fob);
	if (!o.format)
		return fail(fob, STATUS_USAGE,
			    "missing: --format F (fob export --formats)");
	r = check(fob, &o, &form);
	return r ? r : export(fob, &o, &form);
}

const struct command cmd_export = {
	.name = "export",
	.brief = "the accounts as a file of another application",
	.help = "Usage: fob export --format F [-o FILE] [--plain] [--force]\n"
		"       [--file-passphrase-file FILE] [QUERY]\n"
		"       fob export --formats\n"
		"\n"
		"Writes the accounts, or those that QUERY matches, for another\n"
		"application: encrypted where the format can be, with a\n"
		"password that is asked for twice. The passphrase of the vault\n"
		"is asked for as well. What has no place in the format is said\n"
		"before anything is written. FILE is readable by you alone,\n"
		"and appears when it is whole. Without -o it goes to standard\n"
		"output; format google becomes QR codes on a terminal, turned\n"
		"by space, p and q. The vault takes note of what went where\n"
		"(fob show, fob doctor).\n"
		"html and pdf are pages for the safe, to be printed: a QR code\n"
		"and the secret of each account. png is a picture for each:\n"
		"several go to FILE-1.png, FILE-2.png... or into a folder.\n"
		"\n"
		"  --format F         the format\n"
		"  -o, --output FILE  where it goes\n"
		"  --plain            not encrypted\n"
		"  --force            replace FILE\n"
		"  --formats          list the formats\n"
		"  --file-passphrase-file FILE\n"
		"                     its first line is the password\n"
		"\n"
		"Example:\n"
		"  $ fob export --format aegis -o aegis.json\n"
		"  $ fob export --format google github\n"
		"  $ fob export --format pdf -o safe.pdf\n",
	.run = run_export,
};
