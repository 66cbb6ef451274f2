/*
 * fob-formats: what other applications write, and what they read. With
 * --write the entries come framed on standard input, and the file goes out in
 * ImportItem messages too, behind the reports of what has no place in it; where
 * each entry has a file of its own, with the entry's position.
 *
 * Without it: a foreign file on standard input, framed ImportItem messages
 * on standard output (proto/local.proto), which `fob import` reads. Nothing
 * leaves it before the whole file is read, so a crash in a reader costs no
 * half an import. The password of an encrypted file comes from a descriptor,
 * all that can be read from it. Exit 0; 1 when the file as a whole is refused
 * (the last message says why); 2 wrong usage; 5 a password is needed; 7 the
 * password is wrong.
 */
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/formats/archive.h"
#include "client/formats/export.h"
#include "client/formats/formats.h"
#include "client/formats/message.h"
#include "client/sandbox/confine.h"
#include "client/sandbox/input.h"
#include "client/sandbox/output.h"
#include "proto/secret.h"
#include "proto/status.h"
#include "proto/text.h"

#define DATE_SIZE 16

static int send_format(const char *name)
{
	Fob__ImportItem item;
	char copy[64];

	fob__import_item__init(&item);
	snprintf(copy, sizeof(copy), "%s", name);
	item.format = copy;
	return output_item(&item);
}

static int send_entries(const struct import *import)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < import->n; i++) {
		Fob__ImportItem item;
		struct message message;

		fob__import_item__init(&item);
		message_fill(&message, &import->entries[i]);
		item.entry = &message.entry;
		item.position = import->positions[i];
		r = output_item(&item);
	}
	return r;
}

static int send_skipped(const struct import_reports *reports)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < reports->n; i++) {
		Fob__ImportItem item;
		Fob__Skipped skipped;

		fob__import_item__init(&item);
		fob__skipped__init(&skipped);
		skipped.position = reports->list[i].position;
		skipped.reason = reports->list[i].text;
		skipped.name = reports->list[i].name;
		item.skipped = &skipped;
		item.position = skipped.position;
		r = output_item(&item);
	}
	return r;
}

static int send_warnings(const struct import_reports *reports)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < reports->n; i++) {
		Fob__ImportItem item;

		fob__import_item__init(&item);
		item.warning = reports->list[i].text;
		item.position = reports->list[i].position;
		r = output_item(&item);
	}
	return r;
}

/* More than anybody reads was not kept, but is counted. */
static int send_dropped(uint64_t dropped, const char *what)
{
	Fob__ImportItem item;
	char text[80];

	if (dropped == 0)
		return 0;
	fob__import_item__init(&item);
	snprintf(text, sizeof(text), "%llu further %s are not listed",
		 (unsigned long long)dropped, what);
	item.warning = text;
	return output_item(&item);
}

static int send_import(const struct import *import, const char *format)
{
	int r = send_format(format);

	if (r == 0)
		r = send_entries(import);
	if (r == 0)
		r = send_skipped(&import->skipped);
	if (r == 0)
		r = send_warnings(&import->warnings);
	if (r == 0)
		r = send_dropped(import->skipped.dropped, "skipped records");
	if (r == 0)
		r = send_dropped(import->warnings.dropped, "warnings");
	return r;
}

static int fail(const char *text)
{
	output_error(text);
	return STATUS_FAILED;
}

static int fail_errno(int r)
{
	if (r == -EFBIG)
		return fail("the file is larger than 64 MiB");
	if (r == -ENOMEM)
		return fail("the file takes more memory than allowed");
	return fail("the file cannot be read");
}

/* Told apart by a field, so that nobody has to understand the text. */
static int refuse(const struct import *import, const char *format, int error)
{
	Fob__ImportItem item;
	int r = send_format(format);

	fob__import_item__init(&item);
	if (r < 0)
		return STATUS_FAILED;
	if (error == IMPORT_ERR_PASSWORD) {
		item.needs_password = true;
		output_item(&item);
		return STATUS_LOCKED;
	}
	item.error = import->error;
	item.wrong_password = error == IMPORT_ERR_WRONG;
	output_item(&item);
	return item.wrong_password ? STATUS_REFUSED : STATUS_FAILED;
}

