#include "client/formats/document.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/percent.h"
#include "proto/limits.h"
#include "proto/text.h"

#define FIRST 4096 /* bytes */

void document_free(struct document *document)
{
	if (document->p)
		sodium_memzero(document->p, document->capacity);
	free(document->p);
	*document = (struct document){ 0 };
}

struct bytes document_bytes(const struct document *document)
{
	return (struct bytes){ document->p, document->n };
}

/* realloc would leave a copy of the old text behind. */
static bool reserve(struct document *document, size_t more)
{
	size_t capacity = document->capacity ? document->capacity : FIRST;
	uint8_t *p;

	if (document->failed)
		return false;
	if (document->capacity - document->n >= more)
		return true;
	while (capacity - document->n < more)
		capacity *= 2;
	p = malloc(capacity);
	if (!p) {
		document->failed = true;
		return false;
	}
	if (document->n > 0)
		memcpy(p, document->p, document->n);
	if (document->p)
		sodium_memzero(document->p, document->capacity);
	free(document->p);
	document->p = p;
	document->capacity = capacity;
	return true;
}

void document_add(struct document *document, struct bytes bytes)
{
	if (bytes.n == 0 || !reserve(document, bytes.n))
		return;
	memcpy(document->p + document->n, bytes.p, bytes.n);
	document->n += bytes.n;
}

void document_put(struct document *document, const char *text)
{
	document_add(document, text_of(text));
}

void document_format(struct document *document, const char *format, ...)
{
	char text[DOCUMENT_FORMAT_MAX + 1];
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	REQUIRE(n >= 0 && (size_t)n < sizeof(text));
	document_put(document, text);
}

void document_number(struct document *document, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	document_put(document, digits);
}

/* The encoders end with a NUL, for which there is room and no use. */
void document_base64(struct document *document, struct bytes bytes)
{
	size_t size = sodium_base64_ENCODED_LEN(bytes.n,
						sodium_base64_VARIANT_ORIGINAL);

	if (!reserve(document, size))
		return;
	sodium_bin2base64((char *)document->p + document->n, size, bytes.p,
			  bytes.n, sodium_base64_VARIANT_ORIGINAL);
	document->n += size - 1;
}

void document_base32(struct document *document, struct bytes bytes)
{
	size_t size = TEXT_BASE32_SIZE(bytes.n);

	if (!reserve(document, size))
		return;
	text_base32_encode((char *)document->p + document->n, size, bytes);
	document->n += size - 1;
}

void document_hex(struct document *document, struct bytes bytes)
{
	size_t size = TEXT_HEX_SIZE(bytes.n);

	if (!reserve(document, size))
		return;
	text_hex_encode((char *)document->p + document->n, size, bytes);
	document->n += size - 1;
}

void document_uuid(struct document *document, const uint8_t random[static 16])
{
	static const size_t parts[] = { 4, 2, 2, 2, 6 };
	uint8_t uuid[16];
	size_t at = 0;

	memcpy(uuid, random, sizeof(uuid));
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (i > 0)
			document_put(document, "-");
		document_hex(document, (struct bytes){ uuid + at, parts[i] });
		at += parts[i];
	}
}

static void put_byte(struct document *document, uint8_t c)
{
	document_add(document, (struct bytes){ &c, 1 });
}

void document_json(struct document *document, const char *text)
{
	char escape[8];

	put_byte(document, '"');
	for (; *text; text++) {
		uint8_t c = (uint8_t)*text;

		if (c < 0x20) {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			document_put(document, escape);
			continue;
		}
		if (c == '"' || c == '\\')
			put_byte(document, '\\');
		put_byte(document, c);
	}
	put_byte(document, '"');
}

void document_csv(struct document *document, const char *text)
{
	put_byte(document, '"');
	for (; *text; text++) {
		if (*text == '"')
			put_byte(document, '"');
		put_byte(document, (uint8_t)*text);
	}
	put_byte(document, '"');
}

void document_xml(struct document *document, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			document_put(document, "&amp;");
		else if (*text == '<')
			document_put(document, "&lt;");
		else if (*text == '>')
			document_put(document, "&gt;");
		else if (*text == '"')
			document_put(document, "&quot;");
		else
			put_byte(document, (uint8_t)*text);
	}
}

void document_percent(struct document *document, struct bytes text)
{
	if (!reserve(document, 3 * text.n))
		return;
	document->n += percent_encode(text, (char *)document->p + document->n);
}
