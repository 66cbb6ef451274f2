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

static void folder_that_is_synced(void **state UNUSED)
{
	char base[] = "/tmp/fob-paths.XXXXXX", vault[128], mark[128];
	char top[PATHS_BYTES] = "untouched", real[PATHS_BYTES];

	assert_non_null(mkdtemp(base));
	assert_non_null(realpath(base, real));
	snprintf(vault, sizeof(vault), "%s/a", base);
	snprintf(mark, sizeof(mark), "%s/.stfolder", base);
	assert_int_equal(mkdir(vault, 0700), 0);
	assert_false(paths_synced(vault, top));
	assert_string_equal(top, "untouched");
	assert_int_equal(mkdir(mark, 0700), 0);
	assert_true(paths_synced(vault, top));
	assert_string_equal(top, real);
	assert_false(paths_synced("/nowhere/at/all", top));
	rmdir(mark);
	rmdir(vault);
	rmdir(base);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(home_is_the_base, set_up),
		cmocka_unit_test_setup(variables_win, set_up),
		cmocka_unit_test_setup(profile_names_all_three, set_up),
		cmocka_unit_test_setup(without_a_runtime_folder, set_up),
		cmocka_unit_test_setup(no_home_and_too_long, set_up),
		cmocka_unit_test_setup(folder_that_is_synced, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
