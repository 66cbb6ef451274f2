/*
 * No memory is no fault of whoever sent something: nothing of it is called
 * malformed, nobody loses a connection, nothing is left out. The step fails,
 * or has done all that it does with memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/peer/status.h"
#include "proto/secret.h"
#include "proto/status.h"
#include "tests/fuzz/scarce.h"
#include "tests/lib/guest.h"

#define ALLOCS_MAX 2000 /* of a scene: more means that it never ends */
#define PEER 3		/* a connection that came in */
#define CLIENT 77

/* --- a node whose steps may find no memory --------------------------------- */

static bool struck;

static int frail_step(struct node *node, const struct event *event,
		      struct effects *effects)
{
	scarce_resume();
	int r = node_step(node, event, effects);
	struck = scarce_pause();
	assert_true(r == 0 || (r == -ENOMEM && struck));
	return r;
}

struct home {
	struct one one;
	struct guests guests;
};

static void home_init(struct home *home)
{
	memset(home, 0, sizeof(*home));
	one_init(&home->one, 1);
	one_make_vault(&home->one);
	guests_init(&home->guests, &home->one);
	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	one_later(&home->one, 1);
	guests_forget(&home->guests);
	struck = false;
}

static void home_deinit(struct home *home)
{
	guests_deinit(&home->guests);
	one_deinit(&home->one);
}

/* From here on the n-th allocation in a step fails. */
static void begin(struct home *home, unsigned n)
{
	home->one.step = frail_step;
	scarce_begin(n, false);
}

/* Each scene is played with the first, the second, ... until all succeed. */
static void play(bool (*scene)(struct home *home, unsigned n))
{
	static struct home home;
	unsigned n = 1;

	for (bool again = true; again; n++) {
		home_init(&home);
		again = scene(&home, n);
		scarce_end();
		home_deinit(&home);
		assert_true(n < ALLOCS_MAX);
	}
	assert_true(n > 3);
}

/* --- peers ----------------------------------------------------------------- */

static bool message(struct home *home, unsigned n)
{
	Fob__PeerMessage ping = FOB__PEER_MESSAGE__INIT;
	Fob__Ping body = FOB__PING__INIT;

	guests_meet(&home->guests, 1, PEER);
	guests_forget(&home->guests);
	ping.ping = &body;
	begin(home, n);
	guests_say(&home->guests, PEER, &ping);
	assert_false(guests_closed(&home->guests, PEER));
	return struck;
}

static void test_message_of_a_peer(void **state UNUSED)
{
	play(message);
}

/* --- statuses -------------------------------------------------------------- */

static size_t make_status(struct home *home, uint8_t row[STATUS_ROW_MAX],
			  const struct net_secret *net)
{
	const struct build_device *device = build_keys(&home->guests.b, 1);
	static const uint8_t fresh[40] = { 7 }, root[ID_SIZE] = { 8 };
	static const char addresses[1][64] = { "192.0.2.1:1" };
	struct status_profile profile = {
		.vault_id = home->one.node->set.vault_id,
		.name = "laptop",
		.addresses = addresses,
		.n_addresses = 1,
		.time = ONE_WALL,
		.root = root,
		.version = "1",
	};
	struct device_keys keys = { 0 };

	memcpy(keys.id, device->id, sizeof(keys.id));
	memcpy(keys.status_secret, device->status_secret, 64);
	return status_make(row, &keys, &profile, net, fresh);
}

static bool status(struct home *home, unsigned n)
{
	static const struct net_secret net = { { 1 }, { 2 } };
	struct set *set = &home->one.node->set;
	uint8_t row[STATUS_ROW_MAX];
	size_t len = make_status(home, row, &net);
	struct statuses statuses;
	uint32_t author;
	bool failed;

	statuses_init(&statuses);
	scarce_begin(n, false);
	scarce_resume();
	int r = statuses_take(&statuses, set, (struct bytes){ row, len },
			      ONE_WALL, &author);
	if (r == 0)
		r = statuses_open(&statuses, &net, 1);
	failed = scarce_pause();
	assert_int_equal(r, failed ? -ENOMEM : 0);
	if (!failed)
		assert_string_equal(statuses_find(&statuses, author)->name,
				    "laptop");
	statuses_deinit(&statuses);
	return failed;
}

