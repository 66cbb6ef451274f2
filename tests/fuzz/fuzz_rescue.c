/*
 * Bytes to one side of a connection for recovery. The first byte of the input
 * chooses the side, and whether the other has the keys: then it has done the
 * handshake as it has to be, and the bytes come after, sealed or not. However
 * they are cut, the outcome is the same, and it ends at most once.
 */
#include <sodium.h>
#include <string.h>

#include "daemon/core/peer/rescue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	size_t ready, messages, bytes, ended, output;
	enum tunnel_reason reason;
};

static uint8_t kit[KEY_SIZE] = { 1 }, device[KEY_SIZE] = { 2 };
static uint8_t sign[KEY_SIZE] = { 3 }, wrap[KEY_SIZE];

static void start(struct rescue *rescue, bool dials)
{
	uint8_t ephemeral[32] = { dials ? 4 : 5 };
	struct rescue_params params = {
		.dials = dials,
		.secret = dials ? kit : device,
		.recovery_sign = sign,
		.recovery_wrap = wrap,
		.ephemeral = ephemeral,
	};

	REQUIRE(crypto_scalarmult_base(wrap, kit) == 0);
	REQUIRE(rescue_init(rescue, &params, 0) == 0);
}

static void feed(struct rescue *rescue, struct bytes in, struct outcome *o)
{
	struct rescue_event event;

	do {
		REQUIRE(rescue_feed(rescue, &in, 1) == 0);
		while (rescue_next(rescue, &event)) {
			REQUIRE(o->ended == 0);
			o->ready += event.kind == RESCUE_READY;
			o->ended += event.kind == RESCUE_CLOSED;
			o->messages += event.kind == RESCUE_MESSAGE;
			if (event.kind == RESCUE_MESSAGE)
				o->bytes += event.message.n;
			o->reason = event.reason;
		}
	} while (in.n > 0);
}

static void carry(struct rescue *from, struct rescue *to, struct outcome *o)
{
	uint8_t wire[1024];
	struct bytes out = rescue_output(from);
	size_t n = size_min(out.n, sizeof(wire));

	if (n > 0)
		memcpy(wire, out.p, n);
	rescue_sent(from, n);
	if (n > 0)
		feed(to, (struct bytes){ wire, n }, o);
}

/* Sealed by who did the handshake, as messages of up to 255 bytes. */
static void say(struct rescue *other, struct rescue *rescue, struct bytes in,
		struct outcome *o)
{
	while (in.n > 0) {
		size_t n = size_min(in.p[0], in.n - 1);

		if (n > 0)
			(void)rescue_send(other, (struct bytes){ in.p + 1, n });
		carry(other, rescue, o);
		in = (struct bytes){ in.p + 1 + n, in.n - 1 - n };
	}
}

static struct outcome run(uint8_t how, struct bytes wire, size_t step)
{
	static struct rescue rescue, other;
	struct outcome o = { 0 }, theirs = { 0 };
	bool dials = how & 1;

	start(&rescue, dials);
	start(&other, !dials);
	if (how & 2) {
		for (int i = 0; i < 3; i++) {
			carry(&other, &rescue, &o);
			carry(&rescue, &other, &theirs);
		}
		REQUIRE(o.ready == 1 && theirs.ready == 1);
	}
	if ((how & 6) == 6)
		say(&other, &rescue, wire, &o);
	else
		for (size_t at = 0; at < wire.n; at += step)
			feed(&rescue,
			     (struct bytes){ wire.p + at,
					     size_min(step, wire.n - at) },
			     &o);
	o.output = rescue_output(&rescue).n;
	rescue_deinit(&rescue);
	rescue_deinit(&other);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;
	struct bytes wire;

	if (size < 3)
		return 0;
	wire = (struct bytes){ data + 2, size - 2 };
	whole = run(data[0], wire, wire.n);
	pieces = run(data[0], wire, 1u + data[1] % 64);
	REQUIRE(data[0] & 2 || (whole.ready == 0 && pieces.ready == 0));
	REQUIRE(whole.messages == pieces.messages);
	REQUIRE(whole.bytes == pieces.bytes);
	REQUIRE(whole.ended == pieces.ended && whole.reason == pieces.reason);
	REQUIRE(whole.output == pieces.output);
	return 0;
}
