#include "client/fields.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/account.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/text.h"

#define TAG_PREFIX "tag/"

static void free_field(Fob__FieldValue *field)
{
	if (!field)
		return;
	if (field->value.data)
		sodium_memzero(field->value.data, field->value.len);
	free(field->value.data);
	if (field->key && field->key[0])
		free(field->key);
	free(field);
}

void fields_free(struct fields *fields)
{
	size_t i;

	for (i = 0; i < fields->n; i++)
		free_field(fields->list[i]);
	free(fields->list);
	*fields = (struct fields){ 0 };
}

static Fob__FieldValue *make(const char *key, struct bytes value)
{
	Fob__FieldValue *field = malloc(sizeof(*field));

	if (!field)
		return NULL;
	fob__field_value__init(field);
	field->value.data = malloc(value.n + 1);
	field->key = strdup(key);
	if (!field->value.data || !field->key) {
		free_field(field);
		return NULL;
	}
	if (value.n > 0)
		memcpy(field->value.data, value.p, value.n);
	field->value.len = value.n;
	return field;
}

void fields_add(struct fields *fields, const char *key, struct bytes value)
{
	Fob__FieldValue *field;
	Fob__FieldValue **list;

	list = realloc(fields->list, (fields->n + 1) * sizeof(*list));
	if (!list) {
		fields->failed = true;
		return;
	}
	fields->list = list;
	field = make(key, value);
	if (!field) {
		fields->failed = true;
		return;
	}
	fields->list[fields->n++] = field;
}

void fields_add_tag(struct fields *fields, const char *name)
{
	char key[FIELD_KEY_MAX + TEXT_MAX];

	snprintf(key, sizeof(key), TAG_PREFIX "%s", name);
	fields_add(fields, key, text_of("1"));
}

int fields_add_pairs(struct fob *fob, struct fields *fields,
		     const struct texts *pairs)
{
	char key[FIELD_KEY_MAX + 1];
	size_t i;

	for (i = 0; i < pairs->n; i++) {
		const char *equals = strchr(pairs->list[i], '=');
		size_t n = equals ? (size_t)(equals - pairs->list[i]) : 0;

		if (n == 0)
			return fail(fob, STATUS_USAGE,
				    "--field takes NAME=VALUE, not: %s",
				    pairs->list[i]);
		if (n > FIELD_KEY_MAX)
			return fail(fob, STATUS_USAGE,
				    "a field's name has at most %d bytes",
				    FIELD_KEY_MAX);
		memcpy(key, pairs->list[i], n);
		key[n] = '\0';
		fields_add(fields, key, text_of(equals + 1));
	}
	return 0;
}

void fields_add_all(struct fields *fields, Fob__FieldValue *const *list,
		    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		fields_add(fields, list[i]->key, account_bytes(list[i]->value));
}

bool field_secret(const char *key)
{
	return strcmp(key, "pin") == 0 || strcmp(key, "secret") == 0 ||
	       strncmp(key, "backup-code/", 12) == 0;
}

static bool is_tag(const char *key)
{
	return strncmp(key, TAG_PREFIX, strlen(TAG_PREFIX)) == 0;
}

void fields_json_one(struct json *json, const Fob__FieldValue *field,
		     bool revealed)
{
	if (!revealed && field_secret(field->key))
		json_text(json, field->key, FIELD_HIDDEN);
	else
		json_bytes(json, field->key, account_bytes(field->value));
}

void fields_json(struct json *json, Fob__FieldValue *const *list, size_t n,
		 bool revealed)
{
	size_t i;

	json_object(json, "fields");
	for (i = 0; i < n; i++)
		if (!is_tag(list[i]->key))
			fields_json_one(json, list[i], revealed);
	json_object_end(json);
}

void fields_print(Fob__FieldValue *const *list, size_t n, bool revealed)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const Fob__FieldValue *field = list[i];

		if (is_tag(field->key))
			continue;
		print_text(stdout, field->key);
		fputs(": ", stdout);
		if (!revealed && field_secret(field->key))
			fputs(FIELD_HIDDEN, stdout);
		else
			print_bytes(stdout, account_bytes(field->value));
		putchar('\n');
	}
}
