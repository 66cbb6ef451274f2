/* Items that come, from peers or from ourselves: checked, kept, put on disk. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"
#include "daemon/core/trust/bits.h"

/* version || flags || first_seen, u32 big-endian || signature || body */
#define ROW_VERSION 1
#define ROW_CHECKED 1
#define ROW_HEADER 6

static void put_u32(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 24);
	to[1] = (uint8_t)(value >> 16);
	to[2] = (uint8_t)(value >> 8);
	to[3] = (uint8_t)value;
}

static uint32_t get_u32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
	       (uint32_t)from[2] << 8 | from[3];
}

bool item_row_parse(struct bytes row, struct item_row *ret)
{
	if (row.n <= ROW_HEADER + SIGNATURE_SIZE || row.p[0] != ROW_VERSION)
		return false;
	ret->checked = row.p[1] & ROW_CHECKED;
	ret->first_seen = get_u32(row.p + 2);
	ret->signature = (struct bytes){ row.p + ROW_HEADER, SIGNATURE_SIZE };
	ret->body = (struct bytes){ row.p + ROW_HEADER + SIGNATURE_SIZE,
				    row.n - ROW_HEADER - SIGNATURE_SIZE };
	return true;
}

void item_row_key(uint8_t ret[static 4], uint32_t seq)
{
	put_u32(ret, seq);
}

int item_row_put(struct step *step, uint32_t seq, const struct item_row *row)
{
	size_t n = ROW_HEADER + SIGNATURE_SIZE + row->body.n;
	AUTO_FREE uint8_t *bytes = malloc(n);
	uint8_t key[4];

	if (!bytes)
		return -ENOMEM;
	bytes[0] = ROW_VERSION;
	bytes[1] = row->checked ? ROW_CHECKED : 0;
	put_u32(bytes + 2, row->first_seen);
	memcpy(bytes + ROW_HEADER, row->signature.p, SIGNATURE_SIZE);
	memcpy(bytes + ROW_HEADER + SIGNATURE_SIZE, row->body.p, row->body.n);
	item_row_key(key, seq);
	effects_put(step->effects, TABLE_ITEM, BYTES(key),
		    (struct bytes){ bytes, n });
	return 0;
}

static void take_put_blob(struct step *step, uint32_t index, struct bytes blob)
{
	uint8_t key[4];

	item_row_key(key, step->node->set.items[index].seq);
	effects_put(step->effects, TABLE_BLOB, BYTES(key), blob);
	step->node->stored_bytes += flow_row(blob.n);
}

