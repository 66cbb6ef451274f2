/* Connections to other devices: who it is, what is said, whom to dial. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/meet.h"
#include "daemon/core/state.h"

/* A status is made this long after a change, so that many cost one. */
#define STATUS_DELAY_MS 2000

static void peer_close(struct step *step, uint32_t conn)
{
	effects_add(step->effects, EFFECT_CLOSE)->conn = conn;
}

static uint32_t peer_author(const struct node *node,
			    const uint8_t key[static KEY_SIZE])
{
	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (!memcmp(node->set.authors[i].transport, key, KEY_SIZE))
			return i;
	return NONE;
}

static int peer_dials(struct node *node)
{
	struct dial *grown;

	if (node->n_dials >= node->set.n_authors)
		return 0;
	grown = realloc(node->dials, node->set.n_authors * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + node->n_dials, 0,
	       (node->set.n_authors - node->n_dials) * sizeof(*grown));
	node->dials = grown;
	node->n_dials = node->set.n_authors;
	return 0;
}

/* --- sessions ------------------------------------------------------------------ */

/*
 * Two connections of one pair: the one that the lower device id dialed
 * stays, whichever came first; of two by the same side, the newer.
 */
static bool peer_replaces(const struct node *node, const struct sync_peer *old,
			  bool dialed)
{
	const uint8_t *theirs = node->set.authors[old->author].id;
	bool we_are_lower = memcmp(node->self->id, theirs, DEVICE_ID_SIZE) < 0;

	if (old->leader == dialed)
		return true;
	return dialed == we_are_lower;
}

static void peer_end(struct step *step, struct sync_peer *peer)
{
	struct node *node = step->node;
	uint32_t author = peer->author;

	if (author != NONE) {
		step_trace(step, TRACE_PEER_DOWN, node->set.authors[author].id,
			   NULL, 0);
		call_tell(step, "sync", BYTES(node->set.authors[author].id),
			  "disconnected");
		if (author < node->n_dials) {
			node->dials[author].conn = 0;
			node->dials[author].next = node->mono + DIAL_MIN_MS;
			node->dials[author].delay = DIAL_MIN_MS;
		}
	}
	sync_down(&node->sync, peer);
}

static void peer_refuse(struct step *step, struct sync_peer *peer)
{
	step_trace(step, TRACE_PEER_REFUSED, NULL, NULL, 0);
	peer_close(step, peer->conn);
	sync_down(&step->node->sync, peer);
}

/* Our ADDs from device 0's side down, for one who may not know us yet. */
static size_t peer_chain(const struct node *node, uint32_t author,
			 const struct item **ret)
{
	const struct rank *rank = &node->set.authors[author].rank;
	size_t n = 0;

	for (size_t i = 1; i < rank->depth && n < CHAIN_ADDS; i++) {
		uint32_t add = set_find(&node->set, rank->path[i].add);

		if (add != NONE && set_head(&node->set, add))
			ret[n++] = set_head(&node->set, add);
	}
	if (rank->depth && rank->path[0].ordinal < 0 && n < CHAIN_ADDS) {
		uint32_t add = set_find(&node->set, rank->path[0].add);

		memmove(ret + 1, ret, n * sizeof(*ret));
		ret[0] = set_head(&node->set, add);
		n++;
	}
	return n;
}

static bool peer_knows_us(const struct node *node, uint32_t author)
{
	uint32_t add = node->set.authors[node->self_author].add;

	if (add == NONE || set_class(&node->set, add) != 0)
		return false;
	for (unsigned i = 0; i < HOLDER_SLOTS; i++)
		if (node->sync.holder_slots[i] == author)
			return node->set.items[add].holders >> i & 1;
	return false;
}

static ProtobufCBinaryData binary(const uint8_t *p, size_t n)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} u = { .in = p };

	return (ProtobufCBinaryData){ n, u.out };
}

