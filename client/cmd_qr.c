/* fob qr: the account's URI as a QR picture on the terminal. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/formats/uri.h"
#include "client/helper.h"
#include "client/print.h"
#include "client/qr_picture.h"
#include "client/report.h"
#include "client/reveal.h"
#include "proto/text.h"

/* What a URI needs; the texts stay the message's. */
static int as_uri(const Fob__Shown *shown, char ret[static URI_MAX])
{
	struct entry entry AUTO_ENTRY;
	const Fob__OtpValue *otp = shown->otp[0];
	struct fault fault = { 0 };
	size_t n;
	int r;

	entry_init(&entry);
	entry.type = otp->type;
	entry.algorithm = otp->algorithm;
	entry.digits = otp->digits;
	entry.period = otp->period;
	entry.counter = otp->counter;
	r = entry_set(&entry, ENTRY_ISSUER, text_of(shown->account->issuer),
		      &fault);
	if (r == 0)
		r = entry_set(&entry, ENTRY_ACCOUNT,
			      text_of(shown->account->account), &fault);
	if (r == 0)
		r = entry_set_secret(&entry, account_bytes(otp->secret),
				     &fault);
	if (r == 0)
		r = entry_check(&entry, &fault);
	return r == 0 ? uri_write(&entry, ret, URI_MAX, &n) : r;
}

static int uri_json(struct fob *fob, const Fob__Shown *shown, char *uri)
{
	struct json json AUTO_JSON = { 0 };

	json_object(&json, NULL);
	account_json_name(&json, shown->account);
	json_text(&json, "uri", uri);
	json_object_end(&json);
	return print_json(fob, &json);
}

int qr_picture(struct fob *fob, const char *text)
{
	char name[] = "fob-qr", plain[] = "--plain";
	char *argv[] = { name, print_colour(fob) ? NULL : plain, NULL };
	struct helper helper;
	int in, r;

	if (strlen(text) > HELPER_BYTES_MAX)
		return fail(fob, STATUS_FAILED, "too long for a QR code");
	in = helper_bytes(text_of(text));
	if (in < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(-in));
	r = helper_start(fob, argv, in, false, &helper);
	close(in);
	if (r != 0)
		return r;
	r = helper_wait(&helper);
	return r == 0 ? 0 : fail(fob, STATUS_FAILED, "fob-qr failed");
}

static int run_qr(struct fob *fob, char **argv)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	const Fob__Shown *shown;
	char uri[URI_MAX];
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 1, "QUERY"))
		return fob->status;
	r = reveal_one(fob, arguments.list[0], &answers, &shown);
	if (r != 0)
		return r;
	r = as_uri(shown, uri);
	if (r != 0)
		return fail(fob, STATUS_FAILED, "it does not fit into a URI");
	r = fob->json ? uri_json(fob, shown, uri) : qr_picture(fob, uri);
	sodium_memzero(uri, sizeof(uri));
	return r;
}

const struct command cmd_qr = {
	.name = "qr",
	.brief = "the account as a QR code on the terminal",
	.help = "Usage: fob qr QUERY\n"
		"\n"
		"Draws the account's otpauth URI, for the camera of another\n"
		"application. It holds the secret, so the passphrase is asked\n"
		"for again.\n"
		"\n"
		"Example:\n"
		"  $ fob qr github\n",
	.run = run_qr,
};
