/*
 * andOTP: its plain array, files encrypted here in the new and the old way,
 * which nothing but opening them tells apart, damage, real samples.
 */
#include "tests/unit/formats.h"

#define PASSWORD "correct horse"

static const char plain[] =
	"[{\"secret\":\"GEZDGNBVGY3TQOJQ\",\"issuer\":\"Site\","
	"\"label\":\"me\",\"digits\":8,\"type\":\"TOTP\","
	"\"algorithm\":\"SHA512\",\"thumbnail\":\"Default\","
	"\"last_used\":1608146844162,\"period\":60,\"tags\":[\"a\",\"b\"]},"
	"{\"secret\":\"MFRGG===\",\"label\":\"Old - h - i\",\"digits\":6,"
	"\"type\":\"HOTP\",\"algorithm\":\"SHA1\",\"counter\":3,\"tags\":[]},"
	"{\"secret\":\"MFRGG\",\"label\":\"Colon:c\",\"type\":\"TOTP\"},"
	"{\"secret\":\"MFRGG\",\"issuer\":\"S\",\"label\":\"S:s\","
	"\"type\":\"STEAM\",\"algorithm\":\"SHA1\",\"digits\":5},"
	"{\"secret\":\"MUZTCNJSMFTGKZJWGI2TSOLDHA\",\"issuer\":\"M\","
	"\"label\":\"m\",\"type\":\"MOTP\",\"algorithm\":\"SHA1\","
	"\"digits\":6}]";

static void expect_plain(const struct import *import)
{
	assert_int_equal(import->skipped.n, 0);
	assert_int_equal(import->n, 5);
	expect_entry(import, 0,
		     "1 31323334353637383930 3 8 60 0 [Site] [me] tag/a tag/b");
	expect_entry(import, 1, "2 616263 1 6 0 3 [Old] [h - i]");
	expect_entry(import, 2, "1 616263 1 6 30 0 [Colon] [c]");
	expect_entry(import, 3, "3 616263 1 5 30 0 [S] [s]");
	expect_entry(import, 4, "4 e3152afee62599c8 4 6 10 0 [M] [m]");
	/* The PIN of mOTP is not in the file. */
	assert_int_equal(import->warnings.n, 1);
	assert_int_equal(import->warnings.list[0].position, 5);
}

static void test_plain(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("andotp", text_of(plain), NULL, &import);
	expect_plain(&import);
}

static void make_new(struct buffer *ret, const char *text)
{
	static const uint8_t iterations[] = { 0, 0, 4, 1 };
	AUTO_BUFFER struct buffer sealed = { 0 };
	struct crypt_pbkdf2 how = { CRYPT_SHA1, 1025, { noise, 12 } };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = { key, { noise + 12, 12 }, { NULL, 0 } };

	assert_int_equal(crypt_pbkdf2(&how, TEXT(PASSWORD), key, sizeof(key)),
			 0);
	seal_gcm(&gcm, text_of(text), &sealed);
	append(ret, BYTES(iterations));
	append(ret, (struct bytes){ noise, 24 });
	append(ret, buffer_bytes(&sealed));
}

/* first: of the nonce, where the new way has its number. */
static void make_old(struct buffer *ret, const char *text, uint8_t first)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t key[CRYPT_KEY], nonce[CRYPT_NONCE] = { first, 0, 0, 9 };
	struct crypt_gcm gcm = { key, BYTES(nonce), { NULL, 0 } };

	crypt_sha256(TEXT(PASSWORD), key);
	seal_gcm(&gcm, text_of(text), &sealed);
	append(ret, BYTES(nonce));
	append(ret, buffer_bytes(&sealed));
}

static void opens(const struct buffer *file)
{
	AUTO_IMPORT struct import import;

	read_whole("andotp", buffer_bytes(file), PASSWORD, &import);
	expect_plain(&import);
	refused("andotp", buffer_bytes(file), NULL, IMPORT_ERR_PASSWORD);
	refused("andotp", buffer_bytes(file), "", IMPORT_ERR_WRONG);
}

static void test_encrypted(void **state UNUSED)
{
	AUTO_BUFFER struct buffer new = { 0 }, old = { 0 }, like_new = { 0 };

	make_new(&new, plain);
	make_old(&old, plain, 200);
	make_old(&like_new, plain, 0);
	opens(&new);
	opens(&old);
	/* An old one, whose nonce looks like a number of iterations. */
	opens(&like_new);
}

static void test_damaged_sealed(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };

	make_new(&file, plain);
	for (size_t i = 4; i < file.n; i += 37) {
		file.p[i] ^= 0x20;
		refused("andotp", buffer_bytes(&file), PASSWORD,
			IMPORT_ERR_WRONG);
		file.p[i] ^= 0x20;
	}
	/* A number of iterations that nobody waits for is taken for old. */
	file.p[0] = 0xff;
	refused("andotp", buffer_bytes(&file), PASSWORD, IMPORT_ERR_WRONG);
	refused_for("andotp", (struct bytes){ file.p, 27 }, PASSWORD,
		    "cut off");
	refused("andotp", (struct bytes){ file.p, 40 }, PASSWORD,
		IMPORT_ERR_WRONG);
}

/* Pictures and archives are not asked for a password. */
static void test_other_files(void **state UNUSED)
{
	uint8_t file[64] = "\x1f\x8b\x08"; /* gzip */

	memset(file + 8, 0xee, sizeof(file) - 8);
	assert_null(formats_detect(BYTES(file)));
	memcpy(file, "\x89PNG", 4);
	assert_null(formats_detect(BYTES(file)));
	memcpy(file, "none", 4);
	assert_non_null(formats_detect(BYTES(file)));
	assert_null(formats_detect(TEXT("a text that is long enough for it")));
	assert_null(formats_detect((struct bytes){ file, 27 }));
}

static void test_damaged(void **state UNUSED)
{
	static const char records[] =
		"[{\"secret\":\"MFRG1\",\"label\":\"a\",\"type\":\"TOTP\"},"
		"{\"secret\":\"MFRGG\",\"label\":\"b\",\"type\":\"X\"},"
		"{\"secret\":\"MFRGG\",\"label\":\"c\",\"type\":\"MOTP\"},"
		"{\"secret\":\"MFRGG\",\"label\":\"d\",\"type\":\"HOTP\","
		"\"counter\":-5},"
		"null,"
		"{\"secret\":\"MFRGG\",\"label\":\"ok\",\"type\":\"TOTP\","
		"\"tags\":[7,\"\",\"t\",\"\\u0001\"]}]";
	AUTO_IMPORT struct import import;

	read_whole("andotp", text_of(records), NULL, &import);
	assert_int_equal(import.skipped.n, 5);
	assert_int_equal(import.skipped.list[0].position, 1);
	expect_skip(&import, 1, 2, "type is not known");
	expect_skip(&import, 2, 3, "secret must be pairs of hex digits");
	expect_skip(&import, 3, 4, "counter is negative");
	expect_skip(&import, 4, 5, "record is not an object");
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [] [ok] tag/t");
	assert_int_equal(import.warnings.n, 1);
	survive("andotp", text_of(plain), NULL, 300, false);
	refused_for("andotp", TEXT("{}"), NULL, "no list of accounts");
}

static void test_samples(void **state UNUSED)
{
	sample("andotp", "aegis/andotp_plain.json", NULL, ALL_SEVEN);
	sample("andotp", "aegis/andotp_encrypted.bin", "test", ALL_SEVEN);
	sample("andotp", "aegis/andotp_encrypted_old.bin", "test",
	       ALL_SEVEN & ~(unsigned int)BOEING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_damaged_sealed),
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
