/* fob recover: the vault comes back to an empty device. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/account.h"
#include "client/address.h"
#include "client/ask.h"
#include "client/file.h"
#include "client/kit_words.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"

#define DEVICES_MAX 1024
#define WHY_SIZE 512 /* of what a daemon says */

struct recover_options {
	char *name;
	struct texts from, keep, drop;
	bool is_file[OPTIONS_TEXTS_MAX];
	struct addresses at[OPTIONS_TEXTS_MAX];
	bool forget;
};

/* --- before anything is asked ---------------------------------------------- */

/* ret_kept: an earlier recovery was cut, and what came is here. */
static int check_empty(struct fob *fob, bool *ret_kept)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk status = FOB__STATUS_ASK__INIT;
	const Fob__VaultStatus *s;
	int r;

	request.status = &status;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	s = answers.list[0].reply->vault;
	*ret_kept = s && strcmp(s->state, "recovering") == 0;
	if (s && strcmp(s->state, "joining") == 0)
		return fail(fob, STATUS_CONFLICT,
			    "this device has begun to join a vault: let it "
			    "end, or use another folder; nothing was changed");
	if (s && strcmp(s->state, "empty") != 0 && !*ret_kept)
		return fail(fob, STATUS_CONFLICT,
			    "there is a vault here already; nothing was "
			    "changed");
	return 0;
}

/* What is there as a file is one; what else has a colon is an address. */
static int check_source(struct fob *fob, struct recover_options *o, size_t i)
{
	const char *text = o->from.list[i];
	struct stat st;

	if (stat(text, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return fail(fob, STATUS_USAGE, "%s is no file", text);
		o->is_file[i] = true;
		return 0;
	}
	if (!strchr(text, '/') && !strchr(text, ':'))
		return fail(fob, STATUS_FAILED,
			    "%s: %s; if it is an address, say its port: "
			    "%s:47362",
			    text, strerror(errno), text);
	if (!strchr(text, ':') || strchr(text, '/'))
		return fail(fob, STATUS_FAILED, "%s: %s", text,
			    strerror(errno));
	return address_look_up(fob, text, &o->at[i]);
}

/* --- one request of several ------------------------------------------------ */

static int send_step(struct fob *fob, Fob__RecoverAsk *recover,
		     uint32_t timeout_ms, struct answers *ret)
{
	Fob__Request request = FOB__REQUEST__INIT;

	request.recover = recover;
	return ask_within(fob, &request, timeout_ms, ret);
}

static int begin(struct fob *fob, uint8_t *seed)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__RecoverAsk recover = FOB__RECOVER_ASK__INIT;
	const Fob__Progress *kept;
	char op[] = "begin";
	int r;

	recover.op = op;
	recover.seed = (ProtobufCBinaryData){ BIP39_ENTROPY_MAX, seed };
	r = send_step(fob, &recover, command_timeout(fob, COMMAND_TIMEOUT),
		      &answers);
	if (r != 0)
		return r;
	kept = answers.list[0].reply->progress;
	if (kept)
		note(fob,
		     "Going on with a recovery that was cut: %llu items are "
		     "here already",
		     (unsigned long long)kept->done);
	return 0;
}

static int forget(struct fob *fob, bool kept)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__RecoverAsk recover = FOB__RECOVER_ASK__INIT;
	char op[] = "forget";
	int r;

	if (kept && !fob->yes && print_terminal(fob) &&
	    !prompt_yes("Throw away what a recovery that was cut has kept "
			"here? It has to come from its source again."))
		return fail(fob, STATUS_REFUSED,
			    "nothing was done; -y answers the question");
	recover.op = op;
	r = send_step(fob, &recover, command_timeout(fob, COMMAND_TIMEOUT),
		      &answers);
	if (r == 0)
		note(fob, "Nothing of it is left here.");
	return r;
}

/* --- sources --------------------------------------------------------------- */

/* A failure is told with the file's name, and what became of the rest. */
static int data_refused(struct fob *fob, const char *path,
			const Fob__Reply *reply)
{
	unsigned int status = reply->status;
	const char *why = reply->message;

	if (status >= STATUS_COUNT)
		status = STATUS_FAILED;
	if (!why[0])
		why = status_text(status);
	return fail(fob, status, "%s: %s%s", path, why,
		    strstr(why, "nothing was changed") ?
			    "" :
			    "; nothing was changed");
}

