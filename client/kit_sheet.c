#include "client/kit_sheet.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/file.h"
#include "client/helper.h"
#include "client/kit_show.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/secret.h"
#include "proto/text.h"

#define PAGE_SIZE (192 * 1024) /* bytes; the QR code is most of them */
#define ROWS_SIZE (40 * 1024)  /* the largest code has 177 x 178 */
#define DEVICES_SHOWN 9
#define NAME_SHOWN 40 /* bytes */

#define WORDS 24
#define WORD_ROWS 8

/* All of a page, in secret memory. Measures are millimetres. */
struct page {
	char text[PAGE_SIZE];
	size_t n;
	bool full;
	char rows[ROWS_SIZE];
	size_t n_rows; /* bytes */
};

static void put(struct page *page, const char *format, ...) PRINTF(2, 3);

static void put(struct page *page, const char *format, ...)
{
	size_t room = sizeof(page->text) - page->n;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(page->text + page->n, room, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= room)
		page->full = true;
	else
		page->n += (size_t)n;
}

/* Names are those of others: markup becomes text, and control nothing. */
static void put_escaped(struct page *page, const char *text, size_t most)
{
	size_t i;

	for (i = 0; text[i] && i < most; i++)
		;
	while (text[i] && i > 0 && ((unsigned char)text[i] & 0xc0) == 0x80)
		i--; /* not in the middle of a letter */
	for (most = i, i = 0; i < most; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '<' || c == '>' || c == '&' || c == '"')
			put(page, "&#%d;", c);
		else if (c >= ' ')
			put(page, "%c", c);
	}
}

/* --- the QR code ----------------------------------------------------------- */

