/*
 * Connections to other devices: who stays, who is refused, whom we dial, what
 * they are told and given.
 *
 * Covers: peer, dial, statement, serve, alarm.
 */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "proto/text.h"
#include "tests/lib/guest.h"

#define NO_PARENTS ((struct build_list){ NULL, 0 })
#define IN 3		      /* came in */
#define OUT (CONN_DIALED | 9) /* we dialed */

struct home {
	struct one one;
	struct guests guests;
	int lower, higher; /* numbers of devices below and above our id */
};

static int setup(void **state)
{
	struct home *home = calloc(1, sizeof(*home));
	struct guests *guests = &home->guests;

	one_init(&home->one, 1);
	one_make_vault(&home->one);
	guests_init(guests, &home->one);
	for (int i = 1; !home->lower || !home->higher; i++) {
		if (memcmp(build_keys(&guests->b, i)->id,
			   home->one.node->self->id, DEVICE_ID_SIZE) < 0)
			home->lower = i;
		else
			home->higher = i;
	}
	guests_add(guests, home->lower, FOB__ROLE__DEVICE);
	guests_add(guests, home->higher, FOB__ROLE__DEVICE);
	one_later(&home->one, 1);
	guests_forget(guests);
	*state = home;
	return 0;
}

static int teardown(void **state)
{
	struct home *home = *state;

	guests_deinit(&home->guests);
	one_deinit(&home->one);
	free(home);
	return 0;
}

static struct sync_peer *peer_of(struct home *home, uint32_t conn)
{
	return sync_peer(&home->one.node->sync, conn);
}

/* --- sessions -------------------------------------------------------------- */

/* Of two connections of a pair the one that the lower id dialed stays. */
static void two_connections(struct home *home, int device, uint32_t first,
			    uint32_t second, uint32_t stays)
{
	struct guests *guests = &home->guests;
	uint32_t goes = stays == first ? second : first;

	guests_meet(guests, device, first);
	assert_non_null(peer_of(home, first));
	guests_up(guests, device, second);
	assert_non_null(peer_of(home, stays));
	assert_null(peer_of(home, goes));
	assert_true(guests_closed(guests, goes));
	assert_false(guests_closed(guests, stays));
}

static void test_lower_dials(void **state)
{
	two_connections(*state, ((struct home *)*state)->lower, IN, OUT, IN);
}

static void test_lower_dials_late(void **state)
{
	two_connections(*state, ((struct home *)*state)->lower, OUT, IN, IN);
}

static void test_we_are_lower(void **state)
{
	two_connections(*state, ((struct home *)*state)->higher, IN, OUT, OUT);
}

static void test_we_were_lower(void **state)
{
	two_connections(*state, ((struct home *)*state)->higher, OUT, IN, OUT);
}

/* Both by the same side: the other end has lost the first. */
static void test_newer_of_one_side(void **state)
{
	two_connections(*state, ((struct home *)*state)->lower, IN, IN + 1,
			IN + 1);
}

/* A dialer hears a Hello and Roots at once; a listener waits for theirs. */
static void test_hello(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	Fob__PeerMessage ping = FOB__PEER_MESSAGE__INIT;
	Fob__Ping body = FOB__PING__INIT;

	guests_up(guests, home->lower, OUT);
	assert_int_equal(guests_count(guests, OUT), 1);
	assert_non_null(guests_last(guests, OUT)->hello);
	assert_non_null(guests_last(guests, OUT)->roots);
	/* They may lack our ADD: but device 0's is the GENESIS. */
	assert_int_equal(guests_last(guests, OUT)->hello->n_chain, 0);
	guests_up(guests, home->higher, IN);
	assert_int_equal(guests_count(guests, IN), 0);
	/* Anything before a Hello ends it. */
	ping.ping = &body;
	guests_say(guests, IN, &ping);
	assert_true(guests_closed(guests, IN));
	assert_int_equal(guests->traces[TRACE_PEER_PROTOCOL], 1);
	assert_int_equal(guests_count(guests, IN), 0);
}

