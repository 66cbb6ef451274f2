#include "daemon/core/view/record.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/view/merge.h"
#include "daemon/core/view/plain.h"

/* --- what is shown --------------------------------------------------------- */

/* Brings what is derived up to date with the plain. */
static void refresh(struct record *record)
{
	const Fob__Otp *otp = record->plain->otp;

	record->n_shown = 0;
	/* Ascending by vid, so the first of equal seeds is the least. */
	for (size_t i = 0; i < otp->n_live; i++) {
		const Fob__OtpValue *value = otp->live[i];
		size_t at = 0;

		while (at < record->n_shown &&
		       merge_order_live(&record->shown[at], value) != 0)
			at++;
		if (at == record->n_shown) {
			REQUIRE(at < LIVE_MAX);
			record->shown[record->n_shown++] = *value;
			continue;
		}
		if (record->shown[at].counter < value->counter)
			record->shown[at].counter = value->counter;
		if (record->shown[at].stamp > value->stamp)
			record->shown[at].stamp = value->stamp;
	}
	record->tombstone = record->plain->tombstone;
	record->conflict = record->n_shown > 1;
	record->changed = record_stamp_max(record);
}

/* --- making ---------------------------------------------------------------- */

int record_parse(struct record *record, struct bytes plain)
{
	int r;

	*record = (struct record){ 0 };
	budget_init(&record->budget, true);
	r = plain_unpack(&record->budget, plain, &record->plain);
	if (r < 0)
		return r;
	if (r > 0)
		return RECORD_ERR_MALFORMED;
	refresh(record);
	return 0;
}

int record_new(struct record *record, uint64_t created)
{
	int r;

	*record = (struct record){ 0 };
	budget_init(&record->budget, true);
	r = plain_new(&record->budget, &record->plain);
	if (r < 0)
		return r;
	record->plain->created = created > STAMP_MAX ? STAMP_MAX : created;
	return 0;
}

void record_deinit(struct record *record)
{
	if (!record)
		return;
	plain_free(&record->budget, record->plain);
	budget_deinit(&record->budget);
	*record = (struct record){ 0 };
}

int record_merge(struct record *into, const struct record *other)
{
	int r = merge_plain(&into->budget, into->plain, other->plain);

	if (r < 0)
		return r;
	if (r > 0)
		return RECORD_ERR_FULL;
	refresh(into);
	return 0;
}

int record_pack(const struct record *record, uint8_t **ret, size_t *ret_len)
{
	int r = plain_pack(record->plain, ret, ret_len);

	return r > 0 ? RECORD_ERR_FULL : r;
}

/* --- reading --------------------------------------------------------------- */

const Fob__Field *record_field(const struct record *record, const char *key)
{
	const Fob__Field *field = plain_field(record->plain, key);

	return field && !field->unset ? field : NULL;
}

struct bytes record_text(const struct record *record, const char *key)
{
	const Fob__Field *field = record_field(record, key);

	if (!field || field->value.len == 0)
		return (struct bytes){ (const uint8_t *)"", 0 };
	return (struct bytes){ field->value.data, field->value.len };
}

bool record_bool(const struct record *record, const char *key)
{
	struct bytes value = record_text(record, key);

	return value.n == 1 && value.p[0] == '1';
}

size_t record_live(const struct record *record,
		   Fob__OtpValue *ret[static LIVE_MAX])
{
	/* The structs of protobuf-c know no const, so the caller's do not. */
	for (size_t i = 0; i < record->n_shown; i++)
		ret[i] = (Fob__OtpValue *)(uintptr_t)&record->shown[i];
	return record->n_shown;
}

uint64_t record_stamp_max(const struct record *record)
{
	const Fob__Plain *plain = record->plain;
	uint64_t max = 0;

	for (size_t i = 0; i < plain->n_fields; i++)
		if (plain->fields[i]->stamp > max)
			max = plain->fields[i]->stamp;
	for (size_t i = 0; i < plain->otp->n_gone; i++)
		if (plain->otp->gone[i]->stamp > max)
			max = plain->otp->gone[i]->stamp;
	return max;
}

/* --- changing fields ------------------------------------------------------- */

/* After the old one, and never so late that it would count as 0. */
static uint64_t stamp_after(uint64_t time, uint64_t old)
{
	uint64_t stamp = time > old ? time : old + 1;

	return stamp > STAMP_MAX ? STAMP_MAX : stamp;
}

/* What a field was before it is changed: the zero field when it is new. */
static Fob__Field former(const struct record *record, const char *key)
{
	const Fob__Field *old = plain_field(record->plain, key);
	Fob__Field field;

	fob__field__init(&field);
	return old ? *old : field;
}

/*
 * The next state of a field, made of borrowed parts: plain_put_field copies
 * them before it frees the old state. protobuf-c has no const in its structs.
 */
static int put(struct record *record, Fob__Field *field, const char *key,
	       struct record_stamp stamp)
{
	int r;

	field->key = (char *)(uintptr_t)key;
	field->stamp = stamp_after(stamp.time, field->stamp);
	field->device.data = (uint8_t *)(uintptr_t)stamp.device;
	field->device.len = DEVICE_ID_SIZE;
	r = plain_put_field(&record->budget, record->plain, field);
	if (r == 0)
		refresh(record);
	return r;
}

int record_set(struct record *record, const char *key, struct bytes value,
	       struct record_stamp stamp)
{
	Fob__Field field = former(record, key);

