/*
 * A node alone with its disk, and what others give it: rows at start, items
 * that come, items that it makes, debts of keys, what overflows.
 *
 * Covers: node, start, take, write, load, index, effect, debt, gap, flow.
 */
#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/guest.h"

#define NO_PARENTS ((struct build_list){ NULL, 0 })
#define CONN 3

struct home {
	struct one one;
	struct guests guests;
};

static int setup(void **state)
{
	struct home *home = calloc(1, sizeof(*home));

	one_init(&home->one, 1);
	one_make_vault(&home->one);
	guests_init(&home->guests, &home->one);
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

/* --- rows ------------------------------------------------------------------ */

static struct bytes row_of(struct one *one, enum table table, uint32_t seq)
{
	uint8_t key[4];
	const struct one_row *row;

	item_row_key(key, seq);
	row = one_row(one, table, BYTES(key));
	return row ? (struct bytes){ row->data, row->n } :
		     (struct bytes){ NULL, 0 };
}

static int give_row(struct one *one, enum table table, struct bytes key,
		    struct bytes data)
{
	struct event event = { .type = EVENT_ROW, .table = table };

	event.key = key;
	event.data = data;
	return one_try(one, &event);
}

static int give_item(struct one *one, uint32_t seq, struct bytes data)
{
	uint8_t key[4];

	item_row_key(key, seq);
	return give_row(one, TABLE_ITEM, BYTES(key), data);
}

/* Damage is found before anything is served: the node does not come up. */
static void test_damaged_rows(void **state)
{
	struct home *home = *state;
	struct bytes good = row_of(&home->one, TABLE_ITEM, 0);
	uint8_t *bad = malloc(good.n), key[3] = { 0 };
	struct one other;
	static uint8_t junk[8] = "junkjunk";

	assert_true(good.n > 70);
	for (size_t cut = 0; cut < good.n; cut += 13) {
		one_blank(&other, false);
		assert_int_equal(give_item(&other, 0,
					   (struct bytes){ good.p, cut }),
				 -EBADMSG);
		one_deinit(&other);
	}
	memcpy(bad, good.p, good.n);
	bad[0]++; /* the version of the row */
	one_blank(&other, false);
	assert_int_equal(give_item(&other, 0, (struct bytes){ bad, good.n }),
			 -EBADMSG);
	assert_int_equal(give_row(&other, TABLE_ITEM, BYTES(key), good),
			 -EBADMSG);
	assert_int_equal(give_row(&other, TABLE_LOCAL,
				  (struct bytes){ (uint8_t *)"device", 6 },
				  BYTES(junk)),
			 -EBADMSG);
	assert_int_equal(give_row(&other, TABLE_LOCAL,
				  (struct bytes){ (uint8_t *)"slot/1", 6 },
				  BYTES(junk)),
			 -EBADMSG);
	assert_int_equal(give_row(&other, TABLE_LOCAL,
				  (struct bytes){ (uint8_t *)"net/0", 5 },
				  BYTES(junk)),
			 -EBADMSG);
	assert_int_equal(give_row(&other, TABLE_LOCAL,
				  (struct bytes){ (uint8_t *)"peer/zz", 7 },
				  BYTES(junk)),
			 -EBADMSG);
	/* What a newer fob keeps is not ours to judge; soft rows may be bad. */
	assert_int_equal(give_row(&other, TABLE_LOCAL,
				  (struct bytes){ (uint8_t *)"newer", 5 },
				  BYTES(junk)),
			 0);
	assert_int_equal(
		give_row(&other, TABLE_STATUS, BYTES(junk), BYTES(junk)), 0);
	assert_int_equal(
		give_row(&other, TABLE_HOLDER, BYTES(junk), BYTES(junk)), 0);
	one_deinit(&other);
	free(bad);
}

/* A key is no measure of memory, and none leads the next ones round to 0. */
static void test_far_row(void **state)
{
	struct home *home = *state;
	struct bytes row = row_of(&home->one, TABLE_ITEM, 0);
	struct one other;
	uint8_t key[4], mask[8] = { [7] = 5 };

	one_blank(&other, false);
	assert_int_equal(give_item(&other, SEQ_MAX + 1, row), -EBADMSG);
	assert_int_equal(give_item(&other, NONE, row), -EBADMSG);
	assert_int_equal(give_item(&other, SEQ_MAX, row), 0);
	assert_int_equal(other.node->set.next_seq, SEQ_MAX + 1);
	assert_true(other.node->cap_by_seq <= 1024);
	item_row_key(key, SEQ_MAX);
	assert_int_equal(
		give_row(&other, TABLE_HOLDER, BYTES(key), BYTES(mask)), 0);
	assert_int_equal(other.node->set.items[0].holders, 5);
	one_deinit(&other);
}

/* Rows whose author comes later are waited for. */
static void test_rows_out_of_order(void **state)
{
	struct home *home = *state;
	struct one other;
	struct event start = { .type = EVENT_START };
	uint32_t n = home->one.node->set.next_seq;

	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	n = home->one.node->set.next_seq;
	assert_true(n >= 3);
	one_blank(&other, false);
	assert_int_equal(
		give_item(&other, 0, row_of(&home->one, TABLE_ITEM, 0)), 0);
	for (uint32_t seq = n; seq-- > 1;)
		assert_int_equal(give_item(&other, seq,
					   row_of(&home->one, TABLE_ITEM, seq)),
				 0);
	assert_int_equal(one_try(&other, &start), 0);
	assert_int_equal(other.node->set.n_held, home->one.node->set.n_held);
	one_deinit(&other);
}

static void test_row_round_trip(void **state)
{
	struct home *home = *state;
	uint8_t signature[SIGNATURE_SIZE], body[100], key[4];
	struct item_row row = { true, 0x01020304, BYTES(signature),
				BYTES(body) },
			back;
	struct one_step own;

	memset(signature, 1, sizeof(signature));
	memset(body, 2, sizeof(body));
	for (int checked = 0; checked < 2; checked++) {
		row.checked = checked;
		one_step_begin(&home->one, &own);
		assert_int_equal(item_row_put(&own.step, 0xa1b2c3d4, &row), 0);
		assert_true(item_row_parse(
			(struct bytes){ home->one.effects.list[0].data,
					home->one.effects.list[0].data_len },
			&back));
		item_row_key(key, 0xa1b2c3d4);
		assert_memory_equal(home->one.effects.list[0].key, key, 4);
		assert_int_equal(key[0], 0xa1);
		assert_int_equal(back.checked, checked);
		assert_int_equal(back.first_seen, row.first_seen);
		assert_int_equal(back.body.n, sizeof(body));
		assert_memory_equal(back.body.p, body, sizeof(body));
		assert_memory_equal(back.signature.p, signature,
				    SIGNATURE_SIZE);
	}
	assert_false(item_row_parse((struct bytes){ body, 70 }, &back));
}

static void test_start_again(void **state)
{
	struct home *home = *state;
	uint8_t root[2][ID_SIZE];
	uint32_t author;

	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	author = home->one.node->self_author;
	set_root_all(&home->one.node->set, root[0]);
	one_restart(&home->one);
	set_root_all(&home->one.node->set, root[1]);
	assert_memory_equal(root[0], root[1], ID_SIZE);
	assert_int_equal(home->one.node->self_author, author);
	assert_int_equal(home->one.node->state, NODE_LOCKED);
	assert_null(home->one.node->unlock_key);
	assert_int_equal(home->guests.traces[TRACE_STARTED], 1);
}

/* --- items that come ------------------------------------------------------- */

static bool acked(struct home *home, size_t i)
{
	const Fob__PeerMessage *last = guests_last(&home->guests, CONN);

	for (size_t k = home->guests.n_heard; k-- > 0;)
		if (home->guests.heard[k].message->ack) {
			last = home->guests.heard[k].message;
			break;
		}
	assert_non_null(last);
	assert_non_null(last->ack);
	assert_int_equal(last->ack->seq, home->guests.seq);
	return last->ack->taken.data[i / 8] >> (i % 8) & 1;
}

static void meet(struct home *home)
{
	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	guests_meet(&home->guests, 1, CONN);
	guests_forget(&home->guests);
}

/* A stub that is held gets its blob; the row says it once. */
static void test_blob_for_a_stub(void **state)
{
	struct home *home = *state;
	struct set *set = &home->one.node->set;
	int entry;
	uint32_t at;

	meet(home);
	entry = build_entry(&home->guests.b, 1, 1, NO_PARENTS);
	guests_give(&home->guests, CONN, BUILD_LIST(entry), true);
	assert_true(acked(home, 0));
	at = set_find(set, build_id(&home->guests.b, entry));
	assert_false(set->items[at].flags & SET_BLOB);
	assert_int_equal(row_of(&home->one, TABLE_BLOB, set->items[at].seq).n,
			 0);
	guests_give(&home->guests, CONN, BUILD_LIST(entry), false);
	assert_true(acked(home, 0));
	assert_true(set->items[at].flags & SET_BLOB);
	assert_memory_equal(
		row_of(&home->one, TABLE_BLOB, set->items[at].seq).p,
		home->guests.b.items[entry].blob, KEY_SIZE);
	assert_int_equal(home->guests.traces[TRACE_STORED], 1);
}

static void test_refused(void **state)
{
	struct home *home = *state;
	struct build *b = &home->guests.b;
	uint32_t held;
	int forged, malformed, stranger, good;

	meet(home);
	held = home->one.node->set.n_held;
	forged = build_entry(b, 1, 1, NO_PARENTS);
	b->items[forged].signature[5] ^= 1;
	malformed = build_entry(b, 1, 2, NO_PARENTS);
	b->items[malformed].blob[0] ^= 1; /* not the one that was signed */
	stranger = build_entry(b, 9, 3, NO_PARENTS);
	guests_give(&home->guests, CONN,
		    BUILD_LIST(forged, malformed, stranger), false);
	for (size_t i = 0; i < 3; i++)
		assert_false(acked(home, i));
	assert_int_equal(home->one.node->set.n_held, held);
	assert_false(guests_closed(&home->guests, CONN));
	b->prev_none = true;
	good = build_entry(b, 1, 4, NO_PARENTS);
	guests_give(&home->guests, CONN, BUILD_LIST(good), false);
	assert_true(acked(home, 0));
	assert_int_equal(home->one.node->set.n_held, held + 1);
}

/* Without a call of a client, a kind of a newer fob is carried all the same. */
static void test_unknown_kind(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__EventsAsk events = FOB__EVENTS_ASK__INIT;
	Fob__Head head = FOB__HEAD__INIT;
	int item;

	request.events = &events;
	one_ask(&home->one, &request); /* somebody is told of what comes */
	meet(home);
	head.kind = FOB__KIND__PURGE + 5;
	item = build_head(&home->guests.b, 1, &head, (struct bytes){ NULL, 0 });
	guests_give(&home->guests, CONN, BUILD_LIST(item), false);
	assert_true(acked(home, 0));
	assert_true(set_carries(&home->one.node->set,
				build_id(&home->guests.b, item)));
}

/* Vouched for by a descendant, and then looked at: the bad one goes. */
static void test_unchecked(void **state)
{
	struct home *home = *state;
	struct set *set = &home->one.node->set;
	struct build *b = &home->guests.b;
	int old, bad, tip;
	uint32_t at[3], seq;
	struct item_row row;

	meet(home);
	old = build_entry(b, 1, 1, NO_PARENTS);
	bad = build_entry(b, 1, 2, NO_PARENTS);
	tip = build_entry(b, 1, 3, NO_PARENTS);
	b->items[bad].signature[0] ^= 1;
	guests_give(&home->guests, CONN, BUILD_LIST(tip, bad, old), false);
	for (size_t i = 0; i < 3; i++)
		assert_true(acked(home, i));
	one_later(&home->one,
		  2000); /* quiet for a while: the checks are through */
	at[0] = set_find(set, build_id(b, old));
	at[2] = set_find(set, build_id(b, tip));
	assert_false(set_holds(set, build_id(b, bad)));
	assert_true(set->items[at[0]].flags & SET_CHECKED);
	assert_true(set->items[at[2]].flags & SET_CHECKED);
	seq = set->items[at[0]].seq;
	assert_true(item_row_parse(row_of(&home->one, TABLE_ITEM, seq), &row));
	assert_true(row.checked);
	assert_int_equal(row_of(&home->one, TABLE_ITEM, seq - 1).n, 0);
	assert_int_equal(row_of(&home->one, TABLE_BLOB, seq - 1).n, 0);
	/* It is asked of others again: the run that follows is planned. */
	assert_false(home->one.node->sync.peers[0].in_sync);
	assert_int_not_equal(home->one.node->sync.peers[0].next_run,
			     UINT64_MAX);
	b->items[bad].signature[0] ^= 1;
	guests_give(&home->guests, CONN, BUILD_LIST(bad), false);
	assert_true(acked(home, 0));
	one_restart(&home->one);
	assert_true(guests_held(&home->guests, bad));
}

/* A row that the disk spoiled is no reason to stop: it is had again. */
static void test_damaged_while_running(void **state)
{
	struct home *home = *state;
	struct set *set = &home->one.node->set;
	struct build *b = &home->guests.b;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk ask = FOB__STATUS_ASK__INIT;
	uint8_t key[4];
	int lost[3], tip;

	request.status = &ask;
	meet(home);
	for (uint32_t i = 0; i < 3; i++)
		lost[i] = build_entry(b, 1, i, NO_PARENTS);
	tip = build_entry(b, 1, 3, NO_PARENTS);
	guests_give(&home->guests, CONN,
		    BUILD_LIST(tip, lost[2], lost[1], lost[0]), false);
	for (size_t i = 0; i < 3; i++) {
		struct one_row *row;

		item_row_key(
			key,
			set->items[set_find(set, build_id(b, lost[i]))].seq);
		row = (struct one_row *)(uintptr_t)one_row(
			&home->one, TABLE_ITEM, BYTES(key));
		if (i == 0)
			row->n = 0; /* it is not there at all */
		else if (i == 1)
			row->data[0]++; /* nothing of it can be read */
		else
			row->data[row->n - 1] ^= 1; /* it is something else */
	}
	one_later(&home->one, 2000);
	assert_int_equal(home->guests.traces[TRACE_DAMAGED], 3);
	assert_int_equal(home->guests.traces[TRACE_REFUSED_ITEM], 0);
	for (size_t i = 0; i < 3; i++)
		assert_false(set_holds(set, build_id(b, lost[i])));
	assert_true(set_holds(set, build_id(b, tip)));
	assert_int_not_equal(home->one.node->sync.peers[0].next_run,
			     UINT64_MAX);
	assert_non_null(strstr(one_ask(&home->one, &request)->warnings[0],
			       "damaged on this disk"));
	guests_give(&home->guests, CONN, BUILD_LIST(lost[2], lost[1], lost[0]),
		    false);
	one_restart(&home->one);
	for (size_t i = 0; i < 3; i++)
		assert_true(guests_held(&home->guests, lost[i]));
}

/* --- items that we make ---------------------------------------------------- */

static const Fob__Reply *add_entry(struct home *home, char *issuer)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries[] = { &entry };
	Fob__OtpValue otp = FOB__OTP_VALUE__INIT;
	char secret[32] = "secret of ";

	strcat(secret, issuer);
	otp.type = FOB__OTP_TYPE__TOTP;
	otp.algorithm = FOB__ALGORITHM__SHA1;
	otp.digits = 6;
	otp.period = 30;
	otp.secret = (ProtobufCBinaryData){ strlen(secret), (uint8_t *)secret };
	entry.issuer = issuer;
	entry.otp = &otp;
	ask.entries = entries;
	ask.n_entries = 1;
	request.add = &ask;
	return one_ask(&home->one, &request);
}

