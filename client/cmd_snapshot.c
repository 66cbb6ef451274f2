/* fob snapshot: the vault as one file, for the recovery kit alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/file.h"
#include "client/kit_words.h"
#include "client/print.h"
#include "client/report.h"

struct snapshot_options {
	char *out;
	bool kit;
	struct texts arguments;
};

/* --- making one ------------------------------------------------------------ */

static int put(struct fob *fob, struct file *file, struct bytes bytes)
{
	if (file->path)
		return file_write(fob, file, bytes);
	if (fwrite(bytes.p, 1, bytes.n, stdout) != bytes.n)
		return fail(fob, STATUS_FAILED, "standard output: %s",
			    strerror(errno));
	return 0;
}

static int next_part(struct fob *fob, struct file *file, bool first,
		     Fob__SnapshotInfo *ret)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SnapshotAsk snapshot = FOB__SNAPSHOT_ASK__INIT;
	char make[] = "make", next[] = "next";
	const Fob__SnapshotInfo *info;
	int r;

	snapshot.op = first ? make : next;
	request.snapshot = &snapshot;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	info = answers.list[0].reply->snapshot;
	if (!info)
		return fail(fob, STATUS_FAILED, "the daemon gave no snapshot");
	ret->last = info->last;
	ret->done = info->done;
	ret->total = info->total;
	return put(fob, file, account_bytes(info->data));
}

