#include "client/formats/andotp.h"

#include <sodium.h>
#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/encoded.h"
#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define ITERATIONS 4 /* bytes of the number in front */
#define SALT 12
#define OLD_MIN (CRYPT_NONCE + CRYPT_TAG)
#define NEW_MIN (ITERATIONS + SALT + OLD_MIN)

static bool is_plain(struct bytes file)
{
	return json_first_has(file, "secret") &&
	       json_first_has(file, "label") && json_first_has(file, "type");
}

/* Files that cannot be read here, but are known to be something else. */
static bool is_other(struct bytes file)
{
	static const char *const magics[] = {
		"PK\x03\x04", "SQLite format 3",  "\x89PNG",  "\xff\xd8\xff",
		"%PDF-",      "\xac\xed",	  "\x1f\x8b", "GIF8",
		"KeePass",    "\x03\xd9\xa2\x9a", "\x85\x02", "\177ELF",
	};

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		size_t n = strlen(magics[i]);

		if (file.n >= n && memcmp(file.p, magics[i], n) == 0)
			return true;
	}
	return false;
}

/* Noise of this length is never UTF-8, but by a miracle. */
static bool is_noise(struct bytes file)
{
	return file.n >= OLD_MIN && !text_utf8(file) && !is_other(file);
}

bool andotp_detect(struct bytes file)
{
	return is_plain(file) || is_noise(file);
}

static int open_new(struct bytes file, struct bytes password,
		    struct buffer *ret)
{
	struct crypt_pbkdf2 how = { .hash = CRYPT_SHA1 };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = { .key = key };
	int r;

	for (size_t i = 0; i < ITERATIONS && i < file.n; i++)
		how.iterations = how.iterations << 8 | file.p[i];
	if (file.n < NEW_MIN || how.iterations == 0 ||
	    how.iterations > CRYPT_PBKDF2_MAX)
		return CRYPT_ERR_FORGED;
	how.salt = (struct bytes){ file.p + ITERATIONS, SALT };
	gcm.nonce = (struct bytes){ file.p + ITERATIONS + SALT, CRYPT_NONCE };
	file.p += ITERATIONS + SALT + CRYPT_NONCE;
	file.n -= ITERATIONS + SALT + CRYPT_NONCE;
	r = crypt_pbkdf2(&how, password, key, sizeof(key));
	if (r == 0)
		r = crypt_gcm_open(&gcm, file, ret);
	crypt_wipe(key);
	return r;
}

static int open_old(struct bytes file, struct bytes password,
		    struct buffer *ret)
{
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = { .key = key };
	int r;

	if (file.n < OLD_MIN)
		return CRYPT_ERR_FORGED;
	gcm.nonce = (struct bytes){ file.p, CRYPT_NONCE };
	file.p += CRYPT_NONCE;
	file.n -= CRYPT_NONCE;
	crypt_sha256(password, key);
	r = crypt_gcm_open(&gcm, file, ret);
	crypt_wipe(key);
	return r;
}

/* Nothing says which it is, but only one of them opens. */
static int open_either(struct import *import, struct bytes file,
		       struct buffer *ret)
{
	struct bytes password;
	int r;

	if (file.n < OLD_MIN)
		return refusal_byte(import, file.n, "it is cut off");
	r = import_password(import, &password);
	if (r != 0)
		return r;
	r = open_new(file, password, ret);
	if (r == CRYPT_ERR_FORGED)
		r = open_old(file, password, ret);
	return r ? refusal_crypt(import, "bytes 0 to 3", r) : 0;
}

/* Old labels hold the issuer, as "Issuer - account" or "Issuer:account". */
static void take_names(struct filler *f)
{
	struct bytes issuer = json_get_text(&f->record, "issuer");
	struct bytes label = json_get_text(&f->record, "label");

	for (size_t i = 0; issuer.n == 0 && i + 3 <= label.n; i++) {
		if (memcmp(label.p + i, " - ", 3) != 0)
			continue;
		issuer = (struct bytes){ label.p, i };
		label.p += i + 3;
		label.n -= i + 3;
		break;
	}
	filler_label(f, issuer, label);
}

/* mOTP: base32 of the letters of the hex. */
static void take_motp(struct filler *f)
{
	uint8_t hex[2 * SECRET_MAX];
	struct bytes text = json_get_text(&f->record, "secret");
	struct fault fault = { "secret", "is not base32 of hex" };
	size_t n = 0;
	int r;

	if (text_base32_decode(hex, sizeof(hex), text, &n) != 0)
		r = ENTRY_ERR_INVALID;
	else
		r = encoded_hex(&f->entry, (struct bytes){ hex, n }, &fault);
	filler_fail(f, r, fault);
	sodium_memzero(hex, sizeof(hex));
}

static int read_one(struct import *import, const json_t *object,
		    uint64_t position)
{
	AUTO_FILLER struct filler f;
	const json_t *tag;
	size_t i;

	filler_init(&f, object, import, position);
	take_names(&f);
	filler_type(&f, "type");
	filler_digits(&f, "digits");
	if (f.entry.type == FOB__OTP_TYPE__HOTP)
		filler_counter(&f, "counter");
	else
		filler_period(&f, "period");
	json_array_foreach(json_get_array(&f.record, "tags"), i, tag)
		filler_tag(&f, json_text_of(tag));
	if (f.entry.type == FOB__OTP_TYPE__MOTP) {
		take_motp(&f);
	} else {
		filler_algorithm(&f, "algorithm");
		filler_base32(&f, "secret");
	}
	return filler_add(&f);
}

int andotp_read(struct bytes file, struct import *import)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	AUTO_JSON_VALUE json_t *root = NULL;
	const json_t *object;
	size_t i;
	int r = 0;

	if (!is_plain(file) && !text_utf8(file))
		r = open_either(import, file, &plain);
	if (r == 0)
		r = json_read(plain.p ? buffer_bytes(&plain) : file, import,
			      &root);
	if (r != 0)
		return r;
	if (!json_is_array(root))
		return refusal_list(import, NULL);
	json_array_foreach(root, i, object)
	{
		r = read_one(import, object, i + 1);
		if (r != 0)
			return r;
	}
	return 0;
}
