#include "client/formats/google.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/label.h"
#include "client/formats/lines.h"
#include "client/formats/params.h"
#include "client/formats/percent.h"
#include "client/formats/wire.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

/* Fields of the payload. */
enum {
	PAYLOAD_ACCOUNT = 1,
	PAYLOAD_VERSION = 2,
	PAYLOAD_SIZE = 3,
	PAYLOAD_INDEX = 4,
	PAYLOAD_ID = 5,
};

/* Fields of an account. */
enum {
	ACCOUNT_SECRET = 1,
	ACCOUNT_NAME = 2,
	ACCOUNT_ISSUER = 3,
	ACCOUNT_ALGORITHM = 4,
	ACCOUNT_DIGITS = 5,
	ACCOUNT_TYPE = 6,
	ACCOUNT_COUNTER = 7,
	ACCOUNT_FIELDS,
};

/* Values of its fields; 0 is "not told". */
enum {
	DIGITS_SIX = 1,
	DIGITS_EIGHT = 2,
	TYPE_HOTP = 1,
	TYPE_TOTP = 2,
	PERIOD = 30, /* there is no field for it */
};

static const char uri_start[] = "otpauth-migration://offline";

struct payload {
	uint8_t *buffer; /* owned */
	size_t capacity;
	struct bytes message;
	int32_t id;
	uint64_t size, index;
};

static void free_payload(struct payload *payload)
{
	if (payload->buffer)
		sodium_memzero(payload->buffer, payload->capacity);
	free(payload->buffer);
}

static int refuse(struct fault *fault, const char *field, const char *why)
{
	*fault = (struct fault){ field, why };
	return ENTRY_ERR_INVALID;
}

void google_init(struct google *google)
{
	*google = (struct google){ .begun = false };
}

/* Undoes what mail programs and generic URI parsers do to base64. */
static size_t normalise(struct bytes data, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < data.n; i++) {
		char c = (char)data.p[i];

		if (c == ' ' || c == '-')
			c = '+';
		else if (c == '_')
			c = '/';
		else if (c == '=')
			continue;
		out[n++] = c;
	}
	return n;
}

static int decode_data(struct bytes data, struct payload *payload,
		       struct fault *fault)
{
	AUTO_FREE char *text = malloc(data.n + 1);
	size_t n, bytes = 0;
	int r;

	payload->capacity = data.n + 1;
	payload->buffer = calloc(1, payload->capacity);
	if (!text || !payload->buffer)
		return -ENOMEM;
	n = normalise(data, text);
	r = sodium_base642bin(payload->buffer, payload->capacity, text, n, NULL,
			      &bytes, NULL,
			      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	sodium_memzero(text, data.n + 1);
	if (r != 0)
		return refuse(fault, "data", "is not base64, or cut off");
	if (bytes == 0)
		return refuse(fault, "data", "is empty");
	payload->message = (struct bytes){ payload->buffer, bytes };
	return 0;
}

/* The scheme, "offline", perhaps a slash, and the query. */
static int decode_uri(struct bytes uri, struct payload *payload,
		      struct fault *fault)
{
	AUTO_PARAMS struct params params = { 0 };
	size_t at = strlen(uri_start);
	int r;

