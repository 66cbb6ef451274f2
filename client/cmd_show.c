/* fob show: all of one account, its secrets only when asked for. */
#include <sodium.h>
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/fields.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/text.h"

struct show_options {
	char *query, *field;
	bool reveal;
};

#define SECRET_TEXT_SIZE TEXT_BASE32_SIZE(SECRET_MAX)

/* Base32; hex for mOTP, as its makers show it. */
static void secret_text(const Fob__OtpValue *otp, bool revealed,
			char ret[static 2 * SECRET_TEXT_SIZE])
{
	struct bytes secret = account_bytes(otp->secret);

	if (!revealed || secret.n > SECRET_MAX)
		memcpy(ret, FIELD_HIDDEN, sizeof(FIELD_HIDDEN));
	else if (otp->type == FOB__OTP_TYPE__MOTP)
		text_hex_encode(ret, 2 * SECRET_TEXT_SIZE, secret);
	else
		text_base32_encode(ret, 2 * SECRET_TEXT_SIZE, secret);
}

static void seeds_json(struct json *json, const Fob__Shown *shown)
{
	char secret[2 * SECRET_TEXT_SIZE];
	size_t i;

	json_array(json, "seeds");
	for (i = 0; i < shown->n_otp; i++) {
		const Fob__OtpValue *otp = shown->otp[i];

		secret_text(otp, shown->revealed, secret);
		json_object(json, NULL);
		json_hex(json, "id", account_bytes(otp->vid));
		json_text(json, "type", account_type_name(otp->type));
		json_text(json, "secret", secret);
		json_text(json, "algorithm",
			  account_algorithm_name(otp->algorithm));
		json_number(json, "digits", otp->digits);
		json_number(json, "period", otp->period);
		json_number(json, "counter", otp->counter);
		json_object_end(json);
	}
	json_array_end(json);
	sodium_memzero(secret, sizeof(secret));
}

static bool is_tag(const Fob__FieldValue *field)
{
	return strncmp(field->key, "tag/", 4) == 0;
}

static void fields_with_secret(struct json *json, const Fob__Shown *shown)
{
	char secret[2 * SECRET_TEXT_SIZE];
	size_t i;

	json_object(json, "fields");
	if (shown->n_otp > 0) {
		secret_text(shown->otp[0], shown->revealed, secret);
		json_text(json, "secret", secret);
		sodium_memzero(secret, sizeof(secret));
	}
	for (i = 0; i < shown->n_fields; i++)
		if (!is_tag(shown->fields[i]))
			fields_json_one(json, shown->fields[i],
					shown->revealed);
	json_object_end(json);
}

static int as_json(struct fob *fob, const Fob__Shown *shown)
{
	struct json json AUTO_JSON = { 0 };

	json_object(&json, NULL);
	account_json(&json, shown->account);
	fields_with_secret(&json, shown);
	seeds_json(&json, shown);
	json_object_end(&json);
	return print_json(fob, &json);
}

static void print_seed(const Fob__OtpValue *otp, bool revealed)
{
	char secret[2 * SECRET_TEXT_SIZE];

	secret_text(otp, revealed, secret);
	print_pair("secret", secret);
	sodium_memzero(secret, sizeof(secret));
	print_pair("type", account_type_name(otp->type));
	print_pair("algorithm", account_algorithm_name(otp->algorithm));
	printf("digits: %u\n", otp->digits);
	if (otp->type == FOB__OTP_TYPE__HOTP)
		printf("counter: %llu\n", (unsigned long long)otp->counter);
	else
		printf("period: %u\n", otp->period);
}

static void print_account(const Fob__Account *account)
{
	char time[PRINT_TIME_SIZE], id[ACCOUNT_ID_SIZE];
	size_t i;

	account_id(id, account->id);
	print_pair("id", id);
	print_pair("issuer", account->issuer);
	print_pair("account", account->account);
	print_pair("group", account->group);
	for (i = 0; i < account->n_tags; i++)
		print_pair("tag", account->tags[i]);
	printf("copies: %u", account->copies);
	for (i = 0; i < account->n_holders; i++) {
		fputs(i ? ", " : " on ", stdout);
		print_text(stdout, account->holders[i]);
	}
	putchar('\n');
	print_time(time, account->created);
	print_pair("created", time);
	print_time(time, account->changed);
	print_pair("changed", time);
}

/* Fields that the account's own lines say already. */
static bool said(const Fob__FieldValue *field)
{
	return strcmp(field->key, "issuer") == 0 ||
	       strcmp(field->key, "account") == 0;
}

