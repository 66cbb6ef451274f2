/* The peer channel: two of them talk, and everything that may go wrong. */
#include "daemon/core/link/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#define FLIGHT1 177
#define FLIGHT2 49
#define LOG_MAX 16

/* A channel with the events that it gave, its messages copied. */
struct end {
	struct channel channel;
	struct channel_keys keys;
	size_t n_events;
	struct channel_event events[LOG_MAX];
	uint8_t last[MESSAGE_MAX]; /* message */
	size_t last_n;
};

static struct end dialer, listener;

static void make_keys(struct channel_keys *keys, uint8_t who)
{
	uint8_t seed[randombytes_SEEDBYTES] = { who };

	memset(keys, 0, sizeof(*keys));
	randombytes_buf_deterministic(keys->secret, KEY_SIZE, seed);
	crypto_scalarmult_base(keys->public, keys->secret);
	memset(keys->vault_id, 0x5a, ID_SIZE);
}

static void add_psk(struct channel_keys *keys, uint8_t id, uint8_t key)
{
	struct channel_psk *psk = &keys->psks[keys->n_psks++];

	memset(psk->id, id, sizeof(psk->id));
	memset(psk->key, key, sizeof(psk->key));
}

static void start_end(struct end *end, const uint8_t *remote, uint8_t salt)
{
	uint8_t entropy[CHANNEL_ENTROPY] = { 1, salt, remote != NULL };

	end->n_events = end->last_n = 0;
	assert_int_equal(channel_init(&end->channel, &end->keys, remote, 1000,
				      entropy),
			 0);
}