static int peer_greet(struct step *step, struct sync_peer *peer)
{
	struct node *node = step->node;
	Fob__Hello hello = FOB__HELLO__INIT;
	Fob__Item items[CHAIN_ADDS], *list[CHAIN_ADDS];
	const struct item *chain[CHAIN_ADDS] = { NULL };
	size_t n = 0;

	if (peer->leader && node->self_author != NONE &&
	    !peer_knows_us(node, peer->author))
		n = peer_chain(node, node->self_author, chain);
	for (size_t i = 0; i < n; i++) {
		fob__item__init(&items[i]);
		items[i].body = binary(chain[i]->body, chain[i]->body_len);
		items[i].signature =
			binary(chain[i]->signature, SIGNATURE_SIZE);
		list[i] = &items[i];
	}
	hello.version = 1;
	hello.n_chain = n;
	hello.chain = list;
	return sync_begin(&node->sync, peer, &hello);
}

static int peer_known(struct step *step, struct sync_peer *peer,
		      uint32_t author)
{
	struct node *node = step->node;
	struct sync_peer *old = sync_peer_of(&node->sync, author);

	if (author == node->self_author || !node->set.authors[author].member) {
		if (author < node->n_dials)
			node->dials[author].next =
				node->mono + SELF_DIAL_REST_MS;
		peer_refuse(step, peer);
		return 0;
	}
	if (old && old != peer && !peer_replaces(node, old, peer->leader)) {
		peer_refuse(step, peer);
		return 0;
	}
	if (old && old != peer) {
		peer_close(step, old->conn);
		sync_down(&node->sync, old);
	}
	peer->author = author;
	step_trace(step, TRACE_PEER_UP, node->set.authors[author].id, NULL, 0);
	call_tell(step, "sync", BYTES(node->set.authors[author].id),
		  "connected");
	return peer->leader ? peer_greet(step, peer) : 0;
}

static int peer_up(struct step *step)
{
	struct node *node = step->node;
	const struct event *event = step->event;
	bool dialed = event->conn & CONN_DIALED;
	struct sync_peer *peer;
	uint32_t author;

	/* A joiner may not have its ADD yet, but its sponsor does. */
	if (!node->self || (node->self_author == NONE &&
			    (node->state != NODE_JOINING || !dialed))) {
		peer_close(step, event->conn);
		return 0;
	}
	if (peer_dials(node) < 0)
		return -ENOMEM;
	peer = sync_up(&node->sync, event->conn, NONE, event->hash, dialed);
	if (!peer) {
		peer_close(step, event->conn);
		return 0;
	}
	memcpy(peer->remote, event->remote, KEY_SIZE);
	author = peer_author(node, event->remote);
	if (author != NONE)
		return peer_known(step, peer, author);
	if (dialed)
		peer_refuse(step, peer);
	return 0; /* a stranger has its chain to show first */
}

static int peer_down(struct step *step)
{
	struct node *node = step->node;
	struct sync_peer *peer = sync_peer(&node->sync, step->event->conn);

	if (peer) {
		peer_end(step, peer);
		return 0;
	}
	for (size_t i = 0; i < node->n_dials; i++) {
		struct dial *dial = &node->dials[i];
		uint16_t jitter;

		if (dial->conn != step->event->conn)
			continue;
		dial->conn = 0;
		step_random(step, &jitter, sizeof(jitter));
		dial->delay = dial->delay ? 2 * dial->delay : DIAL_MIN_MS;
		if (dial->delay > DIAL_MAX_MS)
			dial->delay = DIAL_MAX_MS;
		dial->next = node->mono + dial->delay +
			     dial->delay * jitter / 65536 / 2;
	}
	return 0;
}

/* --- messages -------------------------------------------------------------------- */

