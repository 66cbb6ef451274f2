/* fob backup-codes: codes of last resort, used one by one. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/account.h"
#include "client/fields.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/secret.h"

#define INPUT_SIZE 8192
#define CODES_MAX 128

static int read_input(struct fob *fob, char *text, size_t *ret_n)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = read(STDIN_FILENO, text + n, INPUT_SIZE - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(fob, STATUS_FAILED, "standard input: %s",
				    strerror(errno));
		n += (size_t)got;
		if (n == INPUT_SIZE)
			return fail(fob, STATUS_USAGE, "that is too long");
		if (got == 0)
			break;
	}
	*ret_n = n;
	return 0;
}

/* A code a line; spaces within a code belong to it. */
static size_t split(char *text, size_t n, ProtobufCBinaryData *ret)
{
	size_t found = 0, start = 0;

	for (size_t i = 0; i <= n && found < CODES_MAX; i++) {
		size_t from = start, to = i;

		if (i < n && text[i] != '\n')
			continue;
		while (from < to && strchr(" \t\r", text[from]))
			from++;
		while (to > from && strchr(" \t\r", text[to - 1]))
			to--;
		if (to > from)
			ret[found++] =
				(ProtobufCBinaryData){ to - from,
						       (uint8_t *)text + from };
		start = i + 1;
	}
	return found;
}

static int added(struct fob *fob, size_t n)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json) {
		note(fob, "%zu codes are in", n);
		return STATUS_OK;
	}
	json_object(&json, NULL);
	json_number(&json, "added", n);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int add(struct fob *fob, Fob__BackupAsk *backup)
{
	Fob__Request request = FOB__REQUEST__INIT;
	ProtobufCBinaryData codes[CODES_MAX];
	char *text AUTO_SECRET = secret_alloc(INPUT_SIZE);
	size_t n = 0;
	int r;

	if (!text)
		return fail(
			fob, STATUS_FAILED,
			"no locked memory to be had: raise the limit (ulimit -l)");
	r = read_input(fob, text, &n);
	if (r != 0)
		return r;
	backup->codes = codes;
	backup->n_codes = split(text, n, codes);
	if (backup->n_codes == 0)
		return fail(fob, STATUS_USAGE,
			    "there is no code on standard input");
	request.backup = backup;
	r = ask_plain(fob, &request);
	return r == 0 ? added(fob, backup->n_codes) : r;
}

static int used(struct fob *fob, const Fob__Shown *shown)
{
	struct json json AUTO_JSON = { 0 };

	if (shown->n_fields == 0)
		return fail(fob, STATUS_FAILED, "the daemon gave no code");
	if (!fob->json) {
		print_bytes(stdout, account_bytes(shown->fields[0]->value));
		putchar('\n');
		return print_done(fob);
	}
	json_object(&json, NULL);
	json_bytes(&json, "code", account_bytes(shown->fields[0]->value));
	json_object_end(&json);
	return print_json(fob, &json);
}

static int listed(struct fob *fob, const Fob__Shown *shown, bool reveal)
{
	struct json json AUTO_JSON = { 0 };

	json_array(&json, NULL);
	for (size_t i = 0; i < shown->n_fields; i++) {
		const Fob__FieldValue *field = shown->fields[i];

		if (fob->json) {
			json_object(&json, NULL);
			if (reveal)
				json_bytes(&json, "code",
					   account_bytes(field->value));
			else
				json_text(&json, "code", FIELD_HIDDEN);
			json_bool(&json, "used", field->used);
			json_object_end(&json);
			continue;
		}
		if (reveal)
			print_bytes(stdout, account_bytes(field->value));
		else
			fputs(FIELD_HIDDEN, stdout);
		puts(field->used ? "\tused" : "\t");
	}
	json_array_end(&json);
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

static int run_backup_codes(struct fob *fob, char **argv)
{
	static char list[16] = "list";
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__BackupAsk backup;
	const Fob__Shown *shown;
	bool reveal = false;
	const struct option table[] = {
		{ "reveal", 0, OPTION_FLAG, &reveal },
	};
	struct texts arguments;
	int r;

	fob__backup_ask__init(&backup);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments))
		return fob->status;
	if (arguments.n < 1 || arguments.n > 3)
		return fail(fob, STATUS_USAGE, "QUERY [add - | use | list]");
	backup.query = arguments.list[0];
	backup.op = arguments.n > 1 ? arguments.list[1] : list;
	if (strcmp(backup.op, "add") == 0)
		return arguments.n == 3 && strcmp(arguments.list[2], "-") == 0 ?
			       add(fob, &backup) :
			       fail(fob, STATUS_USAGE,
				    "add - reads the codes from standard "
				    "input, one a line");
	if (arguments.n == 3 ||
	    (strcmp(backup.op, "use") != 0 && strcmp(backup.op, "list") != 0))
		return fail(fob, STATUS_USAGE, "QUERY [add - | use | list]");
	backup.reveal = reveal;
	request.backup = &backup;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	shown = answers.list[0].reply->shown;
	if (!shown)
		return fail(fob, STATUS_FAILED, "the daemon shows nothing");
	return strcmp(backup.op, "use") == 0 ? used(fob, shown) :
					       listed(fob, shown, reveal);
}

const struct command cmd_backup_codes = {
	.name = "backup-codes",
	.brief = "codes of last resort, used one by one",
	.help = "Usage: fob backup-codes QUERY [add - | use | list] [--reveal]\n"
		"\n"
		"Keeps the backup codes that a site gives for the day when\n"
		"its other code fails. add reads them from standard input, one\n"
		"a line. use prints one that was not used and marks it used,\n"
		"on all devices, before it is printed.\n"
		"\n"
		"  --reveal   list the codes, not only how many are left; asks\n"
		"             for the passphrase again\n"
		"\n"
		"Example:\n"
		"  $ fob backup-codes github add - <codes.txt\n"
		"  $ fob backup-codes github use\n"
		"  4f2a-91bc\n",
	.run = run_backup_codes,
};
