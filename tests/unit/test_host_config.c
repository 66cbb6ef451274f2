/* Options and the file: what is taken, what wins, what is refused and how. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/host/config.h"
#include "proto/base.h"
#include "proto/limits.h"

static char path[64];
static struct config config;

static int set_up(void **state UNUSED)
{
	snprintf(path, sizeof(path), "/tmp/fob-config-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	setenv("HOME", "/home/ada", 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("FOB_PROFILE");
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	config_init(&config);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	unlink(path);
	return 0;
}

static void file_of(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
	snprintf(config.file, sizeof(config.file), "%s", path);
}

static void file(const char *text)
{
	file_of(text, strlen(text));
}

static int arguments(const char *a, const char *b, const char *c)
{
	static char copies[3][200];
	const char *given[3] = { a, b, c };
	static char name[] = "fobd";
	char *argv[5] = { name };
	int n = 1;

	for (int i = 0; i < 3 && given[i]; i++) {
		snprintf(copies[i], sizeof(copies[i]), "%s", given[i]);
		argv[n++] = copies[i];
	}
	return config_arguments(&config, n, argv);
}

static void nothing_given(void **state UNUSED)
{
	assert_int_equal(arguments(NULL, NULL, NULL), 0);
	assert_int_equal(config_defaults(&config), 0);
	assert_string_equal(config.vault, "/home/ada/.local/share/fob");
	assert_string_equal(config.socket, "/run/user/7/fob/fobd.sock");
	assert_int_equal(config.n_listen, 1);
	assert_string_equal(config.listen[0], "[::]:47362");
	assert_int_equal(config.idle_lock, IDLE_LOCK_MS / 1000);
	assert_int_equal(config.log_level, LOG_LEVEL_INFO);
	assert_false(config.keeper);
}

static void options_are_taken(void **state UNUSED)
{
	assert_int_equal(arguments("--vault", "/v", "--keeper"), 0);
	assert_string_equal(config.vault, "/v");
	assert_true(config.keeper);
	assert_int_equal(
		arguments("--listen=127.0.0.1:0", "--listen", "[::1]:9"), 0);
	assert_int_equal(config.n_listen, 2);
	assert_string_equal(config.listen[1], "[::1]:9");
	assert_int_equal(arguments("--idle-lock", "0", "--log-level=debug"), 0);
	assert_int_equal(config.idle_lock, 0);
	assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
}

static void wrong_options_are_named(void **state UNUSED)
{
	assert_int_equal(arguments("--frob", NULL, NULL), CONFIG_ERR_WRONG);
	assert_non_null(strstr(config.message, "--frob"));
	assert_int_equal(arguments("vault", NULL, NULL), CONFIG_ERR_WRONG);
	assert_non_null(strstr(config.message, "'vault'"));
	assert_int_equal(arguments("--socket", NULL, NULL), CONFIG_ERR_WRONG);
	assert_non_null(strstr(config.message, "--socket"));
	assert_int_equal(arguments("--idle-lock", "ten", NULL),
			 CONFIG_ERR_WRONG);
	assert_non_null(strstr(config.message, "'ten'"));
	assert_int_equal(arguments("--vault=", NULL, NULL), CONFIG_ERR_WRONG);
	assert_int_equal(arguments("--keeper=maybe", NULL, NULL),
			 CONFIG_ERR_WRONG);
	for (int i = 0; i < CONFIG_LISTEN_MAX; i++)
		assert_int_equal(arguments("--listen", "[::]:1", NULL), 0);
	assert_int_equal(arguments("--listen", "[::]:1", NULL),
			 CONFIG_ERR_WRONG);
}

static void file_is_read(void **state UNUSED)
{
	file("# a comment\n\n  vault =  /from file \t\nkeeper = yes\n"
	     "listen = 127.0.0.1:1\nlisten=127.0.0.1:2\nlog-level=warn");
	assert_int_equal(config_read(&config), 0);
	assert_string_equal(config.vault, "/from file");
	assert_true(config.keeper);
	assert_int_equal(config.n_listen, 2);
	assert_int_equal(config.log_level, LOG_LEVEL_WARN);
}

static void options_win_over_the_file(void **state UNUSED)
{
	assert_int_equal(arguments("--vault=/mine", "--listen", "[::1]:7"), 0);
	file("vault = /theirs\nno-listen = yes\nlisten = [::]:1\n"
	     "socket = /s\n");
	assert_int_equal(config_read(&config), 0);
	assert_int_equal(config_defaults(&config), 0);
	assert_string_equal(config.vault, "/mine");
	assert_string_equal(config.socket, "/s");
	assert_false(config.no_listen);
	assert_int_equal(config.n_listen, 1);
	assert_string_equal(config.listen[0], "[::1]:7");
}

static void expect_at(const char *text, size_t n, const char *line,
		      const char *what)
{
	char place[80];

	config_init(&config);
	file_of(text, n);
	assert_int_equal(config_read(&config), CONFIG_ERR_WRONG);
	snprintf(place, sizeof(place), "%s:%s: ", path, line);
	assert_memory_equal(config.message, place, strlen(place));
	assert_non_null(strstr(config.message, what));
}

static void expect_line(const char *text, const char *line, const char *what)
{
	expect_at(text, strlen(text), line, what);
}

/* The rest of such a line would not be seen. */
static void nul_is_no_text(void **state UNUSED)
{
	static const char *const lines[] = { "keeper = no\0 yes\n",
					     "#\0keeper = yes\n",
					     "\0ignored = all\n" };
	static const size_t lengths[] = { 17, 15, 15 };
	char text[40] = "# 1\n";

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		memcpy(text + 4, lines[i], lengths[i]);
		expect_at(text, 4 + lengths[i], "2", "NUL");
		/* At the end of a file without a last newline, too. */
		expect_at(text, 3 + lengths[i], "2", "NUL");
	}
}