/* --- the way out ------------------------------------------------------------- */

#define PART (48 * 1024) /* bytes of the file in one message */

static int send_file(const struct document *document, uint64_t position)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < document->n; at += PART) {
		Fob__ImportItem item;

		fob__import_item__init(&item);
		item.position = position;
		item.data.data = document->p + at;
		item.data.len = size_min(PART, document->n - at);
		r = output_item(&item);
	}
	return r;
}

/* What has no place in the file, before the file. */
static int send_losses(const struct export *export)
{
	const struct import *import = &export->import;
	int r = send_format(export->target->name);

	if (r == 0)
		r = send_skipped(&import->skipped);
	if (r == 0)
		r = send_warnings(&import->warnings);
	if (r == 0)
		r = send_dropped(import->skipped.dropped, "left out");
	if (r == 0)
		r = send_dropped(import->warnings.dropped, "losses");
	return r;
}

/* 0, a negative errno, or STATUS_FAILED when nobody takes it. */
static int write_file(const struct export *export, uint64_t position)
{
	AUTO_DOCUMENT struct document document = { 0 };
	int r = export_write(export, &document);

	if (r != 0)
		return r;
	return send_file(&document, position) == 0 ? 0 : STATUS_FAILED;
}

/*
 * Nobody uses a file before the end of ours, so those of several need not all
 * be there at once.
 */
static int write_files(struct export *export)
{
	int r = 0;

	if (export->target->kind != TARGET_EACH)
		return write_file(export, 0);
	for (; r == 0 && export->only < export->import.n; export->only++)
		r = write_file(export, export->import.positions[export->only]);
	return r;
}

static int run_write(const struct target *target, const char *date,
		     struct bytes password)
{
	AUTO_INPUT struct input file = { 0 };
	AUTO_EXPORT struct export export;
	int r;

	export_init(&export, target);
	export.password = password;
	snprintf(export.date, sizeof(export.date), "%s", date);
	if (password.p ? !target->sealed : !target->plain)
		return fail("the format has no such form");
	r = input_read(&file, IMPORT_FILE_MAX);
	if (r == 0)
		r = export_read(&export, input_bytes(&file));
	if (r > 0)
		return fail(export.import.error ? export.import.error :
						  "the entries are damaged");
	if (r < 0)
		return fail_errno(r);
	if (send_losses(&export) != 0)
		return STATUS_FAILED;
	r = write_files(&export);
	return r < 0 ? fail_errno(r) : r;
}

/* --- the way in -------------------------------------------------------------- */

static int run(const struct format *format, struct bytes password)
{
	AUTO_INPUT struct input file = { 0 };
	AUTO_IMPORT struct import import;
	struct bytes bytes;
	int r;

	import_init(&import);
	import.password = password;
	r = input_read(&file, IMPORT_FILE_MAX);
	if (r < 0)
		return fail_errno(r);
	bytes = input_bytes(&file);
	if (bytes.n == 0)
		return fail("the file is empty");
	if (!format || archive_detect(bytes)) {
		const struct format *found = formats_detect(bytes);

		import.inner = format == found ? NULL : format;
		format = found;
	}
	if (!format)
		return fail("the format is not recognised: name it "
			    "with --format (fob import --formats)");
	r = format->read(bytes, &import);
	if (import.inner)
		format = import.inner;
	if (r < 0)
		return fail_errno(r);
	if (r != 0)
		return refuse(&import, format->name, r);
	return send_import(&import, format->name) == 0 ? STATUS_OK :
							 STATUS_FAILED;
}

static int usage(void)
{
	fputs("usage: fob-formats [--format NAME] [--password-fd N] < FILE\n"
	      "       fob-formats --write NAME [--password-fd N] < ENTRIES\n"
	      "       fob-formats --formats | --targets\n",
	      stderr);
	return STATUS_USAGE;
}

