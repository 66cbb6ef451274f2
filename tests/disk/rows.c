#include "tests/disk/rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Sizes are those of the daemon: heads, blobs, masks, statuses, own rows. */
static const struct {
	enum table table;
	uint32_t first, n, least, most;
} kinds[] = {
	{ TABLE_ITEM, 0, 64, 200, 2200 }, { TABLE_BLOB, 64, 64, 40, 15376 },
	{ TABLE_HOLDER, 128, 32, 8, 8 },  { TABLE_STATUS, 160, 8, 90, 300 },
	{ TABLE_LOCAL, 168, 16, 8, 900 },
};

static size_t kind_of(uint32_t i)
{
	size_t k = 0;

	while (i >= kinds[k].first + kinds[k].n)
		k++;
	return k;
}

static struct bytes key_of(uint8_t ret[static TABLE_KEY_MAX], uint32_t i)
{
	size_t k = kind_of(i), n = 4;

	memset(ret, 0, TABLE_KEY_MAX);
	if (kinds[k].table == TABLE_STATUS)
		n = DEVICE_ID_SIZE;
	else if (kinds[k].table == TABLE_LOCAL)
		n = 8;
	ret[2] = (uint8_t)kinds[k].table;
	ret[3] = (uint8_t)(i - kinds[k].first);
	return (struct bytes){ ret, n };
}

/* -1: not one of the list. */
static int index_of(enum table table, struct bytes key)
{
	uint8_t is[TABLE_KEY_MAX];

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (kinds[k].table != table || key.n < 4 ||
		    key.p[3] >= kinds[k].n)
			continue;
		uint32_t i = kinds[k].first + key.p[3];
		struct bytes should = key_of(is, i);
		if (key.n == should.n && memcmp(key.p, is, key.n) == 0)
			return (int)i;
	}
	return -1;
}

static void fill(uint8_t *ret, uint32_t i, struct row row)
{
	struct draw draw = draw_stream(row.version, i);

	for (uint32_t at = 0; at < row.size; at += 8) {
		uint64_t word = draw_next(&draw);
		memcpy(ret + at, &word, size_min(8, row.size - at));
	}
	/* The version itself, so that a row tells what it is. */
	memcpy(ret, &row.version, sizeof(row.version));
}

typedef void put_row(struct store *store, enum table table, struct bytes key,
		     struct bytes value);

static void put(struct row *row, uint32_t i, struct draw *draw,
		struct store *store, put_row *to)
{
	static uint8_t value[16384];
	uint8_t name[TABLE_KEY_MAX];
	size_t k = kind_of(i);
	uint32_t span = kinds[k].most - kinds[k].least + 1;

	row->size = kinds[k].least + draw_below(draw, span);
	/* Most blobs are small. */
	if (row->size > 4096 && !draw_chance(draw, 2))
		row->size = kinds[k].least + row->size % 600;
	fill(value, i, *row);
	to(store, kinds[k].table, key_of(name, i),
	   (struct bytes){ value, row->size });
}

void rows_change(struct rows *rows, struct store *store, struct draw *draw,
		 uint32_t *version)
{
	uint32_t n = 1 + draw_below(draw, 6);

	if (draw_below(draw, 24) == 0)
		n = 60; /* an import */
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = draw_below(draw, ROWS);
		uint8_t name[TABLE_KEY_MAX];

		if (draw_chance(draw, 2)) {
			rows->row[i] = (struct row){ 0 };
			store_delete(store, kinds[kind_of(i)].table,
				     key_of(name, i));
			continue;
		}
		rows->row[i].version = ++*version;
		put(&rows->row[i], i, draw, store, store_put);
	}
}

void rows_make(struct rows *ret, struct store *store, struct draw *draw,
	       uint32_t *version)
{
	uint32_t n = 1 + draw_below(draw, 40);

	memset(ret, 0, sizeof(*ret));
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = draw_below(draw, ROWS);

		ret->row[i].version = ++*version;
		put(&ret->row[i], i, draw, store, store_next_put);
	}
}

/* --- reading ---------------------------------------------------------------- */

struct reading {
	struct rows *rows;
	enum table table;
};

static int see(void *owner, struct bytes key, struct bytes value)
{
	static uint8_t should[16384];
	const struct reading *reading = owner;
	struct row row = { 0, (uint32_t)value.n };
	int i = index_of(reading->table, key);

	if (i < 0 || value.n < sizeof(row.version) || value.n > sizeof(should))
		return -EBADMSG;
	memcpy(&row.version, value.p, sizeof(row.version));
	fill(should, (uint32_t)i, row);
	if (memcmp(should, value.p, value.n) != 0)
		return -EBADMSG;
	reading->rows->row[i] = row;
	return 0;
}

int rows_read(struct rows *ret, struct store *store)
{
	struct rows rows = { 0 };
	int rc = 0;

	for (size_t k = 0; k < ARRAY_SIZE(kinds) && !rc; k++) {
		struct reading reading = { &rows, kinds[k].table };
		size_t bad = 0;

		rc = store_scan(store, kinds[k].table, see, &reading, &bad);
		if (!rc && bad)
			rc = -EBADMSG;
	}
	store_release(store);
	if (!rc)
		*ret = rows;
	return rc;
}

bool rows_equal(const struct rows *a, const struct rows *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

void rows_differ(char *ret, size_t n, const struct rows *is,
		 const struct rows *should)
{
	snprintf(ret, n, "none");
	for (uint32_t i = 0; i < ROWS; i++) {
		if (memcmp(&is->row[i], &should->row[i], sizeof(is->row[i])) ==
		    0)
			continue;
		snprintf(ret, n, "table %d row %u is version %u, not %u",
			 kinds[kind_of(i)].table, i - kinds[kind_of(i)].first,
			 is->row[i].version, should->row[i].version);
		return;
	}
}