static int setup(void **state)
{
	(void)state;
	make_keys(&dialer.keys, 1);
	make_keys(&listener.keys, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	channel_deinit(&dialer.channel);
	channel_deinit(&listener.channel);
	return 0;
}

static void start_both(uint8_t salt)
{
	channel_deinit(&dialer.channel);
	channel_deinit(&listener.channel);
	start_end(&dialer, listener.keys.public, salt);
	start_end(&listener, NULL, salt);
}

static void drain(struct end *end)
{
	struct channel_event event;

	while (channel_next(&end->channel, &event)) {
		assert_true(end->n_events < LOG_MAX);
		end->events[end->n_events++] = event;
		if (event.kind != CHANNEL_MESSAGE)
			continue;
		end->last_n = event.message.n;
		memcpy(end->last, event.message.p, event.message.n);
	}
}

static void feed(struct end *end, const uint8_t *p, size_t n)
{
	struct bytes in = { p, n };

	do {
		assert_int_equal(channel_feed(&end->channel, &in, 2000), 0);
		drain(end);
	} while (in.n > 0);
}

/* Moves what `from` has to say, in pieces of `step`. */
static size_t pump(struct end *from, struct end *to, size_t step)
{
	size_t total = 0;

	for (;;) {
		struct bytes out = channel_output(&from->channel);
		size_t n = size_min(step, out.n);

		if (n == 0)
			return total;
		feed(to, out.p, n);
		channel_sent(&from->channel, n);
		total += n;
	}
}

static void talk(size_t step)
{
	while (pump(&dialer, &listener, step) + pump(&listener, &dialer, step))
		;
}

static void assert_event(const struct end *end, size_t i, int kind)
{
	assert_true(i < end->n_events);
	assert_int_equal(end->events[i].kind, kind);
}

static void assert_closed(const struct end *end, int reason)
{
	assert_true(end->n_events > 0);
	assert_event(end, end->n_events - 1, CHANNEL_CLOSED);
	assert_int_equal(end->events[end->n_events - 1].reason, reason);
}

static bool accepted(const struct end *end)
{
	for (size_t i = 0; i < end->n_events; i++)
		if (end->events[i].kind == CHANNEL_ACCEPTED)
			return true;
	return false;
}

static void say(struct end *from, const char *text)
{
	assert_int_equal(channel_send(&from->channel,
				      (struct bytes){ (const uint8_t *)text,
						      strlen(text) }),
			 0);
}

static void assert_heard(const struct end *end, const char *text)
{
	assert_int_equal(end->last_n, strlen(text));
	assert_memory_equal(end->last, text, strlen(text));
}

static void test_byte_by_byte(void **state)
{
	static const size_t steps[] = { 1, 2, 83, 100000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		start_both((uint8_t)i);
		talk(steps[i]);
		assert_event(&dialer, 0, CHANNEL_ACCEPTED);
		assert_event(&listener, 0, CHANNEL_ACCEPTED);
		assert_memory_equal(dialer.events[0].remote,
				    listener.keys.public, KEY_SIZE);
		assert_memory_equal(listener.events[0].remote,
				    dialer.keys.public, KEY_SIZE);
		assert_memory_equal(dialer.events[0].hash,
				    listener.events[0].hash, NOISE_HASH_SIZE);
		say(&dialer, "one");
		say(&listener, "two");
		say(&dialer, "three");
		talk(steps[i]);
		assert_heard(&listener, "three");
		assert_heard(&dialer, "two");
		assert_int_equal(listener.n_events, 3);
		assert_int_equal(dialer.n_events, 2);
		assert_true(channel_is_open(&dialer.channel));
	}
}

static void test_flight_sizes(void **state)
{
	(void)state;
	start_both(0);
	assert_int_equal(channel_output(&dialer.channel).n, FLIGHT1);
	pump(&dialer, &listener, 1000);
	assert_int_equal(channel_output(&listener.channel).n, FLIGHT2);
	pump(&listener, &dialer, 1000);
	assert_int_equal(channel_output(&dialer.channel).n, PACKET_EMPTY);
}

/* Hashes what `from` has to say, and moves it; to nobody when NULL. */
static void put_output(crypto_generichash_state *hash, struct end *from,
		       struct end *to)
{
	struct bytes out = channel_output(&from->channel);

	crypto_generichash_update(hash, out.p, out.n);
	if (to != NULL)
		pump(from, to, 1000);
}

/*
 * The bytes on the wire are those of the specification: the same run was
 * computed from its text alone by a program in Python, and hashed.
 */
static void test_wire_bytes(void **state)
{
	crypto_generichash_state hash;
	uint8_t digest[16], text[600];
	char hex[33];

	(void)state;
	add_psk(&dialer.keys, 1, 11);
	add_psk(&dialer.keys, 2, 22);
	add_psk(&listener.keys, 2, 22);
	start_both(5);
	crypto_generichash_init(&hash, NULL, 0, sizeof(digest));
	put_output(&hash, &dialer, &listener);
	put_output(&hash, &listener, &dialer);
	put_output(&hash, &dialer, &listener);
	assert_true(accepted(&listener));
	say(&dialer, "hello");
	put_output(&hash, &dialer, &listener);
	assert_heard(&listener, "hello");
	memset(text, 'w', sizeof(text));
	assert_int_equal(channel_send(&listener.channel, BYTES(text)), 0);
	channel_close(&dialer.channel);
	put_output(&hash, &dialer, NULL);
	put_output(&hash, &listener, NULL);
	crypto_generichash_final(&hash, digest, sizeof(digest));
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	assert_string_equal(hex, "b3992597fd37afe677d05774079f7ddb");
	sodium_bin2hex(hex, sizeof(hex), listener.events[0].hash, 16);
	assert_string_equal(hex, "53b51d4552c76c8c6a98995fef29b5bc");
}

/* The dialled side takes nobody for real before the first packet. */
static void test_accepted_late(void **state)
{
	(void)state;
	start_both(0);
	pump(&dialer, &listener, 1000);
	assert_true(channel_greeted(&listener.channel));
	assert_int_equal(listener.n_events, 0);
	assert_int_equal(channel_send(&listener.channel,
				      (struct bytes){ NULL, 0 }),
			 TUNNEL_ERR_SHUT);
	pump(&listener, &dialer, 1000);
	assert_true(accepted(&dialer));
	assert_int_equal(listener.n_events, 0);
	pump(&dialer, &listener, 1000);
	assert_true(accepted(&listener));
}

static void test_big_message(void **state)
{
	static uint8_t big[MESSAGE_MAX];

	(void)state;
	start_both(0);
	talk(100000);
	randombytes_buf(big, sizeof(big));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(channel_send(&dialer.channel, BYTES(big)), 0);
	talk(1000);
	assert_int_equal(listener.n_events, 4);
	assert_int_equal(listener.last_n, sizeof(big));
	assert_memory_equal(listener.last, big, sizeof(big));
	/* Nothing is held when idle. */
	assert_null(listener.channel.tunnel.reader.sealed.bytes);
	assert_null(dialer.channel.tunnel.out.bytes);
}

static void test_full_queue(void **state)
{
	static uint8_t big[MESSAGE_MAX];
	size_t n = 0;

	(void)state;
	start_both(0);
	talk(100000);
	while (channel_send(&dialer.channel, BYTES(big)) == 0)
		n++;
	assert_int_equal(n, WRITE_QUEUE_MAX / FRAME_MAX);
	assert_int_equal(channel_send(&dialer.channel, BYTES(big)),
			 TUNNEL_ERR_FULL);
	assert_true(channel_is_open(&dialer.channel));
}

/* No answer, not one byte, and closed. */
static void assert_silence(void)
{
	assert_closed(&listener, TUNNEL_REFUSED);
	assert_int_equal(listener.n_events, 1);
	assert_int_equal(channel_output(&listener.channel).n, 0);
	assert_true(sodium_is_zero((const uint8_t *)&listener.channel.keys,
				   sizeof(listener.channel.keys)));
	assert_true(sodium_is_zero((const uint8_t *)&listener.channel.noise,
				   sizeof(listener.channel.noise)));
}

static void test_wrong_key(void **state)
{
	struct channel_keys other;

	(void)state;
	make_keys(&other, 3);
	start_both(0);
	channel_deinit(&dialer.channel);
	start_end(&dialer, other.public, 0);
	pump(&dialer, &listener, 1000);
	assert_silence();
	assert_false(channel_greeted(&listener.channel));
}

/* Who was told that it is out is no better than a stranger from then on. */
static void test_denied(void **state)
{
	(void)state;
	listener.keys.n_denied = 2;
	memset(listener.keys.denied[0], 7, KEY_SIZE);
	memcpy(listener.keys.denied[1], dialer.keys.public, KEY_SIZE);
	start_both(0);
	pump(&dialer, &listener, 1000);
	assert_silence();
	listener.keys.n_denied = 1;
	start_both(0);
	pump(&dialer, &listener, 1000);
	assert_true(listener.n_events == 0);
	assert_true(channel_output(&listener.channel).n > 0);
}

static void test_wrong_vault(void **state)
{
	(void)state;
	dialer.keys.vault_id[31] ^= 1;
	start_both(0);
	dialer.keys.vault_id[31] ^= 1;
	pump(&dialer, &listener, 1000);
	assert_silence();
}

static void test_wrong_mac1(void **state)
{
	(void)state;
	for (size_t i = 0; i < 16; i++) {
		uint8_t flight[FLIGHT1];

		start_both(0);
		memcpy(flight, channel_output(&dialer.channel).p, FLIGHT1);
		flight[i] ^= 0x80;
		feed(&listener, flight, FLIGHT1 - 1);
		assert_int_equal(listener.n_events, 0);
		feed(&listener, flight + FLIGHT1 - 1, 1);
		assert_silence();
	}
}

static void test_garbage(void **state)
{
	uint8_t garbage[4096];

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		start_both(0);
		randombytes_buf(garbage, sizeof(garbage));
		feed(&listener, garbage, sizeof(garbage));
		assert_silence();
	}
}

