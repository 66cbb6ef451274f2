/*
 * Two sync machines that talk over a pipe in memory, and single messages
 * that break a rule. The test is the node of both sides: it takes items, and
 * reads them back from the build that made them.
 *
 * Covers: sync, run, peer_serve.
 */
#include "daemon/core/peer/sync.h"

#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/build.h"

#define NO_PARENTS ((struct build_list){ NULL, 0 })

struct side {
	struct set set;
	struct sync sync;
	struct sync_peer *peer;
	uint32_t author; /* of the other side */
	bool refuses;	 /* takes nothing that comes */
	bool puts_off;	 /* and says that it may be asked again */
	int error;
	unsigned messages, items, wants; /* that it said */
	size_t bytes;
};

struct pipe {
	struct build b;
	struct side sides[2]; /* 0 leads */
};

static const uint8_t key[32] = "a handshake hash of thirty-two";

/* --- a node for each side -------------------------------------------------- */

static void put(struct pipe *p, int side, int item)
{
	assert_int_equal(build_put(&p->b, item, &p->sides[side].set, NULL), 0);
	assert_int_equal(set_evaluate(&p->sides[side].set), 0);
}

static struct pipe *pipe_new(void)
{
	struct pipe *p = calloc(1, sizeof(*p));

	build_init(&p->b, 1);
	build_add(&p->b, 0, 1, FOB__ROLE__DEVICE, 1);
	build_add(&p->b, 0, 2, FOB__ROLE__DEVICE, 2);
	for (int i = 0; i < 2; i++) {
		struct side *side = &p->sides[i];

		set_init(&side->set);
		for (int k = 0; k < 3; k++)
			put(p, i, k);
		sync_init(&side->sync, &side->set);
		side->sync.now = 1000;
		side->author =
			set_author(&side->set, build_keys(&p->b, 1 - i)->id);
		side->peer = sync_up(&side->sync, 5, side->author, key, i == 0);
		assert_non_null(side->peer);
	}
	return p;
}

static void pipe_free(struct pipe *p)
{
	for (int i = 0; i < 2; i++) {
		sync_deinit(&p->sides[i].sync);
		set_deinit(&p->sides[i].set);
	}
	build_deinit(&p->b);
	free(p);
}

static const struct item *read_back(const struct pipe *p,
				    const uint8_t id[static ID_SIZE])
{
	for (int i = 0; i < p->b.n_items; i++)
		if (memcmp(p->b.items[i].id, id, ID_SIZE) == 0)
			return &p->b.items[i];
	fail();
	return NULL;
}

static int serve(struct pipe *p, struct side *side, struct sync_peer *peer)
{
	uint32_t items[ITEMS_PER_MESSAGE];
	struct sync_load load[ITEMS_PER_MESSAGE];
	size_t n = sync_serve_next(&side->sync, peer, items, ITEMS_PER_MESSAGE);

	if (n == 0)
		return 0;
	memset(load, 0, sizeof(load));
	for (size_t i = 0; i < n; i++) {
		const struct item *item =
			read_back(p, side->set.items[items[i]].id);

		load[i].item = items[i];
		load[i].signature = BYTES(item->signature);
		load[i].body = (struct bytes){ item->body, item->body_len };
		load[i].blob = (struct bytes){ item->blob, item->blob_len };
	}
	side->items += (unsigned)n;
	assert_int_equal(sync_serve(&side->sync, peer, load, n), 0);
	return 1;
}

static bool take_one(struct side *side, const Fob__Item *from)
{
	AUTO_ITEM struct item item = { 0 };
	const struct set_arrival how = { .seq = NONE,
					 .stored_blob = from->blob.len > 0 };
	uint32_t index;
	int r;

	if (side->puts_off)
		side->peer->later = true;
	if (side->refuses)
		return false;
	r = item_parse(&item, side->set.vault_id,
		       (struct bytes){ from->body.data, from->body.len },
		       (struct bytes){ from->signature.data,
				       from->signature.len },
		       (struct bytes){ from->blob.data, from->blob.len });
	assert_int_equal(r, 0);
	if (set_holds(&side->set, item.id)) {
		index = set_find(&side->set, item.id);
		if (from->blob.len > 0)
			side->set.items[index].flags |= SET_BLOB;
		return true;
	}
	r = set_add(&side->set, &item, &how, &index);
	if (r == 0)
		assert_int_equal(sync_fresh(&side->sync, index, 5), 0);
	return r == 0;
}

static int take(struct side *side, const Fob__Items *items)
{
	static uint8_t ids[ITEMS_PER_MESSAGE][ID_SIZE];
	static uint8_t tags[ITEMS_PER_MESSAGE][SYNC_TAG];
	bool taken[ITEMS_PER_MESSAGE];
	const struct sync_taken what = { items, ids, taken, tags };

	for (size_t i = 0; i < items->n_items; i++) {
		const Fob__Item *item = items->items[i];

		item_hash(ids[i], item->body.data, item->body.len);
		sync_tag(side->peer, ids[i],
			 (struct bytes){ item->blob.data, item->blob.len },
			 tags[i]);
		taken[i] = take_one(side, item);
	}
	assert_int_equal(set_evaluate(&side->set), 0);
	return sync_items(&side->sync, side->peer, &what);
}

static int hear(struct side *side, const Fob__PeerMessage *message)
{
	const Fob__Hello hello = FOB__HELLO__INIT;
	int r = 0;

	side->peer->heard = side->sync.now;
	if (message->hello && !side->peer->greeted) {
		side->peer->greeted = true;
		if (!side->peer->leader)
			r = sync_begin(&side->sync, side->peer, &hello);
	}
	assert_true(side->peer->greeted);
	if (r == 0 && message->items)
		return take(side, message->items);
	return r ? r : sync_message(&side->sync, side->peer, message);
}

static void settle(struct pipe *p, struct side *side)
{
	assert_int_equal(sync_settle(&side->sync), 0);
	while (serve(p, side, side->peer))
		;
}

