/* The export of Ente Auth: URIs with codeDisplay, encrypted as one message. */
#include <errno.h>
#include <sodium.h>

#include "client/formats/crypt.h"
#include "client/formats/export.h"

#define MEMORY (256ull << 20) /* bytes; where the application starts from */
#define PASSES 4
#define HEADER crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define OVERHEAD crypto_secretstream_xchacha20poly1305_ABYTES

static void put_display(struct document *d, const struct entry *entry,
			size_t position)
{
	AUTO_DOCUMENT struct document json = { 0 };

	document_put(&json, entry->favourite ? "{\"pinned\":true" :
					       "{\"pinned\":false");
	document_put(&json, ",\"trashed\":false,\"lastUsedAt\":0,"
			    "\"tapCount\":0,\"tags\":[");
	for (size_t i = 0; i < entry->n_tags; i++) {
		document_put(&json, i ? "," : "");
		document_json(&json, export_tag(entry, i));
	}
	document_put(&json, "],\"note\":");
	document_json(&json, entry_get(entry, ENTRY_NOTE));
	document_put(&json, ",\"position\":");
	document_number(&json, position);
	document_put(&json, ",\"iconSrc\":\"\",\"iconID\":\"\"}");
	document_put(d, "&codeDisplay=");
	document_percent(d, document_bytes(&json));
	d->failed = d->failed || json.failed;
}

static void put_lines(const struct export *export, struct document *d)
{
	for (size_t i = 0; i < export->import.n; i++) {
		const struct entry *entry = &export->import.entries[i];

		export_uri(d, entry, EXPORT_STEAM_TYPE);
		put_display(d, entry, i);
		document_put(d, "\n");
	}
}

static int seal(const uint8_t key[static CRYPT_KEY],
		uint8_t header[static HEADER], struct bytes plain,
		struct buffer *ret)
{
	crypto_secretstream_xchacha20poly1305_state state;

	if (buffer_alloc(ret, plain.n + OVERHEAD) < 0)
		return -ENOMEM;
	crypto_secretstream_xchacha20poly1305_init_push(&state, header, key);
	crypto_secretstream_xchacha20poly1305_push(
		&state, ret->p, NULL, plain.p, plain.n, NULL, 0,
		crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
	sodium_memzero(&state, sizeof(state));
	return 0;
}

static int put_sealed(struct document *d, struct bytes password,
		      struct bytes plain)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t salt[16], header[HEADER], key[CRYPT_KEY];
	struct crypt_argon2 how = { PASSES, MEMORY / 1024, 1, BYTES(salt) };
	int r;

	randombytes_buf(salt, sizeof(salt));
	r = crypt_argon2(&how, password, key);
	if (r == 0)
		r = seal(key, header, plain, &sealed);
	crypt_wipe(key);
	if (r != 0)
		return r;
	document_put(d, "{\"version\":1,\"kdfParams\":{\"memLimit\":");
	document_number(d, MEMORY);
	document_put(d, ",\"opsLimit\":");
	document_number(d, PASSES);
	document_put(d, ",\"salt\":\"");
	document_base64(d, BYTES(salt));
	document_put(d, "\"},\"encryptedData\":\"");
	document_base64(d, buffer_bytes(&sealed));
	document_put(d, "\",\"encryptionNonce\":\"");
	document_base64(d, BYTES(header));
	document_put(d, "\"}\n");
	return 0;
}

int ente_write(const struct export *export, struct document *document)
{
	AUTO_DOCUMENT struct document lines = { 0 };

	if (!export->password.p) {
		put_lines(export, document);
		return 0;
	}
	put_lines(export, &lines);
	return lines.failed ? -ENOMEM :
			      put_sealed(document, export->password,
					 document_bytes(&lines));
}
