/*
 * Items on their way to a peer: tips before their ancestors, so that one
 * signature vouches for a whole chain; class 0 in the order in which it was
 * learnt, so that nobody meets an item before its author.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/peer/sync.h"

/* Head, hashes and signature of an ENTRY without parents, about. */
#define ENTRY_BYTES 512
#define LINK_BYTES 40

static void unacked_free(struct sync_unacked *unacked)
{
	free(unacked->items);
	free(unacked->tags);
	memset(unacked, 0, sizeof(*unacked));
}

void sync_serve_reset(struct sync_peer *peer)
{
	for (size_t i = 0; i < peer->n_unacked; i++)
		unacked_free(&peer->unacked[i]);
	peer->n_unacked = 0;
	free(peer->serve);
	peer->serve = NULL;
	peer->n_serve = peer->cap_serve = peer->served = 0;
	id_list_deinit(&peer->absent);
}

struct order {
	uint8_t *wanted; /* a byte for each item: 1 wanted, 2 has a
				 * wanted successor, 4 written */
	uint32_t *out;
	size_t n;
};

static void order_chain(const struct set *set, struct order *order,
			uint32_t item)
{
	while (item != NONE && (order->wanted[item] & 5) == 1) {
		order->wanted[item] |= 4;
		order->out[order->n++] = item;
		item = set->items[item].prev;
	}
}

static int by_seq(const void *a, const void *b)
{
	const struct set_item *const *x = a, *const *y = b;

	return (*x)->seq < (*y)->seq ? -1 : (*x)->seq > (*y)->seq;
}

/* Class 0 goes first, by the order in which it came here. */
static int order_class0(const struct set *set, struct order *order,
			const uint32_t *list, size_t n)
{
	AUTO_FREE const struct set_item **sorted = NULL;
	size_t found = 0;

	sorted = malloc((n + 1) * sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (set_class(set, list[i]) == 0)
			sorted[found++] = &set->items[list[i]];
	qsort(sorted, found, sizeof(*sorted), by_seq);
	for (size_t i = 0; i < found; i++) {
		uint32_t item = (uint32_t)(sorted[i] - set->items);

		if (order->wanted[item] & 4)
			continue;
		order->wanted[item] |= 4;
		order->out[order->n++] = item;
	}
	return 0;
}

static int serve_sort(struct sync *sync, struct sync_peer *peer)
{
	const struct set *set = sync->set;
	const uint32_t *list = peer->serve + peer->served;
	size_t n = peer->n_serve - peer->served;
	struct order order = { 0 };
	int r = -ENOMEM;

	peer->serve_stale = false;
	if (n < 2)
		return 0;
	order.wanted = calloc(set->n_items, 1);
	order.out = malloc(n * sizeof(*order.out));
	if (!order.wanted || !order.out)
		goto out;
	for (size_t i = 0; i < n; i++)
		order.wanted[list[i]] |= 1;
	for (size_t i = 0; i < n; i++)
		if (set->items[list[i]].prev != NONE)
			order.wanted[set->items[list[i]].prev] |= 2;
	r = order_class0(set, &order, list, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!(order.wanted[list[i]] & 2))
			order_chain(set, &order, list[i]);
	for (size_t i = 0; r == 0 && i < n; i++)
		order_chain(set, &order, list[i]);
	if (r == 0) {
		memcpy(peer->serve, order.out, order.n * sizeof(*order.out));
		peer->n_serve = order.n;
		peer->served = 0;
	}
out:
	free(order.wanted);
	free(order.out);
	return r;
}

int sync_queue(struct sync *sync, struct sync_peer *peer, uint32_t item)
{
	uint32_t *grown;
	size_t cap;

	/* Whoever asks for the same again and again makes no list grow. */
	if (peer->n_serve - peer->served > 2 * (size_t)sync->set->n_items &&
	    serve_sort(sync, peer) < 0)
		return -ENOMEM;
	if (peer->n_serve == peer->cap_serve) {
		cap = peer->cap_serve ? 2 * peer->cap_serve : 32;
		grown = realloc(peer->serve, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		peer->serve = grown;
		peer->cap_serve = cap;
	}
	peer->serve[peer->n_serve++] = item;
	peer->serve_stale = true;
	return 0;
}

static size_t serve_estimate(const struct set *set, uint32_t item)
{
	const struct item *head = set_head(set, item);

	if (head)
		return head->body_len + SIGNATURE_SIZE + 16;
	return ENTRY_BYTES + (size_t)set->items[item].n_links * LINK_BYTES +
	       set->items[item].blob_len;
}

size_t sync_serve_next(struct sync *sync, struct sync_peer *peer, uint32_t *ret,
		       size_t max)
{
	size_t n = 0, bytes = 0;

	if (!peer->up || peer->loading || peer->serve_hold ||
	    peer->n_unacked == UNACKED_MAX || peer->served == peer->n_serve)
		return 0;
	if (peer->serve_stale && serve_sort(sync, peer) < 0)
		return 0;
	while (peer->served < peer->n_serve && n < max &&
	       n < ITEMS_PER_MESSAGE) {
		uint32_t item = peer->serve[peer->served];

		bytes += serve_estimate(sync->set, item);
		if (n && bytes > ITEMS_BYTES)
			break;
		ret[n++] = item;
		peer->served++;
	}
	if (peer->served == peer->n_serve)
		peer->served = peer->n_serve = 0;
	peer->loading = n > 0;
	return n;
}

void sync_tag(const struct sync_peer *peer, const uint8_t id[static ID_SIZE],
	      struct bytes blob, uint8_t ret[static SYNC_TAG])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, peer->key, sizeof(peer->key), SYNC_TAG);
	crypto_generichash_update(&state, id, ID_SIZE);
	if (blob.n)
		crypto_generichash_update(&state, blob.p, blob.n);
	crypto_generichash_final(&state, ret, SYNC_TAG);
}

