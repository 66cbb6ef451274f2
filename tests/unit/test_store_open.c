/* Making, opening, locking and wiping a store; what the disk is told when. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/store/store.h"
#include "proto/base.h"

/* --- what is asked of the disk, in order ------------------------------------ */

#define CALLS_MAX 64

static char calls[CALLS_MAX][400];
static size_t n_calls;
static int fail_at = -1; /* index of the call that fails with EIO */

static bool record(const char *what, const char *path)
{
	if (n_calls == CALLS_MAX)
		return true;
	snprintf(calls[n_calls], sizeof(calls[0]), "%s %s", what, path);
	return (int)n_calls++ != fail_at;
}

static bool record_fd(const char *what, int fd)
{
	char link[64], path[200];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return record(what, path);
}

/* These win over those of the C library, for our code and for LMDB. */
int fsync(int fd)
{
	if (!record_fd("fsync", fd)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	if (!record_fd("fdatasync", fd)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
	if (!record("rename", from)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int n_metas;  /* writes of both meta pages at once */
static int n_synced; /* writes that return when they are on disk */

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
	n_metas += n == 8192 && offset == 0;
	n_synced += (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
	return syscall(SYS_pwrite64, fd, data, n, offset);
}

static int call_after(int after, const char *what, const char *path)
{
	char line[400];

	snprintf(line, sizeof(line), "%s %s", what, path);
	for (size_t i = (size_t)(after + 1); i < n_calls; i++)
		if (strcmp(calls[i], line) == 0)
			return (int)i;
	return -1;
}

static int call_index(const char *what, const char *path)
{
	return call_after(-1, what, path);
}

/* --- a folder for each test ------------------------------------------------- */

static char base[64], vault[100];

/* $BASE is the folder of the test. */
static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

static int set_up(void **state UNUSED)
{
	snprintf(base, sizeof(base), "/tmp/fob-store-XXXXXX");
	assert_non_null(mkdtemp(base));
	setenv("BASE", base, 1);
	snprintf(vault, sizeof(vault), "%s/data/vault", base);
	n_calls = 0;
	fail_at = -1;
	return 0;
}

static int tear_down(void **state UNUSED)
{
	run("rm -rf $BASE");
	return 0;
}

static const char *below(const char *name)
{
	static char path[300];
	snprintf(path, sizeof(path), "%s/%s", vault, name);
	return path;
}

static bool there(const char *name)
{
	struct stat st;
	return lstat(below(name), &st) == 0;
}

/* --- tests ------------------------------------------------------------------ */

static void new_store_is_flushed_before_it_has_its_name(void **state UNUSED)
{
	struct store *store;

	assert_int_equal(store_open(vault, &store), 0);
	char data[300];
	snprintf(data, sizeof(data), "%s", below("store.tmp/data.mdb"));
	int first = call_index("fdatasync", data);
	int file = call_index("fsync", data);
	int folder = call_index("fsync", below("store.tmp"));
	int renamed = call_index("rename", below("store.tmp"));
	int parent = call_after(renamed, "fsync", vault);
	/* LMDB's own flush of the first commit came, then ours, in order. */
	assert_true(first >= 0 && file > first && folder > file);
	assert_int_equal(renamed, folder + 1);
	assert_int_equal(parent, renamed + 1);
	/* The folders above are new, so their names are flushed, too. */
	char made[100];
	snprintf(made, sizeof(made), "%s/data", base);
	assert_true(call_index("fsync", base) >= 0);
	assert_true(call_index("fsync", made) > call_index("fsync", base));
	assert_true(call_index("fsync", made) < first);
	assert_false(there("store.tmp"));
	store_close(store);
}

/* Who made it, or wrote to it last, may have been killed before a flush. */
static void
store_that_is_there_is_flushed_before_it_is_used(void **state UNUSED)
{
	struct store *store;
	char data[300], made[100];

	assert_int_equal(store_open(vault, &store), 0);
	store_close(store);
	n_calls = 0;
	assert_int_equal(store_open(vault, &store), 0);
	store_close(store);
	snprintf(data, sizeof(data), "%s", below("store/data.mdb"));
	snprintf(made, sizeof(made), "%s/data", base);
	assert_true(call_index("fsync", made) >= 0);
	assert_true(call_index("fsync", vault) >= 0);
	assert_true(call_index("fdatasync", data) >= 0);
	for (int at = 0; at < 3; at++) {
		n_calls = 0;
		fail_at = at;
		assert_int_equal(store_open(vault, &store), -EIO);
		fail_at = -1;
		assert_int_equal(store_open(vault, &store), 0);
		store_close(store);
	}
}

/* The content of the cache is made that of the disk, flushed or not. */
static void meta_pages_are_written_anew(void **state UNUSED)
{
	struct store *store;

	assert_int_equal(store_open(vault, &store), 0);
	store_close(store);
	n_metas = 0;
	assert_int_equal(store_open(vault, &store), 0);
	assert_int_equal(n_metas, 1);
	store_close(store);
}

/* The pages are flushed, then the meta page that makes them count is. */
static void commit_waits_for_the_disk(void **state UNUSED)
{
	static const uint8_t key[] = { 'a' }, value[] = { 1, 2, 3 };
	struct store *store;

	assert_int_equal(store_open(vault, &store), 0);
	for (int i = 0; i < 3; i++) {
		n_calls = 0;
		n_synced = 0;
		store_put(store, TABLE_LOCAL, BYTES(key), BYTES(value));
		assert_int_equal(store_commit(store), 0);
		assert_int_equal(n_calls, 1);
		assert_int_equal(
			call_index("fdatasync", below("store/data.mdb")), 0);
		assert_int_equal(n_synced, 1);
	}
	store_close(store);
}

static void failure_at_any_flush_leaves_no_half_store(void **state UNUSED)
{
	struct store *store = NULL;
	int failed = 0;

	for (int at = 0; at < CALLS_MAX; at++) {
		run("rm -rf $BASE/data");
		n_calls = 0;
		fail_at = at;
		if (store_open(vault, &store) == 0)
			break;
		failed++;
		fail_at = -1;
		n_calls = 0;
		/* Begun again, it works, whatever the first try left. */
		assert_int_equal(store_open(vault, &store), 0);
		store_close(store);
		store = NULL;
	}
	assert_true(failed >= 6);
	assert_non_null(store);
	store_close(store);
}

/* --- the store that follows another ----------------------------------------- */

static const struct bytes name_key = { (const uint8_t *)"name", 4 };

static struct bytes text(const char *of)
{
	return (struct bytes){ (const uint8_t *)of, strlen(of) };
}

static bool says(struct store *store, const char *what)
{
	struct bytes row;

	bool same = store_get(store, TABLE_LOCAL, name_key, &row) == 0 &&
		    row.n == strlen(what) && memcmp(row.p, what, row.n) == 0;
	store_release(store);
	return same;
}

static struct store *old_store(void)
{
	struct store *store;

	assert_int_equal(store_open(vault, &store), 0);
	store_put(store, TABLE_LOCAL, name_key, text("old"));
	assert_int_equal(store_commit(store), 0);
	return store;
}

static void next_store_takes_the_place(void **state UNUSED)
{
	struct store *store = old_store();

	/* What is not ended leaves no trace. */
	store_next_put(store, TABLE_LOCAL, name_key, text("new"));
	assert_true(there("store.making"));
	n_calls = 0;
	store_next_drop(store);
	assert_false(there("store.making"));
	/* It could have had the other name until now, on the disk still. */
	assert_int_equal(n_calls, 1);
	assert_int_equal(call_index("fsync", vault), 0);
	store_next_put(store, TABLE_LOCAL, name_key, text("new"));
	store_close(store);
	assert_int_equal(store_open(vault, &store), 0);
	assert_true(says(store, "old"));
	assert_false(there("store.making"));

	store_next_put(store, TABLE_LOCAL, name_key, text("new"));
	assert_int_equal(store_next_end(store, "today"), 0);
	assert_true(says(store, "old"));
	assert_int_equal(store_renew(store), 0);
	assert_true(says(store, "new"));
	assert_true(there("store.before-today"));
	assert_false(there("store.next-today"));
	store_put(store, TABLE_LOCAL, name_key, text("newer"));
	assert_int_equal(store_commit(store), 0);
	store_close(store);

	/* And back, as the manual says. */
	run("cd $BASE/data/vault && mv store aside && "
	    "mv store.before-today store");
	assert_int_equal(store_open(vault, &store), 0);
	assert_true(says(store, "old"));
	store_close(store);
}

/* Ended, and then the power fails: the next start puts it in place. */
static void next_store_is_found_again(void **state UNUSED)
{
	struct store *store = old_store();

	store_next_put(store, TABLE_LOCAL, name_key, text("new"));
	assert_int_equal(store_next_end(store, "today"), 0);
	store_close(store);
	/* As if the first of the two renames were done. */
	run("cp -r $BASE/data/vault $BASE/data/copy");
	run("cd $BASE/data/copy && mv store store.before-today");
	n_calls = 0;
	assert_int_equal(store_open(vault, &store), 0);
	/* No two renames wait for a flush together, which might swap them. */
	int first = call_index("rename", below("store"));
	int next = call_index("rename", below("store.next-today"));
	int flush = call_after(first, "fsync", vault);
	assert_true(call_index("fsync", vault) < first);
	assert_true(first < flush && flush < next);
	assert_true(says(store, "new"));
	assert_true(there("store.before-today"));
	store_close(store);
	run("rm -r $BASE/data/vault && mv $BASE/data/copy $BASE/data/vault");
	assert_int_equal(store_open(vault, &store), 0);
	assert_true(says(store, "new"));
	assert_true(there("store.before-today"));
	store_close(store);
}

/* Whatever fails: the old one, or the new one with the old one beside. */
static void failure_on_the_way_leaves_one_of_two(void **state UNUSED)
{
	int old = 0, new = 0, doubt = 0, at, rc;

	for (at = 0; at < CALLS_MAX; at++) {
		run("rm -rf $BASE/data");
		struct store *store = old_store();
		n_calls = 0;
		fail_at = at;
		store_next_put(store, TABLE_LOCAL, name_key, text("new"));
		int end = store_next_end(store, "today");
		/* In doubt, the cache shows the new one, as no cut comes. */
		bool ended = end == 0 || end == STORE_ERR_DOUBT;
		rc = end == 0 ? store_renew(store) : 0;
		bool over = (int)n_calls <= at;
		store_close(store);
		fail_at = -1;
		assert_int_equal(store_open(vault, &store), 0);
		assert_true(says(store, ended ? "new" : "old"));
		assert_int_equal(there("store.before-today"), ended);
		store_close(store);
		if (over)
			break;
		old += !ended;
		new += ended &&rc;
		doubt += end == STORE_ERR_DOUBT;
	}
	/* The flush of the name alone. */
	assert_int_equal(doubt, 1);
	/* Flushes and renames of both parts were made to fail. */
	assert_true(old >= 5 && new >= 3);
	assert_true(at < CALLS_MAX);
}

static void files_are_private(void **state UNUSED)
{
	struct store *store;
	struct stat st;

	/* Whoever starts us may have a mask of its own. */
	umask(0);
	assert_int_equal(store_open(vault, &store), 0);
	umask(077);
	assert_int_equal(stat(vault, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(below("store"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(below("store/data.mdb"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(below("lock"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	store_close(store);
}

static void second_daemon_is_refused(void **state UNUSED)
{
	struct store *first, *second = NULL;

	assert_int_equal(store_open(vault, &first), 0);
	assert_int_equal(store_open(vault, &second), STORE_ERR_RUNNING);
	assert_null(second);
	store_close(first);
	assert_int_equal(store_open(vault, &second), 0);
	store_close(second);
}

static void leftover_of_a_cut_creation_is_replaced(void **state UNUSED)
{
	struct store *store;

	run("mkdir -p -m 700 $BASE/data && mkdir -m 700 $BASE/data/vault");
	run("mkdir -m 700 $BASE/data/vault/store.tmp");
	run("echo junk > $BASE/data/vault/store.tmp/data.mdb");
	assert_int_equal(store_open(vault, &store), 0);
	assert_true(there("store/data.mdb"));
	assert_false(there("store.tmp"));
	store_close(store);
}

static void vault_of_others_is_refused(void **state UNUSED)
{
	struct store *store = NULL;

	run("mkdir -p $BASE/data/vault && chmod 755 $BASE/data/vault");
	assert_int_equal(store_open(vault, &store), STORE_ERR_MODE);
	assert_false(there("lock"));
	run("rmdir $BASE/data/vault && touch $BASE/data/vault");
	assert_int_equal(store_open(vault, &store), -ENOTDIR);
}

static void wiped_store_begins_anew(void **state UNUSED)
{
	static const uint8_t key[] = { 'a' }, value[] = { 1, 2, 3 };
	struct store *store;
	struct bytes found;

	assert_int_equal(store_open(vault, &store), 0);
	store_put(store, TABLE_LOCAL, BYTES(key), BYTES(value));
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_wipe(&store), 0);
	assert_null(store);
	assert_false(there("store"));
	assert_int_equal(store_open(vault, &store), 0);
	assert_int_equal(store_get(store, TABLE_LOCAL, BYTES(key), &found),
			 -ENOENT);
	store_close(store);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(new_store_is_flushed_before_it_has_its_name),
		TEST(store_that_is_there_is_flushed_before_it_is_used),
		TEST(meta_pages_are_written_anew),
		TEST(commit_waits_for_the_disk),
		TEST(failure_at_any_flush_leaves_no_half_store),
		TEST(next_store_takes_the_place),
		TEST(next_store_is_found_again),
		TEST(failure_on_the_way_leaves_one_of_two),
		TEST(files_are_private),
		TEST(second_daemon_is_refused),
		TEST(leftover_of_a_cut_creation_is_replaced),
		TEST(vault_of_others_is_refused),
		TEST(wiped_store_begins_anew),
	};
	umask(077);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
