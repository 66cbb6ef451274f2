#include "client/formats/bitwarden.h"

#include <sodium.h>
#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/filler.h"
#include "client/formats/login.h"
#include "client/formats/refusal.h"
#include "proto/text.h"

#define ITEM_LOGIN 1
#define KDF_PBKDF2 0
#define KDF_ARGON2 1

bool bitwarden_detect(struct bytes file)
{
	return json_has(file, "encrypted") &&
	       (json_has(file, "items") || json_has(file, "data"));
}

/* --- items ------------------------------------------------------------------- */

static struct bytes member(const json_t *object, const char *key)
{
	return json_text_of(json_object_get(object, key));
}

/* The names of those in the list whose id it is. */
static void take_tag(struct filler *f, const json_t *list, struct bytes id)
{
	const json_t *folder;
	size_t i;

	json_array_foreach(list, i, folder)
	{
		if (id.n > 0 && text_same(member(folder, "id"), id))
			filler_tag(f, member(folder, "name"));
	}
}

static void take_tags(struct filler *f, const json_t *root, const json_t *item)
{
	const json_t *id;
	size_t i;

	take_tag(f, json_object_get(root, "folders"), member(item, "folderId"));
	json_array_foreach(json_object_get(item, "collectionIds"), i, id)
		take_tag(f, json_object_get(root, "collections"),
			 json_text_of(id));
}

/* Most items of a password manager have no codes. */
static bool has_code(const json_t *item)
{
	struct json_record record = { .object = item };
	const json_t *totp =
		json_object_get(json_object_get(item, "login"), "totp");

	if (!json_is_object(item))
		return true; /* and it is reported */
	return json_get_number(&record, "type", ITEM_LOGIN) == ITEM_LOGIN &&
	       (json_string_length(totp) > 0 || json_is_number(totp));
}

static int read_item(struct import *import, const json_t *root,
		     const json_t *item, uint64_t position)
{
	AUTO_FILLER struct filler f;
	const json_t *inner = json_object_get(item, "login");
	struct login login = {
		.totp = member(inner, "totp"),
		.name = member(item, "name"),
		.user = member(inner, "username"),
	};
	struct fault fault = { NULL, NULL };
	int r;

	filler_init(&f, item, import, position);
	r = login_fill(&login, import, position, &f.entry, &fault);
	filler_fail(&f, r, fault);
	f.entry.favourite = json_get_bool(&f.record, "favorite");
	filler_note(&f, "notes");
	take_tags(&f, root, item);
	return filler_add(&f);
}

int bitwarden_items(struct import *import, const json_t *root)
{
	const json_t *items = json_object_get(root, "items");
	const json_t *item;
	size_t i;

	if (!json_is_array(items))
		return refusal_list(import, "items");
	json_array_foreach(items, i, item)
	{
		int r = 0;

		if (has_code(item))
			r = read_item(import, root, item, i + 1);
		if (r != 0)
			return r;
	}
	return 0;
}

/* --- the password --------------------------------------------------------------- */

/* "2.IV|CIPHERTEXT|MAC", each in base64. */
struct sealed {
	struct buffer iv, text, mac; /* owned */
};

static void sealed_free(struct sealed *sealed)
{
	buffer_free(&sealed->iv);
	buffer_free(&sealed->text);
	buffer_free(&sealed->mac);
}

static int take_part(struct bytes *text, struct buffer *ret)
{
	const uint8_t *bar = text->n ? memchr(text->p, '|', text->n) : NULL;
	struct bytes part = *text;
	size_t used = text->n;

	if (bar) {
		part.n = (size_t)(bar - text->p);
		used = part.n + 1;
	}
	*text = (struct bytes){ text->p + used, text->n - used };
	return buffer_base64(ret, part);
}

static int split(struct bytes text, struct sealed *ret)
{
	int r;

	if (text.n < 2 || memcmp(text.p, "2.", 2) != 0)
		return CRYPT_ERR_NUMBERS;
	text = (struct bytes){ text.p + 2, text.n - 2 };
	r = take_part(&text, &ret->iv);
	if (r == 0)
		r = take_part(&text, &ret->text);
	if (r == 0)
		r = take_part(&text, &ret->mac);
	if (r < 0)
		return r;
	if (r != 0 || text.n > 0 || ret->iv.n != CRYPT_BLOCK ||
	    ret->mac.n != CRYPT_KEY)
		return CRYPT_ERR_NUMBERS;
	return 0;
}

