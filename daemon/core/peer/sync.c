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
	peer->heard = peer->said = sync->now;
	peer->last_prev = NONE;
	memcpy(peer->key, key, sizeof(peer->key));
	return peer;
}

static void sync_ranges_free(struct sync_peer *peer)
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
static int sync_say_ids(struct sync *sync, struct sync_peer *peer,
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

/* Asks for what was found missing, each id of one peer at a time. */
static int sync_ask(struct sync *sync, struct sync_peer *peer)
{
	AUTO_ID_LIST struct id_list asking = { 0 };
	int r = 0;

	for (size_t i = 0; i < peer->want.n && r == 0; i++) {
		const uint8_t *id = peer->want.ids + i * ID_SIZE;
		bool new = false;

		if (set_holds(sync->set, id))
			continue;
		r = sync_asked_add(sync, id, peer, &new);
		if (r == 0 && new) {
			peer->n_asked++;
			r = id_list_add(&asking, id);
		}
	}
	id_list_deinit(&peer->want);
	if (r < 0)
		return r;
	return sync_say_ids(sync, peer, &asking, true, 0);
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
	for (size_t i = 0; i < announce->ids.len && r == 0; i += ID_SIZE)
		if (!set_holds(sync->set, announce->ids.data + i))
			r = id_list_add(&peer->want, announce->ids.data + i);
	if (r < 0 || announce->more)
		return r;
	return sync_ask(sync, peer);
}

static int sync_on_want(struct sync *sync, struct sync_peer *peer,
			const Fob__Want *want)
{
	int r = 0;

	if (want->ids.len % ID_SIZE ||
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
	if (r < 0 || peer->serve_hold || peer->n_serve || !peer->absent.n)
		return r;
	/* Nothing of it is here: say so, or they wait for ever. */
	return sync_serve(sync, peer, NULL, 0);
}

static int sync_on_blob_want(struct sync *sync, struct sync_peer *peer,
			     const Fob__BlobWant *want)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__BlobGone gone = FOB__BLOB_GONE__INIT;
	AUTO_ID_LIST struct id_list missing = { 0 };
	int r = 0;

	if (want->ids.len % ID_SIZE ||
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

/* --- wanted blobs ----------------------------------------------------------- */

static bool sync_misses_blob(const struct set_item *item)
{
	return (item->flags & (SET_CARRIED | SET_INERT | SET_HAS_BLOB |
			       SET_BLOB)) == (SET_CARRIED | SET_HAS_BLOB);
}

static uint64_t sync_missing(const struct sync *sync)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < sync->set->n_items; i++)
		n += sync_misses_blob(&sync->set->items[i]);
	return n;
}

static int sync_ask_blobs(struct sync *sync, struct sync_peer *peer)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__BlobWant want = FOB__BLOB_WANT__INIT;
	AUTO_ID_LIST struct id_list ids = { 0 };
	int r = 0;

	for (uint32_t i = 0; i < sync->set->n_items && r == 0; i++)
		if (sync_misses_blob(&sync->set->items[i]) &&
		    ids.n < IDS_PER_MESSAGE)
			r = id_list_add(&ids, sync->set->items[i].id);
	if (r < 0 || !ids.n)
		return r;
	peer->n_blobs_asked = (uint32_t)ids.n;
	want.ids.data = ids.ids;
	want.ids.len = ids.n * ID_SIZE;
	message.blob_want = &want;
	return sync_say(sync, peer, &message);
}

/* --- a run ------------------------------------------------------------------ */

static int sync_say_roots(struct sync *sync, struct sync_peer *peer, unsigned n,
			  bool reply)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Roots roots = FOB__ROOTS__INIT;
	uint8_t hash[CLASS_MAX][ID_SIZE];
	ProtobufCBinaryData list[CLASS_MAX];

	if (n == 1)
		set_root_all(sync->set, hash[0]);
	for (unsigned i = 0; i < n; i++) {
		if (n > 1)
			set_root(sync->set, i, hash[i]);
		list[i] = (ProtobufCBinaryData){ ID_SIZE, hash[i] };
		roots.count += sync->set->n_carried[i];
	}
	if (n == 1)
		roots.count += (uint64_t)sync->set->n_carried[1] +
			       sync->set->n_carried[2];
	roots.reply = reply;
	roots.n_root = n;
	roots.root = list;
	roots.missing = sync_missing(sync);
	message.roots = &roots;
	return sync_say(sync, peer, &message);
}

static void sync_end(struct sync *sync, struct sync_peer *peer, bool equal)
{
	sync_ranges_free(peer);
	peer->run = SYNC_IDLE;
	peer->in_sync = equal;
	peer->unequal = !equal;
	if (equal) {
		peer->was_equal = true;
		peer->delay = RUN_DELAY_MIN_MS;
		peer->next_run = UINT64_MAX;
		return;
	}
	if (sync->set->version != peer->version_before)
		peer->delay = RUN_DELAY_MIN_MS;
	peer->next_run = sync->now + peer->delay;
	peer->delay = peer->delay * 2 > RUN_DELAY_MAX_MS ? RUN_DELAY_MAX_MS :
							   peer->delay * 2;
}

