#include "client/formats/wire.h"

#include <string.h>

#define NUMBER_MAX 536870911u /* of a field */

static bool take_varint(struct bytes *rest, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 10 && i < rest->n; i++) {
		uint8_t c = rest->p[i];

		if (i == 9 && c > 1)
			return false;
		v |= (uint64_t)(c & 0x7f) << (7 * i);
		if (!(c & 0x80)) {
			*rest = (struct bytes){ rest->p + i + 1,
						rest->n - i - 1 };
			*ret = v;
			return true;
		}
	}
	return false;
}

static bool take_bytes(struct bytes *rest, uint64_t n, struct bytes *ret)
{
	if (n > rest->n)
		return false;
	*ret = (struct bytes){ rest->p, (size_t)n };
	*rest = (struct bytes){ rest->p + n, rest->n - (size_t)n };
	return true;
}

static bool take_value(struct bytes *rest, struct wire_field *field)
{
	uint64_t n;

	switch (field->type) {
	case WIRE_VARINT:
		return take_varint(rest, &field->varint);
	case WIRE_FIXED64:
		return take_bytes(rest, 8, &field->bytes);
	case WIRE_BYTES:
		return take_varint(rest, &n) &&
		       take_bytes(rest, n, &field->bytes);
	case WIRE_FIXED32:
		return take_bytes(rest, 4, &field->bytes);
	default:
		return false;
	}
}

int wire_next(struct bytes *message, struct wire_field *ret)
{
	struct wire_field field = { 0 };
	struct bytes rest = *message;
	uint64_t tag;

	if (rest.n == 0)
		return WIRE_ERR_END;
	if (!take_varint(&rest, &tag) || tag >> 3 == 0 || tag >> 3 > NUMBER_MAX)
		return WIRE_ERR_DAMAGED;
	field.number = (uint32_t)(tag >> 3);
	field.type = (enum wire_type)(tag & 7);
	if (!take_value(&rest, &field))
		return WIRE_ERR_DAMAGED;
	*message = rest;
	*ret = field;
	return 0;
}

bool wire_whole(struct bytes message)
{
	struct wire_field field;
	int r;

	do {
		r = wire_next(&message, &field);
	} while (r == 0);
	return r == WIRE_ERR_END;
}

static size_t put_varint(uint8_t *out, uint64_t v)
{
	size_t n = 0;

	while (v > 0x7f) {
		out[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	return n;
}

size_t wire_put_varint(uint8_t *out, uint32_t number, uint64_t v)
{
	size_t n = put_varint(out, (uint64_t)number << 3 | WIRE_VARINT);

	return n + put_varint(out + n, v);
}

size_t wire_put_bytes(uint8_t *out, uint32_t number, struct bytes b)
{
	size_t n = put_varint(out, (uint64_t)number << 3 | WIRE_BYTES);

	n += put_varint(out + n, b.n);
	if (b.n)
		memcpy(out + n, b.p, b.n);
	return n + b.n;
}
