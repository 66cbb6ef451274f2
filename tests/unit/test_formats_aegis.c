/*
 * Aegis: the three versions of its content, vaults encrypted here with one
 * slot and with several, costs that nobody should pay, real samples.
 */
#include "tests/unit/formats.h"

#define PASSWORD "correct horse"
#define DB_START \
	"{\"version\":1,\"header\":{\"slots\":null,\"params\":null},\"db\":"

#define ENTRIES                                                           \
	"\"entries\":["                                                   \
	"{\"type\":\"totp\",\"uuid\":\"01\",\"name\":\"me\","             \
	"\"issuer\":\"Site\",\"note\":\"a\\nb\",\"favorite\":true,"       \
	"\"icon\":null,\"info\":{\"secret\":\"GEZDGNBVGY3TQOJQ\","        \
	"\"algo\":\"SHA512\",\"digits\":8,\"period\":60},"                \
	"\"group\":\"Old\",\"groups\":[\"G1\",\"g2\",\"gone\"]},"         \
	"{\"type\":\"hotp\",\"name\":\"h\",\"issuer\":\"\",\"info\":"     \
	"{\"secret\":\"MFRGG\",\"algo\":\"SHA1\",\"digits\":6,"           \
	"\"counter\":5},\"group\":null},"                                 \
	"{\"type\":\"motp\",\"name\":\"m\",\"issuer\":\"M\",\"info\":"    \
	"{\"secret\":\"4MKSV7XGEWM4Q\",\"algo\":\"MD5\",\"digits\":6,"    \
	"\"period\":10,\"pin\":\"1234\"}},"                               \
	"{\"type\":\"steam\",\"name\":\"s\",\"issuer\":\"S\",\"info\":"   \
	"{\"secret\":\"MFRGG\",\"algo\":\"SHA1\",\"digits\":5,"           \
	"\"period\":30}},"                                                \
	"{\"type\":\"yandex\",\"name\":\"y\",\"issuer\":\"Y\",\"info\":"  \
	"{\"secret\":\"6SB2IKNM6OBZPAVBVTOHDKS4FA\",\"algo\":\"SHA256\"," \
	"\"digits\":8,\"period\":30,\"pin\":\"5239\"}}]"

#define GROUPS                                             \
	",\"groups\":[{\"uuid\":\"g1\",\"name\":\"One\"}," \
	"{\"uuid\":\"g2\",\"name\":\"Two\"}]"

static const char version1[] = "{\"version\":1," ENTRIES "}";
static const char version3[] = "{\"version\":3," ENTRIES GROUPS "}";

static void expect_content(const struct import *import, const char *first)
{
	assert_int_equal(import->n, 5);
	assert_int_equal(import->skipped.n, 0);
	expect_entry(import, 0, first);
	expect_entry(import, 1, "2 616263 1 6 0 5 [] [h]");
	expect_entry(import, 2, "4 e3152afee62599c8 4 6 10 0 [M] [m] pin=1234");
	expect_entry(import, 3, "3 616263 1 5 30 0 [S] [s]");
	expect_entry(import, 4,
		     "5 f483a429acf3839782a1acdc71aa5c28 2 8 30 0 [Y] [y] "
		     "pin=5239");
}

static const char first_entry[] = "1 31323334353637383930 3 8 60 0 [Site] [me] "
				  "note=a\nb favourite tag/One tag/Two";

static void test_plain(void **state UNUSED)
{
	AUTO_TEXT struct text text = { NULL, 0 };
	AUTO_IMPORT struct import import;

	put(&text, DB_START "%s}", version3);
	read_whole("aegis", text_bytes(&text), NULL, &import);
	expect_content(&import, first_entry);
}

/* Where there are no ids of groups the one name is taken. */
static void test_group_name(void **state UNUSED)
{
	static const char text[] = DB_START
		"{\"version\":2,\"entries\":[{\"type\":\"totp\","
		"\"name\":\"me\",\"issuer\":\"Site\",\"group\":\"Old\","
		"\"info\":{\"secret\":\"MFRGG\",\"algo\":\"SHA1\","
		"\"digits\":6,\"period\":30}}]}}";
	AUTO_IMPORT struct import import;

	read_whole("aegis", text_of(text), NULL, &import);
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [Site] [me] tag/Old");
}

