/* fob group, fob apart: who may read what. */
#include <string.h>

#include "client/account.h"
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

/* What was done, when there is nothing else to say. */
static int done(struct fob *fob, const char *key, const char *value)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json)
		return STATUS_OK;
	json_object(&json, NULL);
	json_text(&json, key, value);
	json_object_end(&json);
	return print_json(fob, &json);
}

/* --- groups ---------------------------------------------------------------- */

static void group_json(struct json *json, const Fob__GroupInfo *g)
{
	json_object(json, NULL);
	json_hex(json, "id", account_bytes(g->id));
	json_text(json, "name", g->name);
	texts_json(json, "readers", g->readers, g->n_readers);
	json_bool(json, "reads", g->reads);
	json_number(json, "entries", g->entries);
	json_object_end(json);
}

static void group_line(const Fob__GroupInfo *g)
{
	char names[512];

	print_joined(names, sizeof(names), g->readers, g->n_readers);
	print_text(stdout, g->name);
	putchar('\t');
	print_text(stdout, names);
	putchar('\n');
}

static int list_groups(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_groups; j++) {
			if (fob->json)
				group_json(&json, reply->groups[j]);
			else
				group_line(reply->groups[j]);
		}
	}
	json_array_end(&json);
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

static int check_group(struct fob *fob, const struct texts *arguments,
		       Fob__GroupAsk *group, struct texts *devices)
{
	const char *op = arguments->list[0];
	bool create = strcmp(op, "create") == 0;
	size_t n = strcmp(op, "list") == 0 ? 1 : create ? 2 : 3;

	if (!create && n == 3 && strcmp(op, "grant") != 0 &&
	    strcmp(op, "deny") != 0)
		return fail(fob, STATUS_USAGE,
			    "list, create, grant or deny, not: %s", op);
	if (arguments->n != n || (!create && devices->n > 0))
		return fail(fob, STATUS_USAGE,
			    "list, create NAME --device D..., grant NAME "
			    "DEVICE or deny NAME DEVICE");
	if (n > 1)
		group->name = arguments->list[1];
	if (n == 3)
		devices->list[devices->n++] = arguments->list[2];
	group->op = arguments->list[0];
	group->devices = devices->list;
	group->n_devices = devices->n;
	return 0;
}

static int run_group(struct fob *fob, char **argv)
{
	static char list[16] = "list";
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__GroupAsk group;
	struct texts arguments, devices = { .n = 0 };
	const struct option table[] = {
		{ "device", 0, OPTION_TEXTS, &devices },
	};
	int r;

	fob__group_ask__init(&group);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments))
		return fob->status;
	if (arguments.n == 0)
		arguments.list[arguments.n++] = list;
	r = check_group(fob, &arguments, &group, &devices);
	request.group = &group;
	if (r == 0)
		r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	return strcmp(group.op, "list") == 0 ? list_groups(fob, &answers) :
					       done(fob, "group", group.name);
}

const struct command cmd_group = {
	.name = "group",
	.brief = "accounts that only some devices read",
	.help = "Usage: fob group [list]\n"
		"       fob group create NAME --device DEVICE...\n"
		"       fob group grant NAME DEVICE\n"
		"       fob group deny NAME DEVICE\n"
		"\n"
		"Every device holds every account, so none is lost; but those\n"
		"of a group are read by its devices only. All devices read the\n"
		"group main. This device reads the groups that it makes. What\n"
		"a device has read it may have kept: after deny, change the\n"
		"secrets at their sites.\n"
		"\n"
		"  --device DEVICE   who reads it; may be given again\n"
		"\n"
		"Example:\n"
		"  $ fob group create aws-root --device safe\n"
		"  $ fob add --group aws-root --issuer AWS --secret-stdin\n",
	.run = run_group,
};

/* --- apart ----------------------------------------------------------------- */

static void rule_json(struct json *json, const Fob__ApartInfo *rule)
{
	json_object(json, NULL);
	json_text(json, "a", rule->a);
	json_text(json, "b", rule->b);
	texts_json(json, "both", rule->both, rule->n_both);
	json_object_end(json);
}

static void rule_line(const Fob__ApartInfo *rule)
{
	char names[512];

	print_joined(names, sizeof(names), rule->both, rule->n_both);
	print_text(stdout, rule->a);
	putchar('\t');
	print_text(stdout, rule->b);
	putchar('\t');
	print_text(stdout, names);
	putchar('\n');
}

static int list_rules(struct fob *fob, const struct answers *answers)
{
	struct json json AUTO_JSON = { 0 };
	size_t i, j, broken = 0;

	json_array(&json, NULL);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_apart; j++) {
			broken += reply->apart[j]->n_both > 0;
			if (fob->json)
				rule_json(&json, reply->apart[j]);
			else
				rule_line(reply->apart[j]);
		}
	}
	json_array_end(&json);
	if (broken > 0)
		warn(fob,
		     "%zu of these rules are broken: the devices named "
		     "read both",
		     broken);
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

static int run_apart(struct fob *fob, char **argv)
{
	static char list[16] = "list", add[16] = "add", rm[16] = "rm";
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ApartAsk apart;
	bool remove = false;
	const struct option table[] = {
		{ "remove", 0, OPTION_FLAG, &remove },
	};
	struct texts arguments;
	int r;

	fob__apart_ask__init(&apart);
	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments))
		return fob->status;
	if (arguments.n == 1 && strcmp(arguments.list[0], "list") == 0)
		arguments.n = 0;
	if (arguments.n != 0 && arguments.n != 2)
		return fail(fob, STATUS_USAGE, "two of them: A B");
	apart.op = arguments.n == 0 ? list : remove ? rm : add;
	if (arguments.n == 2) {
		apart.a = arguments.list[0];
		apart.b = arguments.list[1];
	}
	request.apart = &apart;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	return arguments.n == 0 ? list_rules(fob, &answers) :
				  done(fob, "apart", apart.a);
}

const struct command cmd_apart = {
	.name = "apart",
	.brief = "two accounts that no device shall read both",
	.help = "Usage: fob apart [A B [--remove]]\n"
		"\n"
		"Makes the rule that no device reads both A and B, accounts or\n"
		"groups. Without more it lists the rules, and the devices that\n"
		"break them; fob doctor complains until it is right.\n"
		"\n"
		"  --remove   take the rule back\n"
		"\n"
		"Example:\n"
		"  $ fob apart aws/root aws/admin\n",
	.run = run_apart,
};
