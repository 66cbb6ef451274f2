/*
 * Proton Authenticator: plain entries, an encrypted export made here, damage,
 * real samples.
 */
#include "tests/unit/formats.h"

#define PASSWORD "correct horse"

static const char plain[] =
	"{\"version\":1,\"entries\":["
	"{\"id\":\"1\",\"content\":{\"uri\":\"otpauth://totp/me?"
	"secret=GEZDGNBVGY3TQOJQ&issuer=Site&algorithm=SHA512&digits=8"
	"&period=60\",\"entry_type\":\"Totp\",\"name\":\"me\"},"
	"\"note\":\"a note\"},"
	"{\"id\":\"2\",\"content\":{\"uri\":\"steam://MFRGG\","
	"\"entry_type\":\"Steam\",\"name\":\"gamer\"},\"note\":null}]}";

static void expect_plain(const struct import *import)
{
	assert_int_equal(import->n, 2);
	assert_int_equal(import->skipped.n, 0);
	expect_entry(import, 0,
		     "1 31323334353637383930 3 8 60 0 [Site] [me] note=a note");
	expect_entry(import, 1, "3 616263 1 5 30 0 [Steam] [gamer]");
}

static void test_plain(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("proton", text_of(plain), NULL, &import);
	expect_plain(&import);
}

static void make(struct text *ret, const char *text)
{
	AUTO_BUFFER struct buffer sealed = { 0 }, whole = { 0 };
	struct crypt_argon2 how = { 2, 19456, 1, { noise, 16 } };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = { key,
				 { noise + 16, CRYPT_NONCE },
				 TEXT("proton.authenticator.export.v1") };

	assert_int_equal(crypt_argon2(&how, TEXT(PASSWORD), key), 0);
	seal_gcm(&gcm, text_of(text), &sealed);
	append(&whole, gcm.nonce);
	append(&whole, buffer_bytes(&sealed));
	put(ret, "{\"version\":1,\"salt\":\"");
	put_base64(ret, how.salt);
	put(ret, "\",\"content\":\"");
	put_base64(ret, buffer_bytes(&whole));
	put(ret, "\"}");
}

static void test_encrypted(void **state UNUSED)
{
	AUTO_TEXT struct text file = { NULL, 0 };
	AUTO_IMPORT struct import import;

	make(&file, plain);
	read_whole("proton", text_bytes(&file), PASSWORD, &import);
	expect_plain(&import);
	refused("proton", text_bytes(&file), NULL, IMPORT_ERR_PASSWORD);
	refused("proton", text_bytes(&file), "", IMPORT_ERR_WRONG);
	survive("proton", text_bytes(&file), PASSWORD, 20, true);
}

static void test_damaged_sealed(void **state UNUSED)
{
	AUTO_TEXT struct text file = { NULL, 0 };

	make(&file, "[]");
	refused_for("proton", text_bytes(&file), PASSWORD,
		    "no list of accounts");
	refused_for("proton",
		    TEXT("{\"version\":1,\"salt\":\"AAAA\",\"content\":\"\"}"),
		    PASSWORD, "incomplete");
	refused_for("proton",
		    TEXT("{\"version\":1,\"salt\":\"*\",\"content\":\"\"}"),
		    PASSWORD, "no base64");
}

static void test_damaged(void **state UNUSED)
{
	static const char records[] =
		"{\"version\":1,\"entries\":["
		"{\"content\":{\"uri\":\"otpauth://totp/a?secret=\","
		"\"name\":\"a\"}},"
		"{\"content\":{\"uri\":7,\"name\":\"b\"}},"
		"{\"content\":null},"
		"{\"content\":{\"uri\":\"steam://MFRG9\",\"name\":\"d\"}},"
		"{\"content\":{\"uri\":\"steam://MFRGG\"},\"note\":7},"
		"{\"content\":{\"uri\":\"steam://MFRGG\",\"name\":\"f\"},"
		"\"note\":\"\\u0000\"}]}";
	AUTO_IMPORT struct import import;

	read_whole("proton", text_of(records), NULL, &import);
	assert_int_equal(import.skipped.n, 5);
	expect_skip(&import, 0, 1, "secret is empty");
	expect_skip(&import, 1, 2, "uri is not text");
	assert_string_equal(import.skipped.list[1].name, "b");
	assert_int_equal(import.skipped.list[2].position, 3);
	assert_string_equal(import.skipped.list[3].name, "d");
	expect_skip(&import, 4, 5, "note is not text");
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "3 616263 1 5 30 0 [Steam] [f]");
	assert_int_equal(import.warnings.n, 1);
	refused_for(
		"proton",
		TEXT("{\"version\":2,\"salt\":\"AAAA\",\"content\":\"AAAA\"}"),
		PASSWORD, "newer Proton");
	refused_for("proton", TEXT("{\"version\":2,\"entries\":[]}"), NULL,
		    "newer Proton");
	refused_for("proton", TEXT("{\"version\":1,\"entries\":{}}"), NULL,
		    "no list of accounts");
	survive("proton", text_of(plain), NULL, 300, false);
}

static void expect_four(const char *path, const char *password)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample(path, &file);
	read_whole("proton", buffer_bytes(&file), password, &import);
	assert_int_equal(import.n, 4);
	expect_entry(&import, 1,
		     "1 ef79508dc64c56336935 1 6 30 0 [/e/] [cool@ente.com]");
	expect_entry(&import, 2,
		     "1 7a03333038862b25b7afae710a4d583b831c627f 1 6 30 0 "
		     "[ente] [simple@ente.sh]");
}

static void test_samples(void **state UNUSED)
{
	sample("proton", "aegis/proton_authenticator.json", NULL,
	       DENO | SPDX | AIRBNB);
	expect_four("ente/proton_authenticator_backup.json", NULL);
	expect_four("ente/proton_authenticator_backup_encrypted_1231246.json",
		    "1231246");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_damaged_sealed),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