static int peer_hello(struct step *step, struct sync_peer *peer,
		      const Fob__Hello *hello)
{
	struct node *node = step->node;
	size_t n = size_min(hello->n_chain, CHAIN_ADDS);
	uint32_t index, author;
	int r = 0;

	peer->greeted = true;
	if (peer->author == NONE) {
		for (size_t i = 0; i < n && r >= 0; i++) {
			struct take take = { .conn = peer->conn };

			take.body = (struct bytes){ hello->chain[i]->body.data,
						    hello->chain[i]->body.len };
			take.signature = (struct bytes){
				hello->chain[i]->signature.data,
				hello->chain[i]->signature.len
			};
			r = take_item(step, &take, &index);
		}
		if (r >= 0)
			r = take_settle(step);
		author = peer_author(node, peer->remote);
		if (r < 0)
			return r;
		if (author == NONE || peer_dials(node) < 0) {
			peer_refuse(step, peer);
			return 0;
		}
		r = peer_known(step, peer, author);
		if (r < 0 || peer->author == NONE)
			return r;
	}
	return peer->leader ? 0 : peer_greet(step, peer);
}

static void peer_protocol(struct step *step, struct sync_peer *peer)
{
	step_trace(step, TRACE_PEER_PROTOCOL,
		   peer->author == NONE ?
			   NULL :
			   step->node->set.authors[peer->author].id,
		   NULL, 0);
	peer_close(step, peer->conn);
	peer_end(step, peer);
}

struct peer_items {
	uint8_t ids[ITEMS_PER_MESSAGE][ID_SIZE];
	uint8_t tags[ITEMS_PER_MESSAGE][SYNC_TAG];
	bool taken[ITEMS_PER_MESSAGE];
};

static int peer_item(struct step *step, struct sync_peer *peer,
		     const Fob__Item *item, struct peer_items *ret, size_t i)
{
	struct take take = { .conn = peer->conn };
	uint32_t index;
	int r;

	take.body = (struct bytes){ item->body.data, item->body.len };
	take.signature =
		(struct bytes){ item->signature.data, item->signature.len };
	take.blob = (struct bytes){ item->blob.data, item->blob.len };
	if (take.body.n > BODY_MAX || take.blob.n > BLOB_MAX ||
	    take.signature.n != SIGNATURE_SIZE)
		return 0;
	item_hash(ret->ids[i], take.body.p, take.body.n);
	r = take_item(step, &take, &index);
	if (r < 0)
		return r;
	ret->taken[i] = r == 0 || r == SET_ERR_HELD;
	sync_tag(peer, ret->ids[i], take.blob, ret->tags[i]);
	if (ret->taken[i]) {
		unsigned slot =
			sync_holder_slot(&step->node->sync, peer->author);

		if (slot < HOLDER_SLOTS)
			sync_holds(&step->node->sync, index, slot);
	}
	return 0;
}

static int peer_take(struct step *step, struct sync_peer *peer,
		     const Fob__Items *items)
{
	AUTO_FREE struct peer_items *found = calloc(1, sizeof(*found));
	struct sync_taken taken;
	int r = 0;

	if (!found)
		return -ENOMEM;
	if (items->n_items > ITEMS_PER_MESSAGE || items->absent.len % ID_SIZE)
		return SYNC_ERR_PROTOCOL;
	for (size_t i = 0; i < items->n_items && r == 0; i++)
		r = peer_item(step, peer, items->items[i], found, i);
	if (r < 0)
		return r;
	r = take_settle(step);
	if (r < 0 || !peer->conn)
		return r;
	taken = (struct sync_taken){ items, found->ids, found->taken,
				     found->tags };
	return sync_items(&step->node->sync, peer, &taken);
}

static void peer_put_status(struct step *step, uint32_t author)
{
	struct node *node = step->node;
	const struct device_status *status =
		statuses_find(&node->statuses, author);

	if (status)
		effects_soft(step->effects, TABLE_STATUS,
			     BYTES(node->set.authors[author].id),
			     (struct bytes){ status->packed,
					     status->packed_len });
}

