/*
 * fob-scan: a picture on standard input, what its QR codes say on standard
 * output, framed ImportItem messages (proto/local.proto) with the text in
 * `data`. It confines itself before it reads the first byte. Exit 0, with no
 * message when there is no code; 1 when the picture is refused (the message
 * says why); 2 wrong usage.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "client/sandbox/confine.h"
#include "client/sandbox/input.h"
#include "client/sandbox/output.h"
#include "client/scan/codes.h"
#include "proto/status.h"

#define WHITE 255
#define BLACK 0

static int fail(int error)
{
	const char *text = "the picture cannot be read";

	switch (error) {
	case -EFBIG:
		text = "the file is larger than 32 MiB";
		break;
	case -ENOMEM:
		text = "the picture takes more memory than allowed";
		break;
	case PICTURE_ERR_FORMAT:
		text = "it is neither a PNG nor a JPEG picture: "
		       "convert it to one of them";
		break;
	case PICTURE_ERR_DAMAGED:
		text = "the picture is damaged or cut off";
		break;
	case PICTURE_ERR_LARGE:
		text = "the picture has too many pixels: "
		       "cut out the part with the code";
		break;
	case PICTURE_ERR_KIND:
		text = "this kind of picture is not read: "
		       "convert it to an ordinary PNG";
		break;
	}
	output_error(text);
	return STATUS_FAILED;
}

/* Light codes on nothing are invisible on white. */
static int find(struct bytes file, struct codes *codes)
{
	AUTO_PICTURE struct picture picture = { 0 };
	bool clear;
	int r = picture_read(file, WHITE, &picture);

	if (r != 0)
		return r;
	clear = picture.clear;
	r = codes_find(&picture, codes);
	if (r != 0 || codes->n > 0 || !clear)
		return r;
	picture_free(&picture);
	r = picture_read(file, BLACK, &picture);
	return r == 0 ? codes_find(&picture, codes) : r;
}

static int send_codes(const struct codes *codes)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < codes->n; i++) {
		Fob__ImportItem item;

		fob__import_item__init(&item);
		item.data.data = codes->list[i].text;
		item.data.len = codes->list[i].n;
		r = output_item(&item);
	}
	return r == 0 ? STATUS_OK : STATUS_FAILED;
}

static int run(void)
{
	static struct codes codes;
	AUTO_INPUT struct input file = { 0 };
	int r = input_read(&file, SCAN_FILE_MAX), status;

	if (r == 0)
		r = find(input_bytes(&file), &codes);
	status = r == 0 ? send_codes(&codes) : fail(r);
	codes_free(&codes);
	return status;
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc != 1) {
		fputs("usage: fob-scan < PICTURE\n", stderr);
		return STATUS_USAGE;
	}
	codes_prepare();
	if (sodium_init() < 0 || confine(CONFINE_LENIENT) < 0) {
		output_error("the picture cannot be read in a sandbox");
		return STATUS_FAILED;
	}
	return run();
}
