#include "client/renew.h"

#include <stdio.h>
#include <string.h>

#include "client/ask.h"
#include "client/joined.h"
#include "client/kit_words.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"

#define WAIT_SECONDS (RESET_MS / 1000)
#define WORDS_MAX 128 /* bytes of the words, with room for mistakes */

/* --- on the device ---------------------------------------------------------- */

/* The words are told also with -q: without them nobody could approve. */
static int show_words(struct fob *fob, const Fob__Progress *progress)
{
	struct json json AUTO_JSON = { 0 };
	char words[WORDS_MAX];

	print_joined(words, sizeof(words), progress->words, progress->n_words);
	if (fob->json) {
		json_object(&json, NULL);
		json_text(&json, "words", words);
		json_object_end(&json);
		return print_json(fob, &json);
	}
	puts(words);
	fflush(stdout);
	note(fob,
	     "Type these %d words on a device that stands above this one: "
	     "fob device approve, with the name of this one.",
	     RESET_WORDS);
	return print_done(fob);
}

static int one_reply(struct fob *fob, const Fob__Reply *reply)
{
	const Fob__Progress *progress = reply->progress;

	if (reply->status != STATUS_OK)
		return ask_failed(fob, reply);
	if (progress && progress->n_words > 0)
		return show_words(fob, progress);
	if (progress && progress->what[0])
		note(fob, "%s", progress->what);
	if (reply->more)
		return 0;
	note(fob, "This device has new keys, and is unlocked.");
	return joined_reply(fob, reply);
}

static int send_reset(struct fob *fob, Fob__ResetAsk *reset)
{
	Fob__Request request = FOB__REQUEST__INIT;
	struct asking asking;
	bool more = true;
	int r;

	reset->timeout_ms = command_timeout(fob, WAIT_SECONDS);
	request.reset = reset;
	r = ask_begin(&asking, fob, &request);
	/* The daemon keeps the time, and we leave it time to say so. */
	asking.timeout_ms = reset->timeout_ms + 2000;
	while (r == 0 && more) {
		struct answer answer AUTO_ANSWER = { 0 };

		r = ask_next(&asking, &answer);
		if (r != 0)
			break;
		more = answer.reply->more;
		r = one_reply(fob, answer.reply);
	}
	return r;
}

int renew_ask(struct fob *fob, const char *file, bool by_kit)
{
	struct opener opener AUTO_OPENER = { 0 };
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	Fob__ResetAsk reset = FOB__RESET_ASK__INIT;
	int r = by_kit ? kit_words_read(fob, &seed) : 0;

	if (r == 0)
		r = opener_new(fob, file, &opener);
	if (r != 0)
		return r;
	reset.passphrase = opener.passphrase_data;
	reset.key_file = opener.key_data;
	if (seed)
		reset.recovery_seed =
			(ProtobufCBinaryData){ BIP39_ENTROPY_MAX, seed };
	return send_reset(fob, &reset);
}

/* --- on the other ----------------------------------------------------------- */

/* Typed, not only compared: a thief's screen is not before this person. */
static int read_words(struct fob *fob, const char *device,
		      const struct texts *given, char *ret, size_t size)
{
	char question[256];

	if (given->n > 0) {
		print_joined(ret, size, given->list, given->n);
		return 0;
	}
	if (!prompt_possible())
		return fail(fob, STATUS_USAGE,
			    "say the %d words that %s shows, behind its name",
			    RESET_WORDS, device);
	snprintf(question, sizeof(question),
		 "Is %s in your hands? Type the %d words that it shows: ",
		 device, RESET_WORDS);
	if (prompt_line(question, ret, size) != 0)
		return fail(fob, STATUS_REFUSED, "nothing was changed");
	return 0;
}

int renew_approve(struct fob *fob, char *device, const struct texts *words)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__VouchAsk vouch = FOB__VOUCH_ASK__INIT;
	char text[WORDS_MAX];
	int r = read_words(fob, device, words, text, sizeof(text));

	if (r != 0)
		return r;
	vouch.device = device;
	vouch.words = text;
	vouch.timeout_ms = command_timeout(fob, COMMAND_TIMEOUT);
	request.vouch = &vouch;
	r = ask_within(fob, &request, vouch.timeout_ms + 2000, &answers);
	if (r != 0)
		return r;
	note(fob, "%s has new keys; what it holds stays.", device);
	return joined_reply(fob, answers.list[0].reply);
}