static void test_garbage(void **state)
{
	struct home *home = *state;
	static const uint8_t junk[] = { 0xff, 0xff, 0xff };
	struct event event = { .type = EVENT_PEER_MESSAGE, .conn = IN };

	guests_meet(&home->guests, home->lower, IN);
	event.data = BYTES(junk);
	one_event(&home->one, &event);
	assert_true(guests_closed(&home->guests, IN));
	assert_null(peer_of(home, IN));
	/* More of it may be on its way. */
	one_event(&home->one, &event);
	assert_int_equal(home->guests.n_closed, 1);
}

static void hello_chain(struct home *home, uint32_t conn, int add)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Hello hello = FOB__HELLO__INIT;
	Fob__Item item = FOB__ITEM__INIT, *list[] = { &item };
	struct item *made = &home->guests.b.items[add];

	item.body = (ProtobufCBinaryData){ made->body_len, made->body };
	item.signature =
		(ProtobufCBinaryData){ SIGNATURE_SIZE, made->signature };
	hello.version = 1;
	hello.chain = list;
	hello.n_chain = 1;
	message.hello = &hello;
	guests_say(&home->guests, conn, &message);
}

/* Somebody whose ADD we lack shows it first; without it there is silence. */
static void test_strangers(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	int add = build_add(&guests->b, home->lower, 50, FOB__ROLE__DEVICE, 1);
	int forged = build_add(&guests->b, 60, 61, FOB__ROLE__DEVICE, 1);

	guests_up(guests, 51, IN);
	guests_hello(guests, IN);
	assert_true(guests_closed(guests, IN));
	guests_up(guests, 61, IN + 1);
	hello_chain(home, IN + 1, forged);
	assert_true(guests_closed(guests, IN + 1));
	assert_int_equal(guests->n_heard, 0);
	assert_int_equal(guests->traces[TRACE_PEER_REFUSED], 2);
	guests_up(guests, 50, IN + 2);
	assert_false(guests_closed(guests, IN + 2));
	hello_chain(home, IN + 2, add);
	assert_false(guests_closed(guests, IN + 2));
	assert_true(guests_held(guests, add));
	assert_int_equal(peer_of(home, IN + 2)->author,
			 guests_author(guests, 50));
	guests_agree(guests, IN + 2);
	assert_non_null(guests_last(guests, IN + 2));
	/* One that says nothing at all is waited for ten seconds. */
	guests_up(guests, 52, IN + 3);
	one_later(&home->one, HANDSHAKE_MS - 1);
	assert_false(guests_closed(guests, IN + 3));
	assert_true(guests->timer <= home->one.mono + 1);
	one_later(&home->one, 1);
	assert_true(guests_closed(guests, IN + 3));
}

static void test_death(void **state)
{
	struct home *home = *state;

	guests_meet(&home->guests, home->lower, IN);
	one_later(&home->one, PEER_DEAD_MS - 1);
	assert_non_null(peer_of(home, IN));
	one_later(&home->one, 1);
	assert_null(peer_of(home, IN));
	assert_true(guests_closed(&home->guests, IN));
}

