#include "client/formats/freeotp2.h"

#include <stdlib.h>
#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/java.h"
#include "client/formats/refusal.h"
#include "client/formats/token.h"
#include "proto/text.h"

#define UUID 36 /* characters */
#define SUFFIX "-token"

bool freeotp2_detect(struct bytes file)
{
	return java_is_map(file);
}

/* --- sealed keys ------------------------------------------------------------------- */

/*
 * The nonce in DER: a sequence of an octet string and the tag's length, or,
 * of old versions of Android, the octet string alone.
 */
static struct bytes nonce_of(struct bytes der)
{
	static const uint8_t octets[] = { 4, CRYPT_NONCE };

	if (der.n > 2 && der.p[0] == 0x30) {
		der.p += 2;
		der.n -= 2;
	}
	if (der.n < 2 + CRYPT_NONCE || memcmp(der.p, octets, 2) != 0)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ der.p + 2, CRYPT_NONCE };
}

/* The word in mToken is bound to the key. 0, -ENOMEM or CRYPT_ERR_*. */
static int open_key(const uint8_t *key, const json_t *sealed,
		    struct buffer *ret)
{
	AUTO_BUFFER struct buffer text = { 0 }, parameters = { 0 };
	struct crypt_gcm gcm = { .key = key };
	int r = token_bytes(json_object_get(sealed, "mCipherText"), &text);

	if (r == 0)
		r = token_bytes(json_object_get(sealed, "mParameters"),
				&parameters);
	if (r < 0)
		return r;
	gcm.nonce = nonce_of(buffer_bytes(&parameters));
	gcm.more = json_text_of(json_object_get(sealed, "mToken"));
	if (r != 0 || !gcm.nonce.p)
		return CRYPT_ERR_NUMBERS;
	return crypt_gcm_open(&gcm, buffer_bytes(&text), ret);
}

static int derive(const json_t *master, struct bytes password,
		  uint8_t key[static CRYPT_KEY])
{
	AUTO_BUFFER struct buffer salt = { 0 };
	struct json_record record = { .object = master };
	struct bytes name = json_get_text(&record, "mAlgorithm");
	struct crypt_pbkdf2 how = {
		.iterations = json_get_number(&record, "mIterations", 0),
	};
	int r = token_bytes(json_object_get(master, "mSalt"), &salt);

	if (r < 0)
		return r;
	if (text_same(name, text_of("PBKDF2withHmacSHA1")))
		how.hash = CRYPT_SHA1;
	else if (text_same(name, text_of("PBKDF2withHmacSHA512")))
		how.hash = CRYPT_SHA512;
	else
		r = CRYPT_ERR_NUMBERS;
	how.salt = buffer_bytes(&salt);
	return r ? CRYPT_ERR_NUMBERS :
		   crypt_pbkdf2(&how, password, key, CRYPT_KEY);
}

static int open_master(struct import *import, const json_t *master,
		       struct buffer *ret)
{
	uint8_t key[CRYPT_KEY];
	struct bytes password;
	int r = import_password(import, &password);

	if (r != 0)
		return r;
	r = derive(master, password, key);
	if (r == 0)
		r = open_key(key, json_object_get(master, "mEncryptedKey"),
			     ret);
	crypt_wipe(key);
	if (r == 0 && ret->n != CRYPT_KEY)
		r = CRYPT_ERR_NUMBERS;
	return r ? refusal_crypt(import, "masterKey", r) : 0;
}

/* --- accounts ------------------------------------------------------------------------ */

/* JSON of one account: that it is damaged says nothing about the others. */
static int read_json(struct import *import, struct bytes text, json_t **ret)
{
	int r = json_read(text, import, ret);

	if (r == IMPORT_ERR_FILE) {
		free(import->error);
		import->error = NULL;
		return ENTRY_ERR_INVALID;
	}
	return r;
}

/* The sealed secret is JSON in a text in JSON. */
static int open_secret(struct import *import, const struct buffer *master,
		       struct bytes text, struct buffer *ret)
{
	AUTO_JSON_VALUE json_t *outer = NULL, *inner = NULL;
	int r = read_json(import, text, &outer);

	if (r == 0)
		r = read_json(import,
			      json_text_of(json_object_get(outer, "key")),
			      &inner);
	return r ? r : open_key(master->p, inner, ret);
}

static int read_one(struct import *import, uint64_t position,
		    const struct buffer *master, const struct java_map *map,
		    struct bytes name)
{
	AUTO_JSON_VALUE json_t *object = NULL;
	AUTO_BUFFER struct buffer secret = { 0 };
	struct fault damaged = { "record", "is damaged" };
	struct fault closed = { "secret", "does not open" };
	struct bytes id = { name.p, name.n - strlen(SUFFIX) }, none = { 0 };
	int r = read_json(import, java_get(map, name), &object);

	if (r < 0)
		return r;
	if (r != 0)
		return import_skip(import, position, damaged, none);
	r = open_secret(import, master, java_get(map, id), &secret);
	if (r < 0)
		return r;
	if (r != 0)
		return import_skip(
			import, position, closed,
			json_text_of(json_object_get(object, "issuerExt")));
	return token_add(import, position, object, buffer_bytes(&secret));
}

static bool is_token(struct bytes key)
{
	size_t n = strlen(SUFFIX);

	return key.n == UUID + n && memcmp(key.p + UUID, SUFFIX, n) == 0;
}

static int read_all(struct import *import, const struct buffer *master,
		    const struct java_map *map)
{
	uint64_t position = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < map->n; i++)
		if (is_token(map->pairs[i].key))
			r = read_one(import, ++position, master, map,
				     map->pairs[i].key);
	return r;
}

int freeotp2_read(struct bytes file, struct import *import)
{
	AUTO_JAVA struct java_map map = { .pairs = NULL };
	AUTO_JSON_VALUE json_t *object = NULL;
	AUTO_BUFFER struct buffer master = { 0 };
	struct bytes text;
	int r = java_read(file, import, &map);

	if (r != 0)
		return r;
	text = java_get(&map, text_of("masterKey"));
	if (!text.p)
		return import_fail(import, "the file has no master key");
	r = json_read(text, import, &object);
	if (r == 0)
		r = open_master(import, object, &master);
	return r ? r : read_all(import, &master, &map);
}
