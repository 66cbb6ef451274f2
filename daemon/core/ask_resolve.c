/*
 * Several live seeds in one entry, set on devices that did not know of each
 * other: a person says which one stays, or that each becomes an entry.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"
#include "daemon/core/view/merge.h"

struct resolving {
	struct step *step;
	struct call *call;
	const struct vault_entry *entry;
	struct opened opened;
};

static void resolving_deinit(struct resolving *resolving)
{
	opened_deinit(&resolving->opened);
}

static int refuse(const struct resolving *resolving, enum status status,
		  const char *why)
{
	int r = call_fail(resolving->step, resolving->call, status, "%s", why);

	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/* --- one stays ------------------------------------------------------------- */

/* By the id of the seed; NULL and how many there are when not exactly one. */
static const Fob__OtpValue *by_vid(const struct record *record,
				   const char *prefix, size_t *ret_n)
{
	Fob__OtpValue *live[LIVE_MAX];
	const Fob__OtpValue *found = NULL;
	size_t n = record_live(record, live);

	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (account_prefix(prefix, live[i]->vid.data, VID_SIZE)) {
			found = live[i];
			(*ret_n)++;
		}
	return *ret_n == 1 ? found : NULL;
}

/* The live seed of the merge that is the one seed of that version. */
static int by_version(struct resolving *resolving, const char *prefix,
		      const Fob__OtpValue **ret)
{
	AUTO_RECORD struct record version = { 0 };
	Fob__OtpValue *theirs[LIVE_MAX], *live[LIVE_MAX];
	uint32_t item;
	size_t n;
	int r = account_find_version(resolving->step, resolving->call,
				     resolving->entry, prefix, &item);

	if (r == 0)
		r = call_open_item(resolving->step, resolving->call, item,
				   &version);
	if (r < 0 || r == CALL_LOAD || r == ACCOUNT_ANSWERED)
		return r;
	if (r != 0 || record_live(&version, theirs) != 1)
		return refuse(resolving, STATUS_AMBIGUOUS,
			      "that version does not say which seed: name the "
			      "seed by its own id");
	n = record_live(&resolving->opened.record, live);
	for (size_t i = 0; i < n; i++)
		if (merge_order_live(live[i], theirs[0]) == 0) {
			*ret = live[i];
			return 0;
		}
	return refuse(resolving, STATUS_NOT_FOUND,
		      "the seed of that version is not live any more");
}

static int keep_one(struct resolving *resolving, const char *prefix)
{
	struct record *record = &resolving->opened.record;
	uint8_t vid[VID_SIZE];
	size_t n;
	const Fob__OtpValue *keep = by_vid(record, prefix, &n);
	int r = 0;

	if (n > 1)
		return refuse(resolving, STATUS_AMBIGUOUS,
			      "several seeds begin so: give more of it");
	if (!keep)
		r = by_version(resolving, prefix, &keep);
	if (r != 0)
		return r;
	memcpy(vid, keep->vid.data, VID_SIZE);
	r = record_keep_otp(record, vid,
			    change_stamp(resolving->step->node, record));
	if (r > 0)
		return refuse(resolving, STATUS_USAGE,
			      "this entry has had too many seeds");
	return r ? r :
		   change_write(resolving->step, resolving->call,
				resolving->entry, &resolving->opened);
}

/* --- each becomes an entry ------------------------------------------------- */

/* "account (2)", cut so that it is no longer than a name may be. */
static int number_account(struct record *record, struct bytes account,
			  size_t number, struct record_stamp stamp)
{
	struct saying name = { .n = 0 };
	size_t n = size_min(account.n, TEXT_MAX - 5);

	while (n > 0 && n < account.n && (account.p[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(name.text, account.p, n);
	name.n = n;
	saying_add(&name, n > 0 ? " (" : "(");
	saying_number(&name, number);
	saying_add(&name, ")");
	return record_set(record, "account", text_of(name.text), stamp);
}

static int copy_fields(struct record *to, const struct record *from,
		       struct record_stamp stamp)
{
	struct saying ignored = { .n = 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->plain->n_fields; i++) {
		const Fob__Field *field = from->plain->fields[i];
		Fob__FieldValue value;

		fob__field_value__init(&value);
		if (field->unset)
			continue;
		value.key = field->key;
		value.value = field->value;
		value.used = field->used;
		r = change_set(to, &value, stamp, &ignored);
	}
	return r;
}

/* number: 2 and up, of the seed at number - 1. */
static int split_off(struct resolving *resolving, const Fob__OtpValue *seed,
		     size_t number)
{
	const struct record *from = &resolving->opened.record;
	struct record_stamp stamp = change_stamp(resolving->step->node, from);
	struct entry_write what = { .group = resolving->entry->group };
	AUTO_RECORD struct record record = { 0 };
	uint8_t vid[VID_SIZE];
	uint32_t item;
	int r = record_new(&record, from->plain->created);

	if (r == 0)
		r = copy_fields(&record, from, stamp);
	if (r == 0)
		r = number_account(&record, record_text(from, "account"),
				   number, stamp);
	change_vid(resolving->step, vid);
	if (r == 0)
		r = record_add_otp(&record, seed, vid);
	if (r > 0)
		return WRITE_ERR_LARGE;
	if (r < 0)
		return r;
	step_random(resolving->step, what.record, sizeof(what.record));
	return write_entry(resolving->step, &what, &record, &item);
}

/* The new entries first: if one cannot be written, nothing is lost yet. */
static int keep_all(struct resolving *resolving)
{
	struct record *record = &resolving->opened.record;
	Fob__OtpValue *live[LIVE_MAX];
	uint8_t vid[VID_SIZE];
	const char *reason;
	enum status status;
	size_t n = record_live(record, live);
	int r = 0;

	for (size_t i = 1; r == 0 && i < n; i++)
		r = split_off(resolving, live[i], i + 1);
	if (r > 0) {
		status = change_status(r, &reason);
		return refuse(resolving, status, reason);
	}
	if (r < 0)
		return r;
	memcpy(vid, live[0]->vid.data, VID_SIZE);
	r = record_keep_otp(record, vid,
			    change_stamp(resolving->step->node, record));
	if (r > 0)
		return refuse(resolving, STATUS_USAGE,
			      "this entry has had too many seeds");
	return r ? r :
		   change_write(resolving->step, resolving->call,
				resolving->entry, &resolving->opened);
}

static int resolve(struct resolving *resolving)
{
	const Fob__ResolveAsk *ask = resolving->call->request->resolve;
	int r;

	if (!ask->keep[0] == !ask->keep_all)
		return refuse(resolving, STATUS_USAGE,
			      "say which seed stays, or that all do, as "
			      "entries of their own");
	r = account_find_text(resolving->step, resolving->call, ask->query,
			      &resolving->entry);
	if (r == 0)
		r = change_open(resolving->step, resolving->call,
				resolving->entry, (ProtobufCBinaryData){ 0 },
				&resolving->opened);
	if (r != 0)
		return r;
	if (!resolving->opened.record.conflict)
		return refuse(resolving, STATUS_NOT_FOUND,
			      "this entry has one seed only: there is nothing "
			      "to settle");
	r = ask->keep_all ? keep_all(resolving) :
			    keep_one(resolving, ask->keep);
	return r != 0 ? r : call_ok(resolving->step, resolving->call);
}

int ask_resolve(struct step *step, struct call *call)
{
	CLEANUP(resolving_deinit)
	struct resolving resolving = { .step = step, .call = call };

	return account_end(resolve(&resolving));
}