static int peer_say_status(struct step *step, struct sync_peer *peer,
			   uint32_t author)
{
	struct node *node = step->node;
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Statuses statuses = FOB__STATUSES__INIT;
	Fob__Status *list[1], *one;
	int r;

	if (!status)
		return 0;
	one = fob__status__unpack(NULL, status->packed_len, status->packed);
	if (!one)
		return -ENOMEM;
	list[0] = one;
	statuses.clock = (uint64_t)node->wall;
	statuses.n_statuses = 1;
	statuses.statuses = list;
	message.statuses = &statuses;
	r = sync_say(&node->sync, peer, &message);
	fob__status__free_unpacked(one, NULL);
	return r;
}

static int peer_spread_status(struct step *step, uint32_t author, uint32_t from)
{
	struct node *node = step->node;
	int r = 0;

	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (peer->conn && peer->up && peer->conn != from &&
		    peer->author != author && peer->statuses_said)
			r = peer_say_status(step, peer, author);
	}
	return r;
}

static int peer_statuses(struct step *step, struct sync_peer *peer,
			 const Fob__Statuses *statuses)
{
	struct node *node = step->node;
	uint8_t packed[STATUS_ROW_MAX];
	uint32_t author;
	int r = 0;

	if (statuses->n_statuses > LIST_MAX)
		return SYNC_ERR_PROTOCOL;
	peer->clock_known = statuses->clock != 0;
	peer->clock_offset = (int64_t)statuses->clock - node->wall;
	for (size_t i = 0; i < statuses->n_statuses && r == 0; i++) {
		size_t n = fob__status__get_packed_size(statuses->statuses[i]);

		if (n > sizeof(packed))
			return SYNC_ERR_PROTOCOL;
		fob__status__pack(statuses->statuses[i], packed);
		r = statuses_take(&node->statuses, &node->set,
				  (struct bytes){ packed, n },
				  (uint64_t)node->wall, &author);
		if (r > 0) {
			r = 0;
			continue;
		}
		if (r < 0)
			return r;
		statuses_open(&node->statuses, node->nets, node->n_nets);
		step_trace(step, TRACE_STATUS, node->set.authors[author].id,
			   NULL, 0);
		peer_put_status(step, author);
		r = peer_spread_status(step, author, peer->conn);
	}
	return r;
}

static int peer_bye(struct step *step, struct sync_peer *peer,
		    const Fob__Bye *bye)
{
	struct take take = { .conn = peer->conn };
	uint32_t index;
	int r = 0;

	if (bye->item) {
		take.body = (struct bytes){ bye->item->body.data,
					    bye->item->body.len };
		take.signature = (struct bytes){ bye->item->signature.data,
						 bye->item->signature.len };
		r = take_item(step, &take, &index);
	}
	return r < 0 ? r : 0;
}

static int peer_dispatch(struct step *step, struct sync_peer *peer,
			 const Fob__PeerMessage *message)
{
	uint32_t conn = peer->conn;
	int r = 0;

	if (!peer->greeted && !message->hello)
		return SYNC_ERR_PROTOCOL;
	if (message->hello && !peer->greeted)
		r = peer_hello(step, peer, message->hello);
	if (r || peer->conn != conn || !peer->up)
		return r; /* it was refused */
	if (message->items)
		return peer_take(step, peer, message->items);
	if (message->statuses)
		return peer_statuses(step, peer, message->statuses);
	if (message->bye)
		return peer_bye(step, peer, message->bye);
	return sync_message(&step->node->sync, peer, message);
}

static int peer_message(struct step *step)
{
	struct node *node = step->node;
	struct sync_peer *peer = sync_peer(&node->sync, step->event->conn);
	struct budget budget;
	Fob__PeerMessage *message;
	int r = SYNC_ERR_PROTOCOL;

	if (!peer)
		return 0; /* closed by us, and more was on its way */
	peer->heard = node->mono;
	budget_init(&budget, false);
	message = fob__peer_message__unpack(
		&budget.allocator, step->event->data.n, step->event->data.p);
	if (message) {
		r = peer_dispatch(step, peer, message);
		fob__peer_message__free_unpacked(message, &budget.allocator);
	}
	budget_deinit(&budget);
	if (r > 0 && peer->conn == step->event->conn)
		peer_protocol(step, peer);
	return r < 0 ? r : 0;
}