/* The REVOKE is the last thing that a revoked device hears, in that step. */
static void test_revoked(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	const Fob__PeerMessage *last;
	int add = build_add(&guests->b, home->lower, 50, FOB__ROLE__DEVICE, 1);
	int revoke;

	guests_meet(guests, home->lower, IN);
	guests_give(guests, IN, BUILD_LIST(add), false);
	guests_meet(guests, 50, IN + 1);
	assert_true(peer_of(home, IN + 1)->up);
	guests_forget(guests);
	revoke = build_revoke(&guests->b, home->lower, 50, NULL);
	guests_give(guests, IN, BUILD_LIST(revoke), false);
	assert_null(peer_of(home, IN + 1));
	assert_true(guests_closed(guests, IN + 1));
	assert_int_equal(guests->traces[TRACE_REVOKED], 1);
	last = guests_last(guests, IN + 1);
	assert_non_null(last);
	assert_non_null(last->bye);
	assert_int_equal(last->bye->reason, 1);
	assert_int_equal(last->bye->item->body.len,
			 guests->b.items[revoke].body_len);
	assert_memory_equal(last->bye->item->body.data,
			    guests->b.items[revoke].body,
			    guests->b.items[revoke].body_len);
	/* The others stay; who comes back hears that again, and no more. */
	assert_non_null(peer_of(home, IN));
	guests_forget(guests);
	guests_up(guests, 50, IN + 2);
	guests_hello(guests, IN + 2);
	assert_true(guests_closed(guests, IN + 2));
	assert_int_equal(guests_count(guests, IN + 2), 1);
	last = guests_last(guests, IN + 2);
	assert_non_null(last->bye);
	assert_null(last->roots);
	assert_memory_equal(last->bye->item->body.data,
			    guests->b.items[revoke].body,
			    guests->b.items[revoke].body_len);
	/* Once: its key is denied from then on, and a session gets no word. */
	assert_int_equal(guests->n_denied, 1);
	assert_memory_equal(guests->denied,
			    build_keys(&guests->b, 50)->transport_public,
			    KEY_SIZE);
	guests_forget(guests);
	guests_up(guests, 50, IN + 3);
	guests_hello(guests, IN + 3);
	assert_true(guests_closed(guests, IN + 3));
	assert_int_equal(guests_count(guests, IN + 3), 0);
}

/* A revocation that does not count any more denies nobody. */
static void test_pardoned(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	int add = build_add(&guests->b, home->higher, 50, FOB__ROLE__DEVICE, 1);
	int revoke = build_revoke(&guests->b, home->higher, 50, NULL);
	const struct build_list tips[CLASS_MAX] = { BUILD_LIST(add) };
	int senior = build_revoke(&guests->b, home->lower, home->higher, tips);

	guests_meet(guests, home->lower, IN);
	guests_give(guests, IN, BUILD_LIST(add, revoke), false);
	guests_up(guests, 50, IN + 1);
	guests_hello(guests, IN + 1);
	assert_true(guests_closed(guests, IN + 1));
	assert_int_equal(guests->n_denied, 1);
	guests_give(guests, IN, BUILD_LIST(senior), false);
	assert_int_equal(guests->n_denied, 0);
	guests_meet(guests, 50, IN + 2);
	assert_non_null(peer_of(home, IN + 2));
	assert_false(guests_closed(guests, IN + 2));
}

/* We hear of our own revocation: what we have stays, nothing more is said. */
static void test_bye(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Bye bye = FOB__BYE__INIT;
	Fob__Item item = FOB__ITEM__INIT;
	int revoke = build_revoke(&guests->b, home->lower, home->higher, NULL);

	/* Added before, so it stands higher, and may. */
	item.body.data = guests->b.items[revoke].body;
	item.body.len = guests->b.items[revoke].body_len;
	item.signature.data = guests->b.items[revoke].signature;
	item.signature.len = SIGNATURE_SIZE;
	bye.reason = 1;
	bye.item = &item;
	message.bye = &bye;
	guests_meet(guests, home->lower, IN);
	guests_say(guests, IN, &message);
	assert_true(guests_held(guests, revoke));
	assert_false(
		home->one.node->set.authors[guests_author(guests, home->higher)]
			.member);
}

/* --- dialing --------------------------------------------------------------- */

static void by_hand(struct home *home, int device, const char *address)
{
	struct one_step own;

	one_step_begin(&home->one, &own);
	assert_int_equal(peer_by_hand(&own.step,
				      guests_author(&home->guests, device),
				      address),
			 0);
	one_step_end(&home->one, &own);
	one_later(&home->one, 0);
}

static void ask_sync_now(struct home *home)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SyncAsk ask = FOB__SYNC_ASK__INIT;

	request.sync = &ask;
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_OK);
}

