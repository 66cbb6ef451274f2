/*
 * Plaintexts of a hostile member: whatever is taken packs again to canonical
 * bytes, and the merge keeps its laws. An input is cut in two at its first
 * byte, so that both versions come from the fuzzer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/view/record.h"
#include "tests/fuzz/scarce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct packed {
	uint8_t *bytes;
	size_t n;
};

static struct packed pack(const struct record *record)
{
	struct packed packed = { 0 };

	if (record_pack(record, &packed.bytes, &packed.n) != 0)
		return (struct packed){ 0 };
	REQUIRE(packed.n <= PLAIN_MAX);
	return packed;
}

static void same(const struct record *a, const struct record *b)
{
	struct packed x = pack(a), y = pack(b);

	REQUIRE(!x.bytes == !y.bytes && x.n == y.n);
	if (x.bytes)
		REQUIRE(memcmp(x.bytes, y.bytes, x.n) == 0);
	secret_free(x.bytes);
	secret_free(y.bytes);
}

/* What was read is written, and read again as the same. */
static void check_again(const struct record *record)
{
	AUTO_RECORD struct record back = { 0 };
	struct packed packed = pack(record);

	/* A value too large for PLAIN_MAX cannot have come in. */
	REQUIRE(packed.bytes);
	REQUIRE(record_parse(&back, (struct bytes){ packed.bytes, packed.n }) ==
		0);
	same(record, &back);
	secret_free(packed.bytes);
}

static void check_reading(const struct record *record)
{
	Fob__OtpValue *live[LIVE_MAX];
	const char *field, *reason;
	size_t n = record_live(record, live);

	REQUIRE(record->conflict == (n > 1));
	for (size_t i = 1; i < n; i++)
		REQUIRE(memcmp(live[i - 1]->vid.data, live[i]->vid.data,
			       VID_SIZE) < 0);
	(void)record_check(record, &field, &reason);
	REQUIRE(record->changed <= STAMP_MAX);
}

static void check_merge(struct bytes one, struct bytes two)
{
	AUTO_RECORD struct record a = { 0 }, b = { 0 }, c = { 0 };
	int r;

	if (record_parse(&a, one) != 0 || record_parse(&b, two) != 0)
		return;
	REQUIRE(record_parse(&c, one) == 0);
	r = record_merge(&a, &b);
	REQUIRE(r == 0 || r == RECORD_ERR_FULL);
	REQUIRE(record_merge(&b, &c) == r);
	if (r == 0) {
		same(&a, &b);
		REQUIRE(record_merge(&a, &b) == 0);
		same(&a, &b);
	}
	check_reading(&a);
}

/* Read, merged and written without memory: it is said, and nothing is left. */
static void starve(struct bytes one, struct bytes two)
{
	AUTO_RECORD struct record a = { 0 }, b = { 0 };
	uint8_t *packed = NULL;
	size_t n;
	int r;

	scarce_draw(two.p, two.n);
	r = record_parse(&a, one);
	if (r == 0)
		r = record_parse(&b, two);
	if (r == 0)
		r = record_merge(&a, &b);
	if (r == 0)
		r = record_pack(&a, &packed, &n);
	REQUIRE(scarce_over() ? r == -ENOMEM && !packed : r >= 0);
	secret_free(packed);
}

static void check_one(struct bytes bytes)
{
	AUTO_RECORD struct record record = { 0 };
	int r = record_parse(&record, bytes);

	REQUIRE(r == 0 || r == RECORD_ERR_MALFORMED);
	if (r != 0)
		return;
	check_again(&record);
	check_reading(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut;

	check_one((struct bytes){ data, size });
	if (size == 0)
		return 0;
	cut = 1 + (size - 1) * data[0] / 255;
	check_one((struct bytes){ data + 1, size - 1 });
	check_merge((struct bytes){ data + 1, cut - 1 },
		    (struct bytes){ data + cut, size - cut });
	starve((struct bytes){ data + 1, cut - 1 },
	       (struct bytes){ data + cut, size - cut });
	REQUIRE(secret_used() == 0);
	return 0;
}