struct keys {
	uint8_t cipher[CRYPT_KEY], mac[CRYPT_KEY];
};

static void keys_wipe(struct keys *keys)
{
	sodium_memzero(keys, sizeof(*keys));
}

/* 0, -ENOMEM or CRYPT_ERR_*; the MAC is compared before anything else. */
static int open_text(const struct keys *keys, struct bytes text,
		     struct buffer *ret)
{
	CLEANUP(sealed_free) struct sealed sealed = { 0 };
	uint8_t mac[CRYPT_KEY];
	int r = split(text, &sealed);

	if (r != 0)
		return r;
	crypt_hmac(BYTES(keys->mac), buffer_bytes(&sealed.iv),
		   buffer_bytes(&sealed.text), mac);
	if (sodium_memcmp(mac, sealed.mac.p, sizeof(mac)) != 0)
		return CRYPT_ERR_FORGED;
	return crypt_cbc_open(keys->cipher, sealed.iv.p,
			      buffer_bytes(&sealed.text), ret);
}

static int derive_argon2(struct json_record *record, struct bytes salt,
			 struct bytes password, uint8_t *ret)
{
	uint8_t hash[CRYPT_KEY];
	uint64_t mib = json_get_number(record, "kdfMemory", 0);
	struct crypt_argon2 how = {
		.passes = json_get_number(record, "kdfIterations", 0),
		.kib = mib < UINT32_MAX ? mib * 1024 : UINT64_MAX,
		.lanes = json_get_number(record, "kdfParallelism", 0),
		.salt = BYTES(hash),
	};

	/* Bitwarden's own default is 64; what a person raised has an end. */
	if (mib > 256)
		return CRYPT_ERR_COST;
	crypt_sha256(salt, hash);
	return crypt_argon2(&how, password, ret);
}

/* The salt is its text, base64 though it is. */
static int derive(const json_t *root, struct bytes password, struct keys *ret)
{
	struct json_record record = { .object = root };
	struct bytes salt = json_get_text(&record, "salt");
	struct crypt_pbkdf2 how = { CRYPT_SHA256, 0, salt };
	uint8_t key[CRYPT_KEY];
	int r = CRYPT_ERR_NUMBERS;

	switch (json_get_number(&record, "kdfType", UINT64_MAX)) {
	case KDF_PBKDF2:
		how.iterations = json_get_number(&record, "kdfIterations", 0);
		r = crypt_pbkdf2(&how, password, key, sizeof(key));
		break;
	case KDF_ARGON2:
		r = derive_argon2(&record, salt, password, key);
		break;
	}
	if (r != 0)
		return r;
	crypt_expand(key, "enc", ret->cipher);
	crypt_expand(key, "mac", ret->mac);
	crypt_wipe(key);
	return 0;
}

/* A small text beside the data says whether the password is right. */
static int open_data(struct import *import, const json_t *root,
		     struct buffer *ret)
{
	CLEANUP(keys_wipe) struct keys keys;
	AUTO_BUFFER struct buffer check = { 0 };
	struct bytes password;
	int r = import_password(import, &password);

	if (r != 0)
		return r;
	r = derive(root, password, &keys);
	if (r == 0)
		r = open_text(&keys,
			      member(root, "encKeyValidation_DO_NOT_EDIT"),
			      &check);
	if (r != 0)
		return refusal_crypt(import, "kdfType to kdfParallelism", r);
	r = open_text(&keys, member(root, "data"), ret);
	if (r == CRYPT_ERR_FORGED)
		return import_fail(import, "the file is damaged: its data "
					   "does not open");
	return r ? refusal_crypt(import, "data", r) : 0;
}

int bitwarden_read(struct bytes file, struct import *import)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	AUTO_JSON_VALUE json_t *root = NULL, *inner = NULL;
	int r = json_read(file, import, &root);

	if (r != 0)
		return r;
	if (!json_is_true(json_object_get(root, "encrypted")))
		return bitwarden_items(import, root);
	if (!json_is_true(json_object_get(root, "passwordProtected")))
		return import_fail(import,
				   "only the Bitwarden account that made the "
				   "file can open it: export it again, "
				   "protected with a password");
	r = open_data(import, root, &plain);
	if (r == 0)
		r = json_read(buffer_bytes(&plain), import, &inner);
	return r ? r : bitwarden_items(import, inner);
}
