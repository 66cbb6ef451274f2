/* Pairing: right codes, wrong codes, liars, and everything cut or bent. */
#include "daemon/core/peer/pairing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#define LOG_MAX 8

static const uint8_t digits[] = "482915377";
static const uint8_t secret[PAIRING_SECRET_SIZE] =
	"thirty-two bytes of pure chance";

struct end {
	struct pairing pairing;
	size_t n_events;
	struct pairing_event events[LOG_MAX];
	uint8_t last[1024];
	size_t last_n;
};

static struct end joiner, inviter;

static void start_end(struct end *end, bool is_joiner, enum pairing_mode mode,
		      const uint8_t *code)
{
	struct pairing_params params = { is_joiner, mode, code };
	uint8_t entropy[PAIRING_ENTROPY] = { 17, is_joiner };

	pairing_deinit(&end->pairing);
	end->n_events = end->last_n = 0;
	assert_int_equal(pairing_init(&end->pairing, &params, 1000, entropy),
			 0);
}

static void start_both(enum pairing_mode mode)
{
	const uint8_t *code = mode == PAIRING_BY_DIGITS ? digits : secret;

	start_end(&joiner, true, mode, code);
	start_end(&inviter, false, mode, code);
}

static int teardown(void **state)
{
	(void)state;
	pairing_deinit(&joiner.pairing);
	pairing_deinit(&inviter.pairing);
	return 0;
}

static void drain(struct end *end)
{
	struct pairing_event event;

	while (pairing_next(&end->pairing, &event)) {
		assert_true(end->n_events < LOG_MAX);
		end->events[end->n_events++] = event;
		if (event.kind != PAIRING_MESSAGE)
			continue;
		end->last_n = event.message.n;
		memcpy(end->last, event.message.p, event.message.n);
	}
}

static void feed(struct end *end, const uint8_t *p, size_t n)
{
	struct bytes in = { p, n };

	do {
		assert_int_equal(pairing_feed(&end->pairing, &in, 2000), 0);
		drain(end);
	} while (in.n > 0);
}

static size_t pump(struct end *from, struct end *to, size_t step)
{
	size_t total = 0;

	for (;;) {
		struct bytes out = pairing_output(&from->pairing);
		size_t n = size_min(step, out.n);

		if (n == 0)
			return total;
		feed(to, out.p, n);
		pairing_sent(&from->pairing, n);
		total += n;
	}
}

static void talk(size_t step)
{
	while (pump(&joiner, &inviter, step) + pump(&inviter, &joiner, step))
		;
}

static void assert_last(const struct end *end, int kind, int reason)
{
	assert_true(end->n_events > 0);
	assert_int_equal(end->events[end->n_events - 1].kind, kind);
	if (kind == PAIRING_CLOSED)
		assert_int_equal(end->events[end->n_events - 1].reason, reason);
}

static bool ready(const struct end *end)
{
	return end->n_events > 0 && end->events[0].kind == PAIRING_READY;
}

static bool wrong(const struct end *end)
{
	return end->n_events > 0 &&
	       end->events[end->n_events - 1].kind == PAIRING_WRONG;
}

static void check_conversation(enum pairing_mode mode, size_t step)
{
	const uint8_t hello[] = "may I come in?", yes[] = "you may";

	start_both(mode);
	talk(step);
	assert_true(ready(&joiner) && ready(&inviter));
	assert_memory_equal(joiner.events[0].hash, inviter.events[0].hash,
			    NOISE_HASH_SIZE);
	assert_int_equal(pairing_send(&joiner.pairing, BYTES(hello)), 0);
	talk(step);
	assert_int_equal(inviter.last_n, sizeof(hello));
	assert_memory_equal(inviter.last, hello, sizeof(hello));
	assert_int_equal(pairing_send(&inviter.pairing, BYTES(yes)), 0);
	talk(step);
	assert_memory_equal(joiner.last, yes, sizeof(yes));
	assert_int_equal(pairing_close(&inviter.pairing), 0);
	talk(step);
	assert_last(&joiner, PAIRING_CLOSED, TUNNEL_ENDED);
}

static void test_conversation(void **state)
{
	(void)state;
	for (size_t step = 1; step < 2000; step = step * 3 + 1) {
		check_conversation(PAIRING_BY_DIGITS, step);
		check_conversation(PAIRING_BY_SECRET, step);
	}
}

