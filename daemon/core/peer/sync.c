#include "daemon/core/peer/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sync_init(struct sync *sync, struct set *set)
{
	memset(sync, 0, sizeof(*sync));
	sync->set = set;
	for (unsigned i = 0; i < HOLDER_SLOTS; i++)
		sync->holder_slots[i] = NONE;
}

void sync_deinit(struct sync *sync)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (sync->peers[i].conn)
			sync_down(sync, &sync->peers[i]);
	for (size_t i = 0; i < sync->n_out; i++)
		free(sync->out[i].data);
	free(sync->out);
	free(sync->asked);
	memset(sync, 0, sizeof(*sync));
}

struct sync_peer *sync_up(struct sync *sync, uint32_t conn, uint32_t author,
			  const uint8_t key[static 32], bool leader)
{
	struct sync_peer *peer = NULL;

	for (size_t i = 0; i < PEERS_MAX && !peer; i++)
		if (!sync->peers[i].conn)
			peer = &sync->peers[i];
	if (!peer)
		return NULL;
	memset(peer, 0, sizeof(*peer));
	peer->conn = conn;
	peer->author = author;
	peer->leader = leader;
	peer->delay = RUN_DELAY_MIN_MS;
	peer->next_run = UINT64_MAX;
	peer->since = peer->heard = peer->said = sync->now;
	peer->last_prev = NONE;
	memcpy(peer->key, key, sizeof(peer->key));
	return peer;
}

void sync_ranges_free(struct sync_peer *peer)
{
	if (!peer->ranges)
		return;
	reconcile_deinit(peer->ranges);
	free(peer->ranges);
	peer->ranges = NULL;
}

void sync_down(struct sync *sync, struct sync_peer *peer)
{
	sync_asked_forget(sync, peer);
	sync_ranges_free(peer);
	sync_serve_reset(peer);
	id_list_deinit(&peer->want);
	id_list_deinit(&peer->announce);
	memset(peer, 0, sizeof(*peer));
}

struct sync_peer *sync_peer(struct sync *sync, uint32_t conn)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (sync->peers[i].conn == conn && conn)
			return &sync->peers[i];
	return NULL;
}

struct sync_peer *sync_peer_of(struct sync *sync, uint32_t author)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (sync->peers[i].conn && sync->peers[i].author == author)
			return &sync->peers[i];
	return NULL;
}

/* The first message carries our Hello too: it costs no message of its own. */
static Fob__PeerMessage sync_greet(struct sync_peer *peer,
				   const Fob__PeerMessage *message)
{
	static const Fob__Hello plain = FOB__HELLO__INIT;
	Fob__PeerMessage greeting = *message;
	union {
		const Fob__Hello *in;
		Fob__Hello *out;
	} hello = { .in = peer->hello ? peer->hello : &plain };

	if (!peer->said_hello)
		greeting.hello = hello.out;
	peer->said_hello = true;
	return greeting;
}

