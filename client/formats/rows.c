#include "client/formats/rows.h"

#include <errno.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/text.h"

static uint8_t take(struct rows *rows)
{
	uint8_t c = rows->rest.p[0];

	rows->rest.p++;
	rows->rest.n--;
	if (c == '\n')
		rows->next_line++;
	return c;
}

static bool at(const struct rows *rows, char c)
{
	return rows->rest.n > 0 && rows->rest.p[0] == (uint8_t)c;
}

/* A row as it is being unquoted. */
struct row {
	struct buffer *out;
	struct bytes *cell;
	size_t n, used;
	bool full;
};

static void put(struct row *row, uint8_t c)
{
	if (row->used == row->out->n)
		row->full = true;
	else
		row->out->p[row->used++] = c;
}

static void end_cell(struct row *row, size_t from)
{
	if (row->n == ROWS_COLUMNS_MAX)
		row->full = true;
	else
		row->cell[row->n++] =
			(struct bytes){ row->out->p + from, row->used - from };
}

/* Behind the opening quote, to behind the closing one. */
static void read_quoted(struct rows *rows, struct row *row)
{
	while (rows->rest.n > 0) {
		uint8_t c = take(rows);

		if (c == '"' && !at(rows, '"'))
			return;
		if (c == '"')
			take(rows);
		put(row, c);
	}
}

/* One cell; false when it was the row's last. */
static bool read_cell(struct rows *rows, struct row *row)
{
	size_t from = row->used;
	bool more = false;

	if (at(rows, '"')) {
		take(rows);
		read_quoted(rows, row);
	}
	while (rows->rest.n > 0) {
		uint8_t c = take(rows);

		more = c == ',';
		if (more || c == '\n')
			break;
		if (c != '\r' || !(rows->rest.n == 0 || at(rows, '\n')))
			put(row, c);
	}
	end_cell(row, from);
	return more;
}

static void read_row(struct rows *rows, struct row *row)
{
	while (read_cell(rows, row))
		continue;
}

static bool blank(const struct row *row)
{
	return row->n == 1 && row->cell[0].n == 0 && !row->full;
}

int rows_init(struct rows *rows, struct bytes text)
{
	struct row row = { .out = &rows->names, .cell = rows->name };

	*rows = (struct rows){ .rest = text, .next_line = 1 };
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		rows->rest = (struct bytes){ text.p + 3, text.n - 3 };
	if (buffer_alloc(&rows->names, IMPORT_LINE_MAX) < 0 ||
	    buffer_alloc(&rows->cells, IMPORT_LINE_MAX) < 0)
		return -ENOMEM;
	if (rows->rest.n > 0)
		read_row(rows, &row);
	rows->n_names = row.full ? 0 : row.n;
	return 0;
}

void rows_deinit(struct rows *rows)
{
	buffer_free(&rows->names);
	buffer_free(&rows->cells);
}

bool rows_next(struct rows *rows)
{
	while (rows->rest.n > 0) {
		struct row row = { .out = &rows->cells, .cell = rows->cell };

		rows->line = rows->next_line;
		read_row(rows, &row);
		if (blank(&row))
			continue;
		rows->long_row = row.full;
		rows->n = row.full ? 0 : row.n;
		return true;
	}
	return false;
}

static size_t find(const struct rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->n_names; i++)
		if (text_same(rows->name[i], text_of(name)))
			return i;
	return ROWS_NONE;
}

struct bytes rows_get(const struct rows *rows, const char *name)
{
	size_t i = find(rows, name);

	return i < rows->n ? rows->cell[i] : (struct bytes){ NULL, 0 };
}

bool rows_has(const struct rows *rows, const char *name)
{
	return find(rows, name) != ROWS_NONE;
}