	if (!plain_key(key))
		return RECORD_ERR_FIELD;
	if (value.n > FIELD_VALUE_MAX)
		return RECORD_ERR_FULL;
	if (!plain_field(record->plain, key) &&
	    record->plain->n_fields >= FIELDS_MAX)
		return RECORD_ERR_FULL;
	field.unset = 0;
	field.value.data = (uint8_t *)(uintptr_t)value.p;
	field.value.len = value.n;
	return put(record, &field, key, stamp);
}

int record_unset(struct record *record, const char *key,
		 struct record_stamp stamp)
{
	Fob__Field field = former(record, key);

	if (!record_field(record, key))
		return RECORD_ERR_FIELD;
	field.unset = 1;
	field.value = (ProtobufCBinaryData){ 0 };
	return put(record, &field, key, stamp);
}

int record_use(struct record *record, const char *key,
	       struct record_stamp stamp)
{
	Fob__Field field = former(record, key);

	if (!record_field(record, key))
		return RECORD_ERR_FIELD;
	field.used = 1;
	return put(record, &field, key, stamp);
}

void record_set_tombstone(struct record *record, bool tombstone)
{
	record->plain->tombstone = tombstone;
	record->tombstone = tombstone;
}

/* --- changing seeds -------------------------------------------------------- */

/*
 * One stamp for all that goes now, later than what went before, so that
 * these are among the newest GONE_MAX.
 */
static uint64_t gone_stamp(const struct record *record, uint64_t time)
{
	const Fob__Otp *otp = record->plain->otp;
	uint64_t max = 0;

	for (size_t i = 0; i < otp->n_gone; i++)
		if (otp->gone[i]->stamp > max)
			max = otp->gone[i]->stamp;
	return stamp_after(time, max);
}

static int retire(struct record *record, const Fob__OtpValue *value,
		  uint64_t stamp)
{
	uint8_t vid[VID_SIZE];

	memcpy(vid, value->vid.data, VID_SIZE);
	return plain_put_gone(&record->budget, record->plain, vid, stamp);
}

static bool vid_known(const struct record *record, const uint8_t *vid)
{
	return plain_live(record->plain, vid) || plain_gone(record->plain, vid);
}

static int put_otp(struct record *record, const Fob__OtpValue *value,
		   const uint8_t *vid)
{
	Fob__OtpValue copy = *value;
	int r;

	copy.vid.data = (uint8_t *)(uintptr_t)vid;
	copy.vid.len = VID_SIZE;
	r = plain_put_live(&record->budget, record->plain, &copy);
	if (r == 0)
		refresh(record);
	return r;
}

static bool room_for_gone(const struct record *record)
{
	const Fob__Otp *otp = record->plain->otp;

	return otp->n_gone + otp->n_live <= LIST_MAX;
}

int record_replace_otp(struct record *record, const Fob__OtpValue *value,
		       const uint8_t vid[static VID_SIZE],
		       struct record_stamp stamp)
{
	const Fob__Otp *otp = record->plain->otp;
	uint64_t when = gone_stamp(record, stamp.time);
	int r = 0;

	if (value->secret.len > SECRET_MAX || vid_known(record, vid))
		return RECORD_ERR_FIELD;
	if (!room_for_gone(record))
		return RECORD_ERR_FULL;
	while (r == 0 && otp->n_live > 0)
		r = retire(record, otp->live[0], when);
	return r == 0 ? put_otp(record, value, vid) : r;
}

int record_add_otp(struct record *record, const Fob__OtpValue *value,
		   const uint8_t vid[static VID_SIZE])
{
	if (value->secret.len > SECRET_MAX || vid_known(record, vid))
		return RECORD_ERR_FIELD;
	if (record->plain->otp->n_live >= LIVE_MAX)
		return RECORD_ERR_FULL;
	return put_otp(record, value, vid);
}

int record_keep_otp(struct record *record, const uint8_t vid[static VID_SIZE],
		    struct record_stamp stamp)
{
	const Fob__Otp *otp = record->plain->otp;
	const Fob__OtpValue *keep = plain_live(record->plain, vid);
	uint64_t when = gone_stamp(record, stamp.time);
	size_t i = 0;
	int r = 0;

	if (!keep)
		return RECORD_ERR_FIELD;
	if (!room_for_gone(record))
		return RECORD_ERR_FULL;
	while (r == 0 && i < otp->n_live) {
		if (merge_order_live(otp->live[i], keep) == 0)
			i++;
		else
			r = retire(record, otp->live[i], when);
	}
	refresh(record);
	return r;
}

int record_drop_otp(struct record *record, const uint8_t vid[static VID_SIZE],
		    struct record_stamp stamp)
{
	const Fob__Otp *otp = record->plain->otp;
	const Fob__OtpValue *drop = plain_live(record->plain, vid);
	uint64_t when = gone_stamp(record, stamp.time);
	Fob__OtpValue *equal[LIVE_MAX];
	size_t n = 0;
	int r = 0;

	if (!drop)
		return RECORD_ERR_FIELD;
	if (!room_for_gone(record))
		return RECORD_ERR_FULL;
	for (size_t i = 0; i < otp->n_live; i++)
		if (merge_order_live(otp->live[i], drop) == 0)
			equal[n++] = otp->live[i];
	for (size_t i = 0; r == 0 && i < n; i++)
		r = retire(record, equal[i], when);
	refresh(record);
	return r;
}

int record_set_counter(struct record *record,
		       const uint8_t vid[static VID_SIZE], uint64_t counter)
{
	Fob__OtpValue *value = plain_live(record->plain, vid);

	if (!value)
		return RECORD_ERR_FIELD;
	if (counter > value->counter)
		value->counter = counter;
	refresh(record);
	return 0;
}