static int peer_listening(struct step *step)
{
	struct node *node = step->node;
	const struct event *event = step->event;
	size_t n = size_min(event->n_addresses, ADDRESSES_MAX);

	free(node->addresses);
	node->n_addresses = 0;
	node->addresses = calloc(n + 1, sizeof(*node->addresses));
	if (!node->addresses)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(event->addresses[i]);

		if (length >= sizeof(*node->addresses))
			continue;
		memcpy(node->addresses[node->n_addresses++],
		       event->addresses[i], length + 1);
	}
	node->status_owed = true;
	return 0;
}

static void peer_renew(struct step *step)
{
	struct node *node = step->node;
	struct sync_peer *peer = sync_peer(&node->sync, step->event->conn);

	if (!peer || !peer->leader)
		return;
	peer_close(step, peer->conn);
	peer_end(step, peer);
}

int peer_event(struct step *step)
{
	switch (step->event->type) {
	case EVENT_PEER_UP:
		return peer_up(step);
	case EVENT_PEER_MESSAGE:
		return peer_message(step);
	case EVENT_PEER_DOWN:
		return peer_down(step);
	case EVENT_PEER_RENEW:
		peer_renew(step);
		return 0;
	case EVENT_LISTENING:
		return peer_listening(step);
	default:
		return 0;
	}
}

/* --- after the event --------------------------------------------------------------- */

int peer_fresh(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	for (size_t i = 0; i < node->n_fresh && r == 0; i++) {
		const struct set_item *item =
			&node->set.items[node->fresh[i].item];

		r = sync_fresh(&node->sync, node->fresh[i].item,
			       node->fresh[i].conn);
		if (item_class(item->kind) == 2)
			call_tell(step, "entry",
				  BYTES(node->set.records[item->content].id),
				  "changed");
		else if (item_class(item->kind) == 0)
			call_tell(step, "device", BYTES(item->id), "changed");
	}
	node->n_fresh = 0;
	return r;
}

static int peer_bye_revoked(struct step *step, struct sync_peer *peer)
{
	struct node *node = step->node;
	const struct set_author *author = &node->set.authors[peer->author];
	const struct item *revoke =
		author->revoke == NONE ? NULL :
					 set_head(&node->set, author->revoke);
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Bye bye = FOB__BYE__INIT;
	Fob__Item item = FOB__ITEM__INIT;
	int r;

	if (revoke) {
		item.body = binary(revoke->body, revoke->body_len);
		item.signature = binary(revoke->signature, SIGNATURE_SIZE);
		bye.item = &item;
	}
	bye.reason = 1;
	message.bye = &bye;
	r = sync_say(&node->sync, peer, &message);
	step_trace(step, TRACE_REVOKED, author->id, NULL, 0);
	return r;
}

static int peer_drain(struct step *step)
{
	struct sync *sync = &step->node->sync;

	for (size_t i = 0; i < sync->n_out; i++)
		effects_take(step->effects, EFFECT_SEND, sync->out[i].conn,
			     sync->out[i].data, sync->out[i].n);
	sync->n_out = 0;
	return 0;
}

int peer_membership(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	if (peer_dials(node) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (!peer->conn || peer->author == NONE ||
		    node->set.authors[peer->author].member)
			continue;
		if (peer->up)
			r = peer_bye_revoked(step, peer);
		peer_drain(step);
		peer_close(step, peer->conn);
		peer_end(step, peer);
	}
	return r;
}

/* All that we know, once in a session, when there is time for it. */
static int peer_say_statuses(struct step *step, struct sync_peer *peer)
{
	struct node *node = step->node;
	int r = 0;

	if (peer->statuses_said || !peer->up || !peer->greeted ||
	    peer->run != SYNC_IDLE)
		return 0;
	peer->statuses_said = true;
	for (uint32_t i = 0; i < node->set.n_authors && r == 0; i++)
		if (node->set.authors[i].member)
			r = peer_say_status(step, peer, i);
	return r;
}

