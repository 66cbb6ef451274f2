/*
 * FreeOTP 1, FreeOTP 2 and FreeOTP+: files made here, the Java map in all its
 * shapes, sealed keys, damage, and real samples.
 *
 * Covers: token, freeotp, freeotp2, freeotp_plus, java
 */
#include "client/formats/java.h"
#include "client/formats/token.h"
#include "tests/unit/formats.h"

#define PASSWORD "correct horse"

static const char plus[] =
	"{\"tokenOrder\":[\"x\"],\"tokens\":["
	"{\"algo\":\"SHA256\",\"counter\":0,\"digits\":8,\"issuerExt\":\"Site\","
	"\"label\":\"me\",\"period\":60,\"secret\":[97,98,-1],\"type\":\"TOTP\"},"
	"{\"algo\":\"SHA1\",\"counter\":-1,\"digits\":6,\"issuerExt\":\"New\","
	"\"label\":\"n\",\"period\":30,\"secret\":[97],\"type\":\"HOTP\"},"
	"{\"algo\":\"SHA1\",\"counter\":49,\"digits\":6,\"issuerInt\":\"Old\","
	"\"label\":\"o\",\"period\":30,\"secret\":[97],\"type\":\"HOTP\"},"
	"{\"issuerExt\":\"Steam\",\"label\":\"s\",\"secret\":[97],"
	"\"type\":\"TOTP\"},"
	"{\"issuerExt\":\"E\",\"issuerAlt\":\"Mine\",\"label\":\"l\","
	"\"labelAlt\":\"called\",\"secret\":[97],\"type\":\"TOTP\"},"
	"{\"issuerExt\":\"B1\",\"secret\":[256],\"type\":\"TOTP\"},"
	"{\"issuerExt\":\"B2\",\"secret\":[\"a\"],\"type\":\"TOTP\"},"
	"{\"issuerExt\":\"B3\",\"secret\":[],\"type\":\"TOTP\"},"
	"{\"issuerExt\":\"B4\",\"secret\":[97],\"counter\":-2,"
	"\"type\":\"HOTP\"},"
	"{\"issuerExt\":\"B5\",\"type\":\"TOTP\"}]}";

static void test_plus(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("freeotp-plus", text_of(plus), NULL, &import);
	assert_int_equal(import.n, 5);
	expect_entry(&import, 0, "1 6162ff 2 8 60 0 [Site] [me]");
	expect_entry(&import, 1, "2 61 1 6 0 0 [New] [n]");
	expect_entry(&import, 2, "2 61 1 6 0 49 [Old] [o]");
	expect_entry(&import, 3, "3 61 1 5 30 0 [Steam] [s]");
	expect_entry(&import, 4, "1 61 1 6 30 0 [Mine] [called]");
	assert_int_equal(import.skipped.n, 5);
	expect_skip(&import, 0, 6, "secret is no list of bytes");
	expect_skip(&import, 1, 7, "secret is no list of bytes");
	expect_skip(&import, 2, 8, "secret is empty");
	expect_skip(&import, 3, 9, "counter is negative");
	expect_skip(&import, 4, 10, "secret is no list of bytes");
	assert_string_equal(import.skipped.list[4].name, "B5");
	refused_for("freeotp-plus", TEXT("{\"tokens\":7}"), NULL,
		    "no list of accounts");
	survive("freeotp-plus", text_of(plus), NULL, 300, false);
}

static const char preferences[] =
	"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n"
	"<map>\n"
	"<string name=\"S:m\">{&quot;algo&quot;:&quot;SHA1&quot;,"
	"&quot;issuerExt&quot;:&quot;S &amp;amp; T&quot;,"
	"&quot;label&quot;:&quot;m&quot;,&quot;secret&quot;:[97,-1],"
	"&quot;type&quot;:&quot;TOTP&quot;}</string>\n"
	"<string name=\"broken\">{&quot;algo</string>\n"
	"<int name=\"number\" value=\"3\" />\n"
	"<string name=\"tokenOrder\">[&quot;S:m&quot;]</string>\n"
	"</map>\n";

