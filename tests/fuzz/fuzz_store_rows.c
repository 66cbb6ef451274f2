/*
 * Rows of a store that somebody else wrote, or a disk damaged: the rows of a
 * small vault with some of them changed, lost, given twice or made up, whose
 * checksums are right. A node takes them or refuses them, and what it takes
 * it can write and take again. And the store's own rows, of any bytes.
 *
 * Covers: row
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/store/row.h"
#include "tests/fuzz/crash.h"
#include "tests/lib/guest.h"

#define ROWS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct one_row rows[ROWS_MAX]; /* of the small vault */
static size_t n_rows;

/* Once: a vault with two devices, a status and an account, then locked. */
static void make_rows(void)
{
	static struct one one;
	static struct guests guests;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk add = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries = &entry;
	static char issuer[] = "Shop";

	one_init(&one, 3);
	one_make_vault(&one);
	guests_init(&guests, &one);
	guests_add(&guests, 1, FOB__ROLE__DEVICE);
	guests_meet(&guests, 1, 1);
	guests_agree(&guests, 1);
	entry.issuer = issuer;
	add.entries = &entries;
	add.n_entries = 1;
	request.add = &add;
	one_send(&one, 7, &request);
	one_later(&one, 10000);
	for (n_rows = 0; n_rows < one.n_rows && n_rows < ROWS_MAX; n_rows++) {
		rows[n_rows] = one.rows[n_rows];
		rows[n_rows].data = malloc(rows[n_rows].n + 1);
		REQUIRE(rows[n_rows].data);
		memcpy(rows[n_rows].data, one.rows[n_rows].data,
		       rows[n_rows].n);
	}
	guests_deinit(&guests);
	one_deinit(&one);
}

static void copy_row(struct one *one, const struct one_row *row)
{
	struct one_row *copy = &one->rows[one->n_rows++];

	*copy = *row;
	copy->data = malloc(row->n + 1);
	REQUIRE(copy->data);
	memcpy(copy->data, row->data, row->n);
}

static void change(struct draw *draw, struct one_row *row)
{
	struct bytes value;

	switch (draw_below(draw, 5)) {
	case 0:
		if (row->n > 0)
			row->data[draw_below(draw, (uint32_t)row->n)] ^=
				draw_byte(draw);
		break;
	case 1:
		row->n = draw_below(draw, (uint32_t)row->n + 1);
		break;
	case 2:
		value = draw_bytes(draw);
		free(row->data);
		row->data = malloc(value.n + 1);
		REQUIRE(row->data);
		if (value.n > 0)
			memcpy(row->data, value.p, value.n);
		row->n = value.n;
		break;
	case 3:
		row->key[draw_below(draw, (uint32_t)row->key_len)] ^=
			draw_byte(draw);
		break;
	default:
		row->table = 1 + draw_below(draw, TABLES - 1);
		row->key_len = row->table <= TABLE_BLOB ? 4 : row->key_len;
	}
}

static bool key_ok(const struct one_row *row)
{
	return row_key_ok(row->table, (struct bytes){ row->key, row->key_len });
}

/* What the store would not have given is not given. */
static void drop_bad_keys(struct one *one)
{
	size_t n = 0;

	for (size_t i = 0; i < one->n_rows; i++) {
		bool good = key_ok(&one->rows[i]);

		for (size_t k = 0; k < n; k++)
			good = good &&
			       (one->rows[k].table != one->rows[i].table ||
				one->rows[k].key_len != one->rows[i].key_len ||
				memcmp(one->rows[k].key, one->rows[i].key,
				       one->rows[i].key_len) != 0);
		if (good)
			one->rows[n++] = one->rows[i];
		else
			free(one->rows[i].data);
	}
	one->n_rows = n;
}

static int frail_step(struct node *node, const struct event *event,
		      struct effects *effects)
{
	int r;

	scarce_resume();
	r = node_step(node, event, effects);
	scarce_pause();
	REQUIRE(r <= 0);
	return r;
}

static void unlock(struct one *one)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk ask = FOB__UNLOCK_ASK__INIT;
	static uint8_t text[] = "passphrase";

	ask.passphrase = (ProtobufCBinaryData){ sizeof(text) - 1, text };
	request.unlock = &ask;
	one_send(one, 7, &request);
	one_later(one, 120000);
}

static void start_with(struct draw *draw)
{
	static struct one one;
	uint8_t scarce;
	uint32_t n;

	one_init(&one, 9);
	REQUIRE(one.n_rows == 0);
	one.rows = calloc(n_rows + 1, sizeof(*one.rows));
	REQUIRE(one.rows);
	for (size_t i = 0; i < n_rows; i++) {
		draw_know(draw, (struct bytes){ rows[i].data, rows[i].n });
		copy_row(&one, &rows[i]);
	}
	one.step = frail_step;
	scarce = draw_byte(draw);
	for (n = draw_below(draw, 8); n > 0; n--)
		change(draw, &one.rows[draw_below(draw, (uint32_t)one.n_rows)]);
	drop_bad_keys(&one);
	if (scarce > 200)
		scarce_begin(1 + draw_below(draw, 2048), scarce & 1);
	one_restart(&one);
	if (!one.dead)
		unlock(&one);
	scarce_end();
	if (!one.dead)
		crash_restart(&one);
	one_deinit(&one);
}

static void open_row(struct draw *draw)
{
	enum table table = 1 + draw_below(draw, TABLES - 1);
	struct bytes key = draw_bytes(draw), value = draw_bytes(draw);
	size_t before = value.n;

	(void)row_key_ok(table, key);
	if (row_open(table, key, &value) == 0 && row_summed(table))
		REQUIRE(value.n + ROW_SUM == before);
	(void)row_format_check(draw->in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct draw draw;

	if (n_rows == 0)
		make_rows();
	draw_init(&draw, (struct bytes){ data, size });
	if (draw_byte(&draw) < 16)
		open_row(&draw);
	else
		start_with(&draw);
	draw_deinit(&draw);
	return 0;
}