/* --- encrypted ---------------------------------------------------------------- */

static const uint8_t master[CRYPT_KEY] = { 7, 7, 1 };

/* name: of the member that holds nonce and tag. */
static void put_params(struct text *text, const char *name,
		       const struct buffer *sealed)
{
	size_t n = sealed->n - CRYPT_TAG;

	put(text, "\"%s\":{\"nonce\":\"", name);
	put_hex(text, (struct bytes){ noise, CRYPT_NONCE });
	put(text, "\",\"tag\":\"");
	put_hex(text, (struct bytes){ sealed->p + n, CRYPT_TAG });
	put(text, "\"}");
}

static void put_slot(struct text *text, const char *password, uint64_t cost)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	struct crypt_scrypt how = { 1024, 8, 1, { noise, sizeof(noise) } };
	uint8_t key[CRYPT_KEY];
	struct crypt_gcm gcm = { key, { noise, CRYPT_NONCE }, { NULL, 0 } };

	assert_int_equal(crypt_scrypt(&how, text_of(password), key), 0);
	seal_gcm(&gcm, BYTES(master), &sealed);
	put(text, "{\"type\":1,\"uuid\":\"x\",\"key\":\"");
	put_hex(text, (struct bytes){ sealed.p, CRYPT_KEY });
	put(text, "\",");
	put_params(text, "key_params", &sealed);
	put(text, ",\"n\":%llu,\"r\":8,\"p\":1,\"salt\":\"",
	    (unsigned long long)cost);
	put_hex(text, BYTES(noise));
	put(text, "\",\"repaired\":true,\"is_backup\":false}");
}

/* slots: the JSON of them, without the brackets. */
static void put_vault(struct text *text, const char *slots, const char *content)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	struct crypt_gcm gcm = { master, { noise, CRYPT_NONCE }, { NULL, 0 } };

	seal_gcm(&gcm, text_of(content), &sealed);
	put(text, "{\"version\":1,\"header\":{\"slots\":[%s],", slots);
	put_params(text, "params", &sealed);
	put(text, "},\"db\":\"");
	put_base64(text, (struct bytes){ sealed.p, sealed.n - CRYPT_TAG });
	put(text, "\"}");
}

static void test_encrypted(void **state UNUSED)
{
	AUTO_TEXT struct text slots = { NULL, 0 }, file = { NULL, 0 };
	AUTO_IMPORT struct import import;

	put_slot(&slots, PASSWORD, 1024);
	put_vault(&file, slots.p, version1);
	read_whole("aegis", text_bytes(&file), PASSWORD, &import);
	expect_content(&import, "1 31323334353637383930 3 8 60 0 [Site] [me] "
				"note=a\nb favourite");
	refused("aegis", text_bytes(&file), NULL, IMPORT_ERR_PASSWORD);
	refused("aegis", text_bytes(&file), "", IMPORT_ERR_WRONG);
	refused("aegis", text_bytes(&file), PASSWORD "!", IMPORT_ERR_WRONG);
	survive("aegis", text_bytes(&file), PASSWORD, 200, false);
}

static void test_slots(void **state UNUSED)
{
	AUTO_TEXT struct text slots = { NULL, 0 }, file = { NULL, 0 };
	AUTO_IMPORT struct import import;

	put(&slots, "{\"type\":2,\"key\":\"00\"},");
	put_slot(&slots, "another", 1024);
	put(&slots, ",{\"type\":1},7,");
	put_slot(&slots, PASSWORD, 1ull << 40);
	put(&slots, ",");
	put_slot(&slots, PASSWORD, 1024);
	put_vault(&file, slots.p, version3);
	read_whole("aegis", text_bytes(&file), PASSWORD, &import);
	expect_content(&import, first_entry);
	refused("aegis", text_bytes(&file), "third", IMPORT_ERR_WRONG);
}

static void vault_refused_for(const char *slots, const char *why)
{
	AUTO_TEXT struct text file = { NULL, 0 };

	put_vault(&file, slots, version3);
	refused_for("aegis", text_bytes(&file), PASSWORD, why);
}

