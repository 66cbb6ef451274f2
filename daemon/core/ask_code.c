/*
 * Codes. One entry, or all that match, a part at a time: which they are is
 * noted once in call->watch, as records, and call->stage says how far along
 * the list we are, plus one. A HOTP counter moves only when a single entry
 * was asked for, and it is on disk before the code leaves.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"
#include "daemon/core/view/otp.h"

#define CODES_CHUNK 64 /* entries that are read back at a time */

/* One code of a reply and what it points to. */
struct coded {
	Fob__Code message;
	char code[OTP_CODE_MAX], next[OTP_CODE_MAX];
	uint8_t vid[VID_SIZE];
	struct account account;
};

struct codes {
	struct step *step;
	struct call *call;
	int64_t seconds;   /* since 1970: the moment they are for */
	int64_t offset;	   /* of our clock, ms */
	struct coded *all; /* ACCOUNT_BATCH of them */
	Fob__Code *list[ACCOUNT_BATCH];
	size_t n, bytes;
};

/* --- when ------------------------------------------------------------------ */

static int64_t whole_seconds(int64_t ms)
{
	return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
}

static void set_moment(struct codes *codes, const Fob__CodeAsk *ask)
{
	const struct node *node = codes->step->node;
	bool known;

	codes->offset = node_clock_offset(node, &known);
	if (ask->at != 0)
		codes->seconds = (int64_t)(ask->at / 1000);
	else if (ask->voted_clock)
		codes->seconds = whole_seconds(node->wall - codes->offset);
	else
		codes->seconds = whole_seconds(node->wall);
}

static uint64_t ms_of(int64_t seconds)
{
	if (seconds < 0)
		return 0;
	return (uint64_t)seconds > UINT64_MAX / 1000 ? UINT64_MAX :
						       (uint64_t)seconds * 1000;
}

/* --- one code -------------------------------------------------------------- */

static struct otp otp_of(const struct record *record,
			 const Fob__OtpValue *value)
{
	return (struct otp){
		.type = value->type,
		.algorithm = value->algorithm,
		.digits = value->digits,
		.period = value->period,
		.counter = value->counter,
		.secret = { value->secret.data, value->secret.len },
		.pin = record_text(record, "pin"),
	};
}

/* A seed that we cannot use (a newer fob's, say) is there without a code. */
static void fill_timed(const struct codes *codes, struct coded *coded,
		       const struct otp *otp)
{
	Fob__Code *message = &coded->message;
	int64_t step;

	if (otp->type == FOB__OTP_TYPE__HOTP || otp_check(otp, NULL) != 0)
		return;
	step = otp_step(otp, codes->seconds);
	if (otp_code(otp, (uint64_t)step, coded->code) == 0)
		message->code = coded->code;
	if (otp_code(otp, (uint64_t)step + 1, coded->next) == 0)
		message->next = coded->next;
	message->valid_from = ms_of(otp_valid_from(otp, step));
	message->valid_to = ms_of(otp_valid_to(otp, step));
}

/* What the list says of an entry is said of its first seed. */
static void fill_account(const struct codes *codes, struct coded *coded,
			 const struct vault_entry *entry,
			 const Fob__OtpValue *value)
{
	Fob__Account *account = &coded->account.message;

	account_fill(codes->step->node, entry, &coded->account);
	account->type = (char *)(uintptr_t)account_type(value->type);
	account->algorithm =
		(char *)(uintptr_t)account_algorithm(value->algorithm);
	account->digits = value->digits;
	account->period = value->period;
	account->counter = value->counter;
}

static int send(struct codes *codes, bool more)
{
	Fob__Reply reply;
	int r;

	fob__reply__init(&reply);
	reply.more = more;
	reply.codes = codes->list;
	reply.n_codes = codes->n;
	r = call_reply(codes->step, codes->call, &reply);
	sodium_memzero(codes->all, ACCOUNT_BATCH * sizeof(*codes->all));
	codes->n = 0;
	codes->bytes = 0;
	return r;
}