/* The oldest message of a side goes over; false when it has said nothing. */
static bool carry(struct pipe *p, struct side *from, struct side *to)
{
	struct sync_out out;
	Fob__PeerMessage *message;

	if (from->sync.n_out == 0)
		return false;
	out = from->sync.out[0];
	memmove(from->sync.out, from->sync.out + 1,
		--from->sync.n_out * sizeof(out));
	message = fob__peer_message__unpack(NULL, out.n, out.data);
	assert_non_null(message);
	from->messages++;
	from->bytes += out.n;
	from->wants += message->want != NULL;
	to->error = hear(to, message);
	fob__peer_message__free_unpacked(message, NULL);
	free(out.data);
	settle(p, to);
	return true;
}

static void talk(struct pipe *p)
{
	bool more;

	settle(p, &p->sides[0]);
	settle(p, &p->sides[1]);
	do {
		more = carry(p, &p->sides[0], &p->sides[1]);
		more = carry(p, &p->sides[1], &p->sides[0]) || more;
		for (int i = 0; i < 2; i++)
			assert_int_equal(p->sides[i].error, 0);
	} while (more);
}

static void begin(struct pipe *p)
{
	const Fob__Hello hello = FOB__HELLO__INIT;

	assert_int_equal(
		sync_begin(&p->sides[0].sync, p->sides[0].peer, &hello), 0);
	talk(p);
}

static void later(struct pipe *p, uint64_t ms)
{
	for (int i = 0; i < 2; i++)
		p->sides[i].sync.now += ms;
	for (int i = 0; i < 2; i++)
		assert_int_equal(sync_tick(&p->sides[i].sync), 0);
	talk(p);
}

static void assert_equal(struct pipe *p)
{
	uint8_t roots[2][ID_SIZE];

	for (int i = 0; i < 2; i++) {
		set_root_all(&p->sides[i].set, roots[i]);
		assert_true(p->sides[i].peer->in_sync);
		assert_int_equal(p->sides[i].peer->run, SYNC_IDLE);
		assert_int_equal(p->sides[i].sync.n_asked, 0);
		assert_int_equal(p->sides[i].peer->n_unacked, 0);
	}
	assert_memory_equal(roots[0], roots[1], ID_SIZE);
}

static bool side_holds(struct pipe *p, int side, int item)
{
	return set_holds(&p->sides[side].set, build_id(&p->b, item));
}

/* Does that side know that the other one has the item? */
static bool knows(struct pipe *p, int side, int item)
{
	struct side *s = &p->sides[side];
	unsigned slot = sync_holder_slot(&s->sync, s->author);
	uint32_t at = set_find(&s->set, build_id(&p->b, item));

	return s->set.items[at].holders >> slot & 1;
}

/* --- runs ------------------------------------------------------------------ */

static void test_in_sync(void **state UNUSED)
{
	struct pipe *p = pipe_new();

	for (int i = 0; i < 20; i++)
		for (int k = 0; k < 2; k++)
			put(p, k,
			    k ? p->b.n_items - 1 :
				build_entry(&p->b, 1, (uint32_t)i, NO_PARENTS));
	for (int k = 0; k < 2; k++)
		for (uint32_t i = 0; i < p->sides[k].set.n_items; i++)
			p->sides[k].set.items[i].flags |= SET_BLOB;
	begin(p);
	assert_equal(p);
	/* One round trip. */
	assert_int_equal(p->sides[0].messages, 1);
	assert_int_equal(p->sides[1].messages, 1);
	assert_in_range(p->sides[0].bytes + p->sides[1].bytes, 1, 250);
	assert_true(knows(p, 0, 10) && knows(p, 1, 10));
	pipe_free(p);
}

/* Everything goes over, each item once, by as few signatures as chains. */
static void first(int from)
{
	struct pipe *p = pipe_new();
	const int n = 700;

	for (int i = 0; i < n; i++)
		put(p, from,
		    build_entry(&p->b, i % 3, (uint32_t)i, NO_PARENTS));
	p->sides[1 - from].set.verifications = 0;
	begin(p);
	assert_equal(p);
	assert_int_equal(p->sides[1 - from].set.n_carried[2], n);
	assert_int_equal(p->sides[from].items, n);
	assert_int_equal(p->sides[1 - from].set.verifications, 3);
	for (int i = 3; i < p->b.n_items; i++)
		assert_true(knows(p, 0, i) && knows(p, 1, i));
	pipe_free(p);
}

static void test_first(void **state UNUSED)
{
	first(0);
	first(1);
}

/* Both have what the other lacks. */
static void test_apart(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	const int n = 300;

	for (int i = 0; i < n; i++) {
		int entry = build_entry(&p->b, i % 3, (uint32_t)i, NO_PARENTS);

		if (i < n / 3 || i % 3 != 2)
			put(p, 0, entry);
		if (i < n / 3 || i % 3 == 2)
			put(p, 1, entry);
	}
	begin(p);
	assert_equal(p);
	assert_int_equal(p->sides[0].set.n_carried[2], n);
	assert_int_equal(p->sides[0].items + p->sides[1].items, n - n / 3);
	pipe_free(p);
}

/* Class 0 first: who is added there may have written what follows. */
static void test_classes_in_order(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	int add = build_add(&p->b, 1, 3, FOB__ROLE__DEVICE, 1);
	int entry = build_entry(&p->b, 3, 1, NO_PARENTS);
	int kid = build_key(&p->b, 3, 1);

	put(p, 1, add);
	put(p, 1, kid);
	put(p, 1, entry);
	begin(p);
	assert_equal(p);
	assert_true(side_holds(p, 0, entry) && side_holds(p, 0, kid));
	assert_false(p->sides[0].peer->unequal);
	pipe_free(p);
}

