/* From rows to a working node; unlocking and locking. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/recover.h"
#include "daemon/core/reset.h"
#include "proto/text.h"

/*
 * Masks come after the items, and name them by the keys of their rows. The
 * keys are as the disk has them: a list by place could become any size.
 */
static int start_seq(struct node *node, uint32_t seq, uint32_t index)
{
	if (node->n_by_seq == node->cap_by_seq) {
		size_t cap = 2 * node->cap_by_seq + 1024;
		struct by_seq *grown =
			realloc(node->by_seq, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		node->by_seq = grown;
		node->cap_by_seq = cap;
	}
	node->by_seq[node->n_by_seq++] = (struct by_seq){ seq, index };
	return 0;
}

/* NONE: no such row. They came in order; those that waited have no masks. */
static uint32_t start_find(const struct node *node, uint32_t seq)
{
	size_t low = 0, high = node->n_by_seq;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (node->by_seq[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < node->n_by_seq && node->by_seq[low].seq == seq ?
		       node->by_seq[low].item :
		       NONE;
}

/* One row into the set. 0, SET_ERR_*, -EBADMSG, -ENOMEM. */
static int start_add(struct step *step, uint32_t seq, bool blob,
		     struct bytes bytes)
{
	struct node *node = step->node;
	AUTO_ITEM struct item item = { 0 };
	struct set_arrival how = { .seq = seq, .stored_blob = blob };
	struct gap_named named;
	struct item_row row;
	uint32_t index, blob_len;
	int r;

	if (!item_row_parse(bytes, &row))
		return -EBADMSG;
	r = item_parse(&item, node->set.pinned ? node->set.vault_id : NULL,
		       row.body, row.signature, (struct bytes){ NULL, 0 });
	if (r)
		return r < 0 ? r : -EBADMSG;
	how.first_seen = row.first_seen;
	how.checked = row.checked;
	blob_len = item.content->blob_len;
	gap_name(&node->set, item.head, &named);
	r = set_add(&node->set, &item, &how, &index);
	if (r)
		return r;
	node->stored_bytes +=
		flow_row(bytes.n) + (blob ? flow_row(blob_len) : 0);
	r = gap_note(node, &named, index);
	return r < 0 ? r : start_seq(node, seq, index);
}

/* After a bad item was dropped and came again, its row may be the later one. */
static int start_park(struct node *node, uint32_t seq, bool blob,
		      struct bytes row)
{
	struct parked *grown =
		realloc(node->parked, (node->n_parked + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	node->parked = grown;
	grown += node->n_parked;
	*grown = (struct parked){ .seq = seq, .blob = blob, .n = row.n };
	grown->row = malloc(row.n);
	if (!grown->row)
		return -ENOMEM;
	memcpy(grown->row, row.p, row.n);
	node->n_parked++;
	return 0;
}

static int start_item(struct step *step)
{
	const struct event *event = step->event;
	uint32_t seq = 0;
	int r;

	if (event->key.n != 4)
		return -EBADMSG;
	for (size_t i = 0; i < 4; i++)
		seq = seq << 8 | event->key.p[i];
	if (seq > SEQ_MAX)
		return -EBADMSG;
	r = start_add(step, seq, event->token == 1, event->data);
	if (r == SET_ERR_STRANGER || r == SET_ERR_FORGED)
		return start_park(step->node, seq, event->token == 1,
				  event->data);
	return r < 0 ? r : 0;
}

/* Rows that waited, again and again while that brings any of them in. */
static int start_unpark(struct step *step)
{
	struct node *node = step->node;
	bool moved = true;
	int r = 0;

	while (moved && r >= 0) {
		moved = false;
		for (size_t i = 0; i < node->n_parked && r >= 0; i++) {
			struct parked *parked = &node->parked[i];

			if (!parked->row)
				continue;
			r = start_add(step, parked->seq, parked->blob,
				      (struct bytes){ parked->row, parked->n });
			if (r != 0)
				continue;
			free(parked->row);
			parked->row = NULL;
			moved = true;
		}
	}
	/* What is left will be asked of other devices again. */
	for (size_t i = 0; i < node->n_parked; i++) {
		if (node->parked[i].row)
			step_trace(step, TRACE_REFUSED_ITEM, NULL, NULL,
				   SET_ERR_STRANGER);
		free(node->parked[i].row);
	}
	free(node->parked);
	node->parked = NULL;
	node->n_parked = 0;
	return r < 0 ? r : 0;
}

static bool key_is(struct bytes key, const char *name)
{
	return key.n == strlen(name) && !memcmp(key.p, name, key.n);
}

static bool key_begins(struct bytes key, const char *name)
{
	return key.n > strlen(name) && !memcmp(key.p, name, strlen(name));
}

static int start_device(struct node *node, struct bytes row)
{
	node->self = secret_alloc(sizeof(*node->self));
	node->device_row = malloc(row.n + 1);
	if (!node->self || !node->device_row)
		return -ENOMEM;
	memcpy(node->device_row, row.p, row.n);
	node->device_row_len = row.n;
	return device_load(node->self, row) ? -EBADMSG : 0;
}

static int start_slot(struct node *node, struct bytes row)
{
	if (node->n_slots == SLOTS_MAX ||
	    slot_load(&node->slots[node->n_slots], row))
		return -EBADMSG;
	if (node->slots[node->n_slots].number >= node->next_slot)
		node->next_slot =
			(uint8_t)(node->slots[node->n_slots].number + 1);
	node->n_slots++;
	return 0;
}

static int start_address(struct node *node,
			 const uint8_t device[static DEVICE_ID_SIZE],
			 struct bytes address)
{
	struct by_hand *grown, *last;

	if (address.n >= sizeof(last->address))
		return -EBADMSG;
	grown = realloc(node->by_hand, (node->n_by_hand + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	node->by_hand = grown;
	last = &grown[node->n_by_hand];
	memset(last, 0, sizeof(*last));
	memcpy(last->address, address.p, address.n);
	memcpy(last->device, device, DEVICE_ID_SIZE);
	node->n_by_hand++;
	return 0;
}

/* The addresses of one device, one a line. */
static int start_by_hand(struct node *node, struct bytes key, struct bytes row)
{
	uint8_t device[DEVICE_ID_SIZE];
	size_t n = 0;
	int r = 0;

	if (text_hex_decode(device, sizeof(device),
			    (struct bytes){ key.p + 5, key.n - 5 }, &n) ||
	    n != sizeof(device))
		return -EBADMSG;
	for (size_t i = 0; i < ADDRESSES_MAX && row.n > 0 && r == 0; i++) {
		const uint8_t *end = memchr(row.p, '\n', row.n);

		n = end ? (size_t)(end - row.p) : row.n;
		r = start_address(node, device, (struct bytes){ row.p, n });
		n += end != NULL;
		row = (struct bytes){ row.p + n, row.n - n };
	}
	return r;
}

static int start_net(struct node *node, struct bytes row)
{
	struct net_secret *net = &node->nets[node->n_nets];

	if (node->n_nets == EFFECT_PSKS || row.n != 8 + KEY_SIZE)
		return -EBADMSG;
	memcpy(net->id, row.p, 8);
	memcpy(net->key, row.p + 8, KEY_SIZE);
	node->n_nets++;
	return 0;
}

static void start_slots(struct node *node, struct bytes row)
{
	for (unsigned i = 0; i < HOLDER_SLOTS; i++) {
		if ((i + 1) * DEVICE_ID_SIZE > row.n)
			break;
		node->sync.holder_slots[i] =
			set_author(&node->set, row.p + i * DEVICE_ID_SIZE);
	}
}

static int start_local(struct step *step)
{
	struct node *node = step->node;
	struct bytes key = step->event->key, row = step->event->data;

	if (key_is(key, "device"))
		return start_device(node, row);
	if (key_is(key, "name")) {
		memcpy(node->name, row.p, size_min(row.n, DEVICE_NAME_MAX));
		return 0;
	}
	if (key_is(key, "recovery"))
		return recover_row(node, row);
	if (key_is(key, "drill")) {
		kit_drill_row(node, row);
		return 0;
	}
	if (key_is(key, "snapshot")) {
		doctor_snapshot_row(node, row);
		return 0;
	}
	if (key_is(key, "clock-alarm")) {
		compact_row(node, row);
		return 0;
	}
	if (key_is(key, "holders")) {
		start_slots(node, row);
		return 0;
	}
	if (key_begins(key, "log/"))
		return logbook_row(&node->logbook, row);
	if (key_begins(key, "reset/"))
		return reset_row(node, key, row);
	if (key_begins(key, "slot/"))
		return start_slot(node, row);
	if (key_begins(key, "peer/"))
		return start_by_hand(node, key, row);
	if (key_begins(key, "net/"))
		return start_net(node, row);
	return 0; /* of a newer version */
}

/* Soft rows: what does not fit is forgotten, the next run tells it again. */
static int start_status(struct step *step)
{
	struct node *node = step->node;
	uint32_t author;
	int r = statuses_take(&node->statuses, &node->set, step->event->data, 0,
			      &author);

	return r < 0 ? r : 0;
}

static int start_holder(struct step *step)
{
	struct node *node = step->node;
	struct bytes key = step->event->key, row = step->event->data;
	uint64_t mask = 0;
	uint32_t seq = 0, item;

	if (key.n != 4 || row.n != 8)
		return 0;
	for (size_t i = 0; i < 4; i++)
		seq = seq << 8 | key.p[i];
	for (size_t i = 0; i < 8; i++)
		mask = mask << 8 | row.p[i];
	item = start_find(node, seq);
	if (item != NONE)
		node->set.items[item].holders = mask;
	return 0;
}

int start_row(struct step *step)
{
	switch (step->event->table) {
	case TABLE_ITEM:
		return start_item(step);
	case TABLE_LOCAL:
		return start_local(step);
	case TABLE_STATUS:
		return start_status(step);
	case TABLE_HOLDER:
		return start_holder(step);
	default:
		return 0;
	}
}

int start_channel_keys(struct step *step)
{
	struct node *node = step->node;
	struct effect_keys *keys;
	struct effect *effect;

	if (!node->self || !node->set.pinned)
		return 0;
	keys = calloc(1, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	memcpy(keys->vault_id, node->set.vault_id, ID_SIZE);
	memcpy(keys->transport_secret, node->self->transport_secret, KEY_SIZE);
	memcpy(keys->transport_public, node->self->transport_public, KEY_SIZE);
	keys->n_psks = (uint32_t)node->n_nets;
	for (size_t i = 0; i < node->n_nets; i++) {
		memcpy(keys->psks[i].id, node->nets[i].id, 8);
		memcpy(keys->psks[i].key, node->nets[i].key, KEY_SIZE);
	}
	keys->n_denied = (uint32_t)node->n_told;
	for (size_t i = 0; i < node->n_told; i++)
		memcpy(keys->denied[i],
		       node->set.authors[node->told[i]].transport, KEY_SIZE);
	effect = effects_add(step->effects, EFFECT_KEYS);
	effect->data = (uint8_t *)keys;
	effect->data_len = sizeof(*keys);
	effect->secret = true;
	return 0;
}

static enum node_state start_state(struct node *node)
{
	if (!node->self) /* a row may have said that it is RECOVERING */
		return node->state;
	if (node->self_author == NONE)
		return NODE_JOINING;
	return node->self->unlocked ? NODE_KEEPER : NODE_LOCKED;
}

int start_begin(struct step *step)
{
	struct node *node = step->node;
	int r;

	node->started = true;
	r = start_unpark(step);
	if (r < 0)
		return r;
	free(node->by_seq);
	node->by_seq = NULL;
	r = take_settle(step);
	if (r < 0)
		return r;
	node->state = start_state(node);
	flow_start(node);
	r = statuses_open(&node->statuses, node->nets, node->n_nets);
	if (r)
		return r;
	step_trace(step, TRACE_STARTED, NULL, NULL, node->set.n_held);
	node->last_use = node->mono;
	return start_channel_keys(step);
}

/* --- unlocking ------------------------------------------------------------------- */

int node_unlock(struct step *step)
{
	struct node *node = step->node;
	int r;

	REQUIRE(node->self && node->self->unlocked);
	node->state = NODE_UNLOCKED;
	node->last_use = node->mono;
	node->failures = 0;
	step_random(step, node->vault.seed_key, sizeof(node->vault.seed_key));
	step_trace(step, TRACE_UNLOCKED, NULL, NULL, 0);
	node->seen_heads = UINT32_MAX; /* keys can be opened now */
	r = take_settle(step);
	if (r == 0)
		r = index_work(step);
	call_tell(step, "lock", (struct bytes){ NULL, 0 }, "unlocked");
	return r;
}

void node_lock(struct step *step)
{
	struct node *node = step->node;

	if (node->state != NODE_UNLOCKED)
		return;
	node->state = NODE_LOCKED;
	keyring_lock(&node->keyring);
	vault_lock(&node->vault);
	device_lock(node->self);
	secret_free(node->unlock_key);
	node->unlock_key = NULL;
	for (size_t i = 0; i < node->n_dirty; i++)
		node->is_dirty[node->dirty[i]] = 0;
	node->n_dirty = 0;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		node->clients[i].fresh_kind = 0;
	step_trace(step, TRACE_LOCKED, NULL, NULL, 0);
	call_tell(step, "lock", (struct bytes){ NULL, 0 }, "locked");
}
