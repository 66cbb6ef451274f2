/* Where things are, by the environment; the client looks in the same order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/host/paths.h"
#include "proto/base.h"

static char path[PATHS_BYTES];

static int set_up(void **state UNUSED)
{
	setenv("HOME", "/home/ada", 1);
	unsetenv("XDG_DATA_HOME");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("FOB_PROFILE");
	return 0;
}

static void home_is_the_base(void **state UNUSED)
{
	assert_int_equal(paths_vault(path), 0);
	assert_string_equal(path, "/home/ada/.local/share/fob");
	assert_int_equal(paths_config(path), 0);
	assert_string_equal(path, "/home/ada/.config/fob/fobd.conf");
}

static void variables_win(void **state UNUSED)
{
	setenv("XDG_DATA_HOME", "/data", 1);
	setenv("XDG_CONFIG_HOME", "/conf", 1);
	setenv("XDG_RUNTIME_DIR", "/run/me", 1);
	assert_int_equal(paths_vault(path), 0);
	assert_string_equal(path, "/data/fob");
	assert_int_equal(paths_config(path), 0);
	assert_string_equal(path, "/conf/fob/fobd.conf");
	assert_int_equal(paths_socket("/data/fob", path), 0);
	assert_string_equal(path, "/run/me/fob/fobd.sock");
	/* By the specification a relative one is as if it were not there. */
	setenv("XDG_DATA_HOME", "data", 1);
	assert_int_equal(paths_vault(path), 0);
	assert_string_equal(path, "/home/ada/.local/share/fob");
}

static void profile_names_all_three(void **state UNUSED)
{
	setenv("FOB_PROFILE", "work", 1);
	setenv("XDG_RUNTIME_DIR", "/run/me", 1);
	assert_int_equal(paths_vault(path), 0);
	assert_string_equal(path, "/home/ada/.local/share/fob-work");
	assert_int_equal(paths_config(path), 0);
	assert_string_equal(path, "/home/ada/.config/fob-work/fobd.conf");
	assert_int_equal(paths_socket("/v", path), 0);
	assert_string_equal(path, "/run/me/fob-work/fobd.sock");
	setenv("FOB_PROFILE", "../x", 1);
	assert_int_equal(paths_vault(path), PATHS_ERR_PROFILE);
	setenv("FOB_PROFILE", "", 1);
	assert_int_equal(paths_vault(path), 0);
	assert_string_equal(path, "/home/ada/.local/share/fob");
}

static void without_a_runtime_folder(void **state UNUSED)
{
	char run[64], expected[PATHS_BYTES];
	struct stat st;

	snprintf(run, sizeof(run), "/run/user/%u", (unsigned int)geteuid());
	bool ours = stat(run, &st) == 0 && st.st_uid == geteuid() &&
		    (st.st_mode & 0777) == 0700;
	snprintf(expected, sizeof(expected), "%s",
		 ours ? strcat(run, "/fob/fobd.sock") : "/v/run/fobd.sock");
	assert_int_equal(paths_socket("/v", path), 0);
	assert_string_equal(path, expected);
}

static void no_home_and_too_long(void **state UNUSED)
{
	static char deep[PATHS_BYTES];

	unsetenv("HOME");
	assert_int_equal(paths_vault(path), PATHS_ERR_HOME);
	memset(deep, 'x', sizeof(deep) - 1);
	deep[0] = '/';
	setenv("HOME", deep, 1);
	assert_int_equal(paths_vault(path), PATHS_ERR_LONG);
	setenv("XDG_RUNTIME_DIR", deep, 1);
	assert_int_equal(paths_socket("/v", path), PATHS_ERR_LONG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(home_is_the_base, set_up),
		cmocka_unit_test_setup(variables_win, set_up),
		cmocka_unit_test_setup(profile_names_all_three, set_up),
		cmocka_unit_test_setup(without_a_runtime_folder, set_up),
		cmocka_unit_test_setup(no_home_and_too_long, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