/* A delay that doubles, with jitter, up to five minutes. */
static void test_back_off(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	uint64_t delay = DIAL_MIN_MS;

	by_hand(home, home->lower, "192.0.2.1:1");
	for (size_t i = 0; i < 12; i++) {
		assert_int_equal(guests->n_dialed, 1);
		assert_string_equal(guests->address[0], "192.0.2.1:1");
		assert_true(guests->dialed[0] & CONN_DIALED);
		guests_down(guests, guests->dialed[0], true);
		assert_int_equal(guests->n_dialed, 1);
		guests_forget(guests);
		one_later(&home->one, delay - 1);
		assert_int_equal(guests->n_dialed, 0);
		assert_true(guests->timer <= home->one.mono + 1 + delay / 2);
		one_later(&home->one, 1 + delay / 2);
		delay = delay * 2 > DIAL_MAX_MS ? DIAL_MAX_MS : delay * 2;
	}
	guests_down(guests, guests->dialed[0], true);
	guests_forget(guests);
	/* Somebody asks for it: at once, and soon again if that fails. */
	ask_sync_now(home);
	assert_int_equal(guests->n_dialed, 1);
	guests_down(guests, guests->dialed[0], true);
	guests_forget(guests);
	one_later(&home->one, DIAL_MIN_MS + DIAL_MIN_MS / 2);
	assert_int_equal(guests->n_dialed, 1);
	guests_down(guests, guests->dialed[0], true);
	guests_forget(guests);
	/* Not while one is under way, or up. */
	one_later(&home->one, 3600000);
	assert_int_equal(guests->n_dialed, 1);
	guests_meet(guests, home->lower, guests->dialed[0]);
	guests_forget(guests);
	one_later(&home->one, 60000);
	assert_int_equal(guests->n_dialed, 0);
}

static void ask_peer_op(struct home *home, char *op, char *address)
{
	char id[TEXT_HEX_SIZE(DEVICE_ID_SIZE)];
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__PeerAsk ask = FOB__PEER_ASK__INIT;

	text_hex_encode(id, sizeof(id),
			BYTES(build_keys(&home->guests.b, home->lower)->id));
	ask.op = op;
	ask.name = id;
	ask.address = address;
	request.peer = &ask;
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_OK);
}

/* A name that stands for several addresses: all are tried, and stay. */
static void test_several_addresses(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	char add[] = "add", also[] = "also", one[] = "192.0.2.1:1";
	char two[] = "[2001:db8::1]:2", three[] = "192.0.2.3:3";
	const char *tried[] = { one, two, one };

	ask_peer_op(home, add, three);
	ask_peer_op(home, add, one);
	ask_peer_op(home, also, two);
	ask_peer_op(home, also, two);
	guests_forget(guests);
	one_restart(&home->one);
	assert_int_equal(home->one.node->n_by_hand, 2);
	for (size_t i = 0; i < ARRAY_SIZE(tried); i++) {
		one_later(&home->one, i > 0 ? DIAL_MAX_MS * 2 : 0);
		assert_int_equal(guests->n_dialed, 1);
		assert_string_equal(guests->address[0], tried[i]);
		guests_down(guests, guests->dialed[0], true);
		guests_forget(guests);
	}
	ask_peer_op(home, add, three);
	assert_int_equal(home->one.node->n_by_hand, 1);
}

/* A dial that reaches this device itself is closed, and rests a minute. */
static void test_self(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	struct event event = { .type = EVENT_PEER_UP };

	by_hand(home, home->lower, "192.0.2.1:1");
	assert_int_equal(guests->n_dialed, 1);
	event.conn = guests->dialed[0];
	memcpy(event.remote, home->one.node->self->transport_public, KEY_SIZE);
	memset(event.hash, 1, sizeof(event.hash));
	one_event(&home->one, &event);
	assert_true(guests_closed(guests, event.conn));
	assert_null(peer_of(home, event.conn));
	guests_down(guests, event.conn, false);
	one_later(&home->one, SELF_DIAL_REST_MS - 1);
	assert_int_equal(guests->n_dialed, 1);
	one_later(&home->one, 1);
	assert_int_equal(guests->n_dialed, 2);
}

