/* fob devices. */
#include "client/account.h"
#include "client/ask.h"
#include "client/print.h"
#include "client/report.h"

static void texts_json(struct json *json, const char *key, char *const *list,
		       size_t n)
{
	size_t i;

	json_array(json, key);
	for (i = 0; i < n; i++)
		json_text(json, NULL, list[i]);
	json_array_end(json);
}

static void device_json(struct json *json, const Fob__Device *d)
{
	json_object(json, NULL);
	json_hex(json, "id", account_bytes(d->id));
	json_text(json, "name", d->name);
	json_text(json, "role", d->role);
	json_text(json, "rank", d->rank);
	json_bool(json, "self", d->self);
	json_text(json, "state", d->state);
	texts_json(json, "groups", d->groups, d->n_groups);
	json_time(json, "last_seen", d->last_seen);
	json_bool(json, "in_sync", d->in_sync);
	texts_json(json, "address", d->addresses, d->n_addresses);
	json_text(json, "added_by", d->added_by);
	json_time(json, "added", d->added);
	texts_json(json, "can_revoke", d->can_revoke, d->n_can_revoke);
	json_bool(json, "connected", d->connected);
	json_object_end(json);
}

static const char *device_note(const Fob__Device *d)
{
	if (d->self)
		return "this device";
	if (d->never_seen)
		return "added, never seen";
	if (!d->connected)
		return "";
	return d->in_sync ? "connected, in sync" : "connected";
}

static void add_row(struct table *table, const Fob__Device *d)
{
	char seen[PRINT_TIME_SIZE];

	table_add(table, d->name);
	table_add(table, d->role);
	table_add(table, d->rank);
	table_add(table, d->state);
	print_time(seen, d->last_seen);
	table_add(table, seen);
	table_add(table, device_note(d));
}

static void print_line(const Fob__Device *d)
{
	print_hex(stdout, account_bytes(d->id));
	putchar('\t');
	print_text(stdout, d->name);
	printf("\t%s\t%s\n", d->role, d->state);
}

static int as_json(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++)
		for (j = 0; j < answers->list[i].reply->n_devices; j++)
			device_json(&json, answers->list[i].reply->devices[j]);
	json_array_end(&json);
	return print_json(fob, &json);
}

static int as_text(struct fob *fob, const struct answers *answers)
{
	static const char *const heads[] = { "NAME",  "ROLE",	   "RANK",
					     "STATE", "LAST SEEN", "" };
	bool terminal = print_terminal(fob);
	struct table table AUTO_TABLE;
	size_t i, j;

	table_init(&table, ARRAY_SIZE(heads));
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		table_add(&table, heads[i]);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_devices; j++) {
			if (terminal)
				add_row(&table, reply->devices[j]);
			else
				print_line(reply->devices[j]);
		}
	}
	if (terminal)
		table_print(fob, &table);
	return print_done(fob);
}

static int run_devices(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__DevicesAsk devices = FOB__DEVICES_ASK__INIT;
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	request.devices = &devices;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	return fob->json ? as_json(fob, &answers) : as_text(fob, &answers);
}

const struct command cmd_devices = {
	.name = "devices",
	.brief = "the devices of the vault",
	.help = "Usage: fob devices\n"
		"\n"
		"Lists the devices: what they are, who stands above whom (a\n"
		"device is above those whose rank begins with its own or\n"
		"comes after it), and when each was last heard of.\n"
		"\n"
		"Example:\n"
		"  $ fob devices\n"
		"  NAME    ROLE    RANK  STATE   LAST SEEN\n"
		"  laptop  device  0     member  -          this device\n",
	.run = run_devices,
};
