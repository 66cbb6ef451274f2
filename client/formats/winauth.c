#include "client/formats/winauth.h"

#include <errno.h>
#include <string.h>

#include "client/formats/buffer.h"
#include "client/formats/lines.h"
#include "client/formats/uri.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

static bool holds(struct bytes line, const char *text)
{
	return memmem(line.p, line.n, text, strlen(text)) != NULL;
}

/* By parameters that nobody else writes. */
static bool is_own(struct bytes line)
{
	return holds(line, "&icon=") || holds(line, "&deviceid=") ||
	       holds(line, "?deviceid=") || holds(line, "&serial=") ||
	       holds(line, "?serial=");
}

bool winauth_detect(struct bytes file)
{
	struct lines lines;
	struct bytes line;

	lines_init(&lines, file);
	while (lines_next(&lines, &line)) {
		if (!lines_begins(line, "otpauth://"))
			return false;
		if (is_own(line))
			return true;
	}
	return false;
}

/* How many "+" stand before the query. */
static size_t plus_signs(struct bytes line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.n && line.p[i] != '?'; i++)
		n += line.p[i] == '+';
	return n;
}

/* The line, with spaces in its label written as everybody else does. */
static int repair(struct bytes line, struct buffer *ret)
{
	size_t n = 0, spaces = plus_signs(line);

	if (buffer_alloc(ret, line.n + 2 * spaces) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < line.n; i++) {
		if (spaces > 0 && line.p[i] == '+') {
			memcpy(ret->p + n, "%20", 3);
			n += 3;
			spaces--;
		} else {
			ret->p[n++] = line.p[i];
		}
	}
	return 0;
}

/*
 * An account of Steam whose issuer is written in another case, or stands in
 * front of its device only.
 */
static void unmask_steam(struct entry *entry, struct bytes line)
{
	if (entry->type != FOB__OTP_TYPE__TOTP || !holds(line, "deviceid=") ||
	    !text_same(text_of(entry_get(entry, ENTRY_ISSUER)),
		       text_of("Steam")))
		return;
	entry->type = FOB__OTP_TYPE__STEAM;
	entry_settle(entry);
}

static int read_line(struct import *import, uint64_t position,
		     struct bytes line)
{
	AUTO_ENTRY struct entry entry;
	AUTO_BUFFER struct buffer uri = { 0 };
	struct uri_warnings warnings = { .n = 0 };
	struct fault fault = { "line", "is too long" };
	int r;

	entry_init(&entry);
	if (line.n > IMPORT_LINE_MAX)
		return import_skip(import, position, fault,
				   (struct bytes){ NULL, 0 });
	r = repair(line, &uri);
	if (r < 0)
		return r;
	r = uri_parse(buffer_bytes(&uri), &entry, &warnings, &fault);
	for (size_t i = 0; r == 0 && i < warnings.n; i++)
		r = import_warn(import, position, warnings.text[i]);
	if (r == 0)
		unmask_steam(&entry, line);
	return import_take(import, position, &entry, r, fault);
}

int winauth_read(struct bytes file, struct import *import)
{
	struct lines lines;
	struct bytes line;
	int r = 0;

	lines_init(&lines, file);
	while (r == 0 && lines_next(&lines, &line))
		r = read_line(import, lines.number, line);
	return r;
}
