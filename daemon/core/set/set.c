/* The set: what comes in, and what others ask of it. */
#include "daemon/core/set/set.h"

#include "daemon/core/set/admit.h"
#include "daemon/core/set/carry.h"
#include "daemon/core/set/chain.h"
#include "daemon/core/set/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct set_item) == 80, "memory for each id is promised");

void set_init(struct set *set)
{
	*set = (struct set){ .pinned = false };
	for (unsigned c = 0; c < CLASS_MAX; c++)
		set->root_stale[c] = set->root_all_stale = true;
}

void set_deinit(struct set *set)
{
	for (uint32_t i = 0; i < set->n_heads; i++) {
		item_deinit(set->heads[i]);
		free(set->heads[i]);
	}
	free(set->items);
	free(set->heads);
	free(set->heads_item);
	free(set->links);
	free(set->authors);
	free(set->records);
	free(set->kids);
	free(set->groups);
	free(set->recoveries);
	free(set->claims);
	free(set->todo);
	index_deinit(&set->by_id);
	index_deinit(&set->by_record);
	index_deinit(&set->by_kid);
	index_deinit(&set->by_author);
	index_deinit(&set->by_group);
	for (unsigned c = 0; c < CLASS_MAX; c++)
		free(set->sorted[c]);
	set_init(set);
}

void set_seed(struct set *set, const uint8_t key[static HASH_KEY_SIZE])
{
	REQUIRE(set->n_items == 0);
	memcpy(set->hash_key, key, HASH_KEY_SIZE);
}

void set_pin(struct set *set, const uint8_t vault_id[static ID_SIZE])
{
	REQUIRE(!set->pinned);
	set->pinned = true;
	memcpy(set->vault_id, vault_id, ID_SIZE);
}

/* --- taking it in --------------------------------------------------------- */

static int take_links(struct set *set, uint32_t at,
		      const ProtobufCBinaryData *ids, size_t n)
{
	uint32_t to;
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		r = table_item(set, ids[i].data, &to);
		if (!r)
			r = table_link(set, to);
	}
	if (r || n == 0)
		return r;
	set->items[at].links = set->n_links - (uint32_t)n;
	set->items[at].n_links = (uint8_t)n;
	return 0;
}

static int take_record(struct set *set, uint32_t at,
		       const ProtobufCBinaryData *group,
		       const ProtobufCBinaryData *record)
{
	uint32_t g, rec;
	int r = table_group(set, group->data, &g);

	if (!r)
		r = table_record(set, g, record->data, &rec);
	if (r)
		return r;
	set->items[at].content = rec;
	set->items[at].next = set->records[rec].last;
	set->items[at].marks |= MARK_RECORD;
	set->records[rec].last = at;
	set->records[rec].n_items++;
	return 0;
}

static int take_entry(struct set *set, uint32_t at, const Fob__Head *head)
{
	const Fob__Entry *e = head->entry;
	uint32_t kid;
	int r = take_record(set, at, &e->group, &e->record);

	if (!r)
		r = table_kid(set, e->kid.data, &kid);
	if (r)
		return r;
	set->items[at].kid = kid;
	return take_links(set, at, e->parents, e->n_parents);
}

static int take_purge(struct set *set, uint32_t at, const Fob__Head *head)
{
	const Fob__Purge *p = head->purge;
	int r = take_record(set, at, &p->group, &p->record);

	return r ? r : take_links(set, at, p->heads, p->n_heads);
}

static int take_key(struct set *set, const Fob__Key *key)
{
	uint32_t unused;
	int r = table_group(set, key->group.data, &unused);

	if (!r)
		r = table_kid(set, key->kid.data, &unused);
	for (size_t i = 0; i < key->n_parents && !r; i++)
		r = table_kid(set, key->parents[i].data, &unused);
	for (size_t i = 0; i < key->n_sealed && !r; i++)
		r = table_kid(set, key->sealed[i]->kid.data, &unused);
	return r;
}

static int take_grant(struct set *set, const Fob__Grant *grant)
{
	uint32_t unused;
	int r = table_group(set, grant->group.data, &unused);

	return r ? r : table_kid(set, grant->kid.data, &unused);
}

static int take_genesis(struct set *set, uint32_t at, const Fob__Genesis *g)
{
	static const uint8_t main_group[GROUP_ID_SIZE] = { 0 };
	const ProtobufCBinaryData keys[2] = { g->recovery_sign,
					      g->recovery_wrap };
	uint32_t group, author;
	int r = table_author(set, g->device, &author);

	if (!r)
		r = table_recovery(set, at, 0, keys);
	if (!r)
		r = table_group(set, main_group, &group);
	if (r)
		return r;
	set->items[at].author = author;
	set->pinned = true;
	memcpy(set->vault_id, set->items[at].id, ID_SIZE);
	return 0;
}

static int take_recovery(struct set *set, uint32_t at, const Fob__Recovery *r)
{
	const ProtobufCBinaryData keys[2] = { r->recovery_sign,
					      r->recovery_wrap };

	return table_recovery(set, at, r->generation, keys);
}

