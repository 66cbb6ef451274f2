#include "daemon/core/change.h"

#include <sodium.h>
#include <string.h>

static ProtobufCBinaryData data(const uint8_t *p, size_t n)
{
	return (ProtobufCBinaryData){ n, (uint8_t *)(uintptr_t)p };
}

static int answered(int r)
{
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

/* --- opening --------------------------------------------------------------- */

static bool same_version(const struct vault_entry *entry,
			 ProtobufCBinaryData version)
{
	return version.len == 0 ||
	       (version.len == sizeof(entry->version) &&
		memcmp(version.data, entry->version, version.len) == 0);
}

int change_whole(struct step *step, struct call *call,
		 const struct vault_entry *entry, const struct opened *opened)
{
	struct saying name = { .n = 0 };

	if (!opened->unreadable)
		return 0;
	saying_name(&name, entry);
	return answered(call_fail(
		step, call, STATUS_CONFLICT,
		"a version of %s does not open here, and a change would hide "
		"it: sync first, or change it on the device that wrote it",
		name.text));
}

int change_open(struct step *step, struct call *call,
		const struct vault_entry *entry, ProtobufCBinaryData version,
		struct opened *ret)
{
	struct saying name = { .n = 0 };
	int r;

	saying_name(&name, entry);
	if (!same_version(entry, version))
		return answered(call_fail(
			step, call, STATUS_CONFLICT,
			"%s changed underneath: look at it again, then repeat",
			name.text));
	r = account_open(step, call, entry, ret);
	return r != 0 ? r : change_whole(step, call, entry, ret);
}

/* --- changing -------------------------------------------------------------- */

struct record_stamp change_stamp(struct node *node, const struct record *record)
{
	return (struct record_stamp){
		.time = node_stamp(node, record_stamp_max(record)),
		.device = node->self->id,
	};
}

void change_vid(struct step *step, uint8_t ret[static VID_SIZE])
{
	step_random(step, ret, VID_SIZE);
}

void seed_wipe(struct seed *seed)
{
	sodium_memzero(seed, sizeof(*seed));
}

void seed_copy(struct seed *seed, const Fob__OtpValue *from)
{
	REQUIRE(from->secret.len <= SECRET_MAX);
	fob__otp_value__init(&seed->value);
	seed->value.type = from->type;
	seed->value.algorithm = from->algorithm;
	seed->value.digits = from->digits;
	seed->value.period = from->period;
	seed->value.counter = from->counter;
	if (from->secret.len > 0)
		memcpy(seed->secret, from->secret.data, from->secret.len);
	seed->value.secret = data(seed->secret, from->secret.len);
	if (from->vid.len == VID_SIZE)
		memcpy(seed->vid, from->vid.data, VID_SIZE);
	seed->value.vid = data(seed->vid, VID_SIZE);
}

int change_set(struct record *record, const Fob__FieldValue *field,
	       struct record_stamp stamp, struct saying *ret_reason)
{
	struct bytes value = { field->value.data, field->value.len };
	int r = record_set(record, field->key, value, stamp);

	if (r == 0 && field->used)
		r = record_use(record, field->key, stamp);
	if (r == RECORD_ERR_FULL) {
		saying_add(ret_reason, field->key);
		saying_add(ret_reason, ": is too long, or one field too many");
	} else if (r > 0) {
		saying_add(ret_reason, "field: its name is empty, too long or "
				       "has control characters");
	}
	return r;
}

int change_check(const struct record *record, struct saying *ret_reason)
{
	const char *field, *reason;
	int r = record_check(record, &field, &reason);

	if (r != 0) {
		saying_add(ret_reason, field);
		saying_add(ret_reason, ": ");
		saying_add(ret_reason, reason);
	}
	return r;
}

enum status change_status(int r, const char **ret_reason)
{
	switch (r) {
	case WRITE_ERR_REFUSED:
		*ret_reason = "this device was revoked: it reads what it has, "
			      "and writes no more";
		return STATUS_REFUSED;
	case WRITE_ERR_NO_KEY:
		*ret_reason = "this device has no key to write with: sync with "
			      "another device first";
		return STATUS_REFUSED;
	default:
		*ret_reason = "the entry is too large: shorten a note or a "
			      "field";
		return STATUS_USAGE;
	}
}

int change_write(struct step *step, struct call *call,
		 const struct vault_entry *entry, const struct opened *opened)
{
	struct entry_write what = { .group = entry->group,
				    .parents = opened->versions.items,
				    .n_parents = opened->versions.n };
	enum status status;
	const char *reason;
	uint32_t item;
	int r;

	memcpy(what.record, entry->id, RECORD_ID_SIZE);
	r = write_entry(step, &what, &opened->record, &item);
	if (r <= 0)
		return r;
	status = change_status(r, &reason);
	return answered(call_fail(step, call, status, "%s", reason));
}

int change_write_checked(struct step *step, struct call *call,
			 const struct vault_entry *entry,
			 const struct opened *opened)
{
	struct saying wrong = { .n = 0 };

	if (change_check(&opened->record, &wrong) != 0)
		return answered(
			call_fail(step, call, STATUS_USAGE, "%s", wrong.text));
	return change_write(step, call, entry, opened);
}
