#include "tests/fuzz/draw.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH 4
#define REPEATED 4

void draw_init(struct draw *draw, struct bytes in)
{
	*draw = (struct draw){ .in = in };
}

void draw_clear(struct draw *draw)
{
	for (size_t i = 0; i < draw->n_made; i++)
		free(draw->made[i]);
	draw->n_made = 0;
}

void draw_deinit(struct draw *draw)
{
	draw_clear(draw);
	free(draw->made);
	*draw = (struct draw){ .n_made = 0 };
}

void *draw_room(struct draw *draw, size_t n)
{
	void *room = calloc(1, n + 1);

	if (draw->n_made == draw->cap_made) {
		draw->cap_made = 2 * draw->cap_made + 16;
		draw->made = realloc(draw->made,
				     draw->cap_made * sizeof(*draw->made));
		REQUIRE(draw->made);
	}
	REQUIRE(room);
	draw->made[draw->n_made++] = room;
	return room;
}

void draw_know(struct draw *draw, struct bytes value)
{
	if (draw->n_pool < DRAW_POOL)
		draw->pool[draw->n_pool++] = value;
}

void draw_know_text(struct draw *draw, const char *text)
{
	draw_know(draw, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

bool draw_over(const struct draw *draw)
{
	return draw->in.n == 0;
}

uint8_t draw_byte(struct draw *draw)
{
	if (draw->in.n == 0)
		return 0;
	draw->in.n--;
	return *draw->in.p++;
}

uint32_t draw_below(struct draw *draw, uint32_t n)
{
	uint32_t value = draw_byte(draw);

	if (n > 256)
		value = value << 8 | draw_byte(draw);
	return value % n;
}

/* Small ones, powers of two and what lies beside them, times, and any. */
uint64_t draw_number(struct draw *draw)
{
	uint8_t how = draw_byte(draw);
	uint64_t value = 0;

	if (how < 160)
		return how;
	if (how < 208)
		return UINT64_C(1) << how % 64;
	if (how < 224)
		return (UINT64_C(1) << draw_byte(draw) % 64) - 1;
	if (how < 240)
		return UINT64_C(1700000000000) + UINT64_C(1000) * how;
	if (how < 248)
		return UINT64_MAX - how;
	for (int i = 0; i < 8; i++)
		value = value << 8 | draw_byte(draw);
	return value;
}

static struct bytes copied(struct draw *draw, struct bytes from)
{
	uint8_t *room = draw_room(draw, from.n);

	if (from.n > 0)
		memcpy(room, from.p, from.n);
	return (struct bytes){ room, from.n };
}

static struct bytes raw(struct draw *draw, size_t n)
{
	struct bytes part = { draw->in.p, size_min(n, draw->in.n) };

	draw->in.p += part.n;
	draw->in.n -= part.n;
	return copied(draw, part);
}

static struct bytes same_byte(struct draw *draw)
{
	static const uint16_t sizes[] = { 16, 32, 64, 24, 48, 12, 255, 5000 };
	size_t n = sizes[draw_below(draw, ARRAY_SIZE(sizes))];
	uint8_t *room = draw_room(draw, n);

	memset(room, draw_byte(draw), n);
	return (struct bytes){ room, n };
}

struct bytes draw_bytes(struct draw *draw)
{
	uint8_t how = draw_byte(draw);
	struct bytes value;

	if (how < 16 || draw->in.n == 0)
		return (struct bytes){ NULL, 0 };
	if (how < 48)
		return raw(draw, draw_byte(draw));
	if (how < 64)
		return same_byte(draw);
	if (draw->n_pool == 0)
		return raw(draw, how % 40);
	value = draw->pool[draw_below(draw, (uint32_t)draw->n_pool)];
	if (how < 240)
		return value;
	if (how < 248 && value.n > 0)
		return copied(draw, (struct bytes){ value.p, value.n - 1 });
	if (value.n > 0) {
		uint8_t *changed = draw_room(draw, value.n);

		memcpy(changed, value.p, value.n);
		changed[draw_below(draw, (uint32_t)value.n)] ^=
			(uint8_t)(1u << how % 8);
		value.p = changed;
	}
	return value;
}

ProtobufCBinaryData draw_data(struct bytes bytes)
{
	ProtobufCBinaryData data = { .len = bytes.n };

	memcpy(&data.data, &bytes.p, sizeof(data.data));
	return data;
}

/* --- messages -------------------------------------------------------------- */

static void *at(void *message, size_t offset)
{
	return (uint8_t *)message + offset;
}

static char *draw_text(struct draw *draw)
{
	struct bytes value = draw_bytes(draw);
	char *text = draw_room(draw, value.n);

	if (value.n > 0)
		memcpy(text, value.p, value.n);
	return text;
}

static size_t size_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		return 8;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

static void draw_value(struct draw *draw, const ProtobufCFieldDescriptor *field,
		       void *value, int depth)
{
	struct bytes bytes;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(char **)value = draw_text(draw);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		bytes = copied(draw, draw_bytes(draw));
		*(ProtobufCBinaryData *)value = draw_data(bytes);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)value =
			draw_message(draw, field->descriptor, depth - 1);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)value = draw_byte(draw) & 1;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		*(uint64_t *)value = draw_number(draw);
		break;
	default:
		*(uint32_t *)value = (uint32_t)draw_number(draw);
	}
}

