#include "daemon/core/view/plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/view/wire.h"
#include "proto/text.h"

/* --- memory ---------------------------------------------------------------- */

static void *take(struct budget *budget, size_t n)
{
	return budget->allocator.alloc(budget->allocator.allocator_data, n);
}

static void give(struct budget *budget, void *p)
{
	budget->allocator.free(budget->allocator.allocator_data, p);
}

static int copy_bytes(struct budget *budget, ProtobufCBinaryData *ret,
		      const ProtobufCBinaryData *from)
{
	ProtobufCBinaryData copy = { 0 };

	if (from->len > 0) {
		copy.data = take(budget, from->len);
		if (!copy.data)
			return -ENOMEM;
		copy.len = from->len;
		memcpy(copy.data, from->data, from->len);
	}
	*ret = copy;
	return 0;
}

static int copy_string(struct budget *budget, char **ret, const char *from)
{
	size_t n = strlen(from) + 1;
	char *copy = take(budget, n);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, from, n);
	*ret = copy;
	return 0;
}

/*
 * A copy of an array of n pointers with room for one more at a place. All
 * pointers to structs look alike, so one function serves every list.
 */
static void *grow(struct budget *budget, const void *array, size_t n, size_t at)
{
	const size_t size = sizeof(void *);
	char *copy = take(budget, (n + 1) * size);

	if (!copy)
		return NULL;
	if (n > 0) {
		const char *from = array;

		memcpy(copy, from, at * size);
		memcpy(copy + (at + 1) * size, from + at * size,
		       (n - at) * size);
	}
	return copy;
}

/* Closes the gap that the element at a place leaves behind. */
static void shrink(void *array, size_t n, size_t at)
{
	const size_t size = sizeof(void *);
	char *p = array;

	memmove(p + at * size, p + (at + 1) * size, (n - at - 1) * size);
}

static void free_field(struct budget *budget, Fob__Field *field)
{
	fob__field__free_unpacked(field, &budget->allocator);
}

static void free_live(struct budget *budget, Fob__OtpValue *value)
{
	fob__otp_value__free_unpacked(value, &budget->allocator);
}

static void free_gone(struct budget *budget, Fob__Gone *gone)
{
	fob__gone__free_unpacked(gone, &budget->allocator);
}

/* --- places in sorted lists ------------------------------------------------ */

