/* The format of snapshots: whole, or refused with the reason. */
#include "daemon/core/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base.h"

#define FILE_MAX (512 * 1024)
#define PARTS 300
#define PART_SIZE 1000

static struct snapshot_writer *writer;
static struct snapshot_reader *reader;
static struct kit kit, other;
static uint8_t file[FILE_MAX];
static size_t n_file;

static void derive(struct kit *ret, uint8_t first)
{
	uint8_t seed[KEY_SIZE] = { first };

	kit_derive(ret, seed);
}

/* Statuses are parts as good as any: their bytes tell which one it is. */
static void fill(uint8_t *bytes, unsigned number)
{
	for (size_t i = 0; i < PART_SIZE; i++)
		bytes[i] = (uint8_t)(number * 7 + i);
}

static void add(unsigned number)
{
	Fob__SnapshotPart part = FOB__SNAPSHOT_PART__INIT;
	Fob__Status status = FOB__STATUS__INIT;
	uint8_t bytes[PART_SIZE];

	fill(bytes, number);
	status.statement = (ProtobufCBinaryData){ sizeof(bytes), bytes };
	part.status = &status;
	if (snapshot_add(writer, &part))
		return;
	n_file += snapshot_write(writer, false, file + n_file);
	assert_true(snapshot_add(writer, &part));
}

static void write_file(unsigned parts)
{
	struct snapshot_header header = { .generation = 3 };
	uint8_t entropy[SNAPSHOT_ENTROPY] = { 5, 6, 7 };

	memset(header.vault_id, 0x42, sizeof(header.vault_id));
	memcpy(header.recipient, kit.wrap_public, KEY_SIZE);
	assert_int_equal(snapshot_writer_init(writer, &header, entropy), 0);
	n_file = 0;
	for (unsigned i = 0; i < parts; i++)
		add(i);
	n_file += snapshot_write(writer, true, file + n_file);
	assert_true(n_file < FILE_MAX - SNAPSHOT_OUT);
}

static int setup(void **state UNUSED)
{
	writer = malloc(sizeof(*writer));
	reader = malloc(sizeof(*reader));
	derive(&kit, 1);
	derive(&other, 2);
	write_file(PARTS);
	return writer && reader ? 0 : -1;
}

static int teardown(void **state UNUSED)
{
	free(writer);
	free(reader);
	return 0;
}

/* How many parts are right; or minus the error. */
static int read_bytes(const struct kit *with, const uint8_t *p, size_t n,
		      size_t step)
{
	struct bytes part;
	int r = 0, parts = 0;

	snapshot_reader_init(reader, with);
	for (size_t at = 0; at < n && r == 0; at += step) {
		struct bytes in = { p + at, size_min(step, n - at) };

		while (in.n > 0 && r == 0) {
			r = snapshot_feed(reader, &in);
			while (r == 0 && snapshot_next(reader, &part)) {
				uint8_t bytes[PART_SIZE];

				fill(bytes, (unsigned)parts);
				if (part.n < PART_SIZE ||
				    memcmp(part.p + part.n - PART_SIZE, bytes,
					   PART_SIZE) != 0)
					r = SNAPSHOT_ERR_CONTENT;
				parts += r == 0;
			}
		}
	}
	if (r == 0)
		r = snapshot_ended(reader);
	snapshot_reader_deinit(reader);
	return r ? -r : parts;
}

static void whole_in_pieces_of_any_size(void **state UNUSED)
{
	assert_int_equal(read_bytes(&kit, file, n_file, n_file), PARTS);
	assert_int_equal(read_bytes(&kit, file, n_file, 1), PARTS);
	assert_int_equal(read_bytes(&kit, file, n_file, 4097), PARTS);
	assert_int_equal(read_bytes(NULL, file, n_file, 777), 0);
}

static void header_tells_what_everybody_may_know(void **state UNUSED)
{
	struct bytes in = { file, SNAPSHOT_HEADER };

	snapshot_reader_init(reader, NULL);
	assert_int_equal(snapshot_feed(reader, &in), 0);
	assert_int_equal(reader->header.generation, 3);
	assert_int_equal(reader->header.vault_id[7], 0x42);
	snapshot_reader_deinit(reader);
}

static void other_words_are_told_at_once(void **state UNUSED)
{
	assert_int_equal(read_bytes(&other, file, n_file, n_file),
			 -SNAPSHOT_ERR_WORDS);
}

