/*
 * What a helper reads and answers, through pipes in the place of its standard
 * input and output.
 *
 * Covers: input, output
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/sandbox/input.h"
#include "client/sandbox/output.h"
#include "proto/frame.h"
#include "proto/limits.h"
#include "proto/text.h"

/* Makes to the other end of from; what it was is in the result. */
static int swap(int from, int to)
{
	int before = dup(to);

	assert_true(before >= 0);
	assert_int_equal(dup2(from, to), to);
	close(from);
	return before;
}

static int read_bytes(const uint8_t *p, size_t n, size_t most,
		      struct input *ret)
{
	char name[] = "/tmp/fob-input.XXXXXX";
	int fd = mkstemp(name), before, r;

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(write(fd, p, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	before = swap(fd, STDIN_FILENO);
	r = input_read(ret, most);
	close(swap(before, STDIN_FILENO));
	return r;
}

static void test_input(void **state UNUSED)
{
	static uint8_t bytes[200 * 1024];
	struct input input = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(
		read_bytes(bytes, sizeof(bytes), sizeof(bytes), &input), 0);
	assert_int_equal(input_bytes(&input).n, sizeof(bytes));
	assert_memory_equal(input_bytes(&input).p, bytes, sizeof(bytes));
	input_free(&input);
	assert_null(input.p);
	assert_int_equal(read_bytes(bytes, sizeof(bytes), sizeof(bytes) - 1,
				    &input),
			 -EFBIG);
	input_free(&input);
	assert_int_equal(read_bytes(bytes, 0, 10, &input), 0);
	assert_int_equal(input.n, 0);
	input_free(&input);
}

static void test_output(void **state UNUSED)
{
	uint8_t data[8192];
	struct bytes rest, message;
	Fob__ImportItem *item;
	struct frame frame;
	int ends[2], before;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	before = swap(ends[1], STDOUT_FILENO);
	assert_int_equal(output_error("it is broken"), 0);
	close(swap(before, STDOUT_FILENO));
	n = read(ends[0], data, sizeof(data));
	close(ends[0]);
	assert_true(n > 0);
	rest = (struct bytes){ data, (size_t)n };
	frame_init(&frame, FRAME_MAX);
	assert_int_equal(frame_take(&frame, &rest, &message), 0);
	assert_int_equal(rest.n, 0);
	item = fob__import_item__unpack(NULL, message.n, message.p);
	assert_non_null(item);
	assert_string_equal(item->error, "it is broken");
	fob__import_item__free_unpacked(item, NULL);
	frame_deinit(&frame);
}

/* A reader that has gone is told of, as an error that comes back. */
static void test_nobody_reads(void **state UNUSED)
{
	int fd = open("/dev/full", O_WRONLY), before, r;

	assert_true(fd >= 0);
	before = swap(fd, STDOUT_FILENO);
	r = output_error("nobody hears this");
	close(swap(before, STDOUT_FILENO));
	assert_int_equal(r, -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
