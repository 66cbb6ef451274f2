/*
 * fob-qr: draws what it reads from standard input as a QR code on the
 * terminal, two rows of modules in a line of half blocks; or, with --rows,
 * prints a line for each row of modules, # dark and . light, for a program
 * that draws them. It never sees more than the one text, and wipes it.
 */
#include <errno.h>
#include <qrencode.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "proto/status.h"

#define TEXT_SIZE 4096 /* more than the largest QR code holds */
#define QUIET 4	       /* modules around it, ISO/IEC 18004 section 9.1 */

struct picture {
	const QRcode *code;
	bool plain; /* no colours: light modules are full blocks */
	bool rows;  /* for a program */
};

static bool dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return false;
	return code->data[y * code->width + x] & 1;
}

/*
 * Light is drawn, dark is left out: so it looks right on a dark terminal,
 * and with the colours set, on every one.
 */
static void draw_line(const struct picture *p, int y)
{
	static const char *const blocks[] = { "\xe2\x96\x88", "\xe2\x96\x80",
					      "\xe2\x96\x84", " " };
	int x;

	if (!p->plain)
		fputs("\033[40;97m", stdout);
	for (x = -QUIET; x < p->code->width + QUIET; x++) {
		bool upper = dark(p->code, x, y);
		/* Below the last row there is no light to draw. */
		bool lower = y + 1 >= p->code->width + QUIET ||
			     dark(p->code, x, y + 1);

		fputs(blocks[(upper ? 2 : 0) + (lower ? 1 : 0)], stdout);
	}
	fputs(p->plain ? "\n" : "\033[0m\n", stdout);
}

/* A picture that is cut cannot be read. */
static void check_room(const struct picture *p)
{
	int columns = p->code->width + 2 * QUIET, lines = (columns + 1) / 2 + 1;
	struct winsize window;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 ||
	    window.ws_col == 0 ||
	    (window.ws_col >= columns && window.ws_row >= lines))
		return;
	fprintf(stderr,
		"The picture takes %d columns and %d lines, the window has %d "
		"and %d: make it larger, or its letters smaller.\n",
		columns, lines, window.ws_col, window.ws_row);
}

static int draw(const struct picture *p)
{
	int y;

	for (y = -QUIET; y < p->code->width + QUIET; y += 2)
		draw_line(p, y);
	if (fflush(stdout) != 0)
		return STATUS_FAILED;
	check_room(p);
	return STATUS_OK;
}

static int print_rows(const QRcode *code)
{
	int x, y;

	for (y = 0; y < code->width; y++) {
		for (x = 0; x < code->width; x++)
			putchar(dark(code, x, y) ? '#' : '.');
		putchar('\n');
	}
	return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

static int read_text(uint8_t *text, size_t *ret_n)
{
	size_t at = 0;
	ssize_t n;

	do {
		n = read(STDIN_FILENO, text + at, TEXT_SIZE - at);
		if (n > 0)
			at += (size_t)n;
	} while ((n > 0 && at < TEXT_SIZE) || (n < 0 && errno == EINTR));
	*ret_n = at;
	return n < 0 ? -errno : 0;
}

static int run(struct picture *picture)
{
	uint8_t text[TEXT_SIZE];
	QRcode *code;
	size_t n;
	int status;

	if (read_text(text, &n) != 0 || n == 0 || n == TEXT_SIZE) {
		fputs("fob-qr: no text, or one that is too long\n", stderr);
		return STATUS_FAILED;
	}
	code = QRcode_encodeData((int)n, text, 0, QR_ECLEVEL_M);
	if (!code)
		code = QRcode_encodeData((int)n, text, 0, QR_ECLEVEL_L);
	explicit_bzero(text, sizeof(text));
	if (!code) {
		fputs("fob-qr: the text is too long for a QR code\n", stderr);
		return STATUS_FAILED;
	}
	picture->code = code;
	status = picture->rows ? print_rows(code) : draw(picture);
	explicit_bzero(code->data, (size_t)(code->width * code->width));
	QRcode_free(code);
	return status;
}

int main(int argc, char **argv)
{
	struct picture picture = { 0 };

	if (argc == 2) {
		picture.plain = strcmp(argv[1], "--plain") == 0;
		picture.rows = strcmp(argv[1], "--rows") == 0;
	}
	if (argc != 1 && !picture.plain && !picture.rows) {
		fputs("usage: fob-qr [--plain | --rows] < TEXT\n", stderr);
		return STATUS_USAGE;
	}
	return run(&picture);
}
