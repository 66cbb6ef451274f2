/* Arrays that grow, and what is found in them by name. */
#include "daemon/core/set/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN 16u

void *table_grow(void *array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t more;

	if (n < *cap)
		return array;
	more = *cap < CAP_MIN ? CAP_MIN : *cap + *cap / 2;
	if (more < *cap || more > UINT32_MAX / 2)
		return NULL;
	array = realloc(array, more * size);
	if (array)
		*cap = more;
	return array;
}

/* --- items ---------------------------------------------------------------- */

static uint64_t hash(const struct set *set, const uint8_t *id, size_t n)
{
	return index_hash(set->hash_key, id, n);
}

uint32_t set_find(const struct set *set, const uint8_t id[static ID_SIZE])
{
	const struct index *index = &set->by_id;
	uint32_t slot = index_start(index, hash(set, id, ID_SIZE)), place;

	for (; index_at(index, slot, &place); slot = index_next(index, slot)) {
		if (memcmp(set->items[place].id, id, ID_SIZE) == 0)
			return place;
	}
	return NONE;
}

void table_ghost(struct set_item *item)
{
	item->author = item->prev = item->content = item->next = NONE;
	item->links = item->kid = item->claimer = NONE;
	item->claimed_class = CLASS_MAX;
	item->holders = 0;
	item->n_links = item->kind = 0;
	item->blob_len = 0;
	item->flags = item->marks = 0;
}

int table_item(struct set *set, const uint8_t *id, uint32_t *ret)
{
	uint32_t at = set_find(set, id);
	struct set_item *items;

	if (at != NONE) {
		*ret = at;
		return 0;
	}
	items = table_grow(set->items, set->n_items, &set->cap_items,
			   sizeof(*items));
	if (!items)
		return -ENOMEM;
	set->items = items;
	if (index_full(&set->by_id)) {
		if (index_resize(&set->by_id))
			return -ENOMEM;
		for (uint32_t i = 0; i < set->n_items; i++)
			index_put(&set->by_id, hash(set, items[i].id, ID_SIZE),
				  i);
	}
	at = set->n_items++;
	items[at] = (struct set_item){ .holders = 0 };
	memcpy(items[at].id, id, ID_SIZE);
	table_ghost(&items[at]);
	index_put(&set->by_id, hash(set, id, ID_SIZE), at);
	*ret = at;
	return 0;
}

int table_link(struct set *set, uint32_t to)
{
	uint32_t *links = table_grow(set->links, set->n_links, &set->cap_links,
				     sizeof(*links));

	if (!links)
		return -ENOMEM;
	set->links = links;
	links[set->n_links++] = to;
	return 0;
}

/* --- whole items of classes 0 and 1 --------------------------------------- */

static int room_for_head(struct set *set)
{
	uint32_t cap = set->cap_heads;
	struct item **heads =
		table_grow(set->heads, set->n_heads, &cap, sizeof(*heads));
	uint32_t *heads_item;

	if (!heads)
		return -ENOMEM;
	set->heads = heads;
	if (cap == set->cap_heads)
		return 0;
	heads_item = realloc(set->heads_item, cap * sizeof(*heads_item));
	if (!heads_item)
		return -ENOMEM;
	set->heads_item = heads_item;
	set->cap_heads = cap;
	return 0;
}

int table_head(struct set *set, struct item *item, uint32_t at)
{
	struct item *kept = malloc(sizeof(*kept));

	if (!kept || room_for_head(set)) {
		free(kept);
		return -ENOMEM;
	}
	*kept = *item;
	*item = (struct item){ .body = NULL };
	set->heads[set->n_heads] = kept;
	set->heads_item[set->n_heads] = at;
	set->items[at].content = set->n_heads++;
	return 0;
}

void table_drop_head(struct set *set, uint32_t at)
{
	uint32_t hole = set->items[at].content, last = --set->n_heads;

	item_deinit(set->heads[hole]);
	free(set->heads[hole]);
	set->heads[hole] = set->heads[last];
	set->heads_item[hole] = set->heads_item[last];
	set->items[set->heads_item[hole]].content = hole;
	set->items[at].content = NONE;
}

/* --- authors and recovery keys -------------------------------------------- */

uint32_t set_author(const struct set *set,
		    const uint8_t id[static DEVICE_ID_SIZE])
{
	const struct index *index = &set->by_author;
	uint32_t slot = index_start(index, hash(set, id, DEVICE_ID_SIZE));
	uint32_t place;

	for (; index_at(index, slot, &place); slot = index_next(index, slot)) {
		if (memcmp(set->authors[place].id, id, DEVICE_ID_SIZE) == 0)
			return place;
	}
	return NONE;
}

static void new_author(struct set_author *author,
		       const Fob__Certificate *certificate)
{
	*author = (struct set_author){ .add = NONE, .revoke = NONE };
	item_device_id(author->id, certificate);
	memcpy(author->sign, certificate->sign.data, KEY_SIZE);
	memcpy(author->status, certificate->status.data, KEY_SIZE);
	memcpy(author->wrap, certificate->wrap.data, KEY_SIZE);
	memcpy(author->transport, certificate->transport.data, KEY_SIZE);
	for (unsigned c = 0; c < CLASS_MAX; c++)
		author->tip[c] = NONE;
}