/* Items of one message, made to point at what was read. */
struct pack {
	Fob__Item items[ITEMS_PER_MESSAGE];
	Fob__Item *list[ITEMS_PER_MESSAGE];
	size_t n, bytes;
};

static ProtobufCBinaryData binary(struct bytes b)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} p = { .in = b.p };

	return (ProtobufCBinaryData){ b.n, b.n ? p.out : NULL };
}

static void pack_add(struct pack *pack, const struct sync_load *load)
{
	Fob__Item *item = &pack->items[pack->n];

	fob__item__init(item);
	item->body = binary(load->body);
	item->signature = binary(load->signature);
	item->blob = binary(load->blob);
	pack->bytes += fob__item__get_packed_size(item) + 4;
	pack->list[pack->n++] = item;
}

static int serve_remember(struct sync *sync, struct sync_peer *peer,
			  struct sync_unacked *unacked,
			  const struct sync_load *load)
{
	const struct set_item *item = &sync->set->items[load->item];

	/* Of what is to have a blob, a stub that arrived is no copy. */
	unacked->items[unacked->n] =
		(item->flags & SET_HAS_BLOB) && !load->blob.n ? NONE :
								load->item;
	sync_tag(peer, item->id, load->blob, unacked->tags[unacked->n]);
	unacked->n++;
	peer->last_prev = item->prev;
	return 0;
}

static int serve_send(struct sync *sync, struct sync_peer *peer,
		      struct pack *pack)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Items items = FOB__ITEMS__INIT;

	items.seq = ++peer->seq;
	items.n_items = pack->n;
	items.items = pack->list;
	message.items = &items;
	return sync_say(sync, peer, &message);
}

int sync_say_absent(struct sync *sync, struct sync_peer *peer)
{
	int r = 0;

	for (size_t i = 0; i < peer->absent.n && r == 0; i += IDS_PER_MESSAGE) {
		Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
		Fob__Items items = FOB__ITEMS__INIT;
		size_t n = size_min(peer->absent.n - i, IDS_PER_MESSAGE);

		items.seq = ++peer->seq;
		items.absent.data = peer->absent.ids + i * ID_SIZE;
		items.absent.len = n * ID_SIZE;
		message.items = &items;
		r = sync_say(sync, peer, &message);
	}
	id_list_deinit(&peer->absent);
	return r;
}