static void parse_seq(struct home *home, uint32_t seq, struct item *ret)
{
	struct item_row row;

	assert_true(item_row_parse(row_of(&home->one, TABLE_ITEM, seq), &row));
	assert_int_equal(item_parse(ret, home->one.node->set.vault_id, row.body,
				    row.signature, (struct bytes){ NULL, 0 }),
			 0);
}

/* prev is our former one of the class, roster the heads, time the clock. */
static void test_context(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	AUTO_ITEM struct item first = { 0 }, second = { 0 };
	uint32_t author = guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	uint32_t seq;

	one_later(&home->one, 5000);
	assert_int_equal(add_entry(home, "a")->status, STATUS_OK);
	seq = node->set.next_seq - 1;
	one_later(&home->one, 5000);
	assert_int_equal(add_entry(home, "b")->status, STATUS_OK);
	assert_int_equal(node->set.next_seq - 1, seq + 1);
	parse_seq(home, seq, &first);
	parse_seq(home, seq + 1, &second);
	assert_int_equal(first.head->prev.len, 0);
	assert_int_equal(second.head->prev.len, ID_SIZE);
	assert_memory_equal(second.head->prev.data, first.id, ID_SIZE);
	assert_int_equal(second.head->n_roster, 1);
	assert_memory_equal(second.head->roster[0].data,
			    node->set.items[node->set.authors[author].add].id,
			    ID_SIZE);
	assert_int_equal(second.head->time, (uint64_t)home->one.wall);
	assert_int_equal(item_verify(&second, node->set.vault_id,
				     node->self->sign_public),
			 0);
}

