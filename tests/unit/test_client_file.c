/*
 * Files that the client writes: whole or not at all, for their owner alone,
 * and never in the place of another that was there or came meanwhile.
 * Covers: file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "client/file.h"
#include "proto/status.h"

static char base[64], path[80];
static struct fob fob = { .quiet = true };

static int set_up(void **state UNUSED)
{
	snprintf(base, sizeof(base), "/tmp/fob-file-XXXXXX");
	assert_non_null(mkdtemp(base));
	snprintf(path, sizeof(path), "%s/out", base);
	/* Whoever starts us may have a mask of its own. */
	umask(0);
	return 0;
}

/* The folder has to be empty but for the file, if there is one. */
static int tear_down(void **state UNUSED)
{
	unlink(path);
	assert_int_equal(rmdir(base), 0);
	return 0;
}

static void put(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void expect(const char *text)
{
	char got[64] = { 0 };
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_true(fread(got, 1, sizeof(got) - 1, file) > 0);
	fclose(file);
	assert_string_equal(got, text);
}

static void begin(struct file *file, const char *text)
{
	struct bytes bytes = { (const uint8_t *)text, strlen(text) };

	assert_int_equal(file_begin(&fob, file, path), 0);
	assert_int_equal(file_write(&fob, file, bytes), 0);
}

static void for_its_owner_alone(void **state UNUSED)
{
	struct stat st;

	for (int replace = 0; replace < 2; replace++) {
		struct file file AUTO_FILE = { .fd = -1 };

		begin(&file, "new");
		assert_int_not_equal(access(path, F_OK), 0);
		if (replace)
			put("old");
		assert_int_equal(replace ? file_end(&fob, &file) :
					   file_end_new(&fob, &file),
				 0);
		expect("new");
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		unlink(path);
	}
}

static void another_that_came_meanwhile_stays(void **state UNUSED)
{
	struct file file AUTO_FILE = { .fd = -1 };

	begin(&file, "ours");
	put("theirs");
	assert_int_equal(file_end_new(&fob, &file), STATUS_CONFLICT);
	expect("theirs");
}

static void dropped_leaves_nothing(void **state UNUSED)
{
	struct file file = { .fd = -1 };

	begin(&file, "half");
	file_drop(&file);
	assert_int_equal(file.fd, -1);
	assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(for_its_owner_alone),
		TEST(another_that_came_meanwhile_stays),
		TEST(dropped_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