/* A clone of ours takes our place whenever we have taken its: we wait. */
static void test_clone(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	uint64_t end;

	by_hand(home, home->lower, "192.0.2.1:1");
	end = home->one.mono + 3600000;
	for (unsigned i = 0; home->one.mono < end; i++) {
		uint32_t conn = guests->dialed[0];

		assert_in_range(i, 0, 30);
		assert_int_equal(guests->n_dialed, 1);
		guests_meet(guests, home->lower, conn);
		guests_agree(guests, conn);
		/* The clone waits as long as we did before. */
		one_later(&home->one, home->one.node->dials[0].delay + 1000);
		guests_down(guests, conn, false);
		guests_forget(guests);
		while (!guests->n_dialed)
			one_later(&home->one, 1000);
	}
	/* A session that lasts makes it forget that. */
	guests_meet(guests, home->lower, guests->dialed[0]);
	for (unsigned i = 0; i < 12; i++) {
		one_later(&home->one, 60000);
		guests_say(guests, guests->dialed[0],
			   &(Fob__PeerMessage)FOB__PEER_MESSAGE__INIT);
	}
	guests_down(guests, guests->dialed[0], false);
	guests_forget(guests);
	one_later(&home->one, DIAL_MIN_MS * 3 / 2);
	assert_int_equal(guests->n_dialed, 1);
}

static void test_renew(void **state)
{
	struct home *home = *state;
	struct event event = { .type = EVENT_PEER_RENEW };

	guests_meet(&home->guests, home->lower, IN);
	event.conn = IN;
	one_event(&home->one, &event);
	assert_non_null(peer_of(home, IN)); /* the dialer does that */
	guests_meet(&home->guests, home->higher, OUT);
	event.conn = OUT;
	one_event(&home->one, &event);
	assert_null(peer_of(home, OUT));
	assert_true(guests_closed(&home->guests, OUT));
}

/* --- statements ------------------------------------------------------------ */

static void say_status(struct home *home, int device, uint32_t conn,
		       const char *name)
{
	struct build_device keys = *build_keys(&home->guests.b, device);
	struct device_keys self = { .unlocked = true };
	static const char addresses[1][64] = { "198.51.100.9:7" };
	uint8_t root[ID_SIZE] = { 1 }, fresh[40] = { 2 };
	uint8_t row[STATUS_ROW_MAX];
	struct status_profile profile = {
		.vault_id = home->one.node->set.vault_id,
		.name = name,
		.addresses = addresses,
		.n_addresses = 1,
		.time = (uint64_t)home->one.wall,
		.root = root,
		.version = "1",
	};
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Statuses statuses = FOB__STATUSES__INIT;
	Fob__Status *list[1];
	size_t n;

	memcpy(self.id, keys.id, DEVICE_ID_SIZE);
	memcpy(self.status_secret, keys.status_secret, 64);
	n = status_make(row, &self, &profile, &home->one.node->nets[0], fresh);
	list[0] = fob__status__unpack(NULL, n, row);
	statuses.n_statuses = 1;
	statuses.statuses = list;
	statuses.clock = (uint64_t)home->one.wall + 3000;
	message.statuses = &statuses;
	guests_say(&home->guests, conn, &message);
	fob__status__free_unpacked(list[0], NULL);
}

/* Its name and addresses are known, kept, passed on once, and dialed. */
static void test_statement(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	struct node *node = home->one.node;
	uint32_t author = guests_author(guests, home->lower);
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Statuses statuses = FOB__STATUSES__INIT;
	size_t heard;

	guests_meet(guests, home->lower, IN);
	guests_meet(guests, home->higher, IN + 1);
	guests_agree(guests, IN);
	guests_agree(guests, IN + 1);
	guests_forget(guests);
	say_status(home, home->lower, IN, "tablet");
	assert_string_equal(node_device_name(node, author), "tablet");
	assert_non_null(guests_last(guests, IN + 1));
	assert_non_null(guests_last(guests, IN + 1)->statuses);
	assert_null(guests_last(guests, IN));
	assert_true(peer_of(home, IN)->clock_known);
	assert_int_equal(peer_of(home, IN)->clock_offset, 3000);
	/* A clock that cannot be is none. */
	message.statuses = &statuses;
	statuses.clock = (uint64_t)INT64_MAX + 1;
	guests_say(guests, IN, &message);
	assert_false(peer_of(home, IN)->clock_known);
	heard = guests->n_heard;
	say_status(home, home->lower, IN, "tablet"); /* no news */
	assert_int_equal(guests->n_heard, heard);
	guests_down(guests, IN, false);
	guests_forget(guests);
	one_later(&home->one, 60000);
	assert_int_equal(guests->n_dialed, 1);
	assert_string_equal(guests->address[0], "198.51.100.9:7");
	one_restart(&home->one);
	assert_string_equal(node_device_name(home->one.node, author), "tablet");
}

