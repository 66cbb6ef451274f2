/*
 * Keys and ciphers of other applications: values of RFC 6070 and RFC 7914,
 * of the library argon2, and of python3-cryptography; damage; costs.
 *
 * Covers: buffer
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "client/formats/crypt.h"
#include "proto/text.h"

#define TEXT(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

static void expect_hex(const uint8_t *p, size_t n, const char *want)
{
	char got[2 * 128 + 1];

	text_hex_encode(got, sizeof(got), (struct bytes){ p, n });
	assert_string_equal(got, want);
}

static void pbkdf2(enum crypt_hash hash, const char *want)
{
	struct crypt_pbkdf2 how = { hash, 2, TEXT("salt") };
	uint8_t key[40];

	assert_int_equal(crypt_pbkdf2(&how, TEXT("password"), key, sizeof(key)),
			 0);
	expect_hex(key, sizeof(key), want);
}

static void test_pbkdf2(void **state UNUSED)
{
	pbkdf2(CRYPT_SHA1, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"
			   "cae93136266537a8d7bf4b76c51094cc1ae010b1");
	pbkdf2(CRYPT_SHA256, "ae4d0c95af6b46d32d0adff928f06dd02a303f8e"
			     "f3c251dfd6e2d85a95474c43830651afcb5c862f");
	pbkdf2(CRYPT_SHA512, "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e"
			     "9f0040713f18aefdb866d53cf76cab2868a39b9f");
}

static void test_scrypt(void **state UNUSED)
{
	struct crypt_scrypt how = { 16384, 8, 1, TEXT("SodiumChloride") };
	uint8_t key[CRYPT_KEY];

	assert_int_equal(crypt_scrypt(&how, TEXT("pleaseletmein"), key), 0);
	expect_hex(key, sizeof(key),
		   "7023bdcb3afd7348461c06cd81fd38eb"
		   "fda8fbba904f8e3ea9b543f6545da1f2");
}

static void test_argon2(void **state UNUSED)
{
	struct crypt_argon2 how = { 2, 65536, 1, TEXT("somesalt") };
	uint8_t key[CRYPT_KEY];

	assert_int_equal(crypt_argon2(&how, TEXT("password"), key), 0);
	expect_hex(key, sizeof(key),
		   "09316115d5cf24ed5a15a31a3ba326e5"
		   "cf32edc24702987c02b6566f61913cf7");
	how = (struct crypt_argon2){ 3, 64, 4, TEXT("somesalt") };
	assert_int_equal(crypt_argon2(&how, TEXT("password"), key), 0);
	expect_hex(key, sizeof(key),
		   "4f87cd309b72ccf982e3a0be0c36a2e8"
		   "517923ca3eeaf28c6efc676d092fb6d5");
}

/* All at once: nothing of it may be paid, or the test would take hours. */
static void test_costs(void **state UNUSED)
{
	struct crypt_pbkdf2 p = { CRYPT_SHA1, UINT64_MAX, TEXT("salt") };
	struct crypt_scrypt s = { 1ull << 60, 8, 1, TEXT("salt") };
	struct crypt_argon2 a = { 1, 8ull << 20, 1, TEXT("saltsalt") };
	uint8_t key[CRYPT_KEY];

	assert_int_equal(crypt_pbkdf2(&p, TEXT("x"), key, 32), CRYPT_ERR_COST);
	p.iterations = 0;
	assert_int_equal(crypt_pbkdf2(&p, TEXT("x"), key, 32),
			 CRYPT_ERR_NUMBERS);
	assert_int_equal(crypt_scrypt(&s, TEXT("x"), key), CRYPT_ERR_COST);
	s = (struct crypt_scrypt){ 1024, UINT64_MAX, 1, s.salt };
	assert_int_equal(crypt_scrypt(&s, TEXT("x"), key), CRYPT_ERR_COST);
	s = (struct crypt_scrypt){ 1024, 8, UINT64_MAX, s.salt };
	assert_int_equal(crypt_scrypt(&s, TEXT("x"), key), CRYPT_ERR_COST);
	s = (struct crypt_scrypt){ 1000, 8, 1, s.salt };
	assert_int_equal(crypt_scrypt(&s, TEXT("x"), key), CRYPT_ERR_NUMBERS);
	s = (struct crypt_scrypt){ 1024, 0, 1, s.salt };
	assert_int_equal(crypt_scrypt(&s, TEXT("x"), key), CRYPT_ERR_NUMBERS);
	assert_int_equal(crypt_argon2(&a, TEXT("x"), key), CRYPT_ERR_COST);
	a = (struct crypt_argon2){ UINT64_MAX, 64, 1, a.salt };
	assert_int_equal(crypt_argon2(&a, TEXT("x"), key), CRYPT_ERR_COST);
	a = (struct crypt_argon2){ 1, UINT64_MAX, 1, a.salt };
	assert_int_equal(crypt_argon2(&a, TEXT("x"), key), CRYPT_ERR_COST);
	a = (struct crypt_argon2){ 1, 64, 4, TEXT("short") };
	assert_int_equal(crypt_argon2(&a, TEXT("x"), key), CRYPT_ERR_NUMBERS);
	a = (struct crypt_argon2){ 1, 7, 1, TEXT("saltsalt") };
	assert_int_equal(crypt_argon2(&a, TEXT("x"), key), CRYPT_ERR_NUMBERS);
}

static void fill_key(uint8_t key[static CRYPT_KEY])
{
	for (unsigned int i = 0; i < CRYPT_KEY; i++)
		key[i] = (uint8_t)i;
}

