/*
 * Archives around a file of another application, made here with libzip:
 * passwords, damage, claims of sizes, and what must not be in them.
 *
 * Covers: archive, members
 */
#include "tests/unit/formats.h"

#include <zip.h>

#include "proto/limits.h"

#define LIST "otpauth://totp/One:a?secret=MFRGG&issuer=One\n"
#define ENTRY "1 616263 1 6 30 0 [One] [a]"
#define CENTRAL "PK\1\2"
/* Where the directory says them of a member, from the mark above. */
#define AT_CRC 16
#define AT_SIZE 24

struct content {
	const char *name;
	struct bytes bytes;
};

static const struct content pair[] = { { "page.html", TEXT("<html></html>") },
				       { "list.txt", TEXT(LIST) },
				       { NULL, { NULL, 0 } } };

static void add_member(zip_t *zip, const struct content *content,
		       uint16_t method)
{
	zip_source_t *source =
		zip_source_buffer(zip, content->bytes.p, content->bytes.n, 0);
	zip_int64_t i = zip_file_add(zip, content->name, source, 0);

	assert_true(i >= 0);
	assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)i,
						  content->bytes.n > 100 ?
							  ZIP_CM_DEFLATE :
							  ZIP_CM_STORE,
						  0),
			 0);
	if (method != ZIP_EM_NONE)
		assert_int_equal(zip_file_set_encryption(zip, (zip_uint64_t)i,
							 method, "secret"),
				 0);
}

/* Up to a content without a name; method: ZIP_EM_*, with "secret". */
static void pack(const struct content *contents, uint16_t method,
		 struct buffer *ret)
{
	zip_error_t error;
	zip_source_t *source;
	struct zip_stat stat;
	zip_t *zip;

	zip_error_init(&error);
	source = zip_source_buffer_create(NULL, 0, 0, &error);
	assert_non_null(source);
	zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
	assert_non_null(zip);
	zip_source_keep(source);
	for (; contents->name; contents++)
		add_member(zip, contents, method);
	assert_int_equal(zip_close(zip), 0);
	assert_int_equal(zip_source_open(source), 0);
	assert_int_equal(zip_source_stat(source, &stat), 0);
	assert_int_equal(buffer_alloc(ret, stat.size), 0);
	assert_int_equal(zip_source_read(source, ret->p, ret->n), ret->n);
	zip_source_close(source);
	zip_source_free(source);
}

static void pack_one(const char *name, struct bytes bytes, uint16_t method,
		     struct buffer *ret)
{
	const struct content one[] = { { name, bytes }, { NULL, { NULL, 0 } } };

	pack(one, method, ret);
}

static uint8_t *directory(const struct buffer *file)
{
	uint8_t *found = memmem(file->p, file->n, CENTRAL, 4);

	assert_non_null(found);
	return found;
}

/* Says that the (only) member has so many bytes. */
static void claim(struct buffer *file, uint32_t n)
{
	uint8_t *at = directory(file) + AT_SIZE;

	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

static void test_plain(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	pack(pair, ZIP_EM_NONE, &file);
	read_whole("zip", buffer_bytes(&file), NULL, &import);
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, ENTRY);
	assert_string_equal(import.inner->name, "uri");
	survive("zip", buffer_bytes(&file), NULL, file.n, false);
}

static void test_sealed(void **state UNUSED)
{
	static const uint16_t methods[] = { ZIP_EM_TRAD_PKWARE, ZIP_EM_AES_128,
					    ZIP_EM_AES_192, ZIP_EM_AES_256 };

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		AUTO_BUFFER struct buffer file = { 0 };
		AUTO_IMPORT struct import import;
		struct bytes bytes;

		pack(pair, methods[i], &file);
		bytes = buffer_bytes(&file);
		read_whole("zip", bytes, "secret", &import);
		expect_entry(&import, 0, ENTRY);
		refused("zip", bytes, NULL, IMPORT_ERR_PASSWORD);
		refused("zip", bytes, "wrong", IMPORT_ERR_WRONG);
		refused("zip", bytes, "", IMPORT_ERR_WRONG);
		survive("zip", bytes, "secret", 60, false);
	}
}

/* Each bit of it counts, and so does the tag. */
static void test_authentic(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	size_t begin;

	pack_one("list.txt", TEXT(LIST LIST LIST), ZIP_EM_AES_256, &file);
	begin = (size_t)(directory(&file) - file.p);
	for (size_t i = begin - 60; i < begin; i++) {
		file.p[i] ^= 1;
		refused("zip", buffer_bytes(&file), "secret", IMPORT_ERR_WRONG);
		file.p[i] ^= 1;
	}
}