/* Stubs whose blob the other side has are filled in. */
static void test_blobs(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	int entry = build_entry(&p->b, 0, 1, NO_PARENTS);
	uint32_t at;

	put(p, 0, entry);
	put(p, 1, entry);
	at = set_find(&p->sides[0].set, build_id(&p->b, entry));
	p->sides[0].set.items[at].flags &= (uint8_t)~SET_BLOB;
	at = set_find(&p->sides[1].set, build_id(&p->b, entry));
	p->sides[1].set.items[at].flags |= SET_BLOB;
	begin(p);
	later(p, 2000);
	at = set_find(&p->sides[0].set, build_id(&p->b, entry));
	assert_true(p->sides[0].set.items[at].flags & SET_BLOB);
	assert_equal(p);
	pipe_free(p);
}

/* All of them, however many: whoever gave the stubs may have kept the rest. */
static void many_blobs(int side)
{
	struct pipe *p = pipe_new();
	size_t n = IDS_PER_MESSAGE + 40, here = 0;
	struct set *set = &p->sides[side].set;

	for (uint32_t i = 0; i < n; i++) {
		int entry = build_entry(&p->b, 0, i + 1, NO_PARENTS);

		for (int k = 0; k < 2; k++) {
			uint32_t at;

			assert_int_equal(build_put(&p->b, entry,
						   &p->sides[k].set, &at),
					 0);
			if (k == side)
				p->sides[k].set.items[at].flags &=
					(uint8_t)~SET_BLOB;
			else
				p->sides[k].set.items[at].flags |= SET_BLOB;
		}
	}
	for (int k = 0; k < 2; k++)
		assert_int_equal(set_evaluate(&p->sides[k].set), 0);
	begin(p);
	later(p, 2000);
	for (uint32_t i = 0; i < set->n_items; i++)
		here += (set->items[i].flags & SET_BLOB) &&
			(set->items[i].flags & SET_HAS_BLOB);
	assert_int_equal(here, n);
	pipe_free(p);
}

static void test_many_blobs(void **state UNUSED)
{
	many_blobs(0);
	many_blobs(1);
}

/*
 * A run that brings nothing new doubles the delay to the next, to an hour,
 * until the set changes.
 */
static void test_runs_rest(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct sync_peer *leader = p->sides[0].peer;
	uint64_t delay = RUN_DELAY_MIN_MS;

	put(p, 0, build_entry(&p->b, 0, 1, NO_PARENTS));
	p->sides[1].refuses = true;
	begin(p);
	for (int i = 0; i < 16; i++) {
		assert_true(leader->unequal);
		assert_int_equal(leader->next_run - p->sides[0].sync.now,
				 delay);
		assert_true(sync_deadline(&p->sides[0].sync) <=
			    leader->next_run);
		/* The wait is of keep-alives alone. */
		while (leader->next_run - p->sides[0].sync.now > 40000)
			later(p, 40000);
		later(p, leader->next_run - p->sides[0].sync.now);
		delay = 2 * delay > RUN_DELAY_MAX_MS ? RUN_DELAY_MAX_MS :
						       2 * delay;
	}
	assert_int_equal(delay, RUN_DELAY_MAX_MS);
	p->sides[1].refuses = false;
	put(p, 0, build_entry(&p->b, 0, 2, NO_PARENTS));
	assert_int_equal(sync_run_now(&p->sides[0].sync, leader), 0);
	talk(p);
	later(p, RUN_DELAY_MIN_MS);
	later(p, RUN_DELAY_MIN_MS);
	assert_equal(p);
	pipe_free(p);
}

/* What was put off is asked for again, but not at once. */
static void test_put_off(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct sync_peer *leader = p->sides[0].peer;
	int entry = build_entry(&p->b, 0, 1, NO_PARENTS);

	put(p, 1, entry);
	p->sides[0].refuses = p->sides[0].puts_off = true;
	begin(p);
	assert_true(leader->unequal);
	assert_int_equal(leader->next_run - p->sides[0].sync.now, RUN_LATER_MS);
	assert_false(knows(p, 1, entry)); /* it was not acknowledged */
	p->sides[0].refuses = p->sides[0].puts_off = false;
	later(p, RUN_LATER_MS);
	assert_true(side_holds(p, 0, entry));
	assert_true(knows(p, 1, entry));
	later(p, RUN_DELAY_MIN_MS);
	assert_equal(p);
	pipe_free(p);
}

/* A full store goes on with classes 0 and 1, and asks for nothing of 2. */
static void test_full(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	int add = build_add(&p->b, 1, 3, FOB__ROLE__DEVICE, 1);
	int entry = build_entry(&p->b, 1, 1, NO_PARENTS);
	int kid = build_key(&p->b, 1, 1);

	p->sides[0].sync.full = true;
	put(p, 1, add);
	put(p, 1, entry);
	put(p, 1, kid);
	begin(p);
	assert_true(side_holds(p, 0, add) && side_holds(p, 0, kid));
	assert_false(side_holds(p, 0, entry));
	assert_int_equal(p->sides[0].wants, 2);
	assert_true(p->sides[0].peer->unequal);
	p->sides[0].sync.full = false;
	later(p, p->sides[0].peer->next_run - p->sides[0].sync.now);
	assert_true(side_holds(p, 0, entry));
	pipe_free(p);
}

/* --- live ------------------------------------------------------------------ */

/* One's own goes out at once; both see that they are equal without a run. */
static void test_push(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	int entry;

	begin(p);
	for (int i = 0; i < 2; i++) {
		struct side *side = &p->sides[i];
		unsigned messages = side->messages;

		entry = build_entry(&p->b, i, (uint32_t)i, NO_PARENTS);
		put(p, i, entry);
		assert_int_equal(
			sync_fresh(&side->sync,
				   set_find(&side->set, build_id(&p->b, entry)),
				   0),
			0);
		talk(p);
		assert_true(side_holds(p, 1 - i, entry));
		assert_true(knows(p, i, entry));
		assert_int_equal(side->messages, messages + 1);
		later(p, RUN_DELAY_MIN_MS);
		assert_equal(p);
	}
	pipe_free(p);
}

static Fob__PeerMessage announcing(Fob__Announce *announce, uint8_t *ids,
				   size_t n)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;

	fob__announce__init(announce);
	announce->ids = (ProtobufCBinaryData){ n, ids };
	announce->class_ = 2;
	message.announce = announce;
	return message;
}

