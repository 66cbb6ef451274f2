/* fob join: on the new device, until its codes work. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/address.h"
#include "client/ask.h"
#include "client/joined.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/report.h"

#define CODE_SIZE 2048 /* of a fob: URI, with its NUL */

struct join_options {
	char *name;
	char code[CODE_SIZE];
	struct texts at;
	bool keeper;
	struct addresses addresses;
};

static int read_code(struct fob *fob, const char *argument,
		     struct join_options *o)
{
	size_t n = 0;
	ssize_t got;

	if (strcmp(argument, "-") != 0) {
		n = strlen(argument);
		if (n == 0 || n >= CODE_SIZE)
			return fail(fob, STATUS_USAGE, "that is no code");
		memcpy(o->code, argument, n + 1);
		return 0;
	}
	do {
		got = read(STDIN_FILENO, o->code + n, CODE_SIZE - 1 - n);
		if (got > 0)
			n += (size_t)got;
	} while ((got > 0 && n < CODE_SIZE - 1 && !memchr(o->code, '\n', n)) ||
		 (got < 0 && errno == EINTR));
	o->code[n] = '\0';
	o->code[strcspn(o->code, "\r\n")] = '\0';
	if (!o->code[0])
		return fail(fob, STATUS_USAGE,
			    "there is no code on "
			    "standard input");
	return 0;
}

static int look_up(struct fob *fob, struct join_options *o)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < o->at.n; i++)
		r = address_look_up(fob, o->at.list[i], &o->addresses);
	return r;
}

static void progress(struct fob *fob, const Fob__Progress *p)
{
	char words[128];

	print_joined(words, sizeof(words), p->words, p->n_words);
	if (words[0])
		note(fob, "Compare with the other device: %s", words);
	else if (p->what[0] && p->total > 0)
		note(fob, "%s: %llu of %llu", p->what,
		     (unsigned long long)p->done, (unsigned long long)p->total);
	else if (p->what[0])
		note(fob, "%s", p->what);
}

static int wait_for(struct fob *fob, Fob__Request *request, uint32_t timeout)
{
	struct asking asking;
	int r = ask_begin(&asking, fob, request);

	/* The daemon keeps the time, and we leave it time to say so. */
	asking.timeout_ms = timeout + 2000;
	while (r == 0) {
		struct answer answer AUTO_ANSWER = { 0 };

		r = ask_next(&asking, &answer);
		if (r != 0)
			return r;
		if (answer.reply->status != STATUS_OK)
			return ask_failed(fob, answer.reply);
		if (answer.reply->progress)
			progress(fob, answer.reply->progress);
		if (!answer.reply->more)
			return joined_reply(fob, answer.reply);
	}
	return r;
}

static int join(struct fob *fob, struct join_options *o)
{
	struct opener opener AUTO_OPENER = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__JoinAsk ask_join;
	uint32_t timeout = command_timeout(fob, COMMAND_TIMEOUT_LONG);
	char *addresses[ADDRESSES_MAX];
	size_t i;
	int r = 0;

	fob__join_ask__init(&ask_join);
	/* A keeper has no secret that a passphrase could guard. */
	if (!o->keeper)
		r = opener_new(fob, NULL, &opener);
	if (r != 0)
		return r;
	ask_join.passphrase = opener.passphrase_data;
	ask_join.key_file = opener.key_data;
	for (i = 0; i < o->addresses.n; i++)
		addresses[i] = o->addresses.text[i];
	ask_join.code = o->code;
	ask_join.addresses = addresses;
	ask_join.n_addresses = o->addresses.n;
	if (o->name)
		ask_join.name = o->name;
	ask_join.keeper = o->keeper;
	ask_join.timeout_ms = timeout;
	request.join = &ask_join;
	return wait_for(fob, &request, timeout);
}

static int run_join(struct fob *fob, char **argv)
{
	struct join_options o = { 0 };
	const struct option table[] = {
		{ "at", 0, OPTION_TEXTS, &o.at },
		{ "name", 0, OPTION_TEXT, &o.name },
		{ "keeper", 0, OPTION_FLAG, &o.keeper },
	};
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 1, "CODE"))
		return fob->status;
	r = read_code(fob, arguments.list[0], &o);
	if (r == 0)
		r = look_up(fob, &o);
	return r == 0 ? join(fob, &o) : r;
}

const struct command cmd_join = {
	.name = "join",
	.brief = "become a device of a vault",
	.help = "Usage: fob join CODE|URI|- [--at HOST:PORT]... [--name NAME]\n"
		"\n"
		"On the new device: CODE is what fob invite prints on another\n"
		"one. Returns when the first sync is complete and codes work.\n"
		"A wrong code ends with exit 7, and the code is dead.\n"
		"\n"
		"  --at HOST:PORT   where the other device is; a URI carries it\n"
		"  --name NAME      what others see; the host's name if not\n"
		"  --keeper         keep copies only, without reading them\n"
		"\n"
		"Example:\n"
		"  $ fob join 482-915-377 --at laptop.lan:47362\n",
	.run = run_join,
};
