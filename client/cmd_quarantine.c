/* fob quarantine: what is held and does not count. */
#include <string.h>

#include "client/account.h"
#include "client/fields.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/text.h"

#define ITEM_ID_SHOWN 6 /* bytes */

static void version_json(struct json *json, const Fob__Version *v)
{
	json_object(json, NULL);
	json_hex(json, "id", account_bytes(v->id));
	json_text(json, "issuer", v->account ? v->account->issuer : "");
	json_text(json, "account", v->account ? v->account->account : "");
	json_time(json, "time", v->time);
	json_text(json, "device", v->device);
	json_text(json, "why", v->why);
	json_bool(json, "readable", v->readable);
	json_bool(json, "tombstone", v->tombstone);
	fields_json(json, v->fields, v->n_fields, false);
	json_object_end(json);
}

static void add_row(struct table *table, const Fob__Version *v)
{
	char id[TEXT_HEX_SIZE(ITEM_ID_SHOWN)], time[PRINT_TIME_SIZE];
	char name[ACCOUNT_NAME_SIZE] = "(no key here)";

	text_hex_encode(id, sizeof(id),
			(struct bytes){ v->id.data,
					size_min(v->id.len, ITEM_ID_SHOWN) });
	print_time(time, v->time);
	if (v->account)
		account_name(name, v->account);
	table_add(table, id);
	table_add(table, time);
	table_add(table, v->device);
	table_add(table, name);
	table_add(table, v->why);
}

static void print_line(const Fob__Version *v)
{
	char time[TEXT_TIME_SIZE];

	text_time(time, v->time);
	print_hex(stdout, account_bytes(v->id));
	printf("\t%s\t", time);
	print_text(stdout, v->device);
	putchar('\t');
	print_text(stdout, v->account ? v->account->issuer : "");
	putchar('\t');
	print_text(stdout, v->account ? v->account->account : "");
	printf("\t%s\n", v->why);
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

static int as_text(struct fob *fob, const struct answers *answers)
{
	static const char *const heads[] = { "ID", "TIME", "DEVICE", "NAME",
					     "" };
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
	return print_done(fob);
}

static int imported(struct fob *fob, const char *id)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_text(&json, "imported", id);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int run_quarantine(struct fob *fob, char **argv)
{
	static char list[16] = "list";
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__QuarantineAsk quarantine;
	struct texts arguments;
	bool import;
	int r;

	fob__quarantine_ask__init(&quarantine);
	if (!options_parse(fob, argv, NULL, 0, &arguments))
		return fob->status;
	if (arguments.n == 0)
		arguments.list[arguments.n++] = list;
	import = strcmp(arguments.list[0], "import") == 0;
	if ((!import && strcmp(arguments.list[0], "list") != 0) ||
	    arguments.n != (import ? 2u : 1u))
		return fail(fob, STATUS_USAGE, "list, or import ID");
	quarantine.op = arguments.list[0];
	if (import)
		quarantine.id = arguments.list[1];
	request.quarantine = &quarantine;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	if (import)
		return imported(fob, quarantine.id);
	return fob->json ? as_json(fob, &answers) : as_text(fob, &answers);
}

const struct command cmd_quarantine = {
	.name = "quarantine",
	.brief = "what was written too late to count",
	.help = "Usage: fob quarantine [list | import ID]\n"
		"\n"
		"Lists what is held and does not count: what a device wrote\n"
		"after it was revoked, or while it is suspended. import writes\n"
		"one of them again, by this device, together with what is\n"
		"there: look at who wrote it, and when, before you do.\n"
		"\n"
		"Example:\n"
		"  $ fob quarantine\n"
		"  ID            TIME        DEVICE  NAME\n"
		"  5d1c0e9a8f0b  2025-03-01  phone   Bank/ada  late\n"
		"  $ fob quarantine import 5d1c0e9a\n",
	.run = run_quarantine,
};
