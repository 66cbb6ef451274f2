/*
 * What the tests of formats share: files are read through the table as the
 * program does it, entries are compared as text, encrypted samples are made
 * here with nettle, and real ones are read where FOB_FIXTURES says.
 */
#ifndef FOB_TESTS_FORMATS_H
#define FOB_TESTS_FORMATS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/gcm.h>
#include <sodium.h>

#include "client/formats/crypt.h"
#include "client/formats/formats.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define TEXT(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })
#define LINE 1024
#define FILE_ROOM (1024 * 1024)

/* --- reading ---------------------------------------------------------------- */

/* password: NULL for none. Detection must agree, but for a file that is cut. */
UNUSED static int read_as(const char *format, struct bytes file,
			  const char *password, struct import *ret)
{
	const struct format *found = formats_find(format);

	assert_non_null(found);
	import_init(ret);
	if (password)
		ret->password = text_of(password);
	return found->read(file, ret);
}

UNUSED static void read_whole(const char *format, struct bytes file,
			      const char *password, struct import *ret)
{
	const struct format *found = formats_detect(file);
	int r;

	assert_non_null(found);
	assert_string_equal(found->name, format);
	r = read_as(format, file, password, ret);
	if (r != 0)
		fail_msg("%d: %s", r, ret->error ? ret->error : "");
}

UNUSED static void refused(const char *format, struct bytes file,
			   const char *password, int error)
{
	AUTO_IMPORT struct import import;
	int r = read_as(format, file, password, &import);

	if (r != error)
		fail_msg("%d, not %d: %s", r, error,
			 import.error ? import.error : "");
	assert_int_equal(import.n, 0);
}

UNUSED static void refused_for(const char *format, struct bytes file,
			       const char *password, const char *why)
{
	AUTO_IMPORT struct import import;

	assert_int_equal(read_as(format, file, password, &import),
			 IMPORT_ERR_FILE);
	if (!strstr(import.error, why))
		fail_msg("\"%s\" is not in \"%s\"", why, import.error);
}

/* --- entries as text -------------------------------------------------------- */

/* "1 HEX 1 6 30 0 [issuer] [account]", then what else there is. */
UNUSED static void describe(const struct entry *entry, char out[static LINE])
{
	char secret[TEXT_HEX_SIZE(SECRET_MAX)];
	size_t n;

	text_hex_encode(secret, sizeof(secret),
			(struct bytes){ entry->secret, entry->secret_n });
	n = (size_t)snprintf(out, LINE, "%u %s %u %u %u %llu [%s] [%s]",
			     entry->type, secret, entry->algorithm,
			     entry->digits, entry->period,
			     (unsigned long long)entry->counter,
			     entry_get(entry, ENTRY_ISSUER),
			     entry_get(entry, ENTRY_ACCOUNT));
	if (entry->texts[ENTRY_PIN])
		n += (size_t)snprintf(out + n, LINE - n, " pin=%s",
				      entry->texts[ENTRY_PIN]);
	if (entry->texts[ENTRY_NOTE])
		n += (size_t)snprintf(out + n, LINE - n, " note=%s",
				      entry->texts[ENTRY_NOTE]);
	if (entry->texts[ENTRY_ICON])
		n += (size_t)snprintf(out + n, LINE - n, " icon=%s",
				      entry->texts[ENTRY_ICON]);
	if (entry->favourite)
		n += (size_t)snprintf(out + n, LINE - n, " favourite");
	for (size_t i = 0; i < entry->n_tags; i++)
		n += (size_t)snprintf(out + n, LINE - n, " %s", entry->tags[i]);
	assert_true(n < LINE);
}

UNUSED static void expect_entry(const struct import *import, size_t i,
				const char *want)
{
	char got[LINE];

	assert_true(i < import->n);
	describe(&import->entries[i], got);
	assert_string_equal(got, want);
}

