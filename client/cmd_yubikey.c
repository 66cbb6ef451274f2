/* fob yubikey: accounts on a security key that makes codes by itself. */
#include <stdio.h>
#include <string.h>

#include "client/account.h"
#include "client/card.h"
#include "client/exported.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"
#include "client/reveal.h"
#include "proto/text.h"

struct yubikey_options {
	struct card card;
	bool touch, force;
	char *argument;
};

#define NAME_SHOWN_SIZE TEXT_ESCAPED_MAX(CARD_NAME_MAX)

static void shown_name(char ret[static NAME_SHOWN_SIZE],
		       const Fob__CardName *name)
{
	text_escape(ret, NAME_SHOWN_SIZE, account_bytes(name->name));
}

static const char *touch_of(const Fob__CardName *name)
{
	if (!name->touch_known)
		return "?";
	return name->touch ? "touch" : "";
}

/* --- list ---------------------------------------------------------------------- */

static void name_json(struct json *json, const Fob__CardName *name)
{
	json_bytes(json, "name", account_bytes(name->name));
	json_bytes(json, "issuer", account_bytes(name->issuer));
	json_bytes(json, "account", account_bytes(name->account));
	json_text(json, "type", account_type_name(name->type));
	json_text_or_null(json, "algorithm",
			  account_algorithm_name(name->algorithm));
	if (name->period)
		json_number(json, "period", name->period);
	else
		json_null(json, "period");
	if (name->touch_known)
		json_bool(json, "touch", name->touch);
	else
		json_null(json, "touch");
}

