/* Recovery's handshake: who holds the kit, and who does not. */
#include "daemon/core/peer/rescue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "daemon/core/trust/kit.h"

#define LOG_MAX 8

struct end {
	struct rescue rescue;
	size_t n_events;
	struct rescue_event events[LOG_MAX];
	uint8_t last[256];
	size_t last_n, n_sent;
};

static struct end holder, device;
static struct kit kit, other;
static uint8_t transport[KEY_SIZE] = { 77, 1, 2 };

static void start(struct end *end, bool dials, const struct kit *with,
		  const uint8_t *secret)
{
	uint8_t ephemeral[KEY_SIZE] = { 9, dials };
	struct rescue_params params = {
		.dials = dials,
		.secret = secret,
		.recovery_sign = with->sign_public,
		.recovery_wrap = with->wrap_public,
		.ephemeral = ephemeral,
	};

	rescue_deinit(&end->rescue);
	end->n_events = end->last_n = end->n_sent = 0;
	assert_int_equal(rescue_init(&end->rescue, &params, 1000), 0);
}

static void start_both(void)
{
	start(&holder, true, &kit, kit.wrap_secret);
	start(&device, false, &kit, transport);
}

static void drain(struct end *end)
{
	struct rescue_event event;

	while (rescue_next(&end->rescue, &event)) {
		assert_true(end->n_events < LOG_MAX);
		end->events[end->n_events++] = event;
		if (event.kind != RESCUE_MESSAGE)
			continue;
		end->last_n = event.message.n;
		memcpy(end->last, event.message.p, event.message.n);
	}
}

static void feed(struct end *end, const uint8_t *p, size_t n)
{
	struct bytes in = { p, n };

	do {
		assert_int_equal(rescue_feed(&end->rescue, &in, 2000), 0);
		drain(end);
	} while (in.n > 0);
}

static size_t pump(struct end *from, struct end *to, size_t step)
{
	size_t total = 0;

	for (;;) {
		struct bytes out = rescue_output(&from->rescue);
		size_t n = size_min(step, out.n);

		if (n == 0)
			return total;
		feed(to, out.p, n);
		rescue_sent(&from->rescue, n);
		from->n_sent += n;
		total += n;
	}
}

static void talk(size_t step)
{
	while (pump(&holder, &device, step) + pump(&device, &holder, step))
		;
}

static bool ready(const struct end *end)
{
	return end->n_events > 0 && end->events[0].kind == RESCUE_READY;
}

static bool refused(const struct end *end)
{
	return end->n_events == 1 && end->events[0].kind == RESCUE_CLOSED &&
	       end->events[0].reason == TUNNEL_REFUSED;
}

static void both_prove_their_keys(void **state)
{
	uint8_t public[KEY_SIZE];

	(void)state;
	crypto_scalarmult_base(public, transport);
	for (size_t step = 1; step < 200; step += 33) {
		start_both();
		talk(step);
		assert_true(ready(&holder) && ready(&device));
		assert_memory_equal(holder.events[0].hash,
				    device.events[0].hash, NOISE_HASH_SIZE);
		assert_memory_equal(holder.events[0].remote, public, KEY_SIZE);
		assert_memory_equal(device.events[0].remote, kit.wrap_public,
				    KEY_SIZE);
		assert_int_equal(
			rescue_send(&holder.rescue,
				    (struct bytes){ (const uint8_t *)"all?",
						    4 }),
			0);
		talk(step);
		assert_int_equal(device.last_n, 4);
		assert_memory_equal(device.last, "all?", 4);
		assert_int_equal(rescue_close(&device.rescue), 0);
		talk(step);
		assert_int_equal(holder.events[holder.n_events - 1].reason,
				 TUNNEL_ENDED);
	}
}

static void strangers_hear_nothing(void **state)
{
	(void)state;
	start(&holder, true, &other, other.wrap_secret);
	start(&device, false, &kit, transport);
	talk(1000);
	assert_true(refused(&device));
	assert_int_equal(device.n_sent, 0);
}

/* Every device knows the public keys; that is not enough. */
static void public_keys_are_no_kit(void **state)
{
	(void)state;
	start(&holder, true, &kit, other.wrap_secret);
	start(&device, false, &kit, transport);
	talk(1000);
	assert_true(refused(&device));
	assert_int_equal(device.n_sent, RESCUE_SECOND);
}

static void altered_anywhere(void **state)
{
	(void)state;
	for (size_t at = 0; at < RESCUE_FIRST; at++) {
		uint8_t message[RESCUE_FIRST];

		start_both();
		memcpy(message, rescue_output(&holder.rescue).p, RESCUE_FIRST);
		message[at] ^= 1;
		feed(&device, message, sizeof(message));
		assert_true(refused(&device));
		assert_int_equal(rescue_output(&device.rescue).n, 0);
	}
	for (size_t at = 0; at < RESCUE_SECOND; at++) {
		uint8_t message[RESCUE_SECOND];

		start_both();
		pump(&holder, &device, 1000);
		memcpy(message, rescue_output(&device.rescue).p, RESCUE_SECOND);
		message[at] ^= 1;
		feed(&holder, message, sizeof(message));
		assert_true(refused(&holder));
	}
}

static void late_and_cut(void **state)
{
	(void)state;
	start_both();
	assert_int_equal(rescue_deadline(&device.rescue), 1000 + HANDSHAKE_MS);
	rescue_tick(&device.rescue, 1000 + HANDSHAKE_MS);
	drain(&device);
	assert_int_equal(device.events[0].reason, TUNNEL_LATE);
	start_both();
	rescue_eof(&holder.rescue);
	drain(&holder);
	assert_int_equal(holder.events[0].reason, TUNNEL_CUT);
	start_both();
	talk(1000);
	assert_true(rescue_deadline(&device.rescue) == TUNNEL_NEVER);
}

static int setup(void **state)
{
	uint8_t seed[KEY_SIZE] = { 1 };

	(void)state;
	kit_derive(&kit, seed);
	seed[0] = 2;
	kit_derive(&other, seed);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rescue_deinit(&holder.rescue);
	rescue_deinit(&device.rescue);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_prove_their_keys),
		cmocka_unit_test(strangers_hear_nothing),
		cmocka_unit_test(public_keys_are_no_kit),
		cmocka_unit_test(altered_anywhere),
		cmocka_unit_test(late_and_cut),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
