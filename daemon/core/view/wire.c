#include "daemon/core/view/wire.h"

#include <string.h>

#include "proto/limits.h"

/* Wire types of protobuf; 3 and 4, groups, have no place here. */
enum type { VARINT = 0, FIXED64 = 1, RUN = 2, FIXED32 = 5 };

#define TAG_BYTES_MAX 5
#define VARINT_BYTES_MAX 10

struct part {
	uint64_t number;
	enum type type;
	struct bytes run; /* what a RUN holds */
};

/* What a message knows: the wire type of each number, from 1. */
struct shape {
	const uint8_t *types;
	size_t n;
};

static const uint8_t plain_types[] = { RUN, RUN, VARINT, VARINT };
static const uint8_t field_types[] = { RUN, RUN, VARINT, RUN, VARINT, VARINT };
static const uint8_t otp_types[] = { RUN, RUN };
static const uint8_t live_types[] = { RUN,    VARINT, RUN,    VARINT,
				      VARINT, VARINT, VARINT, VARINT };
static const uint8_t gone_types[] = { RUN, VARINT };

#define SHAPE(a) ((struct shape){ (a), ARRAY_SIZE(a) })

static bool take(struct bytes *in, size_t n)
{
	if (n > in->n)
		return false;
	in->p += n;
	in->n -= n;
	return true;
}

static bool varint(struct bytes *in, size_t max, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < max && i < in->n; i++) {
		value |= (uint64_t)(in->p[i] & 0x7f) << (7 * i);
		if (!(in->p[i] & 0x80)) {
			*ret = value;
			return take(in, i + 1);
		}
	}
	return false;
}

static bool read_value(struct bytes *in, struct part *part)
{
	uint64_t n;

	switch (part->type) {
	case VARINT:
		return varint(in, VARINT_BYTES_MAX, &n);
	case FIXED64:
		return take(in, 8);
	case FIXED32:
		return take(in, 4);
	case RUN:
		if (!varint(in, TAG_BYTES_MAX, &n) || n > in->n)
			return false;
		part->run = (struct bytes){ in->p, (size_t)n };
		return take(in, (size_t)n);
	}
	return false;
}

static bool read_part(struct bytes *in, struct part *ret)
{
	uint64_t tag;

	if (!varint(in, TAG_BYTES_MAX, &tag) || tag > UINT32_MAX || tag < 8)
		return false;
	*ret = (struct part){ .number = tag >> 3,
			      .type = (enum type)(tag & 7) };
	return read_value(in, ret);
}

/* The next part; a known one has its wire type, an unknown one is counted. */
static bool next_known(struct bytes *in, struct shape shape, size_t *unknown,
		       struct part *ret)
{
	if (!read_part(in, ret))
		return false;
	if (ret->number > shape.n) {
		(*unknown)++;
		ret->number = 0;
		return true;
	}
	return ret->type == shape.types[ret->number - 1];
}

static bool count_field(struct wire_count *count, struct bytes in)
{
	struct part part;

	while (in.n > 0) {
		if (!next_known(&in, SHAPE(field_types), &count->unknown,
				&part))
			return false;
		/* A string in memory would end there, and be another key. */
		if (part.number == 1 && part.run.n > 0 &&
		    memchr(part.run.p, 0, part.run.n))
			return false;
	}
	return true;
}

static bool count_leaf(struct wire_count *count, struct bytes in,
		       struct shape shape)
{
	struct part part;

	while (in.n > 0)
		if (!next_known(&in, shape, &count->unknown, &part))
			return false;
	return true;
}

static bool count_otp(struct wire_count *count, struct bytes in)
{
	struct part part;
	bool good = true;

	while (good && in.n > 0) {
		if (!next_known(&in, SHAPE(otp_types), &count->unknown, &part))
			return false;
		if (part.number == 1) {
			count->live++;
			good = count_leaf(count, part.run, SHAPE(live_types));
		} else if (part.number == 2) {
			count->gone++;
			good = count_leaf(count, part.run, SHAPE(gone_types));
		}
	}
	return good;
}

static bool count_plain(struct wire_count *count, struct bytes in)
{
	struct part part;
	bool good = true;

	while (good && in.n > 0) {
		if (!next_known(&in, SHAPE(plain_types), &count->unknown,
				&part))
			return false;
		if (part.number == 1) {
			count->fields++;
			good = count_field(count, part.run);
		} else if (part.number == 2) {
			count->otps++;
			good = count_otp(count, part.run);
		}
	}
	return good;
}

int wire_count(struct wire_count *ret, struct bytes plain)
{
	struct wire_count count = { 0 };

	if (!count_plain(&count, plain))
		return WIRE_ERR_MALFORMED;
	*ret = count;
	return 0;
}

bool wire_within(const struct wire_count *count)
{
	return count->fields <= FIELDS_MAX && count->otps <= 1 &&
	       count->live <= LIVE_MAX && count->gone <= GONE_MAX &&
	       count->unknown <= UNKNOWN_FIELDS_MAX;
}