static unsigned keys(struct home *home)
{
	const struct set *set = &home->one.node->set;
	unsigned n = 0;

	for (uint32_t i = 0; i < set->n_items; i++)
		n += (set->items[i].flags & SET_HELD) &&
		     set->items[i].kind == FOB__KIND__KEY;
	return n;
}

static int revoke_by_node(struct home *home, int number)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Revoke revoke = FOB__REVOKE__INIT;
	struct build_device device = *build_keys(&home->guests.b, number);
	struct one_step own;
	uint32_t index;
	int r;

	revoke.target = (ProtobufCBinaryData){ DEVICE_ID_SIZE, device.id };
	head.kind = FOB__KIND__REVOKE;
	head.revoke = &revoke;
	one_step_begin(&home->one, &own);
	r = write_head(&own.step, &head, (struct bytes){ NULL, 0 }, &index);
	one_step_end(&home->one, &own);
	return r;
}

static void grant(struct home *home, int number)
{
	struct one_step own;

	one_step_begin(&home->one, &own);
	assert_int_equal(write_grants(&own.step,
				      guests_author(&home->guests, number)),
			 0);
	one_step_end(&home->one, &own);
}

/* A writer pays what is owed before it writes, in the same step. */
static void test_rotation_before_a_write(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	AUTO_ITEM struct item last = { 0 }, before = { 0 };

	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	grant(home, 1);
	assert_int_equal(keys(home), 1);
	assert_int_equal(revoke_by_node(home, 1), 0);
	assert_true(
		keyring_rotation_owed(&node->keyring, 0, node->self_author));
	assert_int_equal(keys(home), 1); /* debts have time */
	assert_int_equal(add_entry(home, "a")->status, STATUS_OK);
	assert_int_equal(keys(home), 2);
	parse_seq(home, node->set.next_seq - 1, &last);
	parse_seq(home, node->set.next_seq - 2, &before);
	assert_int_equal(before.head->kind, FOB__KIND__KEY);
	assert_int_equal(last.head->kind, FOB__KIND__ENTRY);
	assert_memory_equal(last.head->entry->kid.data,
			    before.head->key->kid.data, KID_SIZE);
	assert_int_equal(before.head->key->n_wraps, 2); /* ours, the kit's */
}