static int send_data(struct fob *fob, const char *path, const uint8_t *bytes,
		     size_t n)
{
	struct answer answer AUTO_ANSWER = { 0 };
	struct asking asking;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RecoverAsk recover = FOB__RECOVER_ASK__INIT;
	char op[] = "data";
	int r;

	union {
		const uint8_t *in;
		uint8_t *out;
	} p = { .in = bytes };

	recover.op = op;
	recover.data = (ProtobufCBinaryData){ n, p.out };
	recover.last = n == 0;
	request.recover = &recover;
	r = ask_begin(&asking, fob, &request);
	asking.timeout_ms = command_timeout(fob, COMMAND_TIMEOUT);
	if (r == 0)
		r = ask_next(&asking, &answer);
	if (r == 0 && answer.reply->status != STATUS_OK)
		r = data_refused(fob, path, answer.reply);
	return r;
}

/* Over itself again and again, and only where somebody looks. */
static void show_progress(struct fob *fob, uint64_t done, uint64_t total,
			  const char *what)
{
	if (fob->quiet || !isatty(STDERR_FILENO))
		return;
	if (total > done)
		fprintf(stderr, "\r%llu of about %llu %s\033[K",
			(unsigned long long)done, (unsigned long long)total,
			what);
	else
		fprintf(stderr, "\r%llu %s\033[K", (unsigned long long)done,
			what);
}