static void test_preferences(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("freeotp", text_of(preferences), NULL, &import);
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "1 61ff 1 6 30 0 [S &amp; T] [m]");
	assert_int_equal(import.positions[0], 3);
	expect_skip(&import, 0, 4, "record is no sound JSON");
	assert_string_equal(import.skipped.list[0].name, "broken");
	assert_null(import.error);
	refused_for("freeotp", TEXT("<other/>"), NULL, "no list of accounts");
	survive("freeotp", text_of(preferences), NULL, 200, false);
}

/* --- the map of Java ------------------------------------------------------------- */

static void append_number(struct buffer *out, uint64_t v, size_t n)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	append(out, (struct bytes){ bytes, n });
}

static void append_string(struct buffer *out, struct bytes text)
{
	append_number(out, 0x74, 1);
	append_number(out, text.n, 2);
	append(out, text);
}

static void begin_map(struct buffer *out, uint32_t count)
{
	append(out, TEXT("\xac\xed\x00\x05sr\x00\x11java.util.HashMap"
			 "\x05\x07\xda\xc1\xc3\x16\x60\xd1\x03\x00\x02"
			 "F\x00\x0aloadFactorI\x00\x09thresholdxp"
			 "\x3f\x40\x00\x00\x00\x00\x00\x0c\x77\x08"));
	append_number(out, 16, 4);
	append_number(out, count, 4);
}

static void test_java(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_JAVA struct java_map map = { .pairs = NULL };
	AUTO_IMPORT struct import import;
	struct bytes value;

	import_init(&import);
	begin_map(&file, 2);
	append_string(&file, TEXT("k"));
	/* A key on the keyboard in surrogates, a NUL, and plain UTF-8. */
	append_string(&file, TEXT("\xed\xa0\xbd\xed\xb4\x91\xc0\x80\xc3\xa9"));
	append_string(&file, TEXT("long"));
	append_number(&file, 0x7c, 1);
	append_number(&file, 3, 8);
	append(&file, TEXT("abc"));
	append_number(&file, 0x78, 1);
	assert_int_equal(java_read(buffer_bytes(&file), &import, &map), 0);
	assert_int_equal(map.n, 2);
	value = java_get(&map, TEXT("k"));
	assert_int_equal(value.n, 7);
	assert_memory_equal(value.p, "\xf0\x9f\x94\x91\x00\xc3\xa9", 7);
	value = java_get(&map, TEXT("long"));
	assert_int_equal(value.n, 3);
	assert_null(java_get(&map, TEXT("none")).p);
}

static void test_java_damaged(void **state UNUSED)
{
	AUTO_BUFFER struct buffer many = { 0 }, tags = { 0 }, back = { 0 };

	begin_map(&many, UINT32_MAX);
	append_string(&many, TEXT("k"));
	refused_for("freeotp2", buffer_bytes(&many), "x", "cut off");
	begin_map(&tags, 1);
	append_number(&tags, 0x73000000, 4);
	append_number(&tags, 0, 4);
	refused_for("freeotp2", buffer_bytes(&tags), "x", "something else");
	begin_map(&back, 1);
	append_number(&back, 0x71007e00, 4);
	append_number(&back, 0, 4);
	refused_for("freeotp2", buffer_bytes(&back), "x", "refers back");
	refused_for("freeotp2", TEXT("\xac\xed"), "x", "no map of Java");
}

/* --- FreeOTP 2 ------------------------------------------------------------------- */

static void put_list(struct text *out, struct bytes bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		put(out, "%s%d", i ? "," : "[",
		    bytes.p[i] > 127 ? bytes.p[i] - 256 : bytes.p[i]);
	put(out, "]");
}

