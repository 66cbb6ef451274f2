/* fob init: makes a vault, and sees to it that the recovery kit is kept. */
#include <sodium.h>
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/kit_show.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"

struct init_options {
	char *name, *kit;
	struct kit_file file;
};

/* --- the vault ------------------------------------------------------------ */

static int as_json(struct fob *fob, const struct init_options *o,
		   const Fob__Made *made, const char *words)
{
	struct json json AUTO_JSON = { 0 };

	json_object(&json, NULL);
	json_hex(&json, "vault", account_bytes(made->vault));
	json_hex(&json, "device", account_bytes(made->device));
	if (o->kit)
		json_text(&json, "kit", o->kit);
	else
		json_text(&json, "words", words);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int made_it(struct fob *fob, struct init_options *o,
		   const Fob__Made *made)
{
	char words[BIP39_TEXT_SIZE];
	int r = 0;

	if (made->recovery_seed.len != BIP39_ENTROPY_MAX)
		return fail(fob, STATUS_FAILED, "the daemon gave no kit");
	bip39_write(words, account_bytes(made->recovery_seed));
	if (o->kit)
		r = kit_file_write(fob, &o->file, words);
	/* The vault is made: its kit must not be lost with the file. */
	if (r != 0)
		kit_show(fob, words);
	if (r == 0 && fob->json) {
		r = as_json(fob, o, made, words);
	} else if (r == 0 && !o->kit) {
		kit_show(fob, words);
		r = print_done(fob);
		if (r == 0)
			kit_ask_back(fob, words);
	}
	sodium_memzero(words, sizeof(words));
	return r;
}

static int fill_secrets(struct fob *fob, Fob__InitAsk *init,
			struct passphrase **passphrase, struct key_file **key)
{
	int r = 0;

	if (fob->key_file) {
		r = key_file_read(fob, fob->key_file, key);
		if (r != 0)
			return r;
		init->key_file.data = (*key)->bytes;
		init->key_file.len = (*key)->n;
		/* Without a terminal to ask at, the key file is enough. */
		if (passphrase_typed(fob) && !prompt_possible()) {
			init->no_passphrase = true;
			return 0;
		}
	}
	r = passphrase_new(fob, NULL, fob->key_file != NULL, passphrase);
	if (r != 0)
		return r;
	init->passphrase.data = (*passphrase)->bytes;
	init->passphrase.len = (*passphrase)->n;
	init->no_passphrase = (*passphrase)->n == 0;
	return 0;
}

static int send_init(struct fob *fob, struct init_options *o)
{
	struct passphrase *passphrase AUTO_PASSPHRASE = NULL;
	struct key_file *key AUTO_KEY_FILE = NULL;
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init;
	int r;

	fob__init_ask__init(&init);
	r = fill_secrets(fob, &init, &passphrase, &key);
	if (r != 0)
		return r;
	if (o->name)
		init.name = o->name;
	request.init = &init;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	if (!answers.list[0].reply->made)
		return fail(fob, STATUS_FAILED, "the daemon made nothing");
	return made_it(fob, o, answers.list[0].reply->made);
}

/* Is there anything to be done, before the person thinks of a passphrase? */
static int check_empty(struct fob *fob)
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
	if (s && strcmp(s->state, "recovering") == 0)
		return fail(fob, STATUS_CONFLICT,
			    "a recovery was cut here, and what came is kept: "
			    "fob recover goes on with it, fob recover --forget "
			    "throws it away; nothing was changed");
	if (s && s->vault.len > 0)
		return fail(fob, STATUS_CONFLICT,
			    "there is a vault already; nothing was changed");
	return 0;
}

static int run_init(struct fob *fob, char **argv)
{
	struct init_options o = { .file = { .fd = -1 } };
	const struct option table[] = {
		{ "name", 0, OPTION_TEXT, &o.name },
		{ "kit", 0, OPTION_TEXT, &o.kit },
	};
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	r = check_empty(fob);
	if (r == 0)
		r = kit_file_open(fob, &o.file, o.kit);
	if (r == 0)
		r = send_init(fob, &o);
	/* Still open means that there are no words in it. */
	kit_file_drop(&o.file);
	return r;
}

const struct command cmd_init = {
	.name = "init",
	.brief = "make a vault on this device",
	.help = "Usage: fob init [--name DEVICE] [--kit FILE]\n"
		"       [--key-file FILE]\n"
		"\n"
		"Makes a vault, with this device as its first. The passphrase\n"
		"is for this device only. The recovery kit, 24 words, is shown\n"
		"once: it brings the vault back when all devices are lost.\n"
		"\n"
		"  --name DEVICE     what others see; the host's name if not\n"
		"  --kit FILE        write the words to a new file (0600)\n"
		"  --key-file FILE   unlock with this file, too\n"
		"\n"
		"Example:\n"
		"  $ fob init --name laptop\n",
	.run = run_init,
};
