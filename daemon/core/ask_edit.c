/*
 * Changes to one entry, and putting it in the trash. Each is a version that
 * replaces all current ones, so what was written apart is settled by it,
 * but for several live seeds: those go on, until they are resolved.
 */
#include <errno.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"

struct editing {
	struct step *step;
	struct call *call;
	const Fob__EditAsk *ask;
	struct record *record;
	struct record_stamp stamp;
	struct saying wrong;
	uint32_t group; /* where it is to be */
};

static int refuse(struct editing *editing, enum status status, const char *why)
{
	int r = call_fail(editing->step, editing->call, status, "%s", why);

	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/* --- fields ---------------------------------------------------------------- */

static int set_fields(struct editing *editing)
{
	const Fob__EditAsk *ask = editing->ask;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ask->n_set; i++)
		r = change_set(editing->record, ask->set[i], editing->stamp,
			       &editing->wrong);
	return r > 0 ? refuse(editing, STATUS_USAGE, editing->wrong.text) : r;
}

static int unset_fields(struct editing *editing)
{
	const Fob__EditAsk *ask = editing->ask;

	for (size_t i = 0; i < ask->n_unset; i++) {
		int r = record_unset(editing->record, ask->unset[i],
				     editing->stamp);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		saying_add(&editing->wrong, "there is no field \"");
		saying_add(&editing->wrong, ask->unset[i]);
		saying_add(&editing->wrong, "\" in this entry");
		return refuse(editing, STATUS_NOT_FOUND, editing->wrong.text);
	}
	return 0;
}

/* --- the seed -------------------------------------------------------------- */

/* With a type of 0 everything but the secret stays as it was. */
static int new_seed(struct editing *editing, struct seed *seed)
{
	const Fob__OtpValue *from = editing->ask->otp;
	Fob__OtpValue value = *from, *live[LIVE_MAX];

	if (from->secret.len > SECRET_MAX)
		return refuse(editing, STATUS_USAGE, "secret: is too long");
	if (from->type == FOB__OTP_TYPE__OTP_NONE) {
		if (record_live(editing->record, live) == 0)
			return refuse(editing, STATUS_USAGE,
				      "type: must be given, as this entry has "
				      "no codes yet");
		value = *live[0];
		value.secret = from->secret;
		value.counter = 0;
	}
	if (value.type == FOB__OTP_TYPE__HOTP)
		value.period = 0;
	else
		value.counter = 0;
	seed_copy(seed, &value);
	return 0;
}

static int same_seed(struct editing *editing, struct seed *seed)
{
	Fob__OtpValue *live[LIVE_MAX];
	size_t n = record_live(editing->record, live);

	if (n > 1)
		return refuse(editing, STATUS_CONFLICT,
			      "this entry has several seeds: fob resolve "
			      "settles which one stays");
	if (n == 0 || live[0]->secret.len > SECRET_MAX)
		return refuse(editing, STATUS_USAGE,
			      "counter: this entry has no codes");
	seed_copy(seed, live[0]);
	return 0;
}

static int set_counter(struct editing *editing, struct seed *seed)
{
	if (!editing->ask->set_counter)
		return 0;
	if (seed->value.type != FOB__OTP_TYPE__HOTP)
		return refuse(editing, STATUS_USAGE,
			      "counter: only HOTP has one");
	seed->value.counter = editing->ask->counter;
	return 0;
}

/*
 * A new seed, or a counter set by hand, is a value of its own with a new
 * vid: so it wins over counters that other devices moved meanwhile.
 */
static int change_seed(struct editing *editing)
{
	AUTO_SEED struct seed seed = { 0 };
	uint8_t vid[VID_SIZE];
	int r;

	if (!editing->ask->otp && !editing->ask->set_counter)
		return 0;
	r = editing->ask->otp ? new_seed(editing, &seed) :
				same_seed(editing, &seed);
	if (r == 0)
		r = set_counter(editing, &seed);
	if (r != 0)
		return r;
	if (editing->ask->otp)
		seed.value.stamp = editing->stamp.time;
	change_vid(editing->step, vid);
	r = record_replace_otp(editing->record, &seed.value, vid,
			       editing->stamp);
	return r > 0 ? refuse(editing, STATUS_USAGE,
			      "secret: this entry has had too many seeds") :
		       r;
}

