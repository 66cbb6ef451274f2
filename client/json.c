#include "client/json.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

#define FIRST_CAPACITY 1024
#define LONGEST_NUMBER 32

void json_init(struct json *json)
{
	*json = (struct json){ 0 };
}

void json_deinit(struct json *json)
{
	if (json->text)
		sodium_memzero(json->text, json->capacity);
	free(json->text);
	json_init(json);
}

/* Not realloc: what the old buffer holds has to be wiped. */
static bool room(struct json *json, size_t n)
{
	size_t capacity = size_max(json->capacity, FIRST_CAPACITY);
	char *text;

	if (json->failed)
		return false;
	if (json->n + n <= json->capacity)
		return true;
	while (capacity < json->n + n)
		capacity *= 2;
	text = malloc(capacity);
	if (!text) {
		json->failed = true;
		return false;
	}
	if (json->text) {
		memcpy(text, json->text, json->n);
		sodium_memzero(json->text, json->capacity);
		free(json->text);
	}
	json->text = text;
	json->capacity = capacity;
	return true;
}

static void put(struct json *json, const char *text, size_t n)
{
	if (!room(json, n))
		return;
	memcpy(json->text + json->n, text, n);
	json->n += n;
}

static void put_text(struct json *json, const char *text)
{
	put(json, text, strlen(text));
}

/* The bytes of the character at the front of t; 0 when it is no UTF-8. */
static size_t character(struct bytes t)
{
	size_t n;

	for (n = 1; n <= size_min(4, t.n); n++)
		if (text_utf8((struct bytes){ t.p, n }))
			return n;
	return 0;
}

static void put_control(struct json *json, uint8_t c)
{
	static const char short_names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char escape[8];
	size_t i;

	for (i = 0; i < sizeof(short_names) - 1; i += 2) {
		if ((char)c == short_names[i]) {
			put(json, "\\", 1);
			put(json, short_names + i + 1, 1);
			return;
		}
	}
	snprintf(escape, sizeof(escape), "\\u%04x", (unsigned int)c);
	put_text(json, escape);
}

static void put_string(struct json *json, struct bytes t)
{
	put(json, "\"", 1);
	while (t.n > 0) {
		size_t n = character(t);

		if (n == 0) {
			put_text(json, "\xef\xbf\xbd");
			n = 1;
		} else if (t.p[0] < 0x20 || t.p[0] == '"' || t.p[0] == '\\' ||
			   t.p[0] == 0x7f) {
			put_control(json, t.p[0]);
		} else {
			put(json, (const char *)t.p, n);
		}
		t.p += n;
		t.n -= n;
	}
	put(json, "\"", 1);
}

static void begin(struct json *json, const char *key)
{
	if (json->comma)
		put(json, ",", 1);
	json->comma = true;
	if (!key)
		return;
	put_string(json, text_of(key));
	put(json, ":", 1);
}

static void open_with(struct json *json, const char *key, const char *bracket)
{
	begin(json, key);
	put_text(json, bracket);
	json->comma = false;
}

static void close_with(struct json *json, const char *bracket)
{
	put_text(json, bracket);
	json->comma = true;
}

void json_object(struct json *json, const char *key)
{
	open_with(json, key, "{");
}

void json_object_end(struct json *json)
{
	close_with(json, "}");
}

void json_array(struct json *json, const char *key)
{
	open_with(json, key, "[");
}

void json_array_end(struct json *json)
{
	close_with(json, "]");
}

void json_bytes(struct json *json, const char *key, struct bytes text)
{
	begin(json, key);
	put_string(json, text);
}

void json_text(struct json *json, const char *key, const char *value)
{
	json_bytes(json, key, text_of(value));
}

void json_text_or_null(struct json *json, const char *key, const char *value)
{
	if (value[0])
		json_text(json, key, value);
	else
		json_null(json, key);
}

void json_hex(struct json *json, const char *key, struct bytes value)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	begin(json, key);
	put(json, "\"", 1);
	for (i = 0; i < value.n; i++) {
		put(json, digits + (value.p[i] >> 4), 1);
		put(json, digits + (value.p[i] & 15), 1);
	}
	put(json, "\"", 1);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	char digits[LONGEST_NUMBER];

	begin(json, key);
	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	put_text(json, digits);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
	char digits[LONGEST_NUMBER];

	begin(json, key);
	snprintf(digits, sizeof(digits), "%" PRId64, value);
	put_text(json, digits);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	put_text(json, value ? "true" : "false");
}

void json_null(struct json *json, const char *key)
{
	begin(json, key);
	put_text(json, "null");
}

void json_time(struct json *json, const char *key, uint64_t ms)
{
	char time[TEXT_TIME_SIZE];

	if (ms == 0) {
		json_null(json, key);
		return;
	}
	text_time(time, ms);
	json_text(json, key, time);
}

void json_append(struct json *json, const struct json *values)
{
	if (values->failed)
		json->failed = true;
	if (values->n == 0)
		return;
	begin(json, NULL);
	put(json, values->text, values->n);
}

int json_print(struct json *json, FILE *out)
{
	int r = 0;

	put(json, "\n", 1);
	if (json->failed)
		r = -ENOMEM;
	else if (fwrite(json->text, 1, json->n, out) != json->n ||
		 fflush(out) != 0)
		r = -EIO;
	json_deinit(json);
	return r;
}
