/* fob unlock and fob lock. */
#include "client/ask.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/report.h"

static int done(struct fob *fob, const char *state)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_text(&json, "state", state);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int no_arguments(struct fob *fob, char **argv)
{
	struct texts arguments;

	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	return -1;
}

static int run_unlock(struct fob *fob, char **argv)
{
	int r = no_arguments(fob, argv);

	if (r >= 0)
		return r;
	r = ask_unlock(fob);
	return r == 0 ? done(fob, "unlocked") : r;
}

const struct command cmd_unlock = {
	.name = "unlock",
	.brief = "open the vault with the passphrase",
	.help = "Usage: fob unlock [--passphrase-file FILE | --key-file FILE |\n"
		"                  --fido2]\n"
		"\n"
		"Opens the vault until fob lock, or until it was not used\n"
		"for a while (idle-lock in fobd.conf, 15 minutes). Where a\n"
		"security key opens it, too, Enter alone is for the key.\n"
		"\n"
		"Example:\n"
		"  $ fob unlock\n"
		"  Passphrase:\n"
		"  $ fob unlock --fido2\n"
		"  Touch the security key: Yubico YubiKey FIDO+CCID\n",
	.run = run_unlock,
};

static int run_lock(struct fob *fob, char **argv)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LockAsk lock = FOB__LOCK_ASK__INIT;
	int r = no_arguments(fob, argv);

	if (r >= 0)
		return r;
	request.lock = &lock;
	r = ask_plain(fob, &request);
	return r == 0 ? done(fob, "locked") : r;
}

const struct command cmd_lock = {
	.name = "lock",
	.brief = "forget the keys until the next unlock",
	.help = "Usage: fob lock\n"
		"\n"
		"The daemon wipes the keys from its memory. It goes on\n"
		"keeping in sync with the other devices.\n"
		"\n"
		"Example:\n"
		"  $ fob lock\n",
	.run = run_lock,
};
