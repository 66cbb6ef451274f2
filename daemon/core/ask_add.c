/*
 * New entries. All of a request are looked at one after the other; each has
 * its own result, and what is wrong with one does not keep the others out.
 * A client may wait until other devices hold what was written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"

/*
 * Entries of one request: what would be said of so many still has its place
 * in one reply. The more there are, the fewer commits an import takes.
 */
#define ADD_MAX 192
#define ADD_TEXT_MAX 256 /* a reason, the name of a duplicate; with the NUL */

enum { ADD_WAITS = 1 }; /* call->stage */

struct result {
	Fob__AddResult message;
	uint8_t id[RECORD_ID_SIZE];
	char reason[ADD_TEXT_MAX], duplicate_of[ADD_TEXT_MAX];
};

struct adding {
	struct step *step;
	struct call *call;
	const Fob__AddAsk *ask;
	struct result *results; /* one for each entry */
	uint32_t *items;	/* written */
	size_t n_items;
};

/* --- from a NewEntry to a record ------------------------------------------- */

static int fill_name(struct record *record, const char *key, const char *value,
		     struct record_stamp stamp, struct saying *wrong)
{
	Fob__FieldValue field;
	struct bytes bytes = text_of(value);

	fob__field_value__init(&field);
	if (bytes.n == 0)
		return 0;
	field.key = (char *)(uintptr_t)key;
	field.value.data = (uint8_t *)(uintptr_t)bytes.p;
	field.value.len = bytes.n;
	return change_set(record, &field, stamp, wrong);
}

/* A counter means something in HOTP alone, a period everywhere else. */
static int fill_otp(struct step *step, struct record *record,
		    const Fob__OtpValue *from, struct saying *wrong)
{
	Fob__OtpValue value = *from;
	uint8_t vid[VID_SIZE];
	int r;

	if (value.type == FOB__OTP_TYPE__HOTP)
		value.period = 0;
	else
		value.counter = 0;
	value.stamp = (uint64_t)step->node->wall;
	change_vid(step, vid);
	r = record_add_otp(record, &value, vid);
	if (r > 0)
		saying_add(wrong, "secret: is too long");
	return r;
}

static int fill(struct step *step, struct record *record,
		const Fob__NewEntry *entry, struct saying *wrong)
{
	struct record_stamp stamp = change_stamp(step->node, record);
	int r;

	if (!entry->otp && entry->n_fields == 0) {
		saying_add(wrong, "secret: is missing, and there is no field");
		return RECORD_ERR_FIELD;
	}
	r = fill_name(record, "issuer", entry->issuer, stamp, wrong);
	if (r == 0)
		r = fill_name(record, "account", entry->account, stamp, wrong);
	for (size_t i = 0; r == 0 && i < entry->n_fields; i++)
		r = change_set(record, entry->fields[i], stamp, wrong);
	if (r == 0 && entry->otp)
		r = fill_otp(step, record, entry->otp, wrong);
	return r ? r : change_check(record, wrong);
}

/* --- the same secret ------------------------------------------------------- */

static bool same_secret(const Fob__NewEntry *a, const Fob__NewEntry *b)
{
	return a->otp && b->otp && a->otp->secret.len == b->otp->secret.len &&
	       memcmp(a->otp->secret.data, b->otp->secret.data,
		      a->otp->secret.len) == 0;
}

static void new_name(struct saying *saying, const Fob__NewEntry *entry)
{
	saying_add(saying, entry->issuer);
	if (entry->issuer[0] && entry->account[0])
		saying_add(saying, "/");
	saying_add(saying, entry->account);
}

/*
 * The list of accounts does not know yet what came earlier in this request,
 * so that is compared by hand.
 */
static bool find_duplicate(const struct adding *adding, size_t at,
			   struct saying *name)
{
	const Fob__NewEntry *entry = adding->ask->entries[at];
	const struct vault_entry *other;

