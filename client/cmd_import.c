/* fob import: a file of another application, in batches to the daemon. */
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
#include "client/pass_store.h"
#include "client/passphrase.h"
#include "client/pictures.h"
#include "client/plan.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"
#include "client/spool.h"
#include "proto/text.h"

#define BATCH_ENTRIES 192
#define BATCH_BYTES (48 * 1024)
#define ENTRY_MOST 15360 /* bytes of the largest that a vault takes */
#define ENTRY_OVERHEAD 8 /* bytes of a packed entry's key and length */
#define BAR_COLUMNS 30

struct import_options {
	char *file, *format, *group, *passphrase_file;
	struct texts tags;
	bool dry_run, formats;
};

struct import_state {
	struct fob *fob;
	const struct import_options *o;
	/* Copies, whose fields may be more than the file's. */
	Fob__NewEntry entries[BATCH_ENTRIES];
	Fob__NewEntry *batch[BATCH_ENTRIES];
	struct fields fields[BATCH_ENTRIES];
	struct fields tags; /* that every entry gets */
	size_t n, bytes;
	uint64_t found, added, skipped, done, total;
	struct json skips; /* the rows of "skipped" */
	struct plan plan;  /* of a dry run that is told to people */
	bool bar;	   /* the line of the terminal shows how far it is */
};

/* Whatever else is told gets a line of its own. */
static void wipe_bar(struct import_state *s)
{
	if (s->bar)
		fputs("\r\033[K", stderr);
	s->bar = false;
}

static void skip(struct import_state *s, const char *reason, const char *name,
		 uint64_t position)
{
	struct fob *fob = s->fob;

	s->skipped++;
	json_object(&s->skips, NULL);
	json_text(&s->skips, "reason", reason);
	json_text(&s->skips, "name", name);
	if (position > 0)
		json_number(&s->skips, "position", position);
	json_object_end(&s->skips);
	if (fob->json)
		return;
	wipe_bar(s);
	if (s->o->dry_run)
		plan_skip(&s->plan, name, reason, position);
	else if (position > 0)
		note(fob, "%llu: %s%s%s", (unsigned long long)position, name,
		     name[0] ? ": " : "", reason);
	else
		note(fob, "%s: %s", name, reason);
}

static void entry_name(const Fob__NewEntry *entry,
		       char ret[static ACCOUNT_NAME_SIZE])
{
	bool both = entry->issuer[0] && entry->account[0];

	snprintf(ret, ACCOUNT_NAME_SIZE, "%s%s%s", entry->issuer,
		 both ? "/" : "", entry->account);
}

static void bar(struct import_state *s)
{
	uint64_t total = s->total;
	unsigned int full;

	if (s->fob->json || s->fob->quiet ||
	    total < 2 * (uint64_t)BATCH_ENTRIES || !isatty(STDERR_FILENO))
		return;
	full = (unsigned int)(s->done * BAR_COLUMNS / total);
	fprintf(stderr, "\r[%.*s%*s] %llu/%llu%s", (int)full,
		"##############################", (int)(BAR_COLUMNS - full), "",
		(unsigned long long)s->done, (unsigned long long)total,
		s->done == total ? "\n" : "");
	fflush(stderr);
	s->bar = s->done < total;
}

static void count(struct import_state *s, const Fob__AddResult *result,
		  const Fob__NewEntry *entry)
{
	char name[ACCOUNT_NAME_SIZE], reason[ACCOUNT_NAME_SIZE + 32];

	entry_name(entry, name);
	if (result->duplicate_of[0]) {
		snprintf(reason, sizeof(reason), "duplicate of %s",
			 result->duplicate_of);
		skip(s, reason, name, 0);
	} else if (result->status != STATUS_OK ||
		   (result->id.len == 0 && !s->o->dry_run)) {
		skip(s,
		     result->reason[0] ? result->reason :
					 status_text(result->status),
		     name, 0);
	} else {
		s->added++;
		if (s->o->dry_run)
			plan_add(&s->plan, "add", name, "");
	}
}

static void empty_batch(struct import_state *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		fields_free(&s->fields[i]);
	s->n = 0;
	s->bytes = 0;
}

/* A reply that has a result for each entry is an answer, whatever it says. */
static int send_batch(struct import_state *s, Fob__Request *request,
		      struct answer *answer)
{
	struct asking asking;
	int r = ask_begin(&asking, s->fob, request);
	const Fob__Added *added;

	if (r == 0)
		r = ask_next(&asking, answer);
	if (r != 0)
		return r;
	added = answer->reply->added;
	if (added && added->n_results == s->n)
		return 0;
	if (answer->reply->status != STATUS_OK)
		return ask_failed(s->fob, answer->reply);
	return fail(s->fob, STATUS_FAILED,
		    "the daemon answers for %zu entries, not %zu",
		    added ? added->n_results : 0, s->n);
}

