/*
 * Back to what a version said, as a new version: nothing is taken out of the
 * history. What that version did not have is unset, with stamps of now.
 */
#include <errno.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"
#include "daemon/core/view/merge.h"

/* --- fields ---------------------------------------------------------------- */

static bool same_value(const Fob__Field *a, const Fob__Field *b)
{
	return a->value.len == b->value.len &&
	       (a->value.len == 0 ||
		memcmp(a->value.data, b->value.data, a->value.len) == 0);
}

static int put_back(struct record *now, const struct record *then,
		    struct record_stamp stamp)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < then->plain->n_fields; i++) {
		const Fob__Field *want = then->plain->fields[i];
		const Fob__Field *have = record_field(now, want->key);

		if (want->unset || (have && same_value(want, have)))
			continue;
		r = record_set(now, want->key,
			       (struct bytes){ want->value.data,
					       want->value.len },
			       stamp);
	}
	return r;
}

/* Fields change in place here, so that they can be counted through. */
static int take_away(struct record *now, const struct record *then,
		     struct record_stamp stamp)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < now->plain->n_fields; i++) {
		const Fob__Field *have = now->plain->fields[i];

		if (!have->unset && !record_field(then, have->key))
			r = record_unset(now, have->key, stamp);
	}
	return r;
}

/* --- seeds ----------------------------------------------------------------- */

/* Whatever its counter: that of the newer version goes on. */
static bool has_seed(const struct record *record, const Fob__OtpValue *seed)
{
	Fob__OtpValue *live[LIVE_MAX];
	size_t n = record_live(record, live);

	for (size_t i = 0; i < n; i++)
		if (merge_order_live(live[i], seed) == 0)
			return true;
	return false;
}

static int drop_seeds(struct record *now, const struct record *then,
		      struct record_stamp stamp)
{
	uint8_t vids[LIVE_MAX][VID_SIZE];
	Fob__OtpValue *live[LIVE_MAX];
	size_t n = record_live(now, live), n_drop = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (!has_seed(then, live[i]))
			memcpy(vids[n_drop++], live[i]->vid.data, VID_SIZE);
	for (size_t i = 0; r == 0 && i < n_drop; i++)
		r = record_drop_otp(now, vids[i], stamp);
	return r;
}

/* With new vids, since the old ones are gone for good. */
static int add_seeds(struct step *step, struct record *now,
		     const struct record *then)
{
	Fob__OtpValue *live[LIVE_MAX];
	size_t n = record_live(then, live);
	uint8_t vid[VID_SIZE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (has_seed(now, live[i]))
			continue;
		change_vid(step, vid);
		r = record_add_otp(now, live[i], vid);
	}
	return r;
}

/* --- the whole ------------------------------------------------------------- */

static int revert_record(struct step *step, struct record *now,
			 const struct record *then)
{
	struct record_stamp stamp = change_stamp(step->node, now);
	int r = take_away(now, then, stamp);

	if (r == 0)
		r = put_back(now, then, stamp);
	if (r == 0)
		r = drop_seeds(now, then, stamp);
	return r ? r : add_seeds(step, now, then);
}

static int refuse(struct step *step, struct call *call, enum status status,
		  const char *why)
{
	int r = call_fail(step, call, status, "%s", why);

	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/* The version that is meant, opened. */
static int open_version(struct step *step, struct call *call, uint32_t item,
			struct record *ret)
{
	int r = call_open_item(step, call, item, ret);

	if (r < 0 || r == CALL_LOAD)
		return r;
	if (r > 0)
		return refuse(step, call, STATUS_FAILED,
			      "that version does not open here: its text was "
			      "dropped, or this device has no key for it");
	if (ret->tombstone)
		return refuse(step, call, STATUS_USAGE,
			      "that version is a removal: fob rm removes");
	return 0;
}

static int revert(struct step *step, struct call *call)
{
	const Fob__RevertAsk *ask = call->request->revert;
	AUTO_OPENED struct opened opened = { 0 };
	AUTO_RECORD struct record then = { 0 };
	const struct vault_entry *entry;
	uint32_t item;
	int r = account_find_text(step, call, ask->query, &entry);

	if (r == 0)
		r = account_find_version(step, call, entry, ask->version,
					 &item);
	if (r == 0)
		r = change_open(step, call, entry, (ProtobufCBinaryData){ 0 },
				&opened);
	if (r == 0)
		r = open_version(step, call, item, &then);
	if (r != 0)
		return r;
	r = revert_record(step, &opened.record, &then);
	if (r > 0)
		return refuse(step, call, STATUS_USAGE,
			      "the entry would have too many fields or seeds");
	if (r == 0)
		r = change_write(step, call, entry, &opened);
	return r != 0 ? r : call_ok(step, call);
}

int ask_revert(struct step *step, struct call *call)
{
	return account_end(revert(step, call));
}