	if (!entry->otp || entry->otp->secret.len == 0)
		return false;
	other = vault_same_seed(&adding->step->node->vault,
				(struct bytes){ entry->otp->secret.data,
						entry->otp->secret.len });
	if (other) {
		saying_name(name, other);
		return true;
	}
	for (size_t i = 0; i < at; i++)
		if (adding->results[i].message.status == STATUS_OK &&
		    same_secret(adding->ask->entries[i], entry)) {
			new_name(name, adding->ask->entries[i]);
			return true;
		}
	return false;
}

/* --- one entry ------------------------------------------------------------- */

static void copy_text(char ret[static ADD_TEXT_MAX], const char *from)
{
	struct saying saying = { .n = 0 };

	saying_add(&saying, from);
	while (saying.n >= ADD_TEXT_MAX) {
		saying.text[--saying.n] = '\0';
		while (((uint8_t)saying.text[saying.n - 1] & 0xc0) == 0x80)
			saying.text[--saying.n] = '\0';
	}
	memcpy(ret, saying.text, saying.n + 1);
}

static int refuse(struct result *result, enum status status, const char *reason)
{
	result->message.status = status;
	copy_text(result->reason, reason);
	result->message.reason = result->reason;
	return 0;
}

static int write_new(struct adding *adding, struct result *result,
		     uint32_t group, const struct record *record)
{
	struct entry_write what = { .group = group };
	enum status status;
	const char *reason;
	uint32_t item;
	int r;

	step_random(adding->step, what.record, sizeof(what.record));
	r = write_entry(adding->step, &what, record, &item);
	if (r < 0)
		return r;
	if (r > 0) {
		status = change_status(r, &reason);
		return refuse(result, status, reason);
	}
	memcpy(result->id, what.record, sizeof(result->id));
	result->message.id.data = result->id;
	result->message.id.len = sizeof(result->id);
	adding->items[adding->n_items++] = item;
	return 0;
}

/* main, unless another is named that this device can write to. */
static int find_group(const struct node *node, const char *name, uint32_t *ret)
{
	*ret = name[0] ? account_group_named(node, name) : 0;
	return *ret != NONE && roster_reads(&node->roster, *ret,
					    node->self_author) ?
		       0 :
		       1;
}

static int add_one(struct adding *adding, size_t at)
{
	const Fob__NewEntry *entry = adding->ask->entries[at];
	struct result *result = &adding->results[at];
	struct node *node = adding->step->node;
	AUTO_RECORD struct record record = { 0 };
	struct saying wrong = { .n = 0 }, name = { .n = 0 };
	uint32_t group;
	int r;

	if (find_group(node, entry->group, &group) != 0)
		return refuse(result, STATUS_NOT_FOUND,
			      "group: there is no such group that this device "
			      "reads: fob group lists them");
	r = record_new(&record, node->wall > 0 ? (uint64_t)node->wall : 0);
	if (r == 0)
		r = fill(adding->step, &record, entry, &wrong);
	if (r != 0)
		return r < 0 ? r : refuse(result, STATUS_USAGE, wrong.text);
	if (!adding->ask->force && find_duplicate(adding, at, &name)) {
		copy_text(result->duplicate_of, name.text);
		result->message.duplicate_of = result->duplicate_of;
		return refuse(result, STATUS_CONFLICT,
			      "the same secret is there already");
	}
	return adding->ask->dry_run ? 0 :
				      write_new(adding, result, group, &record);
}

/* --- the reply ------------------------------------------------------------- */

/* When a client asks for one entry, its result is that of the request. */
static void say_failure(const struct adding *adding, Fob__Reply *reply,
			struct saying *message)
{
	const Fob__AddResult *only = &adding->results[0].message;

	if (adding->ask->n_entries != 1 || only->status == STATUS_OK)
		return;
	saying_add(message, only->reason);
	if (only->duplicate_of[0]) {
		saying_add(message, ", in ");
		saying_add(message, only->duplicate_of);
		saying_add(message, ": --force adds it again");
	}
	reply->status = only->status;
	reply->message = message->text;
}

/* A copy of its own for the time of waiting, as any client would read it. */
static int keep_answer(struct call *call, const Fob__Reply *reply)
{
	size_t n = fob__reply__get_packed_size(reply);
	AUTO_FREE uint8_t *packed = malloc(n + 1);

	if (!packed)
		return -ENOMEM;
	fob__reply__pack(reply, packed);
	call->answer = fob__reply__unpack(NULL, n, packed);
	return call->answer ? 0 : -ENOMEM;
}

