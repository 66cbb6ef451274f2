#include "client/reveal.h"

#include "client/report.h"

int reveal_one(struct fob *fob, char *query, struct answers *answers,
	       const Fob__Shown **ret)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ShowAsk show = FOB__SHOW_ASK__INIT;
	const Fob__Shown *shown;
	int r;

	show.query = query;
	show.reveal = true;
	request.show = &show;
	r = ask(fob, &request, answers);
	if (r != 0)
		return r;
	shown = answers->list[0].reply->shown;
	if (!shown || !shown->account)
		return fail(fob, STATUS_FAILED, "the daemon shows nothing");
	if (shown->n_otp == 0)
		return fail(
			fob, STATUS_NOT_FOUND,
			"this entry has no secret of codes: it was added without one");
	if (shown->n_otp > 1)
		return fail(
			fob, STATUS_CONFLICT,
			"it has two live seeds: fob conflicts shows them, fob resolve keeps one");
	*ret = shown;
	return 0;
}