static void test_low_order_remote(void **state)
{
	static const uint8_t zero[KEY_SIZE];

	(void)state;
	start_both(0);
	channel_deinit(&dialer.channel);
	start_end(&dialer, zero, 0);
	drain(&dialer);
	assert_closed(&dialer, TUNNEL_REFUSED);
	assert_int_equal(channel_output(&dialer.channel).n, 0);
}

/* --- pre-shared keys */

static void test_psk_chosen(void **state)
{
	(void)state;
	add_psk(&dialer.keys, 1, 11);
	add_psk(&dialer.keys, 2, 22);
	add_psk(&dialer.keys, 3, 33);
	add_psk(&listener.keys, 9, 99);
	add_psk(&listener.keys, 3, 33);
	add_psk(&listener.keys, 2, 22);
	start_both(0);
	talk(10);
	assert_true(accepted(&dialer) && accepted(&listener));
	/* The dialer's order counts: its second is the first in common. */
	assert_int_equal(dialer.channel.slot, 1);
	assert_int_equal(listener.channel.slot, 2);
	say(&listener, "hedged");
	talk(10);
	assert_heard(&dialer, "hedged");
}

static void test_no_psk_in_common(void **state)
{
	(void)state;
	for (uint8_t i = 1; i <= CHANNEL_PSKS_MAX; i++)
		add_psk(&dialer.keys, i, i);
	add_psk(&listener.keys, 77, 7);
	start_both(0);
	talk(10);
	assert_true(accepted(&dialer) && accepted(&listener));
	assert_int_equal(dialer.channel.slot, CHANNEL_ZERO_SLOT);
	assert_int_equal(listener.channel.slot, CHANNEL_ZERO_SLOT);
}