/* --- the whole edit -------------------------------------------------------- */

static int check_request(struct editing *editing,
			 const struct vault_entry *entry)
{
	const struct node *node = editing->step->node;
	const Fob__EditAsk *ask = editing->ask;

	editing->group = ask->group[0] ? account_group_named(node, ask->group) :
					 entry->group;
	if (editing->group == NONE ||
	    !roster_reads(&node->roster, editing->group, node->self_author))
		return refuse(editing, STATUS_NOT_FOUND,
			      "group: there is no such group that this device "
			      "reads: fob group lists them");
	if (ask->n_set == 0 && ask->n_unset == 0 && !ask->otp &&
	    !ask->set_counter && editing->group == entry->group)
		return refuse(editing, STATUS_USAGE,
			      "nothing to change: name a field");
	return 0;
}

/*
 * To another group means a new entry there, under another id, and the old
 * one in the trash: who could read it can read its former versions still.
 */
static int move(struct editing *editing, const struct vault_entry *entry,
		struct opened *opened)
{
	struct step *step = editing->step;
	struct entry_write what = { .group = editing->group };
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Added added = FOB__ADDED__INIT;
	Fob__AddResult result = FOB__ADD_RESULT__INIT, *list[] = { &result };
	enum status status;
	const char *reason;
	uint32_t item;
	int r;

	step_random(step, what.record, sizeof(what.record));
	if (change_check(&opened->record, &editing->wrong) != 0)
		return refuse(editing, STATUS_USAGE, editing->wrong.text);
	r = write_entry(step, &what, &opened->record, &item);
	if (r > 0) {
		status = change_status(r, &reason);
		return refuse(editing, status, reason);
	}
	record_set_tombstone(&opened->record, true);
	if (r == 0)
		r = change_write(step, editing->call, entry, opened);
	if (r != 0)
		return r;
	result.id = (ProtobufCBinaryData){ sizeof(what.record), what.record };
	added.results = list;
	added.n_results = 1;
	reply.added = &added;
	return call_reply(step, editing->call, &reply);
}

static int apply(struct editing *editing)
{
	int r = set_fields(editing);

	if (r == 0)
		r = unset_fields(editing);
	return r ? r : change_seed(editing);
}

static int edit(struct editing *editing)
{
	struct step *step = editing->step;
	struct call *call = editing->call;
	AUTO_OPENED struct opened opened = { 0 };
	const struct vault_entry *entry;
	int r = account_find_text(step, call, editing->ask->query, &entry);

	if (r == 0)
		r = check_request(editing, entry);
	if (r == 0)
		r = change_open(step, call, entry, editing->ask->version,
				&opened);
	if (r != 0)
		return r;
	editing->record = &opened.record;
	editing->stamp = change_stamp(step->node, &opened.record);
	record_set_tombstone(&opened.record, false);
	r = apply(editing);
	if (r == 0 && editing->group != entry->group)
		return move(editing, entry, &opened);
	if (r == 0)
		r = change_write_checked(step, call, entry, &opened);
	return r ? r : call_ok(step, call);
}

int ask_edit(struct step *step, struct call *call)
{
	struct editing editing = { .step = step,
				   .call = call,
				   .ask = call->request->edit };

	return account_end(edit(&editing));
}

int ask_remove(struct step *step, struct call *call)
{
	const Fob__RemoveAsk *ask = call->request->remove;
	AUTO_OPENED struct opened opened = { 0 };
	const struct vault_entry *entry;
	int r = account_find_text(step, call, ask->query, &entry);

	if (r == 0)
		r = change_open(step, call, entry, ask->version, &opened);
	if (r != 0)
		return account_end(r);
	record_set_tombstone(&opened.record, true);
	r = change_write(step, call, entry, &opened);
	return r != 0 ? account_end(r) : call_ok(step, call);
}