int sync_run_now(struct sync *sync, struct sync_peer *peer)
{
	if (!peer->up || peer->run != SYNC_IDLE)
		return 0;
	if (!peer->leader) {
		peer->next_run = UINT64_MAX;
		return sync_say_roots(sync, peer, 1, false);
	}
	peer->run = SYNC_ROOT;
	peer->run_since = sync->now;
	peer->next_run = UINT64_MAX;
	peer->compared = peer->blobs_asked = false;
	peer->class = 0;
	peer->version_before = sync->set->version;
	return sync_say_roots(sync, peer, 1, false);
}

static int sync_equal(struct sync *sync, struct sync_peer *peer)
{
	if (sync_missing(sync) && !peer->blobs_asked) {
		peer->blobs_asked = true;
		if (peer->leader)
			peer->run = SYNC_BLOBS;
		return sync_ask_blobs(sync, peer);
	}
	if (!peer->their_missing)
		sync_holds_all(sync, peer);
	sync_end(sync, peer, true);
	return 0;
}

static int sync_open_class(struct sync *sync, struct sync_peer *peer,
			   unsigned class)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Ranges *ranges = NULL;
	int r;

	sync_ranges_free(peer);
	peer->ranges = calloc(1, sizeof(*peer->ranges));
	if (!peer->ranges)
		return -ENOMEM;
	r = reconcile_init(peer->ranges, sync->set, class, peer->key);
	if (r < 0) {
		free(peer->ranges);
		peer->ranges = NULL;
		return r;
	}
	peer->ranges_class = class;
	if (!peer->leader)
		return 0;
	r = reconcile_open(peer->ranges, &ranges);
	if (r < 0)
		return r;
	message.ranges = ranges;
	r = sync_say(sync, peer, &message);
	reconcile_free(ranges);
	return r;
}

/* Which class comes next; its roots are kept to see whether a run moves. */
static int sync_compare(struct sync *sync, struct sync_peer *peer,
			const Fob__Roots *theirs)
{
	uint8_t ours[ID_SIZE];
	unsigned class = 0;

	for (; class < CLASS_MAX; class ++) {
		set_root(sync->set, class, ours);
		if (memcmp(ours, theirs->root[class].data, ID_SIZE) != 0)
			break;
	}
	if (class == CLASS_MAX)
		return sync_equal(sync, peer);
	if (peer->compared && class == peer->class &&
	    !memcmp(peer->before[0], ours, ID_SIZE) &&
	    !memcmp(peer->before[1], theirs->root[class].data, ID_SIZE)) {
		sync_end(sync, peer, false);
		return 0;
	}
	peer->compared = true;
	peer->class = class;
	memcpy(peer->before[0], ours, ID_SIZE);
	memcpy(peer->before[1], theirs->root[class].data, ID_SIZE);
	peer->run = SYNC_RANGES;
	return sync_open_class(sync, peer, class);
}

static bool sync_drained(const struct sync_peer *peer)
{
	return !peer->n_asked && !peer->n_blobs_asked && !peer->want.n;
}

/* Their answer to what we asked as the leader. */
static int sync_lead_roots(struct sync *sync, struct sync_peer *peer,
			   const Fob__Roots *roots)
{
	uint8_t ours[ID_SIZE];

	peer->run_since = sync->now;
	if (peer->run == SYNC_ROOT && roots->n_root == 1) {
		set_root_all(sync->set, ours);
		if (!memcmp(ours, roots->root[0].data, ID_SIZE))
			return sync_equal(sync, peer);
		peer->run = SYNC_ROOTS;
		return sync_say_roots(sync, peer, CLASS_MAX, false);
	}
	if (peer->run == SYNC_ROOTS && roots->n_root == CLASS_MAX)
		return sync_compare(sync, peer, roots);
	return 0;
}

/* Answers a leader once nothing that we asked for is under way. */
static int sync_pay(struct sync *sync, struct sync_peer *peer)
{
	unsigned n = peer->owed;

	if (!n || !sync_drained(peer))
		return 0;
	peer->owed = 0;
	return sync_say_roots(sync, peer, n, true);
}

static int sync_on_roots(struct sync *sync, struct sync_peer *peer,
			 const Fob__Roots *roots)
{
	uint8_t ours[ID_SIZE];

	if (roots->n_root != 1 && roots->n_root != CLASS_MAX)
		return SYNC_ERR_PROTOCOL;
	for (size_t i = 0; i < roots->n_root; i++)
		if (roots->root[i].len != ID_SIZE)
			return SYNC_ERR_PROTOCOL;
	peer->their_missing = roots->missing;
	if (roots->reply)
		return peer->leader ? sync_lead_roots(sync, peer, roots) :
				      SYNC_ERR_PROTOCOL;
	if (peer->leader) {
		/* The other side noticed a change: look, unless we do. */
		if (peer->run != SYNC_IDLE)
			return 0;
		return sync_run_now(sync, peer);
	}
	if (roots->n_root == 1) {
		set_root_all(sync->set, ours);
		peer->in_sync = !memcmp(ours, roots->root[0].data, ID_SIZE);
		peer->unequal = false;
		if (peer->in_sync && sync_equal(sync, peer) < 0)
			return -ENOMEM;
	}
	peer->owed = (unsigned)roots->n_root;
	return sync_pay(sync, peer);
}

