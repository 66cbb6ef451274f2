/* A store that is not whole is found before it is served, and not touched. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/store/check.h"
#include "daemon/store/env.h"
#include "daemon/store/row.h"
#include "daemon/store/store.h"
#include "proto/base.h"

#define FLIPS 60
#define FILE_MAX (4 * 1024 * 1024)

static char base[64], file[120], dir[80];
static uint8_t *whole, *now;
static size_t whole_n;

static size_t slurp(uint8_t *to)
{
	FILE *f = fopen(file, "rb");
	assert_non_null(f);
	size_t n = fread(to, 1, FILE_MAX, f);
	fclose(f);
	return n;
}

static void spill(const uint8_t *from, size_t n)
{
	FILE *f = fopen(file, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(from, 1, n, f), n);
	fclose(f);
}

static void fill(void)
{
	static const uint8_t name[] = "a name to be found in the file";
	uint8_t key[4] = { 0 }, value[600];
	struct store *store;

	assert_int_equal(store_open(base, &store), 0);
	for (int i = 0; i < 200; i++) {
		key[3] = (uint8_t)i;
		memset(value, i, sizeof(value));
		store_put(store, TABLE_ITEM, BYTES(key), BYTES(value));
		store_put(store, TABLE_HOLDER, BYTES(key),
			  (struct bytes){ value, 8 });
	}
	store_put(store, TABLE_LOCAL, BYTES(key), BYTES(name));
	assert_int_equal(store_commit(store), 0);
	store_close(store);
}

static int set_up(void **state UNUSED)
{
	snprintf(base, sizeof(base), "/tmp/fob-check-XXXXXX");
	assert_non_null(mkdtemp(base));
	snprintf(dir, sizeof(dir), "%s/store", base);
	snprintf(file, sizeof(file), "%s/data.mdb", dir);
	whole = malloc(FILE_MAX);
	now = malloc(FILE_MAX);
	assert_true(whole && now);
	fill();
	whole_n = slurp(whole);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	char line[100];

	free(whole);
	free(now);
	snprintf(line, sizeof(line), "rm -rf %s", base);
	assert_int_equal(system(line), 0);
	return 0;
}

/* Opens what the file holds now: refused so, and the file stays as it is. */
static void refused(int error)
{
	struct store *store = NULL;
	size_t n = slurp(now);
	AUTO_FREE uint8_t *after = malloc(FILE_MAX);

	assert_int_equal(store_open(base, &store), error);
	assert_null(store);
	assert_non_null(store_error_text(error));
	assert_int_equal(slurp(after), n);
	assert_memory_equal(now, after, n);
}

static void whole_store_is_served(void **state UNUSED)
{
	assert_int_equal(check_store(dir), 0);
}

static void cut_off_file_is_found(void **state UNUSED)
{
	size_t page = 4096;

	for (size_t n = page * 3; n < whole_n; n += page * 4) {
		spill(whole, n);
		refused(STORE_ERR_TRUNCATED);
	}
	spill(whole, 0);
	refused(STORE_ERR_TRUNCATED);
	spill(whole, 100);
	refused(STORE_ERR_TRUNCATED);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(check_store(dir), STORE_ERR_TRUNCATED);
}

/* Pages that were taken at the end and given back are never written. */
static void short_file_may_be_whole(void **state UNUSED)
{
	static uint8_t value[15000];
	uint8_t key[4] = { 0, 0, 1, 0 };
	struct store *store;
	struct env env;

	assert_int_equal(store_open(base, &store), 0);
	for (int i = 0; i < 20; i++) {
		key[3] = (uint8_t)i;
		store_put(store, TABLE_ITEM, BYTES(key),
			  (struct bytes){ value, 600 });
		assert_int_equal(store_commit(store), 0);
	}
	store_put(store, TABLE_ITEM, BYTES(key), BYTES(value));
	store_delete(store, TABLE_ITEM, BYTES(key));
	assert_int_equal(store_commit(store), 0);
	store_close(store);
	size_t n = slurp(now);
	assert_int_equal(env_open(&env, dir, ENV_LOOK), 0);
	assert_true(env_extent(&env) > n);
	env_close(&env);
	assert_int_equal(check_store(dir), 0);
	/* Half a page is none. */
	spill(now, n + 100);
	assert_int_equal(check_store(dir), STORE_ERR_TRUNCATED);
	spill(now, n);
	assert_int_equal(store_open(base, &store), 0);
	store_close(store);
}

static void flip_in_our_own_rows_is_found(void **state UNUSED)
{
	uint8_t *name = memmem(whole, whole_n, "to be found", 11);

	assert_non_null(name);
	/* Old copies of the page may hold it, too: change them all. */
	for (; name; name = memmem(name, whole_n - (size_t)(name - whole),
				   "to be found", 11))
		name[3] ^= 1;
	spill(whole, whole_n);
	refused(STORE_ERR_DAMAGED);
}

