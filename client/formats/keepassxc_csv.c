#include "client/formats/keepassxc_csv.h"

#include <string.h>

#include "client/formats/keepass.h"
#include "client/formats/lines.h"
#include "client/formats/rows.h"
#include "proto/text.h"

bool keepassxc_csv_detect(struct bytes file)
{
	struct lines lines;
	struct bytes line;

	lines_init(&lines, file);
	if (!lines_next(&lines, &line) ||
	    !text_contains(line, text_of("Title")))
		return false;
	return text_contains(line, text_of("\"TOTP\"")) ||
	       text_contains(line, text_of("TOTP Seed")) ||
	       text_contains(line, text_of("TimeOtp-Secret")) ||
	       text_contains(line, text_of("HmacOtp-Secret"));
}

/* The column names are those of the fields, but for two of them. */
static enum keepass_field field_of(struct bytes name)
{
	if (text_same(name, text_of("TOTP")))
		return KEEPASS_OTP;
	if (text_same(name, text_of("User Name")))
		return KEEPASS_USER;
	return keepass_field(name);
}

/* Everything is below the root, whose name says nothing. */
static struct bytes without_root(struct bytes group)
{
	static const char root[] = "Root";
	size_t n = strlen(root);

	if (text_same(group, text_of(root)))
		return (struct bytes){ NULL, 0 };
	if (group.n > n && memcmp(group.p, "Root/", n + 1) == 0)
		return (struct bytes){ group.p + n + 1, group.n - n - 1 };
	return group;
}

static int read_row(struct import *import, const struct rows *rows)
{
	struct keepass keepass = {
		.group = without_root(rows_get(rows, "Group")),
	};
	struct fault fault = { "row", "is too long" };

	if (rows->long_row)
		return import_skip(import, rows->line, fault,
				   (struct bytes){ NULL, 0 });
	for (size_t i = 0; i < rows->n && i < rows->n_names; i++) {
		enum keepass_field field = field_of(rows->name[i]);

		if (field < KEEPASS_FIELDS)
			keepass.value[field] = rows->cell[i];
	}
	return keepass_add(import, rows->line, &keepass);
}

int keepassxc_csv_read(struct bytes file, struct import *import)
{
	AUTO_ROWS struct rows rows;
	int r = rows_init(&rows, file);

	if (r == 0 && !rows_has(&rows, "Title"))
		return import_fail(import, "the table has no column Title");
	while (r == 0 && rows_next(&rows))
		r = read_row(import, &rows);
	return r;
}
