#include <stdlib.h>
#include <string.h>

#include "tests/lib/world_inner.h"

/* Where the key is, or would be. */
static size_t find(const struct disk_table *table, struct bytes key,
		   bool *ret_there)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct disk_row *row = &table->rows[mid];
		int order =
			memcmp(row->key, key.p, size_min(row->key_len, key.n));

		if (order == 0)
			order = (row->key_len > key.n) - (row->key_len < key.n);
		if (order == 0) {
			*ret_there = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret_there = false;
	return low;
}

static void set_row(struct disk_table *table, struct bytes key,
		    struct bytes data)
{
	bool there;
	size_t at = find(table, key, &there);
	struct disk_row *row;

	if (!there) {
		if (table->n == table->cap) {
			table->cap = 2 * table->cap + 64;
			table->rows =
				realloc(table->rows, table->cap * sizeof(*row));
			REQUIRE(table->rows);
		}
		memmove(table->rows + at + 1, table->rows + at,
			(table->n - at) * sizeof(*row));
		table->n++;
		memset(&table->rows[at], 0, sizeof(*row));
	}
	row = &table->rows[at];
	free(row->data);
	REQUIRE(key.n <= sizeof(row->key));
	memcpy(row->key, key.p, key.n);
	row->key_len = key.n;
	row->data = world_copy(data.p, data.n);
	row->n = data.n;
}

static void drop_row(struct disk_table *table, struct bytes key)
{
	bool there;
	size_t at = find(table, key, &there);

	if (!there)
		return;
	free(table->rows[at].data);
	table->n--;
	memmove(table->rows + at, table->rows + at + 1,
		(table->n - at) * sizeof(*table->rows));
}

static void remember(struct disk *disk, enum table table, struct bytes key)
{
	const struct disk_row *old = disk_get(disk, table, key);
	struct disk_undo *undo;

	if (disk->n_undo == disk->cap_undo) {
		disk->cap_undo = 2 * disk->cap_undo + 64;
		disk->undo = realloc(disk->undo,
				     disk->cap_undo * sizeof(*disk->undo));
		REQUIRE(disk->undo);
	}
	undo = &disk->undo[disk->n_undo++];
	memset(undo, 0, sizeof(*undo));
	undo->table = table;
	undo->was_there = old != NULL;
	memcpy(undo->row.key, key.p, key.n);
	undo->row.key_len = key.n;
	if (old) {
		undo->row.data = world_copy(old->data, old->n);
		undo->row.n = old->n;
	}
}

void disk_put(struct disk *disk, enum table table, struct bytes key,
	      struct bytes data)
{
	remember(disk, table, key);
	set_row(&disk->tables[table], key, data);
}

void disk_delete(struct disk *disk, enum table table, struct bytes key)
{
	remember(disk, table, key);
	drop_row(&disk->tables[table], key);
}

void disk_clear(struct disk *disk)
{
	for (int t = 1; t < TABLES; t++)
		while (disk->tables[t].n > 0) {
			const struct disk_row *row =
				&disk->tables[t].rows[disk->tables[t].n - 1];
			uint8_t key[TABLE_KEY_MAX];
			size_t n = row->key_len;

			memcpy(key, row->key, n);
			disk_delete(disk, (enum table)t,
				    (struct bytes){ key, n });
		}
}

const struct disk_row *disk_get(const struct disk *disk, enum table table,
				struct bytes key)
{
	bool there;
	size_t at = find(&disk->tables[table], key, &there);

	return there ? &disk->tables[table].rows[at] : NULL;
}

void disk_commit(struct disk *disk)
{
	for (size_t i = 0; i < disk->n_undo; i++)
		free(disk->undo[i].row.data);
	disk->n_undo = 0;
}

void disk_rollback(struct disk *disk)
{
	while (disk->n_undo > 0) {
		struct disk_undo *undo = &disk->undo[--disk->n_undo];
		struct disk_table *table = &disk->tables[undo->table];
		struct bytes key = { undo->row.key, undo->row.key_len };

		if (undo->was_there)
			set_row(table, key,
				(struct bytes){ undo->row.data, undo->row.n });
		else
			drop_row(table, key);
		free(undo->row.data);
	}
}

void disk_copy(const struct disk *disk, struct disk *ret)
{
	REQUIRE(disk->n_undo == 0);
	memset(ret, 0, sizeof(*ret));
	for (size_t t = 0; t < TABLES; t++)
		for (size_t i = 0; i < disk->tables[t].n; i++) {
			const struct disk_row *row = &disk->tables[t].rows[i];

			set_row(&ret->tables[t],
				(struct bytes){ row->key, row->key_len },
				(struct bytes){ row->data, row->n });
		}
}

void disk_deinit(struct disk *disk)
{
	disk_commit(disk);
	free(disk->undo);
	for (size_t t = 0; t < TABLES; t++) {
		for (size_t i = 0; i < disk->tables[t].n; i++)
			free(disk->tables[t].rows[i].data);
		free(disk->tables[t].rows);
	}
	memset(disk, 0, sizeof(*disk));
}

/* --- the store beside --------------------------------------------------------- */

void world_next(struct world *world, int node, const struct effect *effect)
{
	struct world_node *n = &world->nodes[node];
	struct bytes data = { effect->data, effect->data_len };

	if (effect->type == EFFECT_NEXT_PUT) {
		world_no_canary(world, data, "what goes to the disk beside");
		disk_put(&n->next, effect->table,
			 (struct bytes){ effect->key, effect->key_len }, data);
		return;
	}
	if (effect->type == EFFECT_NEXT_END) {
		disk_commit(&n->next);
		n->next_ends = true;
		return;
	}
	disk_deinit(&n->next);
	n->next_whole = false;
}

void world_renew(struct world *world, int node)
{
	static const struct world_ids nothing;
	struct world_node *n = &world->nodes[node];

	if (n->next_whole)
		world_replace_disk(world, node, &n->next, &nothing);
	disk_deinit(&n->next);
	n->next_whole = n->next_ends = false;
}
