/*
 * Bitwarden's JSON: plain, both forms with a password, damage, what a file
 * may ask of us; Bitwarden Authenticator's two forms; real samples.
 *
 * Covers: bitwarden_authenticator
 */
#include "tests/unit/formats.h"

#define PASSWORD "correct horse"
#define SALT "c2FsdCBvZiAxNiBieXRlcw=="

static const char plain[] =
	"{\"encrypted\":false,\"folders\":[{\"id\":\"f1\",\"name\":\"Web\"}],"
	"\"items\":["
	"{\"type\":1,\"name\":\"Site\",\"notes\":\"n\",\"favorite\":true,"
	"\"folderId\":\"f1\",\"login\":{\"username\":\"me\","
	"\"password\":\"never taken\",\"totp\":\"mfr gg\"}},"
	"{\"type\":1,\"name\":\"No code\",\"login\":{\"totp\":null}},"
	"{\"type\":2,\"name\":\"A note\",\"login\":{\"totp\":\"MFRGG\"}},"
	"{\"type\":1,\"name\":\"N\",\"folderId\":\"none\",\"login\":{"
	"\"username\":\"u\",\"totp\":"
	"\"otpauth://totp/I:a?secret=MFRGG&period=60\"}},"
	"{\"type\":1,\"name\":\"Bad\",\"login\":{\"totp\":\"otpauth://x\"}},"
	"{\"type\":1,\"name\":7,\"login\":{\"totp\":\"MFRG0\"}},"
	"[]]}";

static void expect_plain(const struct import *import)
{
	assert_int_equal(import->n, 2);
	expect_entry(import, 0,
		     "1 616263 1 6 30 0 [Site] [me] note=n favourite tag/Web");
	expect_entry(import, 1, "1 616263 1 6 60 0 [I] [a]");
	assert_int_equal(import->skipped.n, 3);
	expect_skip(import, 0, 5,
		    "type must be totp, hotp, steam, motp or yaotp");
	assert_string_equal(import->skipped.list[0].name, "Bad");
	expect_skip(import, 2, 7, "record is not an object");
}

static void test_plain(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("bitwarden", text_of(plain), NULL, &import);
	expect_plain(&import);
	survive("bitwarden", text_of(plain), NULL, 300, false);
	refused_for("bitwarden", TEXT("{\"encrypted\":false,\"items\":7}"),
		    NULL, "\"items\" is missing");
	refused_for("bitwarden", TEXT("{\"encrypted\":true,\"data\":\"\"}"),
		    NULL, "only the Bitwarden account");
}

/* "2.IV|TEXT|MAC" under the two keys. */
static void put_sealed(struct text *out, const uint8_t *key, struct bytes text)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t cipher[CRYPT_KEY], authenticate[CRYPT_KEY], mac[CRYPT_KEY];
	struct bytes iv = { noise, CRYPT_BLOCK };

	crypt_expand(key, "enc", cipher);
	crypt_expand(key, "mac", authenticate);
	seal_cbc(cipher, iv.p, text, &sealed);
	crypt_hmac(BYTES(authenticate), iv, buffer_bytes(&sealed), mac);
	put(out, "2.");
	put_base64(out, iv);
	put(out, "|");
	put_base64(out, buffer_bytes(&sealed));
	put(out, "|");
	put_base64(out, BYTES(mac));
}

static void put_file(struct text *out, const char *kdf, const uint8_t *key,
		     const uint8_t *data_key)
{
	put(out,
	    "{\"encrypted\":true,\"passwordProtected\":true,"
	    "\"salt\":\"" SALT "\",%s,\"encKeyValidation_DO_NOT_EDIT\":\"",
	    kdf);
	put_sealed(out, key, TEXT("00000000-0000-4000-8000-000000000000"));
	put(out, "\",\"data\":\"");
	put_sealed(out, data_key, text_of(plain));
	put(out, "\"}");
}

static void make_pbkdf2(struct text *out)
{
	struct crypt_pbkdf2 how = { CRYPT_SHA256, 5000, TEXT(SALT) };
	uint8_t key[CRYPT_KEY];

	assert_int_equal(crypt_pbkdf2(&how, TEXT(PASSWORD), key, sizeof(key)),
			 0);
	put_file(out, "\"kdfType\":0,\"kdfIterations\":5000", key, key);
}

static void make_argon2(struct text *out)
{
	uint8_t hash[CRYPT_KEY], key[CRYPT_KEY];
	struct crypt_argon2 how = { 3, 16 * 1024, 4, BYTES(hash) };

	crypt_sha256(TEXT(SALT), hash);
	assert_int_equal(crypt_argon2(&how, TEXT(PASSWORD), key), 0);
	put_file(out,
		 "\"kdfType\":1,\"kdfIterations\":3,\"kdfMemory\":16,"
		 "\"kdfParallelism\":4",
		 key, key);
}

