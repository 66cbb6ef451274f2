/* Frames: whole, in pieces, several at once, and those that are refused. */
#include "proto/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX 1000

static void test_byte_by_byte(UNUSED void **state)
{
	static const uint8_t wire[] = "\0\0\0\3abc\0\0\0\1x";
	AUTO_FRAME struct frame f;
	struct bytes message = { 0 };
	size_t i, got = 0;

	frame_init(&f, MAX);
	for (i = 0; i < sizeof(wire) - 1; i++) {
		struct bytes in = { wire + i, 1 };
		int r = frame_take(&f, &in, &message);

		assert_int_equal(in.n, 0);
		if (i == 6) {
			assert_int_equal(r, 0);
			assert_int_equal(message.n, 3);
			assert_memory_equal(message.p, "abc", 3);
			assert_false(frame_partial(&f));
			got++;
		} else if (i == 11) {
			assert_int_equal(r, 0);
			assert_int_equal(message.n, 1);
			assert_int_equal(message.p[0], 'x');
			got++;
		} else {
			assert_int_equal(r, FRAME_ERR_MORE);
			assert_true(frame_partial(&f));
		}
	}
	assert_int_equal(got, 2);
}

static void test_several_in_one_piece(UNUSED void **state)
{
	static const uint8_t wire[] = "\0\0\0\1a\0\0\0\2bc\0\0";
	struct bytes in = { wire, sizeof(wire) - 1 };
	AUTO_FRAME struct frame f;
	struct bytes message;

	frame_init(&f, MAX);
	assert_int_equal(frame_take(&f, &in, &message), 0);
	assert_int_equal(message.n, 1);
	assert_int_equal(message.p[0], 'a');
	assert_int_equal(frame_take(&f, &in, &message), 0);
	assert_int_equal(message.n, 2);
	assert_memory_equal(message.p, "bc", 2);
	assert_int_equal(frame_take(&f, &in, &message), FRAME_ERR_MORE);
	assert_int_equal(in.n, 0);
	assert_true(frame_partial(&f));
	assert_int_equal(frame_take(&f, &in, &message), FRAME_ERR_MORE);
}

static void refuse(const uint8_t header[static 4], int error)
{
	struct bytes in = { header, 4 };
	struct bytes message = { NULL, 77 };
	AUTO_FRAME struct frame f;

	frame_init(&f, MAX);
	assert_int_equal(frame_take(&f, &in, &message), error);
	assert_null(f.buffer);
	assert_int_equal(message.n, 77);

	/* It stays so, whatever comes. */
	in = (struct bytes){ (const uint8_t *)"\0\0\0\1a", 5 };
	assert_int_equal(frame_take(&f, &in, &message), error);
	assert_int_equal(in.n, 5);
}

static void test_refused(UNUSED void **state)
{
	refuse((const uint8_t[]){ 0, 0, 0, 0 }, FRAME_ERR_EMPTY);
	refuse((const uint8_t[]){ 0, 0, 3, 0xe9 }, FRAME_ERR_LONG);
	refuse((const uint8_t[]){ 0xff, 0xff, 0xff, 0xff }, FRAME_ERR_LONG);
	refuse((const uint8_t[]){ 0x80, 0, 0, 0 }, FRAME_ERR_LONG);
}

static void test_longest(UNUSED void **state)
{
	uint8_t wire[FRAME_HEADER + MAX];
	struct bytes in = BYTES(wire);
	AUTO_FRAME struct frame f;
	struct bytes message;

	memset(wire, 0x5a, sizeof(wire));
	frame_header(wire, MAX);
	frame_init(&f, MAX);
	assert_int_equal(frame_take(&f, &in, &message), 0);
	assert_int_equal(message.n, MAX);
	assert_memory_equal(message.p, wire + FRAME_HEADER, MAX);
}

/* Who announces much and sends little makes us hold little. */
static void test_buffer_follows_what_came(UNUSED void **state)
{
	static const uint8_t wire[] = "\0\1\0\0abcdefgh";
	struct bytes in = { wire, sizeof(wire) - 1 };
	AUTO_FRAME struct frame f;
	struct bytes message;

	frame_init(&f, 65536);
	assert_int_equal(frame_take(&f, &in, &message), FRAME_ERR_MORE);
	assert_in_range(f.capacity, 8, 256);
}

static void test_large_buffer_is_given_back(UNUSED void **state)
{
	uint8_t *wire = calloc(1, FRAME_HEADER + 60000);
	struct bytes in = { wire, FRAME_HEADER + 60000 };
	AUTO_FRAME struct frame f;
	struct bytes message;

	assert_non_null(wire);
	frame_header(wire, 60000);
	frame_init(&f, 65536);
	assert_int_equal(frame_take(&f, &in, &message), 0);
	assert_int_equal(message.n, 60000);
	assert_int_equal(frame_take(&f, &in, &message), FRAME_ERR_MORE);
	assert_null(f.buffer);
	free(wire);
}

static void test_limit_can_change(UNUSED void **state)
{
	static const uint8_t wire[] = "\0\0\0\5abcde";
	struct bytes in = { wire, sizeof(wire) - 1 };
	AUTO_FRAME struct frame f;
	struct bytes message;

	frame_init(&f, 4);
	frame_set_max(&f, 5);
	assert_int_equal(frame_take(&f, &in, &message), 0);
	assert_int_equal(message.n, 5);
}

static void test_header(UNUSED void **state)
{
	uint8_t header[FRAME_HEADER];

	frame_header(header, 0x01020304);
	assert_memory_equal(header, "\1\2\3\4", 4);
}

/* Any cutting of a stream gives the same messages. */
static void test_any_pieces(UNUSED void **state)
{
	uint8_t wire[4096];
	size_t at = 0, step, sum = 0, messages = 0;

	while (at + FRAME_HEADER + 300 < sizeof(wire)) {
		size_t n = 1 + (at * 7) % 299;

		frame_header(wire + at, n);
		memset(wire + at + FRAME_HEADER, (int)(n & 0xff), n);
		at += FRAME_HEADER + n;
		sum += n;
		messages++;
	}
	for (step = 1; step < 700; step += 3) {
		size_t from, got = 0, count = 0;
		AUTO_FRAME struct frame f;

		frame_init(&f, 300);
		for (from = 0; from < at; from += step) {
			struct bytes in = { wire + from,
					    size_min(step, at - from) };
			struct bytes m;

			while (frame_take(&f, &in, &m) == 0) {
				assert_int_equal(m.p[0], m.n & 0xff);
				assert_int_equal(m.p[m.n - 1], m.n & 0xff);
				got += m.n;
				count++;
			}
		}
		assert_int_equal(got, sum);
		assert_int_equal(count, messages);
	}
}

/* Passphrases come in frames. */
static void test_wiped_when_done(UNUSED void **state)
{
	static const uint8_t wire[] = "\0\0\0\6secret\0\0\0\1x";
	struct bytes in = { wire, FRAME_HEADER + 6 };
	AUTO_FRAME struct frame f;
	struct bytes message;

	frame_init(&f, MAX);
	assert_int_equal(frame_take(&f, &in, &message), 0);
	assert_ptr_equal(message.p, f.buffer);
	in = (struct bytes){ wire + FRAME_HEADER + 6, 1 };
	assert_int_equal(frame_take(&f, &in, &message), FRAME_ERR_MORE);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(f.buffer[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_several_in_one_piece),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_buffer_follows_what_came),
		cmocka_unit_test(test_large_buffer_is_given_back),
		cmocka_unit_test(test_limit_can_change),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_any_pieces),
		cmocka_unit_test(test_wiped_when_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