static int add(struct codes *codes, const struct vault_entry *entry,
	       const struct record *record, const Fob__OtpValue *value)
{
	struct coded *coded;
	struct otp otp = otp_of(record, value);
	int r = 0;

	if (codes->n == ACCOUNT_BATCH || codes->bytes > ACCOUNT_BATCH_BYTES)
		r = send(codes, true);
	if (r < 0)
		return r;
	coded = &codes->all[codes->n];
	fob__code__init(&coded->message);
	fill_account(codes, coded, entry, value);
	fill_timed(codes, coded, &otp);
	memcpy(coded->vid, value->vid.data, VID_SIZE);
	coded->message.vid.data = coded->vid;
	coded->message.vid.len = VID_SIZE;
	coded->message.account = &coded->account.message;
	coded->message.clock_offset_ms = codes->offset;
	coded->message.conflict = record->conflict;
	codes->list[codes->n++] = &coded->message;
	codes->bytes += fob__code__get_packed_size(&coded->message);
	return 0;
}

static int add_record(struct codes *codes, const struct vault_entry *entry,
		      const struct record *record)
{
	Fob__OtpValue *live[LIVE_MAX];
	size_t n = record_live(record, live);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add(codes, entry, record, live[i]);
	return r;
}

/* --- HOTP ------------------------------------------------------------------ */