/* One id, two secrets: no link, and the dialer knows it. */
static void test_psk_differs(void **state)
{
	(void)state;
	add_psk(&dialer.keys, 1, 11);
	add_psk(&listener.keys, 1, 12);
	start_both(0);
	talk(1000);
	assert_closed(&dialer, TUNNEL_REFUSED);
	assert_false(accepted(&dialer) || accepted(&listener));
}

/* --- damage */

/* Each bit of each flight, and of the first packet, flipped in turn. */
static void test_flipped_handshake(void **state)
{
	static const struct {
		bool dialer;
		size_t size;
	} flights[] = { { true, FLIGHT1 },
			{ false, FLIGHT2 },
			{ true, PACKET_EMPTY } };

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(flights); f++)
		for (size_t bit = 0; bit < 8 * flights[f].size; bit++) {
			struct end *from = flights[f].dialer ? &dialer :
							       &listener;
			struct end *to = flights[f].dialer ? &listener :
							     &dialer;
			uint8_t copy[FLIGHT1];
			struct bytes out;

			start_both(0);
			for (size_t i = 0; i < f; i++)
				pump(i % 2 ? &listener : &dialer,
				     i % 2 ? &dialer : &listener, 1000);
			out = channel_output(&from->channel);
			assert_int_equal(out.n, flights[f].size);
			memcpy(copy, out.p, out.n);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			feed(to, copy, out.n);
			/* The high bit of a point is no bit of its number, so
			 * X25519 takes it; the hash does not. */
			assert_false(accepted(to));
			assert_closed(to, TUNNEL_REFUSED);
			assert_int_equal(channel_output(&to->channel).n, 0);
		}
}

/*
 * A flipped bit in a packet: nothing is delivered. A length that became
 * longer waits for bytes, so the end of the stream is what closes it.
 */
static void test_flipped_record(void **state)
{
	(void)state;
	for (size_t bit = 0; bit < 8 * PACKET_EMPTY; bit++) {
		uint8_t copy[PACKET_EMPTY];
		size_t before;

		start_both(0);
		talk(1000);
		say(&dialer, "hello");
		assert_int_equal(channel_output(&dialer.channel).n,
				 PACKET_EMPTY);
		memcpy(copy, channel_output(&dialer.channel).p, sizeof(copy));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		before = listener.n_events;
		feed(&listener, copy, sizeof(copy));
		if (listener.n_events == before) {
			assert_true(bit < 16);
			channel_eof(&listener.channel);
			drain(&listener);
			assert_closed(&listener, TUNNEL_CUT);
		} else {
			assert_closed(&listener, TUNNEL_REFUSED);
		}
		assert_int_equal(listener.n_events, before + 1);
		assert_int_equal(listener.last_n, 0);
	}
}

static void test_replay_and_reorder(void **state)
{
	uint8_t wire[2 * PACKET_EMPTY];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start_both(0);
		talk(1000);
		say(&dialer, "a");
		say(&dialer, "b");
		assert_int_equal(channel_output(&dialer.channel).n,
				 sizeof(wire));
		memcpy(wire, channel_output(&dialer.channel).p, sizeof(wire));
		if (i == 0) { /* the first twice */
			feed(&listener, wire, PACKET_EMPTY);
			assert_heard(&listener, "a");
			feed(&listener, wire, PACKET_EMPTY);
		} else { /* the second first */
			feed(&listener, wire + PACKET_EMPTY, PACKET_EMPTY);
			assert_int_equal(listener.last_n, 0);
		}
		assert_closed(&listener, TUNNEL_REFUSED);
		/* Nothing that comes later changes it. */
		feed(&listener, wire, sizeof(wire));
		assert_closed(&listener, TUNNEL_REFUSED);
	}
}