/* Nobody gets a second wrap, or one while suspended. */
static void test_grants(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	uint32_t one = guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	uint32_t seq;

	grant(home, 1);
	assert_true(keyring_complete(&node->keyring, one));
	seq = node->set.next_seq;
	grant(home, 1);
	assert_int_equal(node->set.next_seq, seq);
	guests_add(&home->guests, 2, FOB__ROLE__DEVICE);
	guests_meet(&home->guests, 1, CONN);
	guests_give(&home->guests, CONN,
		    BUILD_LIST(build_suspend(&home->guests.b, 1, 2, NO_PARENTS,
					     NO_PARENTS)),
		    false);
	assert_true(
		node->roster.devices[guests_author(&home->guests, 2)].suspended);
	seq = node->set.next_seq;
	grant(home, 2);
	assert_int_equal(node->set.next_seq, seq);
	/* A keeper reads nothing, whatever is asked. */
	guests_add(&home->guests, 3, FOB__ROLE__KEEPER);
	seq = node->set.next_seq;
	grant(home, 3);
	assert_int_equal(node->set.next_seq, seq);
}

/* --- debts, and what is missing -------------------------------------------- */

/* An idle reader pays after some seconds, and then rests. */
static void test_idle_debt(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	uint32_t one = guests_add(&home->guests, 1, FOB__ROLE__DEVICE);

	assert_false(keyring_complete(&node->keyring, one));
	one_later(&home->one, ROTATE_JITTER_MIN_MS - 1);
	assert_false(keyring_complete(&node->keyring, one));
	assert_true(home->guests.timer <=
		    home->one.mono + ROTATE_JITTER_MAX_MS);
	one_later(&home->one, ROTATE_JITTER_MAX_MS);
	assert_true(keyring_complete(&node->keyring, one));
	/* The next within ten minutes waits. */
	assert_int_equal(revoke_by_node(home, 1), 0);
	one_later(&home->one, ROTATE_JITTER_MAX_MS);
	assert_int_equal(keys(home), 1);
	one_later(&home->one, ROTATE_REST_MS);
	assert_int_equal(keys(home), 2);
}

