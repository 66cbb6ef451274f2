/*
 * Formats of one kind of file each: LastPass, Duo, Steam, Raivo, TOTP
 * Authenticator, WinAuth, a store of pass.
 *
 * Covers: lastpass, duo, steam, raivo, totp_authenticator, winauth, pass
 */
#include "tests/unit/formats.h"

#define PASSWORD "Testtest1"

static const char lastpass[] =
	"{\"deviceId\":\"d\",\"version\":3,\"accounts\":["
	"{\"issuerName\":\"Site\",\"originalIssuerName\":\"Old\","
	"\"userName\":\"me\",\"secret\":\"MFRGG\",\"timeStep\":60,"
	"\"digits\":8,\"algorithm\":\"SHA256\",\"isFavorite\":true,"
	"\"folderData\":{\"folderId\":2,\"position\":0}},"
	"{\"issuerName\":\"\",\"originalIssuerName\":\"Old\","
	"\"secret\":\"MFRGG\",\"folderData\":{\"folderId\":1}},"
	"{\"issuerName\":\"Bad\",\"secret\":\"M1\"},"
	"{\"issuerName\":\"Bad\",\"secret\":\"MFRGG\",\"digits\":-1}],"
	"\"folders\":[{\"id\":1,\"name\":\"Favorites\"},"
	"{\"id\":2,\"name\":\"Web\"}]}";

static void test_lastpass(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("lastpass", text_of(lastpass), NULL, &import);
	assert_int_equal(import.n, 2);
	expect_entry(&import, 0,
		     "1 616263 2 8 60 0 [Site] [me] favourite tag/Web");
	expect_entry(&import, 1, "1 616263 1 6 30 0 [Old] []");
	assert_int_equal(import.skipped.n, 2);
	expect_skip(&import, 1, 4, "digits is negative");
	refused_for("lastpass", TEXT("{\"version\":4,\"accounts\":[]}"), NULL,
		    "newer LastPass Authenticator than is known here: version "
		    "is 4, and 3");
	refused_for("lastpass", TEXT("{\"version\":\"x\",\"accounts\":[]}"),
		    NULL, "version is no version");
	refused_for("lastpass", TEXT("{\"accounts\":1}"), NULL,
		    "no list of accounts");
	survive("lastpass", text_of(lastpass), NULL, 200, false);
}

static const char duo[] =
	"[{\"name\":\"me\",\"otpGenerator\":{\"otpSecret\":\"MFRGG\"}},"
	"{\"name\":\"count\",\"otpGenerator\":{\"otpSecret\":\"MFRGG\","
	"\"counter\":7}},{\"name\":\"own\",\"accountType\":\"Duo\"}]";

static void test_duo(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("duo", text_of(duo), NULL, &import);
	assert_int_equal(import.n, 2);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [] [me]");
	expect_entry(&import, 1, "2 616263 1 6 0 7 [] [count]");
	expect_skip(&import, 0, 3, "secret is empty");
	assert_string_equal(import.skipped.list[0].name, "own");
	refused_for("duo", TEXT("{}"), NULL, "no list of accounts");
	survive("duo", text_of(duo), NULL, 100, false);
}

static const char steam_many[] =
	"{\"accounts\":{\"1\":{\"shared_secret\":\"YWJj\","
	"\"account_name\":\"me\"},\"2\":{\"account_name\":\"none\"},"
	"\"3\":{\"shared_secret\":\"!\"},\"4\":7}}";

static void test_steam(void **state UNUSED)
{
	AUTO_IMPORT struct import one;
	AUTO_IMPORT struct import many;

	read_whole("steam",
		   TEXT("{\"shared_secret\":\"YWJj\",\"account_name\":\"me\"}"),
		   NULL, &one);
	assert_int_equal(one.n, 1);
	expect_entry(&one, 0, "3 616263 1 5 30 0 [Steam] [me]");
	read_whole("steam", text_of(steam_many), NULL, &many);
	assert_int_equal(many.n, 1);
	assert_int_equal(many.skipped.n, 3);
	expect_skip(&many, 1, 3, "shared_secret is not base64");
	expect_skip(&many, 2, 4, "record is not an object");
	refused_for("steam", TEXT("{}"), NULL, "no shared_secret");
	survive("steam", text_of(steam_many), NULL, 100, false);
}