static const char message[] = "sixteen byte txt+";

/* The key's first bytes are nonce and IV as well. */
static void test_gcm(void **state UNUSED)
{
	AUTO_BUFFER struct buffer sealed = { 0 }, plain = { 0 };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm how = { key, { key, CRYPT_NONCE }, TEXT("more") };

	fill_key(key);
	assert_int_equal(buffer_hex(&sealed,
				    TEXT("346bae6fa080ac3bef38e3ee919d0019a80d"
					 "9771681bfd7fb7b1ce45e971b84f5d")),
			 0);
	assert_int_equal(crypt_gcm_open(&how, buffer_bytes(&sealed), &plain),
			 0);
	assert_int_equal(plain.n, sizeof(message) - 1);
	assert_memory_equal(plain.p, message, plain.n);
	for (size_t i = 0; i < sealed.n; i++) {
		sealed.p[i] ^= 4;
		assert_int_equal(crypt_gcm_open(&how, buffer_bytes(&sealed),
						&plain),
				 CRYPT_ERR_FORGED);
		sealed.p[i] ^= 4;
		assert_int_equal(crypt_gcm_open(&how,
						(struct bytes){ sealed.p, i },
						&plain),
				 CRYPT_ERR_FORGED);
	}
	how.more = TEXT("less");
	assert_int_equal(crypt_gcm_open(&how, buffer_bytes(&sealed), &plain),
			 CRYPT_ERR_FORGED);
	how.nonce.n--;
	assert_int_equal(crypt_gcm_open(&how, buffer_bytes(&sealed), &plain),
			 CRYPT_ERR_FORGED);
}

static void test_cbc(void **state UNUSED)
{
	AUTO_BUFFER struct buffer sealed = { 0 }, plain = { 0 };
	uint8_t key[CRYPT_KEY];
	struct bytes all;

	fill_key(key);
	assert_int_equal(buffer_hex(&sealed,
				    TEXT("800a92e1a707681095948d9b45d78e6b"
					 "96c93271bd010d6a60edc99b55ddb163")),
			 0);
	all = buffer_bytes(&sealed);
	assert_int_equal(crypt_cbc_open(key, key, all, &plain), 0);
	assert_int_equal(plain.n, sizeof(message) - 1);
	assert_memory_equal(plain.p, message, plain.n);
	for (all.n = 0; all.n < sealed.n; all.n++)
		assert_int_equal(crypt_cbc_open(key, key, all, &plain),
				 CRYPT_ERR_FORGED);
	/* The last byte of the first block goes into the padding's length. */
	sealed.p[15] ^= 0x1f;
	all.n = sealed.n;
	assert_int_equal(crypt_cbc_open(key, key, all, &plain),
			 CRYPT_ERR_FORGED);
	sealed.p[15] ^= 0x10;
	assert_int_equal(crypt_cbc_open(key, key, all, &plain),
			 CRYPT_ERR_FORGED);
}

static void test_expand(void **state UNUSED)
{
	uint8_t key[CRYPT_KEY], out[CRYPT_KEY];

	fill_key(key);
	crypt_expand(key, "enc", out);
	expect_hex(out, sizeof(out),
		   "9c5639fac602366b486253191cb7900d"
		   "7d8e3a1514676b118d5803a11dd97213");
	crypt_sha256(TEXT("abc"), out);
	expect_hex(out, sizeof(out),
		   "ba7816bf8f01cfea414140de5dae2223"
		   "b00361a396177a9cb410ff61f20015ad");
}

static void decoded(struct bytes text, const char *want)
{
	AUTO_BUFFER struct buffer buffer = { 0 };

	assert_int_equal(buffer_base64(&buffer, text), 0);
	assert_int_equal(buffer.n, strlen(want));
	assert_memory_equal(buffer.p, want, buffer.n);
}

static void test_base64(void **state UNUSED)
{
	AUTO_BUFFER struct buffer buffer = { 0 };

	decoded(TEXT("Zm9vYmFy"), "foobar");
	decoded(TEXT("Zm9vYg=="), "foob");
	decoded(TEXT("Zm9vYg"), "foob");
	decoded(TEXT("Zm9v\r\nYmE=\r\n"), "fooba");
	decoded(TEXT(""), "");
	decoded(TEXT("  \n"), "");
	assert_int_equal(buffer_base64(&buffer, TEXT("Zm9_")), BUFFER_ERR_TEXT);
	assert_int_equal(buffer_base64(&buffer, TEXT("Z")), BUFFER_ERR_TEXT);
	assert_int_equal(buffer_base64(&buffer, TEXT("Zg==Zg==")),
			 BUFFER_ERR_TEXT);
	assert_int_equal(buffer_hex(&buffer, TEXT("0aF")), BUFFER_ERR_TEXT);
	assert_int_equal(buffer_hex(&buffer, TEXT("0g")), BUFFER_ERR_TEXT);
	assert_int_equal(buffer_hex(&buffer, TEXT("0aF0")), 0);
	expect_hex(buffer.p, buffer.n, "0af0");
	assert_int_equal(buffer_hex(&buffer, TEXT("")), 0);
	assert_int_equal(buffer.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pbkdf2), cmocka_unit_test(test_scrypt),
		cmocka_unit_test(test_argon2), cmocka_unit_test(test_costs),
		cmocka_unit_test(test_gcm),    cmocka_unit_test(test_cbc),
		cmocka_unit_test(test_expand), cmocka_unit_test(test_base64),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
