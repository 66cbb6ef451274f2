/*
 * Notes that accounts went out in a format, and when: a field of each, so
 * all devices know of the copies that live outside of the vault. The notes
 * of one request are one step, and so one commit. Each is an item for ever,
 * so who exports every day gets one a week.
 */
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"

#define PREFIX "exported/"
#define NOTE_MS (7 * 24 * 3600 * 1000ull) /* until one is renewed */

struct noting {
	struct step *step;
	struct call *call;
	const Fob__ExportedAsk *ask;
	char key[FIELD_KEY_MAX + 1];
	char time[TEXT_TIME_SIZE];
	size_t left; /* that got no note */
};

/* NULL: one that went to the trash meanwhile needs no note. */
static const struct vault_entry *find(const struct noting *noting, size_t i)
{
	const ProtobufCBinaryData *id = &noting->ask->ids[i];

	return id->len == RECORD_ID_SIZE ?
		       account_by_id(noting->step->node, id->data) :
		       NULL;
}

/* Asks at once for all that is needed: nothing is written before it is there.
 */
static int load(struct noting *noting)
{
	bool more = false;

	for (size_t i = 0; i < noting->ask->n_ids; i++) {
		AUTO_OPENED struct opened opened = { 0 };
		const struct vault_entry *entry = find(noting, i);
		int r = entry ? call_open(noting->step, noting->call,
					  entry->record, &opened) :
				0;

		if (r < 0)
			return r;
		more = more || r == CALL_LOAD;
	}
	return more ? CALL_LOAD : 0;
}

/* One of this secret, that says nearly the same. */
static bool noted_lately(const struct noting *noting,
			 const struct vault_entry *entry,
			 const struct record *record)
{
	const Fob__Field *field = record_field(record, noting->key);
	int64_t wall = noting->step->node->wall;

	return field && !field->unset && field->stamp >= entry->seeded &&
	       wall >= 0 && field->stamp + NOTE_MS > (uint64_t)wall;
}

/* 0, a negative errno, or positive when the entry takes no note. */
static int write_note(struct noting *noting, const struct vault_entry *entry,
		      struct opened *opened)
{
	struct entry_write what = { .group = entry->group,
				    .parents = opened->versions.items,
				    .n_parents = opened->versions.n };
	struct node *node = noting->step->node;
	uint32_t item;
	int r = record_set(&opened->record, noting->key, text_of(noting->time),
			   change_stamp(node, &opened->record));

	if (r != 0)
		return r;
	memcpy(what.record, entry->id, RECORD_ID_SIZE);
	return write_entry(noting->step, &what, &opened->record, &item);
}

/* A version that is unreadable here would be hidden by ours: no note then. */
static int note_one(struct noting *noting, size_t i)
{
	AUTO_OPENED struct opened opened = { 0 };
	const struct vault_entry *entry = find(noting, i);
	int r;

	if (!entry)
		return 0;
	r = call_open(noting->step, noting->call, entry->record, &opened);
	if (r != 0)
		return r;
	if (!opened.valid || opened.unreadable)
		noting->left++;
	else if (!noted_lately(noting, entry, &opened.record))
		r = write_note(noting, entry, &opened);
	if (r > 0)
		noting->left++;
	return r < 0 ? r : 0;
}

static int answer(struct noting *noting)
{
	if (noting->left == 0)
		return call_ok(noting->step, noting->call);
	return call_fail(noting->step, noting->call, STATUS_CONFLICT,
			 "%zu of %zu accounts took no note of it", noting->left,
			 noting->ask->n_ids);
}

/* A name of a format: small letters, digits and dashes. */
static bool is_format(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && name[n] == '\0' && n <= EXPORT_FORMAT_MAX;
}

int ask_exported(struct step *step, struct call *call)
{
	struct noting noting = { step, call, call->request->exported,
				 .left = 0 };
	const struct node *node = step->node;
	int r;

	if (!is_format(noting.ask->format) || noting.ask->n_ids < 1 ||
	    noting.ask->n_ids > LIST_MAX)
		return call_fail(step, call, STATUS_USAGE,
				 "format: must be a name, of 1 to %d accounts",
				 LIST_MAX);
	memcpy(noting.key, PREFIX, sizeof(PREFIX));
	memcpy(noting.key + strlen(PREFIX), noting.ask->format,
	       strlen(noting.ask->format) + 1);
	text_time(noting.time, node->wall > 0 ? (uint64_t)node->wall : 0);
	r = load(&noting);
	for (size_t i = 0; r == 0 && i < noting.ask->n_ids; i++)
		r = note_one(&noting, i);
	return r ? r : answer(&noting);
}