/* A guest's entry that names a class 0 item which nobody has shown us. */
static int entry_with_gap(struct home *home, uint32_t record, int missing)
{
	home->guests.b.roster = BUILD_LIST(missing);
	return build_entry(&home->guests.b, 1, record, NO_PARENTS);
}

static void connected(struct home *home, uint64_t ms)
{
	for (; ms > 0; ms -= size_min(ms, 40000)) {
		Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
		Fob__Ping ping = FOB__PING__INIT;

		one_later(&home->one, size_min(ms, 40000));
		ping.reply = true;
		message.ping = &ping;
		guests_say(&home->guests, CONN, &message);
		guests_forget(&home->guests);
	}
}

static void test_gap_holds_keys_back(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	uint32_t two;
	int add, entry;

	meet(home);
	grant(home, 1);
	add = build_add(&home->guests.b, 1, 5, FOB__ROLE__DEVICE, 1);
	entry = entry_with_gap(home, 1, add);
	guests_give(&home->guests, CONN, BUILD_LIST(entry), false);
	assert_true(gap_any(node) && gap_fresh(node));
	two = guests_add(&home->guests, 2, FOB__ROLE__DEVICE);
	connected(home, 20 * 60 * 1000);
	assert_false(keyring_complete(&node->keyring, two));
	/* A sponsor's own grant, and what a writer needs, are made. */
	grant(home, 2);
	assert_true(keyring_complete(&node->keyring, two));
	assert_int_equal(revoke_by_node(home, 2), 0);
	assert_int_equal(add_entry(home, "a")->status, STATUS_OK);
	assert_int_equal(keys(home), 2);
	two = guests_add(&home->guests, 3, FOB__ROLE__DEVICE);
	connected(home, 20 * 60 * 1000);
	assert_false(keyring_complete(&node->keyring, two));
	/* It comes: the debt is paid. */
	guests_give(&home->guests, CONN, BUILD_LIST(add), false);
	assert_false(gap_any(node));
	connected(home, 20 * 60 * 1000);
	assert_true(keyring_complete(&node->keyring, two));
}