static int take_remember(struct node *node, uint32_t index, uint32_t conn)
{
	struct fresh *grown;

	if (node->n_fresh == node->cap_fresh) {
		size_t cap = node->cap_fresh ? 2 * node->cap_fresh : 16;

		grown = realloc(node->fresh, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		node->fresh = grown;
		node->cap_fresh = cap;
	}
	node->fresh[node->n_fresh++] =
		(struct fresh){ .item = index, .conn = conn };
	return 0;
}

/* The item is held, perhaps as a stub whose blob has come now. */
static int take_held(struct step *step, const struct item *item, uint32_t index)
{
	struct set_item *held = &step->node->set.items[index];

	if (!item->blob_len || held->flags & SET_BLOB ||
	    held->marks & MARK_UNWANTED)
		return SET_ERR_HELD;
	take_put_blob(step, index,
		      (struct bytes){ item->blob, item->blob_len });
	held->flags |= SET_BLOB;
	sync_filled(&step->node->sync);
	if (set_class(&step->node->set, index) == 2 &&
	    index_mark(step->node, held->content) < 0)
		return -ENOMEM;
	return SET_ERR_HELD;
}

static int take_stored(struct step *step, const struct take *take,
		       uint32_t index)
{
	struct node *node = step->node;
	const struct set_item *item = &node->set.items[index];
	struct item_row row = { .checked = item->flags & SET_CHECKED,
				.first_seen = item->first_seen,
				.signature = take->signature,
				.body = take->body };
	int r;

	r = item_row_put(step, item->seq, &row);
	if (r < 0)
		return r;
	node->stored_bytes +=
		flow_row(ROW_HEADER + SIGNATURE_SIZE + take->body.n);
	if (take->blob.n)
		take_put_blob(step, index, take->blob);
	if (item_class(item->kind) == 2)
		r = index_mark(node, item->content);
	step_trace(step, take->conn ? TRACE_STORED : TRACE_WROTE,
		   item->author == NONE ? NULL :
					  node->set.authors[item->author].id,
		   item->id, item->kind);
	return r < 0 ? r : take_remember(node, index, take->conn);
}

/* Is there no room for an item of class 2 that comes from a peer? */
static bool take_later(const struct node *node, const struct take *take,
		       const struct item *item)
{
	return take->conn && item_class(item->head->kind) == 2 &&
	       !flow_allows(node,
			    set_author(&node->set, item->head->author.data));
}

/* An item that was added: what follows from it before evaluation. */
static int take_added(struct step *step, const struct take *take,
		      const struct gap_named *named, uint32_t index)
{
	struct node *node = step->node;
	const struct set_item *item = &node->set.items[index];
	int r = gap_note(node, named, index);

	if (r == 0 && take->conn && item_class(item->kind) == 2)
		r = flow_spend(node, item->author);
	return r < 0 ? r : take_stored(step, take, index);
}

int take_item(struct step *step, const struct take *take, uint32_t *ret_index)
{
	struct node *node = step->node;
	AUTO_ITEM struct item item = { 0 };
	struct set_arrival how = { .seq = NONE };
	struct gap_named named;
	uint8_t id[ID_SIZE];
	int r;

	r = item_parse(&item, node->set.pinned ? node->set.vault_id : NULL,
		       take->body, take->signature, take->blob);
	if (r)
		return r < 0 ? r : TAKE_MALFORMED;
	memcpy(id, item.id, sizeof(id));
	if (set_holds(&node->set, id)) {
		*ret_index = set_find(&node->set, id);
		return take_held(step, &item, *ret_index);
	}
	if (take_later(node, take, &item))
		return TAKE_LATER;
	gap_name(&node->set, item.head, &named);
	how.first_seen = (uint32_t)(node->wall / 1000);
	how.stored_blob = take->blob.n > 0;
	r = set_add(&node->set, &item, &how, ret_index);
	if (r) {
		if (r > 0 && r != SET_ERR_HELD)
			step_trace(step, TRACE_REFUSED_ITEM, NULL, id,
				   (uint64_t)r);
		return r;
	}
	return take_added(step, take, &named, *ret_index);
}

/* --- what follows ------------------------------------------------------------ */

static void take_self(struct node *node)
{
	if (node->self && node->self_author == NONE)
		node->self_author = set_author(&node->set, node->self->id);
}

static int take_nets(struct step *step)
{
	struct node *node = step->node;
	struct net_secret nets[EFFECT_PSKS];
	size_t n = keyring_nets(&node->keyring, nets, EFFECT_PSKS);
	bool same = n == node->n_nets &&
		    !memcmp(nets, node->nets, n * sizeof(*nets));
	char key[] = "net/0";

	/* Locked, we know of none: those from the store stay. */
	if (!n || same) {
		sodium_memzero(nets, sizeof(nets));
		return 0;
	}
	memcpy(node->nets, nets, sizeof(nets));
	sodium_memzero(nets, sizeof(nets));
	node->n_nets = n;
	for (size_t i = 0; i < n; i++) {
		uint8_t row[8 + KEY_SIZE];

		memcpy(row, node->nets[i].id, 8);
		memcpy(row + 8, node->nets[i].key, KEY_SIZE);
		key[4] = (char)('0' + i);
		step_put_local(step, key, BYTES(row));
		sodium_memzero(row, sizeof(row));
	}
	node->status_owed = true;
	int r = statuses_open(&node->statuses, node->nets, node->n_nets);
	return r ? r : start_channel_keys(step);
}

/* Class 0 or 1 changed: who is who, which keys are clean, what shows. */
static int take_membership(struct step *step)
{
	struct node *node = step->node;
	int r;

	r = roster_evaluate(&node->roster, &node->set);
	if (r == 0)
		r = keyring_evaluate(&node->keyring, &node->set, &node->roster,
				     node->self);
	if (r == 0)
		r = take_nets(step);
	if (r == 0)
		r = index_mark_all(node);
	if (r == 0)
		r = gap_settle(node);
	if (r == 0)
		r = compact_mark(node);
	if (r == 0)
		r = peer_membership(step);
	node->seen_heads = node->set.n_heads;
	return r;
}

/* Records with an item that is held back now and was not, or the reverse. */
static int take_mark_held(struct node *node, const uint64_t *before, uint32_t n)
{
	const struct roster *roster = &node->roster;
	int r = 0;

	for (uint32_t i = 0; i < roster->n_items && r == 0; i++) {
		bool was = i < n && bits_get(before, i);
		bool is = roster->held_back && bits_get(roster->held_back, i);

		if (was != is && set_class(&node->set, i) == 2)
			r = index_mark(node, node->set.items[i].content);
	}
	return r;
}

/*
 * Class 2 alone changed which versions count: it brought what links the items
 * of a device that is out to the tips that accept them, or more items that are
 * to be held back. Where a device has left, that is asked at every write.
 */
static int take_counting(struct node *node)
{
	AUTO_FREE uint64_t *before = NULL;
	uint32_t n = node->roster.n_items;
	bool all = node->roster.version0 != node->set.version0 ||
		   !node->roster.held_back;
	int r;

	if (!all) {
		before = malloc(bits_words(n) * sizeof(*before));
		if (!before)
			return -ENOMEM;
		memcpy(before, node->roster.held_back,
		       bits_words(n) * sizeof(*before));
	}
	r = roster_evaluate(&node->roster, &node->set);
	if (r == 0)
		r = keyring_evaluate(&node->keyring, &node->set, &node->roster,
				     node->self);
	if (r)
		return r;
	return all ? index_mark_all(node) : take_mark_held(node, before, n);
}

int take_settle(struct step *step)
{
	struct node *node = step->node;
	int r;

	if (!node->set.pinned)
		return 0;
	r = set_evaluate(&node->set);
	if (r < 0)
		return r;
	take_self(node);
	r = logbook_aside(step);
	if (r < 0)
		return r;
	if (node->seen_heads != node->set.n_heads) {
		r = take_membership(step);
	} else if (!roster_is_fresh(&node->roster, &node->set)) {
		r = take_counting(node);
	}
	if (r < 0)
		return r;
	if (node->n_fresh > 0)
		node->status_owed = true;
	return 0;
}