/* The joiner proves itself before the inviter says anything of the code. */
static void test_flights(void **state)
{
	(void)state;
	start_both(PAIRING_BY_DIGITS);
	assert_int_equal(pump(&joiner, &inviter, 999), 65);
	assert_int_equal(pump(&inviter, &joiner, 999), 48);
	assert_int_equal(pump(&joiner, &inviter, 999), 112);
	assert_int_equal(inviter.n_events, 0);
	assert_int_equal(pump(&inviter, &joiner, 999), 112);
	assert_true(ready(&joiner));
	assert_int_equal(pump(&joiner, &inviter, 999), PACKET_EMPTY);
	assert_true(ready(&inviter));

	start_both(PAIRING_BY_SECRET);
	assert_int_equal(pump(&joiner, &inviter, 999), 49);
	assert_int_equal(pump(&inviter, &joiner, 999), 48);
	assert_true(ready(&joiner));
	assert_int_equal(inviter.n_events, 0);
	assert_int_equal(pump(&joiner, &inviter, 999), PACKET_EMPTY);
	assert_true(ready(&inviter));
}

static void check_wire(enum pairing_mode mode, const char *expected)
{
	struct end *sides[2] = { &joiner, &inviter };
	crypto_generichash_state hash;
	uint8_t digest[16];
	char hex[33];

	start_both(mode);
	crypto_generichash_init(&hash, NULL, 0, sizeof(digest));
	for (size_t i = 0; !ready(&inviter); i++) {
		struct bytes out = pairing_output(&sides[i % 2]->pairing);

		crypto_generichash_update(&hash, out.p, out.n);
		pump(sides[i % 2], sides[1 - i % 2], 999);
	}
	crypto_generichash_final(&hash, digest, sizeof(digest));
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	assert_string_equal(hex, expected);
}

/*
 * The bytes on the wire are those of the specification: the same runs were
 * computed from its text alone by a program in Python, and hashed.
 */
static void test_wire_bytes(void **state)
{
	(void)state;
	check_wire(PAIRING_BY_DIGITS, "4a6bde7492b7000251ce3c3c9fd61328");
	check_wire(PAIRING_BY_SECRET, "ef5044a5d79f0e75878d31ab925a3f96");
}

static void test_wrong_digits(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAIRING_DIGITS; i++) {
		uint8_t other[PAIRING_DIGITS];

		memcpy(other, digits, sizeof(other));
		other[i] = other[i] == '9' ? '0' : (uint8_t)(other[i] + 1);
		start_both(PAIRING_BY_DIGITS);
		start_end(&joiner, true, PAIRING_BY_DIGITS, other);
		talk(10);
		assert_true(wrong(&joiner) && wrong(&inviter));
		assert_int_equal(joiner.n_events, 1);
		assert_int_equal(inviter.n_events, 1);
		assert_true(sodium_is_zero(inviter.pairing.code,
					   sizeof(inviter.pairing.code)));
		assert_true(sodium_is_zero(inviter.pairing.isk,
					   sizeof(inviter.pairing.isk)));
	}
}

/* The refusal has the size of the answer, and says nothing of the code. */
static void test_refusal(void **state)
{
	uint8_t answers[2][PAIRING_CONFIRM_MESSAGE];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t bad[PAIRING_CONFIRM_MESSAGE] = { (uint8_t)i };

		start_both(PAIRING_BY_DIGITS);
		pump(&joiner, &inviter, 999);
		pump(&inviter, &joiner, 999);
		feed(&inviter, bad, sizeof(bad));
		assert_true(wrong(&inviter));
		assert_int_equal(pairing_output(&inviter.pairing).n,
				 PAIRING_CONFIRM_MESSAGE);
		memcpy(answers[i], pairing_output(&inviter.pairing).p,
		       PAIRING_CONFIRM_MESSAGE);
	}
	assert_memory_equal(answers[0], answers[1], sizeof(answers[0]));
}