static int list_json(struct fob *fob, const Fob__CardTold *told)
{
	struct json json AUTO_JSON = { 0 };

	json_array(&json, NULL);
	for (size_t i = 0; i < told->n_names; i++) {
		json_object(&json, NULL);
		name_json(&json, told->names[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	return print_json(fob, &json);
}

static int list_lines(struct fob *fob, const Fob__CardTold *told)
{
	for (size_t i = 0; i < told->n_names; i++) {
		const Fob__CardName *name = told->names[i];

		print_bytes(stdout, account_bytes(name->name));
		printf("\t%s\t%s\t%s\n", account_type_name(name->type),
		       account_algorithm_name(name->algorithm), touch_of(name));
	}
	return print_done(fob);
}

static int list_table(struct fob *fob, const Fob__CardTold *told)
{
	static const char *const heads[] = { "NAME", "TYPE", "ALGORITHM", "" };
	struct table table AUTO_TABLE;
	char shown[NAME_SHOWN_SIZE];

	table_init(&table, ARRAY_SIZE(heads));
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		table_add(&table, heads[i]);
	for (size_t i = 0; i < told->n_names; i++) {
		const Fob__CardName *name = told->names[i];

		shown_name(shown, name);
		table_add(&table, shown);
		table_add(&table, account_type_name(name->type));
		table_add(&table, account_algorithm_name(name->algorithm));
		table_add(&table, touch_of(name));
	}
	if (told->n_names > 0)
		table_print(fob, &table);
	return print_done(fob);
}

static int ask_list(struct fob *fob, struct yubikey_options *o)
{
	Fob__CardAsk ask = FOB__CARD_ASK__INIT;
	char op[] = "list";

	ask.op = op;
	return card_ask(fob, &o->card, &ask);
}

static int list(struct fob *fob, struct yubikey_options *o)
{
	int r = ask_list(fob, o);

	if (r != 0)
		return r;
	if (fob->json)
		return list_json(fob, o->card.told);
	if (!print_terminal(fob))
		return list_lines(fob, o->card.told);
	r = list_table(fob, o->card.told);
	if (o->card.told->n_names == 0)
		note(fob, "there is no account on the key");
	else
		note(fob, "A key never gives a secret back: what is here alone "
			  "cannot come into the vault.");
	return r;
}

/* --- push ---------------------------------------------------------------------- */

static int pushed_json(struct fob *fob, const struct yubikey_options *o)
{
	const Fob__CardTold *told = o->card.told;
	struct json json AUTO_JSON = { 0 };
	struct bytes version = account_bytes(told->version);
	char text[16] = "";

	if (version.n == 3)
		snprintf(text, sizeof(text), "%u.%u.%u", version.p[0],
			 version.p[1], version.p[2]);
	json_object(&json, NULL);
	if (told->n_names == 1)
		name_json(&json, told->names[0]);
	json_bool(&json, "replaced", !told->fresh);
	json_text(&json, "reader", told->reader);
	json_hex(&json, "device", account_bytes(told->device));
	json_text(&json, "version", text);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int pushed(struct fob *fob, const struct yubikey_options *o)
{
	const Fob__CardTold *told = o->card.told;
	char shown[NAME_SHOWN_SIZE] = "it";

	if (fob->json)
		return pushed_json(fob, o);
	if (told->n_names == 1)
		shown_name(shown, told->names[0]);
	note(fob, "%s is on the key%s", shown,
	     o->touch ? ", and takes a touch" : "");
	return print_done(fob);
}

/* The texts and the secret stay those of shown. */
static int put(struct fob *fob, struct yubikey_options *o,
	       const Fob__Shown *shown)
{
	Fob__CardAsk ask = FOB__CARD_ASK__INIT;
	char op[] = "put", format[] = "yubikey";
	int r;

	ask.op = op;
	ask.issuer = shown->account->issuer;
	ask.account = shown->account->account;
	ask.otp = shown->otp[0];
	ask.touch = o->touch;
	ask.force = o->force;
	r = card_ask(fob, &o->card, &ask);
	return r ? r : exported_note(fob, &shown->account->id, 1, format);
}

/*
 * The key first: whoever has none need not type a passphrase, and the second
 * request goes to the key that was there for the first.
 */
static int push(struct fob *fob, struct yubikey_options *o)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	const Fob__Shown *shown;
	int r = ask_list(fob, o);

	if (r == 0)
		r = reveal_one(fob, o->argument, &answers, &shown);
	if (r == 0)
		r = put(fob, o, shown);
	if (r != 0)
		return r;
	if (shown->otp[0]->type == FOB__OTP_TYPE__HOTP)
		warn(fob, "the key counts for itself from now on: take the "
			  "codes of this account from the key alone, or from "
			  "fob alone");
	return pushed(fob, o);
}

/* --- rm ------------------------------------------------------------------------- */

/* "issuer:account", whatever its period, as well as the whole name. */
static bool called(const Fob__CardName *name, struct bytes wanted)
{
	struct bytes whole = account_bytes(name->name);
	struct bytes issuer = account_bytes(name->issuer);
	struct bytes account = account_bytes(name->account);
	struct bytes rest = account;

	if (issuer.n > 0)
		rest.n += issuer.n + 1;
	if (rest.n > whole.n)
		return false;
	rest.p = whole.p + (whole.n - rest.n);
	return rest.n == wanted.n && memcmp(rest.p, wanted.p, rest.n) == 0;
}

static int find(struct fob *fob, const struct yubikey_options *o,
		const Fob__CardName **ret)
{
	struct bytes wanted = text_of(o->argument);
	const Fob__CardTold *told = o->card.told;
	const Fob__CardName *found = NULL;

	for (size_t i = 0; i < told->n_names; i++) {
		struct bytes name = account_bytes(told->names[i]->name);

		if (name.n == wanted.n &&
		    memcmp(name.p, wanted.p, name.n) == 0) {
			*ret = told->names[i];
			return 0;
		}
	}
	for (size_t i = 0; i < told->n_names; i++) {
		if (!called(told->names[i], wanted))
			continue;
		if (found)
			return fail(fob, STATUS_AMBIGUOUS,
				    "several are called %s: give the whole "
				    "name that fob yubikey list shows",
				    o->argument);
		found = told->names[i];
	}
	*ret = found;
	return found ? 0 :
		       fail(fob, STATUS_NOT_FOUND,
			    "the key has no account %s: see fob yubikey list",
			    o->argument);
}

static bool sure(struct fob *fob, const char *shown)
{
	char question[NAME_SHOWN_SIZE + 96];

	snprintf(question, sizeof(question),
		 "Remove %s from the key? Nothing reads it back from there.",
		 shown);
	return fob->yes || prompt_yes(question);
}

static int removed(struct fob *fob, const char *shown, struct bytes name)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json) {
		note(fob, "%s is no longer on the key", shown);
		return STATUS_OK;
	}
	json_object(&json, NULL);
	json_bytes(&json, "removed", name);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int rm(struct fob *fob, struct yubikey_options *o)
{
	Fob__CardAsk ask = FOB__CARD_ASK__INIT;
	uint8_t name[CARD_NAME_MAX];
	char op[] = "delete", shown[NAME_SHOWN_SIZE];
	const Fob__CardName *found;
	int r = ask_list(fob, o);

	if (r == 0)
		r = find(fob, o, &found);
	if (r != 0)
		return r;
	if (found->name.len == 0 || found->name.len > sizeof(name))
		return fail(fob, STATUS_FAILED, "the key has a wrong name");
	shown_name(shown, found);
	if (!sure(fob, shown))
		return fail(fob, STATUS_REFUSED,
			    "nothing was done; -y answers the question");
	/* The next answer takes the place of this one. */
	memcpy(name, found->name.data, found->name.len);
	ask.name = (ProtobufCBinaryData){ found->name.len, name };
	ask.op = op;
	r = card_ask(fob, &o->card, &ask);
	return r ? r :
		   removed(fob, shown, (struct bytes){ name, ask.name.len });
}

/* --- the command ------------------------------------------------------------------ */

static int dispatch(struct fob *fob, struct yubikey_options *o,
		    struct texts *arguments)
{
	static const struct {
		const char *name, *argument;
		int (*run)(struct fob *fob, struct yubikey_options *o);
	} verbs[] = {
		{ "list", NULL, list },
		{ "push", "QUERY", push },
		{ "rm", "NAME", rm },
	};
	const char *verb = arguments->n > 0 ? arguments->list[0] : "";
	size_t i = 0;

	while (i < ARRAY_SIZE(verbs) && strcmp(verb, verbs[i].name) != 0)
		i++;
	if (i == ARRAY_SIZE(verbs))
		return fail(fob, STATUS_USAGE,
			    "yubikey list, push QUERY or rm NAME");
	if ((o->touch || o->force) && verbs[i].run != push)
		return fail(fob, STATUS_USAGE,
			    "--touch and --force are for push");
	if (!options_exactly(fob, arguments, verbs[i].argument ? 2 : 1,
			     verbs[i].argument))
		return fob->status;
	o->argument = arguments->list[1];
	return verbs[i].run(fob, o);
}

static int run_yubikey(struct fob *fob, char **argv)
{
	struct yubikey_options o = { 0 };
	const struct option table[] = {
		{ "reader", 0, OPTION_TEXT, &o.card.reader },
		{ "access-code-file", 0, OPTION_TEXT, &o.card.code_file },
		{ "touch", 0, OPTION_FLAG, &o.touch },
		{ "force", 0, OPTION_FLAG, &o.force },
	};
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments))
		return fob->status;
	r = dispatch(fob, &o, &arguments);
	card_deinit(&o.card);
	return r;
}