static const char raivo[] =
	"[{\"issuer\":\"Site\",\"account\":\"me\",\"secret\":\"MFRGG\","
	"\"algorithm\":\"SHA256\",\"digits\":\"8\",\"kind\":\"TOTP\","
	"\"timer\":\"60\",\"counter\":\"0\",\"pinned\":\"true\"},"
	"{\"issuer\":\"Count\",\"account\":\"c\",\"secret\":\"MFRGG\","
	"\"algorithm\":\"SHA1\",\"digits\":6,\"kind\":\"HOTP\","
	"\"timer\":\"30\",\"counter\":\"9\",\"pinned\":false},"
	"{\"issuer\":\"Bad\",\"secret\":\"MFRGG\",\"digits\":\"six\"},"
	"{\"issuer\":\"Bad\",\"secret\":\"MFRGG\",\"digits\":\"0\"}]";

static void test_raivo(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("raivo", text_of(raivo), NULL, &import);
	assert_int_equal(import.n, 2);
	expect_entry(&import, 0, "1 616263 2 8 60 0 [Site] [me] favourite");
	expect_entry(&import, 1, "2 616263 1 6 0 9 [Count] [c]");
	expect_skip(&import, 0, 3, "digits is not a number");
	expect_skip(&import, 1, 4, "digits must be 4 to 10");
	refused_for("raivo", TEXT("{}"), NULL, "no list of accounts");
	survive("raivo", text_of(raivo), NULL, 200, false);
}

/* Base64 of the JSON under the hash of the password. */
static void seal(struct text *out, const char *json)
{
	static const uint8_t iv[CRYPT_BLOCK];
	AUTO_BUFFER struct buffer sealed = { 0 };
	uint8_t key[CRYPT_KEY];

	crypt_sha256(TEXT(PASSWORD), key);
	seal_cbc(key, iv, text_of(json), &sealed);
	put_base64(out, buffer_bytes(&sealed));
	put(out, "\n");
}

static void test_totp_authenticator(void **state UNUSED)
{
	AUTO_TEXT struct text file = { 0 }, empty = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	seal(&file, "{\"[{\\\"issuer\\\":\\\"Site\\\",\\\"name\\\":"
		    "\\\"Site:me\\\",\\\"key\\\":\\\"616263\\\",\\\"base\\\":"
		    "16,\\\"digits\\\":\\\"\\\",\\\"period\\\":\\\"60\\\"},"
		    "{\\\"name\\\":\\\"x\\\",\\\"key\\\":\\\"MFRGG\\\","
		    "\\\"base\\\":32},{\\\"name\\\":\\\"y\\\",\\\"base\\\":"
		    "8}]\":\"2020\"}");
	read_whole("totp-authenticator", text_bytes(&file), PASSWORD, &import);
	assert_int_equal(import.n, 2);
	expect_entry(&import, 0, "1 616263 1 6 60 0 [Site] [me]");
	expect_entry(&import, 1, "1 616263 1 6 30 0 [] [x]");
	expect_skip(&import, 0, 3, "base is neither 16 nor 32");
	refused("totp-authenticator", text_bytes(&file), NULL,
		IMPORT_ERR_PASSWORD);
	refused("totp-authenticator", text_bytes(&file), "x", IMPORT_ERR_WRONG);
	survive("totp-authenticator", text_bytes(&file), PASSWORD, 100, false);
	seal(&empty, "{}");
	refused_for("totp-authenticator", text_bytes(&empty), PASSWORD,
		    "no list of accounts");
	refused_for("totp-authenticator", TEXT("YWJj"), PASSWORD,
		    "not whole blocks");
	/* A secret alone is none. */
	assert_null(formats_detect(TEXT("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
					"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")));
}

