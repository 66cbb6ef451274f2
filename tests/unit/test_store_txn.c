/* Writes, reads, scans; and a transaction whose first failure stays. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/store/store.h"
#include "proto/base.h"
#include "proto/limits.h"

static char base[64];
static struct store *store;

static int set_up(void **state UNUSED)
{
	snprintf(base, sizeof(base), "/tmp/fob-store-XXXXXX");
	assert_non_null(mkdtemp(base));
	assert_int_equal(store_open(base, &store), 0);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	char line[100];

	store_close(store);
	snprintf(line, sizeof(line), "rm -rf %s", base);
	assert_int_equal(system(line), 0);
	return 0;
}

static void reopen(void)
{
	store_close(store);
	assert_int_equal(store_open(base, &store), 0);
}

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void seq_key(uint8_t ret[4], uint32_t seq)
{
	for (int i = 0; i < 4; i++)
		ret[i] = (uint8_t)(seq >> (24 - 8 * i));
}

static void put_item(uint32_t seq, size_t n)
{
	static uint8_t value[BLOB_MAX];
	uint8_t key[4];

	seq_key(key, seq);
	memset(value, (int)seq, sizeof(value));
	store_put(store, TABLE_ITEM, BYTES(key), (struct bytes){ value, n });
}

static void expect(enum table table, struct bytes key, const char *value)
{
	struct bytes found;

	assert_int_equal(store_get(store, table, key, &found), 0);
	assert_int_equal(found.n, strlen(value));
	assert_memory_equal(found.p, value, found.n);
	store_release(store);
}

static void rows_come_back(void **state UNUSED)
{
	uint8_t seq[4], device[DEVICE_ID_SIZE] = { 7 };
	struct bytes found;

	seq_key(seq, 258);
	store_put(store, TABLE_LOCAL, text("device"), text("one"));
	store_put(store, TABLE_ITEM, BYTES(seq), text("an item"));
	store_put(store, TABLE_BLOB, BYTES(seq), text("its blob"));
	store_put(store, TABLE_HOLDER, BYTES(seq), text("mask"));
	store_put(store, TABLE_STATUS, BYTES(device), text(""));
	/* Before the commit, too: a step may read what it has written. */
	expect(TABLE_ITEM, BYTES(seq), "an item");
	assert_int_equal(store_pending(store), 5);
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_pending(store), 0);
	reopen();
	expect(TABLE_LOCAL, text("device"), "one");
	expect(TABLE_ITEM, BYTES(seq), "an item");
	expect(TABLE_BLOB, BYTES(seq), "its blob");
	expect(TABLE_HOLDER, BYTES(seq), "mask");
	expect(TABLE_STATUS, BYTES(device), "");
	store_delete(store, TABLE_LOCAL, text("device"));
	store_delete(store, TABLE_LOCAL, text("never there"));
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_get(store, TABLE_LOCAL, text("device"), &found),
			 -ENOENT);
}

static void uncommitted_rows_are_lost(void **state UNUSED)
{
	struct bytes found;

	store_put(store, TABLE_LOCAL, text("a"), text("1"));
	reopen();
	assert_int_equal(store_get(store, TABLE_LOCAL, text("a"), &found),
			 -ENOENT);
	assert_int_equal(store_commit(store), 0);
}

struct seen {
	uint32_t last;
	size_t n;
};

static int visit(void *owner, struct bytes key, struct bytes value)
{
	struct seen *seen = owner;
	uint32_t seq = (uint32_t)key.p[0] << 24 | (uint32_t)key.p[1] << 16 |
		       (uint32_t)key.p[2] << 8 | key.p[3];

	assert_int_equal(key.n, 4);
	assert_true(seen->n == 0 || seq > seen->last);
	assert_int_equal(value.n, 100);
	seen->last = seq;
	seen->n++;
	return seen->n == 900 ? -ECANCELED : 0;
}

static void scan_goes_up_by_seq(void **state UNUSED)
{
	struct seen seen = { 0, 0 };
	size_t bad = 99;

	for (uint32_t i = 0; i < 600; i++)
		put_item(i * 7919 % 600, 100);
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_scan(store, TABLE_ITEM, visit, &seen, &bad), 0);
	store_release(store);
	assert_int_equal(seen.n, 600);
	assert_int_equal(seen.last, 599);
	assert_int_equal(bad, 0);
	assert_int_equal(store_rest(store), 0);
	for (uint32_t i = 600; i < 1000; i++)
		put_item(i, 100);
	assert_int_equal(store_commit(store), 0);
	seen = (struct seen){ 0, 0 };
	assert_int_equal(store_scan(store, TABLE_ITEM, visit, &seen, &bad),
			 -ECANCELED);
	store_release(store);
}

/* A disk that is full: the file may not grow any more. */
static void limit_file(rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void first_failure_stays(void **state UNUSED)
{
	struct stat st;
	char path[100];
	struct bytes found;

	signal(SIGXFSZ, SIG_IGN);
	store_put(store, TABLE_LOCAL, text("kept"), text("1"));
	assert_int_equal(store_commit(store), 0);
	snprintf(path, sizeof(path), "%s/store/data.mdb", base);
	assert_int_equal(stat(path, &st), 0);
	limit_file((rlim_t)st.st_size);
	store_put(store, TABLE_LOCAL, text("lost"), text("2"));
	for (uint32_t i = 0; i < 64; i++)
		put_item(i, BLOB_MAX);
	int rc = store_commit(store);
	limit_file(RLIM_INFINITY);
	assert_true(rc < 0);
	/* No retry, also when there is room again. */
	store_put(store, TABLE_LOCAL, text("later"), text("3"));
	/* Else nobody would ask for the commit, and hear of it. */
	assert_true(store_pending(store) > 0);
	assert_int_equal(store_commit(store), rc);
	assert_int_equal(store_get(store, TABLE_LOCAL, text("kept"), &found),
			 rc);
	reopen();
	expect(TABLE_LOCAL, text("kept"), "1");
	assert_int_equal(store_get(store, TABLE_LOCAL, text("lost"), &found),
			 -ENOENT);
	assert_int_equal(store_get(store, TABLE_LOCAL, text("later"), &found),
			 -ENOENT);
}

/* The same for a row that cannot be put: the others of its step go as well. */
static void failed_row_takes_its_step_with_it(void **state UNUSED)
{
	struct bytes found, endless = { (const uint8_t *)"x", SIZE_MAX / 2 };
	uint8_t key[4];

	seq_key(key, 1);
	store_put(store, TABLE_LOCAL, text("before"), text("1"));
	store_put(store, TABLE_BLOB, BYTES(key), endless);
	store_put(store, TABLE_LOCAL, text("after"), text("2"));
	assert_true(store_pending(store) > 0); /* so that the commit is asked */
	assert_int_equal(store_commit(store), -EIO);
	reopen();
	assert_int_equal(store_get(store, TABLE_LOCAL, text("before"), &found),
			 -ENOENT);
	assert_int_equal(store_get(store, TABLE_LOCAL, text("after"), &found),
			 -ENOENT);
}

static void small_store_is_not_full(void **state UNUSED)
{
	for (uint32_t i = 0; i < 1000; i++)
		put_item(i, 1000);
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_percent(store), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(rows_come_back),
		TEST(uncommitted_rows_are_lost),
		TEST(scan_goes_up_by_seq),
		TEST(first_failure_stays),
		TEST(failed_row_takes_its_step_with_it),
		TEST(small_store_is_not_full),
	};
	umask(077);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
