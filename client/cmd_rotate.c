/* fob rotate: the checklist of what a device that is gone has seen. */
#include <string.h>

#include "client/account.h"
#include "client/checklist.h"
#include "client/print.h"
#include "client/report.h"

static int list(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };

	if (fob->json) {
		checklist_json(&json, NULL, answers);
		return print_json(fob, &json);
	}
	if (checklist_print(answers) > 0)
		note(fob, "change each at its site, put the new secret in with "
			  "fob edit QUERY --secret-stdin");
	else
		note(fob, "nothing has to be changed");
	return print_done(fob);
}

static int done(struct fob *fob, const char *query)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_text(&json, "done", query);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int run_rotate(struct fob *fob, char **argv)
{
	static char listing[16] = "list";
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RotateAsk rotate;
	struct texts arguments;
	bool is_done;
	int r;

	fob__rotate_ask__init(&rotate);
	if (!options_parse(fob, argv, NULL, 0, &arguments))
		return fob->status;
	if (arguments.n == 0)
		arguments.list[arguments.n++] = listing;
	is_done = strcmp(arguments.list[0], "done") == 0;
	if ((!is_done && strcmp(arguments.list[0], "list") != 0) ||
	    arguments.n != (is_done ? 2u : 1u))
		return fail(fob, STATUS_USAGE, "list, or done QUERY");
	rotate.op = arguments.list[0];
	if (is_done)
		rotate.query = arguments.list[1];
	request.rotate = &rotate;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	return is_done ? done(fob, rotate.query) : list(fob, &answers);
}

const struct command cmd_rotate = {
	.name = "rotate",
	.brief = "what a lost device has seen, to be changed",
	.help = "Usage: fob rotate [list | done QUERY]\n"
		"\n"
		"Lists the accounts whose secrets a device that was revoked or\n"
		"suspended has seen. Change each at its site, and put the new\n"
		"secret in with fob edit --secret-stdin: then it leaves the\n"
		"list by itself, on all devices. done says that it is settled\n"
		"without a new secret here.\n"
		"\n"
		"Example:\n"
		"  $ fob rotate\n"
		"  5d1c0e9a...  GitHub  ada  totp\n"
		"  $ fob rotate done github\n",
	.run = run_rotate,
};
