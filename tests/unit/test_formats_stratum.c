/*
 * Stratum's backups: plain ones made here, both ways of encryption, damage,
 * and real samples.
 *
 * Covers: filler
 */
#include "tests/unit/formats.h"

#define PASSWORD "correct horse"

static const char plain[] =
	"{\"Authenticators\":["
	"{\"Type\":2,\"Icon\":\"@x\",\"Issuer\":\"Site\",\"Username\":\"me\","
	"\"Secret\":\"GEZDGNBVGY3TQOJQ\",\"Pin\":null,\"Algorithm\":2,"
	"\"Digits\":8,\"Period\":60,\"Counter\":0,\"Ranking\":0},"
	"{\"Type\":1,\"Issuer\":\"H\",\"Username\":null,\"Secret\":\"MFRGG\","
	"\"Algorithm\":1,\"Digits\":6,\"Period\":30,\"Counter\":9},"
	"{\"Type\":3,\"Issuer\":\"M\",\"Username\":\"u\","
	"\"Secret\":\"e3152afee62599c8\",\"Pin\":\"1234\",\"Algorithm\":0,"
	"\"Digits\":6,\"Period\":10,\"Counter\":0},"
	"{\"Type\":4,\"Issuer\":\"Steam\",\"Username\":\"s\","
	"\"Secret\":\"MFRGG\",\"Algorithm\":0,\"Digits\":5,\"Period\":30},"
	"{\"Type\":5,\"Issuer\":\"Y\",\"Username\":\"y\",\"Pin\":\"5239\","
	"\"Secret\":\"6SB2IKNM6OBZPAVBVTOHDKS4FA\",\"Algorithm\":1,"
	"\"Digits\":8,\"Period\":30}],"
	"\"Categories\":[{\"Id\":\"a8323a2a\",\"Name\":\"Web\"},"
	"{\"Id\":\"00000000\",\"Name\":\"Work\"}],"
	"\"AuthenticatorCategories\":["
	"{\"CategoryId\":\"a8323a2a\",\"AuthenticatorSecret\":"
	"\"GEZDGNBVGY3TQOJQ\"},"
	"{\"CategoryId\":\"00000000\",\"AuthenticatorSecret\":"
	"\"GEZDGNBVGY3TQOJQ\"},"
	"{\"CategoryId\":\"ffffffff\",\"AuthenticatorSecret\":\"MFRGG\"}],"
	"\"CustomIcons\":[]}";

static void expect_plain(const struct import *import)
{
	assert_int_equal(import->n, 5);
	expect_entry(import, 0,
		     "1 31323334353637383930 3 8 60 0 [Site] [me] "
		     "tag/Web tag/Work");
	expect_entry(import, 1, "2 616263 2 6 0 9 [H] []");
	expect_entry(import, 2, "4 e3152afee62599c8 4 6 10 0 [M] [u] pin=1234");
	expect_entry(import, 3, "3 616263 1 5 30 0 [Steam] [s]");
	expect_entry(import, 4,
		     "5 f483a429acf38397"
		     "82a1acdc71aa5c28 2 8 30 0 [Y] [y] pin=5239");
	assert_int_equal(import->skipped.n, 0);
}

static void test_plain(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("stratum", text_of(plain), NULL, &import);
	expect_plain(&import);
}

static void make_strong(struct buffer *ret, const char *text)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	struct crypt_argon2 how = { 3, 65536, 4, { noise, 16 } };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = { key, { noise + 16, 12 }, { NULL, 0 } };

	assert_int_equal(crypt_argon2(&how, TEXT(PASSWORD), key), 0);
	seal_gcm(&gcm, text_of(text), &sealed);
	append(ret, TEXT("AUTHENTICATORPRO"));
	append(ret, (struct bytes){ noise, 28 });
	append(ret, buffer_bytes(&sealed));
}

static void make_legacy(struct buffer *ret, const char *text)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	struct crypt_pbkdf2 how = { CRYPT_SHA1, 64000, { noise, 20 } };
	uint8_t key[CRYPT_KEY];

	assert_int_equal(crypt_pbkdf2(&how, TEXT(PASSWORD), key, sizeof(key)),
			 0);
	seal_cbc(key, noise + 4, text_of(text), &sealed);
	append(ret, TEXT("AuthenticatorPro"));
	append(ret, (struct bytes){ noise, 20 });
	append(ret, (struct bytes){ noise + 4, 16 });
	append(ret, buffer_bytes(&sealed));
}

