/* The backup of 2FAS, schema 4. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "client/formats/crypt.h"
#include "client/formats/export.h"
#include "proto/item.pb-c.h"

#define ITERATIONS 10000
#define SALT 256 /* bytes */

/*
 * The application tries a password on this text, which is the same in all of
 * its files (as they open).
 */
static const char reference[] =
	"tRViSsLKzd86Hprh4ceC2OP7xazn4rrt4xhfEUbOjxLX8Rc3mkISXE0lWbmnWfgg"
	"ogbBJhtYgpK6fMl1D6mtsy92R3HkdGfwuXbzLebqVFJsR7IZ2w58t938iymwG482"
	"4igYy1wi6n2WDpO1Q1P69zwJGs2F5a1qP4MyIiDSD7NCV2OvidXQCBnDlGfmz0f1"
	"BQySRkkt4ryiJeCjD2o4QsveJ9uDBUn8ELyOrESv5R5DMDkD4iAF8TXU7KyoJujd";

static const char *token_type(const struct entry *entry)
{
	switch (entry->type) {
	case FOB__OTP_TYPE__HOTP:
		return "HOTP";
	case FOB__OTP_TYPE__STEAM:
		return "STEAM";
	default:
		return "TOTP";
	}
}

static void put_otp(struct document *d, const struct entry *entry)
{
	bool hotp = entry->type == FOB__OTP_TYPE__HOTP;

	document_put(d, ",\"otp\":{\"label\":");
	document_json(d, entry_get(entry, ENTRY_ACCOUNT));
	document_put(d, ",\"account\":");
	document_json(d, entry_get(entry, ENTRY_ACCOUNT));
	document_put(d, ",\"issuer\":");
	document_json(d, entry_get(entry, ENTRY_ISSUER));
	document_put(d, ",\"digits\":");
	document_number(d, entry->digits);
	document_put(d, hotp ? ",\"counter\":" : ",\"period\":");
	document_number(d, hotp ? entry->counter : entry->period);
	document_put(d, ",\"algorithm\":");
	document_json(d, export_algorithm(entry));
	document_put(d, ",\"tokenType\":");
	document_json(d, token_type(entry));
	document_put(d, ",\"source\":\"Manual\"}");
}

static void put_service(struct document *d, const struct entry *entry, size_t i,
			const char *const *tags, size_t n)
{
	document_put(d, i ? ",{\"name\":" : "{\"name\":");
	document_json(d, entry_get(entry, ENTRY_ISSUER));
	document_put(d, ",\"secret\":\"");
	document_base32(d, (struct bytes){ entry->secret, entry->secret_n });
	document_put(d, "\",\"updatedAt\":0");
	put_otp(d, entry);
	document_put(d, ",\"order\":{\"position\":");
	document_number(d, i);
	document_put(d, "}");
	if (entry->n_tags > 0) {
		document_put(d, ",\"groupId\":\"");
		export_uuid(d, "group",
			    export_tag_index(tags, n, export_tag(entry, 0)));
		document_put(d, "\"");
	}
	document_put(d, "}");
}

/* Only those that are the first of an entry are in use. */
static void put_groups(struct document *d, const char *const *tags, size_t n)
{
	document_put(d, ",\"groups\":[");
	for (size_t i = 0; i < n; i++) {
		document_put(d, i ? ",{\"id\":\"" : "{\"id\":\"");
		export_uuid(d, "group", i);
		document_put(d, "\",\"name\":");
		document_json(d, tags[i]);
		document_put(d, ",\"isExpanded\":true,\"updatedAt\":0}");
	}
	document_put(d, "]");
}

/* "ciphertext and tag : salt : nonce" */
static int put_sealed(struct document *d, const uint8_t *key,
		      const uint8_t *salt, struct bytes plain)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t nonce[CRYPT_NONCE];
	struct crypt_gcm gcm = { .key = key, .nonce = BYTES(nonce) };

	randombytes_buf(nonce, sizeof(nonce));
	if (crypt_gcm_seal(&gcm, plain, &sealed) < 0)
		return -ENOMEM;
	document_put(d, "\"");
	document_base64(d, buffer_bytes(&sealed));
	document_put(d, ":");
	document_base64(d, (struct bytes){ salt, SALT });
	document_put(d, ":");
	document_base64(d, BYTES(nonce));
	document_put(d, "\"");
	return 0;
}

static int put_services(struct document *d, struct bytes password,
			struct bytes services)
{
	uint8_t salt[SALT], key[CRYPT_KEY];
	struct crypt_pbkdf2 how = { CRYPT_SHA256, ITERATIONS, BYTES(salt) };
	int r;

	if (!password.p) {
		document_put(d, "{\"services\":");
		document_add(d, services);
		return 0;
	}
	randombytes_buf(salt, sizeof(salt));
	r = crypt_pbkdf2(&how, password, key, sizeof(key));
	document_put(d, "{\"services\":[],\"servicesEncrypted\":");
	if (r == 0)
		r = put_sealed(d, key, salt, services);
	document_put(d, ",\"reference\":");
	if (r == 0)
		r = put_sealed(d, key, salt,
			       (struct bytes){ (const uint8_t *)reference,
					       sizeof(reference) - 1 });
	crypt_wipe(key);
	return r;
}

int twofas_write(const struct export *export, struct document *document)
{
	AUTO_DOCUMENT struct document services = { 0 };
	size_t n;
	AUTO_FREE const char **tags = export_tags(export, &n);
	int r;

	if (!tags)
		return -ENOMEM;
	document_put(&services, "[");
	for (size_t i = 0; i < export->import.n; i++)
		put_service(&services, &export->import.entries[i], i, tags, n);
	document_put(&services, "]");
	if (services.failed)
		return -ENOMEM;
	r = put_services(document, export->password, document_bytes(&services));
	if (r != 0)
		return r;
	put_groups(document, tags, n);
	document_put(document, ",\"updatedAt\":0,\"schemaVersion\":4,"
			       "\"appVersionCode\":5000000,"
			       "\"appVersionName\":\"5.0.0\","
			       "\"appOrigin\":\"android\"}\n");
	return 0;
}
