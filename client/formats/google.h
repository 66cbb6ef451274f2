/*
 * The export of Google Authenticator: otpauth-migration://offline?data=...,
 * a Protocol Buffers message in base64, ten accounts in each of several QR
 * codes, which come in any order. The message has no published definition;
 * the numbers are those that its readers agree on (Aegis, google_auth.proto).
 * A batch keeps digests of what it has seen, never the contents.
 */
#ifndef FOB_FORMATS_GOOGLE_H
#define FOB_FORMATS_GOOGLE_H

#include "client/formats/import.h"

#define GOOGLE_SCHEME "otpauth-migration:"
#define GOOGLE_DIGEST 16

/* The QR codes of one export, as far as they have come. */
struct google {
	bool begun;
	int32_t id;    /* of the batch, random, often negative */
	uint32_t size; /* QR codes in it */
	bool seen[MIGRATION_BATCH_MAX];
	uint8_t digest[MIGRATION_BATCH_MAX][GOOGLE_DIGEST];
};

void google_init(struct google *google);

/*
 * Takes one URI. A damaged one is skipped as a whole, one that came before
 * is passed over with a warning. IMPORT_ERR_FILE when it belongs to another
 * export: its accounts would be mixed up with those that are missing.
 */
int google_add(struct google *google, struct bytes uri, uint64_t position,
	       struct import *import);

/* Warns of the QR codes that did not come, by number. */
int google_finish(const struct google *google, struct import *import);

/* The format "google": such URIs and nothing else, one a line. */
bool google_detect(struct bytes file);
int google_read(struct bytes file, struct import *import);

/* Can the format say all that is in the entry? Else the fault says what not. */
bool google_carries(const struct entry *entry, struct fault *ret_fault);

/* What is to be written: entries that all pass google_carries. */
struct google_batch {
	const struct entry *entries;
	size_t n;
	int32_t id;  /* random */
	size_t each; /* accounts of one code; 0: MIGRATION_ACCOUNTS */
};

size_t google_count(const struct google_batch *batch); /* of QR codes */

/*
 * The URI of one QR code, index from 0. *ret_uri is a C string that the
 * caller wipes and frees. 0 or -ENOMEM.
 */
int google_write(const struct google_batch *batch, size_t index,
		 char **ret_uri);

#endif
