#include "client/account.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/print.h"
#include "client/report.h"
#include "proto/text.h"

struct bytes account_bytes(ProtobufCBinaryData data)
{
	return (struct bytes){ data.data, data.len };
}

void account_id(char ret[static ACCOUNT_ID_SIZE], ProtobufCBinaryData id)
{
	struct bytes b = account_bytes(id);

	b.n = size_min(b.n, (ACCOUNT_ID_SIZE - 1) / 2);
	text_hex_encode(ret, ACCOUNT_ID_SIZE, b);
}

void account_name(char ret[static ACCOUNT_NAME_SIZE],
		  const Fob__Account *account)
{
	bool both = account->issuer[0] && account->account[0];

	snprintf(ret, ACCOUNT_NAME_SIZE, "%s%s%s", account->issuer,
		 both ? "/" : "", account->account);
}

void account_json_name(struct json *json, const Fob__Account *account)
{
	json_hex(json, "id", account_bytes(account->id));
	json_text(json, "issuer", account->issuer);
	json_text(json, "account", account->account);
	json_text(json, "type", account->type);
}

static void json_texts(struct json *json, const char *key, char *const *list,
		       size_t n)
{
	size_t i;

	json_array(json, key);
	for (i = 0; i < n; i++)
		json_text(json, NULL, list[i]);
	json_array_end(json);
}

void account_json(struct json *json, const Fob__Account *account)
{
	account_json_name(json, account);
	json_text(json, "algorithm", account->algorithm);
	json_number(json, "digits", account->digits);
	json_number(json, "period", account->period);
	json_number(json, "counter", account->counter);
	json_text(json, "group", account->group);
	json_texts(json, "tags", account->tags, account->n_tags);
	json_number(json, "copies", account->copies);
	json_texts(json, "holders", account->holders, account->n_holders);
	json_bool(json, "conflict", account->conflict);
	json_bool(json, "favourite", account->favourite);
	json_time(json, "created", account->created);
	json_time(json, "changed", account->changed);
}

void account_line(FILE *out, const Fob__Account *account)
{
	print_hex(out, account_bytes(account->id));
	fputc('\t', out);
	print_text(out, account->issuer);
	fputc('\t', out);
	print_text(out, account->account);
	fputc('\t', out);
	print_text(out, account->type);
}

void account_candidates(Fob__Account *const *accounts, size_t n)
{
	char name[ACCOUNT_NAME_SIZE];
	char safe[TEXT_ESCAPED_MAX(ACCOUNT_NAME_SIZE)];
	char id[ACCOUNT_ID_SIZE];
	size_t i;

	for (i = 0; i < n; i++) {
		account_id(id, accounts[i]->id);
		account_name(name, accounts[i]);
		text_escape(safe, sizeof(safe), text_of(name));
		fprintf(stderr, "%s  %s\n", id, safe);
	}
}

static const char *const types[] = {
	[FOB__OTP_TYPE__OTP_NONE] = "none", [FOB__OTP_TYPE__TOTP] = "totp",
	[FOB__OTP_TYPE__HOTP] = "hotp",	    [FOB__OTP_TYPE__STEAM] = "steam",
	[FOB__OTP_TYPE__MOTP] = "motp",	    [FOB__OTP_TYPE__YANDEX] = "yandex",
};

bool account_type(const char *name, uint32_t *ret_type)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (text_same(text_of(name), text_of(types[i]))) {
			*ret_type = i;
			return true;
		}
	}
	return false;
}

const char *account_type_name(uint32_t type)
{
	return type < ARRAY_SIZE(types) ? types[type] : "unknown";
}

static const char *const algorithms[] = {
	[FOB__ALGORITHM__SHA1] = "SHA1",
	[FOB__ALGORITHM__SHA256] = "SHA256",
	[FOB__ALGORITHM__SHA512] = "SHA512",
	[FOB__ALGORITHM__MD5] = "MD5",
};

/* Without the prefix and the dash that some write. */
static void plain_name(const char *name, char *ret, size_t size)
{
	size_t n = 0;

	if (strncasecmp(name, "hmac", 4) == 0)
		name += 4;
	for (; *name && n + 1 < size; name++)
		if (*name != '-')
			ret[n++] = *name;
	ret[n] = '\0';
}

bool account_algorithm(const char *name, uint32_t *ret_algorithm)
{
	char plain[16];
	uint32_t i;

	if (strlen(name) >= sizeof(plain))
		return false;
	plain_name(name, plain, sizeof(plain));
	for (i = FOB__ALGORITHM__SHA1; i < ARRAY_SIZE(algorithms); i++) {
		if (text_same(text_of(plain), text_of(algorithms[i]))) {
			*ret_algorithm = i;
			return true;
		}
	}
	return false;
}

const char *account_algorithm_name(uint32_t algorithm)
{
	return algorithm > 0 && algorithm < ARRAY_SIZE(algorithms) ?
		       algorithms[algorithm] :
		       "";
}

int account_find(struct fob *fob, char *query, struct answers *ret_answers,
		 const Fob__Account **ret_account)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk list;
	int r;

	fob__list_ask__init(&list);
	list.query = query;
	list.one = true;
	request.list = &list;
	r = ask(fob, &request, ret_answers);
	if (r != 0)
		return r;
	if (ret_answers->list[0].reply->n_accounts != 1)
		return fail(fob, STATUS_NOT_FOUND, "nothing matches: %s",
			    query);
	*ret_account = ret_answers->list[0].reply->accounts[0];
	return 0;
}