static int flush_batch(struct import_state *s)
{
	struct answer answer AUTO_ANSWER = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk add = FOB__ADD_ASK__INIT;
	size_t i;
	int r;

	if (s->n == 0)
		return 0;
	add.entries = s->batch;
	add.n_entries = s->n;
	add.dry_run = s->o->dry_run;
	request.add = &add;
	r = send_batch(s, &request, &answer);
	if (r != 0)
		return r;
	for (i = 0; i < s->n; i++)
		count(s, answer.reply->added->results[i], s->batch[i]);
	s->done += s->n;
	empty_batch(s);
	bar(s);
	return 0;
}

static bool lacks_pin(const Fob__NewEntry *entry)
{
	if (!entry->otp || (entry->otp->type != FOB__OTP_TYPE__MOTP &&
			    entry->otp->type != FOB__OTP_TYPE__YANDEX))
		return false;
	for (size_t i = 0; i < entry->n_fields; i++)
		if (strcmp(entry->fields[i]->key, "pin") == 0)
			return false;
	return true;
}

/* What most formats do not carry, and no code is right without. */
static void ask_pin(struct import_state *s, const Fob__NewEntry *entry,
		    struct fields *fields)
{
	char name[ACCOUNT_NAME_SIZE], escaped[TEXT_ESCAPED_MAX(64)];
	char question[sizeof(escaped) + 64];
	uint8_t pin[PIN_MAX];
	size_t n;

	if (s->o->dry_run || s->fob->json || s->fob->yes ||
	    !isatty(STDERR_FILENO) || !lacks_pin(entry))
		return;
	wipe_bar(s);
	entry_name(entry, name);
	text_escape(escaped, sizeof(escaped), text_of(name));
	snprintf(question, sizeof(question),
		 "PIN of %s (Enter: none for now): ", escaped);
	if (prompt_secret(question, pin, sizeof(pin), &n) == 0 && n > 0)
		fields_add(fields, "pin", (struct bytes){ pin, n });
	sodium_memzero(pin, sizeof(pin));
}

/* The entry, with the group and the tags that every entry gets. */
static int push(struct import_state *s, const Fob__NewEntry *from)
{
	Fob__NewEntry *entry;
	struct fields *fields;
	size_t n;
	int r = s->n == BATCH_ENTRIES ? flush_batch(s) : 0;

	if (r != 0)
		return r;
	entry = &s->entries[s->n];
	fields = &s->fields[s->n];
	*entry = *from;
	if (s->o->group)
		entry->group = s->o->group;
	fields_add_all(fields, from->fields, from->n_fields);
	fields_add_all(fields, s->tags.list, s->tags.n);
	ask_pin(s, from, fields);
	if (fields->failed) {
		fields_free(fields);
		return fail(s->fob, STATUS_FAILED, "out of memory");
	}
	entry->fields = fields->list;
	entry->n_fields = fields->n;
	n = fob__new_entry__get_packed_size(entry) + ENTRY_OVERHEAD;
	s->batch[s->n++] = entry;
	s->bytes += n;
	return s->bytes > BATCH_BYTES - ENTRY_MOST ? flush_batch(s) : 0;
}

static int push_all(struct import_state *s, const struct parsed *parsed)
{
	size_t i;
	int r = 0;

	for (i = 0; i < s->o->tags.n; i++)
		fields_add_tag(&s->tags, s->o->tags.list[i]);
	s->total = parsed->entries;
	for (i = 0; r == 0 && i < parsed->n; i++)
		if (parsed->list[i].message->entry)
			r = push(s, parsed->list[i].message->entry);
	if (r == 0)
		r = flush_batch(s);
	empty_batch(s);
	fields_free(&s->tags);
	return r;
}

/* The name of the entry at that position of the file, or "". */
static void name_at(const struct parsed *parsed, uint64_t position,
		    char ret[static ACCOUNT_NAME_SIZE])
{
	ret[0] = '\0';
	for (size_t i = 0; position > 0 && i < parsed->n; i++) {
		const Fob__ImportItem *item = parsed->list[i].message;

		if (item->entry && item->position == position) {
			entry_name(item->entry, ret);
			return;
		}
	}
}

static void tell_warning(struct import_state *s, const struct parsed *parsed,
			 const Fob__ImportItem *item)
{
	char name[ACCOUNT_NAME_SIZE];

	name_at(parsed, item->position, name);
	if (s->o->dry_run)
		plan_add(&s->plan, "lost", name, item->warning);
	else
		warn(s->fob, "%s%.0llu%s%s%s%s",
		     item->position ? "record " : "",
		     (unsigned long long)item->position,
		     item->position ? ": " : "", name, *name ? ": " : "",
		     item->warning);
}

