#include "client/formats/twofas.h"

#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/text.h"

#define SCHEMA_MAX 4
#define ITERATIONS 10000

bool twofas_detect(struct bytes file)
{
	return json_has(file, "schemaVersion") ||
	       json_has(file, "servicesEncrypted");
}

/* What stands before the colon, in base64; *text goes on behind it. */
static int take_part(struct bytes *text, struct buffer *ret)
{
	const uint8_t *colon = text->n ? memchr(text->p, ':', text->n) : NULL;
	struct bytes part = *text;

	if (colon)
		part.n = (size_t)(colon - text->p);
	text->p += part.n + (colon ? 1 : 0);
	text->n -= part.n + (colon ? 1 : 0);
	return buffer_base64(ret, part);
}

/* "ciphertext and tag : salt : nonce" */
struct parts {
	struct buffer sealed, salt, nonce; /* owned */
};

static void parts_free(struct parts *parts)
{
	buffer_free(&parts->sealed);
	buffer_free(&parts->salt);
	buffer_free(&parts->nonce);
}

static int split(struct import *import, struct bytes text, struct parts *ret)
{
	int r = take_part(&text, &ret->sealed);

	if (r == 0)
		r = take_part(&text, &ret->salt);
	if (r == 0)
		r = take_part(&text, &ret->nonce);
	if (r < 0)
		return r;
	if (r != 0 || text.n > 0 || ret->sealed.n < CRYPT_TAG ||
	    ret->nonce.n != CRYPT_NONCE)
		return import_fail(import,
				   "servicesEncrypted is damaged: it is "
				   "cut off, or no base64");
	return 0;
}

static int open_services(struct import *import, struct bytes text,
			 struct buffer *ret)
{
	CLEANUP(parts_free) struct parts parts = { 0 };
	struct crypt_pbkdf2 how = { .hash = CRYPT_SHA256 };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = { .key = key };
	struct bytes password;
	int r = split(import, text, &parts);

	if (r == 0)
		r = import_password(import, &password);
	if (r != 0)
		return r;
	how.iterations = ITERATIONS;
	how.salt = buffer_bytes(&parts.salt);
	gcm.nonce = buffer_bytes(&parts.nonce);
	r = crypt_pbkdf2(&how, password, key, sizeof(key));
	if (r == 0)
		r = crypt_gcm_open(&gcm, buffer_bytes(&parts.sealed), ret);
	crypt_wipe(key);
	return r ? refusal_crypt(import, "servicesEncrypted", r) : 0;
}

static struct bytes member(const json_t *object, const char *key)
{
	return json_text_of(json_object_get(object, key));
}

static void take_group(struct filler *f, const json_t *root)
{
	struct bytes id = json_get_text(&f->record, "groupId");
	const json_t *group;
	size_t i;

	if (id.n == 0)
		return;
	json_array_foreach(json_object_get(root, "groups"), i,
			   group) if (text_same(member(group, "id"), id))
		filler_tag(f, member(group, "name"));
}

/*
 * The first schema has a label of both; a name that the person has given is
 * taken where there is no issuer.
 */
static void take_names(struct filler *f, const json_t *otp)
{
	struct bytes issuer = member(otp, "issuer");
	struct bytes account = member(otp, "account");

	if (issuer.n == 0)
		issuer = member(f->record.object, "name");
	if (account.n == 0)
		account = member(otp, "label");
	filler_label(f, issuer, account);
}

static int read_one(struct import *import, const json_t *root,
		    const json_t *object, uint64_t position)
{
	AUTO_FILLER struct filler f;
	const json_t *otp;

	filler_init(&f, object, import, position);
	otp = json_get_object(&f.record, "otp");
	take_names(&f, otp);
	take_group(&f, root);
	filler_base32(&f, "secret");
	f.record.object = otp;
	filler_type(&f, "tokenType");
	filler_algorithm(&f, "algorithm");
	filler_digits(&f, "digits");
	filler_period(&f, "period");
	filler_counter(&f, "counter");
	return filler_add(&f);
}

static int read_all(struct import *import, const json_t *root,
		    const json_t *services)
{
	const json_t *object;
	size_t i;

	if (!json_is_array(services))
		return refusal_list(import, "services");
	json_array_foreach(services, i, object)
	{
		int r = read_one(import, root, object, i + 1);

		if (r != 0)
			return r;
	}
	return 0;
}

static int check_version(struct import *import, struct json_record *record)
{
	static const struct refusal_version known = { "2FAS", "schemaVersion",
						      SCHEMA_MAX };
	uint64_t version = json_get_number(record, known.key, 1);

	return refusal_newer(import, &known, !json_failed(record), version);
}

int twofas_read(struct bytes file, struct import *import)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	AUTO_JSON_VALUE json_t *root = NULL, *inner = NULL;
	struct json_record record = { 0 };
	struct bytes sealed;
	int r = json_read(file, import, &root);

	if (r != 0)
		return r;
	record.object = root;
	r = check_version(import, &record);
	if (r != 0)
		return r;
	sealed = json_get_text(&record, "servicesEncrypted");
	if (sealed.n == 0)
		return read_all(import, root,
				json_object_get(root, "services"));
	r = open_services(import, sealed, &plain);
	if (r == 0)
		r = json_read(buffer_bytes(&plain), import, &inner);
	return r ? r : read_all(import, root, inner);
}