static const char winauth[] =
	"otpauth://totp/My+Site:me?secret=MFRGG&digits=6\r\n"
	"\r\n"
	"# a comment\r\n"
	"otpauth://totp/BattleNet:b?secret=MFRGG&digits=8&serial=EU-1\r\n"
	"otpauth://totp/Steam:s?secret=MFRGG&digits=5&deviceid=d&"
	"data=%7B%22a%22%7D&icon=Steam\r\n"
	"otpauth://hotp/H:h?secret=MFRGG&digits=6&counter=3\r\n"
	"otpauth://totp/x?digits=6\r\n";

static void test_winauth(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("winauth", text_of(winauth), NULL, &import);
	assert_int_equal(import.n, 4);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [My Site] [me]");
	expect_entry(&import, 1, "1 616263 1 8 30 0 [BattleNet] [b]");
	expect_entry(&import, 2, "3 616263 1 5 30 0 [Steam] [s]");
	expect_entry(&import, 3, "2 616263 1 6 0 3 [H] [h]");
	expect_skip(&import, 0, 7, "secret is missing");
	survive("winauth", text_of(winauth), NULL, 200, false);
}

static const char pass[] =
	"web/mail/post\0otpauth://totp/Post:me?secret=MFRGG&issuer=Post\0"
	"bare\0otpauth://totp/?secret=MFRGG\0"
	"count\0otpauth://hotp/C:c?secret=MFRGG&counter=4\0"
	"end\0otpauth://hotp/C:c?secret=MFRGG&counter=18446744073709551615\0"
	"bad\0otpauth://totp/x?secret=\0";

static void test_pass(void **state UNUSED)
{
	struct bytes file = { (const uint8_t *)pass, sizeof(pass) - 1 };
	AUTO_IMPORT struct import import;

	assert_int_equal(read_as("pass", file, NULL, &import), 0);
	assert_int_equal(import.n, 3);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [Post] [me] tag/web/mail");
	expect_entry(&import, 1, "1 616263 1 6 30 0 [bare] []");
	expect_entry(&import, 2, "2 616263 1 6 0 5 [C] [c]");
	expect_skip(&import, 0, 4, "counter is at its end");
	expect_skip(&import, 1, 5, "secret is empty");
	assert_string_equal(import.skipped.list[1].name, "bad");
	refused_for("pass", TEXT("path\0otpauth"), NULL, "cut off");
	survive("pass", file, NULL, 200, false);
}

static void one_sample(const char *format, const char *path,
		       const char *password, const char *const *want, size_t n)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample(path, &file);
	read_whole(format, buffer_bytes(&file), password, &import);
	assert_int_equal(import.n, n);
	assert_int_equal(import.skipped.n, 0);
	for (size_t i = 0; i < n; i++)
		expect_entry(&import, i, want[i]);
	if (password)
		refused(format, buffer_bytes(&file), "wrong", IMPORT_ERR_WRONG);
}

static void test_samples(void **state UNUSED)
{
	static const char *const steam[] = {
		"3 4c7225f3e265eae831afcc745fa79132 1 5 30 0 [Steam] "
		"[Sophia]",
	};
	static const char *const phone[] = {
		"1 e49270f0d21f365c8408f8b475c5267c 1 6 30 0 [] [Mason]",
		"2 c39cc45ed2e99be8cc2fa14b654edd67 1 6 0 3 [] [James]",
	};
	static const char *const sealed[] = {
		"1 e49270f0d21f365c8408f8b475c5267c 1 6 30 0 [Deno] [mason]",
		"1 eb99cb39c67ae042fa866ec4f239cbb5 1 7 20 0 [SPDX] [james]",
		("1 f91664c8d768853aedde5a936c16ba88 1 8 50 0 [Airbnb] "
		 "[elijah]"),
	};

	one_sample("steam", "aegis/steam.json", NULL, steam, 1);
	one_sample("steam", "aegis/steam_old.json", NULL, steam, 1);
	one_sample("duo", "aegis/duo.json", NULL, phone, 2);
	one_sample("totp-authenticator", "aegis/totp_authenticator.bin",
		   PASSWORD, sealed, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lastpass),
		cmocka_unit_test(test_duo),
		cmocka_unit_test(test_steam),
		cmocka_unit_test(test_raivo),
		cmocka_unit_test(test_totp_authenticator),
		cmocka_unit_test(test_winauth),
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
