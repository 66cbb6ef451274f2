/*
 * Tables as text: rows of cells with commas between them, quoted as in RFC
 * 4180, the first row holding the names of the columns. Line ends inside of
 * quotes belong to the cell. It keeps one row at a time, unquoted, in memory
 * of its own that is wiped.
 */
#ifndef FOB_FORMATS_ROWS_H
#define FOB_FORMATS_ROWS_H

#include "client/formats/buffer.h"

#define ROWS_COLUMNS_MAX 64
#define ROWS_NONE SIZE_MAX

struct rows {
	struct bytes rest;
	uint64_t line; /* of the row's beginning, from 1 */
	uint64_t next_line;
	struct buffer names, cells; /* unquoted text, owned */
	struct bytes name[ROWS_COLUMNS_MAX], cell[ROWS_COLUMNS_MAX];
	size_t n_names, n;
	bool long_row; /* this one is too long: it has no cells */
};

/* Reads the header, too. 0 or -ENOMEM; deinit in any case. */
int rows_init(struct rows *rows, struct bytes text);
void rows_deinit(struct rows *rows);
#define AUTO_ROWS CLEANUP(rows_deinit)

/* The next row that is not blank; false at the end. */
bool rows_next(struct rows *rows);

/* The cell under a name, whose case does not matter; absent: p is NULL. */
struct bytes rows_get(const struct rows *rows, const char *name);
bool rows_has(const struct rows *rows, const char *name);

#endif
