/* The backup of Stratum: JSON, or the strong encryption around it. */
#include <errno.h>
#include <nettle/sha1.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/export.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define MAGIC "AUTHENTICATORPRO"
#define SALT 16 /* bytes */

/* Its numbers for what we number otherwise. */
static uint64_t type_number(const struct entry *entry)
{
	static const uint64_t numbers[] = {
		[FOB__OTP_TYPE__HOTP] = 1,   [FOB__OTP_TYPE__TOTP] = 2,
		[FOB__OTP_TYPE__MOTP] = 3,   [FOB__OTP_TYPE__STEAM] = 4,
		[FOB__OTP_TYPE__YANDEX] = 5,
	};

	return numbers[entry->type];
}

static uint64_t algorithm_number(const struct entry *entry)
{
	switch (entry->algorithm) {
	case FOB__ALGORITHM__SHA256:
		return 1;
	case FOB__ALGORITHM__SHA512:
		return 2;
	default:
		return 0;
	}
}

static void put_secret(struct document *d, const struct entry *entry)
{
	struct bytes secret = { entry->secret, entry->secret_n };

	document_put(d, "\"");
	if (entry->type == FOB__OTP_TYPE__MOTP)
		document_hex(d, secret);
	else
		document_base32(d, secret);
	document_put(d, "\"");
}

/* One with "@" would be a picture, of which there is none in the file. */
static bool named_icon(const struct entry *entry)
{
	const char *icon = entry_get(entry, ENTRY_ICON);

	return *icon && *icon != '@';
}

static void put_entry(struct document *d, const struct entry *entry, size_t i)
{
	const char *pin = entry_get(entry, ENTRY_PIN);

	document_put(d, i ? ",{\"Type\":" : "{\"Type\":");
	document_number(d, type_number(entry));
	document_put(d, ",\"Icon\":");
	if (named_icon(entry))
		document_json(d, entry_get(entry, ENTRY_ICON));
	else
		document_put(d, "null");
	document_put(d, ",\"Issuer\":");
	document_json(d, entry_get(entry, ENTRY_ISSUER));
	document_put(d, ",\"Username\":");
	document_json(d, entry_get(entry, ENTRY_ACCOUNT));
	document_put(d, ",\"Secret\":");
	put_secret(d, entry);
	document_put(d, ",\"Pin\":");
	if (*pin)
		document_json(d, pin);
	else
		document_put(d, "null");
	document_put(d, ",\"Algorithm\":");
	document_number(d, algorithm_number(entry));
	document_put(d, ",\"Digits\":");
	document_number(d, entry->digits);
	document_put(d, ",\"Period\":");
	document_number(d, entry->period ? entry->period : 30);
	document_put(d, ",\"Counter\":");
	document_number(d, entry->counter);
	document_put(d, ",\"CopyCount\":0,\"Ranking\":");
	document_number(d, i);
	document_put(d, "}");
}

/* The first eight hex digits of the SHA-1 of the name. */
static void put_category_id(struct document *d, const char *name)
{
	struct sha1_ctx ctx;
	uint8_t hash[4];

	sha1_init(&ctx);
	sha1_update(&ctx, strlen(name), (const uint8_t *)name);
	sha1_digest(&ctx, sizeof(hash), hash);
	document_put(d, "\"");
	document_hex(d, BYTES(hash));
	document_put(d, "\"");
}

static void put_categories(struct document *d, const char *const *tags,
			   size_t n)
{
	document_put(d, "],\"Categories\":[");
	for (size_t i = 0; i < n; i++) {
		document_put(d, i ? ",{\"Id\":" : "{\"Id\":");
		put_category_id(d, tags[i]);
		document_put(d, ",\"Name\":");
		document_json(d, tags[i]);
		document_put(d, ",\"Ranking\":");
		document_number(d, i);
		document_put(d, "}");
	}
}

static void put_bindings(struct document *d, const struct import *import)
{
	const char *start = "{\"CategoryId\":";

	document_put(d, "],\"AuthenticatorCategories\":[");
	for (size_t i = 0; i < import->n; i++) {
		const struct entry *entry = &import->entries[i];

		for (size_t k = 0; k < entry->n_tags; k++) {
			document_put(d, start);
			start = ",{\"CategoryId\":";
			put_category_id(d, export_tag(entry, k));
			document_put(d, ",\"AuthenticatorSecret\":");
			put_secret(d, entry);
			document_put(d, ",\"Ranking\":0}");
		}
	}
}

static int put_json(const struct export *export, struct document *d)
{
	size_t n;
	AUTO_FREE const char **tags = export_tags(export, &n);

	if (!tags)
		return -ENOMEM;
	document_put(d, "{\"Authenticators\":[");
	for (size_t i = 0; i < export->import.n; i++)
		put_entry(d, &export->import.entries[i], i);
	put_categories(d, tags, n);
	put_bindings(d, &export->import);
	document_put(d, "],\"CustomIcons\":[]}");
	return 0;
}

static int put_sealed(struct document *d, struct bytes password,
		      struct bytes json)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t salt[SALT], nonce[CRYPT_NONCE], key[CRYPT_KEY];
	struct crypt_argon2 how = { 3, 65536, 4, BYTES(salt) };
	struct crypt_gcm gcm = { .key = key, .nonce = BYTES(nonce) };
	int r;

	randombytes_buf(salt, sizeof(salt));
	randombytes_buf(nonce, sizeof(nonce));
	r = crypt_argon2(&how, password, key);
	if (r == 0)
		r = crypt_gcm_seal(&gcm, json, &sealed);
	crypt_wipe(key);
	if (r != 0)
		return r;
	document_put(d, MAGIC);
	document_add(d, BYTES(salt));
	document_add(d, BYTES(nonce));
	document_add(d, buffer_bytes(&sealed));
	return 0;
}

int stratum_write(const struct export *export, struct document *document)
{
	AUTO_DOCUMENT struct document json = { 0 };
	int r;

	if (!export->password.p)
		return put_json(export, document);
	r = put_json(export, &json);
	if (r != 0 || json.failed)
		return -ENOMEM;
	return put_sealed(document, export->password, document_bytes(&json));
}
