/*
 * One run: roots, then each class whose root differs, then wanted blobs. The
 * leader asks; the other side answers once nothing that it asked for itself
 * is under way.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/peer/sync.h"

static bool sync_misses_blob(const struct set_item *item)
{
	if (item->marks & SYNC_UNWANTED)
		return false;
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

	peer->blobs_missing = sync_missing(sync);
	peer->blobs_more = peer->blobs_missing > IDS_PER_MESSAGE;
	for (uint32_t i = 0; i < sync->set->n_items && r == 0; i++)
		if (sync_misses_blob(&sync->set->items[i]) &&
		    ids.n < IDS_PER_MESSAGE)
			r = id_list_add(&ids, sync->set->items[i].id);
	if (r < 0 || !ids.n)
		return r;
	if (!peer->n_asked && !peer->n_blobs_asked)
		peer->asked_first = sync->now;
	peer->n_blobs_asked = (uint32_t)ids.n;
	peer->asked_since = sync->now;
	want.ids.data = ids.ids;
	want.ids.len = ids.n * ID_SIZE;
	message.blob_want = &want;
	return sync_say(sync, peer, &message);
}

/*
 * Roots are no secret: each status has one, and whoever hears ours may say it
 * back. So both sides prove with each that they know the ids under it.
 */
static const uint8_t *sync_proof(struct sync *sync, struct sync_peer *peer,
				 bool ours)
{
	struct sync_proof *proofs = &peer->proofs;

	if (!proofs->made || proofs->version != sync->set->version) {
		set_proof(sync->set, peer->key, !peer->leader,
			  proofs->proof[0]);
		set_proof(sync->set, peer->key, peer->leader, proofs->proof[1]);
		proofs->version = sync->set->version;
		proofs->made = true;
	}
	return proofs->proof[ours];
}

static bool sync_proven(struct sync *sync, struct sync_peer *peer,
			const uint8_t proof[static SET_PROOF])
{
	return sodium_memcmp(sync_proof(sync, peer, false), proof, SET_PROOF) ==
	       0;
}

static int sync_say_roots(struct sync *sync, struct sync_peer *peer, unsigned n,
			  bool reply)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Roots roots = FOB__ROOTS__INIT;
	uint8_t hash[CLASS_MAX][ID_SIZE], proof[SET_PROOF];
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
	memcpy(proof, sync_proof(sync, peer, true), sizeof(proof));
	roots.proof = (ProtobufCBinaryData){ sizeof(proof), proof };
	message.roots = &roots;
	return sync_say(sync, peer, &message);
}

void sync_end(struct sync *sync, struct sync_peer *peer, bool equal)
{
	sync_ranges_free(peer);
	peer->run = SYNC_IDLE;
	peer->run_ended = sync->now;
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
	if (peer->later && peer->delay < RUN_LATER_MS)
		peer->delay = RUN_LATER_MS;
	peer->later = false;
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
		if (peer->delay < RUN_DELAY_MAX_MS / 2)
			peer->delay *= 2;
		return sync_say_roots(sync, peer, 1, false);
	}
	peer->run = SYNC_ROOT;
	peer->run_since = sync->now;
	peer->next_run = UINT64_MAX;
	peer->compared = peer->blobs_asked = peer->blobs_more = false;
	peer->class = 0;
	peer->rounds = 0;
	peer->version_before = peer->version_compared = sync->set->version;
	return sync_say_roots(sync, peer, 1, false);
}

/* Once in a run; again when one list was not enough, and some came. */
static bool sync_blobs_due(const struct sync *sync,
			   const struct sync_peer *peer)
{
	uint64_t n;

	if (sync->full || (peer->rescue && !peer->leader) ||
	    (peer->blobs_asked && !peer->blobs_more))
		return false;
	n = sync_missing(sync);
	return n && (!peer->blobs_asked || n < peer->blobs_missing);
}

