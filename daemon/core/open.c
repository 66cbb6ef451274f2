/* Versions of a record, read back for a client's request and opened. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"

void opened_deinit(struct opened *opened)
{
	if (opened->valid)
		record_deinit(&opened->record);
	opened->valid = false;
}

static struct cached *open_cached(const struct call *call, uint32_t item)
{
	for (size_t i = 0; i < call->n_cache; i++)
		if (call->cache[i].item == item)
			return &call->cache[i];
	return NULL;
}

int call_want(struct call *call, uint32_t item)
{
	uint32_t *grown;

	if (call->n_need == call->cap_need) {
		size_t cap = call->cap_need ? 2 * call->cap_need : 16;

		grown = realloc(call->need, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		call->need = grown;
		call->cap_need = cap;
	}
	call->need[call->n_need++] = item;
	return CALL_LOAD;
}

static int open_copy(struct bytes from, uint8_t **ret, size_t *ret_n)
{
	*ret = malloc(from.n + 1);
	if (!*ret)
		return -ENOMEM;
	if (from.n)
		memcpy(*ret, from.p, from.n);
	*ret_n = from.n;
	return 0;
}

static int open_keep(struct call *call, uint32_t item,
		     const struct loaded *loaded)
{
	struct cached *grown, *cached;

	if (call->n_cache == call->cap_cache) {
		size_t cap = call->cap_cache ? 2 * call->cap_cache : 16;

		grown = realloc(call->cache, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		call->cache = grown;
		call->cap_cache = cap;
	}
	cached = &call->cache[call->n_cache++];
	memset(cached, 0, sizeof(*cached));
	cached->item = item;
	if (!loaded)
		return 0;
	if (open_copy(loaded->row, &cached->row, &cached->row_len) < 0)
		return -ENOMEM;
	return open_copy(loaded->blob, &cached->blob, &cached->blob_len);
}

int call_loaded(struct step *step, struct call *call)
{
	const struct node *node = step->node;
	size_t n = size_min(call->n_need, LOAD_ITEMS);
	int r;

	for (size_t i = 0; i < n; i++) {
		r = open_keep(call, call->need[i],
			      load_find(step->event,
					node->set.items[call->need[i]].seq));
		if (r < 0)
			return r;
	}
	call->n_need -= n;
	memmove(call->need, call->need + n, call->n_need * sizeof(*call->need));
	if (call->n_need)
		return load_items(step, call->number, call->need,
				  size_min(call->n_need, LOAD_ITEMS));
	return call_run(step, call);
}

int call_open_item(struct step *step, struct call *call, uint32_t item,
		   struct record *ret)
{
	const struct cached *cached = open_cached(call, item);
	AUTO_SECRET uint8_t *plain = NULL;
	struct item_row row;
	size_t n = 0;
	int r;

	if (!cached)
		return call_want(call, item);
	if (!cached->blob_len ||
	    !item_row_parse((struct bytes){ cached->row, cached->row_len },
			    &row))
		return KEYRING_ERR_PLAIN + 16;
	r = keyring_open(&step->node->keyring, row.body,
			 (struct bytes){ cached->blob, cached->blob_len },
			 &plain, &n);
	if (r)
		return r < 0 ? r : r + 16;
	r = record_parse(ret, (struct bytes){ plain, n });
	return r > 0 ? KEYRING_ERR_PLAIN + 16 : r;
}

static int open_one(struct step *step, struct call *call, struct opened *ret,
		    uint32_t item)
{
	struct record version = { 0 };
	int r;

	if (!ret->valid) {
		r = call_open_item(step, call, item, &ret->record);
		ret->valid = r == 0;
		return r;
	}
	r = call_open_item(step, call, item, &version);
	if (r)
		return r;
	r = record_merge(&ret->record, &version);
	record_deinit(&version);
	return r > 0 ? KEYRING_ERR_PLAIN + 16 : r;
}

int call_open(struct step *step, struct call *call, uint32_t record,
	      struct opened *ret)
{
	struct node *node = step->node;
	bool load = false;
	int r;

	memset(ret, 0, sizeof(*ret));
	record_current(&node->set, &node->roster, record, &ret->versions);
	for (size_t i = 0; i < ret->versions.n; i++) {
		uint32_t item = ret->versions.items[i];

		r = load && open_cached(call, item) ?
			    0 :
			    open_one(step, call, ret, item);
		if (r < 0)
			return r;
		if (r == CALL_LOAD)
			load = true;
		else if (r > 0)
			ret->unreadable = true;
	}
	if (!load)
		return 0;
	opened_deinit(ret);
	return CALL_LOAD;
}