	if (!lines_begins(uri, uri_start))
		return refuse(fault, "URI", "is no Google export");
	if (at < uri.n && uri.p[at] == '/')
		at++;
	if (at == uri.n || uri.p[at] != '?')
		return refuse(fault, "data", "is missing");
	uri = (struct bytes){ uri.p + at + 1, uri.n - at - 1 };
	r = params_parse(&params, uri, fault);
	if (r != 0)
		return r;
	if (!params.given[PARAM_DATA])
		return refuse(fault, "data", "is missing");
	return decode_data(params.value[PARAM_DATA], payload, fault);
}

/*
 * Reads the numbers of the batch, and checks that every account is whole:
 * half a QR code must not go in as if it were one.
 */
static int read_payload(struct payload *payload, struct fault *fault)
{
	struct bytes rest = payload->message;
	struct wire_field field;
	int r;

	while ((r = wire_next(&rest, &field)) == 0) {
		if (field.type == WIRE_BYTES &&
		    field.number == PAYLOAD_ACCOUNT && !wire_whole(field.bytes))
			return refuse(fault, "data", "is damaged");
		if (field.type != WIRE_VARINT)
			continue;
		if (field.number == PAYLOAD_SIZE)
			payload->size = field.varint;
		else if (field.number == PAYLOAD_INDEX)
			payload->index = field.varint;
		else if (field.number == PAYLOAD_ID)
			payload->id = (int32_t)(uint32_t)field.varint;
	}
	if (r != WIRE_ERR_END)
		return refuse(fault, "data", "is damaged");
	if (payload->size == 0)
		payload->size = 1;
	if (payload->size > MIGRATION_BATCH_MAX ||
	    payload->index >= payload->size)
		return refuse(fault, "data", "has impossible batch numbers");
	return 0;
}

static int set_numbers(struct entry *entry,
		       const struct wire_field field[ACCOUNT_FIELDS],
		       struct fault *fault)
{
	uint64_t algorithm = field[ACCOUNT_ALGORITHM].varint;
	uint64_t digits = field[ACCOUNT_DIGITS].varint;
	uint64_t type = field[ACCOUNT_TYPE].varint;

	if (algorithm > FOB__ALGORITHM__SHA512)
		return refuse(fault, "algorithm",
			      "must be SHA1, SHA256 or SHA512");
	if (digits > DIGITS_EIGHT)
		return refuse(fault, "digits", "must be 6 or 8");
	if (type > TYPE_TOTP)
		return refuse(fault, "type", "is not known");
	if (field[ACCOUNT_COUNTER].varint > INT64_MAX)
		return refuse(fault, "counter", "is negative");
	/* Google counts its algorithms as we do, and 0 gets the usual one. */
	entry->algorithm = (uint32_t)algorithm;
	entry->digits = digits == DIGITS_EIGHT ? 8 : 6;
	entry->type = type == TYPE_HOTP ? FOB__OTP_TYPE__HOTP :
					  FOB__OTP_TYPE__TOTP;
	entry->counter = field[ACCOUNT_COUNTER].varint;
	entry_settle(entry);
	return 0;
}

static int set_all(struct entry *entry,
		   const struct wire_field field[ACCOUNT_FIELDS],
		   struct fault *fault)
{
	int r = label_apply(entry, field[ACCOUNT_ISSUER].bytes,
			    field[ACCOUNT_NAME].bytes, fault);

	if (r == 0)
		r = entry_set_secret(entry, field[ACCOUNT_SECRET].bytes, fault);
	if (r == 0)
		r = set_numbers(entry, field, fault);
	return r;
}

/* The last of equal fields counts, one of a wrong type does not. */
static void collect(struct bytes message,
		    struct wire_field field[ACCOUNT_FIELDS])
{
	struct wire_field next;

	while (wire_next(&message, &next) == 0) {
		enum wire_type type = next.number <= ACCOUNT_ISSUER ?
					      WIRE_BYTES :
					      WIRE_VARINT;

		if (next.number < ACCOUNT_FIELDS && next.type == type)
			field[next.number] = next;
	}
}

static int add_account(struct bytes message, uint64_t position,
		       struct import *import)
{
	AUTO_ENTRY struct entry entry;
	struct wire_field field[ACCOUNT_FIELDS] = { { 0 } };
	struct fault fault;
	int r;

	entry_init(&entry);
	collect(message, field);
	r = set_all(&entry, field, &fault);
	if (r < 0)
		return r;
	if (r != 0)
		return import_skip(import, position, fault,
				   field[ACCOUNT_NAME].bytes);
	return import_add(import, position, &entry);
}

static int add_accounts(const struct payload *payload, uint64_t position,
			struct import *import)
{
	struct bytes rest = payload->message;
	struct wire_field field;
	int r = 0;