static void tell_skipped(struct import_state *s, const struct parsed *parsed)
{
	size_t i;

	for (i = 0; i < parsed->n; i++) {
		const Fob__ImportItem *item = parsed->list[i].message;

		if (item->skipped)
			skip(s, item->skipped->reason, item->skipped->name,
			     item->skipped->position);
		if (item->warning[0] && !s->fob->json)
			tell_warning(s, parsed, item);
	}
}

static int as_json(struct import_state *s, const struct parsed *parsed)
{
	struct json json AUTO_JSON = { 0 };
	size_t i;

	json_object(&json, NULL);
	json_text(&json, "format", parsed->format);
	json_number(&json, "found", s->found);
	json_number(&json, "added", s->added);
	json_array(&json, "skipped");
	json_append(&json, &s->skips);
	json_array_end(&json);
	json_array(&json, "warnings");
	for (i = 0; i < parsed->n; i++)
		if (parsed->list[i].message->warning[0])
			json_text(&json, NULL,
				  parsed->list[i].message->warning);
	json_array_end(&json);
	json_bool(&json, "dry_run", s->o->dry_run);
	json_object_end(&json);
	return print_json(s->fob, &json);
}

static int as_text(struct import_state *s)
{
	bool plan = s->o->dry_run && s->found > 0;

	if (plan)
		plan_print(s->fob, &s->plan);
	if (s->plan.table.failed)
		return fail(s->fob, STATUS_FAILED, "out of memory");
	/* A script gets the lines alone. */
	if (plan && !print_terminal(s->fob)) {
		note(s->fob, "%llu found, %llu would be added, %llu skipped",
		     (unsigned long long)s->found, (unsigned long long)s->added,
		     (unsigned long long)s->skipped);
		return print_done(s->fob);
	}
	printf("%llu found, %llu %s, %llu skipped\n",
	       (unsigned long long)s->found, (unsigned long long)s->added,
	       s->o->dry_run ? "would be added" : "added",
	       (unsigned long long)s->skipped);
	return print_done(s->fob);
}

/* Nobody knows that a file is encrypted before it was looked at. */
static int read_file(struct fob *fob, const struct import_options *o, int in,
		     struct parsed *ret)
{
	struct passphrase *password AUTO_PASSPHRASE = NULL;
	const char *source = strcmp(o->file, "-") == 0 ? "standard input" :
							 o->file;
	int r = 0;

	ret->source = source;

	if (o->passphrase_file)
		r = passphrase_other(fob, o->passphrase_file, NULL, NULL,
				     &password);
	if (r == 0)
		r = parsed_open(fob, in, o->format, password, ret);
	if (r != 0 || !ret->needs_password)
		return r;
	r = passphrase_other(fob, NULL,
			     "Password of the file: ", "--file-passphrase-file",
			     &password);
	if (r != 0)
		return r;
	parsed_free(ret);
	ret->source = source;
	if (spool_rewind(in) < 0)
		return fail(fob, STATUS_FAILED, "%s cannot be read again",
			    o->file);
	return parsed_open(fob, in, o->format, password, ret);
}

static int import(struct fob *fob, const struct import_options *o, int in)
{
	struct parsed parsed AUTO_PARSED = { 0 };
	struct import_state state = { .fob = fob, .o = o };
	int r = read_file(fob, o, in, &parsed);

	if (r != 0)
		return r;
	plan_init(&state.plan);
	state.found = parsed.entries + parsed.skipped;
	tell_skipped(&state, &parsed);
	r = push_all(&state, &parsed);
	if (r == 0)
		r = fob->json ? as_json(&state, &parsed) : as_text(&state);
	json_deinit(&state.skips);
	plan_deinit(&state.plan);
	return r;
}