/* Messages to one connection that were said since, and forgotten here. */
static unsigned said(struct sync *sync, uint32_t conn)
{
	unsigned n = 0;

	for (size_t i = 0; i < sync->n_out; i++) {
		n += sync->out[i].conn == conn;
		free(sync->out[i].data);
	}
	sync->n_out = 0;
	return n;
}

/* Two peers name an id: one is asked; when it goes, the other is. */
static void test_one_at_a_time(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct sync *sync = &p->sides[0].sync;
	struct sync_peer *a = p->sides[0].peer, *b;
	uint8_t ids[2 * ID_SIZE];
	Fob__Announce announce;
	Fob__PeerMessage message;

	b = sync_up(sync, 6, set_author(sync->set, build_keys(&p->b, 2)->id),
		    key, true);
	a->up = b->up = true;
	memset(ids, 1, ID_SIZE);
	memset(ids + ID_SIZE, 2, ID_SIZE);
	message = announcing(&announce, ids, ID_SIZE);
	assert_int_equal(sync_message(sync, a, &message), 0);
	assert_int_equal(said(sync, 5), 1);
	message = announcing(&announce, ids, 2 * ID_SIZE);
	assert_int_equal(sync_message(sync, b, &message), 0);
	assert_int_equal(a->n_asked, 1);
	assert_int_equal(b->n_asked, 1);
	assert_int_equal(said(sync, 6), 1);
	assert_int_equal(sync_message(sync, b, &message), 0);
	assert_int_equal(said(sync, 6), 0);
	sync_down(sync, a);
	assert_int_equal(sync_message(sync, b, &message), 0);
	assert_int_equal(b->n_asked, 2);
	assert_int_equal(said(sync, 6), 1);
	/* What is held, or of class 2 in a full store, nobody is asked for. */
	memcpy(ids, build_id(&p->b, 0), ID_SIZE);
	memset(ids + ID_SIZE, 3, ID_SIZE);
	sync->full = true;
	assert_int_equal(sync_message(sync, b, &message), 0);
	sync->full = false;
	message = announcing(&announce, ids, ID_SIZE);
	assert_int_equal(sync_message(sync, b, &message), 0);
	assert_int_equal(said(sync, 6), 0);
	p->sides[0].peer = b;
	pipe_free(p);
}

/* Who names an id and does not give it, does not keep it from us. */
static void test_withheld(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct sync *sync = &p->sides[0].sync;
	struct sync_peer *a = p->sides[0].peer, *b;
	uint8_t id[ID_SIZE] = { 1 };
	Fob__Announce announce;
	Fob__PeerMessage message = announcing(&announce, id, ID_SIZE);

	b = sync_up(sync, 6, set_author(sync->set, build_keys(&p->b, 2)->id),
		    key, true);
	a->up = b->up = a->in_sync = b->in_sync = true;
	assert_int_equal(sync_message(sync, a, &message), 0);
	assert_int_equal(a->n_asked, 1);
	assert_true(sync_deadline(sync) <= sync->now + RUN_TIMEOUT_MS);
	sync->now += RUN_TIMEOUT_MS - 1;
	a->heard = b->heard = a->said = b->said = sync->now;
	assert_int_equal(sync_tick(sync), 0);
	assert_int_equal(sync_message(sync, b, &message), 0);
	assert_int_equal(b->n_asked, 0);
	sync->now++;
	assert_int_equal(sync_tick(sync), 0);
	assert_int_equal(a->n_asked, 0);
	/* The other is looked at soon, and asked. */
	assert_true(b->next_run <= sync->now + RUN_DELAY_MIN_MS);
	said(sync, 6);
	assert_int_equal(sync_message(sync, b, &message), 0);
	assert_int_equal(b->n_asked, 1);
	assert_int_equal(said(sync, 6), 1);
	pipe_free(p);
}

/* A blob that came late is had by those who miss some, too. */
static void test_blob_came(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct sync *sync = &p->sides[0].sync;
	struct sync_peer *a = p->sides[0].peer, *b;

	b = sync_up(sync, 6, set_author(sync->set, build_keys(&p->b, 2)->id),
		    key, true);
	a->up = b->up = a->in_sync = b->in_sync = true;
	a->next_run = b->next_run = UINT64_MAX;
	b->their_missing = 2;
	sync_filled(sync);
	assert_int_equal(sync_settle(sync), 0);
	assert_true(a->next_run == UINT64_MAX);
	assert_true(b->next_run == sync->now + RUN_DELAY_MIN_MS);
	/* Once, whatever they say that they miss. */
	b->next_run = UINT64_MAX;
	assert_int_equal(sync_settle(sync), 0);
	assert_true(b->next_run == UINT64_MAX);
	pipe_free(p);
}

/* What came from one peer is named to the others, not pushed. */
static void test_relay(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct sync *sync = &p->sides[0].sync;
	struct sync_peer *a = p->sides[0].peer, *b;
	int entry = build_entry(&p->b, 1, 1, NO_PARENTS);
	Fob__PeerMessage *message;

	b = sync_up(sync, 6, set_author(sync->set, build_keys(&p->b, 2)->id),
		    key, false);
	a->up = b->up = a->said_hello = b->said_hello = true;
	put(p, 0, entry);
	sync_fresh(sync, set_find(sync->set, build_id(&p->b, entry)), 5);
	assert_int_equal(sync_settle(sync), 0);
	assert_int_equal(sync->n_out, 1);
	assert_int_equal(sync->out[0].conn, 6);
	message = fob__peer_message__unpack(NULL, sync->out[0].n,
					    sync->out[0].data);
	assert_non_null(message->announce);
	assert_int_equal(message->announce->class_, 2);
	assert_memory_equal(message->announce->ids.data, build_id(&p->b, entry),
			    ID_SIZE);
	fob__peer_message__free_unpacked(message, NULL);
	pipe_free(p);
}

/* --- time ------------------------------------------------------------------ */