int sync_say(struct sync *sync, struct sync_peer *peer,
	     const Fob__PeerMessage *said)
{
	Fob__PeerMessage greeting = sync_greet(peer, said);
	const Fob__PeerMessage *message = &greeting;
	size_t n = fob__peer_message__get_packed_size(message);
	struct sync_out *grown;
	uint8_t *data;

	REQUIRE(n <= MESSAGE_MAX);
	if (sync->n_out == sync->cap_out) {
		size_t cap = sync->cap_out ? 2 * sync->cap_out : 16;

		grown = realloc(sync->out, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		sync->out = grown;
		sync->cap_out = cap;
	}
	data = malloc(n + 1);
	if (!data)
		return -ENOMEM;
	fob__peer_message__pack(message, data);
	sync->out[sync->n_out++] =
		(struct sync_out){ .conn = peer->conn, .data = data, .n = n };
	peer->said = sync->now;
	return 0;
}

/* --- ids on their way ------------------------------------------------------ */

/* Says a list of ids in as many messages as it takes, and empties it. */
int sync_say_ids(struct sync *sync, struct sync_peer *peer,
		 struct id_list *list, bool want, unsigned class)
{
	int r = 0;

	for (size_t i = 0; i < list->n && r == 0; i += IDS_PER_MESSAGE) {
		Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
		Fob__Want asks = FOB__WANT__INIT;
		Fob__Announce names = FOB__ANNOUNCE__INIT;
		size_t n = size_min(list->n - i, IDS_PER_MESSAGE);
		ProtobufCBinaryData ids = { n * ID_SIZE,
					    list->ids + i * ID_SIZE };

		asks.ids = names.ids = ids;
		asks.more = names.more = i + n < list->n;
		names.class_ = class;
		if (want)
			message.want = &asks;
		else
			message.announce = &names;
		r = sync_say(sync, peer, &message);
	}
	id_list_deinit(list);
	return r;
}

static bool sync_waits(const struct sync_peer *peer)
{
	return peer->n_asked || peer->n_blobs_asked;
}

/* Asks for what was found missing, each id of one peer at a time. */
int sync_ask(struct sync *sync, struct sync_peer *peer)
{
	AUTO_ID_LIST struct id_list asking = { 0 };
	int r = 0;

	if (peer->asked_rest > sync->now)
		peer->want.n = 0;
	for (size_t i = 0; i < peer->want.n && r == 0; i++) {
		const uint8_t *id = peer->want.ids + i * ID_SIZE;
		bool new = false;

		if (set_holds(sync->set, id))
			continue;
		r = sync_asked_add(sync, id, peer, &new);
		if (r == 0 && new) {
			if (!sync_waits(peer))
				peer->asked_first = sync->now;
			peer->n_asked++;
			peer->asked_since = sync->now;
			r = id_list_add(&asking, id);
		}
	}
	id_list_deinit(&peer->want);
	if (r < 0)
		return r;
	return sync_say_ids(sync, peer, &asking, true, 0);
}

/* Names cost nothing to make up; what is left out is found by a later run. */
void sync_want_cap(struct sync_peer *peer)
{
	size_t room = WANTED_MAX - size_min(peer->n_asked, WANTED_MAX);

	peer->want.n = size_min(peer->want.n, room);
}

static int sync_on_announce(struct sync *sync, struct sync_peer *peer,
			    const Fob__Announce *announce)
{
	int r = 0;

	if (announce->ids.len % ID_SIZE ||
	    announce->ids.len > IDS_PER_MESSAGE * ID_SIZE)
		return SYNC_ERR_PROTOCOL;
	if (announce->class_ >= CLASS_MAX)
		return SYNC_ERR_PROTOCOL;
	if (sync->full && announce->class_ == 2)
		return 0;
	if (peer->rescue && !peer->leader)
		return 0;
	for (size_t i = 0; i < announce->ids.len && r == 0; i += ID_SIZE)
		if (!set_holds(sync->set, announce->ids.data + i))
			r = id_list_add(&peer->want, announce->ids.data + i);
	sync_want_cap(peer);
	if (r < 0 || announce->more)
		return r;
	return sync_ask(sync, peer);
}

/*
 * Who serves a recovery may be no device any more: what other sources gave is
 * not for it, and those that are honest do not ask.
 */
static bool sync_gives_nothing(const struct sync_peer *peer)
{
	return peer->rescue && peer->leader;
}

static int sync_on_want(struct sync *sync, struct sync_peer *peer,
			const Fob__Want *want)
{
	int r = 0;

	if (want->ids.len % ID_SIZE || sync_gives_nothing(peer) ||
	    want->ids.len > IDS_PER_MESSAGE * ID_SIZE)
		return SYNC_ERR_PROTOCOL;
	for (size_t i = 0; i < want->ids.len && r == 0; i += ID_SIZE) {
		uint32_t item = set_find(sync->set, want->ids.data + i);

		if (item == NONE || !(sync->set->items[item].flags & SET_HELD))
			r = id_list_add(&peer->absent, want->ids.data + i);
		else
			r = sync_queue(sync, peer, item);
	}
	peer->serve_hold = want->more;
	return r < 0 ? r : sync_say_absent(sync, peer);
}

static int sync_on_blob_want(struct sync *sync, struct sync_peer *peer,
			     const Fob__BlobWant *want)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__BlobGone gone = FOB__BLOB_GONE__INIT;
	AUTO_ID_LIST struct id_list missing = { 0 };
	int r = 0;

	if (want->ids.len % ID_SIZE || sync_gives_nothing(peer) ||
	    want->ids.len > IDS_PER_MESSAGE * ID_SIZE)
		return SYNC_ERR_PROTOCOL;
	for (size_t i = 0; i < want->ids.len && r == 0; i += ID_SIZE) {
		uint32_t item = set_find(sync->set, want->ids.data + i);

		if (item == NONE || !(sync->set->items[item].flags & SET_BLOB))
			r = id_list_add(&missing, want->ids.data + i);
		else
			r = sync_queue(sync, peer, item);
	}
	if (r < 0 || !missing.n)
		return r;
	gone.ids.data = missing.ids;
	gone.ids.len = missing.n * ID_SIZE;
	message.blob_gone = &gone;
	return sync_say(sync, peer, &message);
}

