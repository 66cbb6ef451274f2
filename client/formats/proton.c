#include "client/formats/proton.h"

#include "client/formats/crypt.h"
#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/text.h"

#define SALT 16 /* bytes */

bool proton_detect(struct bytes file)
{
	if (!json_has(file, "version") || json_has(file, "header"))
		return false;
	return json_has(file, "entries") ||
	       (json_has(file, "salt") && json_has(file, "content"));
}

static int open_sealed(struct import *import, struct bytes sealed,
		       struct bytes salt, struct buffer *ret)
{
	struct crypt_argon2 how = { 2, 19456, 1, salt };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = {
		key,
		{ sealed.p, CRYPT_NONCE },
		text_of("proton.authenticator.export.v1"),
	};
	struct bytes password;
	int r;

	if (salt.n != SALT || sealed.n < CRYPT_NONCE + CRYPT_TAG)
		return import_fail(import, "the file is damaged: salt "
					   "or content is incomplete");
	sealed.p += CRYPT_NONCE;
	sealed.n -= CRYPT_NONCE;
	r = import_password(import, &password);
	if (r != 0)
		return r;
	r = crypt_argon2(&how, password, key);
	if (r == 0)
		r = crypt_gcm_open(&gcm, sealed, ret);
	crypt_wipe(key);
	return r ? refusal_crypt(import, "salt", r) : 0;
}

static int open_content(struct import *import, const json_t *root,
			struct buffer *ret)
{
	AUTO_BUFFER struct buffer salt = { 0 }, sealed = { 0 };
	struct json_record record = { .object = root };
	int r = buffer_base64(&salt, json_get_text(&record, "salt"));

	if (r == 0)
		r = buffer_base64(&sealed, json_get_text(&record, "content"));
	if (r < 0)
		return r;
	if (r != 0)
		return import_fail(import, "the file is damaged: salt "
					   "or content is no base64");
	return open_sealed(import, buffer_bytes(&sealed), buffer_bytes(&salt),
			   ret);
}

/* A Steam URI holds no names, so the name beside it is the account. */
static int read_one(struct import *import, const json_t *object,
		    uint64_t position)
{
	AUTO_FILLER struct filler f;

	filler_init(&f, object, import, position);
	f.record.object = json_get_object(&f.record, "content");
	filler_text(&f, ENTRY_ACCOUNT, "name");
	filler_uri(&f, json_get_text(&f.record, "uri"));
	if (*entry_get(&f.entry, ENTRY_ACCOUNT) == '\0')
		filler_text(&f, ENTRY_ACCOUNT, "name");
	f.record.object = object;
	filler_note(&f, "note");
	return filler_add(&f);
}

static int check_version(struct import *import, const json_t *root)
{
	static const struct refusal_version known = { "Proton Authenticator",
						      "version", 1 };
	struct json_record record = { .object = root };
	uint64_t version = json_get_number(&record, known.key, 1);

	return refusal_newer(import, &known, !json_failed(&record), version);
}

static int read_all(struct import *import, const json_t *root)
{
	const json_t *entries = json_object_get(root, "entries");
	const json_t *object;
	size_t i;
	int r = check_version(import, root);

	if (r != 0)
		return r;
	if (!json_is_array(entries))
		return refusal_list(import, "entries");
	json_array_foreach(entries, i, object)
	{
		r = read_one(import, object, i + 1);
		if (r != 0)
			return r;
	}
	return 0;
}

int proton_read(struct bytes file, struct import *import)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	AUTO_JSON_VALUE json_t *root = NULL, *inner = NULL;
	int r = json_read(file, import, &root);

	if (r != 0)
		return r;
	if (json_object_get(root, "entries") || !json_object_get(root, "salt"))
		return read_all(import, root);
	r = check_version(import, root);
	if (r == 0)
		r = open_content(import, root, &plain);
	if (r == 0)
		r = json_read(buffer_bytes(&plain), import, &inner);
	return r ? r : read_all(import, inner);
}
