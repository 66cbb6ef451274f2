/*
 * 2FAS: services of all schemas, encrypted ones made here, damage, real
 * samples.
 */
#include "tests/unit/formats.h"

#define PASSWORD "correct horse"

#define SERVICES                                                           \
	"[{\"name\":\"Mine\",\"secret\":\"GEZDGNBVGY3TQOJQ\","             \
	"\"updatedAt\":1,\"groupId\":\"ABC\",\"icon\":{},\"otp\":"         \
	"{\"link\":null,\"label\":\"x\",\"account\":\"me\","               \
	"\"issuer\":\"Site\",\"digits\":8,\"period\":60,"                  \
	"\"algorithm\":\"SHA512\",\"counter\":null,"                       \
	"\"tokenType\":\"TOTP\",\"source\":\"Link\"}},"                    \
	"{\"name\":\"H\",\"secret\":\"MFRGG\",\"otp\":{\"account\":\"h\"," \
	"\"digits\":6,\"algorithm\":null,\"counter\":7,"                   \
	"\"tokenType\":\"HOTP\"}},"                                        \
	"{\"name\":\"L\",\"secret\":\"MFRGG\","                            \
	"\"otp\":{\"label\":\"L:user\"}},"                                 \
	"{\"name\":\"S\",\"secret\":\"MFRGG\",\"otp\":{\"issuer\":\"\","   \
	"\"tokenType\":\"STEAM\",\"digits\":5,\"period\":30}}]"

#define GROUPS "\"groups\":[{\"id\":\"abc\",\"name\":\"Work\"}]"

static void expect_services(const struct import *import)
{
	assert_int_equal(import->n, 4);
	assert_int_equal(import->skipped.n, 0);
	expect_entry(import, 0,
		     "1 31323334353637383930 3 8 60 0 [Site] [me] tag/Work");
	expect_entry(import, 1, "2 616263 1 6 0 7 [H] [h]");
	expect_entry(import, 2, "1 616263 1 6 30 0 [L] [user]");
	expect_entry(import, 3, "3 616263 1 5 30 0 [S] []");
}

static void test_plain(void **state UNUSED)
{
	static const char text[] = "{\"schemaVersion\":4,\"services\":" SERVICES
				   "," GROUPS ",\"servicesEncrypted\":null}";
	AUTO_IMPORT struct import import;

	read_whole("2fas", text_of(text), NULL, &import);
	expect_services(&import);
}

static void make(struct text *ret, const char *services)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t key[CRYPT_KEY], salt[256] = { 1, 2, 3 };
	struct crypt_pbkdf2 how = { CRYPT_SHA256, 10000, BYTES(salt) };
	struct crypt_gcm gcm = { key, { noise, CRYPT_NONCE }, { NULL, 0 } };

	assert_int_equal(crypt_pbkdf2(&how, TEXT(PASSWORD), key, sizeof(key)),
			 0);
	seal_gcm(&gcm, text_of(services), &sealed);
	put(ret, "{\"services\":[]," GROUPS ",\"schemaVersion\":4,"
		 "\"servicesEncrypted\":\"");
	put_base64(ret, buffer_bytes(&sealed));
	put(ret, ":");
	put_base64(ret, BYTES(salt));
	put(ret, ":");
	put_base64(ret, gcm.nonce);
	put(ret, "\",\"reference\":\"x:y:z\"}");
}

static void test_encrypted(void **state UNUSED)
{
	AUTO_TEXT struct text file = { NULL, 0 };
	AUTO_IMPORT struct import import;
	char *sealed;

	make(&file, SERVICES);
	read_whole("2fas", text_bytes(&file), PASSWORD, &import);
	expect_services(&import);
	refused("2fas", text_bytes(&file), NULL, IMPORT_ERR_PASSWORD);
	refused("2fas", text_bytes(&file), "", IMPORT_ERR_WRONG);
	survive("2fas", text_bytes(&file), PASSWORD, 100, false);
	sealed = strstr(file.p, "Encrypted\":\"");
	assert_non_null(sealed);
	sealed[30] = sealed[30] == 'A' ? 'B' : 'A';
	refused("2fas", text_bytes(&file), PASSWORD, IMPORT_ERR_WRONG);
	sealed[30] = ':';
	refused_for("2fas", text_bytes(&file), PASSWORD,
		    "servicesEncrypted is damaged");
}

