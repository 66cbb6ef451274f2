/* fob list and fob conflicts: accounts, without any secret. */
#include <string.h>

#include "client/account.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/text.h"

static int as_json(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_accounts; j++) {
			json_object(&json, NULL);
			account_json(&json, reply->accounts[j]);
			json_object_end(&json);
		}
	}
	json_array_end(&json);
	return print_json(fob, &json);
}

static int as_lines(struct fob *fob, const struct answers *answers)
{
	size_t i, j;

	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_accounts; j++) {
			account_line(stdout, reply->accounts[j]);
			putchar('\n');
		}
	}
	return print_done(fob);
}

static void add_tags(struct table *table, const Fob__Account *account)
{
	char tags[TEXT_MAX] = "";
	size_t i, n = 0;

	for (i = 0; i < account->n_tags && n < sizeof(tags); i++) {
		int more = snprintf(tags + n, sizeof(tags) - n, "%s%s",
				    i ? "," : "", account->tags[i]);

		n += more > 0 ? (size_t)more : 0;
	}
	table_add(table, tags);
}

static void add_row(struct table *table, const Fob__Account *account)
{
	char id[ACCOUNT_ID_SIZE], copies[16];

	account_id(id, account->id);
	id[ACCOUNT_ID_SHOWN] = '\0';
	table_add(table, id);
	table_add(table, account->issuer);
	table_add(table, account->account);
	table_add(table, account->type);
	snprintf(copies, sizeof(copies), "%u", account->copies);
	table_add(table, copies);
	add_tags(table, account);
	table_add(table, account->conflict   ? "conflict" :
			 account->incomplete ? "incomplete" :
					       "");
}

static int as_table(struct fob *fob, const struct answers *answers)
{
	struct table table AUTO_TABLE;
	static const char *const heads[] = { "ID",   "ISSUER", "ACCOUNT",
					     "TYPE", "COPIES", "TAGS",
					     "" };
	size_t i, j;

	table_init(&table, ARRAY_SIZE(heads));
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		table_add(&table, heads[i]);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_accounts; j++)
			add_row(&table, reply->accounts[j]);
	}
	if (table.n > ARRAY_SIZE(heads))
		table_print(fob, &table);
	return print_done(fob);
}

static int list(struct fob *fob, Fob__ListAsk *ask_list)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	int r;

	request.list = ask_list;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	if (fob->json)
		return as_json(fob, &answers);
	if (print_terminal(fob))
		return as_table(fob, &answers);
	return as_lines(fob, &answers);
}

static int run_list(struct fob *fob, char **argv)
{
	Fob__ListAsk ask_list;
	const struct option table[] = {
		{ "group", 0, OPTION_TEXT, &ask_list.group },
		{ "tag", 0, OPTION_TEXT, &ask_list.tag },
	};
	struct texts arguments;

	fob__list_ask__init(&ask_list);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_one(fob, &arguments, &ask_list.query))
		return fob->status;
	return list(fob, &ask_list);
}

const struct command cmd_list = {
	.name = "list",
	.alias = "ls",
	.brief = "the accounts that match",
	.help = "Usage: fob list [QUERY] [--group G] [--tag T]   (fob ls)\n"
		"\n"
		"Lists accounts, never a secret: a table at a terminal, in a\n"
		"script a line each of id, issuer, account and type with tabs\n"
		"between.\n"
		"\n"
		"  --group G   only those of the group\n"
		"  --tag T     only those with the tag\n"
		"\n"
		"Example:\n"
		"  $ fob list git\n"
		"  ID        ISSUER  ACCOUNT  TYPE  COPIES  TAGS\n"
		"  5d1c0e9a  GitHub  ada      totp  2       work\n",
	.run = run_list,
};

/* --- conflicts: the same, and which seeds there are ----------------------- */

static int shown(struct fob *fob, const Fob__Account *account,
		 struct answers *ret)
{
	char id[ACCOUNT_ID_SIZE];
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ShowAsk show;
	int r;

	fob__show_ask__init(&show);
	account_id(id, account->id);
	show.query = id;
	request.show = &show;
	r = ask(fob, &request, ret);
	if (r == 0 && !ret->list[0].reply->shown)
		r = fail(fob, STATUS_FAILED, "the daemon shows nothing");
	return r;
}

static void conflict_json(struct json *json, const Fob__Shown *shown_entry,
			  const Fob__Account *account)
{
	size_t i;

	json_object(json, NULL);
	account_json(json, account);
	json_array(json, "seeds");
	for (i = 0; i < shown_entry->n_otp; i++) {
		const Fob__OtpValue *otp = shown_entry->otp[i];

		json_object(json, NULL);
		json_hex(json, "id", account_bytes(otp->vid));
		json_text(json, "type", account_type_name(otp->type));
		json_text(json, "algorithm",
			  account_algorithm_name(otp->algorithm));
		json_number(json, "digits", otp->digits);
		json_number(json, "period", otp->period);
		json_number(json, "counter", otp->counter);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void conflict_lines(const Fob__Shown *shown_entry,
			   const Fob__Account *account)
{
	size_t i;

	account_line(stdout, account);
	for (i = 0; i < shown_entry->n_otp; i++) {
		putchar('\t');
		print_hex(stdout, account_bytes(shown_entry->otp[i]->vid));
	}
	putchar('\n');
}

static int conflict(struct fob *fob, const Fob__Account *account,
		    struct json *json)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	int r = shown(fob, account, &answers);

	if (r != 0)
		return r;
	if (fob->json)
		conflict_json(json, answers.list[0].reply->shown, account);
	else
		conflict_lines(answers.list[0].reply->shown, account);
	return 0;
}

static int conflicts(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j;
	int r = 0;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; r == 0 && j < reply->n_accounts; j++)
			r = conflict(fob, reply->accounts[j], &json);
	}
	json_array_end(&json);
	if (r != 0)
		return r;
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

static int run_conflicts(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk ask_list;
	struct texts arguments;
	int r;

	fob__list_ask__init(&ask_list);
	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_one(fob, &arguments, &ask_list.query))
		return fob->status;
	ask_list.conflicts = true;
	request.list = &ask_list;
	r = ask(fob, &request, &answers);
	return r == 0 ? conflicts(fob, &answers) : r;
}

const struct command cmd_conflicts = {
	.name = "conflicts",
	.brief = "accounts that two devices gave different seeds",
	.help = "Usage: fob conflicts [QUERY]\n"
		"\n"
		"Lists the accounts that have several live seeds, because two\n"
		"devices set one apart from each other: a line each of id,\n"
		"issuer, account, type, and the id of each seed. Both codes\n"
		"are offered until fob resolve says which is right.\n"
		"\n"
		"Example:\n"
		"  $ fob conflicts --json | jq -r '.[].seeds[].id'\n"
		"  $ fob resolve github --keep 5d1c0e9a\n",
	.run = run_conflicts,
};