static int take_names(struct set *set, uint32_t at, const Fob__Head *head)
{
	const uint8_t *group;
	uint32_t unused;

	switch (head->kind) {
	case FOB__KIND__GENESIS:
		return take_genesis(set, at, head->genesis);
	case FOB__KIND__ADD:
		return table_author(set, head->add->device, &unused);
	case FOB__KIND__RECOVERY:
		return take_recovery(set, at, head->recovery);
	case FOB__KIND__GROUP:
		group = head->group->group.len > 0 ? head->group->group.data :
						     set->items[at].id;
		return table_group(set, group, &unused);
	case FOB__KIND__KEY:
		return take_key(set, head->key);
	case FOB__KIND__GRANT:
		return take_grant(set, head->grant);
	case FOB__KIND__ENTRY:
		return take_entry(set, at, head);
	case FOB__KIND__PURGE:
		return take_purge(set, at, head);
	default:
		return 0;
	}
}

static void take_fields(struct set *set, struct set_item *to,
			const struct item *item, const struct set_arrival *how,
			const struct admission *admission)
{
	to->author = admission->author;
	to->kind = (uint8_t)item->head->kind;
	to->blob_len = (uint16_t)item->content->blob_len;
	to->flags = SET_HELD;
	if (admission->checked)
		to->flags |= SET_CHECKED;
	if (to->blob_len > 0)
		to->flags |= SET_HAS_BLOB;
	if (how->stored_blob)
		to->flags |= SET_BLOB;
	to->seq = how->seq == NONE ? set->next_seq : how->seq;
	if (to->seq >= set->next_seq)
		set->next_seq = to->seq + 1;
	to->first_seen = how->first_seen;
}

static int take(struct set *set, uint32_t at, struct item *item,
		const struct admission *admission)
{
	uint32_t prev;
	int r = take_names(set, at, item->head);

	if (!r && item->head->prev.len > 0) {
		r = table_item(set, item->head->prev.data, &prev);
		if (!r)
			set->items[at].prev = prev;
	}
	if (!r)
		r = chain_arrived(set, at, admission->vouched);
	if (!r && item_class(item->head->kind) < 2)
		r = table_head(set, item, at);
	if (!r)
		r = carry_arrived(set, at);
	return r;
}

int set_add(struct set *set, struct item *item, const struct set_arrival *how,
	    uint32_t *ret_index)
{
	struct admission admission;
	uint32_t at;
	int r;

	if (set_holds(set, item->id))
		return SET_ERR_HELD;
	r = admit_item(set, item, how, &admission);
	if (r)
		return r;
	r = table_item(set, item->id, &at);
	if (r)
		return r;
	take_fields(set, &set->items[at], item, how, &admission);
	r = take(set, at, item, &admission);
	if (r)
		return r;
	set->n_held++;
	item_deinit(item);
	*ret_index = at;
	return 0;
}

int set_evaluate(struct set *set)
{
	int r;

	if (!set->dirty)
		return 0;
	r = carry_evaluate(set);
	if (!r)
		set->dirty = false;
	return r;
}

/* --- asking --------------------------------------------------------------- */

bool set_holds(const struct set *set, const uint8_t id[static ID_SIZE])
{
	uint32_t at = set_find(set, id);

	return at != NONE && (set->items[at].flags & SET_HELD);
}

bool set_carries(const struct set *set, const uint8_t id[static ID_SIZE])
{
	uint32_t at = set_find(set, id);

	return at != NONE && (set->items[at].flags & SET_CARRIED);
}

unsigned set_class(const struct set *set, uint32_t index)
{
	return set->items[index].flags & SET_HELD ?
		       item_class(set->items[index].kind) :
		       CLASS_MAX;
}

const struct item *set_head(const struct set *set, uint32_t index)
{
	return set_class(set, index) < 2 ?
		       set->heads[set->items[index].content] :
		       NULL;
}

/* --- signatures that were never asked ------------------------------------- */

uint32_t set_next_unchecked(const struct set *set, uint32_t *cursor)
{
	for (; *cursor < set->n_items; (*cursor)++) {
		if ((set->items[*cursor].flags & (SET_HELD | SET_CHECKED)) ==
		    SET_HELD)
			return *cursor;
	}
	return NONE;
}

void set_checked(struct set *set, uint32_t index)
{
	if (set->items[index].flags & SET_HELD)
		set->items[index].flags |= SET_CHECKED;
}

/* Takes the item out of the list of its record. */
static void leave_record(struct set *set, uint32_t at)
{
	struct set_record *record = &set->records[set->items[at].content];
	uint32_t *link = &record->last;

	while (*link != at)
		link = &set->items[*link].next;
	*link = set->items[at].next;
	record->n_items--;
}

int set_drop(struct set *set, uint32_t index)
{
	struct set_item *item = &set->items[index];
	uint32_t author = item->author, prev = item->prev;
	unsigned class = set_class(set, index);
	bool was_carried = item->flags & SET_CARRIED;

	if (!(item->flags & SET_HELD))
		return 0;
	/* Items of recovery keys and the GENESIS are never taken unchecked. */
	REQUIRE(author != NONE && item->kind != FOB__KIND__GENESIS);
	if (item->marks & MARK_RECORD)
		leave_record(set, index);
	if (class < 2)
		table_drop_head(set, index);
	table_ghost(item);
	item->flags = SET_DROPPED;
	set->n_held--;
	set->dirty = true;
	set->version += was_carried;
	return chain_dropped(set, index, author, class, prev);
}
