/* The export of Bitwarden, plain or protected with a password. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "client/formats/crypt.h"
#include "client/formats/export.h"
#include "proto/text.h"

#define ITERATIONS 600000
#define SALT 16 /* bytes; their base64 is what goes in */

static void put_item(struct document *d, const struct entry *entry, size_t i,
		     const char *const *tags, size_t n)
{
	AUTO_DOCUMENT struct document uri = { 0 };

	document_put(d, i ? ",{\"id\":\"" : "{\"id\":\"");
	export_uuid(d, "item", i);
	document_put(d, "\",\"organizationId\":null,\"folderId\":");
	if (entry->n_tags > 0) {
		document_put(d, "\"");
		export_uuid(d, "folder",
			    export_tag_index(tags, n, export_tag(entry, 0)));
		document_put(d, "\"");
	} else {
		document_put(d, "null");
	}
	document_put(d, ",\"type\":1,\"reprompt\":0,\"name\":");
	document_json(d, entry_get(entry, ENTRY_ISSUER));
	document_put(d, ",\"notes\":");
	document_json(d, entry_get(entry, ENTRY_NOTE));
	document_put(d, entry->favourite ? ",\"favorite\":true" :
					   ",\"favorite\":false");
	document_put(d, ",\"login\":{\"uris\":[],\"username\":");
	document_json(d, entry_get(entry, ENTRY_ACCOUNT));
	document_put(d, ",\"password\":null,\"totp\":");
	export_uri(&uri, entry, EXPORT_STEAM_SCHEME);
	document_add(&uri, (struct bytes){ (const uint8_t *)"", 1 });
	if (uri.failed)
		d->failed = true;
	else
		document_json(d, (const char *)uri.p);
	document_put(d, "},\"collectionIds\":null}");
}

static int put_items(const struct export *export, struct document *d)
{
	size_t n;
	AUTO_FREE const char **tags = export_tags(export, &n);

	if (!tags)
		return -ENOMEM;
	document_put(d, "{\"encrypted\":false,\"folders\":[");
	for (size_t i = 0; i < n; i++) {
		document_put(d, i ? ",{\"id\":\"" : "{\"id\":\"");
		export_uuid(d, "folder", i);
		document_put(d, "\",\"name\":");
		document_json(d, tags[i]);
		document_put(d, "}");
	}
	document_put(d, "],\"items\":[");
	for (size_t i = 0; i < export->import.n; i++)
		put_item(d, &export->import.entries[i], i, tags, n);
	document_put(d, "]}\n");
	return 0;
}

struct keys {
	uint8_t cipher[CRYPT_KEY], mac[CRYPT_KEY];
};

/* "2.IV|CIPHERTEXT|MAC", each in base64. */
static int put_sealed(struct document *d, const struct keys *keys,
		      struct bytes plain)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t iv[CRYPT_BLOCK], mac[CRYPT_KEY];

	randombytes_buf(iv, sizeof(iv));
	if (crypt_cbc_seal(keys->cipher, iv, plain, &sealed) < 0)
		return -ENOMEM;
	crypt_hmac(BYTES(keys->mac), BYTES(iv), buffer_bytes(&sealed), mac);
	document_put(d, "\"2.");
	document_base64(d, BYTES(iv));
	document_put(d, "|");
	document_base64(d, buffer_bytes(&sealed));
	document_put(d, "|");
	document_base64(d, BYTES(mac));
	document_put(d, "\"");
	return 0;
}

static int derive(struct bytes password, const struct document *salt,
		  struct keys *ret)
{
	struct crypt_pbkdf2 how = { CRYPT_SHA256, ITERATIONS,
				    document_bytes(salt) };
	uint8_t key[CRYPT_KEY];
	int r = crypt_pbkdf2(&how, password, key, sizeof(key));

	crypt_expand(key, "enc", ret->cipher);
	crypt_expand(key, "mac", ret->mac);
	crypt_wipe(key);
	return r;
}

static int put_protected(struct document *d, struct bytes password,
			 struct bytes items)
{
	AUTO_DOCUMENT struct document salt = { 0 }, check = { 0 };
	uint8_t random[SALT];
	struct keys keys;
	int r;

	randombytes_buf(random, sizeof(random));
	document_base64(&salt, BYTES(random));
	randombytes_buf(random, sizeof(random));
	document_uuid(&check, random);
	if (salt.failed || check.failed)
		return -ENOMEM;
	r = derive(password, &salt, &keys);
	document_put(d, "{\"encrypted\":true,\"passwordProtected\":true,"
			"\"salt\":\"");
	document_add(d, document_bytes(&salt));
	document_put(d, "\",\"kdfType\":0,\"kdfIterations\":");
	document_number(d, ITERATIONS);
	document_put(d, ",\"encKeyValidation_DO_NOT_EDIT\":");
	if (r == 0)
		r = put_sealed(d, &keys, document_bytes(&check));
	document_put(d, ",\"data\":");
	if (r == 0)
		r = put_sealed(d, &keys, items);
	document_put(d, "}\n");
	sodium_memzero(&keys, sizeof(keys));
	return r;
}

int bitwarden_write(const struct export *export, struct document *document)
{
	AUTO_DOCUMENT struct document items = { 0 };
	int r;

	if (!export->password.p)
		return put_items(export, document);
	r = put_items(export, &items);
	if (r != 0 || items.failed)
		return -ENOMEM;
	return put_protected(document, export->password,
			     document_bytes(&items));
}
