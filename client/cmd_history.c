/* fob history, fob revert and fob resolve: the versions of one account. */
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/fields.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/text.h"

static void version_json(struct json *json, const Fob__Version *v)
{
	size_t i;

	json_object(json, NULL);
	json_hex(json, "id", account_bytes(v->id));
	json_time(json, "time", v->time);
	json_text(json, "device", v->device);
	json_bool(json, "current", v->current);
	json_bool(json, "tombstone", v->tombstone);
	json_bool(json, "readable", v->readable);
	json_array(json, "seeds");
	for (i = 0; i < v->n_vids; i++)
		json_hex(json, NULL, account_bytes(v->vids[i]));
	json_array_end(json);
	fields_json(json, v->fields, v->n_fields, false);
	json_object_end(json);
}

static const char *version_state(const Fob__Version *v)
{
	if (!v->readable)
		return "unreadable";
	if (v->tombstone)
		return v->current ? "current, in the trash" : "in the trash";
	return v->current ? "current" : "";
}

#define ITEM_ID_SHOWN 6 /* bytes */

static void add_row(struct table *table, const Fob__Version *v)
{
	char id[TEXT_HEX_SIZE(ITEM_ID_SHOWN)], time[PRINT_TIME_SIZE];
	char name[ACCOUNT_NAME_SIZE] = "";

	text_hex_encode(id, sizeof(id),
			(struct bytes){ v->id.data,
					size_min(v->id.len, ITEM_ID_SHOWN) });
	table_add(table, id);
	print_time(time, v->time);
	table_add(table, time);
	table_add(table, v->device);
	if (v->account)
		account_name(name, v->account);
	table_add(table, name);
	table_add(table, version_state(v));
}

static void print_line(const Fob__Version *v)
{
	char time[TEXT_TIME_SIZE];

	text_time(time, v->time);
	print_hex(stdout, account_bytes(v->id));
	printf("\t%s\t", time);
	print_text(stdout, v->device);
	printf("\t%s\n", version_state(v));
}

static void print_versions(struct fob *fob, const struct answers *answers)
{
	static const char *const heads[] = { "VERSION", "TIME", "DEVICE",
					     "NAME", "" };
	bool terminal = print_terminal(fob);
	struct table table AUTO_TABLE;
	size_t i, j;

	table_init(&table, ARRAY_SIZE(heads));
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		table_add(&table, heads[i]);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_versions; j++) {
			if (terminal)
				add_row(&table, reply->versions[j]);
			else
				print_line(reply->versions[j]);
		}
	}
	if (terminal)
		table_print(fob, &table);
}

static int as_json(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++)
		for (j = 0; j < answers->list[i].reply->n_versions; j++)
			version_json(&json,
				     answers->list[i].reply->versions[j]);
	json_array_end(&json);
	return print_json(fob, &json);
}

static int run_history(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__HistoryAsk history;
	struct texts arguments;
	int r;

	fob__history_ask__init(&history);
	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 1, "QUERY"))
		return fob->status;
	history.query = arguments.list[0];
	request.history = &history;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	if (fob->json)
		return as_json(fob, &answers);
	print_versions(fob, &answers);
	return print_done(fob);
}

const struct command cmd_history = {
	.name = "history",
	.brief = "the versions of an account",
	.help = "Usage: fob history QUERY\n"
		"\n"
		"Lists the versions of an account, who wrote them and when.\n"
		"\n"
		"Example:\n"
		"  $ fob history github\n"
		"  $ fob revert github 5d1c0e9a8f0b\n",
	.run = run_history,
};

/* "{}" for programs; people see that nothing went wrong. */
static int done(struct fob *fob, char *query)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_text(&json, "query", query);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int run_revert(struct fob *fob, char **argv)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RevertAsk revert;
	struct texts arguments;
	int r;

	fob__revert_ask__init(&revert);
	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 2, "QUERY and VERSION"))
		return fob->status;
	revert.query = arguments.list[0];
	revert.version = arguments.list[1];
	request.revert = &revert;
	r = ask_plain(fob, &request);
	return r == 0 ? done(fob, revert.query) : r;
}

const struct command cmd_revert = {
	.name = "revert",
	.brief = "make a former version the current one",
	.help = "Usage: fob revert QUERY VERSION\n"
		"\n"
		"Writes the account again as it was in that version; VERSION\n"
		"is its id from fob history, or the first letters of it.\n"
		"\n"
		"Example:\n"
		"  $ fob revert github 5d1c0e9a8f0b\n",
	.run = run_revert,
};

static int run_resolve(struct fob *fob, char **argv)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ResolveAsk resolve;
	bool keep_all = false;
	const struct option table[] = {
		{ "keep", 0, OPTION_TEXT, &resolve.keep },
		{ "keep-all", 0, OPTION_FLAG, &keep_all },
	};
	struct texts arguments;
	int r;

	fob__resolve_ask__init(&resolve);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 1, "QUERY"))
		return fob->status;
	if (keep_all == (resolve.keep[0] != '\0'))
		return fail(fob, STATUS_USAGE,
			    "either --keep VERSION or --keep-all");
	resolve.keep_all = keep_all;
	resolve.query = arguments.list[0];
	request.resolve = &resolve;
	r = ask_plain(fob, &request);
	return r == 0 ? done(fob, resolve.query) : r;
}

const struct command cmd_resolve = {
	.name = "resolve",
	.brief = "say which of two seeds is right",
	.help = "Usage: fob resolve QUERY --keep VERSION | --keep-all\n"
		"\n"
		"Settles an account with several live seeds.\n"
		"\n"
		"  --keep VERSION   the seed to keep: its id from fob\n"
		"                   conflicts, or the id of the version from\n"
		"                   fob history that set it\n"
		"  --keep-all       split it into several accounts\n"
		"\n"
		"Example:\n"
		"  $ fob resolve github --keep 5d1c0e9a\n",
	.run = run_resolve,
};