	while (r == 0 && wire_next(&rest, &field) == 0)
		if (field.number == PAYLOAD_ACCOUNT && field.type == WIRE_BYTES)
			r = add_account(field.bytes, position, import);
	return r;
}

static int take_payload(struct google *google, const struct payload *payload,
			uint64_t position, struct import *import)
{
	uint8_t digest[GOOGLE_DIGEST];

	if (!google->begun) {
		google->begun = true;
		google->id = payload->id;
		google->size = (uint32_t)payload->size;
	}
	if (google->id != payload->id || google->size != payload->size)
		return import_fail(import, "QR codes of two different exports: "
					   "import them one after the other");
	crypto_generichash(digest, sizeof(digest), payload->message.p,
			   payload->message.n, NULL, 0);
	if (google->seen[payload->index]) {
		if (memcmp(google->digest[payload->index], digest,
			   sizeof(digest)) != 0)
			return import_fail(import, "two different QR codes "
						   "with the same number");
		return import_warn(import, position,
				   "the same QR code once more");
	}
	google->seen[payload->index] = true;
	memcpy(google->digest[payload->index], digest, sizeof(digest));
	return add_accounts(payload, position, import);
}

int google_add(struct google *google, struct bytes uri, uint64_t position,
	       struct import *import)
{
	CLEANUP(free_payload) struct payload payload = { 0 };
	struct fault fault;
	int r = decode_uri(uri, &payload, &fault);