static void test_keep_alive(void **state UNUSED)
{
	struct pipe *p = pipe_new();

	begin(p);
	p->sides[0].messages = p->sides[1].messages = 0;
	later(p, KEEPALIVE_MS - 1);
	assert_int_equal(p->sides[0].messages + p->sides[1].messages, 0);
	later(p, 1);
	assert_int_equal(p->sides[0].messages, 1); /* and the answer */
	assert_int_equal(p->sides[1].messages, 1);
	for (int i = 0; i < 2; i++) {
		struct side *side = &p->sides[i];

		side->sync.now = side->peer->heard + PEER_DEAD_MS - 1;
		assert_false(sync_dead(&side->sync, side->peer));
		side->sync.now++;
		assert_true(sync_dead(&side->sync, side->peer));
	}
	/* The follower says nothing of itself. */
	assert_int_equal(sync_tick(&p->sides[1].sync), 0);
	assert_int_equal(p->sides[1].sync.n_out, 0);
	pipe_free(p);
}

/* A run that the other side does not answer is given up. */
static void test_timeout(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	const Fob__Hello hello = FOB__HELLO__INIT;

	assert_int_equal(sync_begin(&side->sync, side->peer, &hello), 0);
	assert_int_equal(side->peer->run, SYNC_ROOT);
	assert_true(sync_deadline(&side->sync) <= 1000 + RUN_TIMEOUT_MS);
	side->sync.now += RUN_TIMEOUT_MS;
	assert_int_equal(sync_tick(&side->sync), 0);
	assert_int_equal(side->peer->run, SYNC_IDLE);
	assert_true(side->peer->unequal);
	pipe_free(p);
}

/* --- order ----------------------------------------------------------------- */

/* The tips of chains, then back; class 0 first, as it came. */
static void test_order(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	uint32_t items[16], queue[] = { 5, 3, 7, 4, 6, 8 };
	int list[9] = { 0, 1, 2 };
	size_t n;

	list[3] = build_entry(&p->b, 1, 1, NO_PARENTS);
	list[4] = build_entry(&p->b, 1, 2, NO_PARENTS);
	list[5] = build_entry(&p->b, 1, 3, NO_PARENTS);
	list[6] = build_entry(&p->b, 2, 4, NO_PARENTS);
	list[7] = build_add(&p->b, 0, 3, FOB__ROLE__DEVICE, 3);
	list[8] = build_add(&p->b, 0, 4, FOB__ROLE__DEVICE, 4);
	for (int i = 3; i < 9; i++)
		put(p, 0, list[i]);
	side->peer->up = true;
	for (size_t i = 0; i < ARRAY_SIZE(queue); i++)
		sync_queue(&side->sync, side->peer,
			   set_find(&side->set,
				    build_id(&p->b, list[queue[i]])));
	n = sync_serve_next(&side->sync, side->peer, items, 16);
	assert_int_equal(n, 6);
	for (size_t i = 0; i < n; i++) {
		static const int want[] = { 7, 8, 5, 4, 3, 6 };

		assert_memory_equal(side->set.items[items[i]].id,
				    build_id(&p->b, list[want[i]]), ID_SIZE);
	}
	/* What is being read holds up what follows. */
	assert_true(side->peer->loading);
	assert_int_equal(sync_serve_next(&side->sync, side->peer, items, 16),
			 0);
	pipe_free(p);
}

/* --- single messages ------------------------------------------------------- */

/* One item under way; the acknowledgement that would be right for it. */
struct sent {
	struct pipe *p;
	uint8_t taken[1], hash[SYNC_TAG];
	Fob__Ack ack;
	Fob__PeerMessage message;
};

static void send_one(struct sent *s)
{
	struct side *side;
	int entry;

	s->p = pipe_new();
	side = &s->p->sides[0];
	side->peer->up = true;
	entry = build_entry(&s->p->b, 0, 1, NO_PARENTS);
	put(s->p, 0, entry);
	sync_queue(&side->sync, side->peer,
		   set_find(&side->set, build_id(&s->p->b, entry)));
	assert_int_equal(serve(s->p, side, side->peer), 1);
	assert_int_equal(side->peer->n_unacked, 1);
	fob__ack__init(&s->ack);
	fob__peer_message__init(&s->message);
	s->taken[0] = 0;
	memset(s->hash, 0, sizeof(s->hash));
	s->ack.seq = side->peer->seq;
	s->ack.taken = (ProtobufCBinaryData){ 1, s->taken };
	s->ack.hash = (ProtobufCBinaryData){ SYNC_TAG, s->hash };
	s->message.ack = &s->ack;
}

static int acknowledge(struct sent *s)
{
	return sync_message(&s->p->sides[0].sync, s->p->sides[0].peer,
			    &s->message);
}

static void test_ack(void **state UNUSED)
{
	struct sent s;

	send_one(&s);
	s.taken[0] = 1;
	assert_int_equal(acknowledge(&s), SYNC_ERR_PROTOCOL);
	assert_false(knows(s.p, 0, 3));
	s.ack.taken.len = 0;
	assert_int_equal(acknowledge(&s), SYNC_ERR_PROTOCOL);
	s.ack.taken.len = 1;
	s.ack.hash.len = 15;
	assert_int_equal(acknowledge(&s), SYNC_ERR_PROTOCOL);
	s.ack.hash.len = SYNC_TAG;
	s.ack.seq++;
	assert_int_equal(acknowledge(&s), SYNC_ERR_PROTOCOL);
	s.ack.seq--;
	/* Both have made the right one, from the blob that came. */
	free(s.p->sides[0].sync.out[0].data);
	s.p->sides[0].sync.n_out = 0;
	assert_int_equal(s.p->sides[0].peer->n_unacked, 1);
	pipe_free(s.p);
}

