#include "daemon/core/view/merge.h"

#include <errno.h>
#include <string.h>

#include "daemon/core/view/plain.h"

/* --- the total orders ------------------------------------------------------ */

static int order_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Byte by byte, the shorter first when it begins the longer. */
static int order_bytes(const ProtobufCBinaryData *a,
		       const ProtobufCBinaryData *b)
{
	size_t n = size_min(a->len, b->len);
	int r = n > 0 ? memcmp(a->data, b->data, n) : 0;

	return r ? r : order_numbers(a->len, b->len);
}

int merge_order_fields(const Fob__Field *a, const Fob__Field *b)
{
	int r = order_numbers(a->stamp, b->stamp);

	if (!r)
		r = order_bytes(&a->device, &b->device);
	/* A tie keeps what is there rather than what was taken away. */
	if (!r)
		r = order_numbers(!a->unset, !b->unset);
	return r ? r : order_bytes(&a->value, &b->value);
}

int merge_order_live(const Fob__OtpValue *a, const Fob__OtpValue *b)
{
	int r = order_numbers(a->type, b->type);

	if (!r)
		r = order_numbers(a->algorithm, b->algorithm);
	if (!r)
		r = order_numbers(a->digits, b->digits);
	if (!r)
		r = order_numbers(a->period, b->period);
	return r ? r : order_bytes(&a->secret, &b->secret);
}

/* --- will it fit? ---------------------------------------------------------- */

/* Bytes of a field inside a packed Plain: tag, length, itself. */
static size_t field_cost(const Fob__Field *field)
{
	size_t n = fob__field__get_packed_size(field);

	return (n < 128 ? 2u : 3u) + n;
}

static bool fields_fit(const Fob__Plain *into, const Fob__Plain *other)
{
	size_t count = into->n_fields, size = 0;

	for (size_t i = 0; i < into->n_fields; i++)
		size += field_cost(into->fields[i]);
	for (size_t i = 0; i < other->n_fields; i++) {
		const Fob__Field *theirs = other->fields[i];
		const Fob__Field *ours = plain_field(into, theirs->key);

		if (!ours) {
			count++;
			size += field_cost(theirs);
		} else if (merge_order_fields(theirs, ours) > 0) {
			size = size - field_cost(ours) + field_cost(theirs);
		}
	}
	return count <= FIELDS_MAX && size <= PLAIN_MAX;
}

static bool live_fit(const Fob__Plain *into, const Fob__Plain *other)
{
	size_t count = 0;

	for (size_t i = 0; i < into->otp->n_live; i++)
		count += !plain_gone(other, into->otp->live[i]->vid.data);
	for (size_t i = 0; i < other->otp->n_live; i++) {
		const uint8_t *vid = other->otp->live[i]->vid.data;

		count += !plain_live(into, vid) && !plain_gone(into, vid);
	}
	return count <= LIVE_MAX;
}

static bool gone_fit(const Fob__Plain *into, const Fob__Plain *other)
{
	size_t count = into->otp->n_gone;

	for (size_t i = 0; i < other->otp->n_gone; i++)
		count += !plain_gone(into, other->otp->gone[i]->vid.data);
	return count <= LIST_MAX;
}

/* --- the merge ------------------------------------------------------------- */

static int merge_field(struct budget *budget, Fob__Plain *into,
		       const Fob__Field *theirs)
{
	Fob__Field *ours = plain_field(into, theirs->key);
	bool used = theirs->used || (ours && ours->used);

	if (!ours || merge_order_fields(theirs, ours) > 0) {
		if (plain_put_field(budget, into, theirs) < 0)
			return -ENOMEM;
		ours = plain_field(into, theirs->key);
	}
	ours->used = used;
	return 0;
}

static int merge_live(struct budget *budget, Fob__Plain *into,
		      const Fob__OtpValue *theirs)
{
	Fob__OtpValue *ours = plain_live(into, theirs->vid.data);
	uint64_t counter = theirs->counter;
	uint64_t stamp = theirs->stamp;

	if (ours && ours->counter > counter)
		counter = ours->counter;
	/* The earlier one: a seed is as old as anybody knows it to be. */
	if (ours && ours->stamp < stamp)
		stamp = ours->stamp;
	if (!ours || merge_order_live(theirs, ours) > 0) {
		if (plain_put_live(budget, into, theirs) < 0)
			return -ENOMEM;
		ours = plain_live(into, theirs->vid.data);
	}
	/* There is none when the vid is gone. */
	if (ours) {
		ours->counter = counter;
		ours->stamp = stamp;
	}
	return 0;
}

static int merge_otp(struct budget *budget, Fob__Plain *into,
		     const Fob__Otp *theirs)
{
	int r = 0;

	/* Gone first: what is gone on either side takes no room as live. */
	for (size_t i = 0; r == 0 && i < theirs->n_gone; i++)
		r = plain_put_gone(budget, into, theirs->gone[i]->vid.data,
				   theirs->gone[i]->stamp);
	for (size_t i = 0; r == 0 && i < theirs->n_live; i++)
		r = merge_live(budget, into, theirs->live[i]);
	return r;
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a > b ? a : b;
	return a < b ? a : b;
}

int merge_plain(struct budget *budget, Fob__Plain *into,
		const Fob__Plain *other)
{
	int r = 0;

	if (!fields_fit(into, other) || !live_fit(into, other) ||
	    !gone_fit(into, other))
		return MERGE_ERR_FULL;
	for (size_t i = 0; r == 0 && i < other->n_fields; i++)
		r = merge_field(budget, into, other->fields[i]);
	if (r == 0)
		r = merge_otp(budget, into, other->otp);
	if (r < 0)
		return r;
	into->tombstone = into->tombstone && other->tombstone;
	into->created = earliest(into->created, other->created);
	return 0;
}