	if (r == 0)
		r = read_payload(&payload, &fault);
	if (r < 0)
		return r;
	if (r != 0)
		return import_skip(import, position, fault,
				   (struct bytes){ NULL, 0 });
	return take_payload(google, &payload, position, import);
}

int google_finish(const struct google *google, struct import *import)
{
	uint32_t missing = 0;
	char text[64];

	for (uint32_t i = 0; google->begun && i < google->size; i++) {
		int r;

		if (google->seen[i])
			continue;
		/* A list that nobody reads to its end helps nobody. */
		if (++missing > 32)
			return import_warn(import, 0,
					   "further QR codes are missing");
		snprintf(text, sizeof(text), "QR code %u of %u is missing",
			 i + 1, google->size);
		r = import_warn(import, 0, text);
		if (r < 0)
			return r;
	}
	return 0;
}

bool google_detect(struct bytes file)
{
	struct lines lines;
	struct bytes line;
	bool any = false;

	lines_init(&lines, file);
	while (lines_next(&lines, &line)) {
		if (!lines_begins(line, GOOGLE_SCHEME))
			return false;
		any = true;
	}
	return any;
}

int google_read(struct bytes file, struct import *import)
{
	struct google google;
	struct lines lines;
	struct bytes line;

	google_init(&google);
	lines_init(&lines, file);
	while (lines_next(&lines, &line)) {
		int r = google_add(&google, line, lines.number, import);

		if (r != 0)
			return r;
	}
	return google_finish(&google, import);
}

/* --- writing -------------------------------------------------------------- */

bool google_carries(const struct entry *entry, struct fault *ret_fault)
{
	int r = entry_check(entry, ret_fault);

	if (r == 0 && entry->type != FOB__OTP_TYPE__TOTP &&
	    entry->type != FOB__OTP_TYPE__HOTP)
		r = refuse(ret_fault, "type", "must be totp or hotp");
	else if (r == 0 && entry->digits != 6 && entry->digits != 8)
		r = refuse(ret_fault, "digits", "must be 6 or 8");
	else if (r == 0 && entry->type == FOB__OTP_TYPE__TOTP &&
		 entry->period != PERIOD)
		r = refuse(ret_fault, "period", "must be 30");
	else if (r == 0 && entry->counter > INT64_MAX)
		r = refuse(ret_fault, "counter", "is too large");
	return r == 0;
}

size_t google_count(const struct google_batch *batch)
{
	return (batch->n + MIGRATION_ACCOUNTS - 1) / MIGRATION_ACCOUNTS;
}

#define NAME_MAX_BYTES (2 * TEXT_MAX + 1)
#define ACCOUNT_MAX_BYTES                         \
	(SECRET_MAX + NAME_MAX_BYTES + TEXT_MAX + \
	 ACCOUNT_FIELDS * WIRE_FIELD_MAX)
#define PAYLOAD_MAX_BYTES                                            \
	(MIGRATION_ACCOUNTS * (ACCOUNT_MAX_BYTES + WIRE_FIELD_MAX) + \
	 4 * WIRE_FIELD_MAX)

/* The application shows "issuer:account" and reads it so, too. */
static size_t put_name(uint8_t *out, const struct entry *entry)
{
	char name[NAME_MAX_BYTES + 1];
	const char *issuer = entry_get(entry, ENTRY_ISSUER);

	snprintf(name, sizeof(name), "%s%s%s", issuer, *issuer ? ":" : "",
		 entry_get(entry, ENTRY_ACCOUNT));
	return wire_put_bytes(out, ACCOUNT_NAME, text_of(name));
}

static size_t put_account(uint8_t *out, const struct entry *entry)
{
	bool hotp = entry->type == FOB__OTP_TYPE__HOTP;
	size_t n = wire_put_bytes(out, ACCOUNT_SECRET,
				  (struct bytes){ entry->secret,
						  entry->secret_n });

	n += put_name(out + n, entry);
	n += wire_put_bytes(out + n, ACCOUNT_ISSUER,
			    text_of(entry_get(entry, ENTRY_ISSUER)));
	n += wire_put_varint(out + n, ACCOUNT_ALGORITHM, entry->algorithm);
	n += wire_put_varint(out + n, ACCOUNT_DIGITS,
			     entry->digits == 8 ? DIGITS_EIGHT : DIGITS_SIX);
	n += wire_put_varint(out + n, ACCOUNT_TYPE,
			     hotp ? TYPE_HOTP : TYPE_TOTP);
	if (hotp)
		n += wire_put_varint(out + n, ACCOUNT_COUNTER, entry->counter);
	return n;
}

static size_t put_payload(uint8_t *out, const struct google_batch *batch,
			  size_t index)
{
	uint8_t account[ACCOUNT_MAX_BYTES];
	size_t first = index * MIGRATION_ACCOUNTS;
	size_t end = size_min(first + MIGRATION_ACCOUNTS, batch->n);
	size_t n = 0;

	for (size_t i = first; i < end; i++) {
		size_t size = put_account(account, &batch->entries[i]);

		n += wire_put_bytes(out + n, PAYLOAD_ACCOUNT,
				    (struct bytes){ account, size });
	}
	sodium_memzero(account, sizeof(account));
	n += wire_put_varint(out + n, PAYLOAD_VERSION, 1);
	n += wire_put_varint(out + n, PAYLOAD_SIZE, google_count(batch));
	n += wire_put_varint(out + n, PAYLOAD_INDEX, index);
	/* A negative int32 is extended to 64 bits on the wire. */
	n += wire_put_varint(out + n, PAYLOAD_ID, (uint64_t)batch->id);
	return n;
}

int google_write(const struct google_batch *batch, size_t index, char **ret_uri)
{
	static const char start[] = "otpauth-migration://offline?data=";
	uint8_t payload[PAYLOAD_MAX_BYTES];
	char base64[PAYLOAD_MAX_BYTES * 4 / 3 + 8];
	size_t n = strlen(start);
	char *uri;

	REQUIRE(index < google_count(batch));
	uri = malloc(n + 3 * sizeof(base64) + 1);
	if (!uri)
		return -ENOMEM;
	memcpy(uri, start, n);
	sodium_bin2base64(base64, sizeof(base64), payload,
			  put_payload(payload, batch, index),
			  sodium_base64_VARIANT_ORIGINAL);
	n += percent_encode(text_of(base64), uri + n);
	uri[n] = '\0';
	sodium_memzero(payload, sizeof(payload));
	sodium_memzero(base64, sizeof(base64));
	*ret_uri = uri;
	return 0;
}
