/*
 * What the channel and pairing share: exact flights, the order of events, and
 * what becomes of the output at each end. test_channel has the damage.
 */
#include "daemon/core/link/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

/* Two tunnels over a Noise_NN that is run by hand. */
static void open_pair(struct tunnel sides[2])
{
	struct noise noise[2];
	uint8_t message[2][48];

	for (size_t i = 0; i < 2; i++) {
		uint8_t ephemeral[32] = { 40, (uint8_t)i };
		struct noise_params params = { .pattern = NOISE_NN,
					       .initiator = i == 0,
					       .ephemeral = ephemeral };

		tunnel_init(&sides[i], i == 0, 0);
		noise_init(&noise[i], &params);
	}
	noise_write(&noise[0], (struct bytes){ NULL, 0 }, message[0]);
	noise_read(&noise[1], (struct bytes){ message[0], 32 }, message[0]);
	noise_write(&noise[1], (struct bytes){ NULL, 0 }, message[1]);
	assert_int_equal(noise_read(&noise[0], BYTES(message[1]), message[0]),
			 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(tunnel_begin(&sides[i], &noise[i], 0), 0);
}

static void move(struct tunnel *from, struct tunnel *to)
{
	struct bytes in = tunnel_output(from);
	size_t n = in.n;

	assert_int_equal(tunnel_feed(to, &in), 0);
	tunnel_sent(from, n - in.n);
}

static void assert_next(struct tunnel *tunnel, int kind)
{
	struct tunnel_event event;

	assert_true(tunnel_next(tunnel, &event));
	assert_int_equal(event.kind, kind);
}

static void test_flights(void **state)
{
	struct tunnel tunnel;
	const uint8_t text[] = "0123456789";
	struct bytes in = { text, 10 }, flight;

	(void)state;
	tunnel_init(&tunnel, false, 0);
	tunnel_expect(&tunnel, 4);
	in.n = 3;
	assert_false(tunnel_collect(&tunnel, &in, &flight));
	assert_int_equal(in.n, 0);
	in.n = 7;
	assert_true(tunnel_collect(&tunnel, &in, &flight));
	assert_int_equal(flight.n, 4);
	assert_memory_equal(flight.p, "0123", 4);
	assert_int_equal(in.n, 6);
	tunnel_expect(&tunnel, 6);
	assert_true(tunnel_collect(&tunnel, &in, &flight));
	assert_memory_equal(flight.p, "456789", 6);
	tunnel_deinit(&tunnel);
	assert_true(sodium_is_zero((uint8_t *)&tunnel, sizeof(tunnel)));
}

/* A waiting event stops the feed; nothing is lost and nothing piles up. */
static void test_one_event_at_a_time(void **state)
{
	struct tunnel sides[2];
	const uint8_t text[] = "abc";
	struct tunnel_event event;

	(void)state;
	open_pair(sides);
	assert_next(&sides[0], TUNNEL_ACCEPTED);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(tunnel_send(&sides[0],
					     (struct bytes){ text, i + 1 }),
				 0);
	move(&sides[0], &sides[1]);
	assert_int_equal(tunnel_output(&sides[0]).n, 3 * PACKET_EMPTY);
	move(&sides[0], &sides[1]); /* not before the event is taken */
	assert_int_equal(tunnel_output(&sides[0]).n, 3 * PACKET_EMPTY);
	assert_next(&sides[1], TUNNEL_ACCEPTED);
	for (size_t i = 0; i < 3; i++) {
		assert_false(tunnel_next(&sides[1], &event));
		move(&sides[0], &sides[1]);
		assert_true(tunnel_next(&sides[1], &event));
		assert_int_equal(event.kind, TUNNEL_MESSAGE);
		assert_int_equal(event.message.n, i + 1);
		assert_memory_equal(event.message.p, text, i + 1);
	}
	tunnel_deinit(&sides[0]);
	tunnel_deinit(&sides[1]);
}

/* A message that came in whole is still given out when the stream ends. */
static void test_message_then_eof(void **state)
{
	struct tunnel sides[2];
	struct tunnel_event event;

	(void)state;
	open_pair(sides);
	move(&sides[0], &sides[1]);
	assert_next(&sides[0], TUNNEL_ACCEPTED);
	assert_next(&sides[1], TUNNEL_ACCEPTED);
	tunnel_send(&sides[0], (struct bytes){ (const uint8_t *)"x", 1 });
	move(&sides[0], &sides[1]);
	tunnel_eof(&sides[1]);
	assert_true(tunnel_next(&sides[1], &event));
	assert_int_equal(event.kind, TUNNEL_MESSAGE);
	assert_memory_equal(event.message.p, "x", 1);
	assert_true(tunnel_next(&sides[1], &event));
	assert_int_equal(event.kind, TUNNEL_CLOSED);
	assert_int_equal(event.reason, TUNNEL_CUT);
	assert_false(tunnel_next(&sides[1], &event));
	tunnel_deinit(&sides[0]);
	tunnel_deinit(&sides[1]);
}

static void test_output_at_the_end(void **state)
{
	static const struct {
		enum tunnel_reason reason;
		bool kept;
	} cases[] = { { TUNNEL_REFUSED, false }, { TUNNEL_LATE, false },
		      { TUNNEL_CUT, false },	 { TUNNEL_LOCAL, true },
		      { TUNNEL_ENDED, true },	 { TUNNEL_WRONG, true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tunnel tunnel;
		struct tunnel_event event;

		tunnel_init(&tunnel, true, 0);
		queue_put(&tunnel.out,
			  (struct bytes){ (const uint8_t *)"out", 3 });
		tunnel_shut(&tunnel, cases[i].reason);
		tunnel_shut(&tunnel, TUNNEL_REFUSED); /* the first one counts */
		assert_int_equal(tunnel_output(&tunnel).n,
				 cases[i].kept ? 3 : 0);
		assert_true(tunnel_next(&tunnel, &event));
		assert_int_equal(event.reason, cases[i].reason);
		assert_false(tunnel_next(&tunnel, &event));
		tunnel_deinit(&tunnel);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flights),
		cmocka_unit_test(test_one_event_at_a_time),
		cmocka_unit_test(test_message_then_eof),
		cmocka_unit_test(test_output_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
