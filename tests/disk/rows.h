/*
 * What the rows of a store should be: of each of a fixed list of keys the
 * version of its value, from which the value follows. A store is in a state
 * when it has exactly these rows.
 */
#ifndef FOB_TESTS_ROWS_H
#define FOB_TESTS_ROWS_H

#include "daemon/store/store.h"
#include "tests/disk/draw.h"

#define ROWS 184

struct row {
	uint32_t version; /* 0: there is no such row */
	uint32_t size;
};

struct rows {
	struct row row[ROWS];
};

/* Draws a few changes and gives them to the store; rows is what is then. */
void rows_change(struct rows *rows, struct store *store, struct draw *draw,
		 uint32_t *version);

/* Fills the store that is to follow with rows of its own. */
void rows_make(struct rows *ret, struct store *store, struct draw *draw,
	       uint32_t *version);

/* Reads all tables; a row that is none of ours is a failure: negative. */
int rows_read(struct rows *ret, struct store *store);

bool rows_equal(const struct rows *a, const struct rows *b);

/* The first that differs, as a text for messages. */
void rows_differ(char *ret, size_t n, const struct rows *is,
		 const struct rows *should);

#endif