/* Whoever took an entry without its blob has acknowledged no copy of it. */
static void test_ack_of_stub(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	struct sync_load load = { 0 };
	int entry = build_entry(&p->b, 0, 1, NO_PARENTS);
	const struct item *item = &p->b.items[entry];

	put(p, 0, entry);
	load.item = set_find(&side->set, build_id(&p->b, entry));
	load.signature = BYTES(item->signature);
	load.body = (struct bytes){ item->body, item->body_len };
	for (int blob = 0; blob < 2; blob++) {
		uint8_t tag[SYNC_TAG], hash[SYNC_TAG], taken[1] = { 1 };
		Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
		Fob__Ack ack = FOB__ACK__INIT;

		if (blob)
			load.blob =
				(struct bytes){ item->blob, item->blob_len };
		assert_int_equal(sync_serve(&side->sync, side->peer, &load, 1),
				 0);
		sync_tag(side->peer, item->id, load.blob, tag);
		crypto_generichash(hash, sizeof(hash), tag, sizeof(tag), key,
				   sizeof(key));
		ack.seq = side->peer->seq;
		ack.taken = (ProtobufCBinaryData){ 1, taken };
		ack.hash = (ProtobufCBinaryData){ sizeof(hash), hash };
		message.ack = &ack;
		assert_int_equal(
			sync_message(&side->sync, side->peer, &message), 0);
		assert_int_equal(side->peer->n_unacked, 0);
		assert_int_equal(knows(p, 0, entry), blob);
	}
	pipe_free(p);
}

static int message_of(struct pipe *p, Fob__PeerMessage *message)
{
	return sync_message(&p->sides[0].sync, p->sides[0].peer, message);
}

static void test_protocol(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	static uint8_t ids[(IDS_PER_MESSAGE + 1) * ID_SIZE];
	ProtobufCBinaryData hashes[3] = { { 32, ids },
					  { 32, ids },
					  { 31, ids } };
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Announce announce;
	Fob__Want want = FOB__WANT__INIT;
	Fob__BlobWant blobs = FOB__BLOB_WANT__INIT;
	Fob__Roots roots = FOB__ROOTS__INIT;
	Fob__Ranges ranges = FOB__RANGES__INIT;
	uint8_t proof[SET_PROOF] = { 0 };

	p->sides[0].peer->up = true;
	message = announcing(&announce, ids, 33);
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	message = announcing(&announce, ids, sizeof(ids));
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	message = announcing(&announce, ids, ID_SIZE);
	announce.class_ = 3;
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	message.announce = NULL;
	message.want = &want;
	want.ids = (ProtobufCBinaryData){ sizeof(ids), ids };
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	want.ids.len = 31;
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	message.want = NULL;
	message.blob_want = &blobs;
	blobs.ids = want.ids;
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	message.blob_want = NULL;
	message.roots = &roots;
	roots.root = hashes;
	roots.n_root = 1; /* without a proof */
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	roots.proof = (ProtobufCBinaryData){ sizeof(proof), proof };
	for (size_t n = 0; n < 4; n++) {
		roots.n_root = n;
		assert_int_equal(message_of(p, &message),
				 n == 1 ? 0 : SYNC_ERR_PROTOCOL);
	}
	message.roots = NULL;
	message.ranges = &ranges;
	ranges.class_ = CLASS_MAX;
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	/* Of a newer version: nothing in it that we know. */
	message.ranges = NULL;
	assert_int_equal(message_of(p, &message), 0);
	pipe_free(p);
}

/* --- a peer that lies -------------------------------------------------------- */

struct roots {
	Fob__PeerMessage message;
	Fob__Roots roots;
	uint8_t root[CLASS_MAX][ID_SIZE], proof[SET_PROOF];
	ProtobufCBinaryData list[CLASS_MAX];
};

/* The other side says our own root, n 1, or roots of its own making. */
static void roots_init(struct roots *r, struct pipe *p, int side, unsigned n)
{
	fob__peer_message__init(&r->message);
	fob__roots__init(&r->roots);
	memset(r->root, 0x77, sizeof(r->root));
	if (n == 1)
		set_root_all(&p->sides[side].set, r->root[0]);
	for (unsigned i = 0; i < n; i++)
		r->list[i] = (ProtobufCBinaryData){ ID_SIZE, r->root[i] };
	memset(r->proof, 1, sizeof(r->proof));
	r->roots.root = r->list;
	r->roots.n_root = n;
	r->roots.reply = side == 0;
	r->roots.proof = (ProtobufCBinaryData){ sizeof(r->proof), r->proof };
	r->message.roots = &r->roots;
}

/* To say our root back proves nothing: whoever knows the ids can do more. */
static void test_echo(void **state UNUSED)
{
	for (int side = 0; side < 2; side++)
		for (int way = 0; way < 4; way++) {
			struct pipe *p = pipe_new();
			struct side *s = &p->sides[side];
			const uint8_t other[32] = { 5 };
			struct roots r;
			int rc;

			s->peer->up = s->peer->greeted = true;
			if (side == 0)
				assert_int_equal(
					sync_run_now(&s->sync, s->peer), 0);
			roots_init(&r, p, side, 1);
			if (way == 1) /* what we say ourselves */
				set_proof(&s->set, key, side == 0, r.proof);
			if (way == 2) /* what it heard in another session */
				set_proof(&s->set, other, side == 1, r.proof);
			if (way == 3)
				set_proof(&s->set, key, side == 1, r.proof);
			rc = sync_message(&s->sync, s->peer, &r.message);
			assert_int_equal(rc, way == 3 || side == 1 ?
						     0 :
						     SYNC_ERR_PROTOCOL);
			assert_int_equal(s->peer->in_sync, way == 3);
			assert_int_equal(knows(p, side, 0), way == 3);
			pipe_free(p);
		}
}