/* Ours is made some time after a change, and once for many. */
static void test_own_statement(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	static const char *const addresses[] = { "192.0.2.77:1" };
	struct event event = { .type = EVENT_LISTENING,
			       .addresses = addresses,
			       .n_addresses = 1 };
	const struct device_status *own;
	unsigned n = 0;

	guests_meet(guests, home->lower, IN);
	guests_agree(guests, IN);
	one_event(&home->one, &event);
	one_later(&home->one, 5000);
	guests_forget(guests);
	for (uint32_t i = 0; i < 5; i++) {
		int entry = build_entry(&guests->b, home->lower, i, NO_PARENTS);

		guests_give(guests, IN, BUILD_LIST(entry), false);
	}
	one_later(&home->one, 5000);
	for (size_t i = 0; i < guests->n_heard; i++)
		n += guests->heard[i].message->statuses != NULL;
	assert_in_range(n, 1, 2);
	own = statuses_find(&home->one.node->statuses,
			    home->one.node->self_author);
	assert_non_null(own);
	assert_int_equal(own->n_addresses, 1);
	assert_string_equal(own->addresses[0], "192.0.2.77:1");
	assert_int_equal(own->count, home->one.node->set.n_held);
}

/* A device that can seal nothing yet leaves its name and addresses out. */
static void test_unsealed(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	static const char *const addresses[] = { "192.0.2.78:1" };
	struct event event = { .type = EVENT_LISTENING,
			       .addresses = addresses,
			       .n_addresses = 1 };
	uint8_t row[STATUS_ROW_MAX];
	const char *name = node->name;
	struct one_step own;
	size_t n, n_nets = node->n_nets;

	one_event(&home->one, &event);
	assert_true(n_nets > 0 && strlen(name) > 0);
	for (int keeper = 0; keeper < 2; keeper++) {
		node->n_nets = 0;
		node->config.keeper = keeper;
		one_step_begin(&home->one, &own);
		n = statement_row(&own.step, row);
		assert_int_equal(
			statement_keep(&own.step, (struct bytes){ row, n }), 0);
		one_step_end(&home->one, &own);
		assert_true(statuses_find(&node->statuses, node->self_author)
				    ->known);
		assert_int_equal(memmem(row, n, name, strlen(name)) != NULL,
				 keeper);
		assert_int_equal(memmem(row, n, "192.0.2.78", 10) != NULL,
				 keeper);
		assert_int_equal(
			statuses_find(&node->statuses, node->self_author)->open,
			keeper);
		one_later(&home->one, 1);
	}
	node->config.keeper = false;
	node->n_nets = n_nets;
}

/* --- serving --------------------------------------------------------------- */

static void want(struct home *home, uint32_t conn, int item)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Want ask = FOB__WANT__INIT;
	uint8_t id[ID_SIZE];

	memcpy(id, build_id(&home->guests.b, item), ID_SIZE);
	ask.ids = (ProtobufCBinaryData){ ID_SIZE, id };
	message.want = &ask;
	guests_say(&home->guests, conn, &message);
}

/* An item read back is as it came; a bad one is not given to anybody. */
static void test_serve(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	struct build *b = &guests->b;
	const Fob__PeerMessage *last;
	int bad, tip;

	guests_meet(guests, home->lower, IN);
	guests_meet(guests, home->higher, IN + 1);
	bad = build_entry(b, home->lower, 1, NO_PARENTS);
	tip = build_entry(b, home->lower, 2, NO_PARENTS);
	b->items[bad].signature[9] ^= 1;
	/* The check when idle must not come first. */
	home->one.node->checking = true;
	guests_give(guests, IN, BUILD_LIST(tip, bad), false);
	assert_true(guests_held(guests, bad));
	guests_forget(guests);
	want(home, IN + 1, tip);
	last = guests_last(guests, IN + 1);
	assert_int_equal(last->items->n_items, 1);
	assert_int_equal(last->items->items[0]->blob.len, KEY_SIZE);
	assert_memory_equal(last->items->items[0]->blob.data,
			    b->items[tip].blob, KEY_SIZE);
	assert_memory_equal(last->items->items[0]->signature.data,
			    b->items[tip].signature, SIGNATURE_SIZE);
	/* Straight behind its descendant it would do; alone it does not. */
	peer_of(home, IN + 1)->last_prev = NONE;
	want(home, IN + 1, bad);
	last = guests_last(guests, IN + 1);
	assert_int_equal(last->items->n_items, 0);
	assert_int_equal(last->items->absent.len, ID_SIZE);
}