/* A day with a peer, and what nobody can bring holds nothing back. */
static void test_gap_of_a_day(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	uint32_t two;
	int entry;

	meet(home);
	grant(home, 1);
	entry = entry_with_gap(home, 1,
			       build_add(&home->guests.b, 1, 5,
					 FOB__ROLE__DEVICE, 1));
	guests_give(&home->guests, CONN, BUILD_LIST(entry), false);
	two = guests_add(&home->guests, 2, FOB__ROLE__DEVICE);
	guests_down(&home->guests, CONN, false);
	one_later(&home->one, 3 * GAP_MS); /* alone: that counts for nothing */
	assert_true(gap_fresh(node));
	guests_meet(&home->guests, 1, CONN);
	connected(home, GAP_MS / 2);
	assert_true(gap_fresh(node));
	assert_false(keyring_complete(&node->keyring, two));
	connected(home, GAP_MS / 2 + 60000);
	assert_false(gap_fresh(node));
	assert_true(gap_any(node)); /* and the warning stays */
	connected(home, 20 * 60 * 1000);
	assert_true(keyring_complete(&node->keyring, two));
	one_restart(&home->one);
	assert_true(gap_any(home->one.node));
}

/* Who is revoked without them says nothing that counts. */
static void test_gap_of_the_revoked(void **state)
{
	struct home *home = *state;
	int entry;

	meet(home);
	entry = entry_with_gap(home, 1,
			       build_add(&home->guests.b, 1, 5,
					 FOB__ROLE__DEVICE, 1));
	guests_give(&home->guests, CONN, BUILD_LIST(entry), false);
	assert_true(gap_fresh(home->one.node));
	assert_int_equal(revoke_by_node(home, 1), 0);
	assert_false(gap_any(home->one.node));
}

/* --- flow ------------------------------------------------------------------ */

static void test_bucket(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	uint32_t one = guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	uint32_t two = guests_add(&home->guests, 2, FOB__ROLE__DEVICE);

	/* Nothing counts before the first complete run. */
	assert_false(node->flow.counts);
	for (int i = 0; i < BUCKET_ITEMS + 10; i++)
		assert_int_equal(flow_spend(node, one), 0);
	assert_true(flow_allows(node, one));
	node->flow.counts = true;
	for (int i = 0; i < BUCKET_ITEMS; i++) {
		assert_true(flow_allows(node, one));
		assert_int_equal(flow_spend(node, one), 0);
	}
	assert_false(flow_allows(node, one));
	assert_true(flow_allows(node, two));
	node->mono += 60000;
	for (int i = 0; i < BUCKET_PER_MINUTE; i++) {
		assert_true(flow_allows(node, one));
		assert_int_equal(flow_spend(node, one), 0);
	}
	assert_false(flow_allows(node, one));
	/* Never more than full, however long it was left alone. */
	node->mono += UINT64_C(365) * 24 * 3600 * 1000;
	for (int i = 0; i < BUCKET_ITEMS; i++)
		assert_int_equal(flow_spend(node, one), 0);
	assert_false(flow_allows(node, one));
}