static int read_rows(struct page *page, int fd)
{
	ssize_t n;

	do {
		n = read(fd, page->rows + page->n_rows,
			 sizeof(page->rows) - page->n_rows);
		if (n > 0)
			page->n_rows += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int fetch_rows(struct fob *fob, struct page *page, const char *words)
{
	char name[] = "fob-qr", rows[] = "--rows";
	char *argv[] = { name, rows, NULL };
	struct helper helper;
	int in = helper_bytes(text_of(words)), r, status;

	if (in < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(-in));
	r = helper_start(fob, argv, in, true, &helper);
	close(in);
	if (r != 0)
		return r;
	r = read_rows(page, helper.out);
	status = helper_wait(&helper);
	if (r != 0 || status != 0 || page->n_rows == 0)
		return fail(fob, STATUS_FAILED, "fob-qr failed");
	return 0;
}

/* One path of runs of dark modules, in a square of that size. */
static void put_code(struct page *page, double x, double y, double size)
{
	const char *end = memchr(page->rows, '\n', page->n_rows);
	size_t width = end ? (size_t)(end - page->rows) : 0, row, column, run;

	if (width == 0 || page->n_rows < width * (width + 1))
		return;
	put(page,
	    "<path transform=\"translate(%.2f %.2f) scale(%.5f)\" "
	    "shape-rendering=\"crispEdges\" d=\"",
	    x, y, size / (double)width);
	for (row = 0; row < width; row++) {
		const char *line = page->rows + row * (width + 1);

		for (column = 0; column < width; column += run) {
			for (run = 1; column + run < width &&
				      line[column + run] == line[column];
			     run++)
				;
			if (line[column] == '#')
				put(page, "M%zu %zuh%zuv1h-%zuz", column, row,
				    run, run);
		}
	}
	put(page, "\"/>\n");
}

/* --- the page -------------------------------------------------------------- */

/* So many bytes of the vault's id, in groups that are read aloud. */
static void put_id(struct page *page, ProtobufCBinaryData vault, size_t most)
{
	size_t i;

	put(page, "<tspan font-family=\"'DejaVu Sans Mono', monospace\">");
	for (i = 0; i < size_min(vault.len, most); i++)
		put(page, "%s%02x", i > 0 && i % 2 == 0 ? " " : "",
		    vault.data[i]);
	put(page, "</tspan>");
}

static void put_head(struct page *page, ProtobufCBinaryData vault)
{
	struct tm tm = { 0 };
	time_t now = time(NULL);
	char date[32] = "";

	localtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	put(page,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"210mm\" "
	    "height=\"297mm\" viewBox=\"0 0 210 297\" "
	    "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" "
	    "font-size=\"3.8\">\n"
	    "<title>fob recovery kit</title>\n"
	    "<rect width=\"210\" height=\"297\" fill=\"white\"/>\n"
	    "<text x=\"20\" y=\"31\" font-size=\"10\" "
	    "font-weight=\"bold\">Recovery kit</text>\n"
	    "<text x=\"190\" y=\"25\" text-anchor=\"end\">printed %s</text>\n"
	    "<text x=\"190\" y=\"31\" text-anchor=\"end\">fob %s</text>\n"
	    "<text x=\"20\" y=\"40\">These 24 words open a vault of second "
	    "factors. Who has this page has the vault:</text>\n"
	    "<text x=\"20\" y=\"45.5\">keep it where no device is, as you "
	    "would keep money. Vault ",
	    date, FOB_VERSION);
	put_id(page, vault, 8);
	put(page, "</text>\n");
}

static void put_words(struct page *page, const char *words)
{
	size_t i, n;

	put(page, "<rect x=\"20\" y=\"52\" width=\"170\" height=\"80\" "
		  "fill=\"none\" stroke=\"black\" stroke-width=\"0.5\"/>\n");
	for (i = 0; i < WORDS; i++, words += n + (words[n] == ' ')) {
		double x = 28 + (double)(i / WORD_ROWS) * 55;
		double y = 62.5 + (double)(i % WORD_ROWS) * 9;

		n = strcspn(words, " ");
		put(page,
		    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" "
		    "font-size=\"3.6\">%zu</text>"
		    "<text x=\"%.1f\" y=\"%.1f\" font-size=\"6\" "
		    "font-family=\"'DejaVu Sans Mono', monospace\">%.*s"
		    "</text>\n",
		    x + 4, y, i + 1, x + 7, y, (int)n, words);
	}
}

static void put_device(struct page *page, const Fob__Device *device, double y)
{
	put(page, "<text x=\"86\" y=\"%.1f\">", y);
	put_escaped(page, device->name, NAME_SHOWN);
	if (strcmp(device->role, "keeper") == 0)
		put(page, " (keeper)");
	put(page,
	    "</text><text x=\"190\" y=\"%.1f\" text-anchor=\"end\" "
	    "font-family=\"'DejaVu Sans Mono', monospace\" "
	    "font-size=\"3.4\">",
	    y);
	if (device->n_addresses > 0)
		put_escaped(page, device->addresses[0], NAME_SHOWN);
	else
		put(page, "no address known");
	put(page, "</text>\n");
}

/* Keepers first: they are where the vault is when all else burnt. */
static void put_devices(struct page *page, const struct answers *answers)
{
	size_t round, i, j, shown = 0, n = 0;
	double y = 153;

	put(page, "<text x=\"86\" y=\"145\" font-size=\"5\" "
		  "font-weight=\"bold\">Where the vault is</text>\n");
	for (round = 0; round < 2; round++)
		for (i = 0; i < answers->n; i++)
			for (j = 0; j < answers->list[i].reply->n_devices;
			     j++) {
				const Fob__Device *device =
					answers->list[i].reply->devices[j];
				bool keeper = strcmp(device->role, "keeper") ==
					      0;

				if (keeper != (round == 0) ||
				    strcmp(device->state, "revoked") == 0)
					continue;
				n++;
				if (shown == DEVICES_SHOWN)
					continue;
				put_device(page, device, y);
				y += 5.5;
				shown++;
			}
	if (n > shown)
		put(page, "<text x=\"86\" y=\"%.1f\">and %zu more</text>\n", y,
		    n - shown);
}

static void put_foot(struct page *page, ProtobufCBinaryData vault)
{
	put(page,
	    "<path d=\"M20 273.5h170\" stroke=\"black\" "
	    "stroke-width=\"0.3\"/>\n"
	    "<text x=\"20\" y=\"279.5\" font-size=\"3.4\">Once a year: "
	    "<tspan font-family=\"'DejaVu Sans Mono', monospace\" "
	    "font-size=\"3.2\">fob kit verify</tspan> with the words on this "
	    "page. A drill that fails is found before the day.</text>\n"
	    "<text x=\"20\" y=\"285\" font-size=\"2.9\">Vault ");
	put_id(page, vault, vault.len);
	put(page, "</text>\n");
}

static void put_day(struct page *page)
{
	static const char *const lines[] = {
		"Take any computer that you trust, install fob, and start "
		"fobd with an empty folder.",
		"Find what is left: a snapshot file, or a keeper or device "
		"named above that still runs.",
		"<tspan font-family=\"'DejaVu Sans Mono', monospace\" "
		"font-size=\"3.6\">fob recover --from FILE</tspan> or "
		"<tspan font-family=\"'DejaVu Sans Mono', monospace\" "
		"font-size=\"3.6\">--from HOST:PORT</tspan>, as many as you "
		"have. Type the words.",
		"Say which devices are still yours. The others are revoked, "
		"and all keys change.",
		"Then <tspan font-family=\"'DejaVu Sans Mono', monospace\" "
		"font-size=\"3.6\">fob rotate</tspan>: the accounts to change. "
		"And <tspan font-family=\"'DejaVu Sans Mono', monospace\" "
		"font-size=\"3.6\">fob kit new</tspan>, if others saw this "
		"page.",
	};
	size_t i;

	put(page, "<text x=\"20\" y=\"222\" font-size=\"5\" "
		  "font-weight=\"bold\">On the day</text>\n");
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		double y = 231 + (double)i * 8;

		put(page,
		    "<text x=\"20\" y=\"%.1f\" font-weight=\"bold\">%zu</text>"
		    "<text x=\"27\" y=\"%.1f\" font-size=\"3.6\">%s"
		    "</text>\n",
		    y, i + 1, y, lines[i]);
	}
}

static int draw(struct fob *fob, struct page *page, const char *words)
{
	struct answers devices AUTO_ANSWERS = { 0 };
	struct answers status AUTO_ANSWERS = { 0 };
	Fob__StatusAsk status_ask = FOB__STATUS_ASK__INIT;
	Fob__DevicesAsk devices_ask = FOB__DEVICES_ASK__INIT;
	Fob__Request request = FOB__REQUEST__INIT;
	int r;

	request.status = &status_ask;
	r = ask(fob, &request, &status);
	if (r == 0 && !status.list[0].reply->vault)
		r = fail(fob, STATUS_FAILED, "the daemon has no status");
	request.status = NULL;
	request.devices = &devices_ask;
	if (r == 0)
		r = ask(fob, &request, &devices);
	if (r == 0)
		r = fetch_rows(fob, page, words);
	if (r != 0)
		return r;
	put_head(page, status.list[0].reply->vault->vault);
	put_words(page, words);
	put_code(page, 22, 142, 56);
	put(page, "<text x=\"50\" y=\"204\" text-anchor=\"middle\" "
		  "font-size=\"3.4\">the same words</text>\n");
	put_devices(page, &devices);
	put_day(page);
	put_foot(page, status.list[0].reply->vault->vault);
	put(page, "</svg>\n");
	return page->full ? fail(fob, STATUS_FAILED, "the page is too long") :
			    0;
}

static int keep(struct fob *fob, const struct kit_sheet *sheet,
		const struct page *page)
{
	struct file file AUTO_FILE = { .fd = -1 };
	int r = file_begin(fob, &file, sheet->path);

	if (r == 0)
		r = file_write(fob, &file,
			       (struct bytes){ (const uint8_t *)page->text,
					       page->n });
	if (r != 0)
		return r;
	return sheet->force ? file_end(fob, &file) : file_end_new(fob, &file);
}

static int told(struct fob *fob, const struct kit_sheet *sheet)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json) {
		note(fob,
		     "The page is in %s. Print it, and remove the file: the "
		     "words are in it.",
		     sheet->path);
		return STATUS_OK;
	}
	json_object(&json, NULL);
	json_text(&json, "sheet", sheet->path);
	json_object_end(&json);
	return print_json(fob, &json);
}

int kit_sheet_make(struct fob *fob, const struct kit_sheet *sheet,
		   const char *words)
{
	struct page *page AUTO_SECRET = NULL;
	int r;

	/* Told before the words are drawn; keep() is what makes it sure. */
	if (!sheet->force && access(sheet->path, F_OK) == 0)
		return fail(fob, STATUS_CONFLICT,
			    "%s is there already: --force replaces it",
			    sheet->path);
	page = secret_alloc(sizeof(*page));
	if (!page)
		return fail(
			fob, STATUS_FAILED,
			"no locked memory to be had: raise the limit (ulimit -l)");
	r = draw(fob, page, words);
	if (r == 0)
		r = keep(fob, sheet, page);
	return r == 0 ? told(fob, sheet) : r;
}