int peer_flush(struct step *step)
{
	struct node *node = step->node;
	int r = sync_settle(&node->sync);

	for (uint32_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (!peer->conn || !peer->up)
			continue;
		r = peer_serve(step, i);
		if (r == 0)
			r = peer_say_statuses(step, peer);
	}
	return r < 0 ? r : peer_drain(step);
}

/* --- time ---------------------------------------------------------------------------- */

static const char *peer_address(const struct node *node, uint32_t author,
				uint32_t which)
{
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	uint32_t n = 0;

	for (size_t i = 0; i < node->n_by_hand; i++)
		if (!memcmp(node->by_hand[i].device,
			    node->set.authors[author].id, DEVICE_ID_SIZE) &&
		    n++ == which)
			return node->by_hand[i].address;
	for (uint32_t i = 0; status && i < status->n_addresses; i++)
		if (n++ == which)
			return status->addresses[i];
	return NULL;
}

static bool peer_dialable(const struct node *node, uint32_t author)
{
	return author != node->self_author &&
	       node->set.authors[author].member && !node->dials[author].conn &&
	       peer_address(node, author, 0) &&
	       !sync_peer_of((struct sync *)(uintptr_t)&node->sync, author);
}

static void peer_dial(struct step *step, uint32_t author)
{
	struct node *node = step->node;
	struct dial *dial = &node->dials[author];
	const char *address = peer_address(node, author, dial->tried);
	struct effect *effect;

	if (!address) {
		dial->tried = 0;
		address = peer_address(node, author, 0);
	}
	dial->tried++;
	node->next_dial = (node->next_dial + 1) & ~CONN_DIALED;
	dial->conn = node->next_dial | CONN_DIALED;
	effect = effects_add(step->effects, EFFECT_DIAL);
	effect->conn = dial->conn;
	memcpy(effect->address, address,
	       size_min(strlen(address), sizeof(effect->address) - 1));
	memcpy(effect->remote, node->set.authors[author].transport, KEY_SIZE);
}

static bool peer_may_dial(const struct node *node)
{
	if (!node->self || node->n_dials != node->set.n_authors)
		return false;
	if (node->self_author == NONE)
		return node->state == NODE_JOINING &&
		       (!node->join || node->join->stage > JOIN_SIGNED);
	return node->set.authors[node->self_author].member;
}

static bool peer_any(const struct node *node)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (node->sync.peers[i].conn && node->sync.peers[i].up)
			return true;
	return false;
}

static int peer_make_status(struct step *step)
{
	struct node *node = step->node;
	uint8_t row[STATUS_ROW_MAX], root[ID_SIZE], fresh[40];
	struct status_profile profile = { 0 };
	uint32_t author;
	size_t n;
	int r;

	node->status_owed = false;
	node->status_at = node->mono + STATUS_DELAY_MS;
	set_root_all(&node->set, root);
	profile.vault_id = node->set.vault_id;
	profile.name = node->name;
	profile.addresses = (const char(*)[64])node->addresses;
	profile.n_addresses = node->n_addresses;
	profile.time = (uint64_t)node->wall;
	profile.count = (uint64_t)node->set.n_carried[0] +
			node->set.n_carried[1] + node->set.n_carried[2];
	profile.root = root;
	profile.version = node->config.version;
	step_random(step, fresh, sizeof(fresh));
	n = status_make(row, node->self, &profile,
			node->n_nets && !node->config.keeper ? &node->nets[0] :
							       NULL,
			fresh);
	r = statuses_take(&node->statuses, &node->set, (struct bytes){ row, n },
			  0, &author);
	if (r)
		return r < 0 ? r : 0;
	statuses_open(&node->statuses, node->nets, node->n_nets);
	peer_put_status(step, author);
	return peer_spread_status(step, author, 0);
}