int table_author(struct set *set, const Fob__Certificate *certificate,
		 uint32_t *ret)
{
	struct set_author new, *authors;
	uint32_t at;

	new_author(&new, certificate);
	at = set_author(set, new.id);
	if (at != NONE) {
		*ret = at;
		return 0;
	}
	authors = table_grow(set->authors, set->n_authors, &set->cap_authors,
			     sizeof(*authors));
	if (!authors)
		return -ENOMEM;
	set->authors = authors;
	if (index_full(&set->by_author)) {
		if (index_resize(&set->by_author))
			return -ENOMEM;
		for (uint32_t i = 0; i < set->n_authors; i++)
			index_put(&set->by_author,
				  hash(set, authors[i].id, DEVICE_ID_SIZE), i);
	}
	at = set->n_authors++;
	authors[at] = new;
	index_put(&set->by_author, hash(set, new.id, DEVICE_ID_SIZE), at);
	*ret = at;
	return 0;
}

int table_recovery(struct set *set, uint32_t item, uint32_t generation,
		   const ProtobufCBinaryData keys[static 2])
{
	struct set_recovery *list =
		table_grow(set->recoveries, set->n_recoveries,
			   &set->cap_recoveries, sizeof(*list));
	struct set_recovery *new;

	if (!list)
		return -ENOMEM;
	set->recoveries = list;
	new = &list[set->n_recoveries++];
	*new = (struct set_recovery){ .generation = generation, .item = item };
	memcpy(new->sign, keys[0].data, KEY_SIZE);
	memcpy(new->wrap, keys[1].data, KEY_SIZE);
	return 0;
}

/* --- groups, records, kids ------------------------------------------------ */

uint32_t set_group(const struct set *set,
		   const uint8_t id[static GROUP_ID_SIZE])
{
	const struct index *index = &set->by_group;
	uint32_t slot = index_start(index, hash(set, id, GROUP_ID_SIZE));
	uint32_t place;

	for (; index_at(index, slot, &place); slot = index_next(index, slot)) {
		if (memcmp(set->groups[place].id, id, GROUP_ID_SIZE) == 0)
			return place;
	}
	return NONE;
}

int table_group(struct set *set, const uint8_t *id, uint32_t *ret)
{
	uint32_t at = set_group(set, id);
	struct set_group_id *groups;

	if (at != NONE) {
		*ret = at;
		return 0;
	}
	groups = table_grow(set->groups, set->n_groups, &set->cap_groups,
			    sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	set->groups = groups;
	if (index_full(&set->by_group)) {
		if (index_resize(&set->by_group))
			return -ENOMEM;
		for (uint32_t i = 0; i < set->n_groups; i++)
			index_put(&set->by_group,
				  hash(set, groups[i].id, GROUP_ID_SIZE), i);
	}
	at = set->n_groups++;
	memcpy(groups[at].id, id, GROUP_ID_SIZE);
	index_put(&set->by_group, hash(set, id, GROUP_ID_SIZE), at);
	*ret = at;
	return 0;
}

/* A record is named by its id within its group. */
static uint64_t record_hash(const struct set *set, uint32_t group,
			    const uint8_t *id)
{
	uint8_t name[RECORD_ID_SIZE + sizeof(group)];

	memcpy(name, id, RECORD_ID_SIZE);
	memcpy(name + RECORD_ID_SIZE, &group, sizeof(group));
	return hash(set, name, sizeof(name));
}

uint32_t set_record(const struct set *set, uint32_t group,
		    const uint8_t id[static RECORD_ID_SIZE])
{
	const struct index *index = &set->by_record;
	uint32_t slot = index_start(index, record_hash(set, group, id)), at;

	for (; index_at(index, slot, &at); slot = index_next(index, slot)) {
		if (set->records[at].group == group &&
		    memcmp(set->records[at].id, id, RECORD_ID_SIZE) == 0)
			return at;
	}
	return NONE;
}

int table_record(struct set *set, uint32_t group, const uint8_t *id,
		 uint32_t *ret)
{
	uint32_t at = set_record(set, group, id);
	struct set_record *list;

	if (at != NONE) {
		*ret = at;
		return 0;
	}
	list = table_grow(set->records, set->n_records, &set->cap_records,
			  sizeof(*list));
	if (!list)
		return -ENOMEM;
	set->records = list;
	if (index_full(&set->by_record)) {
		if (index_resize(&set->by_record))
			return -ENOMEM;
		for (uint32_t i = 0; i < set->n_records; i++)
			index_put(&set->by_record,
				  record_hash(set, list[i].group, list[i].id),
				  i);
	}
	at = set->n_records++;
	list[at] = (struct set_record){ .group = group, .last = NONE };
	memcpy(list[at].id, id, RECORD_ID_SIZE);
	index_put(&set->by_record, record_hash(set, group, id), at);
	*ret = at;
	return 0;
}

uint32_t set_kid(const struct set *set, const uint8_t id[static KID_SIZE])
{
	const struct index *index = &set->by_kid;
	uint32_t slot = index_start(index, hash(set, id, KID_SIZE)), place;

	for (; index_at(index, slot, &place); slot = index_next(index, slot)) {
		if (memcmp(set->kids[place].id, id, KID_SIZE) == 0)
			return place;
	}
	return NONE;
}

int table_kid(struct set *set, const uint8_t *id, uint32_t *ret)
{
	uint32_t at = set_kid(set, id);
	struct set_kid *kids;

	if (at != NONE) {
		*ret = at;
		return 0;
	}
	kids = table_grow(set->kids, set->n_kids, &set->cap_kids,
			  sizeof(*kids));
	if (!kids)
		return -ENOMEM;
	set->kids = kids;
	if (index_full(&set->by_kid)) {
		if (index_resize(&set->by_kid))
			return -ENOMEM;
		for (uint32_t i = 0; i < set->n_kids; i++)
			index_put(&set->by_kid, hash(set, kids[i].id, KID_SIZE),
				  i);
	}
	at = set->n_kids++;
	memcpy(kids[at].id, id, KID_SIZE);
	index_put(&set->by_kid, hash(set, id, KID_SIZE), at);
	*ret = at;
	return 0;
}
