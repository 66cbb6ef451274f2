/* Connections to other devices: who it is, what is said, whom to dial. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/reset.h"
#include "daemon/core/trust/exclusion.h"

void peer_close(struct step *step, uint32_t conn)
{
	struct rescue_line *line = rescue_line(step->node, conn);

	if (line)
		rescue_hang_up(step, line);
	else
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

void peer_end(struct step *step, struct sync_peer *peer)
{
	struct node *node = step->node;
	uint32_t author = peer->author;

	if (author != NONE) {
		step_trace(step, TRACE_PEER_DOWN, node->set.authors[author].id,
			   NULL, 0);
		call_tell(step, "sync", BYTES(node->set.authors[author].id),
			  "disconnected");
		if (author < node->n_dials && peer->greeted)
			dial_worked(&node->dials[author],
				    node->mono - peer->since);
		if (author < node->n_dials)
			dial_later(step, &node->dials[author]);
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
	size_t n = 0, bytes = 0;

	if (peer->leader && node->self_author != NONE &&
	    !peer_knows_us(node, peer->author))
		n = peer_chain(node, node->self_author, chain);
	for (size_t i = 0; i < n; i++) {
		bytes += chain[i]->body_len + SIGNATURE_SIZE + 16;
		if (bytes > CHAIN_BYTES) {
			n = i;
			break;
		}
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

static int peer_bye_revoked(struct step *step, struct sync_peer *peer);
static int peer_drain(struct step *step);

static bool peer_is_told(const struct node *node, uint32_t author)
{
	for (size_t i = 0; i < node->n_told; i++)
		if (node->told[i] == author)
			return true;
	return false;
}

static void peer_forget_told(struct node *node, size_t at)
{
	node->n_told--;
	memmove(&node->told[at], &node->told[at + 1],
		(node->n_told - at) * sizeof(node->told[0]));
}

/* From now on the channel answers it as little as any stranger. */
static int peer_told(struct step *step, uint32_t author)
{
	struct node *node = step->node;

	if (node->n_told == DENIED_MAX)
		peer_forget_told(node, 0);
	node->told[node->n_told++] = author;
	return start_channel_keys(step);
}

/* Who is a member again, since its revoker is none, is heard again. */
static int peer_pardon(struct step *step)
{
	struct node *node = step->node;
	size_t before = node->n_told;

	for (size_t i = node->n_told; i-- > 0;)
		if (node->set.authors[node->told[i]].member)
			peer_forget_told(node, i);
	return node->n_told < before ? start_channel_keys(step) : 0;
}

/* Its new keys are in the vault, and it does not seem to know. */
static bool peer_is_behind(const struct node *node, uint32_t author)
{
	uint32_t revoke = node->set.authors[author].revoke;
	const struct item *add =
		revoke == NONE ?
			NULL :
			reset_add_of(node, set_head(&node->set, revoke));
	uint8_t id[DEVICE_ID_SIZE];

	if (!add)
		return false;
	item_device_id(id, add->head->add->device);
	return !statuses_find(&node->statuses, set_author(&node->set, id));
}

/* One that was put out while it was away is told so, by whom, and once. */
static int peer_turn_away(struct step *step, struct sync_peer *peer,
			  uint32_t author)
{
	int r = 0;

	if (exclusion_of(&step->node->set, author) != NONE &&
	    !peer_is_told(step->node, author)) {
		peer->author = author;
		r = peer_bye_revoked(step, peer);
		peer_drain(step);
		if (r == 0 && !peer_is_behind(step->node, author))
			r = peer_told(step, author);
	}
	peer_refuse(step, peer);
	return r;
}

