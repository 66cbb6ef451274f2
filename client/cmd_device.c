/* fob device rename, revoke, lift, leave and approve. */
#include <string.h>

#include "client/account.h"
#include "client/checklist.h"
#include "client/kit_words.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/renew.h"
#include "client/report.h"
#include "client/when.h"

struct device_options {
	bool kit;
	char *since;
	struct texts arguments; /* what to do, and with whom */
};

static ProtobufCBinaryData seed_data(uint8_t *seed)
{
	return (ProtobufCBinaryData){ seed ? BIP39_ENTROPY_MAX : 0, seed };
}

static int done(struct fob *fob, const char *name, const char *effect)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_text(&json, "device", name);
	if (effect)
		json_text(&json, "effect", effect);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int rename_device(struct fob *fob, const struct device_options *o)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RenameAsk rename;
	int r;

	fob__rename_ask__init(&rename);
	if (o->arguments.n < 2 || o->arguments.n > 3)
		return fail(fob, STATUS_USAGE, "rename [DEVICE] NAME");
	if (o->arguments.n == 3)
		rename.device = o->arguments.list[1];
	rename.name = o->arguments.list[o->arguments.n - 1];
	request.rename = &rename;
	r = ask_plain(fob, &request);
	return r == 0 ? done(fob, rename.name, NULL) : r;
}

/* --- revoke ---------------------------------------------------------------- */

static int revoked_json(struct fob *fob, const Fob__Revoked *revoked,
			const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i;

	json_object(&json, NULL);
	json_text(&json, "device", revoked->device);
	json_text(&json, "effect", revoked->effect);
	json_array(&json, "added");
	for (i = 0; i < revoked->n_added; i++)
		json_text(&json, NULL, revoked->added[i]);
	json_array_end(&json);
	checklist_json(&json, "rotate", answers);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int revoked_text(struct fob *fob, const Fob__Revoked *revoked,
			const struct answers *answers)
{
	char names[512];
	size_t n;

	if (strcmp(revoked->effect, "suspended") == 0)
		note(fob,
		     "%s stands above this device, so it is suspended, not "
		     "revoked: it gets nothing more, until a device above it "
		     "or the recovery kit settles that.\n"
		     "Revoke it for good with: fob device revoke --kit %s",
		     revoked->device, revoked->device);
	else
		note(fob, "%s is revoked.", revoked->device);
	if (revoked->n_added > 0) {
		print_joined(names, sizeof(names), revoked->added,
			     revoked->n_added);
		warn(fob, "%s has added: %s. Are they yours?", revoked->device,
		     names);
	}
	n = checklist_print(answers);
	if (n > 0)
		note(fob,
		     "It has seen these %zu. Change them at their sites; "
		     "fob rotate keeps the list.",
		     n);
	return print_done(fob);
}

static int send_revoke(struct fob *fob, Fob__RevokeAsk *revoke)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	const Fob__Revoked *revoked;
	int r;

	request.revoke = revoke;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	revoked = answers.list[0].reply->revoked;
	if (!revoked)
		return fail(fob, STATUS_FAILED,
			    "the daemon does not say what it did");
	return fob->json ? revoked_json(fob, revoked, &answers) :
			   revoked_text(fob, revoked, &answers);
}

static int read_since(struct fob *fob, const char *text, uint64_t *ret)
{
	if (!text)
		return 0;
	if (when_parse(text, ret) != 0 || *ret == 0)
		return fail(fob, STATUS_USAGE, "--since: not a time: %s", text);
	return 0;
}

static int revoke_device(struct fob *fob, const struct device_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	Fob__RevokeAsk revoke;
	int r;

	fob__revoke_ask__init(&revoke);
	if (o->arguments.n != 2)
		return fail(fob, STATUS_USAGE, "revoke NAME");
	r = read_since(fob, o->since, &revoke.since);
	if (r == 0 && o->kit)
		r = kit_words_read(fob, &seed);
	if (r != 0)
		return r;
	revoke.device = o->arguments.list[1];
	revoke.recovery_seed = seed_data(seed);
	return send_revoke(fob, &revoke);
}