const struct command cmd_yubikey = {
	.name = "yubikey",
	.brief = "accounts on a YubiKey, which makes codes by itself",
	.help = "Usage: fob yubikey list\n"
		"       fob yubikey push QUERY [--touch] [--force]\n"
		"       fob yubikey rm NAME\n"
		"\n"
		"The OATH accounts of a YubiKey, through PC/SC: pcscd has to\n"
		"run.\n"
		"\n"
		"list shows them, and who takes a touch; ? is what a key does\n"
		"not say. It needs no daemon.\n"
		"\n"
		"push copies an account of the vault to the key; the\n"
		"passphrase is asked for again. A key has TOTP and HOTP with\n"
		"6 to 8 digits, and names of 64 bytes. The vault takes note\n"
		"of it (fob show, fob doctor).\n"
		"\n"
		"rm removes one from the key. The vault keeps its own.\n"
		"\n"
		"A key never gives a secret back: what is on a key alone\n"
		"cannot come into the vault.\n"
		"\n"
		"  --touch        push: a code takes a touch of the key\n"
		"  --force        push: in place of one of the same name\n"
		"  --reader NAME  a part of the reader's name, when there are\n"
		"                 several keys\n"
		"  --access-code-file FILE\n"
		"                 its first line is the access code of the key,\n"
		"                 which is asked for when the key has one\n"
		"\n"
		"Example:\n"
		"  $ fob yubikey push github --touch\n"
		"  GitHub:ada is on the key, and takes a touch\n",
	.run = run_yubikey,
};
