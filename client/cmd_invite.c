/* fob invite: lets one device in, and says which. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/ask.h"
#include "client/joined.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/qr_picture.h"
#include "client/report.h"
#include "client/when.h"
#include "proto/text.h"

#define ANSWER_MS 10000 /* beyond the end of the code, to hear of it */
#define EXPIRES_MAX 86400

struct invite_options {
	bool uri, qr, keeper, no_wait;
	struct number expires;
};

static int invited(struct fob *fob, const struct invite_options *o,
		   const Fob__Invited *invite)
{
	struct json json AUTO_JSON = { 0 };
	const char *code = invite->code[0] ? invite->code : invite->uri;
	char until[PRINT_TIME_SIZE];

	if (fob->json) {
		json_object(&json, NULL);
		json_text_or_null(&json, "code", invite->code);
		json_text_or_null(&json, "uri", invite->uri);
		json_time(&json, "expires", invite->expires);
		json_object_end(&json);
		return print_json(fob, &json);
	}
	if (o->qr && qr_picture(fob, code) != 0)
		return STATUS_FAILED;
	puts(code);
	fflush(stdout);
	print_time(until, invite->expires);
	/* A URI has the addresses in it. */
	if (invite->code[0])
		note(fob, "On the new device: fob join %s --at %s",
		     invite->code,
		     invite->n_addresses ? invite->addresses[0] : "HOST:PORT");
	else
		note(fob, "On the new device: fob join -");
	note(fob, "The code is good for one device, until %s.", until);
	return print_done(fob);
}

/* The words prove that nobody stands between: they are on both screens. */
static bool approves(struct fob *fob, const Fob__Newcomer *n)
{
	char words[128];

	print_joined(words, sizeof(words), n->words, n->n_words);
	fob->quiet = false;
	note(fob, "\nA device wants to join as a %s:",
	     n->role[0] ? n->role : "device");
	note(fob, "  name: %s", n->name);
	note(fob, "  words: %s", words);
	note(fob, "  can revoke: %s",
	     n->can_revoke[0] ? n->can_revoke : "nobody");
	return prompt_yes("Does it show the same words, and may it join?");
}

static int answer_newcomer(struct asking *asking, const Fob__Newcomer *n)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ApproveAsk approve = FOB__APPROVE_ASK__INIT;
	bool yes = approves(asking->fob, n);
	int r;

	approve.approve = yes;
	approve.device = n->device;
	request.approve = &approve;
	r = ask_aside(asking, &request);
	if (r == 0 && !yes)
		r = fail(asking->fob, STATUS_REFUSED,
			 "the device was not let in");
	return r;
}

static uint32_t until_expired(const Fob__Invited *invite)
{
	uint64_t now = when_now();
	uint64_t left = invite->expires > now ? invite->expires - now : 0;

	return (uint32_t)size_min(left, EXPIRES_MAX * 1000ul) + ANSWER_MS;
}

static int one_reply(struct asking *asking, const struct invite_options *o,
		     const Fob__Reply *reply)
{
	struct fob *fob = asking->fob;
	int r = 0;

	if (reply->status != STATUS_OK)
		return ask_failed(fob, reply);
	if (reply->message[0] && !reply->joined)
		note(fob, "%s", reply->message);
	if (reply->invited) {
		r = invited(fob, o, reply->invited);
		asking->timeout_ms = until_expired(reply->invited);
	}
	if (r == 0 && reply->newcomer && !fob->yes)
		r = answer_newcomer(asking, reply->newcomer);
	if (r == 0 && reply->joined)
		r = joined_reply(fob, reply);
	return r;
}

static int invite(struct fob *fob, const struct invite_options *o)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InviteAsk ask_invite = FOB__INVITE_ASK__INIT;
	struct asking asking;
	bool more = true;
	int r;

	ask_invite.uri = o->uri;
	ask_invite.expires_ms = (uint32_t)o->expires.value * 1000;
	ask_invite.keeper = o->keeper;
	ask_invite.approve = fob->yes;
	ask_invite.wait = !o->no_wait;
	request.invite = &ask_invite;
	r = ask_begin(&asking, fob, &request);
	while (r == 0 && more) {
		struct answer answer AUTO_ANSWER = { 0 };

		r = ask_next(&asking, &answer);
		if (r != 0)
			break;
		more = answer.reply->more;
		r = one_reply(&asking, o, answer.reply);
	}
	return r;
}

static int check_options(struct fob *fob, const struct invite_options *o)
{
	if (o->expires.set &&
	    (o->expires.value == 0 || o->expires.value > EXPIRES_MAX))
		return fail(fob, STATUS_USAGE, "--expires: 1 to %d seconds",
			    EXPIRES_MAX);
	if (!fob->yes && o->no_wait)
		return fail(fob, STATUS_USAGE,
			    "with --no-wait nobody can approve the device: "
			    "add -y, which lets in whoever has the code");
	if (!fob->yes && !prompt_possible())
		return fail(fob, STATUS_USAGE,
			    "there is no terminal to approve the device at: "
			    "add -y, which lets in whoever has the code");
	return 0;
}

static int run_invite(struct fob *fob, char **argv)
{
	struct invite_options o = { 0 };
	const struct option table[] = {
		{ "long", 0, OPTION_FLAG, &o.uri },
		{ "qr", 0, OPTION_FLAG, &o.qr },
		{ "keeper", 0, OPTION_FLAG, &o.keeper },
		{ "no-wait", 0, OPTION_FLAG, &o.no_wait },
		{ "expires", 0, OPTION_NUMBER, &o.expires },
	};
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	r = check_options(fob, &o);
	return r == 0 ? invite(fob, &o) : r;
}

const struct command cmd_invite = {
	.name = "invite",
	.brief = "let a new device in",
	.help = "Usage: fob invite [--long] [--qr] [--keeper] [--expires S]\n"
		"       [--no-wait]\n"
		"\n"
		"Prints a code for fob join on the new device, then waits\n"
		"until it has joined and prints its name. Before that it\n"
		"shows four words, which the new device shows too, and asks\n"
		"whether they are the same. -y lets in whoever has the code,\n"
		"without the words: whoever guesses or overhears it first.\n"
		"\n"
		"  --long        a fob: URI, which carries addresses\n"
		"  --qr          draw it as a QR code, too\n"
		"  --keeper      the device keeps copies, and cannot read them\n"
		"  --expires S   seconds that the code is good for\n"
		"  --no-wait     return when the code is printed; needs -y\n"
		"\n"
		"Example:\n"
		"  $ fob invite\n"
		"  482-915-377\n",
	.run = run_invite,
};
