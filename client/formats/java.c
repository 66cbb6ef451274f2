#include "client/formats/java.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/refusal.h"
#include "proto/text.h"

/* Stream header, and the class description of HashMap up to its fields. */
static const uint8_t head[] = "\xac\xed\x00\x05sr\x00\x11java.util.HashMap"
			      "\x05\x07\xda\xc1\xc3\x16\x60\xd1\x03";
#define HEAD (sizeof(head) - 1)
#define NUMBERS_MAX 8 /* Android 6 wrote one, later ones write two */
#define FIELD_BYTES 4

#define TC_STRING 0x74
#define TC_LONGSTRING 0x7c
#define TC_REFERENCE 0x71
#define TC_ENDBLOCKDATA 0x78

bool java_is_map(struct bytes file)
{
	return file.n >= HEAD && memcmp(file.p, head, HEAD) == 0;
}

void java_free(struct java_map *map)
{
	buffer_free(&map->text);
	free(map->pairs);
	*map = (struct java_map){ .pairs = NULL };
}

/* Reads on until something is missing, which sticks. */
struct reader {
	struct bytes rest;
	const char *why; /* NULL: all is well */
	uint8_t *out;	 /* where the next text goes; never more than rest */
};

static struct bytes take(struct reader *r, uint64_t n)
{
	struct bytes head_of = { r->rest.p, (size_t)n };

	if (n > r->rest.n) {
		if (!r->why)
			r->why = "it is cut off";
		return (struct bytes){ NULL, 0 };
	}
	r->rest.p += n;
	r->rest.n -= (size_t)n;
	return head_of;
}

/* Big-endian; 0 when it is missing. */
static uint64_t number(struct reader *r, size_t n)
{
	struct bytes b = take(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

/* One half of a surrogate pair, which Java writes as three bytes. */
static bool surrogate(struct bytes b, uint8_t low, uint32_t *ret)
{
	if (b.n < 3 || b.p[0] != 0xed || (b.p[1] & 0xf0) != low)
		return false;
	*ret = (uint32_t)(b.p[1] & 0x0f) << 6 | (b.p[2] & 0x3f);
	return true;
}

/* Java's "modified UTF-8" as UTF-8, which is never longer. */
static struct bytes convert(struct reader *r, struct bytes b)
{
	uint8_t *from = r->out, *out = r->out;

	while (b.n > 0) {
		struct bytes second = { b.p + 3, b.n - 3 };
		uint32_t high, low, c;
		size_t used = 1;

		if (b.n >= 2 && b.p[0] == 0xc0 && b.p[1] == 0x80) {
			*out++ = 0;
			used = 2;
		} else if (b.n >= 6 && surrogate(b, 0xa0, &high) &&
			   surrogate(second, 0xb0, &low)) {
			c = 0x10000 + (high << 10 | low);
			*out++ = (uint8_t)(0xf0 | c >> 18);
			*out++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
			*out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
			*out++ = (uint8_t)(0x80 | (c & 0x3f));
			used = 6;
		} else {
			*out++ = b.p[0];
		}
		b.p += used;
		b.n -= used;
	}
	r->out = out;
	return (struct bytes){ from, (size_t)(out - from) };
}

static struct bytes text(struct reader *r)
{
	uint64_t tag = number(r, 1), n = 0;

	if (tag == TC_STRING)
		n = number(r, 2);
	else if (tag == TC_LONGSTRING)
		n = number(r, 8);
	else if (!r->why)
		r->why = tag == TC_REFERENCE ?
				 "it refers back to itself, which "
				 "FreeOTP's do not" :
				 "it holds something else than texts";
	return convert(r, take(r, n));
}

/* Fields of numbers, the end of the class, and the values of the fields. */
static void skip_fields(struct reader *r)
{
	uint64_t n = number(r, 2);

	if (n > NUMBERS_MAX && !r->why)
		r->why = "it is no map of Java";
	for (uint64_t i = 0; i < n && !r->why; i++) {
		uint64_t type = number(r, 1);

		if (type != 'F' && type != 'I' && !r->why)
			r->why = "it is no map of Java";
		take(r, number(r, 2));
	}
	if (number(r, 2) != 0x7870 && !r->why)
		r->why = "it is no map of Java";
	take(r, n * FIELD_BYTES);
}

static int read_pairs(struct reader *r, struct java_map *map, size_t count)
{
	/* A pair takes 6 bytes at the least, so count is bounded by the file. */
	map->pairs = calloc(count + 1, sizeof(*map->pairs));
	if (!map->pairs)
		return -ENOMEM;
	while (!r->why && map->n < count) {
		struct java_pair pair;

		pair.key = text(r);
		pair.value = text(r);
		if (!r->why)
			map->pairs[map->n++] = pair;
	}
	if (number(r, 1) != TC_ENDBLOCKDATA && !r->why)
		r->why = "it goes on where it should end";
	return 0;
}

int java_read(struct bytes file, struct import *import, struct java_map *ret)
{
	struct reader r = { .rest = file };
	uint64_t count;
	int e;

	if (!java_is_map(file))
		return refusal_byte(import, 0, "it is no map of Java");
	if (buffer_alloc(&ret->text, file.n) < 0)
		return -ENOMEM;
	r.out = ret->text.p;
	take(&r, HEAD);
	skip_fields(&r);
	if (number(&r, 2) != 0x7708 && !r.why)
		r.why = "it is no map of Java";
	number(&r, 4); /* the table's size */
	count = number(&r, 4);
	if (count > r.rest.n / 6 && !r.why)
		r.why = "it is cut off";
	e = r.why ? 0 : read_pairs(&r, ret, (size_t)count);
	if (e == 0 && r.why)
		e = refusal_byte(import, file.n - r.rest.n, r.why);
	return e;
}

struct bytes java_get(const struct java_map *map, struct bytes key)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->pairs[i].key.n == key.n &&
		    memcmp(map->pairs[i].key.p, key.p, key.n) == 0)
			return map->pairs[i].value;
	return (struct bytes){ NULL, 0 };
}