static int say_end(const struct codes *codes)
{
	int r = call_fail(
		codes->step, codes->call, STATUS_REFUSED,
		"the counter of this entry has come to its end: get a new secret from the site");

	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/*
 * The next version has the next counter; only then the code is made. Effects
 * are in order, so it is on disk before the reply leaves (RFC 4226 section
 * 7.2 has the client move on with every code).
 */
static int advance(struct codes *codes, const struct vault_entry *entry,
		   struct opened *opened)
{
	Fob__OtpValue *live[LIVE_MAX];
	uint8_t trace_id[ID_SIZE] = { 0 };
	AUTO_SEED struct seed seed = { 0 };
	struct otp otp;
	int r;

	REQUIRE(record_live(&opened->record, live) == 1);
	seed_copy(&seed, live[0]);
	if (seed.value.counter == UINT64_MAX)
		return say_end(codes);
	r = record_set_counter(&opened->record, seed.vid,
			       seed.value.counter + 1);
	if (r == 0)
		r = change_write(codes->step, codes->call, entry, opened);
	if (r != 0)
		return r;
	r = add(codes, entry, &opened->record, &seed.value);
	if (r != 0)
		return r;
	otp = otp_of(&opened->record, &seed.value);
	if (otp_code(&otp, otp.counter, codes->all[0].code) == 0)
		codes->all[0].message.code = codes->all[0].code;
	memcpy(trace_id, entry->id, sizeof(entry->id));
	step_trace(codes->step, TRACE_CODE, NULL, trace_id, otp.counter);
	return 0;
}

/* --- one entry ------------------------------------------------------------- */

static bool is_hotp(const struct record *record)
{
	Fob__OtpValue *live[LIVE_MAX];

	return record_live(record, live) == 1 &&
	       live[0]->type == FOB__OTP_TYPE__HOTP;
}

static int no_codes(const struct codes *codes, const struct vault_entry *entry)
{
	struct saying name = { .n = 0 };
	int r;

	saying_name(&name, entry);
	r = call_fail(codes->step, codes->call, STATUS_NOT_FOUND,
		      "%s has no codes: it was added without a secret",
		      name.text);
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

static int one_entry(struct codes *codes, const struct vault_entry *entry)
{
	bool peek = codes->call->request->code->peek;
	AUTO_OPENED struct opened opened = { 0 };
	int r = account_open(codes->step, codes->call, entry, &opened);

	if (r != 0)
		return r;
	if (opened.record.n_shown == 0)
		return no_codes(codes, entry);
	if (!is_hotp(&opened.record) || peek) {
		r = add_record(codes, entry, &opened.record);
	} else {
		r = change_whole(codes->step, codes->call, entry, &opened);
		if (r == 0)
			r = advance(codes, entry, &opened);
	}
	return r != 0 ? r : send(codes, false);
}

/* --- many entries ---------------------------------------------------------- */

/* Notes which they are. */
static int begin(struct codes *codes)
{
	struct call *call = codes->call;
	const struct vault *vault = &codes->step->node->vault;
	const struct vault_query query = { .text = call->request->code->query,
					   .group = NONE };
	int r;

	call->watch = calloc((size_t)vault->n + 1, sizeof(*call->watch));
	if (!call->watch)
		return -ENOMEM;
	call->n_watch = vault_match(vault, &query, call->watch, vault->n);
	for (size_t i = 0; i < call->n_watch; i++)
		call->watch[i] = vault->entries[call->watch[i]].record;
	call->stage = 1;
	if (call->n_watch > 0 || !query.text[0])
		return 0;
	r = call_fail(codes->step, call, STATUS_NOT_FOUND,
		      "nothing matches \"%s\"", query.text);
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/* It may have gone to the trash meanwhile. */
static const struct vault_entry *watched(const struct codes *codes, size_t at)
{
	const struct vault_entry *entry =
		vault_find(&codes->step->node->vault, codes->call->watch[at]);

	return entry && !entry->trashed ? entry : NULL;
}

/* Asks at once for all that a chunk needs. */
static int load_chunk(struct codes *codes, size_t from, size_t to)
{
	bool load = false;

	for (size_t i = from; i < to; i++) {
		AUTO_OPENED struct opened opened = { 0 };
		int r = 0;

		if (watched(codes, i))
			r = call_open(codes->step, codes->call,
				      codes->call->watch[i], &opened);
		if (r < 0)
			return r;
		load = load || r == CALL_LOAD;
	}
	return load ? CALL_LOAD : 0;
}

static int do_chunk(struct codes *codes, size_t from, size_t to)
{
	int r = load_chunk(codes, from, to);

	for (size_t i = from; r == 0 && i < to; i++) {
		AUTO_OPENED struct opened opened = { 0 };
		const struct vault_entry *entry = watched(codes, i);

		if (!entry)
			continue;
		r = call_open(codes->step, codes->call, entry->record, &opened);
		if (r == 0 && opened.valid)
			r = add_record(codes, entry, &opened.record);
	}
	return r;
}

static int many_entries(struct codes *codes)
{
	struct call *call = codes->call;
	int r = 0;

	while (r == 0 && (size_t)call->stage - 1 < call->n_watch) {
		size_t from = (size_t)call->stage - 1;
		size_t to = size_min(from + CODES_CHUNK, call->n_watch);

		r = do_chunk(codes, from, to);
		if (r != 0)
			break;
		call->stage = (int)to + 1;
		call_cache_clear(call);
		/* The next chunk begins with an empty batch. */
		if (to < call->n_watch)
			r = send(codes, true);
	}
	return r != 0 ? r : send(codes, false);
}

static int all_entries(struct codes *codes)
{
	struct call *call = codes->call;
	int r = 0;

	if (!node_may_read(codes->step->node)) {
		r = call_need(codes->step, call, FOB__NEED__NEED_UNLOCK, 0);
		return r < 0 ? r : ACCOUNT_ANSWERED;
	}
	if (call->stage == 0)
		r = begin(codes);
	if (r != 0)
		return r;
	if (call->n_watch == 1 && watched(codes, 0))
		return one_entry(codes, watched(codes, 0));
	return many_entries(codes);
}

static int code(struct codes *codes)
{
	const Fob__CodeAsk *ask = codes->call->request->code;
	const struct vault_entry *entry;
	int r;

	if (ask->all)
		return all_entries(codes);
	r = account_find_text(codes->step, codes->call, ask->query, &entry);
	return r != 0 ? r : one_entry(codes, entry);
}

int ask_code(struct step *step, struct call *call)
{
	struct codes codes = { .step = step, .call = call };
	int r;

	codes.all = calloc(ACCOUNT_BATCH, sizeof(*codes.all));
	if (!codes.all)
		return -ENOMEM;
	set_moment(&codes, call->request->code);
	r = code(&codes);
	sodium_memzero(codes.all, ACCOUNT_BATCH * sizeof(*codes.all));
	free(codes.all);
	return account_end(r);
}