static bool ranges_open(const Fob__Ranges *ranges)
{
	return !ranges->lower.len && ranges->n_ranges == 1 &&
	       !ranges->ranges[0]->upper.len &&
	       ranges->ranges[0]->mode == FOB__RANGE_MODE__FINGERPRINT;
}

static int sync_ranges_answer(struct sync *sync, struct sync_peer *peer,
			      const Fob__Ranges *theirs)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Ranges none = FOB__RANGES__INIT, *answer = NULL;
	AUTO_ID_LIST struct id_list have = { 0 };
	int r;

	r = reconcile_answer(peer->ranges, theirs, &answer, &peer->want, &have);
	if (r == RECONCILE_ERR_SPENT) {
		r = 0;
		answer = NULL;
	} else if (r > 0) {
		return SYNC_ERR_PROTOCOL;
	}
	none.class_ = theirs->class_;
	message.ranges = answer ? answer : &none;
	if (r == 0 && (answer || !peer->leader))
		r = sync_say(sync, peer, &message);
	if (r == 0 && have.n)
		r = sync_say_ids(sync, peer, &have, false, theirs->class_);
	if (r == 0 && !answer && peer->leader) {
		peer->run = SYNC_ITEMS;
		r = sync_ask(sync, peer);
	} else if (r == 0 && !peer->leader) {
		r = sync_ask(sync, peer);
	}
	reconcile_free(answer);
	return r;
}

static int sync_on_ranges(struct sync *sync, struct sync_peer *peer,
			  const Fob__Ranges *ranges)
{
	int r = 0;

	if (ranges->class_ >= CLASS_MAX ||
	    ranges->n_ranges > RANGES_PER_MESSAGE)
		return SYNC_ERR_PROTOCOL;
	peer->run_since = sync->now;
	if (peer->leader) {
		if (peer->run != SYNC_RANGES ||
		    ranges->class_ != peer->ranges_class)
			return 0;
		if (!ranges->n_ranges) {
			peer->run = SYNC_ITEMS;
			return sync_ask(sync, peer);
		}
	} else if (ranges_open(ranges)) {
		r = sync_open_class(sync, peer, ranges->class_);
	} else if (!peer->ranges || ranges->class_ != peer->ranges_class) {
		return SYNC_ERR_PROTOCOL;
	}
	if (r < 0)
		return r;
	return sync_ranges_answer(sync, peer, ranges);
}

int sync_begin(struct sync *sync, struct sync_peer *peer,
	       const Fob__Hello *hello)
{
	int r = 0;

	peer->up = true;
	peer->hello = hello;
	if (peer->leader)
		r = sync_run_now(sync, peer);
	peer->hello = NULL;
	return r;
}

static int sync_on_gone(struct sync_peer *peer, const Fob__BlobGone *gone)
{
	size_t n = gone->ids.len / ID_SIZE;

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
		return sync_on_gone(peer, message->blob_gone);
	if (message->ping)
		return sync_on_ping(sync, peer, message->ping);
	return 0; /* of a newer version */
}

/* --- live, and time --------------------------------------------------------- */

int sync_fresh(struct sync *sync, uint32_t item, uint32_t from)
{
	int r = 0;

	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &sync->peers[i];

		if (!peer->conn || !peer->up || peer->conn == from)
			continue;
		peer->in_sync = false;
		if (!from)
			r = sync_queue(sync, peer, item);
		else
			r = id_list_add(&peer->announce,
					sync->set->items[item].id);
	}
	return r;
}

/* A change here is followed by a look whether both are equal, once quiet. */
static void sync_plan(struct sync *sync, struct sync_peer *peer)
{
	if (peer->in_sync || peer->unequal || peer->run != SYNC_IDLE ||
	    !peer->leader)
		return;
	if (peer->next_run == UINT64_MAX)
		peer->next_run = sync->now + RUN_DELAY_MIN_MS;
}

static int sync_advance(struct sync *sync, struct sync_peer *peer)
{
	int r = sync_pay(sync, peer);

	if (r < 0 || !peer->leader || !sync_drained(peer))
		return r;
	if (peer->run == SYNC_ITEMS) {
		peer->run = SYNC_ROOTS;
		return sync_say_roots(sync, peer, CLASS_MAX, false);
	}
	if (peer->run == SYNC_BLOBS) {
		peer->run = SYNC_ROOT;
		return sync_say_roots(sync, peer, 1, false);
	}
	return 0;
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
	}
	return at;
}
