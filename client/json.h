/*
 * A JSON document (RFC 8259) written piece by piece into one buffer, so that
 * nothing is printed before it is whole. Text is escaped, bytes that are not
 * UTF-8 become U+FFFD. The buffer may hold codes and secrets: it is wiped
 * when it grows and when it goes. A writer that has run out of memory takes
 * calls without effect, and says so at the end.
 */
#ifndef FOB_CLIENT_JSON_H
#define FOB_CLIENT_JSON_H

#include <stdio.h>

#include "proto/base.h"

struct json {
	char *text; /* owned */
	size_t n, capacity;
	bool comma;  /* a value was written on this level */
	bool failed; /* memory ran out */
};

void json_init(struct json *json);
void json_deinit(struct json *json);
#define AUTO_JSON CLEANUP(json_deinit)

/* key: NULL inside an array and for the document itself. */
void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);

void json_text(struct json *json, const char *key, const char *value);
void json_bytes(struct json *json, const char *key, struct bytes text);
void json_hex(struct json *json, const char *key, struct bytes value);
void json_number(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* ms since 1970 as RFC 3339 in UTC; null when it is 0. */
void json_time(struct json *json, const char *key, uint64_t ms);

/* The same, or null when it is empty. */
void json_text_or_null(struct json *json, const char *key, const char *value);

/* Values that another writer holds, as if they were written here. */
void json_append(struct json *json, const struct json *values);

/* The document and a newline; the writer is empty again. 0, or -errno. */
int json_print(struct json *json, FILE *out);

#endif