static void test_status_of_a_device(void **state UNUSED)
{
	play(status);
}

/* --- clients --------------------------------------------------------------- */

static bool request(struct home *home, unsigned n)
{
	Fob__Request ask = FOB__REQUEST__INIT;
	Fob__StatusAsk body = FOB__STATUS_ASK__INIT;
	const Fob__Reply *reply;

	ask.status = &body;
	ask.id = 4711;
	begin(home, n);
	one_send(&home->one, CLIENT, &ask);
	assert_false(guests_closed(&home->guests, CLIENT));
	reply = one_reply(&home->one, 4711);
	assert_true(home->one.dead || reply);
	return struck;
}

static void test_request_of_a_client(void **state UNUSED)
{
	play(request);
}

/* Other requests hold all the locked memory there is: it is told so. */
static void test_request_without_locked_memory(void **state UNUSED)
{
	static void *taken[SECRET_ARENA / 16];
	static struct home home;
	Fob__Request ask = FOB__REQUEST__INIT;
	Fob__StatusAsk body = FOB__STATUS_ASK__INIT;
	const Fob__Reply *reply;
	size_t n = 0;

	home_init(&home);
	ask.status = &body;
	ask.id = 300; /* two bytes on the wire */
	for (size_t size = SECRET_ARENA; size > 0; size /= 2)
		while (n < ARRAY_SIZE(taken) &&
		       (taken[n] = secret_alloc(size)) != NULL)
			n++;
	one_send(&home.one, CLIENT, &ask);
	reply = one_reply(&home.one, 300);
	while (n > 0)
		secret_free(taken[--n]);
	assert_false(guests_closed(&home.guests, CLIENT));
	assert_non_null(reply);
	assert_int_equal(reply->status, STATUS_FAILED);
	assert_non_null(strstr(reply->message, "try again"));
	ask.id = 301;
	one_send(&home.one, CLIENT, &ask);
	reply = one_reply(&home.one, 301);
	assert_non_null(reply);
	assert_int_equal(reply->status, STATUS_OK);
	home_deinit(&home);
}

/* --- snapshots ------------------------------------------------------------- */

/* How long one comes out; 0: the step failed. */
static size_t snapshot_length(struct home *home)
{
	char make[] = "make", next[] = "next";
	Fob__Request ask = FOB__REQUEST__INIT;
	Fob__SnapshotAsk body = FOB__SNAPSHOT_ASK__INIT;
	const Fob__Reply *reply;
	size_t n = 0;

	ask.snapshot = &body;
	body.op = make;
	do {
		reply = one_ask(&home->one, &ask);
		if (!reply || !reply->snapshot)
			return 0;
		n += reply->snapshot->data.len;
		body.op = next;
	} while (!reply->snapshot->last);
	return n;
}

static bool snapshot(struct home *home, unsigned n)
{
	static size_t whole;
	uint8_t row[STATUS_ROW_MAX];
	uint32_t author;
	size_t len = make_status(home, row, NULL);

	assert_int_equal(
		statuses_take(&home->one.node->statuses, &home->one.node->set,
			      (struct bytes){ row, len }, ONE_WALL, &author),
		0);
	if (!whole)
		whole = snapshot_length(home);
	begin(home, n);
	len = snapshot_length(home);
	if (!home->one.dead && len > 0)
		assert_int_equal(len, whole);
	return struck || home->one.dead;
}

static void test_snapshot_leaves_nothing_out(void **state UNUSED)
{
	play(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_of_a_peer),
		cmocka_unit_test(test_status_of_a_device),
		cmocka_unit_test(test_request_of_a_client),
		cmocka_unit_test(test_request_without_locked_memory),
		cmocka_unit_test(test_snapshot_leaves_nothing_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
