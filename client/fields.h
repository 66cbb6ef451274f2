/*
 * Fields of an entry, as --field K=V, --tag and --note give them, and as show
 * and history print them. A list owns copies of what it was given, wiped
 * when it goes, because a note may hold a secret.
 */
#ifndef FOB_CLIENT_FIELDS_H
#define FOB_CLIENT_FIELDS_H

#include "client/command.h"
#include "client/json.h"

struct fields {
	Fob__FieldValue **list; /* owned */
	size_t n;
	bool failed; /* memory ran out */
};

void fields_free(struct fields *fields);
#define AUTO_FIELDS CLEANUP(fields_free)

void fields_add(struct fields *fields, const char *key, struct bytes value);

/* "tag/NAME" with the value that stands for yes. */
void fields_add_tag(struct fields *fields, const char *name);

/* Cuts each K=V; a status that was told when one has no name or no "=". */
int fields_add_pairs(struct fob *fob, struct fields *fields,
		     const struct texts *pairs);

/* Takes over the fields of a message, by copy. */
void fields_add_all(struct fields *fields, Fob__FieldValue *const *list,
		    size_t n);

/* Is the value kept from sight unless it was asked for? */
bool field_secret(const char *key);

/* "fields": {...}, without tags, which the account has. */
void fields_json(struct json *json, Fob__FieldValue *const *list, size_t n,
		 bool revealed);
void fields_json_one(struct json *json, const Fob__FieldValue *field,
		     bool revealed);
void fields_print(Fob__FieldValue *const *list, size_t n, bool revealed);

#define FIELD_HIDDEN "(hidden)"

#endif