/* What overflows is not acknowledged; class 0 and what is held are. */
static void test_put_off(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	struct build *b = &home->guests.b;
	int first, late, add;

	meet(home);
	guests_agree(&home->guests, CONN);
	assert_true(node->flow.counts);
	first = build_entry(b, 1, 1, NO_PARENTS);
	late = build_entry(b, 1, 2, NO_PARENTS);
	add = build_add(b, 1, 5, FOB__ROLE__DEVICE, 1);
	for (int i = 0; i < BUCKET_ITEMS - 1; i++)
		flow_spend(node, guests_author(&home->guests, 1));
	guests_give(&home->guests, CONN, BUILD_LIST(first, late, add), false);
	assert_true(acked(home, 0));
	assert_false(acked(home, 1));
	assert_true(acked(home, 2));
	assert_false(guests_held(&home->guests, late));
	guests_give(&home->guests, CONN, BUILD_LIST(first), false);
	assert_true(acked(home, 0));
	assert_true(sync_peer(&node->sync, CONN)->later);
	one_later(&home->one, 1000); /* 1.07 items */
	guests_give(&home->guests, CONN, BUILD_LIST(late), false);
	assert_true(acked(home, 0));
}

static bool warned(struct home *home, const char *part)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk ask = FOB__STATUS_ASK__INIT;
	const Fob__Reply *reply;

	request.status = &ask;
	reply = one_ask(&home->one, &request);
	for (size_t i = 0; i < reply->n_warnings; i++)
		if (strstr(reply->warnings[i], part))
			return true;
	return false;
}

static void test_full_store(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	struct build *b = &home->guests.b;
	int entry, add;

	meet(home);
	assert_false(warned(home, "full"));
	node->stored_bytes = FLOW_FULL_BYTES;
	one_later(&home->one, 1);
	one_later(&home->one, 1);
	assert_int_equal(home->guests.traces[TRACE_FULL], 1);
	assert_true(node->sync.full);
	assert_true(warned(home, "the store is full"));
	entry = build_entry(b, 1, 1, NO_PARENTS);
	add = build_add(b, 1, 5, FOB__ROLE__DEVICE, 1);
	guests_give(&home->guests, CONN, BUILD_LIST(entry, add), false);
	assert_false(acked(home, 0));
	assert_true(acked(home, 1));
	/* What we write ourselves goes in. */
	assert_int_equal(add_entry(home, "a")->status, STATUS_OK);
}

/* The estimate grows with what is stored, and a start finds the same. */
static void test_stored_bytes(void **state)
{
	struct home *home = *state;
	uint64_t before = home->one.node->stored_bytes;

	assert_true(before > 500);
	assert_int_equal(add_entry(home, "a")->status, STATUS_OK);
	assert_true(home->one.node->stored_bytes > before + 400);
	before = home->one.node->stored_bytes;
	one_restart(&home->one);
	assert_int_equal(home->one.node->stored_bytes, before);
	assert_int_equal(flow_row(100), 132);
	assert_int_equal(flow_row(2001), 4096);
	assert_int_equal(flow_row(15376), 4 * 4096);
}

/* --- the clock, draws, the list of accounts -------------------------------- */

static void test_stamps(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	uint64_t now = (uint64_t)node->wall, a, b;

	a = node_stamp(node, 0);
	b = node_stamp(node, 0);
	assert_true(a > now && b > a);
	/* One from elsewhere moves us, but by minutes at most. */
	a = node_stamp(node, now + SKEW_MAX_MS);
	assert_int_equal(a, now + SKEW_MAX_MS + 1);
	assert_int_equal(node_stamp(node, 0), a + 1);
	b = node_stamp(node, now + 10 * SKEW_MAX_MS);
	assert_int_equal(b, now + 10 * SKEW_MAX_MS + 1);
	assert_int_equal(node_stamp(node, 0), a + 3);
	/* A clock before 1970 or set back is no reason to go back. */
	node->wall = -5;
	assert_int_equal(node_stamp(node, 0), a + 4);
}