/* Other roots each time are no reason to go on: the run ends, and rests. */
static void test_new_roots(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *s = &p->sides[0];
	Fob__PeerMessage ranges = FOB__PEER_MESSAGE__INIT;
	Fob__Ranges none = FOB__RANGES__INIT;
	uint64_t delay = RUN_DELAY_MIN_MS;
	struct roots r;

	ranges.ranges = &none;
	s->peer->up = s->peer->greeted = true;
	for (unsigned run = 0; run < 5; run++) {
		unsigned said = 0;

		assert_int_equal(sync_run_now(&s->sync, s->peer), 0);
		while (s->peer->run != SYNC_IDLE) {
			assert_in_range(++said, 1, 64);
			roots_init(&r, p, 0,
				   s->peer->run == SYNC_ROOT ? 1 : CLASS_MAX);
			randombytes_buf_deterministic(
				r.root, sizeof(r.root),
				(const uint8_t[32]){ (uint8_t)said,
						     (uint8_t)run });
			none.class_ = s->peer->ranges_class;
			assert_int_equal(
				sync_message(&s->sync, s->peer,
					     s->peer->run == SYNC_RANGES ?
						     &ranges :
						     &r.message),
				0);
			assert_int_equal(sync_settle(&s->sync), 0);
		}
		assert_true(s->peer->unequal);
		assert_int_equal(s->peer->next_run - s->sync.now, delay);
		delay *= 2;
		/* Nor does it help to ask for another one. */
		roots_init(&r, p, 0, 1);
		r.roots.reply = false;
		assert_int_equal(sync_message(&s->sync, s->peer, &r.message),
				 0);
		assert_int_equal(s->peer->run, SYNC_IDLE);
		s->sync.now = s->peer->next_run;
	}
	/* Something new here is worth another look soon. */
	s->sync.now -= 20000;
	put(p, 0, build_entry(&p->b, 0, 1, NO_PARENTS));
	assert_int_equal(sync_fresh(&s->sync, 3, 0), 0);
	assert_int_equal(s->peer->next_run, s->sync.now + RUN_DELAY_MIN_MS);
	pipe_free(p);
}

/* Wishes for runs that end equal are met once a second. */
static void test_wishes(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *s = &p->sides[0];
	struct roots r;

	begin(p);
	assert_equal(p);
	p->sides[0].messages = 0;
	for (int i = 0; i < 100; i++) {
		roots_init(&r, p, 0, 1);
		r.roots.reply = false;
		assert_int_equal(sync_message(&s->sync, s->peer, &r.message),
				 0);
		talk(p);
	}
	assert_int_equal(p->sides[0].messages, 0);
	later(p, RUN_DELAY_MIN_MS);
	assert_int_equal(p->sides[0].messages, 1);
	pipe_free(p);
}

/* Junk by drops holds back for a minute what it named, not for hours. */
static void test_drops(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *s = &p->sides[0];
	struct sync *sync = &s->sync;
	uint8_t ids[64 * ID_SIZE] = { 0 };
	Fob__Announce announce;
	Fob__PeerMessage message = announcing(&announce, ids, sizeof(ids));
	Fob__Items items = FOB__ITEMS__INIT;
	Fob__Item item = FOB__ITEM__INIT, *list[1] = { &item };
	const uint8_t tags[1][SYNC_TAG] = { { 0 } };
	struct sync_taken taken = { .message = &items, .tags = tags };
	bool yes = false;

	for (unsigned i = 0; i < 64; i++)
		ids[i * ID_SIZE] = (uint8_t)(i + 1);
	items.items = list;
	items.n_items = 1;
	taken.taken = &yes;
	s->peer->up = true;
	for (int useful = 0; useful < 2; useful++) {
		uint64_t begun = sync->now;
		unsigned i = 0;

		yes = useful;
		assert_int_equal(sync_message(sync, s->peer, &message), 0);
		assert_int_equal(s->peer->n_asked, 64);
		while (s->peer->n_asked && i < 63) {
			sync->now += RUN_TIMEOUT_MS / 2;
			s->peer->heard = sync->now;
			taken.ids = (const uint8_t(*)[ID_SIZE])(ids +
								i++ * ID_SIZE);
			assert_int_equal(sync_items(sync, s->peer, &taken), 0);
			assert_int_equal(sync_tick(sync), 0);
		}
		assert_int_equal(s->peer->n_asked, 0);
		assert_true(sync->now - begun <=
			    (useful ? RUN_ASKED_MS : RUN_TIMEOUT_MS));
		/* Others are asked before it can name them again. */
		assert_int_equal(sync_message(sync, s->peer, &message), 0);
		assert_int_equal(s->peer->n_asked, 0);
		sync->now += RUN_REST_MS;
	}
	pipe_free(p);
}

/* Whoever says that a blob is gone is not counted for it any more. */
static void test_gone(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	int entry = build_entry(&p->b, 0, 1, NO_PARENTS);
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__BlobGone gone = FOB__BLOB_GONE__INIT;
	uint8_t id[ID_SIZE];

	put(p, 0, entry);
	put(p, 1, entry);
	begin(p);
	assert_true(knows(p, 0, entry) && knows(p, 0, 0));
	memcpy(id, build_id(&p->b, entry), ID_SIZE);
	gone.ids = (ProtobufCBinaryData){ 31, id };
	message.blob_gone = &gone;
	assert_int_equal(message_of(p, &message), SYNC_ERR_PROTOCOL);
	gone.ids.len = ID_SIZE;
	assert_int_equal(message_of(p, &message), 0);
	assert_false(knows(p, 0, entry));
	assert_true(knows(p, 0, 0));
	pipe_free(p);
}

/* What is not here is named so, that nobody waits for it. */
static void test_absent(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	uint8_t ids[2 * ID_SIZE] = { 9 };
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT, *answer;
	Fob__Want want = FOB__WANT__INIT;

	side->peer->up = true;
	memcpy(ids + ID_SIZE, build_id(&p->b, 1), ID_SIZE);
	want.ids = (ProtobufCBinaryData){ ID_SIZE, ids };
	message.want = &want;
	assert_int_equal(message_of(p, &message), 0);
	want.ids.len = 2 * ID_SIZE;
	assert_int_equal(message_of(p, &message), 0);
	assert_int_equal(serve(p, side, side->peer), 1);
	assert_int_equal(side->sync.n_out, 3);
	for (size_t i = 0; i < 3; i++) {
		answer = fob__peer_message__unpack(NULL, side->sync.out[i].n,
						   side->sync.out[i].data);
		assert_int_equal(answer->items->n_items, i == 2);
		assert_int_equal(answer->items->absent.len,
				 i < 2 ? ID_SIZE : 0);
		if (i < 2)
			assert_memory_equal(answer->items->absent.data, ids,
					    ID_SIZE);
		fob__peer_message__free_unpacked(answer, NULL);
	}
	pipe_free(p);
}

