#include "client/exported.h"

#include "client/ask.h"
#include "client/report.h"

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
	if (r == 0 && answer.reply->status != STATUS_OK)
		warn(fob, "the vault has no note of this export: %s",
		     answer.reply->message);
	return r;
}
