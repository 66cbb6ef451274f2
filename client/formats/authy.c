#include "client/formats/authy.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/encoded.h"
#include "client/formats/filler.h"
#include "client/formats/login.h"
#include "client/formats/refusal.h"
#include "client/formats/xml.h"
#include "proto/text.h"

#define ITERATIONS 1000	 /* where the file does not tell */
#define NATIVE_DIGITS 7	 /* of accounts of Authy itself, with hex */
#define NATIVE_PERIOD 10 /* seconds */
#define WORK_MAX (4ull * CRYPT_PBKDF2_MAX)

static const char prefix[] = "com.authy.storage.tokens.";

bool authy_detect(struct bytes file)
{
	if (xml_begins(file, "map"))
		return memmem(file.p, file.n, prefix, strlen(prefix)) != NULL;
	return json_has(file, "authenticator_tokens") ||
	       (json_first_has(file, "secret") && json_first_has(file, "uri") &&
		json_first_has(file, "name"));
}

/* The first of two keys that has a text. */
static struct bytes either(const json_t *object, const char *a, const char *b)
{
	struct bytes text = json_text_of(json_object_get(object, a));

	return text.n > 0 ? text : json_text_of(json_object_get(object, b));
}

/* --- the backup password --------------------------------------------------------------- */

static struct bytes sealed_of(const json_t *token)
{
	return either(token, "encrypted_seed", "encryptedSecret");
}

static bool is_base32(struct bytes text)
{
	uint8_t secret[SECRET_MAX];
	size_t n = 0;
	int r = text_base32_decode(secret, sizeof(secret), text, &n);

	sodium_memzero(secret, sizeof(secret));
	return r == 0 && n > 0;
}

struct opener {
	struct import *import;
	uint64_t work; /* iterations that were paid for already */
};

static int derive(struct opener *o, const json_t *token, uint8_t *key)
{
	struct json_record record = { .object = token };
	struct crypt_pbkdf2 how = {
		.hash = CRYPT_SHA1,
		.iterations = json_get_number(
			&record, "key_derivation_iterations", ITERATIONS),
		.salt = json_get_text(&record, "salt"),
	};

	if (how.iterations > WORK_MAX - o->work)
		return CRYPT_ERR_COST;
	o->work += how.iterations;
	return crypt_pbkdf2(&how, o->import->password, key, CRYPT_KEY);
}

/*
 * The secret in base32. There is no tag: that the text is base32 says that
 * the password was right. 0, -ENOMEM or CRYPT_ERR_*.
 */
static int unseal(struct opener *o, const json_t *token, struct buffer *ret)
{
	AUTO_BUFFER struct buffer sealed = { 0 }, iv = { 0 };
	uint8_t key[CRYPT_KEY];
	int r = buffer_base64(&sealed, sealed_of(token));

	if (r == 0)
		r = buffer_hex(&iv, either(token, "unique_iv", "uniqueIv"));
	if (r < 0)
		return r;
	if (r == 0 && iv.n == 0 && buffer_alloc(&iv, CRYPT_BLOCK) < 0)
		return -ENOMEM;
	if (r != 0 || iv.n != CRYPT_BLOCK)
		return CRYPT_ERR_NUMBERS;
	r = derive(o, token, key);
	if (r == 0)
		r = crypt_cbc_open(key, iv.p, buffer_bytes(&sealed), ret);
	crypt_wipe(key);
	if (r == 0 && !is_base32(buffer_bytes(ret)))
		r = CRYPT_ERR_FORGED;
	return r;
}

/* Before anything is taken: does the password open any of them? */
static int check_password(struct opener *o, const json_t *list)
{
	const json_t *token;
	struct bytes password;
	int r = 0, found = 0;
	size_t i;

	json_array_foreach(list, i, token)
	{
		AUTO_BUFFER struct buffer secret = { 0 };

		if (sealed_of(token).n == 0)
			continue;
		r = import_password(o->import, &password);
		if (r != 0)
			return r;
		r = unseal(o, token, &secret);
		if (r <= 0)
			return r;
		found = found == 0 || r == CRYPT_ERR_FORGED ? r : found;
	}
	return found ? refusal_crypt(o->import, "key_derivation_iterations",
				     found) :
		       0;
}

/* --- accounts ---------------------------------------------------------------------------- */

/* "Issuer - account" where there is no colon either. */
static void split_dash(struct bytes *issuer, struct bytes *label)
{
	const uint8_t *at = memmem(label->p, label->n, " - ", 3);

	if (issuer->n > 0 || !at)
		return;
	*issuer = (struct bytes){ label->p, (size_t)(at - label->p) };
	*label = (struct bytes){ at + 3, label->n - issuer->n - 3 };
}