static void end_progress(struct fob *fob)
{
	if (!fob->quiet && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static int from_file(struct fob *fob, const char *path)
{
	static uint8_t buffer[FILE_PART];
	struct stat st = { .st_size = 0 };
	uint64_t done = 0;
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = fail(fob, STATUS_FAILED, "%s: %s", path, strerror(errno));
	else
		note(fob, "Reading %s", path);
	while (r == 0) {
		r = file_read(fob, fd, path, buffer, &n);
		if (r == 0)
			r = send_data(fob, path, buffer, n);
		if (r != 0 || n == 0)
			break;
		done += n;
		show_progress(fob, done >> 10, (uint64_t)st.st_size >> 10,
			      "KiB");
	}
	if (fd >= 0)
		close(fd);
	end_progress(fob);
	return r;
}

/* 0; or the status of the reply, whose text is kept for later. */
static int fetch(struct fob *fob, char *address, char *ret_why, size_t size)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RecoverAsk recover = FOB__RECOVER_ASK__INIT;
	struct asking asking;
	char op[] = "fetch";
	int r;

	recover.op = op;
	recover.address = address;
	recover.timeout_ms = command_timeout(fob, COMMAND_TIMEOUT_LONG);
	request.recover = &recover;
	r = ask_begin(&asking, fob, &request);
	asking.timeout_ms = recover.timeout_ms + 2000;
	while (r == 0) {
		struct answer answer AUTO_ANSWER = { 0 };

		r = ask_next(&asking, &answer);
		if (r != 0)
			return r;
		snprintf(ret_why, size, "%s", answer.reply->message);
		if (answer.reply->status != STATUS_OK)
			return (int)answer.reply->status;
		if (answer.reply->progress)
			show_progress(fob, answer.reply->progress->done,
				      answer.reply->progress->total, "items");
		if (!answer.reply->more)
			return 0;
	}
	return r;
}

/* A name may stand for several addresses: the first that answers will do. */
static int from_address(struct fob *fob, const char *text,
			struct addresses *addresses, char why[static WHY_SIZE])
{
	size_t i;
	int r = STATUS_TIMEOUT;

	note(fob, "Asking %s", text);
	for (i = 0; i < addresses->n; i++) {
		r = fetch(fob, addresses->text[i], why, WHY_SIZE);
		end_progress(fob);
		if (r != STATUS_TIMEOUT)
			break;
	}
	if (r == 0 || r == STATUS_TIMEOUT || !why[0])
		return r;
	return fail(fob, (unsigned int)r, "%s: %s", text, why);
}

/*
 * Who is not there, or goes half way, keeps nobody else from giving what they
 * have: it stays here. But all have been named, so all have to have given.
 */
static int gather(struct fob *fob, struct recover_options *o)
{
	static char why[OPTIONS_TEXTS_MAX][WHY_SIZE];
	size_t i, left = o->from.n;
	int r = 0;

	for (i = 0; i < o->from.n && r == 0; i++) {
		if (o->is_file[i])
			r = from_file(fob, o->from.list[i]);
		else
			r = from_address(fob, o->from.list[i], &o->at[i],
					 why[i]);
		if (r != STATUS_TIMEOUT || !why[i][0])
			continue;
		r = 0;
		left = i < left ? i : left;
		if (o->from.n > 1)
			note(fob, "%s: %s", o->from.list[i], why[i]);
	}
	if (r != 0 || left == o->from.n)
		return r;
	return fail(fob, STATUS_TIMEOUT, "%s: %s", o->from.list[left],
		    why[left]);
}

/* --- who stays ------------------------------------------------------------- */

struct device_list {
	struct answers answers;
	const Fob__Device *list[DEVICES_MAX];
	bool revoke[DEVICES_MAX];
	size_t n;
};

static void device_list_free(struct device_list *list)
{
	answers_free(&list->answers);
}

static int list_devices(struct fob *fob, struct device_list *ret)
{
	Fob__RecoverAsk recover = FOB__RECOVER_ASK__INIT;
	char op[] = "list";
	size_t i, k;
	int r;

	recover.op = op;
	r = send_step(fob, &recover, command_timeout(fob, COMMAND_TIMEOUT),
		      &ret->answers);
	for (i = 0; r == 0 && i < ret->answers.n; i++) {
		const Fob__Reply *reply = ret->answers.list[i].reply;

		for (k = 0; k < reply->n_devices && ret->n < DEVICES_MAX; k++)
			if (strcmp(reply->devices[k]->state, "revoked") != 0)
				ret->list[ret->n++] = reply->devices[k];
	}
	return r;
}

static bool named(const Fob__Device *device, const char *text)
{
	char hex[2 * 16 + 1] = "";
	size_t i;

	if (strcmp(device->name, text) == 0)
		return true;
	for (i = 0; i < device->id.len && i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", device->id.data[i]);
	return strlen(text) >= 8 && strncmp(hex, text, strlen(text)) == 0;
}

/* Names of --keep and --drop must be those of exactly one device each. */
static int mark(struct fob *fob, struct device_list *list,
		const struct texts *names, bool revoke)
{
	size_t i, k;

	for (i = 0; i < names->n; i++) {
		size_t n = 0, found = 0;

		for (k = 0; k < list->n; k++) {
			if (!named(list->list[k], names->list[i]))
				continue;
			found = k;
			n++;
		}
		if (n == 0)
			return fail(fob, STATUS_NOT_FOUND,
				    "no device is called %s; nothing was "
				    "changed",
				    names->list[i]);
		if (n > 1)
			return fail(fob, STATUS_AMBIGUOUS,
				    "several devices are called %s: say its "
				    "id; nothing was changed",
				    names->list[i]);
		list->revoke[found] = revoke;
	}
	return 0;
}

static bool is_kept(const struct recover_options *o, const Fob__Device *device)
{
	size_t i;

	for (i = 0; i < o->keep.n; i++)
		if (named(device, o->keep.list[i]))
			return true;
	return false;
}

static void describe(struct fob *fob, const Fob__Device *device)
{
	char time[PRINT_TIME_SIZE], id[17] = "";
	size_t i;

	for (i = 0; i < 8 && i < device->id.len; i++)
		snprintf(id + 2 * i, 3, "%02x", device->id.data[i]);
	print_time(time, device->last_seen);
	note(fob, "  %s (%s, %s): last heard of %s", device->name, device->role,
	     id, device->last_seen ? time : "never");
}

static void ask_person(struct device_list *list,
		       const struct recover_options *o)
{
	char question[256];
	size_t i;

	for (i = 0; i < list->n; i++) {
		const Fob__Device *device = list->list[i];

		if (!list->revoke[i] || strcmp(device->role, "device") != 0 ||
		    is_kept(o, device))
			continue;
		snprintf(question, sizeof(question),
			 "Do you still have %s, and nobody else? It stays in "
			 "the vault",
			 device->name);
		list->revoke[i] = !prompt_yes(question);
	}
}

/* Keepers stay, and what reads goes, unless somebody says otherwise. */
static int decide(struct fob *fob, const struct recover_options *o,
		  struct device_list *list)
{
	size_t i;
	int r;

	if (list->n > 0)
		note(fob, "The devices of this vault:");
	for (i = 0; i < list->n; i++) {
		describe(fob, list->list[i]);
		list->revoke[i] = strcmp(list->list[i]->role, "device") == 0;
	}
	r = mark(fob, list, &o->keep, false);
	if (r == 0)
		r = mark(fob, list, &o->drop, true);
	if (r == 0 && !fob->yes && isatty(STDIN_FILENO) && prompt_possible())
		ask_person(list, o);
	return r;
}

/* --- the new device -------------------------------------------------------- */

static void texts_json(struct json *json, const char *key, char *const *list,
		       size_t n)
{
	size_t i;

	json_array(json, key);
	for (i = 0; i < n; i++)
		json_text(json, NULL, list[i]);
	json_array_end(json);
}

static int recovered(struct fob *fob, const Fob__Recovered *made)
{
	static char *none[] = { NULL };
	struct json json AUTO_JSON = { 0 };
	char names[512];

	if (fob->json) {
		json_object(&json, NULL);
		json_hex(&json, "vault", account_bytes(made->vault));
		json_object(&json, "device");
		json_hex(&json, "id", account_bytes(made->device));
		json_text(&json, "name", made->name);
		json_object_end(&json);
		texts_json(&json, "revoked", made->revoked, made->n_revoked);
		texts_json(&json, "kept", made->kept, made->n_kept);
		json_object_end(&json);
		return print_json(fob, &json);
	}
	print_joined(names, sizeof(names), made->revoked, made->n_revoked);
	if (names[0])
		note(fob,
		     "Revoked: %s. What they have seen is in fob rotate: "
		     "change it at the sites.",
		     names);
	print_joined(names, sizeof(names), made->kept, made->n_kept);
	if (names[0])
		note(fob, "Still in the vault: %s.", names);
	note(fob, "This is %s, a device of the vault.", made->name);
	if (!print_terminal(fob)) {
		print_text(stdout, made->name);
		putchar('\n');
		return print_done(fob);
	}
	return cmd_code.run(fob, none);
}

static int make(struct fob *fob, const struct recover_options *o,
		const struct device_list *list, Fob__RecoverAsk *recover)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	ProtobufCBinaryData revoke[DEVICES_MAX];
	char op[] = "make";
	size_t i;
	int r;

	recover->op = op;
	if (o->name)
		recover->name = o->name;
	recover->revoke = revoke;
	for (i = 0; i < list->n; i++)
		if (list->revoke[i])
			revoke[recover->n_revoke++] = list->list[i]->id;
	note(fob, "Making a new device, and new keys");
	r = send_step(fob, recover, command_timeout(fob, COMMAND_TIMEOUT_LONG),
		      &answers);
	if (r != 0)
		return r;
	if (!answers.list[0].reply->recovered)
		return fail(fob, STATUS_FAILED, "the daemon made nothing");
	return recovered(fob, answers.list[0].reply->recovered);
}

static int recover_it(struct fob *fob, struct recover_options *o)
{
	CLEANUP(device_list_free) struct device_list list = { .n = 0 };
	struct opener opener AUTO_OPENER = { 0 };
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	Fob__RecoverAsk recover = FOB__RECOVER_ASK__INIT;
	int r = kit_words_read(fob, &seed);

	if (r == 0)
		r = begin(fob, seed);
	if (r == 0)
		r = gather(fob, o);
	if (r == 0)
		r = list_devices(fob, &list);
	if (r == 0)
		r = decide(fob, o, &list);
	if (r == 0)
		r = opener_new(fob, NULL, &opener);
	recover.passphrase = opener.passphrase_data;
	recover.key_file = opener.key_data;
	return r == 0 ? make(fob, o, &list, &recover) : r;
}

static int run_recover(struct fob *fob, char **argv)
{
	static struct recover_options o;
	bool kept = false;
	const struct option table[] = {
		{ "from", 0, OPTION_TEXTS, &o.from },
		{ "name", 0, OPTION_TEXT, &o.name },
		{ "keep", 0, OPTION_TEXTS, &o.keep },
		{ "drop", 0, OPTION_TEXTS, &o.drop },
		{ "forget", 0, OPTION_FLAG, &o.forget },
	};
	struct texts arguments;
	size_t i;
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	r = check_empty(fob, &kept);
	if (r == 0 && o.forget)
		return forget(fob, kept);
	if (r == 0 && o.from.n == 0 && !kept)
		return fail(fob, STATUS_USAGE,
			    "say where the vault is: --from FILE, or --from "
			    "HOST:PORT of a keeper or another device");
	for (i = 0; i < o.from.n && r == 0; i++)
		r = check_source(fob, &o, i);
	return r == 0 ? recover_it(fob, &o) : r;
}

const struct command cmd_recover = {
	.name = "recover",
	.brief = "bring the vault back with the recovery kit",
	.help = "Usage: fob recover --from FILE|HOST:PORT ... [--name NAME]\n"
		"                   [--keep DEVICE]... [--drop DEVICE]...\n"
		"       fob recover --forget\n"
		"\n"
		"On a device without a vault: takes all that the sources have\n"
		"together, snapshots and devices or keepers of the vault, and\n"
		"makes a new device out of it. The words of the kit are read\n"
		"from the terminal, or from standard input.\n"
		"\n"
		"Keepers stay in the vault unless dropped. Devices that read\n"
		"are revoked unless kept: at a terminal each is asked for.\n"
		"Nothing is changed before all is there.\n"
		"\n"
		"One that is cut goes on when it is run again with the same\n"
		"words: what came is kept. With that alone, when no more is\n"
		"to be had, it needs no --from.\n"
		"\n"
		"Exit 7: the words are wrong, or who is at an address does not\n"
		"answer them. Exit 8: nobody is there.\n"
		"\n"
		"  --from SOURCE  a snapshot, or where a device or keeper is\n"
		"  --name NAME    of the new device\n"
		"  --keep DEVICE  it is mine still\n"
		"  --drop KEEPER  it is not mine any more\n"
		"  --forget       throws away what one that was cut has kept\n"
		"\n"
		"Example:\n"
		"  $ fob recover --from nas.lan:47362 --name laptop\n",
	.run = run_recover,
};