/* However much of nothing is asked for, each answer fits into a message. */
static void test_absent_lists(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	static uint8_t ids[IDS_PER_MESSAGE * ID_SIZE];
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Want want = FOB__WANT__INIT;

	side->peer->up = true;
	for (size_t i = 0; i < IDS_PER_MESSAGE; i++) {
		memset(ids + i * ID_SIZE, 9, ID_SIZE);
		memcpy(ids + i * ID_SIZE, &i, sizeof(i));
	}
	want.ids = (ProtobufCBinaryData){ sizeof(ids), ids };
	want.more = true;
	message.want = &want;
	for (size_t i = 0; i < 4; i++) {
		want.more = i < 3;
		assert_int_equal(message_of(p, &message), 0);
	}
	assert_int_equal(side->sync.n_out, 4);
	pipe_free(p);
}

/* Nor do names without end that nobody can give make a list grow. */
static void test_names_without_end(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct sync_peer *peer = p->sides[0].peer;
	static uint8_t ids[IDS_PER_MESSAGE * ID_SIZE];
	Fob__Announce announce;
	Fob__PeerMessage message = announcing(&announce, ids, sizeof(ids));

	peer->up = true;
	announce.more = true;
	for (uint32_t i = 0; i < WANTED_MAX / IDS_PER_MESSAGE + 2; i++) {
		for (uint32_t k = 0; k < IDS_PER_MESSAGE; k++) {
			uint32_t n = i * IDS_PER_MESSAGE + k + 1;

			memcpy(ids + k * ID_SIZE, &n, sizeof(n));
		}
		assert_int_equal(message_of(p, &message), 0);
	}
	assert_int_equal(peer->want.n, WANTED_MAX);
	announce.more = false;
	assert_int_equal(message_of(p, &message), 0);
	assert_int_equal(peer->n_asked, WANTED_MAX);
	assert_int_equal(message_of(p, &message), 0);
	assert_int_equal(peer->n_asked, WANTED_MAX);
	pipe_free(p);
}

/* Nor does it matter that they acknowledge nothing. */
static void test_absent_unacked(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	uint8_t id[ID_SIZE] = { 9 };
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Want want = FOB__WANT__INIT;

	side->peer->up = true;
	for (size_t i = 0; i < UNACKED_MAX; i++) {
		assert_int_equal(sync_queue(&side->sync, side->peer, 1), 0);
		assert_int_equal(serve(p, side, side->peer), 1);
	}
	assert_int_equal(side->peer->n_unacked, UNACKED_MAX);
	want.ids = (ProtobufCBinaryData){ sizeof(id), id };
	message.want = &want;
	assert_int_equal(message_of(p, &message), 0);
	assert_int_equal(side->sync.n_out, UNACKED_MAX + 1);
	pipe_free(p);
}

/* What is being read for them still goes out. */
static void test_absent_loading(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	uint8_t id[ID_SIZE] = { 9 };
	uint32_t items[4];
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Want want = FOB__WANT__INIT;

	side->peer->up = true;
	assert_int_equal(sync_queue(&side->sync, side->peer, 1), 0);
	assert_int_equal(sync_serve_next(&side->sync, side->peer, items, 4), 1);
	want.ids = (ProtobufCBinaryData){ sizeof(id), id };
	message.want = &want;
	assert_int_equal(message_of(p, &message), 0);
	assert_true(side->peer->loading);
	pipe_free(p);
}

/* The same, asked for again and again, is on the list a few times at most. */
static void test_want_again(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	uint32_t items[8];

	side->peer->up = true;
	for (int i = 0; i < 100; i++)
		assert_int_equal(sync_queue(&side->sync, side->peer, 1), 0);
	assert_true(side->peer->n_serve <= 2 * side->set.n_items + 1);
	assert_int_equal(sync_queue(&side->sync, side->peer, 2), 0);
	assert_int_equal(sync_serve_next(&side->sync, side->peer, items, 8), 2);
	pipe_free(p);
}

/* Whoever serves a recovery gets nothing of what others gave. */
static void test_rescue_gives_nothing(void **state UNUSED)
{
	struct pipe *p = pipe_new();
	struct side *side = &p->sides[0];
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Want want = FOB__WANT__INIT;
	Fob__BlobWant blob_want = FOB__BLOB_WANT__INIT;

	want.ids = (ProtobufCBinaryData){ ID_SIZE, side->set.items[0].id };
	blob_want.ids = want.ids;
	message.want = &want;
	assert_int_equal(sync_message(&side->sync, side->peer, &message), 0);
	assert_int_equal(side->peer->n_serve, 1);
	side->peer->rescue = true;
	assert_int_equal(sync_message(&side->sync, side->peer, &message),
			 SYNC_ERR_PROTOCOL);
	message.want = NULL;
	message.blob_want = &blob_want;
	assert_int_equal(sync_message(&side->sync, side->peer, &message),
			 SYNC_ERR_PROTOCOL);
	assert_int_equal(side->peer->n_serve, 1);
	pipe_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_sync),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_classes_in_order),
		cmocka_unit_test(test_blobs),
		cmocka_unit_test(test_many_blobs),
		cmocka_unit_test(test_runs_rest),
		cmocka_unit_test(test_put_off),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_push),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_blob_came),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ack),
		cmocka_unit_test(test_ack_of_stub),
		cmocka_unit_test(test_protocol),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_new_roots),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_absent_lists),
		cmocka_unit_test(test_names_without_end),
		cmocka_unit_test(test_absent_unacked),
		cmocka_unit_test(test_absent_loading),
		cmocka_unit_test(test_want_again),
		cmocka_unit_test(test_rescue_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