int sync_serve(struct sync *sync, struct sync_peer *peer,
	       const struct sync_load *load, size_t n)
{
	AUTO_FREE struct pack *pack = calloc(1, sizeof(*pack));
	struct sync_unacked *unacked = &peer->unacked[peer->n_unacked];
	int r = 0;

	peer->loading = false;
	REQUIRE(peer->n_unacked < UNACKED_MAX && n <= ITEMS_PER_MESSAGE);
	if (!pack)
		return -ENOMEM;
	unacked->items = malloc((n + 1) * sizeof(*unacked->items));
	unacked->tags = malloc((n + 1) * sizeof(*unacked->tags));
	if (!unacked->items || !unacked->tags) {
		unacked_free(unacked);
		return -ENOMEM;
	}
	unacked->n = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		if (!load[i].body.n)
			r = id_list_add(&peer->absent,
					sync->set->items[load[i].item].id);
		else if (pack->bytes + load[i].body.n + load[i].blob.n +
				 SIGNATURE_SIZE + 64 >
			 MESSAGE_MAX - 1024)
			r = sync_queue(sync, peer, load[i].item);
		else {
			pack_add(pack, &load[i]);
			r = serve_remember(sync, peer, unacked, &load[i]);
		}
	}
	if (r == 0)
		r = sync_say_absent(sync, peer);
	if (r == 0 && pack->n)
		r = serve_send(sync, peer, pack);
	unacked->seq = peer->seq;
	if (!unacked->n)
		unacked_free(unacked);
	else
		peer->n_unacked++;
	return r;
}

/* The hash over the tags of those taken, as both sides make it. */
static void ack_hash(const struct sync_peer *peer,
		     const uint8_t (*tags)[SYNC_TAG], size_t n,
		     const uint8_t *taken, uint8_t ret[static SYNC_TAG])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, peer->key, sizeof(peer->key), SYNC_TAG);
	for (size_t i = 0; i < n; i++)
		if (taken[i / 8] >> (i % 8) & 1)
			crypto_generichash_update(&state, tags[i], SYNC_TAG);
	crypto_generichash_final(&state, ret, SYNC_TAG);
}

int sync_ack(struct sync *sync, struct sync_peer *peer, const Fob__Ack *ack)
{
	uint8_t hash[SYNC_TAG];
	struct sync_unacked *unacked = NULL;
	unsigned slot = sync_holder_slot(sync, peer->author);
	size_t at;

	for (at = 0; at < peer->n_unacked; at++)
		if (peer->unacked[at].seq == ack->seq)
			break;
	if (at == peer->n_unacked)
		return SYNC_ERR_PROTOCOL;
	unacked = &peer->unacked[at];
	if (ack->taken.len != (unacked->n + 7) / 8 ||
	    ack->hash.len != sizeof(hash))
		return SYNC_ERR_PROTOCOL;
	ack_hash(peer, (const uint8_t(*)[SYNC_TAG])unacked->tags, unacked->n,
		 ack->taken.data, hash);
	if (sodium_memcmp(hash, ack->hash.data, sizeof(hash)) != 0)
		return SYNC_ERR_PROTOCOL;
	for (size_t i = 0; i < unacked->n && slot < HOLDER_SLOTS; i++)
		if ((ack->taken.data[i / 8] >> (i % 8) & 1) &&
		    unacked->items[i] != NONE)
			sync_holds(sync, unacked->items[i], slot);
	unacked_free(unacked);
	peer->n_unacked--;
	memmove(unacked, unacked + 1,
		(peer->n_unacked - at) * sizeof(*unacked));
	memset(&peer->unacked[peer->n_unacked], 0, sizeof(*unacked));
	return 0;
}

int sync_items(struct sync *sync, struct sync_peer *peer,
	       const struct sync_taken *what)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Ack ack = FOB__ACK__INIT;
	uint8_t taken[ITEMS_PER_MESSAGE / 8] = { 0 }, hash[SYNC_TAG];
	size_t n = what->message->n_items;

	REQUIRE(n <= ITEMS_PER_MESSAGE);
	for (size_t i = 0; i < n; i++) {
		if (sync_asked_remove(sync, what->ids[i], peer))
			peer->n_asked--;
		else if (peer->n_blobs_asked)
			peer->n_blobs_asked--;
		if (what->taken[i])
			peer->asked_since = sync->now;
		if (what->taken[i])
			taken[i / 8] |= (uint8_t)(1u << (i % 8));
	}
	for (size_t i = 0; i + ID_SIZE <= what->message->absent.len;
	     i += ID_SIZE) {
		if (sync_asked_remove(sync, what->message->absent.data + i,
				      peer))
			peer->n_asked--;
		sync_lacks(sync, peer, what->message->absent.data + i);
	}
	if (!n)
		return 0;
	ack_hash(peer, what->tags, n, taken, hash);
	ack.seq = what->message->seq;
	ack.taken.data = taken;
	ack.taken.len = (n + 7) / 8;
	ack.hash.data = hash;
	ack.hash.len = sizeof(hash);
	message.ack = &ack;
	return sync_say(sync, peer, &message);
}
