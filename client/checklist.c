#include "client/checklist.h"

#include "client/account.h"
#include "client/print.h"

static void one_json(struct json *json, const Fob__Account *account)
{
	json_object(json, NULL);
	json_hex(json, "id", account_bytes(account->id));
	json_text(json, "issuer", account->issuer);
	json_text(json, "account", account->account);
	json_object_end(json);
}

void checklist_json(struct json *json, const char *key,
		    const struct answers *answers)
{
	size_t i, j;

	json_array(json, key);
	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_accounts; j++)
			one_json(json, reply->accounts[j]);
	}
	json_array_end(json);
}

size_t checklist_print(const struct answers *answers)
{
	size_t i, j, n = 0;

	for (i = 0; i < answers->n; i++) {
		const Fob__Reply *reply = answers->list[i].reply;

		for (j = 0; j < reply->n_accounts; j++, n++) {
			account_line(stdout, reply->accounts[j]);
			putchar('\n');
		}
	}
	return n;
}
