/* The export of Proton Authenticator, plain or encrypted. */
#include <errno.h>
#include <sodium.h>

#include "client/formats/crypt.h"
#include "client/formats/export.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define SALT 16 /* bytes */
#define CONTEXT "proton.authenticator.export.v1"

static void put_uri(struct document *d, const struct entry *entry)
{
	AUTO_DOCUMENT struct document uri = { 0 };

	export_uri(&uri, entry, EXPORT_STEAM_SCHEME);
	document_add(&uri, (struct bytes){ (const uint8_t *)"", 1 });
	if (uri.failed)
		d->failed = true;
	else
		document_json(d, (const char *)uri.p);
}

static void put_entry(struct document *d, const struct entry *entry, size_t i)
{
	const char *note = entry_get(entry, ENTRY_NOTE);

	document_put(d, i ? ",{\"id\":\"" : "{\"id\":\"");
	export_uuid(d, "entry", i);
	document_put(d, "\",\"content\":{\"uri\":");
	put_uri(d, entry);
	document_put(d, ",\"entry_type\":");
	document_json(d,
		      entry->type == FOB__OTP_TYPE__STEAM ? "Steam" : "Totp");
	document_put(d, ",\"name\":");
	document_json(d, entry_get(entry, ENTRY_ACCOUNT));
	document_put(d, "},\"note\":");
	if (*note)
		document_json(d, note);
	else
		document_put(d, "null");
	document_put(d, "}");
}

static void put_json(const struct export *export, struct document *d)
{
	document_put(d, "{\"version\":1,\"entries\":[");
	for (size_t i = 0; i < export->import.n; i++)
		put_entry(d, &export->import.entries[i], i);
	document_put(d, "]}");
}

static int put_sealed(struct document *d, struct bytes password,
		      struct bytes json)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	AUTO_DOCUMENT struct document content = { 0 };
	uint8_t salt[SALT], nonce[CRYPT_NONCE], key[CRYPT_KEY];
	struct crypt_argon2 how = { 2, 19456, 1, BYTES(salt) };
	struct crypt_gcm gcm = { key, BYTES(nonce), text_of(CONTEXT) };
	int r;

	randombytes_buf(salt, sizeof(salt));
	randombytes_buf(nonce, sizeof(nonce));
	r = crypt_argon2(&how, password, key);
	if (r == 0)
		r = crypt_gcm_seal(&gcm, json, &sealed);
	crypt_wipe(key);
	if (r != 0)
		return r;
	document_add(&content, BYTES(nonce));
	document_add(&content, buffer_bytes(&sealed));
	if (content.failed)
		return -ENOMEM;
	document_put(d, "{\"version\":1,\"salt\":\"");
	document_base64(d, BYTES(salt));
	document_put(d, "\",\"content\":\"");
	document_base64(d, document_bytes(&content));
	document_put(d, "\"}\n");
	return 0;
}

int proton_write(const struct export *export, struct document *document)
{
	AUTO_DOCUMENT struct document json = { 0 };

	if (!export->password.p) {
		put_json(export, document);
		return 0;
	}
	put_json(export, &json);
	return json.failed ? -ENOMEM :
			     put_sealed(document, export->password,
					document_bytes(&json));
}