/* Some writers leave it at 0 where there is a tag. */
static void test_no_checksum(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	pack_one("list.txt", TEXT(LIST LIST LIST), ZIP_EM_AES_256, &file);
	memset(directory(&file) + AT_CRC, 0, 4);
	memset(file.p + 14, 0, 4);
	read_whole("zip", buffer_bytes(&file), "secret", &import);
	assert_int_equal(import.n, 3);
}

static void test_checksum(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	uint8_t *found;

	pack_one("list.txt", TEXT(LIST), ZIP_EM_NONE, &file);
	found = memmem(file.p, file.n, "MFRGG", 5);
	assert_non_null(found);
	found[0] = 'N';
	refused_for("zip", buffer_bytes(&file), NULL,
		    "member 1 of the archive is damaged: its checksum");
}

static void test_sizes(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };

	pack_one("list.txt", TEXT(LIST LIST LIST), ZIP_EM_NONE, &file);
	claim(&file, 2u << 30);
	refused_for("zip", buffer_bytes(&file), NULL,
		    "member 1 of the archive is too large");
	claim(&file, 1 << 20);
	refused_for("zip", buffer_bytes(&file), NULL, "member 1 ");
	claim(&file, 20);
	refused_for("zip", buffer_bytes(&file), NULL, "member 1 ");
}

static void test_cut(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };

	pack(pair, ZIP_EM_NONE, &file);
	refused_for("zip", (struct bytes){ file.p, file.n - 30 }, NULL,
		    "cut off");
	refused_for("zip", TEXT("PK\3\4"), NULL, "cut off");
	directory(&file)[42] = 0xff;
	refused_for("zip", buffer_bytes(&file), NULL, "damaged");
}

/* 33 MiB of nothing, twice: the second is too much. */
static void test_bomb(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_BUFFER struct buffer nothing = { 0 };

	assert_int_equal(buffer_alloc(&nothing, 33u << 20), 0);
	pack((struct content[]){ { "a", buffer_bytes(&nothing) },
				 { "b", buffer_bytes(&nothing) },
				 { NULL, { NULL, 0 } } },
	     ZIP_EM_NONE, &file);
	assert_true(file.n < 1 << 20);
	refused_for("zip", buffer_bytes(&file), NULL,
		    "member 2 of the archive is too large");
}

static void test_contents(void **state UNUSED)
{
	static const struct content twice[] = { { "a", TEXT(LIST) },
						{ "../../b", TEXT(LIST) },
						{ NULL, { NULL, 0 } } };
	static const struct content none[] = { { "a", TEXT("hello") },
					       { "b/", TEXT("") },
					       { NULL, { NULL, 0 } } };
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_BUFFER struct buffer outer = { 0 };

	pack(twice, ZIP_EM_NONE, &file);
	refused_for("zip", buffer_bytes(&file), NULL, "holds 2 files of");
	pack_one("in.zip", buffer_bytes(&file), ZIP_EM_NONE, &outer);
	refused_for("zip", buffer_bytes(&outer), NULL, "holds an archive");
	pack(none, ZIP_EM_NONE, &file);
	refused_for("zip", buffer_bytes(&file), NULL,
		    "holds 2 files, and none that is recognised");
	refused_for("zip", TEXT("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		    NULL, "holds 0 files");
}

static void test_many(void **state UNUSED)
{
	static struct content contents[ARCHIVE_MEMBERS_MAX + 2];
	static char names[ARCHIVE_MEMBERS_MAX + 1][8];
	AUTO_BUFFER struct buffer file = { 0 };

	for (size_t i = 0; i <= ARCHIVE_MEMBERS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "%zu", i);
		contents[i] = (struct content){ names[i], TEXT("x") };
	}
	pack(contents, ZIP_EM_NONE, &file);
	refused_for("zip", buffer_bytes(&file), NULL, "too many files");
}

/* The person says what is in it, where its look does not. */
static void test_wanted(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	pack_one("list", TEXT("# nothing yet\n"), ZIP_EM_NONE, &file);
	refused_for("zip", buffer_bytes(&file), NULL, "none that is");
	import_init(&import);
	import.inner = formats_find("uri");
	assert_int_equal(
		formats_find("zip")->read(buffer_bytes(&file), &import), 0);
	assert_int_equal(import.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_authentic),
		cmocka_unit_test(test_no_checksum),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