UNUSED static void expect_skip(const struct import *import, size_t i,
			       uint64_t position, const char *text)
{
	assert_true(i < import->skipped.n);
	assert_int_equal(import->skipped.list[i].position, position);
	assert_string_equal(import->skipped.list[i].text, text);
}

/* --- the entries of the real samples ---------------------------------------- */

/* Of one file: which of them, by bits, in this order. */
enum {
	DENO = 1,
	SPDX = 2,
	AIRBNB = 4,
	ISSUU = 8,
	AIR_CANADA = 16,
	WWE = 32,
	BOEING = 64,
	ALL_SEVEN = 127,
};

UNUSED static void expect_samples(const struct import *import, unsigned int of)
{
	static const char *const samples[] = {
		"1 e49270f0d21f365c8408f8b475c5267c 1 6 30 0 [Deno] [Mason]",
		"1 eb99cb39c67ae042fa866ec4f239cbb5 2 7 20 0 [SPDX] [James]",
		"1 f91664c8d768853aedde5a936c16ba88 3 8 50 0 [Airbnb] "
		"[Elijah]",
		"2 c39cc45ed2e99be8cc2fa14b654edd67 1 6 0 1 [Issuu] [James]",
		"2 552a94b99feed079b472cd44d52fe642 2 7 0 50 [Air Canada] "
		"[Benjamin]",
		"2 ed40c5eefbecce2206b15d75c1182a76 3 8 0 10300 [WWE] "
		"[Mason]",
		"3 4c7225f3e265eae831afcc745fa79132 1 5 30 0 [Boeing] "
		"[Sophia]",
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		if (of & 1u << i)
			expect_entry(import, n++, samples[i]);
	assert_int_equal(import->n, n);
	assert_int_equal(import->skipped.n, 0);
}

/* Skips the test where there are no samples. path: below fixtures. */
UNUSED static void load_sample(const char *path, struct buffer *ret)
{
	const char *folder = getenv("FOB_FIXTURES");
	char name[4096];
	FILE *f;

	if (!folder) {
		print_message("FOB_FIXTURES is not set: skipped\n");
		skip();
	}
	snprintf(name, sizeof(name), "%s/fixtures/%s", folder, path);
	f = fopen(name, "rb");
	assert_non_null(f);
	assert_int_equal(buffer_alloc(ret, FILE_ROOM), 0);
	ret->n = fread(ret->p, 1, FILE_ROOM, f);
	assert_true(ret->n > 0 && ret->n < FILE_ROOM);
	fclose(f);
}

UNUSED static void sample(const char *format, const char *path,
			  const char *password, unsigned int of)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample(path, &file);
	read_whole(format, buffer_bytes(&file), password, &import);
	expect_samples(&import, of);
	if (!password)
		return;
	refused(format, buffer_bytes(&file), NULL, IMPORT_ERR_PASSWORD);
	refused(format, buffer_bytes(&file), "wrong", IMPORT_ERR_WRONG);
}

/* --- making files ------------------------------------------------------------- */

struct text {
	char *p; /* owned */
	size_t n;
};

UNUSED static void text_free(struct text *text)
{
	free(text->p);
	*text = (struct text){ NULL, 0 };
}
#define AUTO_TEXT CLEANUP(text_free)

UNUSED __attribute__((format(printf, 2, 3))) static void
put(struct text *text, const char *format, ...)
{
	char *grown;
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(NULL, 0, format, list);
	va_end(list);
	assert_true(n >= 0);
	grown = realloc(text->p, text->n + (size_t)n + 1);
	assert_non_null(grown);
	text->p = grown;
	va_start(list, format);
	vsnprintf(text->p + text->n, (size_t)n + 1, format, list);
	va_end(list);
	text->n += (size_t)n;
}

UNUSED static void put_hex(struct text *text, struct bytes bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		put(text, "%02x", bytes.p[i]);
}