/* Who has it: those that gave it, or acknowledged it. */
static void test_copies(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	struct node *node = home->one.node;
	uint32_t at;
	int entry;
	uint8_t key[4];

	guests_add(guests, 70, FOB__ROLE__KEEPER);
	guests_meet(guests, home->lower, IN);
	guests_meet(guests, 70, IN + 1);
	entry = build_entry(&guests->b, home->lower, 1, NO_PARENTS);
	guests_give(guests, IN, BUILD_LIST(entry), true);
	at = set_find(&node->set, build_id(&guests->b, entry));
	assert_int_equal(peer_copies(node, at, false), 0); /* a stub is none */
	guests_give(guests, IN, BUILD_LIST(entry), false);
	at = set_find(&node->set, build_id(&guests->b, entry));
	assert_int_equal(peer_copies(node, at, false), 1);
	guests_give(guests, IN + 1, BUILD_LIST(entry), false);
	assert_int_equal(peer_copies(node, at, false), 1);
	assert_int_equal(peer_copies(node, at, true), 2);
	/*
	 * On disk after some seconds, the driver's wait included, and known
	 * again after a start.
	 */
	assert_in_range(SOFT_GATHER_MS + SOFT_WRITE_MS, 1000, 5000);
	item_row_key(key, node->set.items[at].seq);
	assert_null(one_row(&home->one, TABLE_HOLDER, BYTES(key)));
	one_later(&home->one, SOFT_GATHER_MS);
	assert_non_null(one_row(&home->one, TABLE_HOLDER, BYTES(key)));
	one_restart(&home->one);
	node = home->one.node;
	at = set_find(&node->set, build_id(&guests->b, entry));
	assert_int_equal(peer_copies(node, at, true), 2);
}

/* Two first items of one device: it runs from a copy, which is told once. */
static void test_copy_told(void **state)
{
	struct home *home = *state;
	struct guests *guests = &home->guests;
	int first, again;

	guests_meet(guests, home->lower, IN);
	first = build_entry(&guests->b, home->lower, 1, NO_PARENTS);
	guests_give(guests, IN, BUILD_LIST(first), false);
	assert_int_equal(guests->traces[TRACE_FORKED], 0);
	guests->b.prev_none = true;
	again = build_entry(&guests->b, home->lower, 2, NO_PARENTS);
	guests->b.prev_none = false;
	guests_give(guests, IN, BUILD_LIST(again), false);
	assert_int_equal(guests->traces[TRACE_FORKED], 1);
	assert_true(guests_held(guests, first) && guests_held(guests, again));
	guests_say(guests, IN, &(Fob__PeerMessage)FOB__PEER_MESSAGE__INIT);
	assert_int_equal(guests->traces[TRACE_FORKED], 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lower_dials),
		TEST(test_lower_dials_late),
		TEST(test_we_are_lower),
		TEST(test_we_were_lower),
		TEST(test_newer_of_one_side),
		TEST(test_hello),
		TEST(test_garbage),
		TEST(test_strangers),
		TEST(test_death),
		TEST(test_revoked),
		TEST(test_pardoned),
		TEST(test_bye),
		TEST(test_back_off),
		TEST(test_several_addresses),
		TEST(test_self),
		TEST(test_clone),
		TEST(test_renew),
		TEST(test_statement),
		TEST(test_own_statement),
		TEST(test_unsealed),
		TEST(test_serve),
		TEST(test_copies),
		TEST(test_copy_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