static int made(struct fob *fob, const struct file *file,
		const Fob__SnapshotInfo *info)
{
	struct json json AUTO_JSON = { 0 };

	note(fob, "%llu items are in it.", (unsigned long long)info->total);
	if (!fob->json)
		return print_done(fob);
	json_object(&json, NULL);
	json_text(&json, "file", file->path);
	json_number(&json, "items", info->total);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int make(struct fob *fob, const struct snapshot_options *o)
{
	struct file file AUTO_FILE = { .fd = -1 };
	Fob__SnapshotInfo info = FOB__SNAPSHOT_INFO__INIT;
	bool progress = !fob->quiet && isatty(STDERR_FILENO);
	bool first = true;
	int r = 0;

	if (!o->out && (fob->json || isatty(STDOUT_FILENO)))
		return fail(fob, STATUS_USAGE,
			    "say where it is to go: fob snapshot -o FILE");
	if (o->out)
		r = file_begin(fob, &file, o->out);
	while (r == 0 && !info.last) {
		r = next_part(fob, &file, first, &info);
		first = false;
		if (r == 0 && progress)
			fprintf(stderr, "\r%llu of %llu items",
				(unsigned long long)info.done,
				(unsigned long long)info.total);
	}
	if (progress)
		fputs("\r\033[K", stderr);
	if (r == 0 && o->out)
		r = file_end(fob, &file);
	return r == 0 ? made(fob, &file, &info) : r;
}

/* --- looking at one -------------------------------------------------------- */

static int looked(struct fob *fob, const Fob__SnapshotInfo *info)
{
	struct json json AUTO_JSON = { 0 };
	char time[PRINT_TIME_SIZE];

	if (fob->json) {
		json_object(&json, NULL);
		json_hex(&json, "vault", account_bytes(info->vault));
		json_number(&json, "generation", info->generation);
		json_bool(&json, "opened", info->opened);
		if (info->opened) {
			json_time(&json, "time", info->time);
			json_hex(&json, "device", account_bytes(info->device));
			json_text(&json, "name", info->name);
			json_number(&json, "items", info->items);
			json_number(&json, "blobs", info->blobs);
			json_hex(&json, "root", account_bytes(info->root));
		}
		json_object_end(&json);
		return print_json(fob, &json);
	}
	if (!info->opened) {
		note(fob, "It is whole, of vault");
		print_hex(stdout, account_bytes(info->vault));
		putchar('\n');
		note(fob, "Whether it opens only the words can tell: --kit.");
		return print_done(fob);
	}
	print_time(time, info->time);
	note(fob, "It is whole, and these words open it.");
	print_pair("made", time);
	print_pair("by", info->name[0] ? info->name : "a device of its vault");
	printf("items: %llu\n", (unsigned long long)info->items);
	return print_done(fob);
}

static int send_part(struct fob *fob, Fob__SnapshotAsk *part,
		     struct answers *ret)
{
	Fob__Request request = FOB__REQUEST__INIT;

	request.snapshot = part;
	return ask(fob, &request, ret);
}

static int look(struct fob *fob, int fd, const char *path, uint8_t *seed)
{
	static uint8_t buffer[FILE_PART];
	bool first = true;
	int r = 0;

	while (r == 0) {
		struct answers answers AUTO_ANSWERS = { 0 };
		Fob__SnapshotAsk part = FOB__SNAPSHOT_ASK__INIT;
		char verify[] = "verify";
		size_t n = 0;

		r = file_read(fob, fd, path, buffer, &n);
		if (r != 0)
			return r;
		part.op = verify;
		part.first = first;
		part.last = n == 0;
		part.data = (ProtobufCBinaryData){ n, buffer };
		if (first && seed)
			part.seed = (ProtobufCBinaryData){ BIP39_ENTROPY_MAX,
							   seed };
		first = false;
		r = send_part(fob, &part, &answers);
		if (r == 0 && n == 0 && !answers.list[0].reply->snapshot)
			r = fail(fob, STATUS_FAILED, "the daemon said nothing");
		if (r == 0 && n == 0)
			return looked(fob, answers.list[0].reply->snapshot);
	}
	return r;
}

static int verify(struct fob *fob, const struct snapshot_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	int fd, r = 0;

	if (o->arguments.n != 2)
		return fail(fob, STATUS_USAGE, "snapshot verify FILE");
	fd = open(o->arguments.list[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(fob, STATUS_FAILED, "%s: %s", o->arguments.list[1],
			    strerror(errno));
	if (o->kit)
		r = kit_words_read(fob, &seed);
	if (r == 0) {
		r = look(fob, fd, o->arguments.list[1], seed);
		if (r != 0)
			note(fob, "The file is %s.", o->arguments.list[1]);
	}
	close(fd);
	return r;
}

static int run_snapshot(struct fob *fob, char **argv)
{
	struct snapshot_options o = { 0 };
	const struct option table[] = {
		{ "output", 'o', OPTION_TEXT, &o.out },
		{ "kit", 0, OPTION_FLAG, &o.kit },
	};

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &o.arguments))
		return fob->status;
	if (o.arguments.n == 0)
		return make(fob, &o);
	if (strcmp(o.arguments.list[0], "verify") == 0)
		return verify(fob, &o);
	return fail(fob, STATUS_USAGE, "snapshot %s: verify FILE, or nothing",
		    o.arguments.list[0]);
}

const struct command cmd_snapshot = {
	.name = "snapshot",
	.brief = "write the vault to a file for the recovery kit",
	.help = "Usage: fob snapshot [-o FILE]\n"
		"       fob snapshot verify FILE [--kit]\n"
		"\n"
		"Writes everything that this device holds into one file that\n"
		"only the words of the recovery kit open; no key of a device\n"
		"is in it. FILE appears when it is whole, and only then.\n"
		"Without -o it goes to standard output.\n"
		"\n"
		"verify looks whether a file is whole; with --kit it asks for\n"
		"the words and opens all of it, without changing anything.\n"
		"\n"
		"fobd makes such files by itself: see snapshot-dir in\n"
		"fobd.conf(5).\n"
		"\n"
		"  -o, --output FILE  where it goes\n"
		"  --kit              asks for the words\n"
		"\n"
		"Example:\n"
		"  $ fob snapshot -o vault.fobsnap\n"
		"  $ fob snapshot verify vault.fobsnap --kit\n",
	.run = run_snapshot,
};
