/* fob rm, fob trash. */
#include <string.h>

#include "client/account.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"

static int told(struct fob *fob, const Fob__Account *account)
{
	struct json json AUTO_JSON = { 0 };
	char name[ACCOUNT_NAME_SIZE], id[ACCOUNT_ID_SIZE];

	if (fob->json) {
		json_object(&json, NULL);
		account_json_name(&json, account);
		json_object_end(&json);
		return print_json(fob, &json);
	}
	account_name(name, account);
	account_id(id, account->id);
	note(fob, "%s is in the trash; fob trash restore %.*s brings it back",
	     name, ACCOUNT_ID_SHOWN, id);
	return STATUS_OK;
}

static int run_rm(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RemoveAsk remove;
	const Fob__Account *account;
	struct texts arguments;
	char id[ACCOUNT_ID_SIZE];
	int r;

	fob__remove_ask__init(&remove);
	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 1, "QUERY"))
		return fob->status;
	r = account_find(fob, arguments.list[0], &answers, &account);
	if (r != 0)
		return r;
	account_id(id, account->id);
	remove.query = id;
	remove.version = account->version;
	request.remove = &remove;
	r = ask_plain(fob, &request);
	return r == 0 ? told(fob, account) : r;
}

const struct command cmd_rm = {
	.name = "rm",
	.brief = "move an account to the trash",
	.help = "Usage: fob rm QUERY\n"
		"\n"
		"Moves the account to the trash, on all devices, from where\n"
		"it can be brought back.\n"
		"\n"
		"Example:\n"
		"  $ fob rm old-forum\n"
		"  $ fob trash restore 5d1c0e9a\n",
	.run = run_rm,
};

static int print_trash(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_accounts; j++) {
			const Fob__Account *account = reply->accounts[j];

			if (fob->json) {
				json_object(&json, NULL);
				account_json(&json, account);
				json_object_end(&json);
				continue;
			}
			account_line(stdout, account);
			putchar('\n');
		}
	}
	json_array_end(&json);
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

static int check_trash(struct fob *fob, const struct texts *arguments)
{
	const char *op = arguments->list[0];
	bool restore = strcmp(op, "restore") == 0;

	if (!restore && strcmp(op, "list") != 0 && strcmp(op, "empty") != 0)
		return fail(fob, STATUS_USAGE,
			    "list, restore ID or empty, not: %s", op);
	if (arguments->n != (restore ? 2u : 1u))
		return fail(fob, STATUS_USAGE,
			    restore ? "missing: ID" : "one argument too many");
	if (strcmp(op, "empty") == 0 && !fob->yes &&
	    !prompt_yes("Empty the trash for good?"))
		return fail(fob, STATUS_REFUSED,
			    "nothing was done; -y answers the question");
	return 0;
}

static int run_trash(struct fob *fob, char **argv)
{
	static char list[16] = "list";
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__TrashAsk trash;
	struct texts arguments;
	bool show;
	int r;

	fob__trash_ask__init(&trash);
	if (!options_parse(fob, argv, NULL, 0, &arguments))
		return fob->status;
	if (arguments.n == 0)
		arguments.list[arguments.n++] = list;
	r = check_trash(fob, &arguments);
	if (r != 0)
		return r;
	show = strcmp(arguments.list[0], "list") == 0;
	trash.op = arguments.list[0];
	if (arguments.n == 2)
		trash.id = arguments.list[1];
	request.trash = &trash;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	if (show || fob->json)
		return print_trash(fob, &answers);
	if (answers.list[0].reply->message[0])
		note(fob, "%s", answers.list[0].reply->message);
	return STATUS_OK;
}

const struct command cmd_trash = {
	.name = "trash",
	.brief = "what was removed, and how to get it back",
	.help = "Usage: fob trash [list | restore ID | empty]\n"
		"\n"
		"Without more it lists what is in the trash. What has been\n"
		"there for 90 days leaves it by itself, for good; empty does\n"
		"that now, and asks for the passphrase.\n"
		"\n"
		"Example:\n"
		"  $ fob trash\n"
		"  5d1c0e9a...  GitHub  ada  totp\n"
		"  $ fob trash restore 5d1c0e9a\n",
	.run = run_trash,
};
