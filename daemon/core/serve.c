/* What peers are given from disk, and what we know of what they have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"

int peer_serve(struct step *step, uint32_t slot)
{
	struct node *node = step->node;
	struct serving *serving = &node->serving[slot];
	struct sync_peer *peer = &node->sync.peers[slot];

	/* What is being read must stay known until it has come. */
	if (peer->loading)
		return 0;
	serving->conn = peer->conn;
	serving->n = sync_serve_next(&node->sync, peer, serving->items,
				     ITEMS_PER_MESSAGE);
	if (!serving->n)
		return 0;
	return load_items(step, LOAD_SERVE + slot, serving->items, serving->n);
}

/*
 * An item whose own signature was never looked at goes out only behind the
 * descendant that vouched for it, or once it is checked.
 */
static bool serve_vouched(const struct sync_peer *peer, uint32_t item,
			  uint32_t before)
{
	return item == before || item == peer->last_prev;
}

static int serve_check(struct step *step, uint32_t index,
		       const struct item_row *row)
{
	struct node *node = step->node;
	AUTO_ITEM struct item item = { 0 };
	int r;

	r = item_parse(&item, node->set.vault_id, row->body, row->signature,
		       (struct bytes){ NULL, 0 });
	if (r)
		return r;
	r = item_verify(&item, node->set.vault_id,
			node->set.authors[node->set.items[index].author].sign);
	if (r == 0)
		set_checked(&node->set, index);
	return r;
}

static int serve_one(struct step *step, struct sync_peer *peer,
		     struct sync_load *load, uint32_t before)
{
	struct node *node = step->node;
	const struct set_item *item = &node->set.items[load->item];
	const struct loaded *loaded = load_find(step->event, item->seq);
	struct item_row row;
	int r = 0;

	if (!(item->flags & SET_HELD) || !loaded ||
	    !item_row_parse(loaded->row, &row))
		return 0;
	if (!(item->flags & SET_CHECKED) &&
	    !serve_vouched(peer, load->item, before))
		r = serve_check(step, load->item, &row);
	if (r)
		return r < 0 ? r : 0; /* the idle check drops it */
	load->signature = row.signature;
	load->body = row.body;
	load->blob = loaded->blob;
	return 0;
}

int peer_served(struct step *step, uint32_t slot)
{
	struct node *node = step->node;
	struct serving *serving = &node->serving[slot];
	struct sync_peer *peer = &node->sync.peers[slot];
	struct sync_load load[ITEMS_PER_MESSAGE];
	uint32_t before = NONE;
	int r = 0;

	if (!peer->conn || peer->conn != serving->conn || !peer->loading)
		return 0;
	memset(load, 0, sizeof(load));
	for (size_t i = 0; i < serving->n && r == 0; i++) {
		load[i].item = serving->items[i];
		r = serve_one(step, peer, &load[i], before);
		before = load[i].body.n ? node->set.items[load[i].item].prev :
					  NONE;
	}
	if (r < 0)
		return r;
	step_trace(step, TRACE_SENT,
		   peer->author == NONE ? NULL :
					  node->set.authors[peer->author].id,
		   NULL, serving->n);
	return sync_serve(&node->sync, peer, load, serving->n);
}

int peer_copies(const struct node *node, uint32_t item, bool keepers)
{
	uint64_t mask = node->set.items[item].holders;
	int n = 0;

	for (unsigned i = 0; i < HOLDER_SLOTS; i++) {
		uint32_t author = node->sync.holder_slots[i];

		if (!(mask >> i & 1) || author == NONE ||
		    author == node->self_author ||
		    !node->set.authors[author].member)
			continue;
		n += keepers ||
		     node->set.authors[author].role == FOB__ROLE__DEVICE;
	}
	return n;
}

static void soft_mask(struct step *step, const struct set_item *item)
{
	uint8_t key[4], row[8];

	item_row_key(key, item->seq);
	for (unsigned i = 0; i < 8; i++)
		row[i] = (uint8_t)(item->holders >> (56 - 8 * i));
	effects_soft(step->effects, TABLE_HOLDER, BYTES(key), BYTES(row));
}

/* Whose bit is which: a device id for each slot, zeros where it is free. */
static void soft_slots(struct step *step)
{
	static const char key[] = "holders";
	const struct node *node = step->node;
	uint8_t row[HOLDER_SLOTS * DEVICE_ID_SIZE] = { 0 };

	for (unsigned i = 0; i < HOLDER_SLOTS; i++) {
		uint32_t author = node->sync.holder_slots[i];

		if (author != NONE)
			memcpy(row + i * DEVICE_ID_SIZE,
			       node->set.authors[author].id, DEVICE_ID_SIZE);
	}
	effects_soft(step->effects, TABLE_LOCAL,
		     (struct bytes){ (const uint8_t *)key, sizeof(key) - 1 },
		     BYTES(row));
}

/*
 * Masks that changed leave when some were gathered, and the driver writes
 * them behind; a crash may lose them.
 */
int peer_soft(struct step *step)
{
	struct node *node = step->node;
	size_t n = 0;

	if (!node->sync.masks_dirty)
		return 0;
	if (!node->soft_at)
		node->soft_at = node->mono + SOFT_GATHER_MS;
	if (node->soft_at > node->mono)
		return 0;
	node->soft_at = 0;
	node->sync.masks_dirty = false;
	soft_slots(step);
	for (uint32_t i = 0; i < node->set.n_items; i++) {
		struct set_item *item = &node->set.items[i];

		if (!(item->marks & SYNC_MASK_DIRTY) ||
		    !(item->flags & SET_HELD))
			continue;
		if (n++ == COMMIT_ITEMS) { /* the rest comes next time */
			node->sync.masks_dirty = true;
			break;
		}
		item->marks &= (uint8_t)~SYNC_MASK_DIRTY;
		soft_mask(step, item);
	}
	if (node->sync.masks_dirty)
		node->soft_at = node->mono + SOFT_GATHER_MS;
	return 0;
}
