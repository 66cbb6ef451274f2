/*
 * Bytes from a stranger to one side of a pairing. The first byte of the input
 * chooses the side and the mode, the second how the rest is cut. However it
 * is cut, the outcome is the same, and it ends at most once. Who does not
 * know the code is never let in: that holds for all inputs but the honest
 * run, which the corpus does not have.
 */
#include <errno.h>
#include <string.h>

#include "daemon/core/peer/pairing.h"
#include "tests/fuzz/scarce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	size_t ready, ended, output;
	int kind;
	enum tunnel_reason reason;
};

static void feed(struct pairing *pairing, struct bytes in, struct outcome *o)
{
	struct pairing_event event;

	do {
		REQUIRE(pairing_feed(pairing, &in, 1) == 0);
		while (pairing_next(pairing, &event)) {
			REQUIRE(o->ended == 0);
			o->ready += event.kind == PAIRING_READY;
			o->ended += event.kind == PAIRING_WRONG ||
				    event.kind == PAIRING_CLOSED;
			o->kind = (int)event.kind;
			o->reason = event.reason;
		}
	} while (in.n > 0);
}

static struct outcome run(uint8_t how, struct bytes wire, size_t step)
{
	static const uint8_t code[PAIRING_SECRET_SIZE] = "482915377";
	static const uint8_t entropy[PAIRING_ENTROPY] = { 9 };
	struct pairing_params params = {
		.joiner = how & 1,
		.mode = how & 2 ? PAIRING_BY_SECRET : PAIRING_BY_DIGITS,
		.code = code,
	};
	struct outcome o = { 0 };
	struct pairing pairing;
	size_t at;

	REQUIRE(pairing_init(&pairing, &params, 0, entropy) == 0);
	for (at = 0; at < wire.n; at += step)
		feed(&pairing,
		     (struct bytes){ wire.p + at, size_min(step, wire.n - at) },
		     &o);
	o.output = pairing_output(&pairing).n;
	pairing_deinit(&pairing);
	return o;
}

static void starve(uint8_t how, struct bytes wire)
{
	static const uint8_t code[PAIRING_SECRET_SIZE] = "482915377";
	static const uint8_t entropy[PAIRING_ENTROPY] = { 9 };
	struct pairing_params params = {
		.joiner = how & 1,
		.mode = how & 2 ? PAIRING_BY_SECRET : PAIRING_BY_DIGITS,
		.code = code,
	};
	struct pairing_event event;
	struct pairing pairing;
	int r;

	scarce_draw(wire.p, wire.n);
	r = pairing_init(&pairing, &params, 0, entropy);
	while (r == 0 && wire.n > 0) {
		r = pairing_feed(&pairing, &wire, 1);
		while (r == 0 && pairing_next(&pairing, &event))
			continue;
	}
	REQUIRE(scarce_over() ? r == -ENOMEM : r == 0);
	pairing_deinit(&pairing);
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
	starve(data[0], wire);
	REQUIRE(whole.ready == 0 && pieces.ready == 0);
	REQUIRE(whole.ended == pieces.ended);
	REQUIRE(whole.kind == pieces.kind && whole.reason == pieces.reason);
	REQUIRE(whole.output == pieces.output);
	return 0;
}