/* One's own packets, sent back, do not open. */
static void test_reflection(void **state)
{
	uint8_t wire[PACKET_EMPTY];

	(void)state;
	start_both(0);
	talk(1000);
	say(&dialer, "mirror");
	memcpy(wire, channel_output(&dialer.channel).p, sizeof(wire));
	feed(&dialer, wire, sizeof(wire));
	assert_closed(&dialer, TUNNEL_REFUSED);
}

/* Message 1 of an old session, to a listener that has started again. */
static void test_replayed_message1(void **state)
{
	uint8_t old[FLIGHT1 + PACKET_EMPTY];

	(void)state;
	start_both(0);
	memcpy(old, channel_output(&dialer.channel).p, FLIGHT1);
	pump(&dialer, &listener, 1000);
	pump(&listener, &dialer, 1000);
	memcpy(old + FLIGHT1, channel_output(&dialer.channel).p, PACKET_EMPTY);
	talk(1000);
	assert_true(accepted(&listener));
	start_both(1);
	feed(&listener, old, FLIGHT1);
	assert_int_equal(channel_output(&listener.channel).n, FLIGHT2);
	feed(&listener, old + FLIGHT1, PACKET_EMPTY);
	assert_false(accepted(&listener));
	assert_closed(&listener, TUNNEL_REFUSED);
}

/* A message where the first, empty packet must be is refused at its size. */
static void test_no_message_before_open(void **state)
{
	struct noise_cipher send;
	struct queue out = { 0 };
	uint8_t big[1000] = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start_both(0);
		pump(&dialer, &listener, 1000);
		pump(&listener, &dialer, 1000);
		send = dialer.channel.tunnel.send;
		send.n = 0;
		assert_int_equal(packet_write(&send, PACKET_MESSAGE,
					      (struct bytes){ big, i * 1000 },
					      &out),
				 0);
		feed(&listener, queue_bytes(&out).p, queue_bytes(&out).n);
		assert_false(accepted(&listener));
		assert_closed(&listener, TUNNEL_REFUSED);
		queue_deinit(&out);
	}
}

/* --- the end, and time */

static void test_close_and_cut(void **state)
{
	(void)state;
	start_both(0);
	talk(1000);
	say(&dialer, "last words");
	assert_int_equal(channel_close(&dialer.channel), 0);
	drain(&dialer);
	assert_closed(&dialer, TUNNEL_LOCAL);
	talk(1000);
	assert_heard(&listener, "last words");
	assert_closed(&listener, TUNNEL_ENDED);
	channel_eof(&listener.channel);
	drain(&listener);
	assert_closed(&listener, TUNNEL_ENDED);
	assert_int_equal(listener.n_events, 3);

	start_both(1);
	talk(1000);
	say(&dialer, "cut short");
	feed(&listener, channel_output(&dialer.channel).p, PACKET_EMPTY - 1);
	channel_eof(&listener.channel);
	drain(&listener);
	assert_closed(&listener, TUNNEL_CUT);
	assert_int_equal(listener.last_n, 0);
	assert_int_equal(channel_send(&listener.channel,
				      (struct bytes){ NULL, 0 }),
			 TUNNEL_ERR_SHUT);
}

/* Every place at which the handshake may be cut: never an acceptance. */
static void test_cut_handshake(void **state)
{
	(void)state;
	for (size_t n = 0; n < FLIGHT1 + PACKET_EMPTY; n++) {
		size_t first = size_min(n, FLIGHT1);

		start_both(0);
		feed(&listener, channel_output(&dialer.channel).p, first);
		if (n >= FLIGHT1) {
			channel_sent(&dialer.channel, FLIGHT1);
			pump(&listener, &dialer, 1000);
			feed(&listener, channel_output(&dialer.channel).p,
			     n - FLIGHT1);
		}
		channel_eof(&listener.channel);
		drain(&listener);
		assert_closed(&listener, TUNNEL_CUT);
		assert_false(accepted(&listener));
	}
}