static int peer_ends(struct step *step)
{
	struct node *node = step->node;

	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (!peer->conn)
			continue;
		if (!sync_dead(&node->sync, peer) &&
		    (peer->greeted || peer->author != NONE ||
		     node->mono - peer->heard < HANDSHAKE_MS))
			continue;
		peer_close(step, peer->conn);
		peer_end(step, peer);
	}
	return sync_tick(&node->sync);
}

/* A debt of keys that nobody paid in the step that made it. */
static bool peer_keys_owed(const struct node *node)
{
	if (!node_may_read(node) || node->self_author == NONE ||
	    !node->set.authors[node->self_author].member)
		return false;
	for (uint32_t i = 0; i < node->roster.n_groups; i++) {
		uint32_t group = node->roster.groups[i].group;

		if (!roster_reads(&node->roster, group, node->self_author))
			continue;
		if (keyring_rotation_owed(&node->keyring, group,
					  node->self_author) ||
		    keyring_grant_owed(&node->keyring, group) != NONE)
			return true;
	}
	return false;
}

static int peer_pay_keys(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	for (uint32_t i = 0; i < node->roster.n_groups && r >= 0; i++) {
		uint32_t group = node->roster.groups[i].group;
		uint32_t owed;

		if (!roster_reads(&node->roster, group, node->self_author))
			continue;
		if (keyring_rotation_owed(&node->keyring, group,
					  node->self_author))
			r = write_key(step, group, NONE);
		owed = keyring_grant_owed(&node->keyring, group);
		if (r >= 0 && owed != NONE)
			r = write_grants(step, owed);
	}
	return r < 0 ? r : 0;
}

static int peer_keys(struct step *step)
{
	struct node *node = step->node;
	uint32_t jitter;

	if (!peer_keys_owed(node)) {
		node->keys_at = 0;
		return 0;
	}
	if (!node->keys_at) {
		step_random(step, &jitter, sizeof(jitter));
		node->keys_at =
			node->mono + ROTATE_JITTER_MIN_MS +
			jitter % (ROTATE_JITTER_MAX_MS - ROTATE_JITTER_MIN_MS);
		if (node->keys_at < node->keys_rest)
			node->keys_at = node->keys_rest;
	}
	if (node->keys_at > node->mono)
		return 0;
	node->keys_at = 0;
	node->keys_rest = node->mono + ROTATE_REST_MS;
	return peer_pay_keys(step);
}

int peer_timers(struct step *step)
{
	struct node *node = step->node;
	int r = peer_ends(step);

	if (r < 0)
		return r;
	if (peer_may_dial(node))
		for (uint32_t i = 0; i < node->set.n_authors; i++)
			if (node->dials[i].next <= node->mono &&
			    peer_dialable(node, i))
				peer_dial(step, i);
	if (node->status_owed && node->status_at <= node->mono &&
	    node->self_author != NONE && peer_any(node))
		r = peer_make_status(step);
	if (r == 0)
		r = peer_keys(step);
	if (r == 0)
		r = peer_soft(step);
	return r < 0 ? r : load_check(step);
}

uint64_t peer_deadline(const struct node *node)
{
	uint64_t at = sync_deadline(&node->sync);

	for (size_t i = 0; i < PEERS_MAX; i++)
		if (node->sync.peers[i].conn && !node->sync.peers[i].greeted &&
		    node->sync.peers[i].heard + HANDSHAKE_MS < at)
			at = node->sync.peers[i].heard + HANDSHAKE_MS;
	if (peer_may_dial(node))
		for (uint32_t i = 0; i < node->set.n_authors; i++)
			if (node->dials[i].next < at && peer_dialable(node, i))
				at = node->dials[i].next;
	if (node->status_owed && node->status_at < at && peer_any(node))
		at = node->status_at;
	if (node->keys_at && node->keys_at < at)
		at = node->keys_at;
	if (node->sync.masks_dirty && node->soft_at < at)
		at = node->soft_at;
	return at;
}