static void draw_field(struct draw *draw, const ProtobufCFieldDescriptor *field,
		       void *message, int depth)
{
	size_t n, size = size_of(field->type);
	uint8_t *values;

	if (field->type == PROTOBUF_C_TYPE_MESSAGE && depth <= 0)
		return;
	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		draw_value(draw, field, at(message, field->offset), depth);
		return;
	}
	n = draw_below(draw, REPEATED + 1);
	if (n == REPEATED && size < 16)
		n = draw_byte(draw) % 80;
	values = draw_room(draw, n * size);
	for (size_t i = 0; i < n; i++)
		draw_value(draw, field, values + i * size, depth);
	*(size_t *)at(message, field->quantifier_offset) = n;
	*(void **)at(message, field->offset) = n > 0 ? values : NULL;
}

static ProtobufCMessage *blank(struct draw *draw,
			       const ProtobufCMessageDescriptor *what)
{
	ProtobufCMessage *message = draw_room(draw, what->sizeof_message);

	protobuf_c_message_init(what, message);
	return message;
}

ProtobufCMessage *draw_message(struct draw *draw,
			       const ProtobufCMessageDescriptor *what,
			       int depth)
{
	ProtobufCMessage *message = blank(draw, what);
	uint32_t left = 0, bits = 0;

	for (unsigned i = 0; i < what->n_fields; i++) {
		if (left == 0) {
			bits = draw_byte(draw);
			left = 8;
		}
		if (bits & 1)
			draw_field(draw, &what->fields[i], message, depth);
		bits >>= 1;
		left--;
	}
	return message;
}

ProtobufCMessage *draw_choice(struct draw *draw,
			      const ProtobufCMessageDescriptor *what)
{
	ProtobufCMessage *message = blank(draw, what);
	uint32_t one = draw_below(draw, what->n_fields);
	uint32_t also = draw_byte(draw);

	for (unsigned i = 0; i < what->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &what->fields[i];

		if (i == one || also == i)
			draw_field(draw, field, message, DEPTH);
	}
	return message;
}

struct bytes draw_pack(struct draw *draw, const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = draw_room(draw, n);
	uint8_t how = draw_byte(draw);

	protobuf_c_message_pack(message, packed);
	if (how >= 240 && n > 0)
		packed[draw_below(draw, (uint32_t)n)] ^=
			(uint8_t)(1u << how % 8);
	return (struct bytes){ packed, n };
}