/* --- lift, leave ----------------------------------------------------------- */

static int lift_device(struct fob *fob, const struct device_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LiftAsk lift;
	int r = 0;

	fob__lift_ask__init(&lift);
	if (o->arguments.n != 2)
		return fail(fob, STATUS_USAGE, "lift NAME");
	if (o->kit)
		r = kit_words_read(fob, &seed);
	if (r != 0)
		return r;
	lift.device = o->arguments.list[1];
	lift.recovery_seed = seed_data(seed);
	request.lift = &lift;
	r = ask_plain(fob, &request);
	return r == 0 ? done(fob, lift.device, "lifted") : r;
}

static int leave(struct fob *fob, const struct device_options *o)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RevokeAsk revoke;
	int r;

	fob__revoke_ask__init(&revoke);
	if (o->arguments.n != 1)
		return fail(fob, STATUS_USAGE,
			    "leave takes no name: it is "
			    "this device that leaves");
	if (!fob->yes && !prompt_yes("Take this device out of the vault, and "
				     "remove the vault from it?"))
		return fail(fob, STATUS_REFUSED,
			    "nothing was done; -y answers the question");
	revoke.leave = true;
	request.revoke = &revoke;
	r = ask_plain(fob, &request);
	if (r == 0)
		note(fob, "This device has left; the vault on it is gone.");
	return r == 0 ? done(fob, "", "left") : r;
}

static int approve(struct fob *fob, const struct device_options *o)
{
	struct texts words = { .n = 0 };

	if (o->arguments.n < 2)
		return fail(fob, STATUS_USAGE, "approve NAME [WORDS]");
	for (size_t i = 2; i < o->arguments.n; i++)
		words.list[words.n++] = o->arguments.list[i];
	return renew_approve(fob, o->arguments.list[1], &words);
}

static int run_device(struct fob *fob, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct fob *fob, const struct device_options *o);
	} verbs[] = {
		{ "rename", rename_device }, { "revoke", revoke_device },
		{ "lift", lift_device },     { "leave", leave },
		{ "approve", approve },
	};
	struct device_options o = { 0 };
	const struct option table[] = {
		{ "kit", 0, OPTION_FLAG, &o.kit },
		{ "since", 0, OPTION_TEXT, &o.since },
	};
	size_t i;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &o.arguments))
		return fob->status;
	for (i = 0; o.arguments.n > 0 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(o.arguments.list[0], verbs[i].name) == 0)
			return verbs[i].run(fob, &o);
	return fail(fob, STATUS_USAGE,
		    "rename, revoke, lift, leave or approve; see fob "
		    "device --help");
}

const struct command cmd_device = {
	.name = "device",
	.brief = "rename, revoke, approve or leave",
	.help = "Usage: fob device rename [DEVICE] NAME\n"
		"       fob device revoke NAME [--kit] [--since TIME]\n"
		"       fob device lift NAME [--kit]\n"
		"       fob device leave\n"
		"       fob device approve NAME [WORD...]\n"
		"\n"
		"rename gives a device another name; each names itself only.\n"
		"\n"
		"revoke puts a device out: it gets nothing more, the keys are\n"
		"changed, and what it has seen is listed, to be changed at the\n"
		"sites. A device that stands above this one is suspended\n"
		"instead, and the answer says so; lift ends that.\n"
		"\n"
		"leave takes this device out, and removes the vault from it.\n"
		"\n"
		"approve lets a device below this one have new keys, since its\n"
		"passphrase is forgotten: it shows six words after fob\n"
		"passphrase --reset. They are asked for and typed here, so that\n"
		"a device that somebody else holds is not approved by mistake.\n"
		"\n"
		"  --kit          by the recovery kit, which stands above all:\n"
		"                 its words are asked for, or read from\n"
		"                 standard input\n"
		"  --since TIME   what it wrote since then does not count; it\n"
		"                 is kept aside, for fob quarantine\n"
		"\n"
		"Example:\n"
		"  $ fob device revoke phone --since 2025-03-01T18:00\n",
	.run = run_device,
};