static void flips_in_page_headers_never_reach_us(void **state UNUSED)
{
	int found = 0, bad;
	uint32_t seed = 12345;

	for (int i = 0; i < FLIPS; i++) {
		memcpy(now, whole, whole_n);
		seed = seed * 1664525 + 1013904223;
		size_t page = 2 + (seed >> 8) % (whole_n / 4096 - 2);
		now[page * 4096 + (seed >> 3) % 24] ^=
			(uint8_t)(1 << (seed >> 29));
		spill(now, whole_n);
		bad = check_store(dir);
		assert_true(bad == 0 || bad == STORE_ERR_DAMAGED ||
			    bad == STORE_ERR_FOREIGN ||
			    bad == STORE_ERR_TRUNCATED);
		found += bad != 0;
	}
	/* Flips in pages that are free, or in page numbers, go unnoticed. */
	assert_true(found > FLIPS / 6);
}

static void foreign_file_is_refused(void **state UNUSED)
{
	memset(now, 'x', 65536);
	spill(now, 65536);
	refused(STORE_ERR_FOREIGN);
}

static void foreign_environment_is_refused(void **state UNUSED)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	char line[200];

	snprintf(line, sizeof(line), "rm %s/*", dir);
	assert_int_equal(system(line), 0);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
	assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "other", MDB_CREATE, &dbi), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	refused(STORE_ERR_FOREIGN);
}

static void put_format(const void *value, size_t n)
{
	struct env env;
	MDB_txn *txn;
	MDB_val k = { sizeof(ROW_FORMAT_KEY) - 1, ROW_FORMAT_KEY };
	MDB_val v = { n, NULL };

	assert_int_equal(env_open(&env, dir, ENV_WRITE), 0);
	assert_int_equal(mdb_txn_begin(env.mdb, NULL, 0, &txn), 0);
	assert_int_equal(mdb_put(txn, env.meta, &k, &v, MDB_RESERVE), 0);
	memcpy(v.mv_data, value, n);
	assert_int_equal(mdb_txn_commit(txn), 0);
	env_close(&env);
}

static void newer_format_is_refused(void **state UNUSED)
{
	uint8_t value[ROW_FORMAT_SIZE + 4] = { 0 };

	row_format_write(value, STORE_FORMAT + 1);
	put_format(value, ROW_FORMAT_SIZE);
	refused(STORE_ERR_NEWER);
	/* With a row that has become longer, too. */
	put_format(value, sizeof(value));
	refused(STORE_ERR_NEWER);
	value[11] ^= 3; /* the checksum does not fit this number */
	put_format(value, ROW_FORMAT_SIZE);
	refused(STORE_ERR_DAMAGED);
}

static void files_of_others_are_refused(void **state UNUSED)
{
	struct store *store;

	assert_int_equal(chmod(file, 0644), 0);
	refused(STORE_ERR_MODE);
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(chmod(dir, 0750), 0);
	refused(STORE_ERR_MODE);
	assert_int_equal(chmod(dir, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 12345, 12345), 0);
		refused(STORE_ERR_OWNER);
		assert_int_equal(chown(file, 0, 0), 0);
	}
	assert_int_equal(store_open(base, &store), 0);
	store_close(store);
}

static void only_regular_files_are_opened(void **state UNUSED)
{
	char other[140];

	snprintf(other, sizeof(other), "%s/elsewhere", base);
	assert_int_equal(rename(file, other), 0);
	assert_int_equal(symlink(other, file), 0);
	assert_int_equal(check_store(dir), STORE_ERR_FOREIGN);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(check_store(dir), STORE_ERR_FOREIGN);
}

static void damaged_holder_row_is_left_out(void **state UNUSED)
{
	struct store *store;
	struct bytes found;
	uint8_t key[4] = { 0, 0, 0, 5 };
	uint8_t stored[8 + ROW_SUM];
	uint8_t mask[8];

	memset(mask, 5, sizeof(mask));
	memcpy(stored, mask, sizeof(mask));
	row_sum(stored + 8, TABLE_HOLDER, BYTES(key), BYTES(mask));
	uint8_t *at = memmem(whole, whole_n, stored, sizeof(stored));
	assert_non_null(at);
	for (; at; at = memmem(at, whole_n - (size_t)(at - whole), stored,
			       sizeof(stored)))
		at[0] ^= 0x80;
	spill(whole, whole_n);
	assert_int_equal(store_open(base, &store), 0);
	assert_int_equal(store_get(store, TABLE_HOLDER, BYTES(key), &found),
			 -ENOENT);
	key[3] = 6;
	assert_int_equal(store_get(store, TABLE_HOLDER, BYTES(key), &found), 0);
	store_close(store);
}

#ifndef FOB_SANITIZED
/* The map has no room: that says nothing about the store. */
static void machine_without_memory_is_no_damage(void **state UNUSED)
{
	struct rlimit before, little = { 1 << 30, 1 << 30 };

	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	little.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	int rc = check_store(dir);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(rc, -ENOMEM);
	assert_int_equal(check_store(dir), 0);
}
#endif

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(whole_store_is_served),
		TEST(cut_off_file_is_found),
		TEST(short_file_may_be_whole),
		TEST(flip_in_our_own_rows_is_found),
		TEST(flips_in_page_headers_never_reach_us),
		TEST(foreign_file_is_refused),
		TEST(foreign_environment_is_refused),
		TEST(newer_format_is_refused),
		TEST(files_of_others_are_refused),
		TEST(only_regular_files_are_opened),
		TEST(damaged_holder_row_is_left_out),
#ifndef FOB_SANITIZED
		TEST(machine_without_memory_is_no_damage),
#endif
	};
	umask(077);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