static void test_draws(void **state)
{
	struct home *home = *state;
	struct one_step own;
	uint8_t a[2][16], b[2][16];

	one_step_begin(&home->one, &own);
	step_random(&own.step, a[0], 16);
	step_random(&own.step, a[1], 16);
	own.step.draws = 0;
	step_random(&own.step, b[0], 16);
	step_random(&own.step, b[1], 16);
	assert_memory_equal(a, b, sizeof(a));
	assert_memory_not_equal(a[0], a[1], 16);
	one_step_begin(&home->one, &own);
	step_random(&own.step, b[0], 16);
	assert_memory_not_equal(a[0], b[0], 16);
}

/* A list of many is read back in parts; locking forgets it. */
static void test_index(void **state)
{
	struct home *home = *state;
	struct node *node = home->one.node;
	struct one_step own;
	char name[8] = "a000";

	for (int i = 0; i < 300; i++) {
		name[1] = (char)('0' + i / 100);
		name[2] = (char)('0' + i / 10 % 10);
		name[3] = (char)('0' + i % 10);
		assert_int_equal(add_entry(home, name)->status, STATUS_OK);
	}
	assert_true(index_complete(node));
	one_step_begin(&home->one, &own);
	assert_int_equal(index_mark_all(node), 0);
	assert_false(index_complete(node));
	home->one.loads = 0;
	assert_int_equal(index_work(&own.step), 0);
	one_step_end(&home->one, &own);
	assert_true(index_complete(node));
	assert_int_equal(home->one.loads, 2);
	assert_int_equal(node->vault.n, 300);
	one_step_begin(&home->one, &own);
	assert_int_equal(index_mark(node, 0), 0);
	node_lock(&own.step);
	one_step_end(&home->one, &own);
	assert_int_equal(node->vault.n, 0);
	assert_int_equal(node->n_dirty, 0);
	assert_null(node->unlock_key);
	assert_false(node->self->unlocked);
}

static void test_effects(void **state UNUSED)
{
	struct effects effects;
	static const uint8_t key[] = { 1, 2 }, data[] = { 3, 4, 5 };

	effects_init(&effects);
	for (int i = 0; i < 40; i++)
		effects_put(&effects, TABLE_ITEM, BYTES(key), BYTES(data));
	effects_put(&effects, TABLE_LOCAL, BYTES(key), BYTES(data));
	effects_soft(&effects, TABLE_HOLDER, BYTES(key), BYTES(data));
	effects_delete(&effects, TABLE_ITEM, BYTES(key));
	effects_take(&effects, EFFECT_SEND, 9, malloc(7), 7);
	assert_int_equal(effects.n, 44);
	assert_false(effects.failed);
	assert_int_equal(effects.list[39].type, EFFECT_PUT);
	assert_memory_equal(effects.list[39].data, data, sizeof(data));
	assert_memory_equal(effects.list[39].key, key, sizeof(key));
	assert_int_equal(effects.list[39].key_len, 2);
	assert_false(effects.list[39].secret);
	assert_true(effects.list[40].secret); /* keys are among those */
	assert_int_equal(effects.list[41].type, EFFECT_SOFT_PUT);
	assert_null(effects.list[42].data);
	assert_int_equal(effects.list[43].conn, 9);
	effects_clear(&effects);
	assert_int_equal(effects.n, 0);
	effects_deinit(&effects);
	for (unsigned i = 1; i <= TRACE_CODE; i++)
		assert_string_not_equal(effect_trace_text(i), "?");
	assert_string_equal(effect_trace_text(0), "?");
	assert_string_equal(effect_trace_text(9999), "?");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_damaged_rows),
		TEST(test_far_row),
		TEST(test_rows_out_of_order),
		TEST(test_row_round_trip),
		TEST(test_start_again),
		TEST(test_blob_for_a_stub),
		TEST(test_refused),
		TEST(test_unknown_kind),
		TEST(test_unchecked),
		TEST(test_damaged_while_running),
		TEST(test_context),
		TEST(test_rotation_before_a_write),
		TEST(test_grants),
		TEST(test_idle_debt),
		TEST(test_gap_holds_keys_back),
		TEST(test_gap_of_a_day),
		TEST(test_gap_of_the_revoked),
		TEST(test_bucket),
		TEST(test_put_off),
		TEST(test_full_store),
		TEST(test_stored_bytes),
		TEST(test_stamps),
		TEST(test_draws),
		TEST(test_index),
		cmocka_unit_test(test_effects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
