/*
 * A snapshot as somebody may have written it: the first byte says whether the
 * kit is there, the second how the rest is cut into pieces.
 */
#include "daemon/core/snapshot.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void take(struct snapshot_reader *reader, struct bytes part)
{
	Fob__SnapshotPart *read =
		fob__snapshot_part__unpack(NULL, part.n, part.p);

	if (read)
		fob__snapshot_part__free_unpacked(read, NULL);
	REQUIRE(reader->at <= reader->n_plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct snapshot_reader reader;
	static const uint8_t seed[KEY_SIZE] = { 1 };
	struct bytes part;
	struct kit kit;
	size_t step;
	int r = 0;

	if (n < 2)
		return 0;
	kit_derive(&kit, seed);
	snapshot_reader_init(&reader, data[0] & 1 ? &kit : NULL);
	step = (size_t)data[1] * 16 + 1;
	for (size_t at = 2; at < n && r == 0; at += step) {
		struct bytes in = { data + at, size_min(step, n - at) };

		while (in.n > 0 && r == 0) {
			r = snapshot_feed(&reader, &in);
			while (r == 0 && snapshot_next(&reader, &part))
				take(&reader, part);
		}
	}
	if (r == 0)
		r = snapshot_ended(&reader);
	if (r)
		REQUIRE(snapshot_error_text(r)[0]);
	snapshot_reader_deinit(&reader);
	return 0;
}