static int wait_for_copies(struct adding *adding, const Fob__Reply *reply)
{
	struct call *call = adding->call;
	uint32_t timeout = adding->ask->timeout_ms;
	int r = keep_answer(call, reply);

	if (r < 0)
		return r;
	call->watch = adding->items;
	call->n_watch = adding->n_items;
	adding->items = NULL;
	call->stage = ADD_WAITS;
	call->deadline = adding->step->node->mono +
			 (timeout ? timeout : REQUEST_DEADLINE_MS);
	return CALL_PARK;
}

static int answer(struct adding *adding)
{
	Fob__Reply reply;
	Fob__Added added = FOB__ADDED__INIT;
	Fob__AddResult *list[ADD_MAX];
	struct saying message = { .n = 0 };

	fob__reply__init(&reply);
	for (size_t i = 0; i < adding->ask->n_entries; i++)
		list[i] = &adding->results[i].message;
	added.results = list;
	added.n_results = adding->ask->n_entries;
	reply.added = &added;
	say_failure(adding, &reply, &message);
	if (adding->ask->wait_copies > 0 && adding->n_items > 0)
		return wait_for_copies(adding, &reply);
	return call_reply(adding->step, adding->call, &reply);
}

static int add_all(struct adding *adding)
{
	size_t n = adding->ask->n_entries;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		fob__add_result__init(&adding->results[i].message);
		/* Not there yet, so not a duplicate of an earlier one. */
		adding->results[i].message.status = STATUS_OK;
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_one(adding, i);
	return r < 0 ? r : answer(adding);
}

/* --- waiting --------------------------------------------------------------- */

static uint32_t least_copies(const struct node *node, const struct call *call)
{
	int least = INT32_MAX;

	for (size_t i = 0; i < call->n_watch; i++) {
		int copies = peer_copies(node, call->watch[i],
					 call->request->add->count_keepers);

		least = copies < least ? copies : least;
	}
	return least > 0 ? (uint32_t)least : 0;
}

static void say_late(const struct call *call, uint32_t copies,
		     struct saying *message)
{
	uint32_t timeout = call->request->add->timeout_ms;

	saying_add(message, "held by ");
	saying_number(message, copies);
	saying_add(message, " of ");
	saying_number(message, call->request->add->wait_copies);
	saying_add(message, " devices after ");
	saying_number(message,
		      (timeout ? timeout : REQUEST_DEADLINE_MS) / 1000);
	saying_add(message, " s; the entry stays and goes on spreading");
}

static int look_again(struct step *step, struct call *call)
{
	uint32_t copies = least_copies(step->node, call);
	struct saying message = { .n = 0 };
	Fob__Reply reply;

	fob__reply__init(&reply);
	if (copies < call->request->add->wait_copies &&
	    call->stage != CALL_LATE)
		return CALL_PARK;
	call->answer->added->copies = copies;
	reply.status = call->answer->status;
	reply.message = call->answer->message;
	reply.added = call->answer->added;
	if (copies < call->request->add->wait_copies) {
		say_late(call, copies, &message);
		reply.status = STATUS_TIMEOUT;
		reply.message = message.text;
	}
	return call_reply(step, call, &reply);
}

int ask_add(struct step *step, struct call *call)
{
	struct adding adding = { step, call, call->request->add, NULL, NULL, 0 };
	size_t n = adding.ask->n_entries;
	int r = -ENOMEM;

	if (call->answer)
		return look_again(step, call);
	if (n < 1 || n > ADD_MAX)
		return call_fail(step, call, STATUS_USAGE,
				 "entries: must be 1 to %d in one request",
				 ADD_MAX);
	adding.results = calloc(n, sizeof(*adding.results));
	adding.items = calloc(n, sizeof(*adding.items));
	if (adding.results && adding.items)
		r = add_all(&adding);
	free(adding.results);
	free(adding.items);
	return r;
}