static void test_encrypted_other(void **state UNUSED)
{
	AUTO_TEXT struct text file = { NULL, 0 };

	make(&file, "{}");
	refused_for("2fas", text_bytes(&file), PASSWORD, "no list of accounts");
	refused_for("2fas", TEXT("{\"servicesEncrypted\":\"a\"}"), PASSWORD,
		    "is damaged");
	refused_for("2fas",
		    TEXT("{\"servicesEncrypted\":\"AAAA:AAAA:AAAAAAAAAAAAAAAA"
			 "\"}"),
		    PASSWORD, "is damaged");
}

static void test_damaged(void **state UNUSED)
{
	static const char records[] =
		"{\"schemaVersion\":1,\"services\":["
		"{\"name\":\"a\",\"secret\":\"0\",\"otp\":{}},"
		"{\"name\":\"b\",\"secret\":\"MFRGG\",\"otp\":"
		"{\"tokenType\":\"X\"}},"
		"{\"name\":\"c\",\"secret\":\"MFRGG\",\"otp\":"
		"{\"algorithm\":\"SHA224\"}},"
		"{\"name\":\"d\",\"secret\":\"MFRGG\",\"otp\":"
		"{\"period\":\"30\"}},"
		"{\"name\":\"e\",\"secret\":\"MFRGG\"}]}";
	AUTO_IMPORT struct import import;

	refused_for("2fas", TEXT("{\"schemaVersion\":5,\"services\":[]}"), NULL,
		    "newer 2FAS");
	refused_for("2fas", TEXT("{\"schemaVersion\":2,\"services\":{}}"), NULL,
		    "no list of accounts");
	read_whole("2fas", text_of(records), NULL, &import);
	assert_int_equal(import.skipped.n, 4);
	assert_string_equal(import.skipped.list[0].name, "a");
	expect_skip(&import, 1, 2, "type is not known");
	expect_skip(&import, 2, 3, "algorithm must be SHA1, SHA256 or SHA512");
	expect_skip(&import, 3, 4, "period is not a whole number");
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [e] []");
	survive("2fas", text_of(records), NULL, 300, false);
}

/* The first schema has neither digits nor hashes: they become the usual. */
static void test_first_schema(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample("aegis/2fas_authenticator.json", &file);
	read_whole("2fas", buffer_bytes(&file), NULL, &import);
	assert_int_equal(import.n, 6);
	expect_entry(&import, 1,
		     "1 eb99cb39c67ae042fa866ec4f239cbb5 1 6 30 0 [SPDX] "
		     "[James]");
}

static void expect_second(const char *path, const char *password)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample(path, &file);
	read_whole("2fas", buffer_bytes(&file), password, &import);
	assert_int_equal(import.n, 4);
	expect_entry(&import, 1,
		     "1 f91664c8d768853aedde5a936c16ba88 3 8 50 0 [Airbnb] "
		     "[Elijah]");
}

static void test_samples(void **state UNUSED)
{
	unsigned int v3 = ALL_SEVEN & ~(unsigned int)BOEING;
	unsigned int v4 = ALL_SEVEN & ~(unsigned int)(SPDX | AIRBNB);

	expect_second("aegis/2fas_authenticator_plain.2fas", NULL);
	expect_second("aegis/2fas_authenticator_encrypted.2fas", "test");
	sample("2fas", "aegis/2fas_authenticator_plain_v3.2fas", NULL, v3);
	sample("2fas", "aegis/2fas_authenticator_encrypted_v3.2fas", "test",
	       v3);
	sample("2fas", "aegis/2fas_authenticator_plain_v4.2fas", NULL, v4);
	sample("2fas", "aegis/2fas_authenticator_encrypted_v4.2fas", "test",
	       v4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_encrypted_other),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_first_schema),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