/* Everywhere near borders, and here and there in between. */
static void cut_anywhere(void **state UNUSED)
{
	for (size_t n = 0; n < n_file; n += n < 400 ? 1 : 509) {
		assert_int_equal(read_bytes(&kit, file, n, n + 1),
				 -SNAPSHOT_ERR_CUT);
		assert_int_equal(read_bytes(NULL, file, n, n + 1),
				 -SNAPSHOT_ERR_CUT);
	}
	for (size_t n = n_file - 40; n < n_file; n++)
		assert_int_equal(read_bytes(&kit, file, n, n),
				 -SNAPSHOT_ERR_CUT);
}

static void altered_anywhere(void **state UNUSED)
{
	write_file(20);
	for (size_t at = 0; at < n_file; at++) {
		file[at] ^= 1;
		assert_true(read_bytes(&kit, file, n_file, n_file) < 0);
		assert_true(read_bytes(NULL, file, n_file, n_file) < 0);
		file[at] ^= 1;
	}
	assert_int_equal(read_bytes(&kit, file, n_file, n_file), 20);
	write_file(PARTS);
}

static void longer_than_its_end(void **state UNUSED)
{
	file[n_file] = 0;
	assert_int_equal(read_bytes(&kit, file, n_file + 1, 4096),
			 -SNAPSHOT_ERR_LONG);
}

static void other_files(void **state UNUSED)
{
	uint8_t version = file[15];

	file[15] = 9;
	assert_int_equal(read_bytes(&kit, file, n_file, n_file),
			 -SNAPSHOT_ERR_VERSION);
	file[15] = version;
	assert_int_equal(read_bytes(&kit, file + 1, n_file - 1, n_file),
			 -SNAPSHOT_ERR_FOREIGN);
}

/* A file whose chunks end without the mark of the last one, and a hash. */
static void end_made_up_by_another(void **state UNUSED)
{
	size_t first = ((size_t)file[SNAPSHOT_HEADER] << 24 |
			(size_t)file[SNAPSHOT_HEADER + 1] << 16 |
			(size_t)file[SNAPSHOT_HEADER + 2] << 8 |
			file[SNAPSHOT_HEADER + 3]) +
		       SNAPSHOT_HEADER + 4;
	uint8_t saved[SNAPSHOT_END];

	assert_true(first + SNAPSHOT_END < n_file);
	memcpy(saved, file + first, sizeof(saved));
	memset(file + first, 0, 4);
	crypto_generichash(file + first + 4, 32, file, first + 4, NULL, 0);
	/* From outside that is whole; the words show that it is not. */
	assert_int_equal(read_bytes(NULL, file, first + SNAPSHOT_END, 4096), 0);
	assert_int_equal(read_bytes(&kit, file, first + SNAPSHOT_END, 4096),
			 -SNAPSHOT_ERR_ALTERED);
	memcpy(file + first, saved, sizeof(saved));
}

static void items_are_those_that_were_signed(void **state UNUSED)
{
	uint8_t ids[3][ID_SIZE] = { { 9 }, { 3 }, { 5 } };
	uint8_t sorted[3 * ID_SIZE] = { 0 };
	struct snapshot_made made = { .count = 3 };

	/* Classes 0, 2, 2: the root is over them class by class, by id. */
	sorted[0] = 9;
	sorted[ID_SIZE] = 3;
	sorted[2 * ID_SIZE] = 5;
	crypto_generichash(made.root, ID_SIZE, sorted, sizeof(sorted), NULL, 0);
	snapshot_reader_init(reader, NULL);
	assert_int_equal(snapshot_note(reader, 2, ids[2]), 0);
	assert_int_equal(snapshot_note(reader, 0, ids[0]), 0);
	assert_int_equal(snapshot_complete(reader, &made),
			 SNAPSHOT_ERR_CONTENT);
	assert_int_equal(snapshot_note(reader, 2, ids[1]), 0);
	assert_int_equal(snapshot_complete(reader, &made), 0);
	made.count = 4;
	assert_int_equal(snapshot_complete(reader, &made),
			 SNAPSHOT_ERR_CONTENT);
	made.count = 3;
	made.root[0] ^= 1;
	assert_int_equal(snapshot_complete(reader, &made),
			 SNAPSHOT_ERR_CONTENT);
	snapshot_reader_deinit(reader);
}

static void every_error_has_its_words(void **state UNUSED)
{
	for (int i = SNAPSHOT_ERR_FOREIGN; i <= SNAPSHOT_ERR_CONTENT; i++)
		assert_true(strlen(snapshot_error_text(i)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_in_pieces_of_any_size),
		cmocka_unit_test(header_tells_what_everybody_may_know),
		cmocka_unit_test(other_words_are_told_at_once),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(altered_anywhere),
		cmocka_unit_test(longer_than_its_end),
		cmocka_unit_test(other_files),
		cmocka_unit_test(end_made_up_by_another),
		cmocka_unit_test(items_are_those_that_were_signed),
		cmocka_unit_test(every_error_has_its_words),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