/* Silence; a code of 256 bits is not guessed, so it need not die. */
static void test_wrong_secret(void **state)
{
	uint8_t other[PAIRING_SECRET_SIZE];

	(void)state;
	memcpy(other, secret, sizeof(other));
	other[31] ^= 1;
	start_both(PAIRING_BY_SECRET);
	start_end(&joiner, true, PAIRING_BY_SECRET, other);
	pump(&joiner, &inviter, 10);
	assert_last(&inviter, PAIRING_CLOSED, TUNNEL_REFUSED);
	assert_int_equal(pairing_output(&inviter.pairing).n, 0);
	pairing_eof(&joiner.pairing);
	drain(&joiner);
	assert_last(&joiner, PAIRING_CLOSED, TUNNEL_CUT);
}

static void test_wrong_mode(void **state)
{
	(void)state;
	for (unsigned int mode = 0; mode < 256; mode++) {
		uint8_t byte = (uint8_t)mode;

		if (mode == PAIRING_BY_DIGITS)
			continue;
		start_both(PAIRING_BY_DIGITS);
		feed(&inviter, &byte, 1);
		assert_last(&inviter, PAIRING_CLOSED, TUNNEL_REFUSED);
		assert_int_equal(pairing_output(&inviter.pairing).n, 0);
	}
}

/* --- liars */

static const uint8_t not_points[][CPACE_POINT_SIZE] = {
	{ 0 }, /* the identity */
	{ 1 }, /* no encoding: negative */
	{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
};

static void test_not_a_point(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(not_points); i++) {
		uint8_t first[PAIRING_FIRST_MESSAGE] = { PAIRING_BY_DIGITS };
		uint8_t second[PAIRING_SHARE_MESSAGE] = { 0 };

		memcpy(first + 17, not_points[i], CPACE_POINT_SIZE);
		memcpy(second, not_points[i], CPACE_POINT_SIZE);
		start_both(PAIRING_BY_DIGITS);
		feed(&inviter, first, sizeof(first));
		assert_last(&inviter, PAIRING_CLOSED, TUNNEL_REFUSED);
		assert_int_equal(pairing_output(&inviter.pairing).n, 0);
		pairing_sent(&joiner.pairing,
			     pairing_output(&joiner.pairing).n);
		feed(&joiner, second, sizeof(second));
		assert_last(&joiner, PAIRING_CLOSED, TUNNEL_REFUSED);
		assert_int_equal(pairing_output(&joiner.pairing).n, 0);
	}
}

/* The joiner's own share sent back to it. */
static void test_reflection(void **state)
{
	(void)state;
	start_both(PAIRING_BY_DIGITS);
	feed(&joiner, pairing_output(&joiner.pairing).p + 17,
	     PAIRING_SHARE_MESSAGE);
	assert_last(&joiner, PAIRING_CLOSED, TUNNEL_REFUSED);
}

/* Flips one bit of flight f (0 is the joiner's first) and ends it there. */
static struct end *run_flipped(enum pairing_mode mode, size_t f, size_t bit)
{
	struct end *sides[2] = { &joiner, &inviter };
	uint8_t copy[256];
	struct bytes out;

	start_both(mode);
	for (size_t i = 0; i < f; i++)
		pump(sides[i % 2], sides[1 - i % 2], 999);
	out = pairing_output(&sides[f % 2]->pairing);
	assert_true(out.n <= sizeof(copy));
	if (bit / 8 >= out.n)
		return NULL;
	memcpy(copy, out.p, out.n);
	pairing_sent(&sides[f % 2]->pairing, out.n);
	copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	feed(sides[1 - f % 2], copy, out.n);
	talk(999);
	return sides[1 - f % 2];
}

/* Nobody who is owed the truth is ever ready after a flipped bit. */
static void test_flipped_digits(void **state)
{
	(void)state;
	for (size_t f = 0; f < 5; f++)
		for (size_t bit = 0; run_flipped(PAIRING_BY_DIGITS, f, bit);
		     bit++) {
			assert_false(ready(&inviter));
			if (f < 4)
				assert_false(ready(&joiner));
			if (f == 3 && bit < 8 * CPACE_MAC_SIZE)
				assert_true(wrong(&joiner));
			if (f == 2 && bit < 8 * CPACE_MAC_SIZE)
				assert_true(wrong(&inviter));
			if (f == 2 && bit >= 8 * CPACE_MAC_SIZE)
				assert_last(&inviter, PAIRING_CLOSED,
					    TUNNEL_REFUSED);
		}
}