static void test_encrypted(void **state UNUSED)
{
	AUTO_BUFFER struct buffer strong = { 0 }, legacy = { 0 };
	AUTO_IMPORT struct import first;
	AUTO_IMPORT struct import second;

	import_init(&first);
	import_init(&second);
	make_strong(&strong, plain);
	make_legacy(&legacy, plain);
	read_whole("stratum", buffer_bytes(&strong), PASSWORD, &first);
	expect_plain(&first);
	read_whole("stratum", buffer_bytes(&legacy), PASSWORD, &second);
	expect_plain(&second);
	refused("stratum", buffer_bytes(&strong), NULL, IMPORT_ERR_PASSWORD);
	refused("stratum", buffer_bytes(&legacy), NULL, IMPORT_ERR_PASSWORD);
	refused("stratum", buffer_bytes(&strong), "", IMPORT_ERR_WRONG);
	refused("stratum", buffer_bytes(&legacy), "x", IMPORT_ERR_WRONG);
	survive("stratum", buffer_bytes(&strong), PASSWORD, 3, true);
	survive("stratum", buffer_bytes(&legacy), PASSWORD, 7, true);
}

/* The last bit of the tag, then of the ciphertext. */
static void test_flipped(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };

	make_strong(&file, plain);
	file.p[file.n - 1] ^= 1;
	refused("stratum", buffer_bytes(&file), PASSWORD, IMPORT_ERR_WRONG);
	file.p[file.n - 1] ^= 1;
	file.p[60] ^= 1;
	refused("stratum", buffer_bytes(&file), PASSWORD, IMPORT_ERR_WRONG);
	refused_for("stratum", (struct bytes){ file.p, 50 }, PASSWORD,
		    "cut off");
	refused_for("stratum", (struct bytes){ file.p, 16 }, PASSWORD,
		    "cut off");
}

/* A legacy file has no tag: with bad luck only the JSON tells. */
static void test_legacy_no_json(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };

	make_legacy(&file, "no JSON at all");
	refused("stratum", buffer_bytes(&file), PASSWORD, IMPORT_ERR_WRONG);
	refused_for("stratum", (struct bytes){ file.p, file.n - 1 }, PASSWORD,
		    "cut off");
}

static void test_bad_records(void **state UNUSED)
{
	static const char text[] =
		"{\"Authenticators\":["
		"{\"Type\":9,\"Issuer\":\"a\",\"Secret\":\"MFRGG\"},"
		"{\"Type\":2,\"Issuer\":\"b\",\"Secret\":\"MFRG0\"},"
		"{\"Type\":2,\"Issuer\":\"c\"},"
		"{\"Type\":2,\"Issuer\":7,\"Secret\":\"MFRGG\"},"
		"{\"Type\":1,\"Issuer\":\"e\",\"Secret\":\"MFRGG\","
		"\"Counter\":-1},"
		"{\"Type\":2,\"Issuer\":\"f\",\"Secret\":\"MFRGG\","
		"\"Digits\":0},"
		"{\"Type\":2,\"Issuer\":\"g\",\"Secret\":\"MFRGG\","
		"\"Algorithm\":3},"
		"{\"Type\":2,\"Issuer\":\"h\",\"Secret\":\"MFRGG\","
		"\"Period\":86401},"
		"[],"
		"{\"Type\":2,\"Issuer\":\"i\\u0000\",\"Secret\":\"MFRGG\"},"
		"{\"Type\":2,\"Issuer\":\"good\",\"Secret\":\"mfrgg\"}]}";
	AUTO_IMPORT struct import import;

	read_whole("stratum", text_of(text), NULL, &import);
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [good] []");
	assert_int_equal(import.positions[0], 11);
	expect_skip(&import, 0, 1, "type is not known");
	assert_string_equal(import.skipped.list[0].name, "a");
	assert_int_equal(import.skipped.list[1].position, 2);
	expect_skip(&import, 2, 3, "secret is empty");
	expect_skip(&import, 3, 4, "Issuer is not text");
	expect_skip(&import, 4, 5, "Counter is negative");
	expect_skip(&import, 5, 6, "digits must be 4 to 10");
	expect_skip(&import, 6, 7, "algorithm must be SHA1, SHA256 or SHA512");
	expect_skip(&import, 7, 8, "period must be 1 to 86400");
	expect_skip(&import, 8, 9, "record is not an object");
	expect_skip(&import, 9, 10, "issuer holds a control character");
	assert_int_equal(import.skipped.n, 10);
}

static void test_damaged(void **state UNUSED)
{
	refused_for("stratum", TEXT("{\"Authenticators\":7}"), NULL,
		    "no list of accounts");
	refused_for("stratum", TEXT("{\"Authenticators\":[\n"), NULL,
		    "line 2, column 1: it is cut off");
	survive("stratum", text_of(plain), NULL, 300, false);
}

static void test_samples(void **state UNUSED)
{
	sample("stratum", "aegis/stratum_plain.json", NULL, ALL_SEVEN);
	sample("stratum", "aegis/stratum_encrypted.bin", "test", ALL_SEVEN);
	sample("stratum", "aegis/stratum_encrypted_legacy.bin", "test",
	       ALL_SEVEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_legacy_no_json),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