static void take_names(struct filler *f)
{
	const json_t *token = f->record.object;
	struct bytes label = either(token, "name", "original_name");
	struct bytes issuer = either(token, "issuer", "originalIssuer");
	struct bytes type = either(token, "account_type", "accountType");
	struct fault fault = { NULL, NULL };
	int r;

	if (label.n == 0)
		label = either(token, "originalName", "originalName");
	if (label.n > 0 && !memchr(label.p, ':', label.n))
		split_dash(&issuer, &label);
	filler_label(f, issuer, label);
	if (*entry_get(&f->entry, ENTRY_ISSUER) != '\0' ||
	    text_same(type, text_of("authenticator")))
		return;
	r = entry_set(&f->entry, ENTRY_ISSUER, type, &fault);
	filler_fail(f, r, fault);
}

static void take_sealed(struct filler *f, struct opener *o)
{
	AUTO_BUFFER struct buffer secret = { 0 };
	struct fault fault = { "secret", "does not open" };
	int r = unseal(o, f->record.object, &secret);

	if (r == 0)
		r = encoded_base32(&f->entry, buffer_bytes(&secret), &fault);
	filler_fail(f, r > 0 ? ENTRY_ERR_INVALID : r, fault);
}

/* Accounts of Authy itself, in hex, with their own period. */
static void take_native(struct filler *f, const char *key)
{
	f->entry.digits = NATIVE_DIGITS;
	f->entry.period = NATIVE_PERIOD;
	filler_hex(f, key);
}

/* The script tells digits in the URI, and nothing else that is new there. */
static void take_uri(struct filler *f, const json_t *token)
{
	struct login login = { json_text_of(json_object_get(token, "uri")),
			       json_text_of(json_object_get(token, "name")),
			       { NULL, 0 } };
	struct fault fault = { NULL, NULL };
	int r;

	r = login_fill(&login, f->import, f->position, &f->entry, &fault);
	filler_fail(f, r, fault);
}

static int read_token(struct opener *o, const json_t *token, uint64_t position)
{
	AUTO_FILLER struct filler f;

	filler_init(&f, token, o->import, position);
	take_names(&f);
	if (sealed_of(token).n > 0)
		take_sealed(&f, o);
	else if (json_object_get(token, "secretSeed"))
		take_native(&f, "secretSeed");
	else if (json_object_get(token, "secret_seed"))
		take_native(&f, "secret_seed");
	else if (json_object_get(token, "uri"))
		take_uri(&f, token);
	else
		filler_base32(&f, json_object_get(token, "secret") ?
					  "secret" :
					  "decryptedSecret");
	filler_digits(&f, "digits");
	return filler_add(&f);
}

/* position goes on through several lists. */
static int read_list(struct opener *o, const json_t *list, uint64_t *position)
{
	const json_t *token;
	size_t i;
	int r = check_password(o, list);

	json_array_foreach(list, i, token)
	{
		if (r == 0)
			r = read_token(o, token, ++*position);
	}
	return r;
}

static int read_preferences(struct opener *o, struct bytes file)
{
	AUTO_XML struct xml *root = NULL;
	uint64_t position = 0;
	int r = xml_read(file, o->import, &root);

	if (r != 0)
		return r;
	for (const struct xml *e = xml_child(root, "string"); r == 0 && e;
	     e = xml_next(e, "string")) {
		AUTO_JSON_VALUE json_t *list = NULL;
		struct bytes name = xml_attribute(e, "name");

		if (name.n < strlen(prefix) ||
		    memcmp(name.p, prefix, strlen(prefix)) != 0)
			continue;
		r = json_read(xml_text(e), o->import, &list);
		if (r == 0)
			r = read_list(o, list, &position);
	}
	return r;
}

int authy_read(struct bytes file, struct import *import)
{
	AUTO_JSON_VALUE json_t *root = NULL;
	struct opener o = { .import = import };
	uint64_t position = 0;
	int r;

	if (xml_begins(file, "map"))
		return read_preferences(&o, file);
	r = json_read(file, import, &root);
	if (r != 0)
		return r;
	if (json_is_array(root))
		return read_list(&o, root, &position);
	if (!json_object_get(root, "authenticator_tokens") &&
	    !json_object_get(root, "apps"))
		return refusal_list(import, "authenticator_tokens");
	r = read_list(&o, json_object_get(root, "authenticator_tokens"),
		      &position);
	return r ? r : read_list(&o, json_object_get(root, "apps"), &position);
}