static int list_formats(struct fob *fob)
{
	char name[] = "fob-formats", option[] = "--formats";
	char *argv[] = { name, option, NULL };
	struct json json AUTO_JSON = { 0 };
	char text[4096], *line, *rest = NULL;
	struct helper helper;
	size_t n = 0;
	ssize_t got;
	int r = helper_start(fob, argv, STDIN_FILENO, true, &helper);

	if (r != 0)
		return r;
	while ((got = read(helper.out, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	r = helper_wait(&helper);
	if (r != 0)
		return fail(fob, STATUS_FAILED, "fob-formats failed");
	if (!fob->json) {
		fputs(text, stdout);
		return print_done(fob);
	}
	json_array(&json, NULL);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		json_text(&json, NULL, line);
	json_array_end(&json);
	return print_json(fob, &json);
}

/* A descriptor that can be read again and again. */
static int open_file(struct fob *fob, const char *name, int *ret)
{
	bool from_stdin = strcmp(name, "-") == 0;
	int in = STDIN_FILENO, fd;

	if (!from_stdin)
		in = open(name, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return fail(fob, STATUS_FAILED, "cannot open %s: %s", name,
			    strerror(errno));
	fd = spool_open(in, IMPORT_FILE_MAX);
	if (!from_stdin)
		close(in);
	if (fd < 0)
		return fail(fob, STATUS_FAILED, "cannot read %s: %s", name,
			    strerror(-fd));
	*ret = fd;
	return 0;
}

static int import_store(struct fob *fob, const struct import_options *o)
{
	int fd, r = pass_store_open(fob, o->file, &fd);

	if (r != 0)
		return r;
	r = import(fob, o, fd);
	close(fd);
	return r;
}

static int import_pictures(struct fob *fob, struct import_options *o,
			   const struct pictures *pictures)
{
	char *format;
	int r = pictures_done(fob, pictures, &format);

	if (r != 0)
		return r;
	if (!o->format)
		o->format = format;
	return import(fob, o, pictures->fd);
}

/* Pictures are put together, so that an export of several is whole. */
static int import_file(struct fob *fob, struct import_options *o,
		       const struct texts *files, struct pictures *pictures)
{
	int fd = -1, r = open_file(fob, o->file, &fd);

	if (r != 0)
		return r;
	if (pictures_detect(fd))
		r = pictures_add(fob, pictures, o->file, fd);
	else if (files->n == 1)
		r = import(fob, o, fd);
	else
		r = fail(fob, STATUS_USAGE,
			 "%s is no picture: other files go in one by one",
			 o->file);
	close(fd);
	return r;
}

static int import_files(struct fob *fob, struct import_options *o,
			const struct texts *files)
{
	struct pictures pictures AUTO_PICTURES = { .fd = -1 };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < files->n; i++) {
		o->file = files->list[i];
		r = import_file(fob, o, files, &pictures);
	}
	if (r != 0 || pictures.fd < 0)
		return r;
	return import_pictures(fob, o, &pictures);
}

static int run_import(struct fob *fob, char **argv)
{
	struct import_options o = { 0 };
	const struct option table[] = {
		{ "format", 0, OPTION_TEXT, &o.format },
		{ "dry-run", 0, OPTION_FLAG, &o.dry_run },
		{ "group", 0, OPTION_TEXT, &o.group },
		{ "tag", 0, OPTION_TEXTS, &o.tags },
		{ "formats", 0, OPTION_FLAG, &o.formats },
		{ "file-passphrase-file", 0, OPTION_TEXT, &o.passphrase_file },
	};
	struct texts arguments;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments))
		return fob->status;
	if ((o.formats || arguments.n < 2) &&
	    !options_exactly(fob, &arguments, o.formats ? 0 : 1,
			     "FILE, or - for standard input"))
		return fob->status;
	if (o.formats)
		return list_formats(fob);
	o.file = arguments.list[0];
	if (o.format && strcmp(o.format, "pass") == 0 && arguments.n == 1)
		return import_store(fob, &o);
	return import_files(fob, &o, &arguments);
}

const struct command cmd_import = {
	.name = "import",
	.brief = "take over the accounts of another application",
	.help = "Usage: fob import FILE|PICTURE...|- [--format F] [--dry-run]\n"
		"       [--group G] [--tag T] [--file-passphrase-file FILE]\n"
		"       fob import --formats\n"
		"\n"
		"Reads a file of another application; the format is found by\n"
		"content. Accounts that are here already are skipped and\n"
		"counted, a bad record is reported and the others go in.\n"
		"Nothing is written when the file as a whole is damaged.\n"
		"The password of an encrypted file is asked for.\n"
		"A store of pass is a folder: name it, and the format;\n"
		"gpg opens its files.\n"
		"Pictures of QR codes, PNG or JPEG, may be several, in any\n"
		"order: those that an export of Google Authenticator lacks\n"
		"are named.\n"
		"\n"
		"  --format F   when the format is not found\n"
		"  --dry-run    only show what would be added, skipped and lost\n"
		"  --group G    put them all into this group\n"
		"  --tag T      give them all this tag\n"
		"  --formats    list the formats\n"
		"  --file-passphrase-file FILE\n"
		"               its first line is the password of the file\n"
		"\n"
		"Example:\n"
		"  $ fob import accounts.txt\n"
		"  12 found, 11 added, 1 skipped\n"
		"  $ fob import IMG_0001.jpg IMG_0002.jpg\n"
		"  $ fob import --format pass ~/.password-store\n",
	.run = run_import,
};
