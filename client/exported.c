#include "client/exported.h"

#include "client/ask.h"
#include "client/report.h"

static int judge(struct fob *fob, const Fob__Reply *reply)
{
	static const char text[] =
		"the copy is made, but the vault has no note of it";

	if (reply->status == STATUS_OK)
		return 0;
	if (reply->status != STATUS_REFUSED && reply->status != STATUS_CONFLICT)
		return fail(fob, reply->status, "%s: %s", text, reply->message);
	warn(fob, "%s: %s", text, reply->message);
	return 0;
}

int exported_note(struct fob *fob, ProtobufCBinaryData *ids, size_t n,
		  char *format)
{
	struct answer answer AUTO_ANSWER = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ExportedAsk exported = FOB__EXPORTED_ASK__INIT;
	struct asking asking;
	int r;

	exported.format = format;
	exported.ids = ids;
	exported.n_ids = n;
	request.exported = &exported;
	r = ask_begin(&asking, fob, &request);
	if (r == 0)
		r = ask_next(&asking, &answer);
	if (r == 0)
		return judge(fob, answer.reply);
	warn(fob, "the copy is made, but the vault has no note of it");
	return r;
}