static void test_bad_slots(void **state UNUSED)
{
	AUTO_TEXT struct text slots = { NULL, 0 };

	put_slot(&slots, PASSWORD, 1ull << 40);
	vault_refused_for(slots.p, "more memory or time");
	text_free(&slots);
	put_slot(&slots, PASSWORD, 1000);
	vault_refused_for(slots.p, "makes no sense");
	vault_refused_for("{\"type\":1,\"key\":\"zz\",\"n\":2}",
			  "makes no sense");
	vault_refused_for("", "with no password");
	vault_refused_for("{\"type\":2}", "with no password");
}

/* The slot opens, so it is not the password that is wrong. */
static void test_damaged_content(void **state UNUSED)
{
	AUTO_TEXT struct text slots = { NULL, 0 }, file = { NULL, 0 };
	char *db;

	put_slot(&slots, PASSWORD, 1024);
	put_vault(&file, slots.p, version3);
	db = strstr(file.p, "\"db\":\"");
	assert_non_null(db);
	db[20] = db[20] == 'A' ? 'B' : 'A';
	refused_for("aegis", text_bytes(&file), PASSWORD, "is damaged");
	db[20] = '*';
	refused_for("aegis", text_bytes(&file), PASSWORD, "is damaged");
}

/* --- damage ---------------------------------------------------------------------- */

static void test_bad_records(void **state UNUSED)
{
	static const char text[] = DB_START
		"{\"version\":3,\"entries\":["
		"{\"type\":\"x\",\"name\":\"a\",\"info\":{\"secret\":\"MFRGG\"}},"
		"{\"type\":\"totp\",\"name\":\"b\"},"
		"{\"type\":\"totp\",\"name\":\"c\",\"info\":{\"secret\":\"MFRGG\","
		"\"algo\":\"MD5\"}},"
		"{\"type\":\"totp\",\"name\":\"d\",\"info\":[]},"
		"{\"type\":\"totp\",\"name\":\"e\",\"note\":\"\\u0007\","
		"\"info\":{\"secret\":\"MFRGG\"}}]}}";
	AUTO_IMPORT struct import import;

	read_whole("aegis", text_of(text), NULL, &import);
	expect_skip(&import, 0, 1, "type is not known");
	expect_skip(&import, 1, 2, "secret is empty");
	expect_skip(&import, 2, 3, "algorithm must be SHA1, SHA256 or SHA512");
	expect_skip(&import, 3, 4, "info is not an object");
	assert_int_equal(import.skipped.n, 4);
	/* A note is not worth an account. */
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [] [e]");
	assert_int_equal(import.warnings.n, 1);
	assert_int_equal(import.warnings.list[0].position, 5);
}

static void test_damaged(void **state UNUSED)
{
	AUTO_TEXT struct text text = { NULL, 0 };

	refused_for("aegis", TEXT(DB_START "{\"version\":4,\"entries\":[]}}"),
		    NULL, "newer Aegis");
	/* Before a password is blamed for it. */
	refused_for("aegis",
		    TEXT("{\"version\":9,\"header\":{\"slots\":[]},"
			 "\"db\":\"AA==\"}"),
		    PASSWORD, "newer Aegis");
	refused_for("aegis", TEXT(DB_START "{\"version\":3}}"), NULL,
		    "no list of accounts");
	refused_for("aegis", TEXT(DB_START "null}"), NULL,
		    "no list of accounts");
	put(&text, DB_START "%s}", version3);
	survive("aegis", text_bytes(&text), NULL, 500, false);
}

static void test_samples(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	sample("aegis", "aegis/aegis_plain.json", NULL, ALL_SEVEN);
	sample("aegis", "aegis/aegis_encrypted.json", "test", ALL_SEVEN);
	load_sample("aegis/aegis_plain_grouped_v2.json", &file);
	read_whole("aegis", buffer_bytes(&file), NULL, &import);
	assert_int_equal(import.n, 7);
	expect_entry(&import, 3,
		     "2 c39cc45ed2e99be8cc2fa14b654edd67 1 6 0 1 [Issuu] "
		     "[James] tag/group2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_group_name),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_bad_slots),
		cmocka_unit_test(test_damaged_content),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
