/* The backup of Aegis: content of version 3, behind one slot of a password. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "client/formats/crypt.h"
#include "client/formats/export.h"
#include "proto/item.pb-c.h"

#define SCRYPT_N 32768
#define SCRYPT_R 8
#define SCRYPT_P 1

static void put_groups(struct document *d, const struct entry *entry,
		       const char *const *tags, size_t n)
{
	document_put(d, ",\"groups\":[");
	for (size_t i = 0; i < entry->n_tags; i++) {
		document_put(d, i ? ",\"" : "\"");
		export_uuid(d, "group",
			    export_tag_index(tags, n, export_tag(entry, i)));
		document_put(d, "\"");
	}
	document_put(d, "]");
}

/* The secret of mOTP is base32 here as well, of the bytes, not of the hex. */
static void put_info(struct document *d, const struct entry *entry)
{
	bool hotp = entry->type == FOB__OTP_TYPE__HOTP;

	document_put(d, ",\"info\":{\"secret\":\"");
	document_base32(d, (struct bytes){ entry->secret, entry->secret_n });
	document_put(d, "\",\"algo\":");
	document_json(d, export_algorithm(entry));
	document_put(d, ",\"digits\":");
	document_number(d, entry->digits);
	document_put(d, hotp ? ",\"counter\":" : ",\"period\":");
	document_number(d, hotp ? entry->counter : entry->period);
	if (entry->type == FOB__OTP_TYPE__MOTP ||
	    entry->type == FOB__OTP_TYPE__YANDEX) {
		document_put(d, ",\"pin\":");
		document_json(d, entry_get(entry, ENTRY_PIN));
	}
	document_put(d, "}");
}

static void put_entry(struct document *d, const struct entry *entry, size_t i,
		      const char *const *tags, size_t n)
{
	document_put(d, i ? ",{\"type\":" : "{\"type\":");
	document_json(d, export_type(entry));
	document_put(d, ",\"uuid\":\"");
	export_uuid(d, "entry", i);
	document_put(d, "\",\"name\":");
	document_json(d, entry_get(entry, ENTRY_ACCOUNT));
	document_put(d, ",\"issuer\":");
	document_json(d, entry_get(entry, ENTRY_ISSUER));
	document_put(d, ",\"note\":");
	document_json(d, entry_get(entry, ENTRY_NOTE));
	document_put(d, entry->favourite ? ",\"favorite\":true" :
					   ",\"favorite\":false");
	document_put(d, ",\"icon\":null");
	put_info(d, entry);
	put_groups(d, entry, tags, n);
	document_put(d, "}");
}

static int put_content(const struct export *export, struct document *d)
{
	size_t n;
	AUTO_FREE const char **tags = export_tags(export, &n);

	if (!tags)
		return -ENOMEM;
	document_put(d, "{\"version\":3,\"entries\":[");
	for (size_t i = 0; i < export->import.n; i++)
		put_entry(d, &export->import.entries[i], i, tags, n);
	document_put(d, "],\"groups\":[");
	for (size_t i = 0; i < n; i++) {
		document_put(d, i ? ",{\"uuid\":\"" : "{\"uuid\":\"");
		export_uuid(d, "group", i);
		document_put(d, "\",\"name\":");
		document_json(d, tags[i]);
		document_put(d, "}");
	}
	document_put(d, "],\"icons_optimized\":true}");
	return 0;
}

/* Nonce and tag as an object; sealed ends with its tag. */
static void put_params(struct document *d, const char *key,
		       const uint8_t *nonce, const struct buffer *sealed)
{
	document_put(d, key);
	document_put(d, ":{\"nonce\":\"");
	document_hex(d, (struct bytes){ nonce, CRYPT_NONCE });
	document_put(d, "\",\"tag\":\"");
	document_hex(d, (struct bytes){ sealed->p + sealed->n - CRYPT_TAG,
					CRYPT_TAG });
	document_put(d, "\"}");
}

static struct bytes without_tag(const struct buffer *sealed)
{
	return (struct bytes){ sealed->p, sealed->n - CRYPT_TAG };
}

static int put_slot(struct document *d, struct bytes password,
		    const uint8_t master[static CRYPT_KEY])
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t salt[32], nonce[CRYPT_NONCE], key[CRYPT_KEY], id[16];
	struct crypt_scrypt how = { SCRYPT_N, SCRYPT_R, SCRYPT_P, BYTES(salt) };
	struct crypt_gcm gcm = { .key = key, .nonce = BYTES(nonce) };
	int r;

	randombytes_buf(salt, sizeof(salt));
	randombytes_buf(nonce, sizeof(nonce));
	randombytes_buf(id, sizeof(id));
	r = crypt_scrypt(&how, password, key);
	if (r == 0)
		r = crypt_gcm_seal(&gcm, (struct bytes){ master, CRYPT_KEY },
				   &sealed);
	crypt_wipe(key);
	if (r != 0)
		return r;
	document_put(d, "{\"type\":1,\"uuid\":\"");
	document_uuid(d, id);
	document_put(d, "\",\"key\":\"");
	document_hex(d, without_tag(&sealed));
	put_params(d, "\",\"key_params\"", nonce, &sealed);
	document_put(d, ",\"n\":32768,\"r\":8,\"p\":1,\"salt\":\"");
	document_hex(d, BYTES(salt));
	document_put(d, "\",\"repaired\":true,\"is_backup\":false}");
	return 0;
}

static int put_sealed(struct document *d, struct bytes password,
		      struct bytes content)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t master[CRYPT_KEY], nonce[CRYPT_NONCE];
	struct crypt_gcm gcm = { .key = master, .nonce = BYTES(nonce) };
	int r;

	randombytes_buf(master, sizeof(master));
	randombytes_buf(nonce, sizeof(nonce));
	r = crypt_gcm_seal(&gcm, content, &sealed);
	if (r == 0) {
		document_put(d, "{\"version\":1,\"header\":{\"slots\":[");
		r = put_slot(d, password, master);
	}
	crypt_wipe(master);
	if (r != 0)
		return r;
	put_params(d, "],\"params\"", nonce, &sealed);
	document_put(d, "},\"db\":\"");
	document_base64(d, without_tag(&sealed));
	document_put(d, "\"}\n");
	return 0;
}

int aegis_write(const struct export *export, struct document *document)
{
	AUTO_DOCUMENT struct document content = { 0 };
	int r = put_content(export, &content);

	if (r != 0 || content.failed)
		return -ENOMEM;
	if (export->password.p)
		return put_sealed(document, export->password,
				  document_bytes(&content));
	document_put(document, "{\"version\":1,\"header\":{\"slots\":null,"
			       "\"params\":null},\"db\":");
	document_add(document, document_bytes(&content));
	document_put(document, "}\n");
	return 0;
}
