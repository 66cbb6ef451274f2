#include "client/formats/stratum.h"

#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define MAGIC 16 /* bytes */
#define STRONG_SALT 16
#define LEGACY_SALT 20
#define LEGACY_ITERATIONS 64000

static const char strong_magic[MAGIC + 1] = "AUTHENTICATORPRO";
static const char legacy_magic[MAGIC + 1] = "AuthenticatorPro";

static bool begins(struct bytes file, const char *magic)
{
	return file.n >= MAGIC && memcmp(file.p, magic, MAGIC) == 0;
}

bool stratum_detect(struct bytes file)
{
	return begins(file, strong_magic) || begins(file, legacy_magic) ||
	       json_has(file, "Authenticators");
}

/* Takes n bytes off the front; p is NULL when there are no so many. */
static struct bytes cut(struct bytes *rest, size_t n)
{
	struct bytes head = { rest->p, n };

	if (rest->n < n)
		return (struct bytes){ NULL, 0 };
	rest->p += n;
	rest->n -= n;
	return head;
}

static int open_strong(struct import *import, struct bytes file,
		       struct buffer *ret)
{
	struct crypt_argon2 how = { .passes = 3, .kib = 65536, .lanes = 4 };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = { .key = key };
	struct bytes password;
	size_t whole = file.n;
	int r;

	cut(&file, MAGIC);
	how.salt = cut(&file, STRONG_SALT);
	gcm.nonce = cut(&file, CRYPT_NONCE);
	if (!how.salt.p || !gcm.nonce.p || file.n < CRYPT_TAG)
		return refusal_byte(import, whole, "it is cut off");
	r = import_password(import, &password);
	if (r != 0)
		return r;
	r = crypt_argon2(&how, password, key);
	if (r == 0)
		r = crypt_gcm_open(&gcm, file, ret);
	crypt_wipe(key);
	return r ? refusal_crypt(import, "bytes 16 to 43", r) : 0;
}

static int open_legacy(struct import *import, struct bytes file,
		       struct buffer *ret)
{
	struct crypt_pbkdf2 how = { CRYPT_SHA1, LEGACY_ITERATIONS, { 0 } };
	uint8_t key[CRYPT_KEY];
	struct bytes password, iv;
	size_t whole = file.n;
	int r;

	cut(&file, MAGIC);
	how.salt = cut(&file, LEGACY_SALT);
	iv = cut(&file, CRYPT_BLOCK);
	if (!how.salt.p || !iv.p || file.n == 0 || file.n % CRYPT_BLOCK != 0)
		return refusal_byte(import, whole, "it is cut off");
	r = import_password(import, &password);
	if (r != 0)
		return r;
	r = crypt_pbkdf2(&how, password, key, sizeof(key));
	if (r == 0)
		r = crypt_cbc_open(key, iv.p, file, ret);
	crypt_wipe(key);
	return r ? refusal_crypt(import, "bytes 16 to 43", r) : 0;
}

static void take_type(struct filler *f)
{
	static const uint32_t types[] = {
		[1] = FOB__OTP_TYPE__HOTP,   [2] = FOB__OTP_TYPE__TOTP,
		[3] = FOB__OTP_TYPE__MOTP,   [4] = FOB__OTP_TYPE__STEAM,
		[5] = FOB__OTP_TYPE__YANDEX,
	};
	uint64_t type = json_get_number(&f->record, "Type", 0);

	f->entry.type = type < ARRAY_SIZE(types) ? types[type] : 0;
}

static void take_algorithm(struct filler *f)
{
	static const uint32_t algorithms[] = { FOB__ALGORITHM__SHA1,
					       FOB__ALGORITHM__SHA256,
					       FOB__ALGORITHM__SHA512 };
	uint64_t v = json_get_number(&f->record, "Algorithm", 0);

	f->entry.algorithm = v < ARRAY_SIZE(algorithms) ? algorithms[v] :
							  UINT32_MAX;
}

/* "@" and the id of a picture that is in the file, or a name. */
static void take_icon(struct filler *f)
{
	struct bytes icon = json_get_text(&f->record, "Icon");

	if (icon.n > 0 && icon.p[0] == '@')
		filler_icon_lost(f);
	else
		filler_icon(f, icon);
}

static bool same(struct bytes a, struct bytes b)
{
	return a.n == b.n && a.n > 0 && memcmp(a.p, b.p, a.n) == 0;
}

static struct bytes member(const json_t *object, const char *key)
{
	return json_text_of(json_object_get(object, key));
}

/* The name of the category with this id goes to the entry. */
static void take_category(struct filler *f, const json_t *root, struct bytes id)
{
	const json_t *category;
	size_t i;

	json_array_foreach(json_object_get(root, "Categories"), i,
			   category) if (same(member(category, "Id"), id))
		filler_tag(f, member(category, "Name"));
}

/* Bindings name an entry by its secret, as it is written. */
static void take_categories(struct filler *f, const json_t *root)
{
	const json_t *list = json_object_get(root, "AuthenticatorCategories");
	struct bytes secret = member(f->record.object, "Secret");
	const json_t *binding;
	size_t i;

	json_array_foreach(
		list, i,
		binding) if (same(member(binding, "AuthenticatorSecret"),
				  secret))
		take_category(f, root, member(binding, "CategoryId"));
}

static int read_one(struct import *import, const json_t *root,
		    const json_t *object, uint64_t position)
{
	AUTO_FILLER struct filler f;

	filler_init(&f, object, import, position);
	filler_text(&f, ENTRY_ISSUER, "Issuer");
	filler_text(&f, ENTRY_ACCOUNT, "Username");
	filler_text(&f, ENTRY_PIN, "Pin");
	take_icon(&f);
	take_type(&f);
	take_algorithm(&f);
	filler_digits(&f, "Digits");
	if (f.entry.type == FOB__OTP_TYPE__HOTP)
		filler_counter(&f, "Counter");
	else
		filler_period(&f, "Period");
	take_categories(&f, root);
	if (f.entry.type == FOB__OTP_TYPE__MOTP)
		filler_hex(&f, "Secret");
	else
		filler_base32(&f, "Secret");
	return filler_add(&f);
}

static int read_all(struct import *import, const json_t *root)
{
	const json_t *list = json_object_get(root, "Authenticators");
	const json_t *object;
	size_t i;

	if (!json_is_array(list))
		return refusal_list(import, "Authenticators");
	json_array_foreach(list, i, object)
	{
		int r = read_one(import, root, object, i + 1);

		if (r != 0)
			return r;
	}
	return 0;
}

int stratum_read(struct bytes file, struct import *import)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	AUTO_JSON_VALUE json_t *root = NULL;
	bool legacy = begins(file, legacy_magic);
	int r = 0;

	if (legacy)
		r = open_legacy(import, file, &plain);
	else if (begins(file, strong_magic))
		r = open_strong(import, file, &plain);
	if (r != 0)
		return r;
	r = json_read(plain.p ? buffer_bytes(&plain) : file, import, &root);
	/* There is no tag: only JSON says that the password was right. */
	if (legacy && r == IMPORT_ERR_FILE)
		return import_wrong(import);
	return r ? r : read_all(import, root);
}
