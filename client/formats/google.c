#include "client/formats/google.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/label.h"
#include "client/formats/lines.h"
#include "client/formats/payload.h"
#include "client/formats/wire.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

static int refuse(struct fault *fault, const char *field, const char *why)
{
	*fault = (struct fault){ field, why };
	return ENTRY_ERR_INVALID;
}

void google_init(struct google *google)
{
	*google = (struct google){ .begun = false };
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

/* What a newer one adds is skipped, and the accounts are taken as they are. */
static int check_version(const struct payload *payload, uint64_t position,
			 struct import *import)
{
	if (payload->version <= VERSION_MAX)
		return 0;
	return import_warn(import, position,
			   "the QR code is of a newer Google Authenticator "
			   "than is known here: compare what has come");
}

static int take_payload(struct google *google, const struct payload *payload,
			uint64_t position, struct import *import)
{
	uint8_t digest[GOOGLE_DIGEST];
	int r;

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
	r = check_version(payload, position, import);
	if (r != 0)
		return r;
	google->seen[payload->index] = true;
	memcpy(google->digest[payload->index], digest, sizeof(digest));
	return add_accounts(payload, position, import);
}

int google_add(struct google *google, struct bytes uri, uint64_t position,
	       struct import *import)
{
	AUTO_PAYLOAD struct payload payload = { 0 };
	struct fault fault;
	int r = payload_decode(uri, &payload, &fault);

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