static int sync_equal(struct sync *sync, struct sync_peer *peer)
{
	if (sync_blobs_due(sync, peer)) {
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

	/* Whoever opens again and again is not to cost a hash for each id. */
	if (!peer->leader && peer->ranges && peer->ranges_class == class &&
	    peer->ranges_version == sync->set->version) {
		reconcile_again(peer->ranges);
		return 0;
	}
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
	peer->ranges_version = sync->set->version;
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

/*
 * A run that brings nothing new here has to end, whatever roots the other
 * side makes up: only then does its delay grow.
 */
static bool sync_moves(struct sync *sync, struct sync_peer *peer)
{
	if (peer->version_compared != sync->set->version)
		peer->rounds = 0;
	peer->version_compared = sync->set->version;
	return peer->rounds++ < RUN_ROUNDS;
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
		return sync_proven(sync, peer, theirs->proof.data) ?
			       sync_equal(sync, peer) :
			       SYNC_ERR_PROTOCOL;
	if (!sync_moves(sync, peer) ||
	    (peer->compared && class == peer->class &&
	     !memcmp(peer->before[0], ours, ID_SIZE) &&
	     !memcmp(peer->before[1], theirs->root[class].data, ID_SIZE))) {
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
			return sync_proven(sync, peer, roots->proof.data) ?
				       sync_equal(sync, peer) :
				       SYNC_ERR_PROTOCOL;
		peer->run = SYNC_ROOTS;
		return sync_say_roots(sync, peer, CLASS_MAX, false);
	}
	if (peer->run == SYNC_ROOTS && roots->n_root == CLASS_MAX)
		return sync_compare(sync, peer, roots);
	return 0;
}

/* The leader's roots against ours, when all that it gave has come. */
static int sync_follow(struct sync *sync, struct sync_peer *peer, unsigned n)
{
	uint8_t ours[ID_SIZE];
	bool equal = true;

	for (unsigned i = 0; i < n && equal; i++) {
		if (n == 1)
			set_root_all(sync->set, ours);
		else
			set_root(sync->set, i, ours);
		equal = !memcmp(ours, peer->asked[i], ID_SIZE);
	}
	equal = equal && sync_proven(sync, peer, peer->asked_proof);
	peer->in_sync = equal;
	peer->unequal = false;
	return equal ? sync_equal(sync, peer) : 0;
}

/* Answers a leader once nothing that we asked for is under way. */
static int sync_pay(struct sync *sync, struct sync_peer *peer)
{
	unsigned n = peer->owed;
	int r;

	if (!n || !sync_drained(peer))
		return 0;
	peer->owed = 0;
	r = sync_say_roots(sync, peer, n, true);
	return r < 0 ? r : sync_follow(sync, peer, n);
}

/* A wish for a run makes none earlier than we would begin one ourselves. */
static int sync_wish(struct sync *sync, struct sync_peer *peer)
{
	uint64_t at = peer->run_ended + RUN_DELAY_MIN_MS;

	if (peer->run != SYNC_IDLE || peer->unequal)
		return 0;
	if (!peer->run_ended || at <= sync->now)
		return sync_run_now(sync, peer);
	if (peer->next_run > at)
		peer->next_run = at;
	return 0;
}

int sync_on_roots(struct sync *sync, struct sync_peer *peer,
		  const Fob__Roots *roots)
{
	if (roots->n_root != 1 && roots->n_root != CLASS_MAX)
		return SYNC_ERR_PROTOCOL;
	for (size_t i = 0; i < roots->n_root; i++)
		if (roots->root[i].len != ID_SIZE)
			return SYNC_ERR_PROTOCOL;
	if (roots->proof.len != SET_PROOF)
		return SYNC_ERR_PROTOCOL;
	peer->their_missing = roots->missing;
	peer->their_count = roots->count;
	if (roots->reply)
		return peer->leader ? sync_lead_roots(sync, peer, roots) :
				      SYNC_ERR_PROTOCOL;
	if (peer->leader) {
		/* The other side noticed a change: look, unless we do. */
		return sync_wish(sync, peer);
	}
	if (roots->n_root == 1)
		peer->blobs_asked = peer->blobs_more = false; /* a run begins */
	for (size_t i = 0; i < roots->n_root; i++)
		memcpy(peer->asked[i], roots->root[i].data, ID_SIZE);
	memcpy(peer->asked_proof, roots->proof.data, SET_PROOF);
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
	if ((sync->full && theirs->class_ == 2) ||
	    (peer->rescue && !peer->leader))
		id_list_deinit(&peer->want);
	sync_want_cap(peer);
	none.class_ = theirs->class_;
	message.ranges = answer ? answer : &none;
	/* Names first: who hears the last of the ranges has heard them all. */
	if (r == 0 && have.n)
		r = sync_say_ids(sync, peer, &have, false, theirs->class_);
	if (r == 0 && (answer || !peer->leader))
		r = sync_say(sync, peer, &message);
	if (r == 0 && !answer && peer->leader) {
		peer->run = SYNC_ITEMS;
		r = sync_ask(sync, peer);
	} else if (r == 0 && !peer->leader) {
		r = sync_ask(sync, peer);
	}
	reconcile_free(answer);
	return r;
}

int sync_on_ranges(struct sync *sync, struct sync_peer *peer,
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

/*
 * Whoever was told that a blob is not here is told no more, since sets that
 * are equal need no run: so there is one when it may be here by now.
 */
static void sync_plan_blobs(struct sync *sync, struct sync_peer *peer)
{
	uint64_t at = sync->now + RUN_DELAY_MIN_MS;

	if (!peer->blob_came || peer->run != SYNC_IDLE)
		return;
	peer->blob_came = false;
	if (peer->their_missing && !peer->unequal && !peer->rescue &&
	    peer->next_run > at)
		peer->next_run = at;
}

/* A change here is followed by a look whether both are equal, once quiet. */
void sync_plan(struct sync *sync, struct sync_peer *peer)
{
	sync_plan_blobs(sync, peer);
	if (peer->in_sync || peer->unequal || peer->run != SYNC_IDLE ||
	    peer->next_run != UINT64_MAX)
		return;
	/* The leader looks; when it sees no reason to, we give it one. */
	peer->next_run =
		sync->now + (peer->leader ? RUN_DELAY_MIN_MS : 4 * peer->delay);
}

int sync_advance(struct sync *sync, struct sync_peer *peer)
{
	int r = sync_pay(sync, peer);

	if (r < 0 || !sync_drained(peer))
		return r;
	if (!peer->leader && peer->in_sync && peer->blobs_more) {
		if (sync_blobs_due(sync, peer))
			return sync_ask_blobs(sync, peer);
		peer->blobs_more = false;
	}
	if (!peer->leader)
		return 0;
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
