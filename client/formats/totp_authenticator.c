#include "client/formats/totp_authenticator.h"

#include <sodium.h>
#include <string.h>

#include "client/formats/crypt.h"
#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/text.h"

#define CHARACTERS_MIN 64 /* shorter text is something else */
#define BASE_HEX 16
#define BASE_BASE32 32

static bool is_base64(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '+' || c == '/';
}

static bool is_end(uint8_t c)
{
	return c == '=' || c == '\r' || c == '\n' || c == ' ';
}

/* One word of base64 in both cases, whole blocks long. */
bool totp_authenticator_detect(struct bytes file)
{
	bool lower = false;
	size_t n;

	while (file.n > 0 && is_end(file.p[file.n - 1]))
		file.n--;
	for (size_t i = 0; i < file.n; i++) {
		if (!is_base64(file.p[i]))
			return false;
		lower = lower || file.p[i] >= 'a';
	}
	n = file.n / 4 * 3 + (file.n % 4 ? file.n % 4 - 1 : 0);
	return lower && file.n >= CHARACTERS_MIN && file.n % 4 != 1 &&
	       n % CRYPT_BLOCK == 0;
}

static int decrypt(struct import *import, struct bytes file, struct buffer *ret)
{
	static const uint8_t iv[CRYPT_BLOCK];
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t key[CRYPT_KEY];
	struct bytes password;
	int r = buffer_base64(&sealed, file);

	if (r < 0)
		return r;
	if (r != 0 || sealed.n == 0 || sealed.n % CRYPT_BLOCK != 0)
		return import_fail(import, "the file is damaged: it is not "
					   "whole blocks in base64");
	r = import_password(import, &password);
	if (r != 0)
		return r;
	crypt_sha256(password, key);
	r = crypt_cbc_open(key, iv, buffer_bytes(&sealed), ret);
	crypt_wipe(key);
	return r ? refusal_crypt(import, "the file", r) : 0;
}

static int read_one(struct import *import, const json_t *object,
		    uint64_t position)
{
	AUTO_FILLER struct filler f;
	struct fault fault = { "base", "is neither 16 nor 32" };
	uint64_t base;

	filler_init(&f, object, import, position);
	filler_label(&f, json_get_text(&f.record, "issuer"),
		     json_get_text(&f.record, "name"));
	filler_loose(&f, "digits", &f.entry.digits);
	filler_loose(&f, "period", &f.entry.period);
	base = json_get_loose(&f.record, "base", BASE_HEX);
	if (base == BASE_HEX)
		filler_hex(&f, "key");
	else if (base == BASE_BASE32)
		filler_base32(&f, "key");
	else
		filler_fail(&f, ENTRY_ERR_INVALID, fault);
	return filler_add(&f);
}

static int read_list(struct import *import, struct bytes text)
{
	AUTO_JSON_VALUE json_t *list = NULL;
	const json_t *object;
	size_t i;
	int r = json_read(text, import, &list);

	if (r != 0)
		return r;
	json_array_foreach(list, i, object)
	{
		r = read_one(import, object, i + 1);
		if (r != 0)
			return r;
	}
	return 0;
}

int totp_authenticator_read(struct bytes file, struct import *import)
{
	AUTO_BUFFER struct buffer plain = { 0 };
	AUTO_JSON_VALUE json_t *root = NULL;
	void *first;
	int r = decrypt(import, file, &plain);

	if (r != 0)
		return r;
	r = json_read(buffer_bytes(&plain), import, &root);
	/* There is no tag: only JSON says that the password was right. */
	if (r == IMPORT_ERR_FILE)
		return import_wrong(import);
	if (r != 0)
		return r;
	first = json_object_iter(root);
	if (!first)
		return import_fail(
			import,
			"the file has no list of accounts: what is encrypted is no object");
	return read_list(import, text_of(json_object_iter_key(first)));
}
