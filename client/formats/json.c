#include "client/formats/json.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/peek.h"
#include "client/formats/refusal.h"

/* --- memory ----------------------------------------------------------------- */

/* The size stands in front of what jansson gets, at any type's alignment. */
#define HEADER 16

/* jansson has a word for this, and does not say it everywhere. */
static bool starved;

static void *wiping_malloc(size_t n)
{
	uint8_t *p = n <= SIZE_MAX - HEADER ? malloc(HEADER + n) : NULL;

	starved |= !p;
	if (!p)
		return NULL;
	memcpy(p, &n, sizeof(n));
	return p + HEADER;
}

static void wiping_free(void *p)
{
	size_t n;

	if (!p)
		return;
	memcpy(&n, (uint8_t *)p - HEADER, sizeof(n));
	sodium_memzero(p, n);
	free((uint8_t *)p - HEADER);
}

/* --- reading ------------------------------------------------------------------ */

static struct bytes without_bom(struct bytes text)
{
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		return (struct bytes){ text.p + 3, text.n - 3 };
	return text;
}

bool json_has(struct bytes text, const char *key)
{
	return peek_key(without_bom(text), "{", key);
}

bool json_first_has(struct bytes text, const char *key)
{
	return peek_key(without_bom(text), "[{", key);
}

static const char *reason(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_premature_end_of_input:
		return "it is cut off";
	case json_error_invalid_utf8:
		return "it is not UTF-8";
	case json_error_duplicate_key:
		return "a key is there twice";
	case json_error_numeric_overflow:
		return "a number is too large";
	default:
		return "it is no sound JSON";
	}
}

static int fail(struct import *import, const json_error_t *error)
{
	if (starved || json_error_code(error) == json_error_out_of_memory)
		return -ENOMEM;
	return refusal_line(import, (unsigned long)error->line,
			    (unsigned long)(error->column > 0 ? error->column :
								1),
			    reason(error));
}

int json_read(struct bytes text, struct import *import, json_t **ret)
{
	json_error_t error;
	json_t *value;
	size_t at;

	/*
	 * Process state of jansson. Every reader comes through here before
	 * there is a value, and sets the same, so no order can be wrong.
	 */
	json_set_alloc_funcs(wiping_malloc, wiping_free);
	starved = false;
	text = without_bom(text);
	if (text.n == 0)
		return import_fail(import, "the file is empty");
	if (peek_deeper(text, JSON_DEPTH, &at))
		return refusal_text(import, text, at,
				    "it is nested too deeply to be sound");
	value = json_loadb((const char *)text.p, text.n,
			   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	/* Where it goes on all the same, something may be left out. */
	if (starved)
		json_drop(&value);
	if (!value)
		return fail(import, &error);
	*ret = value;
	return 0;
}

void json_drop(json_t **value)
{
	json_decref(*value);
	*value = NULL;
}

/* --- members ------------------------------------------------------------------ */

bool json_failed(const struct json_record *record)
{
	return record->fault.field != NULL;
}

static void fault(struct json_record *record, const char *key, const char *why)
{
	if (!json_failed(record))
		record->fault = (struct fault){ key, why };
}

/* NULL when it is absent or null. */
static const json_t *member(const struct json_record *record, const char *key)
{
	const json_t *value = json_object_get(record->object, key);

	return json_is_null(value) ? NULL : value;
}

struct bytes json_text_of(const json_t *value)
{
	if (!json_is_string(value))
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ (const uint8_t *)json_string_value(value),
			       json_string_length(value) };
}

struct bytes json_get_text(struct json_record *record, const char *key)
{
	const json_t *value = member(record, key);

	if (value && !json_is_string(value))
		fault(record, key, "is not text");
	return json_text_of(value);
}

bool json_get_bool(struct json_record *record, const char *key)
{
	const json_t *value = member(record, key);

	if (value && !json_is_boolean(value))
		fault(record, key, "is neither true nor false");
	return json_is_true(value);
}

/* Some writers make 30.0 of 30. */
static bool whole(const json_t *value, int64_t *ret)
{
	double d;

	if (json_is_integer(value)) {
		*ret = json_integer_value(value);
		return true;
	}
	if (!json_is_real(value))
		return false;
	d = json_real_value(value);
	if (!(d > -9e15 && d < 9e15) || (double)(int64_t)d != d)
		return false;
	*ret = (int64_t)d;
	return true;
}

int64_t json_get_signed(struct json_record *record, const char *key,
			int64_t absent)
{
	const json_t *value = member(record, key);
	int64_t v;

	if (!value)
		return absent;
	if (whole(value, &v))
		return v;
	fault(record, key, "is not a whole number");
	return absent;
}

uint64_t json_get_number(struct json_record *record, const char *key,
			 uint64_t absent)
{
	int64_t v;

	if (!member(record, key))
		return absent;
	v = json_get_signed(record, key, 0);
	if (v < 0)
		fault(record, key, "is negative");
	return v < 0 ? absent : (uint64_t)v;
}

uint32_t json_get_small(struct json_record *record, const char *key,
			uint32_t absent)
{
	uint64_t v = json_get_number(record, key, absent);

	if (v > UINT32_MAX) {
		fault(record, key, "is too large");
		return absent;
	}
	return (uint32_t)v;
}

static bool digits(struct bytes text, uint64_t *ret)
{
	uint64_t v = 0;

	if (text.n == 0 || text.n > 18)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = 10 * v + (uint64_t)(text.p[i] - '0');
	}
	*ret = v;
	return true;
}

uint64_t json_get_loose(struct json_record *record, const char *key,
			uint64_t absent)
{
	struct bytes text = json_text_of(member(record, key));
	uint64_t v = absent;

	if (!text.p)
		return json_get_number(record, key, absent);
	if (text.n > 0 && !digits(text, &v))
		fault(record, key, "is not a number");
	return v;
}

const json_t *json_get_array(struct json_record *record, const char *key)
{
	const json_t *value = member(record, key);

	if (value && !json_is_array(value)) {
		fault(record, key, "is not a list");
		return NULL;
	}
	return value;
}

const json_t *json_get_object(struct json_record *record, const char *key)
{
	const json_t *value = member(record, key);

	if (value && !json_is_object(value)) {
		fault(record, key, "is not an object");
		return NULL;
	}
	return value;
}
