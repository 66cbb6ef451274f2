/*
 * JSON of other applications, read over jansson. Its memory is wiped when it
 * is freed; nesting is bounded, a key that is there twice is damage, and keys
 * that nobody knows are passed over. Members are read through a json_record,
 * whose first fault sticks, so that a reader looks once, at the end. null is
 * the same as absent.
 *
 * fob itself has functions named like some of jansson's (client/json.h):
 * nothing here or in a reader may call jansson's json_object, json_array,
 * json_null and the like to make values; only to look at them.
 */
#ifndef FOB_FORMATS_JSON_H
#define FOB_FORMATS_JSON_H

#include <jansson.h>

#include "client/formats/import.h"

#define JSON_DEPTH 32 /* objects and arrays inside of each other */

/*
 * Cheap looks at a text that may be JSON, for detection: does the object have
 * this key (plain ASCII), or does the array's first object? They read no
 * further than they must, and a text that is cut off may still have it.
 */
bool json_has(struct bytes text, const char *key);
bool json_first_has(struct bytes text, const char *key);

/*
 * Reads the whole text, an object or an array, BOM and spaces around it
 * allowed. 0, -ENOMEM, or IMPORT_ERR_FILE with a line number in
 * import->error.
 */
int json_read(struct bytes text, struct import *import, json_t **ret);

void json_drop(json_t **value); /* NULL is fine */
#define AUTO_JSON_VALUE CLEANUP(json_drop)

/* The object that is being read, and what was wrong with it first. */
struct json_record {
	const json_t *object; /* borrowed; NULL or no object: all is absent */
	struct fault fault;   /* field is NULL as long as all is well */
};

bool json_failed(const struct json_record *record);

/*
 * Each gives a member of the record's object. Absent: p is NULL, or the
 * number that the caller names. Of another type: the same, and the fault of
 * the record becomes "KEY is not text", say. key is a constant string.
 */
struct bytes json_get_text(struct json_record *record, const char *key);
bool json_get_bool(struct json_record *record, const char *key);
int64_t json_get_signed(struct json_record *record, const char *key,
			int64_t absent);
const json_t *json_get_array(struct json_record *record, const char *key);
const json_t *json_get_object(struct json_record *record, const char *key);

/* Never below 0; json_get_small also not over UINT32_MAX. */
uint64_t json_get_number(struct json_record *record, const char *key,
			 uint64_t absent);
uint32_t json_get_small(struct json_record *record, const char *key,
			uint32_t absent);

/* The same where an application writes numbers as text ("30") as well. */
uint64_t json_get_loose(struct json_record *record, const char *key,
			uint64_t absent);

/* A text value, for the members of arrays; p is NULL for other types. */
struct bytes json_text_of(const json_t *value);

#endif
