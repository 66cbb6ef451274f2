/* The writing half of google.h. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/google.h"
#include "client/formats/payload.h"
#include "client/formats/percent.h"
#include "client/formats/wire.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

static int refuse(struct fault *fault, const char *field, const char *why)
{
	*fault = (struct fault){ field, why };
	return ENTRY_ERR_INVALID;
}

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

static size_t each_of(const struct google_batch *batch)
{
	return batch->each ? batch->each : MIGRATION_ACCOUNTS;
}

size_t google_count(const struct google_batch *batch)
{
	return (batch->n + each_of(batch) - 1) / each_of(batch);
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
	size_t first = index * each_of(batch);
	size_t end = size_min(first + each_of(batch), batch->n);
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
