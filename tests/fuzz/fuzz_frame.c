/*
 * A stream of frames, cut as the first byte of the input says. However it is
 * cut, the messages are the same, none is empty or over the limit, and no more
 * is held than has come. Without memory it says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "tests/fuzz/scarce.h"

#define MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	size_t messages, bytes;
	uint32_t sum;
	int end;
};

static struct outcome feed(const uint8_t *data, size_t size, size_t step)
{
	struct outcome o = { .end = FRAME_ERR_MORE };
	AUTO_FRAME struct frame f;
	size_t at, i;

	frame_init(&f, MAX);
	for (at = 0; at < size && o.end == FRAME_ERR_MORE; at += step) {
		struct bytes in = { data + at, size_min(step, size - at) };
		struct bytes m;

		while ((o.end = frame_take(&f, &in, &m)) == 0) {
			REQUIRE(m.n > 0 && m.n <= MAX);
			o.messages++;
			o.bytes += m.n;
			for (i = 0; i < m.n; i++)
				o.sum = o.sum * 31 + m.p[i];
		}
		REQUIRE(o.end > 0);
		REQUIRE(f.capacity <= size_max(256, 2 * (at + step)));
	}
	return o;
}

static void starve(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size }, m;
	AUTO_FRAME struct frame f;
	int r;

	frame_init(&f, MAX);
	scarce_draw(data, size);
	while ((r = frame_take(&f, &in, &m)) == 0)
		continue;
	REQUIRE(scarce_over() ? r == -ENOMEM : r > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size < 2)
		return 0;
	whole = feed(data + 1, size - 1, size);
	pieces = feed(data + 1, size - 1, 1u + data[0] % 16);
	REQUIRE(whole.messages == pieces.messages);
	REQUIRE(whole.bytes == pieces.bytes && whole.sum == pieces.sum);
	REQUIRE(whole.end == pieces.end);
	starve(data + 1, size - 1);
	return 0;
}
