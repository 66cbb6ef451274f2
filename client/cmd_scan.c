/* fob scan: what the QR codes of a picture say. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/account.h"
#include "client/parsed.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/text.h"

static int as_json(struct fob *fob, const struct parsed *parsed)
{
	struct json json AUTO_JSON = { 0 };
	size_t i;

	json_array(&json, NULL);
	for (i = 0; i < parsed->n; i++) {
		json_object(&json, NULL);
		json_bytes(&json, "text",
			   account_bytes(parsed->list[i].message->data));
		json_object_end(&json);
	}
	json_array_end(&json);
	return print_json(fob, &json);
}

/* Escaped in a pipe too, so that one code is one line. */
static int print_code(struct bytes text)
{
	size_t n = TEXT_ESCAPED_MAX(text.n);
	char *escaped = malloc(n);

	if (!escaped)
		return -ENOMEM;
	text_escape(escaped, n, text);
	puts(escaped);
	sodium_memzero(escaped, n);
	free(escaped);
	return 0;
}

static int as_text(struct fob *fob, const struct parsed *parsed)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < parsed->n; i++)
		r = print_code(account_bytes(parsed->list[i].message->data));
	return r == 0 ? print_done(fob) :
			fail(fob, STATUS_FAILED, "out of memory");
}

static int scan(struct fob *fob, const char *name, int in)
{
	struct parsed parsed AUTO_PARSED = { 0 };
	int r = parsed_picture(fob, name, in, &parsed);

	if (r != 0)
		return r;
	if (parsed.n == 0)
		return fail(fob, STATUS_NOT_FOUND,
			    "%s: there is no QR code in it", name);
	return fob->json ? as_json(fob, &parsed) : as_text(fob, &parsed);
}

static int run_scan(struct fob *fob, char **argv)
{
	struct texts arguments;
	const char *name;
	int in, r;

	if (!options_parse(fob, argv, NULL, 0, &arguments) ||
	    !options_exactly(fob, &arguments, 1,
			     "IMAGE, or - for standard input"))
		return fob->status;
	name = arguments.list[0];
	if (strcmp(name, "-") == 0)
		return scan(fob, "standard input", STDIN_FILENO);
	in = open(name, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return fail(fob, STATUS_FAILED, "cannot open %s: %s", name,
			    strerror(errno));
	r = scan(fob, name, in);
	close(in);
	return r;
}

const struct command cmd_scan = {
	.name = "scan",
	.brief = "what the QR codes of a picture say",
	.help = "Usage: fob scan IMAGE|-\n"
		"\n"
		"Prints what each QR code of a PNG or JPEG picture says, a\n"
		"line each: a screenshot, a photograph, a sheet of codes. What\n"
		"has no place in a line is escaped; --json has it as it is.\n"
		"It needs no daemon. fob add and fob import take accounts out\n"
		"of pictures.\n"
		"\n"
		"Example:\n"
		"  $ fob scan screenshot.png\n"
		"  otpauth://totp/GitHub:ada?secret=JBSWY3DPEHPK3PXP\n",
	.run = run_scan,
};