static int list_formats(void)
{
	const struct format *format;

	for (size_t i = 0; (format = formats_at(i)); i++)
		puts(format->name);
	return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

/* "aegis text sealed plain": a line each. */
static int list_targets(void)
{
	static const char *const kinds[] = {
		[TARGET_TEXT] = "text",
		[TARGET_BINARY] = "binary",
		[TARGET_EACH] = "each",
	};
	const struct target *target;

	for (size_t i = 0; (target = export_at(i)); i++)
		printf("%s %s%s%s\n", target->name, kinds[target->kind],
		       target->sealed ? " sealed" : "",
		       target->plain ? " plain" : "");
	return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

struct arguments {
	const char *format, *target;
	int password_fd; /* -1: none */
};

static bool parse_fd(const char *text, int *ret)
{
	int fd = 0;

	if (*text == '\0' || strlen(text) > 4)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		fd = 10 * fd + (*text - '0');
	}
	*ret = fd;
	return fd > STDERR_FILENO;
}

static bool parse(char **argv, struct arguments *ret)
{
	*ret = (struct arguments){ .password_fd = -1 };
	for (argv++; *argv; argv += 2) {
		if (!argv[1])
			return false;
		if (strcmp(argv[0], "--format") == 0)
			ret->format = argv[1];
		else if (strcmp(argv[0], "--write") == 0)
			ret->target = argv[1];
		else if (strcmp(argv[0], "--password-fd") != 0 ||
			 !parse_fd(argv[1], &ret->password_fd))
			return false;
	}
	return true;
}

/* All that can be read; *ret_p is in secret memory. */
static int read_password(int fd, uint8_t **ret_p, size_t *ret_n)
{
	uint8_t *p = secret_alloc(PASSPHRASE_MAX);
	size_t at = 0;

	if (!p)
		return -ENOMEM;
	while (at < PASSPHRASE_MAX) {
		ssize_t n = read(fd, p + at, PASSPHRASE_MAX - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			secret_free(p);
			return -errno;
		}
		if (n == 0)
			break;
		at += (size_t)n;
	}
	close(fd);
	*ret_p = p;
	*ret_n = at;
	return 0;
}

/* The local date, for which files are read that are out of reach later. */
static void today(char ret[static DATE_SIZE])
{
	time_t now = time(NULL);
	struct tm tm = { 0 };

	localtime_r(&now, &tm);
	strftime(ret, DATE_SIZE, "%Y-%m-%d", &tm);
}

/*
 * For what libzip takes along: dates of members are local ones, for which the
 * C library would look for the file of the zone each time; and OpenSSL would
 * read how it is configured. Nobody needs either.
 */
static int prepare_zip(void)
{
	int r = setenv("TZ", "UTC0", 1);

	tzset();
	return r == 0 ? setenv("OPENSSL_CONF", "", 1) : r;
}

int main(int argc, char **argv)
{
	char date[DATE_SIZE] = "";
	uint8_t *password AUTO_SECRET = NULL;
	const struct format *format = NULL;
	const struct target *target = NULL;
	struct arguments arguments;
	struct bytes secret;
	size_t n = 0;

	if (argc == 2 && strcmp(argv[1], "--formats") == 0)
		return list_formats();
	if (argc == 2 && strcmp(argv[1], "--targets") == 0)
		return list_targets();
	if (!parse(argv, &arguments))
		return usage();
	if (arguments.format) {
		format = formats_find(arguments.format);
		if (!format) {
			fail("there is no format of this name");
			return STATUS_USAGE;
		}
	}
	if (arguments.target) {
		target = export_find(arguments.target);
		if (!target) {
			fail("no format of this name is written");
			return STATUS_USAGE;
		}
	}
	today(date);
	/* All three want more of the system than is in reach later. */
	json_object_seed(0);
	if (sodium_init() < 0 || prepare_zip() != 0)
		return fail("the file cannot be read in a sandbox");
	if (arguments.password_fd >= 0 &&
	    read_password(arguments.password_fd, &password, &n) < 0)
		return fail("the password cannot be read");
	if (confine(CONFINE_RAISABLE) < 0)
		return fail("the file cannot be read in a sandbox");
	secret = (struct bytes){ password, n };
	return target ? run_write(target, date, secret) : run(format, secret);
}
