/* Reading back what is on disk, and checking what was taken on trust. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"

/* Signatures that one idle step verifies: some milliseconds. */
#define CHECKS_PER_STEP 64
#define CHECK_REST_MS 20
#define CHECK_QUIET_MS 1000 /* since the last step in which items came */

static int by_seq(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

int load_items(struct step *step, uint32_t token, const uint32_t *items,
	       size_t n)
{
	struct effect *effect;
	uint32_t *seqs = malloc((n + 1) * sizeof(*seqs));

	if (!seqs)
		return -ENOMEM;
	REQUIRE(n <= LOAD_ITEMS);
	for (size_t i = 0; i < n; i++)
		seqs[i] = step->node->set.items[items[i]].seq;
	qsort(seqs, n, sizeof(*seqs), by_seq);
	effect = effects_add(step->effects, EFFECT_LOAD);
	effect->token = token;
	effect->data = (uint8_t *)seqs;
	effect->data_len = n * sizeof(*seqs);
	return 0;
}

/* What came is ascending by seq, since it was asked for so. */
const struct loaded *load_find(const struct event *event, uint32_t seq)
{
	size_t low = 0, high = event->n_loaded;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (event->loaded[mid].seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < event->n_loaded && event->loaded[low].seq == seq)
		return &event->loaded[low];
	return NULL;
}

/* --- items that a descendant vouched for ---------------------------------------- */

static bool load_syncs(const struct node *node)
{
	for (size_t i = 0; i < PEERS_MAX; i++) {
		const struct sync_peer *peer = &node->sync.peers[i];

		if (peer->conn && (peer->run != SYNC_IDLE || peer->n_asked))
			return true;
	}
	return false;
}

/*
 * Not while items come in, and then a few at a time with a rest after each:
 * a first sync brings thousands, and clients are not to wait for them.
 */
static bool load_check_due(struct node *node)
{
	if (set_next_unchecked(&node->set, &node->check_cursor) == NONE) {
		node->check_at = 0;
		return false;
	}
	if (!node->check_at || load_syncs(node))
		node->check_at = node->mono + CHECK_QUIET_MS;
	return node->check_at <= node->mono;
}

int load_check(struct step *step)
{
	struct node *node = step->node;
	uint32_t items[CHECKS_PER_STEP];
	size_t n = 0;

	/* What a recovery gathers may not be on disk yet. */
	if (node->checking || recover_gathers(node) ||
	    node->state == NODE_RECOVERING || !load_check_due(node))
		return 0;
	node->check_at = node->mono + CHECK_REST_MS;
	while (n < CHECKS_PER_STEP) {
		uint32_t item =
			set_next_unchecked(&node->set, &node->check_cursor);

		if (item == NONE)
			break;
		items[n++] = item;
		node->check_cursor = item + 1;
	}
	if (!n)
		return 0;
	node->checking = true;
	node->check_first = items[0];
	return load_items(step, LOAD_CHECK, items, n);
}

/* It is not what was stored: the disk is to blame, and nobody else. */
static void load_damaged(struct step *step, uint32_t index)
{
	const uint8_t *id = step->node->set.items[index].id;

	step->node->n_damaged++;
	step_trace(step, TRACE_DAMAGED, NULL, id, 0);
	call_tell(step, "alarm", (struct bytes){ id, ID_SIZE },
		  "an item was damaged on this disk: it is asked of other "
		  "devices again");
}

/* Away with it; whoever has a good one is asked for that. */
static int load_drop(struct step *step, uint32_t index)
{
	struct node *node = step->node;
	uint8_t key[4];
	int r;

	item_row_key(key, node->set.items[index].seq);
	effects_delete(step->effects, TABLE_ITEM, BYTES(key));
	effects_delete(step->effects, TABLE_BLOB, BYTES(key));
	if (set_class(&node->set, index) == 2)
		r = index_mark(node, node->set.items[index].content);
	else
		r = 0;
	if (r == 0)
		r = set_drop(&node->set, index);
	sync_lost(&node->sync);
	return r;
}

static int load_checked_one(struct step *step, uint32_t index,
			    const struct loaded *loaded)
{
	struct node *node = step->node;
	AUTO_ITEM struct item item = { 0 };
	struct item_row row;
	int r = 1;

	if (item_row_parse(loaded->row, &row))
		r = item_parse(&item, node->set.vault_id, row.body,
			       row.signature, (struct bytes){ NULL, 0 });
	if (r < 0)
		return r;
	if (r > 0 || memcmp(item.id, node->set.items[index].id, ID_SIZE) != 0) {
		load_damaged(step, index);
		return load_drop(step, index);
	}
	r = item_verify(&item, node->set.vault_id,
			node->set.authors[node->set.items[index].author].sign);
	if (r == 0) {
		set_checked(&node->set, index);
		row.checked = true;
		return item_row_put(step, loaded->seq, &row);
	}
	step_trace(step, TRACE_REFUSED_ITEM, NULL, item.id, SET_ERR_FORGED);
	return load_drop(step, index);
}

static int load_checked(struct step *step)
{
	struct node *node = step->node;
	uint32_t cursor = node->check_first, index;
	int r = 0;

	node->checking = false;
	while (r == 0 &&
	       (index = set_next_unchecked(&node->set, &cursor)) != NONE) {
		const struct loaded *loaded =
			load_find(step->event, node->set.items[index].seq);

		cursor = index + 1;
		if (loaded)
			r = load_checked_one(step, index, loaded);
		if (cursor >= node->check_cursor)
			break;
	}
	return r;
}

int load_event(struct step *step)
{
	uint32_t token = step->event->token;
	struct call *call;

	if (token == LOAD_INDEX)
		return index_loaded(step);
	if (token == LOAD_CHECK)
		return load_checked(step);
	if (token >= LOAD_SERVE && token < LOAD_SERVE + PEERS_MAX)
		return peer_served(step, token - LOAD_SERVE);
	call = call_find(step->node, token);
	return call ? call_loaded(step, call) : 0;
}
