/*
 * Ente Auth's encrypted export, made here with little memory: what is inside,
 * wrong passwords, damage, and demands that nobody should meet.
 */
#include "tests/unit/formats.h"

#define PASSWORD "correct horse"
#define MIB (1024ull * 1024)

static const char list[] =
	"otpauth://totp/Site:me?secret=GEZDGNBVGY3TQOJQ&issuer=Site"
	"&algorithm=sha512&digits=8&period=60&codeDisplay=%7B%22pinned%22%3A"
	"true%2C%22tags%22%3A%5B%22t%22%5D%2C%22note%22%3A%22n%22%7D\n"
	"otpauth://steam/S:s?secret=MFRGG&issuer=S\n"
	"otpauth://totp/gone?secret=MFRGG&codeDisplay=%7B%22trashed%22%3A"
	"true%7D\n";

/* What the file says of the cost, and what was really used. */
struct cost {
	uint64_t memory, passes;
};

static void put_file(struct text *ret, const struct buffer *header,
		     const struct buffer *data, struct cost cost)
{
	put(ret,
	    "{\"version\":1,\"kdfParams\":{\"memLimit\":%llu,"
	    "\"opsLimit\":%llu,\"salt\":\"",
	    (unsigned long long)cost.memory, (unsigned long long)cost.passes);
	put_base64(ret, (struct bytes){ noise, 16 });
	put(ret, "\"},\"encryptedData\":\"");
	put_base64(ret, buffer_bytes(data));
	put(ret, "\",\"encryptionNonce\":\"");
	put_base64(ret, buffer_bytes(header));
	put(ret, "\"}");
}

/* last: whether the stream's message is marked as the last one. */
static void make(struct text *ret, const char *text, bool last,
		 struct cost told)
{
	AUTO_BUFFER struct buffer header = { 0 }, data = { 0 };
	crypto_secretstream_xchacha20poly1305_state state;
	struct crypt_argon2 how = { 2, 1024, 1, { noise, 16 } };
	uint8_t key[CRYPT_KEY];
	size_t n = strlen(text);

	assert_int_equal(crypt_argon2(&how, TEXT(PASSWORD), key), 0);
	buffer_alloc(&header,
		     crypto_secretstream_xchacha20poly1305_HEADERBYTES);
	buffer_alloc(&data, n + crypto_secretstream_xchacha20poly1305_ABYTES);
	crypto_secretstream_xchacha20poly1305_init_push(&state, header.p, key);
	crypto_secretstream_xchacha20poly1305_push(
		&state, data.p, NULL, (const uint8_t *)text, n, NULL, 0,
		last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
	put_file(ret, &header, &data, told);
}

static void expect_list(const struct import *import)
{
	assert_int_equal(import->n, 2);
	expect_entry(import, 0,
		     "1 31323334353637383930 3 8 60 0 [Site] [me] note=n "
		     "favourite tag/t");
	expect_entry(import, 1, "3 616263 1 5 30 0 [S] [s]");
	expect_skip(import, 0, 3, "entry is in the trash");
}

static const struct cost honest = { MIB, 2 };

static void test_encrypted(void **state UNUSED)
{
	AUTO_TEXT struct text first = { NULL, 0 }, second = { NULL, 0 };
	AUTO_IMPORT struct import import;
	AUTO_IMPORT struct import other;

	import_init(&other);
	make(&first, list, false, honest);
	make(&second, list, true, honest);
	read_whole("ente", text_bytes(&first), PASSWORD, &import);
	expect_list(&import);
	read_whole("ente", text_bytes(&second), PASSWORD, &other);
	expect_list(&other);
	refused("ente", text_bytes(&first), NULL, IMPORT_ERR_PASSWORD);
	refused("ente", text_bytes(&first), "", IMPORT_ERR_WRONG);
	survive("ente", text_bytes(&first), PASSWORD, 150, true);
}

/* With the name of the format the plain list is welcome, too. */
static void test_plain(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	assert_int_equal(read_as("ente", text_of(list), NULL, &import), 0);
	expect_list(&import);
}

static void test_lengths(void **state UNUSED)
{
	char text[80] = "#";

	/* libsodium pads the ends in a way of its own. */
	for (size_t n = 1; n < 70; n++) {
		AUTO_TEXT struct text file = { NULL, 0 };
		AUTO_IMPORT struct import import;

		memset(text + 1, '#', n);
		make(&file, text, n % 2, honest);
		assert_int_equal(read_as("ente", text_bytes(&file), PASSWORD,
					 &import),
				 0);
		assert_int_equal(import.n, 0);
	}
}

static void costs(struct cost told, const char *why)
{
	AUTO_TEXT struct text file = { NULL, 0 };

	make(&file, list, false, told);
	refused_for("ente", text_bytes(&file), PASSWORD, why);
}

static void test_costs(void **state UNUSED)
{
	costs((struct cost){ 8192 * MIB, 1 }, "more memory or time");
	costs((struct cost){ 1024 * MIB + 1024, 1 }, "more memory or time");
	costs((struct cost){ 1024 * MIB, 9 }, "more memory or time");
	/* Only what Ente itself writes may take more than 256 MiB. */
	costs((struct cost){ 1024 * MIB, 1 }, "asks for: 1024 MiB, passes: 1");
	costs((struct cost){ 512 * MIB, 4 }, "asks for: 512 MiB, passes: 4");
	costs((struct cost){ 768 * MIB, 5 }, "asks for: 768 MiB");
	costs((struct cost){ 257 * MIB, 1 }, "asks for: 257 MiB");
	costs((struct cost){ MIB, INT64_MAX }, "more memory or time");
	costs((struct cost){ MIB, 0 }, "makes no sense");
	costs((struct cost){ 0, 2 }, "makes no sense");
}

static void test_damaged(void **state UNUSED)
{
	refused_for("ente", TEXT("{\"kdfParams\":{},\"encryptedData\":\"\"}"),
		    PASSWORD, "incomplete");
	refused_for("ente", TEXT("{\"kdfParams\":7,\"encryptedData\":7}"),
		    PASSWORD, "incomplete");
	refused_for("ente",
		    TEXT("{\"version\":2,\"kdfParams\":{\"memLimit\":1048576,"
			 "\"opsLimit\":2,\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}"
			 ",\"encryptionNonce\":"
			 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
			 "\"encryptedData\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
		    PASSWORD, "newer Ente");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encrypted), cmocka_unit_test(test_plain),
		cmocka_unit_test(test_lengths),	  cmocka_unit_test(test_costs),
		cmocka_unit_test(test_damaged),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
