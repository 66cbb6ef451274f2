/*
 * A file that is being written: text that grows, with what JSON, XML and CSV
 * do to values on their way in. It owns its bytes and wipes them, whenever
 * they move too. One that has run out of memory takes calls without effect,
 * and says so at the end; so a writer need not look at each call.
 */
#ifndef FOB_FORMATS_DOCUMENT_H
#define FOB_FORMATS_DOCUMENT_H

#include "client/formats/buffer.h"

/* Zeroed is empty. */
struct document {
	uint8_t *p; /* owned */
	size_t n, capacity;
	bool failed; /* memory ran out */
};

void document_free(struct document *document);
#define AUTO_DOCUMENT CLEANUP(document_free)

struct bytes document_bytes(const struct document *document);

/* As it is; a C string, and bytes. */
void document_put(struct document *document, const char *text);
void document_add(struct document *document, struct bytes bytes);

/* As printf does it, at most DOCUMENT_FORMAT_MAX bytes. No secrets. */
#define DOCUMENT_FORMAT_MAX 191
void document_format(struct document *document, const char *format, ...)
	PRINTF(2, 3);

/* In decimal digits. */
void document_number(struct document *document, uint64_t value);

/* Encoded: RFC 4648 sections 4 (padded) and 6 (not), and lower-case hex. */
void document_base64(struct document *document, struct bytes bytes);
void document_base32(struct document *document, struct bytes bytes);
void document_hex(struct document *document, struct bytes bytes);

/* A version 4 UUID (RFC 9562 section 5.4) of 16 random bytes. */
void document_uuid(struct document *document, const uint8_t random[static 16]);

/* A text value with its quotes: of JSON (RFC 8259), of CSV (RFC 4180). */
void document_json(struct document *document, const char *text);
void document_csv(struct document *document, const char *text);

/* Character data of XML 1.0, which cannot hold control characters. */
void document_xml(struct document *document, const char *text);

/* Percent-encoded, all but unreserved characters. */
void document_percent(struct document *document, struct bytes text);

#endif