static void bad_lines_are_named(void **state UNUSED)
{
	char text[PATHS_BYTES + 600];

	expect_line("\n\nfrob = 1\n", "3", "'frob'");
	expect_line("keeper = yes\nkeeper = yes\n", "2", "'keeper'");
	expect_line("vault\n", "1", "key = value");
	expect_line("vault =\n", "1", "vault");
	expect_line("keeper = perhaps\n", "1", "'perhaps'");
	expect_line("log-level = loud", "1", "'loud'");
	expect_line("idle-lock = -1", "1", "'-1'");
	/* These make sense on the command line only. */
	expect_line("config = /x\n", "1", "'config'");
	expect_line("help = yes\n", "1", "'help'");
	memset(text, 'x', sizeof(text));
	memcpy(text, "vault = /", 9);
	text[sizeof(text) - 1] = '\0';
	expect_line(text, "1", "too long");
}

static void file_that_others_write_is_refused(void **state UNUSED)
{
	file("keeper = yes\n");
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(config_read(&config), CONFIG_ERR_WRONG);
	assert_non_null(strstr(config.message, "others may write"));
	assert_false(config.keeper);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(config_read(&config), 0);
	assert_true(config.keeper);
}

static void only_the_usual_file_may_be_missing(void **state UNUSED)
{
	setenv("XDG_CONFIG_HOME", "/nowhere", 1);
	assert_int_equal(config_read(&config), 0);
	assert_string_equal(config.file, "/nowhere/fob/fobd.conf");
	config_init(&config);
	assert_int_equal(arguments("--config", "/nowhere/x", NULL), 0);
	assert_int_equal(config_read(&config), CONFIG_ERR_WRONG);
	assert_non_null(strstr(config.message, "/nowhere/x"));
	config_init(&config);
	assert_int_equal(arguments("--config", "/tmp", NULL), 0);
	assert_int_equal(config_read(&config), CONFIG_ERR_WRONG);
}

static void contradictions_are_refused(void **state UNUSED)
{
	assert_int_equal(arguments("--no-listen", "--listen", "[::]:1"), 0);
	assert_int_equal(config_defaults(&config), CONFIG_ERR_WRONG);
	config_init(&config);
	assert_int_equal(arguments("--no-listen", NULL, NULL), 0);
	assert_int_equal(config_defaults(&config), 0);
	assert_int_equal(config.n_listen, 0);
}

static void file_is_read_again(void **state UNUSED)
{
	static struct config again;
	static char name[] = "fobd", option[100];
	char *argv[] = { name, option, NULL };

	file("log-level = warn\n");
	snprintf(option, sizeof(option), "--config=%s", path);
	config_init(&config);
	assert_int_equal(config_arguments(&config, 2, argv), 0);
	assert_int_equal(config_read(&config), 0);
	assert_int_equal(config.log_level, LOG_LEVEL_WARN);
	file("log-level = error\n");
	assert_int_equal(config_again(&config, &again), 0);
	assert_int_equal(again.log_level, LOG_LEVEL_ERROR);
	file("log-level = nonsense\n");
	assert_int_equal(config_again(&config, &again), CONFIG_ERR_WRONG);
	assert_int_equal(config.log_level, LOG_LEVEL_WARN);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(nothing_given),
		TEST(options_are_taken),
		TEST(wrong_options_are_named),
		TEST(file_is_read),
		TEST(options_win_over_the_file),
		TEST(bad_lines_are_named),
		TEST(nul_is_no_text),
		TEST(file_that_others_write_is_refused),
		TEST(only_the_usual_file_may_be_missing),
		TEST(contradictions_are_refused),
		TEST(file_is_read_again),
	};
	umask(077);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
