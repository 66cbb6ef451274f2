#include "client/formats/import.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/buffer.h"
#include "proto/text.h"

#define NAME_SHOWN_MAX 80 /* bytes of a skipped record's name */

void import_init(struct import *import)
{
	*import = (struct import){ 0 };
}

static void free_reports(struct import_reports *reports)
{
	for (size_t i = 0; i < reports->n; i++) {
		free(reports->list[i].text);
		free(reports->list[i].name);
	}
	free(reports->list);
}

void import_deinit(struct import *import)
{
	if (!import)
		return;
	for (size_t i = 0; i < import->n; i++)
		entry_deinit(&import->entries[i]);
	free(import->entries);
	free(import->positions);
	free_reports(&import->skipped);
	free_reports(&import->warnings);
	free(import->error);
	*import = (struct import){ 0 };
}

/* The beginning of a name, escaped where it must be. */
static char *safe_name(struct bytes name)
{
	char *copy;

	name.n = size_min(name.n, NAME_SHOWN_MAX);
	copy = malloc(TEXT_ESCAPED_MAX(name.n));
	if (copy)
		text_escape(copy, TEXT_ESCAPED_MAX(name.n), name);
	return copy;
}

/* Takes over text, which may be NULL after a failed allocation. */
static int report(struct import_reports *reports, uint64_t position, char *text,
		  struct bytes name)
{
	AUTO_FREE char *owned = text;
	struct import_report *list;
	char *shown;

	if (!owned)
		return -ENOMEM;
	if (reports->n == IMPORT_REPORTS_MAX) {
		reports->dropped++;
		return 0;
	}
	list = realloc(reports->list, (reports->n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	reports->list = list;
	shown = safe_name(name);
	if (!shown)
		return -ENOMEM;
	list[reports->n++] = (struct import_report){ position, owned, shown };
	owned = NULL;
	return 0;
}

int import_skip(struct import *import, uint64_t position, struct fault fault,
		struct bytes name)
{
	size_t field = strlen(fault.field), why = strlen(fault.why);
	char *text = malloc(field + 1 + why + 1);

	if (text) {
		memcpy(text, fault.field, field);
		text[field] = ' ';
		memcpy(text + field + 1, fault.why, why + 1);
	}
	return report(&import->skipped, position, text, name);
}

int import_warn(struct import *import, uint64_t position, const char *text)
{
	return report(&import->warnings, position, strdup(text),
		      (struct bytes){ NULL, 0 });
}

int import_fail(struct import *import, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(import->error);
	import->error = copy;
	return IMPORT_ERR_FILE;
}

/*
 * Grows by copying, not by realloc, which would leave old copies behind; the
 * secrets are behind pointers, but counters and names deserve the same.
 */
static int grow(struct import *import)
{
	size_t capacity = import->capacity ? 2 * import->capacity : 64;
	struct entry *entries = calloc(capacity, sizeof(*entries));
	uint64_t *positions = calloc(capacity, sizeof(*positions));

	if (!entries || !positions) {
		free(entries);
		free(positions);
		return -ENOMEM;
	}
	if (import->n > 0) {
		memcpy(entries, import->entries, import->n * sizeof(*entries));
		memcpy(positions, import->positions,
		       import->n * sizeof(*positions));
		sodium_memzero(import->entries, import->n * sizeof(*entries));
	}
	free(import->entries);
	free(import->positions);
	import->entries = entries;
	import->positions = positions;
	import->capacity = capacity;
	return 0;
}

static struct bytes name_of(const struct entry *entry)
{
	const char *name = entry_get(entry, ENTRY_ISSUER);

	if (*name == '\0')
		name = entry_get(entry, ENTRY_ACCOUNT);
	return text_of(name);
}

static int remark(struct import *import, uint64_t position,
		  const struct entry *entry)
{
	if (entry_lacks_pin(entry))
		return import_warn(import, position,
				   "the PIN is not in the file: `fob add URI "
				   "--field pin=PIN` takes it along");
	if (name_of(entry).n == 0)
		return import_warn(import, position,
				   "neither an issuer nor an account");
	return 0;
}

int import_add(struct import *import, uint64_t position, struct entry *entry)
{
	struct fault fault;
	int r;

	if (entry_check(entry, &fault) != 0)
		return import_skip(import, position, fault, name_of(entry));
	if (import->n == IMPORT_ENTRIES_MAX)
		return import_fail(import, "the file has more accounts than "
					   "the 20000 that one import takes");
	if (import->n == import->capacity) {
		r = grow(import);
		if (r < 0)
			return r;
	}
	r = remark(import, position, entry);
	if (r < 0)
		return r;
	import->entries[import->n] = *entry;
	import->positions[import->n++] = position;
	entry_init(entry);
	return 0;
}

int import_take(struct import *import, uint64_t position, struct entry *entry,
		int result, struct fault fault)
{
	if (result < 0)
		return result;
	if (result != 0)
		return import_skip(import, position, fault, name_of(entry));
	return import_add(import, position, entry);
}

/* Line ends as in Windows are line ends, not control characters. */
static int without_returns(struct bytes note, struct buffer *ret)
{
	size_t n = 0, returns = 0;

	for (size_t i = 0; i < note.n; i++)
		returns += note.p[i] == '\r';
	if (buffer_alloc(ret, note.n - returns) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < note.n; i++)
		if (note.p[i] != '\r')
			ret->p[n++] = note.p[i];
	return 0;
}

int import_note(struct import *import, uint64_t position, struct entry *entry,
		struct bytes note)
{
	AUTO_BUFFER struct buffer lines = { 0 };
	struct fault fault;
	int r = without_returns(note, &lines);

	if (r == 0)
		r = entry_set(entry, ENTRY_NOTE, buffer_bytes(&lines), &fault);
	if (r == ENTRY_ERR_INVALID)
		return import_warn(import, position,
				   "the note could not be taken");
	return r;
}

int import_tag(struct import *import, uint64_t position, struct entry *entry,
	       struct bytes name)
{
	struct fault fault;
	int r = name.n > 0 ? entry_add_tag(entry, name, &fault) : 0;

	if (r == ENTRY_ERR_INVALID)
		return import_warn(import, position,
				   "a tag could not be taken");
	return r;
}

int import_password(const struct import *import, struct bytes *ret_password)
{
	if (!import->password.p)
		return IMPORT_ERR_PASSWORD;
	*ret_password = import->password;
	return 0;
}

int import_wrong(struct import *import)
{
	int r = import_fail(import, "the password of the file is wrong, or "
				    "the file is damaged");

	return r < 0 ? r : IMPORT_ERR_WRONG;
}