static size_t field_place(const Fob__Plain *plain, const char *key)
{
	size_t low = 0, high = plain->n_fields;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(plain->fields[mid]->key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* There are at most LIVE_MAX and LIST_MAX of them. */
static size_t live_place(const Fob__Otp *otp, const uint8_t *vid)
{
	size_t at = 0;

	while (at < otp->n_live &&
	       memcmp(otp->live[at]->vid.data, vid, VID_SIZE) < 0)
		at++;
	return at;
}

static size_t gone_place(const Fob__Otp *otp, const uint8_t *vid)
{
	size_t at = 0;

	while (at < otp->n_gone &&
	       memcmp(otp->gone[at]->vid.data, vid, VID_SIZE) < 0)
		at++;
	return at;
}

Fob__Field *plain_field(const Fob__Plain *plain, const char *key)
{
	size_t at = field_place(plain, key);

	if (at == plain->n_fields || strcmp(plain->fields[at]->key, key) != 0)
		return NULL;
	return plain->fields[at];
}

Fob__OtpValue *plain_live(const Fob__Plain *plain,
			  const uint8_t vid[static VID_SIZE])
{
	const Fob__Otp *otp = plain->otp;
	size_t at = live_place(otp, vid);

	if (at == otp->n_live || memcmp(otp->live[at]->vid.data, vid, VID_SIZE))
		return NULL;
	return otp->live[at];
}

Fob__Gone *plain_gone(const Fob__Plain *plain,
		      const uint8_t vid[static VID_SIZE])
{
	const Fob__Otp *otp = plain->otp;
	size_t at = gone_place(otp, vid);

	if (at == otp->n_gone || memcmp(otp->gone[at]->vid.data, vid, VID_SIZE))
		return NULL;
	return otp->gone[at];
}

/* --- copies ---------------------------------------------------------------- */

static int copy_field(struct budget *budget, Fob__Field **ret,
		      const Fob__Field *from)
{
	Fob__Field *copy = take(budget, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	fob__field__init(copy);
	copy->stamp = from->stamp;
	copy->unset = from->unset;
	copy->used = from->used;
	if (copy_string(budget, &copy->key, from->key) < 0 ||
	    copy_bytes(budget, &copy->value, &from->value) < 0 ||
	    copy_bytes(budget, &copy->device, &from->device) < 0) {
		free_field(budget, copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

static int copy_live(struct budget *budget, Fob__OtpValue **ret,
		     const Fob__OtpValue *from)
{
	Fob__OtpValue *copy = take(budget, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	fob__otp_value__init(copy);
	copy->type = from->type;
	copy->algorithm = from->algorithm;
	copy->digits = from->digits;
	copy->period = from->period;
	copy->counter = from->counter;
	copy->stamp = from->stamp;
	if (copy_bytes(budget, &copy->vid, &from->vid) < 0 ||
	    copy_bytes(budget, &copy->secret, &from->secret) < 0) {
		free_live(budget, copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

static int make_gone(struct budget *budget, Fob__Gone **ret, const uint8_t *vid,
		     uint64_t stamp)
{
	Fob__Gone *gone = take(budget, sizeof(*gone));

	if (!gone)
		return -ENOMEM;
	fob__gone__init(gone);
	gone->stamp = stamp;
	gone->vid.data = take(budget, VID_SIZE);
	if (!gone->vid.data) {
		free_gone(budget, gone);
		return -ENOMEM;
	}
	gone->vid.len = VID_SIZE;
	memcpy(gone->vid.data, vid, VID_SIZE);
	*ret = gone;
	return 0;
}

int plain_put_field(struct budget *budget, Fob__Plain *plain,
		    const Fob__Field *from)
{
	size_t at = field_place(plain, from->key);
	Fob__Field *old = plain_field(plain, from->key);
	Fob__Field *copy, **array;

	if (copy_field(budget, &copy, from) < 0)
		return -ENOMEM;
	if (old) {
		plain->fields[at] = copy;
		free_field(budget, old);
		return 0;
	}
	array = grow(budget, plain->fields, plain->n_fields, at);
	if (!array) {
		free_field(budget, copy);
		return -ENOMEM;
	}
	give(budget, plain->fields);
	plain->fields = array;
	plain->fields[at] = copy;
	plain->n_fields++;
	return 0;
}

int plain_put_live(struct budget *budget, Fob__Plain *plain,
		   const Fob__OtpValue *from)
{
	Fob__Otp *otp = plain->otp;
	size_t at = live_place(otp, from->vid.data);
	Fob__OtpValue *old = plain_live(plain, from->vid.data);
	Fob__OtpValue *copy, **array;

	if (plain_gone(plain, from->vid.data))
		return 0;
	if (copy_live(budget, &copy, from) < 0)
		return -ENOMEM;
	if (old) {
		otp->live[at] = copy;
		free_live(budget, old);
		return 0;
	}
	array = grow(budget, otp->live, otp->n_live, at);
	if (!array) {
		free_live(budget, copy);
		return -ENOMEM;
	}
	give(budget, otp->live);
	otp->live = array;
	otp->live[at] = copy;
	otp->n_live++;
	return 0;
}

static void drop_live(struct budget *budget, Fob__Otp *otp, const uint8_t *vid)
{
	size_t at = live_place(otp, vid);

	if (at == otp->n_live || memcmp(otp->live[at]->vid.data, vid, VID_SIZE))
		return;
	free_live(budget, otp->live[at]);
	shrink(otp->live, otp->n_live, at);
	otp->n_live--;
}

static int insert_gone(struct budget *budget, Fob__Otp *otp, Fob__Gone *gone)
{
	size_t at = gone_place(otp, gone->vid.data);
	Fob__Gone **array = grow(budget, otp->gone, otp->n_gone, at);

	if (!array)
		return -ENOMEM;
	give(budget, otp->gone);
	otp->gone = array;
	otp->gone[at] = gone;
	otp->n_gone++;
	return 0;
}

int plain_put_gone(struct budget *budget, Fob__Plain *plain,
		   const uint8_t vid[static VID_SIZE], uint64_t stamp)
{
	Fob__Gone *old = plain_gone(plain, vid);
	Fob__Gone *gone;

	if (old) {
		old->stamp = stamp > old->stamp ? stamp : old->stamp;
		return 0;
	}
	if (make_gone(budget, &gone, vid, stamp) < 0)
		return -ENOMEM;
	if (insert_gone(budget, plain->otp, gone) < 0) {
		free_gone(budget, gone);
		return -ENOMEM;
	}
	/* vid may be the bytes of the live one itself: these stay. */
	drop_live(budget, plain->otp, gone->vid.data);
	return 0;
}

/* --- checking what came in -------------------------------------------------- */

static struct bytes bytes_of(const ProtobufCBinaryData *data)
{
	return (struct bytes){ data->data, data->len };
}

bool plain_key(const char *key)
{
	struct bytes text = text_of(key);

	return text.n >= 1 && text.n <= FIELD_KEY_MAX && text_line(text);
}

static bool is_name(const char *key)
{
	return strcmp(key, "issuer") == 0 || strcmp(key, "account") == 0;
}

static bool good_name(struct bytes text)
{
	return text.n <= TEXT_MAX && text_utf8(text) &&
	       !(text.n > 0 && memchr(text.p, 0, text.n));
}

static bool good_field(const Fob__Field *field)
{
	return plain_key(field->key) && field->value.len <= FIELD_VALUE_MAX &&
	       field->device.len == DEVICE_ID_SIZE &&
	       (!is_name(field->key) || good_name(bytes_of(&field->value)));
}

static bool good_otp(const Fob__Otp *otp)
{
	for (size_t i = 0; i < otp->n_live; i++)
		if (otp->live[i]->vid.len != VID_SIZE ||
		    otp->live[i]->secret.len > SECRET_MAX)
			return false;
	for (size_t i = 0; i < otp->n_gone; i++)
		if (otp->gone[i]->vid.len != VID_SIZE)
			return false;
	return true;
}

static bool good_plain(const Fob__Plain *plain)
{
	for (size_t i = 0; i < plain->n_fields; i++)
		if (!good_field(plain->fields[i]))
			return false;
	return good_otp(plain->otp);
}

/* --- normal form ----------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const Fob__Field *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

static int by_live_vid(const void *a, const void *b)
{
	const Fob__OtpValue *const *x = a, *const *y = b;

	return memcmp((*x)->vid.data, (*y)->vid.data, VID_SIZE);
}

static int by_gone_vid(const void *a, const void *b)
{
	const Fob__Gone *const *x = a, *const *y = b;

	return memcmp((*x)->vid.data, (*y)->vid.data, VID_SIZE);
}

/* Sorts; false when two have the same key or vid. */
static bool sort_plain(Fob__Plain *plain)
{
	Fob__Otp *otp = plain->otp;
	bool once = true;

	if (plain->n_fields > 1)
		qsort(plain->fields, plain->n_fields, sizeof(*plain->fields),
		      by_key);
	if (otp->n_live > 1)
		qsort(otp->live, otp->n_live, sizeof(*otp->live), by_live_vid);
	if (otp->n_gone > 1)
		qsort(otp->gone, otp->n_gone, sizeof(*otp->gone), by_gone_vid);
	for (size_t i = 1; i < plain->n_fields; i++)
		once = once && by_key(&plain->fields[i - 1], &plain->fields[i]);
	for (size_t i = 1; i < otp->n_live; i++)
		once = once && by_live_vid(&otp->live[i - 1], &otp->live[i]);
	for (size_t i = 1; i < otp->n_gone; i++)
		once = once && by_gone_vid(&otp->gone[i - 1], &otp->gone[i]);
	return once;
}

static void strip(struct budget *budget, ProtobufCMessage *message)
{
	for (unsigned int i = 0; i < message->n_unknown_fields; i++)
		give(budget, message->unknown_fields[i].data);
	give(budget, message->unknown_fields);
	message->unknown_fields = NULL;
	message->n_unknown_fields = 0;
}

static uint64_t bounded(uint64_t time)
{
	return time > STAMP_MAX ? 0 : time;
}

static void settle_field(struct budget *budget, Fob__Field *field)
{
	strip(budget, &field->base);
	field->stamp = bounded(field->stamp);
	field->unset = field->unset ? 1 : 0;
	field->used = field->used ? 1 : 0;
	if (field->unset) {
		give(budget, field->value.data);
		field->value = (ProtobufCBinaryData){ 0 };
	}
}

static void settle(struct budget *budget, Fob__Plain *plain)
{
	Fob__Otp *otp = plain->otp;

	strip(budget, &plain->base);
	strip(budget, &otp->base);
	plain->created = bounded(plain->created);
	plain->tombstone = plain->tombstone ? 1 : 0;
	for (size_t i = 0; i < plain->n_fields; i++)
		settle_field(budget, plain->fields[i]);
	for (size_t i = 0; i < otp->n_live; i++) {
		strip(budget, &otp->live[i]->base);
		otp->live[i]->stamp = bounded(otp->live[i]->stamp);
	}
	for (size_t i = 0; i < otp->n_gone; i++) {
		strip(budget, &otp->gone[i]->base);
		otp->gone[i]->stamp = bounded(otp->gone[i]->stamp);
		drop_live(budget, otp, otp->gone[i]->vid.data);
	}
}

static int need_otp(struct budget *budget, Fob__Plain *plain)
{
	if (plain->otp)
		return 0;
	plain->otp = take(budget, sizeof(*plain->otp));
	if (!plain->otp)
		return -ENOMEM;
	fob__otp__init(plain->otp);
	return 0;
}

/* --- from bytes and back --------------------------------------------------- */

/*
 * protobuf-c says NULL for bad bytes and for no memory alike. The second ends
 * the process, so hostile bytes must not look like it: this allocator notes
 * whether the memory really ran out.
 */
struct watch {
	ProtobufCAllocator allocator;
	struct budget *budget;
	bool failed;
};

static void *watch_take(void *data, size_t n)
{
	struct watch *watch = data;
	void *p = take(watch->budget, n);

	if (!p)
		watch->failed = true;
	return p;
}

static void watch_give(void *data, void *p)
{
	struct watch *watch = data;

	give(watch->budget, p);
}

static int unpack(struct budget *budget, struct bytes bytes, Fob__Plain **ret)
{
	struct watch watch = { { watch_take, watch_give, &watch },
			       budget,
			       false };
	Fob__Plain *plain =
		fob__plain__unpack(&watch.allocator, bytes.n, bytes.p);

	if (!plain)
		return watch.failed ? -ENOMEM : PLAIN_ERR_MALFORMED;
	*ret = plain;
	return 0;
}

static int normalise(struct budget *budget, Fob__Plain *plain)
{
	if (need_otp(budget, plain) < 0)
		return -ENOMEM;
	if (!good_plain(plain) || !sort_plain(plain))
		return PLAIN_ERR_MALFORMED;
	settle(budget, plain);
	return 0;
}

int plain_unpack(struct budget *budget, struct bytes bytes, Fob__Plain **ret)
{
	struct wire_count count;
	Fob__Plain *plain;
	int r;

	if (bytes.n > PLAIN_MAX || wire_count(&count, bytes) != 0 ||
	    !wire_within(&count))
		return PLAIN_ERR_MALFORMED;
	r = unpack(budget, bytes, &plain);
	if (r != 0)
		return r;
	r = normalise(budget, plain);
	if (r != 0) {
		plain_free(budget, plain);
		return r;
	}
	*ret = plain;
	return 0;
}

int plain_new(struct budget *budget, Fob__Plain **ret)
{
	Fob__Plain *plain = take(budget, sizeof(*plain));

	if (!plain)
		return -ENOMEM;
	fob__plain__init(plain);
	if (need_otp(budget, plain) < 0) {
		plain_free(budget, plain);
		return -ENOMEM;
	}
	*ret = plain;
	return 0;
}

void plain_free(struct budget *budget, Fob__Plain *plain)
{
	if (plain)
		fob__plain__free_unpacked(plain, &budget->allocator);
}

static int newest_first(const void *a, const void *b)
{
	const Fob__Gone *const *x = a, *const *y = b;

	if ((*x)->stamp != (*y)->stamp)
		return (*x)->stamp > (*y)->stamp ? -1 : 1;
	return by_gone_vid(b, a);
}

/* Points at the gone that are written, ascending by vid. */
static size_t newest_gone(const Fob__Otp *otp, Fob__Gone *ret[static LIST_MAX])
{
	size_t n = otp->n_gone;

	REQUIRE(n <= LIST_MAX);
	if (n > 0)
		memcpy(ret, otp->gone, n * sizeof(Fob__Gone *));
	if (n > GONE_MAX) {
		qsort(ret, n, sizeof(Fob__Gone *), newest_first);
		n = GONE_MAX;
		qsort(ret, n, sizeof(Fob__Gone *), by_gone_vid);
	}
	return n;
}

int plain_pack(const Fob__Plain *plain, uint8_t **ret, size_t *ret_len)
{
	Fob__Gone *gone[LIST_MAX];
	Fob__Plain shallow = *plain;
	Fob__Otp otp = *plain->otp;
	size_t size;
	uint8_t *p;

	otp.n_gone = newest_gone(plain->otp, gone);
	otp.gone = gone;
	shallow.otp = otp.n_live + otp.n_gone > 0 ? &otp : NULL;
	size = fob__plain__get_packed_size(&shallow);
	if (size > PLAIN_MAX)
		return PLAIN_ERR_FULL;
	p = secret_alloc(size_max(size, 1));
	if (!p)
		return -ENOMEM;
	*ret_len = fob__plain__pack(&shallow, p);
	*ret = p;
	return 0;
}
