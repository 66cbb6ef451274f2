/*
 * Keeping the list of accounts: records whose versions changed are dirty,
 * and are read and merged again when somebody asks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"

/* Records that are read back at a time, of few versions each. */
#define INDEX_RECORDS 256

static int index_reserve(struct node *node)
{
	size_t n = node->set.n_records;
	uint8_t *grown;
	uint32_t *list;

	if (n > node->cap_is_dirty) {
		size_t cap = size_max(2 * node->cap_is_dirty, n + 64);

		grown = realloc(node->is_dirty, cap);
		if (!grown)
			return -ENOMEM;
		memset(grown + node->cap_is_dirty, 0, cap - node->cap_is_dirty);
		node->is_dirty = grown;
		node->cap_is_dirty = cap;
	}
	if (n > node->cap_dirty) {
		list = realloc(node->dirty, node->cap_is_dirty * sizeof(*list));
		if (!list)
			return -ENOMEM;
		node->dirty = list;
		node->cap_dirty = node->cap_is_dirty;
	}
	return 0;
}

int index_mark(struct node *node, uint32_t record)
{
	if (!node_may_read(node) || record == NONE)
		return 0; /* unlocking marks them all */
	if (index_reserve(node) < 0)
		return -ENOMEM;
	if (node->is_dirty[record])
		return 0;
	node->is_dirty[record] = 1;
	node->dirty[node->n_dirty++] = record;
	return 0;
}

int index_mark_all(struct node *node)
{
	int r = 0;

	for (uint32_t i = 0; i < node->set.n_records && r == 0; i++)
		r = index_mark(node, i);
	return r;
}

bool index_complete(const struct node *node)
{
	return !node->n_dirty && !node->n_indexing;
}

int index_work(struct step *step)
{
	struct node *node = step->node;
	uint32_t items[LOAD_ITEMS];
	struct record_versions versions;
	size_t n = 0;

	if (!node_may_read(node) || node->n_indexing || !node->n_dirty)
		return 0;
	if (!node->indexing)
		node->indexing =
			malloc(INDEX_RECORDS * sizeof(*node->indexing));
	if (!node->indexing)
		return -ENOMEM;
	while (node->n_dirty && node->n_indexing < INDEX_RECORDS) {
		uint32_t record = node->dirty[node->n_dirty - 1];

		record_current(&node->set, &node->roster, record, &versions);
		if (n + versions.n > LOAD_ITEMS)
			break;
		memcpy(items + n, versions.items, versions.n * sizeof(*items));
		n += versions.n;
		node->indexing[node->n_indexing++] = record;
		node->is_dirty[record] = 0;
		node->n_dirty--;
	}
	return load_items(step, LOAD_INDEX, items, n);
}

/* One version's plaintext into the merge. Those we cannot open are left out. */
static int index_merge(struct node *node, struct record *merged, bool *any,
		       const struct loaded *loaded)
{
	AUTO_SECRET uint8_t *plain = NULL;
	AUTO_RECORD struct record version = { 0 };
	struct item_row row;
	size_t n = 0;
	int r;

	if (!loaded || !loaded->blob.n || !item_row_parse(loaded->row, &row))
		return 1;
	r = keyring_open(&node->keyring, row.body, loaded->blob, &plain, &n);
	if (r)
		return r;
	if (!*any) {
		r = record_parse(merged, (struct bytes){ plain, n });
		*any = r == 0;
		return r;
	}
	r = record_parse(&version, (struct bytes){ plain, n });
	return r ? r : record_merge(merged, &version);
}

static int index_record(struct step *step, uint32_t record)
{
	struct node *node = step->node;
	AUTO_RECORD struct record merged = { 0 };
	struct record_versions versions;
	bool any = false;
	int r;

	record_current(&node->set, &node->roster, record, &versions);
	for (size_t i = 0; i < versions.n; i++) {
		uint32_t item = versions.items[i];
		const struct loaded *loaded =
			load_find(step->event, node->set.items[item].seq);

		if (!loaded) /* it came since: read the record again */
			return index_mark(node, record);
		r = index_merge(node, &merged, &any, loaded);
		if (r < 0)
			return r;
		if (r > 0)
			versions.incomplete = true;
	}
	if (!any) {
		vault_remove(&node->vault, record);
		return 0;
	}
	return vault_put(&node->vault, &node->set, record, &merged, &versions);
}

int index_loaded(struct step *step)
{
	struct node *node = step->node;
	size_t n = node->n_indexing;
	int r = 0;

	node->n_indexing = 0;
	if (!node_may_read(node))
		return 0;
	for (size_t i = 0; i < n && r == 0; i++)
		r = index_record(step, node->indexing[i]);
	if (r == 0 && node->n_dirty)
		r = index_work(step);
	return r;
}