static void check_sealed(void (*make)(struct text *), size_t tries)
{
	AUTO_TEXT struct text file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	make(&file);
	read_whole("bitwarden", text_bytes(&file), PASSWORD, &import);
	expect_plain(&import);
	refused("bitwarden", text_bytes(&file), NULL, IMPORT_ERR_PASSWORD);
	refused("bitwarden", text_bytes(&file), "", IMPORT_ERR_WRONG);
	refused("bitwarden", text_bytes(&file), "x", IMPORT_ERR_WRONG);
	survive("bitwarden", text_bytes(&file), PASSWORD, tries, false);
}

static void test_pbkdf2(void **state UNUSED)
{
	check_sealed(make_pbkdf2, 100);
}

static void test_argon2(void **state UNUSED)
{
	check_sealed(make_argon2, 10);
}

/* The check opens, the data does not: the password was right. */
static void test_damaged_data(void **state UNUSED)
{
	AUTO_TEXT struct text file = { 0 };
	struct crypt_pbkdf2 how = { CRYPT_SHA256, 5000, TEXT(SALT) };
	uint8_t key[CRYPT_KEY];

	assert_int_equal(crypt_pbkdf2(&how, TEXT(PASSWORD), key, sizeof(key)),
			 0);
	put_file(&file, "\"kdfType\":0,\"kdfIterations\":5000", key, noise);
	refused_for("bitwarden", text_bytes(&file), PASSWORD,
		    "its data does not open");
}

static void refused_kdf(const char *kdf, const char *why)
{
	AUTO_TEXT struct text file = { 0 };

	put_file(&file, kdf, noise, noise);
	refused_for("bitwarden", text_bytes(&file), PASSWORD, why);
}

static void test_hostile(void **state UNUSED)
{
	refused_kdf("\"kdfType\":0,\"kdfIterations\":4000000000",
		    "more memory or time");
	refused_kdf("\"kdfType\":1,\"kdfIterations\":3,\"kdfMemory\":8192,"
		    "\"kdfParallelism\":4",
		    "more memory or time");
	refused_kdf("\"kdfType\":1,\"kdfIterations\":3,"
		    "\"kdfMemory\":9007199254740993,\"kdfParallelism\":4",
		    "more memory or time");
	refused_kdf("\"kdfType\":1,\"kdfIterations\":900000,\"kdfMemory\":64,"
		    "\"kdfParallelism\":4",
		    "more memory or time");
	refused_kdf("\"kdfType\":0,\"kdfIterations\":0", "makes no sense");
	refused_kdf("\"kdfType\":1,\"kdfIterations\":3", "makes no sense");
	refused_kdf("\"kdfType\":7,\"kdfIterations\":3", "makes no sense");
}

static const char authenticator[] =
	"{\"encrypted\":false,\"items\":[{\"id\":\"1\",\"name\":\"Site\","
	"\"type\":1,\"favorite\":false,\"login\":{\"totp\":"
	"\"otpauth://totp/Site:me?secret=MFRGG&issuer=Site\"}},"
	"{\"id\":\"2\",\"name\":\"Play\",\"type\":1,\"login\":{\"totp\":"
	"\"steam://MFRGG\"}}]}";

static const char authenticator_table[] =
	"folder,favorite,type,name,login_uri,login_totp\n"
	",,1,Site,,otpauth://totp/Site%3Ame?secret=MFRGG&issuer=Site"
	"&digits=8,Site,30,8\n"
	",1,1,One, Two,,otpauth://totp/a?secret=MFRGG,,30,6\n"
	",,1,Play,,steam://MFRGG,Steam,30,5\n"
	",,1,Nothing,,,,\n";

static void test_authenticator(void **state UNUSED)
{
	AUTO_IMPORT struct import json;
	AUTO_IMPORT struct import lines;

	read_whole("bitwarden-authenticator", text_of(authenticator), NULL,
		   &json);
	assert_int_equal(json.n, 2);
	expect_entry(&json, 0, "1 616263 1 6 30 0 [Site] [me]");
	expect_entry(&json, 1, "3 616263 1 5 30 0 [Steam] [Play]");
	read_whole("bitwarden-authenticator", text_of(authenticator_table),
		   NULL, &lines);
	assert_int_equal(lines.n, 3);
	expect_entry(&lines, 0, "1 616263 1 8 30 0 [Site] [me]");
	expect_entry(&lines, 1, "1 616263 1 6 30 0 [One, Two] [a]");
	expect_entry(&lines, 2, "3 616263 1 5 30 0 [Steam] [Play]");
	expect_skip(&lines, 0, 5, "line holds no otpauth or steam URI");
	survive("bitwarden-authenticator", text_of(authenticator), NULL, 100,
		false);
	survive("bitwarden-authenticator", text_of(authenticator_table), NULL,
		100, false);
}

static void test_samples(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample("aegis/bitwarden.json", &file);
	read_whole("bitwarden", buffer_bytes(&file), NULL, &import);
	assert_int_equal(import.n, 4);
	expect_entry(&import, 3,
		     "3 4c7225f3e265eae831afcc745fa79132 1 5 30 0 [Steam] "
		     "[Test Steam]");
	entry_deinit(&import.entries[--import.n]);
	expect_samples(&import, DENO | SPDX | AIRBNB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_pbkdf2),
		cmocka_unit_test(test_argon2),
		cmocka_unit_test(test_damaged_data),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_authenticator),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
