/* fob purge: for good. */
#include "client/account.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"

static int told(struct fob *fob, const char *query, bool now)
{
	struct json json AUTO_JSON = { 0 };

	if (fob->json) {
		json_object(&json, NULL);
		json_text(&json, "purged", query);
		json_bool(&json, "now", now);
		json_object_end(&json);
		return print_json(fob, &json);
	}
	note(fob,
	     "Gone here%s, and hidden on all devices once they hear of it.\n"
	     "They forget it within 30 days of hearing. Old snapshots still "
	     "hold it until they are replaced, and the site still knows the "
	     "secret: remove it there, too.",
	     now ? "" : ", and forgotten in 30 days");
	return STATUS_OK;
}

static int run_purge(struct fob *fob, char **argv)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__PurgeAsk purge;
	bool now = false;
	const struct option table[] = {
		{ "now", 0, OPTION_FLAG, &now },
	};
	struct texts arguments;
	int r;

	fob__purge_ask__init(&purge);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 1, "QUERY"))
		return fob->status;
	if (!fob->yes && print_terminal(fob) &&
	    !prompt_yes("Purge it for good? Nothing brings it back."))
		return fail(fob, STATUS_REFUSED,
			    "nothing was done; -y answers the question");
	purge.query = arguments.list[0];
	purge.now = now;
	request.purge = &purge;
	r = ask_plain(fob, &request);
	return r == 0 ? told(fob, purge.query, now) : r;
}

const struct command cmd_purge = {
	.name = "purge",
	.brief = "remove an account for good",
	.help = "Usage: fob purge QUERY [--now]\n"
		"\n"
		"Removes an account for good, in the trash or not: hidden at\n"
		"once on all devices, forgotten by each within 30 days of\n"
		"hearing of it. Old snapshots hold it until they are replaced,\n"
		"and the site still knows the secret. Asks for the passphrase.\n"
		"\n"
		"  --now   this device forgets it at once\n"
		"\n"
		"Example:\n"
		"  $ fob purge old-bank --now\n",
	.run = run_purge,
};