static int peer_known(struct step *step, struct sync_peer *peer,
		      uint32_t author)
{
	struct node *node = step->node;
	struct sync_peer *old = sync_peer_of(&node->sync, author);

	if (author == node->self_author || !node->set.authors[author].member) {
		dial_rest(step, peer->conn);
		return peer_turn_away(step, peer, author);
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
	if (dial_reserve(node) < 0)
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

struct sync_peer *peer_rescue(struct step *step, uint32_t conn,
			      const uint8_t hash[static 32], bool dialed)
{
	struct sync_peer *peer =
		sync_up(&step->node->sync, conn, NONE, hash, dialed);

	if (peer)
		peer->rescue = true;
	if (peer && dialed && peer_greet(step, peer) < 0)
		step->effects->failed = true;
	return peer;
}

static int peer_down(struct step *step)
{
	struct node *node = step->node;
	struct sync_peer *peer = sync_peer(&node->sync, step->event->conn);

	if (peer) {
		peer_end(step, peer);
		return 0;
	}
	for (size_t i = 0; i < node->n_dials; i++)
		if (node->dials[i].conn == step->event->conn)
			dial_later(step, &node->dials[i]);
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
	if (peer->author == NONE && !peer->rescue) {
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
		if (author == NONE || dial_reserve(node) < 0) {
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
	peer->later = peer->later || r == TAKE_LATER;
	ret->taken[i] = r == 0 || r == SET_ERR_HELD;
	sync_tag(peer, ret->ids[i], take.blob, ret->tags[i]);
	if (ret->taken[i]) {
		unsigned slot =
			sync_holder_slot(&step->node->sync, peer->author);

		/* Of what is to have a blob, a stub is no copy. */
		if (slot < HOLDER_SLOTS &&
		    (take.blob.n ||
		     !(step->node->set.items[index].flags & SET_HAS_BLOB)))
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

/* What a Bye says about us. 0, or a negative errno. */
static int peer_take_said(struct step *step, const struct sync_peer *peer,
			  const Fob__Item *item)
{
	struct take take = { .conn = peer->conn };
	uint32_t index;
	int r;

	if (!item || item->body.len > BODY_MAX ||
	    item->signature.len != SIGNATURE_SIZE)
		return 0;
	take.body = (struct bytes){ item->body.data, item->body.len };
	take.signature =
		(struct bytes){ item->signature.data, item->signature.len };
	r = take_item(step, &take, &index);
	return r < 0 ? r : 0;
}

static int peer_take_bye(struct step *step, struct sync_peer *peer,
			 const Fob__Bye *bye)
{
	int r = peer_take_said(step, peer, bye->add);

	return r < 0 ? r : peer_take_said(step, peer, bye->item);
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
	/* Whoever holds the kit is given all, and gives nothing. */
	if (peer->rescue && !peer->leader && (message->items || message->bye))
		return SYNC_ERR_PROTOCOL;
	if (message->items)
		return peer_take(step, peer, message->items);
	if (message->statuses)
		return statement_take(step, peer, message->statuses);
	if (message->bye)
		return peer_take_bye(step, peer, message->bye);
	if (message->reset)
		return reset_message(step, peer, message->reset);
	if (message->blob_gone)
		compact_gone(step->node, peer,
			     (struct bytes){ message->blob_gone->ids.data,
					     message->blob_gone->ids.len });
	return sync_message(&step->node->sync, peer, message);
}

int peer_message(struct step *step, uint32_t conn, struct bytes bytes)
{
	struct node *node = step->node;
	struct sync_peer *peer = sync_peer(&node->sync, conn);
	struct budget budget;
	Fob__PeerMessage *message;
	int r;

	if (!peer)
		return 0; /* closed by us, and more was on its way */
	peer->heard = node->mono;
	budget_init(&budget, false);
	message =
		fob__peer_message__unpack(&budget.allocator, bytes.n, bytes.p);
	r = budget_error(&budget, SYNC_ERR_PROTOCOL);
	if (message) {
		r = peer_dispatch(step, peer, message);
		fob__peer_message__free_unpacked(message, &budget.allocator);
	}
	budget_deinit(&budget);
	if (r > 0 && peer->conn == conn)
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
		return peer_message(step, step->event->conn, step->event->data);
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
		/* Kinds of a newer fob are of no record that we know. */
		if (item_class(item->kind) == 2 && item->content != NONE)
			call_tell(step, "entry",
				  BYTES(node->set.records[item->content].id),
				  "changed");
		else if (item_class(item->kind) == 0)
			call_tell(step, "device", BYTES(item->id), "changed");
		if (r == 0 && item_class(item->kind) == 0)
			r = logbook_member(step, node->fresh[i].item);
	}
	node->n_fresh = 0;
	return r;
}

static int peer_bye(struct step *step, struct sync_peer *peer,
		    const struct item *why)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Bye bye = FOB__BYE__INIT;
	Fob__Item item = FOB__ITEM__INIT, add = FOB__ITEM__INIT;
	const struct item *renewed = reset_add_of(step->node, why);

	if (why) {
		item.body = binary(why->body, why->body_len);
		item.signature = binary(why->signature, SIGNATURE_SIZE);
		bye.item = &item;
	}
	if (renewed) {
		add.body = binary(renewed->body, renewed->body_len);
		add.signature = binary(renewed->signature, SIGNATURE_SIZE);
		bye.add = &add;
	}
	bye.reason = 1;
	message.bye = &bye;
	return sync_say(&step->node->sync, peer, &message);
}

static int peer_bye_revoked(struct step *step, struct sync_peer *peer)
{
	struct node *node = step->node;
	uint32_t why = exclusion_of(&node->set, peer->author);

	step_trace(step, TRACE_REVOKED, node->set.authors[peer->author].id,
		   NULL, 0);
	return peer_bye(step, peer,
			why == NONE ? NULL : set_head(&node->set, why));
}

static int peer_drain(struct step *step)
{
	struct sync *sync = &step->node->sync;

	for (size_t i = 0; i < sync->n_out; i++) {
		struct sync_out *out = &sync->out[i];
		struct rescue_line *line = rescue_line(step->node, out->conn);

		if (!line) {
			effects_take(step->effects, EFFECT_SEND, out->conn,
				     out->data, out->n);
			continue;
		}
		rescue_say(step, line, (struct bytes){ out->data, out->n });
		free(out->data);
	}
	sync->n_out = 0;
	return 0;
}

int peer_membership(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	if (dial_reserve(node) < 0)
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
	return r < 0 ? r : peer_pardon(step);
}

int peer_leave(struct step *step)
{
	struct node *node = step->node;
	uint32_t tip = NONE;
	int r = 0;

	if (set_tips(&node->set, node->self_author, 0, &tip, 1) == 0)
		tip = NONE;
	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (!peer->conn || peer->author == NONE)
			continue;
		if (peer->up && tip != NONE)
			r = peer_bye(step, peer, set_head(&node->set, tip));
		peer_drain(step);
		peer_close(step, peer->conn);
		peer_end(step, peer);
	}
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
			r = statement_greet(step, peer);
	}
	return r < 0 ? r : peer_drain(step);
}

/* --- time ---------------------------------------------------------------------------- */