static int as_text(struct fob *fob, const Fob__Shown *shown)
{
	size_t i;

	print_account(shown->account);
	if (shown->n_otp > 1)
		puts("conflict: several seeds, see fob conflicts");
	for (i = 0; i < shown->n_otp; i++)
		print_seed(shown->otp[i], shown->revealed);
	for (i = 0; i < shown->n_fields; i++)
		if (!said(shown->fields[i]))
			fields_print(&shown->fields[i], 1, shown->revealed);
	return print_done(fob);
}

/* --- one field, bare ------------------------------------------------------ */

static int bare(struct fob *fob, const char *name, struct bytes value)
{
	struct json json AUTO_JSON = { 0 };

	if (fob->json) {
		json_object(&json, NULL);
		json_bytes(&json, name, value);
		json_object_end(&json);
		return print_json(fob, &json);
	}
	print_bytes(stdout, value);
	putchar('\n');
	return print_done(fob);
}

static int bare_number(struct fob *fob, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return bare(fob, name, text_of(text));
}

static int hidden(struct fob *fob, const char *name)
{
	return fail(fob, STATUS_REFUSED, "%s is hidden: add --reveal", name);
}

static int bare_secret(struct fob *fob, const Fob__Shown *shown)
{
	char secret[2 * SECRET_TEXT_SIZE];
	int r;

	if (!shown->revealed)
		return hidden(fob, "secret");
	secret_text(shown->otp[0], true, secret);
	r = bare(fob, "secret", text_of(secret));
	sodium_memzero(secret, sizeof(secret));
	return r;
}

/* What is no field of the entry, but is shown as if it were; -1: nothing. */
static int bare_of_account(struct fob *fob, const char *name,
			   const Fob__Shown *shown)
{
	const Fob__Account *a = shown->account;
	char id[ACCOUNT_ID_SIZE];

	if (strcmp(name, "secret") == 0 && shown->n_otp > 0)
		return bare_secret(fob, shown);
	if (strcmp(name, "id") == 0) {
		account_id(id, a->id);
		return bare(fob, name, text_of(id));
	}
	if (strcmp(name, "issuer") == 0)
		return bare(fob, name, text_of(a->issuer));
	if (strcmp(name, "account") == 0)
		return bare(fob, name, text_of(a->account));
	if (strcmp(name, "type") == 0)
		return bare(fob, name, text_of(a->type));
	if (strcmp(name, "algorithm") == 0)
		return bare(fob, name, text_of(a->algorithm));
	if (strcmp(name, "group") == 0)
		return bare(fob, name, text_of(a->group));
	if (strcmp(name, "digits") == 0)
		return bare_number(fob, name, a->digits);
	if (strcmp(name, "period") == 0)
		return bare_number(fob, name, a->period);
	if (strcmp(name, "counter") == 0)
		return bare_number(fob, name, a->counter);
	return -1;
}

static int one_field(struct fob *fob, const char *name, const Fob__Shown *shown)
{
	size_t i;
	int r;

	for (i = 0; i < shown->n_fields; i++) {
		if (strcmp(shown->fields[i]->key, name) != 0)
			continue;
		if (field_secret(name) && !shown->revealed)
			return hidden(fob, name);
		return bare(fob, name, account_bytes(shown->fields[i]->value));
	}
	r = bare_of_account(fob, name, shown);
	return r >= 0 ? r :
			fail(fob, STATUS_NOT_FOUND, "no such field: %s", name);
}

static int show(struct fob *fob, const struct show_options *o)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ShowAsk ask_show;
	const Fob__Shown *shown;
	int r;

	fob__show_ask__init(&ask_show);
	ask_show.query = o->query;
	ask_show.reveal = o->reveal;
	request.show = &ask_show;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	shown = answers.list[0].reply->shown;
	if (!shown || !shown->account)
		return fail(fob, STATUS_FAILED, "the daemon shows nothing");
	if (o->field)
		return one_field(fob, o->field, shown);
	return fob->json ? as_json(fob, shown) : as_text(fob, shown);
}

static int run_show(struct fob *fob, char **argv)
{
	struct show_options o = { 0 };
	const struct option table[] = {
		{ "field", 0, OPTION_TEXT, &o.field },
		{ "reveal", 0, OPTION_FLAG, &o.reveal },
	};
	struct texts arguments;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 1, "QUERY"))
		return fob->status;
	o.query = arguments.list[0];
	return show(fob, &o);
}

const struct command cmd_show = {
	.name = "show",
	.brief = "all fields of an account",
	.help = "Usage: fob show QUERY [--field NAME] [--reveal]\n"
		"\n"
		"Shows an account. Secrets are (hidden) unless --reveal, which\n"
		"asks for the passphrase again.\n"
		"\n"
		"  --field NAME   only the value of this field, bare\n"
		"  --reveal       secrets too\n"
		"\n"
		"Example:\n"
		"  $ fob show github --field note\n"
		"  the one with the old phone number\n",
	.run = run_show,
};
