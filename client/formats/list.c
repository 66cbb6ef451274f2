#include "client/formats/list.h"

#include <string.h>

#include "client/formats/display.h"
#include "client/formats/google.h"
#include "client/formats/lines.h"
#include "client/formats/uri.h"

bool list_detect(struct bytes file)
{
	static const char *const schemes[] = { "otpauth://", GOOGLE_SCHEME,
					       "steam://", "motp://" };
	struct lines lines;
	struct bytes line;

	lines_init(&lines, file);
	if (!lines_next(&lines, &line))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (lines_begins(line, schemes[i]))
			return true;
	return false;
}

/*
 * The label of a line that was refused, as it stands there, so that the
 * person can find it. Never a part that could be the secret.
 */
static struct bytes label_of(struct bytes line)
{
	const uint8_t *query = memchr(line.p, '?', line.n);
	struct bytes label = { line.p, 0 };

	if (!query || !lines_begins(line, "otpauth://"))
		return label;
	label.p += strlen("otpauth://");
	label.n = (size_t)(query - label.p);
	while (label.n > 0 && label.p[0] != '/') {
		label.p++;
		label.n--;
	}
	if (label.n > 0) {
		label.p++;
		label.n--;
	}
	return label;
}

static int add_parsed(struct import *import, uint64_t position,
		      struct bytes line, struct entry *entry)
{
	struct fault trashed = { "entry", "is in the trash" };
	struct display display;
	int r = display_apply(line, entry, &display);

	if (r == 0 && display.trashed)
		return import_skip(import, position, trashed, label_of(line));
	if (r == 0 && display.damaged)
		r = import_warn(import, position,
				"note or tags could not be taken");
	return r < 0 ? r : import_add(import, position, entry);
}

static int add_line(struct import *import, uint64_t position, struct bytes line)
{
	AUTO_ENTRY struct entry entry;
	struct uri_warnings warnings = { .n = 0 };
	struct fault fault;
	int r;

	entry_init(&entry);
	r = uri_parse(line, &entry, &warnings, &fault);
	if (r < 0)
		return r;
	if (r != 0)
		return import_skip(import, position, fault, label_of(line));
	for (size_t i = 0; i < warnings.n; i++) {
		r = import_warn(import, position, warnings.text[i]);
		if (r < 0)
			return r;
	}
	return add_parsed(import, position, line, &entry);
}

static int read_line(struct import *import, struct google *google,
		     uint64_t position, struct bytes line)
{
	struct fault fault = { "line", "is too long" };

	if (line.n > IMPORT_LINE_MAX)
		return import_skip(import, position, fault,
				   (struct bytes){ NULL, 0 });
	if (lines_begins(line, GOOGLE_SCHEME))
		return google_add(google, line, position, import);
	return add_line(import, position, line);
}

int list_read(struct bytes file, struct import *import)
{
	struct google google;
	struct lines lines;
	struct bytes line;

	google_init(&google);
	lines_init(&lines, file);
	while (lines_next(&lines, &line)) {
		int r = read_line(import, &google, lines.number, line);

		if (r != 0)
			return r;
	}
	return google_finish(&google, import);
}
