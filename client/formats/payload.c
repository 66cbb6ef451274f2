#include "client/formats/payload.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/lines.h"
#include "client/formats/params.h"
#include "client/formats/wire.h"

void payload_free(struct payload *payload)
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
	size_t at = strlen(PAYLOAD_URI);
	int r;

	if (!lines_begins(uri, PAYLOAD_URI))
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
		if (field.number == PAYLOAD_VERSION)
			payload->version = field.varint;
		else if (field.number == PAYLOAD_SIZE)
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

int payload_decode(struct bytes uri, struct payload *payload,
		   struct fault *ret_fault)
{
	int r = decode_uri(uri, payload, ret_fault);

	return r ? r : read_payload(payload, ret_fault);
}
