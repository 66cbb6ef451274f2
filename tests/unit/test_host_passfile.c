/* Passphrases from files: the first line, and which files are refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/host/passfile.h"
#include "proto/base.h"
#include "proto/limits.h"
#include "proto/secret.h"

static char path[64], other[80];

static int set_up(void **state UNUSED)
{
	snprintf(path, sizeof(path), "/tmp/fob-pass-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(other, sizeof(other), "%s.other", path);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	unlink(path);
	unlink(other);
	assert_int_equal(secret_used(), 0);
	return 0;
}

static void fill(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static void reads(const char *text, size_t n, const char *expected)
{
	AUTO_SECRET uint8_t *got = NULL;
	size_t got_n = 0;

	fill(text, n);
	assert_int_equal(passfile_read(path, &got, &got_n), 0);
	assert_int_equal(got_n, strlen(expected));
	assert_memory_equal(got, expected, got_n);
}

static void refuses(const char *file, int error)
{
	uint8_t *got = NULL;
	size_t n;

	assert_int_equal(passfile_read(file, &got, &n), error);
	assert_null(got);
	assert_true(strlen(passfile_error_text(error)) > 0);
}

static void first_line_counts(void **state UNUSED)
{
	static char longest[PASSPHRASE_MAX + 2];

	reads("correct horse\nbattery\n", 22, "correct horse");
	reads("no newline", 10, "no newline");
	reads("from windows\r\n", 14, "from windows");
	reads("  spaces stay  \n", 16, "  spaces stay  ");
	memset(longest, 'x', PASSPHRASE_MAX);
	reads(longest, PASSPHRASE_MAX, longest);
}

static void empty_and_endless_are_refused(void **state UNUSED)
{
	static char endless[PASSPHRASE_MAX + 100];

	fill("", 0);
	refuses(path, PASSFILE_ERR_EMPTY);
	fill("\nsecond\n", 8);
	refuses(path, PASSFILE_ERR_EMPTY);
	memset(endless, 'x', sizeof(endless));
	fill(endless, sizeof(endless));
	refuses(path, PASSFILE_ERR_LONG);
}

static void other_kinds_of_files_are_refused(void **state UNUSED)
{
	fill("secret\n", 7);
	assert_int_equal(symlink(path, other), 0);
	refuses(other, PASSFILE_ERR_KIND);
	assert_int_equal(unlink(other), 0);
	refuses(other, -ENOENT);
	assert_int_equal(mkfifo(other, 0600), 0);
	refuses(other, PASSFILE_ERR_KIND); /* and does not wait for a writer */
	refuses("/tmp", PASSFILE_ERR_KIND);
	assert_int_equal(chmod(path, 0640), 0);
	refuses(path, PASSFILE_ERR_MODE);
	if (geteuid() == 0) {
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(chown(path, 12345, 12345), 0);
		refuses(path, PASSFILE_ERR_OWNER);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(first_line_counts),
		TEST(empty_and_endless_are_refused),
		TEST(other_kinds_of_files_are_refused),
	};
	umask(077);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