static void test_flipped_secret(void **state)
{
	(void)state;
	for (size_t f = 0; f < 3; f++)
		for (size_t bit = 0; run_flipped(PAIRING_BY_SECRET, f, bit);
		     bit++) {
			assert_false(ready(&inviter));
			assert_false(wrong(&inviter) || wrong(&joiner));
			if (f < 2)
				assert_false(ready(&joiner));
		}
}

/* A port scan or a dropped connection kills no code. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t n = 0; n < 65 + 112; n++) {
		size_t first = size_min(n, 65);

		start_both(PAIRING_BY_DIGITS);
		feed(&inviter, pairing_output(&joiner.pairing).p, first);
		if (n >= 65) {
			pairing_sent(&joiner.pairing, 65);
			pump(&inviter, &joiner, 999);
			feed(&inviter, pairing_output(&joiner.pairing).p,
			     n - 65);
		}
		pairing_eof(&inviter.pairing);
		drain(&inviter);
		assert_last(&inviter, PAIRING_CLOSED, TUNNEL_CUT);
		assert_int_equal(inviter.n_events, 1);
	}
}

/* The first flight of an old run, again: the second step cannot follow. */
static void test_replay(void **state)
{
	uint8_t old[49 + PACKET_EMPTY];
	uint8_t entropy[PAIRING_ENTROPY] = { 99 };
	struct pairing_params params = { false, PAIRING_BY_SECRET, secret };

	(void)state;
	start_both(PAIRING_BY_SECRET);
	memcpy(old, pairing_output(&joiner.pairing).p, 49);
	pump(&joiner, &inviter, 999);
	pump(&inviter, &joiner, 999);
	memcpy(old + 49, pairing_output(&joiner.pairing).p, PACKET_EMPTY);
	pump(&joiner, &inviter, 999);
	assert_true(ready(&inviter));
	pairing_deinit(&inviter.pairing);
	inviter.n_events = 0;
	pairing_init(&inviter.pairing, &params, 1000, entropy);
	feed(&inviter, old, sizeof(old));
	assert_false(ready(&inviter));
	assert_last(&inviter, PAIRING_CLOSED, TUNNEL_REFUSED);
}

static void test_deadline(void **state)
{
	(void)state;
	start_both(PAIRING_BY_DIGITS);
	assert_int_equal(pairing_deadline(&inviter.pairing),
			 1000 + HANDSHAKE_MS);
	pump(&joiner, &inviter, 999);
	pairing_tick(&inviter.pairing, 1000 + HANDSHAKE_MS);
	drain(&inviter);
	assert_last(&inviter, PAIRING_CLOSED, TUNNEL_LATE);

	/* Once it stands, a person may take their time. */
	start_both(PAIRING_BY_DIGITS);
	talk(999);
	assert_true(pairing_deadline(&inviter.pairing) == TUNNEL_NEVER);
	assert_true(pairing_deadline(&joiner.pairing) == TUNNEL_NEVER);
}

static void test_words(void **state)
{
	uint8_t hash[NOISE_HASH_SIZE] = { 0 };
	char a[PAIRING_WORDS_SIZE], b[PAIRING_WORDS_SIZE];
	size_t spaces = 0;

	(void)state;
	start_both(PAIRING_BY_DIGITS);
	talk(999);
	pairing_words(joiner.events[0].hash, a);
	pairing_words(inviter.events[0].hash, b);
	assert_string_equal(a, b);
	for (size_t i = 0; a[i] != '\0'; i++)
		spaces += a[i] == ' ';
	assert_int_equal(spaces, 3);
	/* The format: computed apart, with Python's hashlib. */
	pairing_words(hash, a);
	assert_string_equal(a, "ink brick gadget cobra");
	hash[63] = 1;
	pairing_words(hash, b);
	assert_string_not_equal(a, b);
}

int main(void)
{
#define UNIT(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		UNIT(test_conversation),   UNIT(test_flights),
		UNIT(test_wire_bytes),	   UNIT(test_wrong_digits),
		UNIT(test_refusal),	   UNIT(test_wrong_secret),
		UNIT(test_wrong_mode),	   UNIT(test_not_a_point),
		UNIT(test_reflection),	   UNIT(test_flipped_digits),
		UNIT(test_flipped_secret), UNIT(test_cut),
		UNIT(test_replay),	   UNIT(test_deadline),
		UNIT(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
