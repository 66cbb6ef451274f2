/* The export of FreeOTP+: tokens, whose secrets are lists of signed bytes. */
#include <string.h>

#include "client/formats/export.h"
#include "proto/item.pb-c.h"

static void put_secret(struct document *d, const struct entry *entry)
{
	document_put(d, ",\"secret\":[");
	for (size_t i = 0; i < entry->secret_n; i++) {
		uint8_t v = entry->secret[i];

		document_put(d, i ? "," : "");
		document_put(d, v > 127 ? "-" : "");
		document_number(d, v > 127 ? 256u - v : v);
	}
	document_put(d, "]");
}

/*
 * Only its issuer tells Steam's kind of code; another name that the person
 * sees may stand beside it.
 */
static void put_issuer(struct document *d, const struct entry *entry)
{
	const char *issuer = entry_get(entry, ENTRY_ISSUER);

	document_put(d, "\"issuerExt\":");
	if (entry->type == FOB__OTP_TYPE__STEAM) {
		document_json(d, "Steam");
		if (*issuer && strcmp(issuer, "Steam") != 0) {
			document_put(d, ",\"issuerAlt\":");
			document_json(d, issuer);
		}
	} else {
		document_json(d, issuer);
	}
}

static void put_token(struct document *d, const struct entry *entry, size_t i)
{
	bool hotp = entry->type == FOB__OTP_TYPE__HOTP;

	document_put(d, i ? ",{" : "{");
	put_issuer(d, entry);
	document_put(d, ",\"label\":");
	document_json(d, entry_get(entry, ENTRY_ACCOUNT));
	document_put(d, ",\"algo\":");
	document_json(d, export_algorithm(entry));
	document_put(d, ",\"digits\":");
	document_number(d, entry->digits);
	document_put(d, ",\"period\":");
	document_number(d, hotp ? 30 : entry->period);
	document_put(d, ",\"counter\":");
	document_number(d, entry->counter);
	document_put(d, ",\"type\":");
	document_json(d, hotp ? "HOTP" : "TOTP");
	put_secret(d, entry);
	document_put(d, "}");
}

/* A token is found by "issuer:label", or by the label alone. */
static void put_order(struct document *d, const struct entry *entry, size_t i)
{
	AUTO_DOCUMENT struct document name = { 0 };
	const char *issuer = entry_get(entry, ENTRY_ISSUER);

	if (entry->type == FOB__OTP_TYPE__STEAM)
		issuer = "Steam";
	document_put(&name, issuer);
	document_put(&name, *issuer ? ":" : "");
	document_put(&name, entry_get(entry, ENTRY_ACCOUNT));
	document_add(&name, (struct bytes){ (const uint8_t *)"", 1 });
	document_put(d, i ? "," : "");
	if (name.failed)
		d->failed = true;
	else
		document_json(d, (const char *)name.p);
}

int freeotp_plus_write(const struct export *export, struct document *document)
{
	const struct import *import = &export->import;

	document_put(document, "{\"tokens\":[");
	for (size_t i = 0; i < import->n; i++)
		put_token(document, &import->entries[i], i);
	document_put(document, "],\"tokenOrder\":[");
	for (size_t i = 0; i < import->n; i++)
		put_order(document, &import->entries[i], i);
	document_put(document, "]}\n");
	return 0;
}