/* The object of a sealed key; quote: how a quote stands there. */
static void put_key(struct text *out, const uint8_t *key, struct bytes plain,
		    const char *quote, bool sequence)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	struct crypt_gcm gcm = { key, { noise, CRYPT_NONCE }, TEXT("AES") };
	uint8_t der[18] = { 0x30, 17, 4, 12 };

	memcpy(der + 4, noise, CRYPT_NONCE);
	memcpy(der + 16, "\x02\x01", 2);
	seal_gcm(&gcm, plain, &sealed);
	put(out, "{%smCipherText%s:", quote, quote);
	put_list(out, buffer_bytes(&sealed));
	put(out, ",%smParameters%s:", quote, quote);
	put_list(out, sequence ? (struct bytes){ der, sizeof(der) } :
				 (struct bytes){ der + 2, 14 });
	put(out, ",%smToken%s:%sAES%s}", quote, quote, quote, quote);
}

static void append_master(struct buffer *file, const char *algorithm,
			  unsigned int iterations, const uint8_t *key)
{
	AUTO_TEXT struct text text = { 0 };

	put(&text,
	    "{\"mAlgorithm\":\"%s\",\"mIterations\":%u,\"mSalt\":", algorithm,
	    iterations);
	put_list(&text, (struct bytes){ noise, 16 });
	put(&text, ",\"mEncryptedKey\":");
	put_key(&text, key, BYTES(noise), "\"", true);
	put(&text, "}");
	append_string(file, TEXT("masterKey"));
	append_string(file, text_bytes(&text));
}

/* One account; its key is sealed with sealing, which should be noise. */
static void append_account(struct buffer *file, char which, const char *token,
			   const uint8_t *sealing)
{
	AUTO_TEXT struct text id = { 0 }, key = { 0 };

	put(&id, "%c0000000-0000-0000-0000-000000000000-token", which);
	append_string(file, text_bytes(&id));
	append_string(file, text_of(token));
	put(&key, "{\"key\":\"");
	put_key(&key, sealing, TEXT("abc"), "\\\"", which != '2');
	put(&key, "\"}");
	append_string(file, (struct bytes){ (uint8_t *)id.p, 36 });
	append_string(file, text_bytes(&key));
}

static void make(struct buffer *file, const char *algorithm)
{
	struct crypt_pbkdf2 how = { CRYPT_SHA512, 1000, { noise, 16 } };
	uint8_t key[CRYPT_KEY];
	uint8_t other[CRYPT_KEY] = { 1 };

	if (strstr(algorithm, "SHA1"))
		how.hash = CRYPT_SHA1;
	assert_int_equal(crypt_pbkdf2(&how, TEXT(PASSWORD), key, sizeof(key)),
			 0);
	begin_map(file, 9);
	append_account(file, '1',
		       "{\"algo\":\"SHA256\",\"digits\":8,\"period\":60,"
		       "\"issuerExt\":\"Site\",\"label\":\"me\","
		       "\"type\":\"TOTP\"}",
		       noise);
	append_account(file, '2',
		       "{\"counter\":50,\"label\":\"h\",\"type\":\"HOTP\"}",
		       noise);
	append_master(file, algorithm, 1000, key);
	append_account(file, '3', "{\"issuerExt\":\"Shut\",\"label\":\"x\"}",
		       other);
	append_account(file, '4', "{no JSON", noise);
	append_number(file, 0x78, 1);
}

static void check(const char *algorithm)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	make(&file, algorithm);
	read_whole("freeotp2", buffer_bytes(&file), PASSWORD, &import);
	assert_int_equal(import.n, 2);
	expect_entry(&import, 0, "1 616263 2 8 60 0 [Site] [me]");
	expect_entry(&import, 1, "2 616263 1 6 0 50 [] [h]");
	expect_skip(&import, 0, 3, "secret does not open");
	assert_string_equal(import.skipped.list[0].name, "Shut");
	expect_skip(&import, 1, 4, "record is damaged");
	refused("freeotp2", buffer_bytes(&file), NULL, IMPORT_ERR_PASSWORD);
	refused("freeotp2", buffer_bytes(&file), "x", IMPORT_ERR_WRONG);
	survive("freeotp2", buffer_bytes(&file), PASSWORD, 200, false);
}

static void test_sealed(void **state UNUSED)
{
	check("PBKDF2withHmacSHA512");
	check("PBKDF2withHmacSHA1");
}

