#include "client/joined.h"

#include "client/account.h"
#include "client/print.h"
#include "client/report.h"

int joined_reply(struct fob *fob, const Fob__Reply *reply)
{
	struct json json AUTO_JSON = { 0 };
	const Fob__Joined *j = reply->joined;

	if (fob->json) {
		json_object(&json, NULL);
		json_object(&json, "joined");
		json_hex(&json, "id",
			 j ? account_bytes(j->id) : (struct bytes){ 0 });
		json_text(&json, "name", j ? j->name : "");
		json_object_end(&json);
		json_object_end(&json);
		return print_json(fob, &json);
	}
	if (reply->message[0])
		note(fob, "%s", reply->message);
	if (j) {
		print_text(stdout, j->name);
		putchar('\n');
	}
	return print_done(fob);
}