static int sync_on_gone(struct sync *sync, struct sync_peer *peer,
			const Fob__BlobGone *gone)
{
	size_t n = gone->ids.len / ID_SIZE;

	if (gone->ids.len % ID_SIZE || n > IDS_PER_MESSAGE)
		return SYNC_ERR_PROTOCOL;
	for (size_t i = 0; i < n; i++)
		sync_lacks(sync, peer, gone->ids.data + i * ID_SIZE);

	peer->n_blobs_asked -= (uint32_t)size_min(n, peer->n_blobs_asked);
	return 0;
}

static int sync_on_ping(struct sync *sync, struct sync_peer *peer,
			const Fob__Ping *ping)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Ping answer = FOB__PING__INIT;

	if (ping->reply)
		return 0;
	answer.reply = true;
	message.ping = &answer;
	return sync_say(sync, peer, &message);
}

int sync_message(struct sync *sync, struct sync_peer *peer,
		 const Fob__PeerMessage *message)
{
	if (message->roots)
		return sync_on_roots(sync, peer, message->roots);
	if (message->ranges)
		return sync_on_ranges(sync, peer, message->ranges);
	if (message->announce)
		return sync_on_announce(sync, peer, message->announce);
	if (message->want)
		return sync_on_want(sync, peer, message->want);
	if (message->ack)
		return sync_ack(sync, peer, message->ack);
	if (message->blob_want)
		return sync_on_blob_want(sync, peer, message->blob_want);
	if (message->blob_gone)
		return sync_on_gone(sync, peer, message->blob_gone);
	if (message->ping)
		return sync_on_ping(sync, peer, message->ping);
	return 0; /* of a newer version */
}

/* --- live, and time --------------------------------------------------------- */

/* Our set is another one: what could not be made equal may be so now. */
static void sync_changed(struct sync *sync, struct sync_peer *peer)
{
	uint64_t at = sync->now + RUN_DELAY_MIN_MS;

	if (!peer->leader || !peer->unequal || peer->run != SYNC_IDLE)
		return;
	peer->delay = RUN_DELAY_MIN_MS;
	if (peer->later || at < peer->asked_rest)
		return;
	if (peer->next_run > at)
		peer->next_run = at;
}

int sync_fresh(struct sync *sync, uint32_t item, uint32_t from)
{
	int r = 0;

	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &sync->peers[i];

		if (!peer->conn || !peer->up)
			continue;
		peer->in_sync = false; /* a look follows, by the leader */
		sync_changed(sync, peer);
		if (peer->conn == from || peer->rescue)
			continue;
		if (!from)
			r = sync_queue(sync, peer, item);
		else
			r = id_list_add(&peer->announce,
					sync->set->items[item].id);
	}
	return r;
}

void sync_filled(struct sync *sync)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		sync->peers[i].blob_came |= sync->peers[i].conn != 0;
}

void sync_lost(struct sync *sync)
{
	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct sync_peer *peer = &sync->peers[i];

		if (!peer->conn || !peer->up)
			continue;
		peer->in_sync = false;
		sync_changed(sync, peer);
		/* The leader looks by itself; else it has to be told. */
		if (!peer->leader)
			peer->next_run = sync->now + RUN_DELAY_MIN_MS;
	}
}