/* The deadline stands, whatever trickles in. */
static void test_handshake_deadline(void **state)
{
	uint64_t now = 1000;

	(void)state;
	start_both(0);
	assert_int_equal(channel_deadline(&listener.channel),
			 1000 + HANDSHAKE_MS);
	for (size_t i = 0; listener.n_events == 0; i++, now += 1000) {
		struct bytes in = { channel_output(&dialer.channel).p + i, 1 };

		assert_true(now <= 1000 + HANDSHAKE_MS);
		channel_feed(&listener.channel, &in, now);
		drain(&listener);
	}
	assert_int_equal(now, 1000 + HANDSHAKE_MS + 1000);
	assert_closed(&listener, TUNNEL_LATE);
	channel_tick(&dialer.channel, 1000 + HANDSHAKE_MS - 1);
	drain(&dialer);
	assert_int_equal(dialer.n_events, 0);
	channel_tick(&dialer.channel, 1000 + HANDSHAKE_MS);
	drain(&dialer);
	assert_closed(&dialer, TUNNEL_LATE);
}

/* After message 2 the deadline still holds for the first packet. */
static void test_confirm_deadline(void **state)
{
	(void)state;
	start_both(0);
	pump(&dialer, &listener, 1000);
	channel_tick(&listener.channel, 1000 + HANDSHAKE_MS);
	drain(&listener);
	assert_closed(&listener, TUNNEL_LATE);
}

static void test_stale(void **state)
{
	uint64_t due;

	(void)state;
	start_both(0);
	talk(1000);
	due = channel_deadline(&dialer.channel);
	assert_int_equal(due, 2000 + REHANDSHAKE_MS);
	assert_int_equal(channel_deadline(&listener.channel),
			 1000 + REHANDSHAKE_MS);
	channel_tick(&dialer.channel, due - 1);
	drain(&dialer);
	assert_int_equal(dialer.n_events, 1);
	channel_tick(&dialer.channel, due);
	drain(&dialer);
	assert_event(&dialer, 1, CHANNEL_STALE);
	assert_true(channel_deadline(&dialer.channel) == TUNNEL_NEVER);
	assert_true(channel_is_open(&dialer.channel));
	say(&dialer, "still here");
	talk(1000);
	assert_heard(&listener, "still here");
}

static void test_rekey(void **state)
{
	uint8_t before[32];

	(void)state;
	start_both(0);
	talk(1000);
	dialer.channel.tunnel.send.n = REKEY_RECORDS - 1;
	listener.channel.tunnel.reader.cipher.n = REKEY_RECORDS - 1;
	memcpy(before, dialer.channel.tunnel.send.key, sizeof(before));
	say(&dialer, "before");
	talk(1);
	assert_heard(&listener, "before");
	assert_memory_equal(before, dialer.channel.tunnel.send.key, 32);
	say(&dialer, "after");
	talk(1);
	assert_heard(&listener, "after");
	assert_memory_not_equal(before, dialer.channel.tunnel.send.key, 32);
	say(&listener, "and the other way, with the old key");
	talk(1);
	assert_heard(&dialer, "and the other way, with the old key");
}

int main(void)
{
#define UNIT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		UNIT(test_byte_by_byte),
		UNIT(test_flight_sizes),
		UNIT(test_wire_bytes),
		UNIT(test_accepted_late),
		UNIT(test_big_message),
		UNIT(test_full_queue),
		UNIT(test_wrong_key),
		UNIT(test_denied),
		UNIT(test_wrong_vault),
		UNIT(test_wrong_mac1),
		UNIT(test_garbage),
		UNIT(test_low_order_remote),
		UNIT(test_psk_chosen),
		UNIT(test_no_psk_in_common),
		UNIT(test_psk_differs),
		UNIT(test_flipped_handshake),
		UNIT(test_flipped_record),
		UNIT(test_replay_and_reorder),
		UNIT(test_reflection),
		UNIT(test_replayed_message1),
		UNIT(test_no_message_before_open),
		UNIT(test_close_and_cut),
		UNIT(test_cut_handshake),
		UNIT(test_handshake_deadline),
		UNIT(test_confirm_deadline),
		UNIT(test_stale),
		UNIT(test_rekey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