static void test_hostile(void **state UNUSED)
{
	AUTO_BUFFER struct buffer cost = { 0 }, name = { 0 }, none = { 0 };

	begin_map(&cost, 1);
	append_master(&cost, "PBKDF2withHmacSHA512", 4000000000, noise);
	append_number(&cost, 0x78, 1);
	refused_for("freeotp2", buffer_bytes(&cost), "x",
		    "more memory or time");
	begin_map(&name, 1);
	append_master(&name, "PBKDF2withHmacMD5", 1000, noise);
	append_number(&name, 0x78, 1);
	refused_for("freeotp2", buffer_bytes(&name), "x", "makes no sense");
	begin_map(&none, 0);
	append_number(&none, 0x78, 1);
	refused_for("freeotp2", buffer_bytes(&none), "x", "no master key");
}

/* --- samples --------------------------------------------------------------------- */

#define HOTP_LOW "2 ed40c5eefbecce2206b15d75c1182a76 3 8 0 10299 [WWE] [Mason]"

/* WWE comes first, whose counter is one lower than elsewhere. */
static void test_samples_plain(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample("aegis/freeotp_plus.json", &file);
	read_whole("freeotp-plus", buffer_bytes(&file), NULL, &import);
	assert_int_equal(import.n, 6);
	assert_int_equal(import.skipped.n, 0);
	expect_entry(&import, 0, HOTP_LOW);
	expect_entry(&import, 1,
		     "2 552a94b99feed079b472cd44d52fe642 2 7 0 49 [Air Canada] "
		     "[Benjamin]");
	expect_entry(&import, 5,
		     "1 e49270f0d21f365c8408f8b475c5267c 1 6 30 0 [Deno] "
		     "[Mason]");
}

static void test_samples_preferences(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample("aegis/freeotp.xml", &file);
	read_whole("freeotp", buffer_bytes(&file), NULL, &import);
	assert_int_equal(import.n, 4);
	expect_entry(&import, 0, HOTP_LOW);
	expect_entry(&import, 3,
		     "2 c39cc45ed2e99be8cc2fa14b654edd67 1 6 0 0 [Issuu] "
		     "[James]");
}

/* The order in a map is any: all six, each once. */
static void sealed_sample(const char *path, size_t n, const char *one)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;
	char line[LINE];
	size_t found = 0;

	import_init(&import);
	load_sample(path, &file);
	read_whole("freeotp2", buffer_bytes(&file), "test", &import);
	assert_int_equal(import.n, n);
	assert_int_equal(import.skipped.n, 0);
	for (size_t i = 0; i < n; i++) {
		describe(&import.entries[i], line);
		found += strcmp(line, one) == 0;
	}
	assert_int_equal(found, 1);
	refused("freeotp2", buffer_bytes(&file), "wrong", IMPORT_ERR_WRONG);
}

static void test_samples_sealed(void **state UNUSED)
{
	static const char *const versions[] = { "23", "25", "27", "34" };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		char path[64];

		snprintf(path, sizeof(path), "aegis/freeotp_v2_api%s.xml",
			 versions[i]);
		sealed_sample(path, 6,
			      "1 eb99cb39c67ae042fa866ec4f239cbb5 2 7 20 0 "
			      "[SPDX] [James]");
		sealed_sample(path, 6,
			      "2 552a94b99feed079b472cd44d52fe642 2 7 0 50 "
			      "[Air Canada] [Benjamin]");
	}
}

static void test_sample_defaults(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample("aegis/freeotp_v2_null_algo.xml", &file);
	read_whole("freeotp2", buffer_bytes(&file), "test", &import);
	assert_int_equal(import.n, 1);
	assert_int_equal(import.entries[0].digits, 6);
	assert_int_equal(import.entries[0].period, 30);
	assert_int_equal(import.entries[0].algorithm, FOB__ALGORITHM__SHA1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plus),
		cmocka_unit_test(test_preferences),
		cmocka_unit_test(test_java),
		cmocka_unit_test(test_java_damaged),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_samples_plain),
		cmocka_unit_test(test_samples_preferences),
		cmocka_unit_test(test_samples_sealed),
		cmocka_unit_test(test_sample_defaults),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