/* The class of an announcement is told for the sake of a full store only. */
static int sync_settle_announce(struct sync *sync, struct sync_peer *peer)
{
	struct id_list parts[CLASS_MAX] = { { 0 } };
	int r = 0;

	for (size_t i = 0; i < peer->announce.n && r == 0; i++) {
		const uint8_t *id = peer->announce.ids + i * ID_SIZE;
		unsigned class = set_class(sync->set, set_find(sync->set, id));

		if (class < CLASS_MAX && set_carries(sync->set, id))
			r = id_list_add(&parts[class], id);
	}
	id_list_deinit(&peer->announce);
	for (unsigned i = 0; i < CLASS_MAX; i++) {
		if (r == 0 && parts[i].n)
			r = sync_say_ids(sync, peer, &parts[i], false, i);
		id_list_deinit(&parts[i]);
	}
	return r;
}

int sync_settle(struct sync *sync)
{
	int r = 0;

	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &sync->peers[i];

		if (!peer->conn || !peer->up)
			continue;
		if (peer->announce.n)
			r = sync_settle_announce(sync, peer);
		if (r == 0)
			r = sync_advance(sync, peer);
		sync_plan(sync, peer);
	}
	return r;
}

bool sync_dead(const struct sync *sync, const struct sync_peer *peer)
{
	return sync->now - peer->heard >= PEER_DEAD_MS;
}

/*
 * What is asked of a peer that lives and does not give it may be asked of
 * another: whoever withholds an item is not to keep it from us.
 */
static void sync_give_up(struct sync *sync, struct sync_peer *peer)
{
	sync_asked_forget(sync, peer);
	peer->n_asked = peer->n_blobs_asked = 0;
	/* Else it would name them again before anybody else can. */
	peer->asked_rest = sync->now + RUN_REST_MS;
	if (peer->run != SYNC_IDLE)
		sync_end(sync, peer, false);
	if (peer->next_run < peer->asked_rest)
		peer->next_run = peer->asked_rest;
	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct sync_peer *other = &sync->peers[i];

		if (other == peer || !other->conn || !other->up ||
		    other->run != SYNC_IDLE || other->rescue)
			continue;
		other->in_sync = false;
		if (other->next_run > sync->now + RUN_DELAY_MIN_MS)
			other->next_run = sync->now + RUN_DELAY_MIN_MS;
	}
}

/*
 * Nothing for a minute, or less and less of it: what was asked of one that
 * gives it by drops could be had of nobody else meanwhile.
 */
static uint64_t sync_wait_end(const struct sync_peer *peer)
{
	uint64_t quiet = peer->asked_since + RUN_TIMEOUT_MS;
	uint64_t all = peer->asked_first + RUN_ASKED_MS;

	return quiet < all ? quiet : all;
}

static int sync_keep_alive(struct sync *sync, struct sync_peer *peer)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Ping ping = FOB__PING__INIT;

	message.ping = &ping;
	return sync_say(sync, peer, &message);
}

int sync_tick(struct sync *sync)
{
	int r = 0;

	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &sync->peers[i];

		if (!peer->conn || !peer->up)
			continue;
		if (sync_waits(peer) && sync->now >= sync_wait_end(peer))
			sync_give_up(sync, peer);
		if (peer->run != SYNC_IDLE &&
		    sync->now - peer->run_since >= RUN_TIMEOUT_MS)
			sync_end(sync, peer, false);
		if (peer->next_run <= sync->now)
			r = sync_run_now(sync, peer);
		if (r == 0 && peer->leader &&
		    sync->now - peer->said >= KEEPALIVE_MS)
			r = sync_keep_alive(sync, peer);
	}
	return r;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t sync_deadline(const struct sync *sync)
{
	uint64_t at = UINT64_MAX;

	for (size_t i = 0; i < PEERS_MAX; i++) {
		const struct sync_peer *peer = &sync->peers[i];

		if (!peer->conn)
			continue;
		at = earlier(at, peer->next_run);
		at = earlier(at, peer->heard + PEER_DEAD_MS);
		if (peer->leader)
			at = earlier(at, peer->said + KEEPALIVE_MS);
		if (peer->run != SYNC_IDLE)
			at = earlier(at, peer->run_since + RUN_TIMEOUT_MS);
		if (sync_waits(peer))
			at = earlier(at, sync_wait_end(peer));
	}
	return at;
}
