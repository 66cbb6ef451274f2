#include "client/formats/bitwarden_csv.h"

#include "client/formats/lines.h"
#include "client/formats/login.h"
#include "client/formats/rows.h"
#include "proto/text.h"

bool bitwarden_csv_detect(struct bytes file)
{
	struct lines lines;
	struct bytes line;

	lines_init(&lines, file);
	return lines_next(&lines, &line) &&
	       text_contains(line, text_of("login_totp")) &&
	       text_contains(line, text_of("login_uri"));
}

static int fill(struct import *import, const struct rows *rows,
		const struct login *login, struct entry *entry)
{
	struct fault fault = { NULL, NULL };
	int r = login_fill(login, import, rows->line, entry, &fault);

	if (r == 0)
		r = import_note(import, rows->line, entry,
				rows_get(rows, "notes"));
	/* An organisation's table calls them collections. */
	if (r == 0)
		r = import_tag(import, rows->line, entry,
			       rows_get(rows, "folder"));
	if (r == 0)
		r = import_tag(import, rows->line, entry,
			       rows_get(rows, "collections"));
	entry->favourite = text_same(rows_get(rows, "favorite"), text_of("1"));
	return import_take(import, rows->line, entry, r, fault);
}

static int read_row(struct import *import, const struct rows *rows)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { "row", "is too long" };
	struct login login = {
		.totp = rows_get(rows, "login_totp"),
		.name = rows_get(rows, "name"),
		.user = rows_get(rows, "login_username"),
	};

	entry_init(&entry);
	if (rows->long_row)
		return import_skip(import, rows->line, fault, login.name);
	/* A table cannot tell an empty name from none. */
	if (login.user.n == 0)
		login.user.p = NULL;
	if (login.totp.n == 0 ||
	    !text_same(rows_get(rows, "type"), text_of("login")))
		return 0;
	return fill(import, rows, &login, &entry);
}

int bitwarden_csv_read(struct bytes file, struct import *import)
{
	AUTO_ROWS struct rows rows;
	int r = rows_init(&rows, file);

	if (r == 0 && !rows_has(&rows, "login_totp"))
		return import_fail(import, "the table has no column "
					   "login_totp");
	while (r == 0 && rows_next(&rows))
		r = read_row(import, &rows);
	return r;
}