UNUSED static void put_base64(struct text *text, struct bytes bytes)
{
	size_t size = sodium_base64_ENCODED_LEN(bytes.n,
						sodium_base64_VARIANT_ORIGINAL);
	char *encoded = malloc(size);

	assert_non_null(encoded);
	sodium_bin2base64(encoded, size, bytes.p, bytes.n,
			  sodium_base64_VARIANT_ORIGINAL);
	put(text, "%s", encoded);
	free(encoded);
}

UNUSED static struct bytes text_bytes(const struct text *text)
{
	return (struct bytes){ (const uint8_t *)text->p, text->n };
}

UNUSED static void append(struct buffer *buffer, struct bytes bytes)
{
	struct buffer grown = { 0 };

	assert_int_equal(buffer_alloc(&grown, buffer->n + bytes.n), 0);
	if (buffer->n > 0)
		memcpy(grown.p, buffer->p, buffer->n);
	if (bytes.n > 0)
		memcpy(grown.p + buffer->n, bytes.p, bytes.n);
	buffer_free(buffer);
	*buffer = grown;
}

/* Ciphertext and tag. */
UNUSED static void seal_gcm(const struct crypt_gcm *how, struct bytes plain,
			    struct buffer *ret)
{
	struct gcm_aes256_ctx ctx;

	assert_int_equal(buffer_alloc(ret, plain.n + CRYPT_TAG), 0);
	gcm_aes256_set_key(&ctx, how->key);
	gcm_aes256_set_iv(&ctx, CRYPT_NONCE, how->nonce.p);
	gcm_aes256_update(&ctx, how->more.n, how->more.p);
	gcm_aes256_encrypt(&ctx, plain.n, ret->p, plain.p);
	gcm_aes256_digest(&ctx, CRYPT_TAG, ret->p + plain.n);
}

UNUSED static void seal_cbc(const uint8_t *key, const uint8_t *iv,
			    struct bytes plain, struct buffer *ret)
{
	struct CBC_CTX(struct aes256_ctx, CRYPT_BLOCK) ctx;
	size_t pad = CRYPT_BLOCK - plain.n % CRYPT_BLOCK;

	assert_int_equal(buffer_alloc(ret, plain.n + pad), 0);
	memcpy(ret->p, plain.p, plain.n);
	memset(ret->p + plain.n, (int)pad, pad);
	aes256_set_encrypt_key(&ctx.ctx, key);
	CBC_SET_IV(&ctx, iv);
	CBC_ENCRYPT(&ctx, aes256_encrypt, ret->n, ret->p, ret->p);
}

/* --- damage -------------------------------------------------------------------- */

static const uint8_t noise[32] = { 9, 250, 3, 17, 91, 6, 77, 201, 13, 66, 5 };

UNUSED static void expect_sane(int r, const struct import *import)
{
	struct fault fault;

	assert_in_range(r, 0, IMPORT_ERR_WRONG);
	assert_true(r == 0 || r == IMPORT_ERR_PASSWORD || import->error);
	for (size_t i = 0; i < import->n; i++)
		assert_int_equal(entry_check(&import->entries[i], &fault), 0);
}

/*
 * Cut and changed at tries places: no crash, nothing but what a reader may
 * answer, every entry sound. sealed: then nothing may come out at all.
 */
UNUSED static void survive(const char *format, struct bytes file,
			   const char *password, size_t tries, bool sealed)
{
	for (size_t i = 0; i < tries; i++) {
		size_t at = i * file.n / tries;
		uint8_t *copy = malloc(file.n);
		AUTO_IMPORT struct import cut;
		AUTO_IMPORT struct import changed;
		int r;

		assert_non_null(copy);
		memcpy(copy, file.p, file.n);
		r = read_as(format, (struct bytes){ copy, at }, password, &cut);
		expect_sane(r, &cut);
		assert_true(!sealed || cut.n == 0);
		copy[at] ^= (uint8_t)(1u << i % 8);
		r = read_as(format, (struct bytes){ copy, file.n }, password,
			    &changed);
		expect_sane(r, &changed);
		free(copy);
	}
}

#endif
