/*
 * The list of accounts, and what a query means.
 * Covers: match
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/view/vault.h"
#include "proto/text.h"

#define MANY 10000

/* A set with nothing in it but what a vault reads: records and ids. */
static struct set set;
static struct set_record records[MANY];
static struct set_item items[2];
static struct vault vault;

static int begin(void **state UNUSED)
{
	memset(&set, 0, sizeof(set));
	memset(records, 0, sizeof(records));
	for (uint32_t i = 0; i < MANY; i++) {
		records[i].id[0] = 0xab;
		records[i].id[1] = (uint8_t)(i >> 8);
		records[i].id[2] = (uint8_t)i;
		records[i].id[15] = 0xcd;
	}
	items[0].id[0] = 1;
	items[1].id[0] = 2;
	set.records = records;
	set.n_records = MANY;
	set.items = items;
	set.n_items = 2;
	vault_init(&vault);
	memset(vault.seed_key, 0x5e, KEY_SIZE);
	return 0;
}

static int end(void **state UNUSED)
{
	vault_deinit(&vault);
	return 0;
}

static void fill(struct record *r, const char *issuer, const char *account,
		 const char *secret)
{
	static const uint8_t device[DEVICE_ID_SIZE] = { 1 };
	static const uint8_t vid[VID_SIZE] = { 1 };
	const struct record_stamp stamp = { 5, device };
	Fob__OtpValue value = FOB__OTP_VALUE__INIT;

	assert_int_equal(record_new(r, 3), 0);
	record_set(r, "issuer", text_of(issuer), stamp);
	record_set(r, "account", text_of(account), stamp);
	value.type = FOB__OTP_TYPE__HOTP;
	value.digits = 7;
	value.counter = 9;
	value.secret.data = (uint8_t *)(uintptr_t)secret;
	value.secret.len = strlen(secret);
	if (value.secret.len > 0)
		record_add_otp(r, &value, vid);
}

static void put_record(uint32_t record, const struct record *r)
{
	static const struct record_versions one = { .n = 1 };

	assert_int_equal(vault_put(&vault, &set, record, r, &one), 0);
}

static void put(uint32_t record, const char *issuer, const char *account)
{
	AUTO_RECORD struct record r = { 0 };

	fill(&r, issuer, account, "");
	put_record(record, &r);
}

static void put_seed(uint32_t record, const char *secret)
{
	AUTO_RECORD struct record r = { 0 };

	fill(&r, "i", "a", secret);
	put_record(record, &r);
}

/* The records that a query finds, in order, as "0 2 5". */
static const char *find(const struct vault_query *query)
{
	static char ret[256];
	uint32_t at[16];
	size_t n = vault_match(&vault, query, at, ARRAY_SIZE(at));

	assert_in_range(n, 0, ARRAY_SIZE(at));
	ret[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(ret + strlen(ret), sizeof(ret) - strlen(ret), "%s%u",
			 i ? " " : "", vault.entries[at[i]].record);
	return ret;
}

static void expect(const char *text, const char *want)
{
	const struct vault_query query = { .text = text, .group = NONE };

	assert_string_equal(find(&query), want);
}

/* --- rows ------------------------------------------------------------------ */

static void test_row(void **state UNUSED)
{
	static const uint8_t device[DEVICE_ID_SIZE] = { 1 };
	const struct record_stamp stamp = { 8, device };
	AUTO_RECORD struct record r = { 0 };
	const struct vault_entry *entry;

	records[4].group = 3;
	fill(&r, "GitHub", "me@x", "secret");
	record_set(&r, "tag/work", text_of("1"), stamp);
	record_set(&r, "tag/home", text_of("1"), stamp);
	record_set(&r, "tag/no", text_of("0"), stamp);
	record_set(&r, "favourite", text_of("1"), stamp);
	put_record(4, &r);
	entry = vault_find(&vault, 4);
	assert_string_equal(entry->issuer, "GitHub");
	assert_string_equal(entry->account, "me@x");
	assert_int_equal(entry->n_tags, 2);
	assert_string_equal(entry->tags[0], "home");
	assert_string_equal(entry->tags[1], "work");
	assert_memory_equal(entry->id, records[4].id, RECORD_ID_SIZE);
	assert_int_equal(entry->type, FOB__OTP_TYPE__HOTP);
	assert_int_equal(entry->digits, 7);
	assert_true(entry->counter == 9 && entry->created == 3);
	assert_true(entry->changed == 8 && entry->favourite);
	assert_false(entry->trashed || entry->conflict || entry->incomplete);
	assert_int_equal(entry->group, 3);
	assert_int_equal(entry->n_seeds, 1);
	assert_null(vault_find(&vault, 3));
	assert_null(vault_find(&vault, 5));
}

/* The version names the current ones, all of them. */
static void test_version(void **state UNUSED)
{
	struct record_versions versions = { .items = { 0, 1 }, .n = 1 };
	AUTO_RECORD struct record r = { 0 };
	uint8_t one[16], both[16];

	fill(&r, "i", "a", "");
	versions.incomplete = true;
	assert_int_equal(vault_put(&vault, &set, 0, &r, &versions), 0);
	assert_true(vault_find(&vault, 0)->incomplete);
	memcpy(one, vault_find(&vault, 0)->version, 16);
	versions.incomplete = false;
	versions.n = 2;
	assert_int_equal(vault_put(&vault, &set, 0, &r, &versions), 0);
	assert_false(vault_find(&vault, 0)->incomplete);
	memcpy(both, vault_find(&vault, 0)->version, 16);
	assert_memory_not_equal(one, both, 16);
	versions.n = 1;
	versions.more = true; /* not all of them are in what is shown */
	assert_int_equal(vault_put(&vault, &set, 0, &r, &versions), 0);
	assert_true(vault_find(&vault, 0)->incomplete);
	assert_memory_equal(vault_find(&vault, 0)->version, one, 16);
	assert_int_equal(vault.n, 1);
	/* Nothing current: a purged record has no row. */
	versions.n = 0;
	assert_int_equal(vault_put(&vault, &set, 0, &r, &versions), 0);
	assert_int_equal(vault.n, 0);
}

static void test_any_order(void **state UNUSED)
{
	char name[16];

	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t record = i * 377 % 1000;

		snprintf(name, sizeof(name), "n%u", record);
		put(record, name, "");
	}
	assert_int_equal(vault.n, 1000);
	for (uint32_t i = 0; i < 1000; i += 3)
		vault_remove(&vault, i);
	vault_remove(&vault, 0);
	vault_remove(&vault, 5000);
	assert_int_equal(vault.n, 666);
	for (uint32_t i = 0; i < 1000; i++) {
		const struct vault_entry *entry = vault_find(&vault, i);

		assert_int_equal(!entry, i % 3 == 0);
		snprintf(name, sizeof(name), "n%u", i);
		if (entry)
			assert_string_equal(entry->issuer, name);
	}
}

static void test_lock(void **state UNUSED)
{
	put_seed(1, "seed");
	vault_lock(&vault);
	assert_int_equal(vault.n, 0);
	assert_null(vault.entries);
	assert_true(vault.seed_key[0] == 0);
	assert_null(vault_same_seed(&vault, text_of("seed")));
	expect("", "");
	put_seed(1, "seed");
	expect("", "1");
}

/* --- seeds ----------------------------------------------------------------- */

static void expect_seed(const char *secret, int record)
{
	const struct vault_entry *entry =
		vault_same_seed(&vault, text_of(secret));

	assert_int_equal(entry ? (int)entry->record : -1, record);
}

static void test_same_seed(void **state UNUSED)
{
	AUTO_RECORD struct record trashed = { 0 };

	expect_seed("one", -1);
	put_seed(1, "one");
	put_seed(2, "two");
	expect_seed("one", 1);
	expect_seed("two", 2);
	expect_seed("on", -1);
	expect_seed("", -1);
	put_seed(1, "other");
	expect_seed("one", -1);
	expect_seed("other", 1);
	vault_remove(&vault, 2);
	expect_seed("two", -1);
	/* In the trash it does not count, elsewhere it still does. */
	fill(&trashed, "i", "a", "other");
	record_set_tombstone(&trashed, true);
	put_seed(7, "other");
	put_record(1, &trashed);
	expect_seed("other", 7);
	vault_remove(&vault, 7);
	expect_seed("other", -1);
}

/* The same entry again and again fills the index, which is made anew. */
static void test_seed_changes(void **state UNUSED)
{
	char secret[16];

	for (int i = 0; i < 2000; i++) {
		snprintf(secret, sizeof(secret), "s%d", i);
		put_seed(1, secret);
		expect_seed(secret, 1);
		put_seed(2, i % 2 ? "a" : "b");
	}
	assert_true(vault.by_seed.mask < 256);
	expect_seed("s1998", -1);
	expect_seed("a", 2);
	expect_seed("b", -1);
}

static void test_many_seeds(void **state UNUSED)
{
	char secret[16];

	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(secret, sizeof(secret), "s%u", i);
		expect_seed(secret, -1);
		put_seed(i, secret);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(secret, sizeof(secret), "s%u", i);
		expect_seed(secret, (int)i);
	}
}

/* --- queries --------------------------------------------------------------- */

static void test_words(void **state UNUSED)
{
	put(0, "GitHub", "bob@example.org");
	put(1, "GitLab", "bob");
	put(2, "Bank", "alice hub");
	put(3, "\xc3\x89t\xc3\xa9", "z");
	expect("", "2 0 1 3");
	expect("  \t", "2 0 1 3");
	expect("git", "0 1");
	expect("GIT BOB", "0 1");
	expect("bob git example", "0");
	expect("hub", "2 0");
	expect("hub alice", "2");
	expect("hub carol", "");
	expect("\xc3\x89", "3");
	/* Words of the id, in part; across the three no word is found. */
	expect("ab0001", "1");
	expect("GitLab/bobby", "");
	expect("hubbob", "");
}

static void test_ids(void **state UNUSED)
{
	put(0, "one", "ab000100");
	put(1, "two", "b");
	put(0x102, "three", "c");
	expect("ab000100000000000000000000000000", "");
	expect("ab0001000000000000000000000000cd", "1");
	expect("AB000100", "1");
	/* Too short for an id: words, which look into names as well. */
	expect("ab00010", "0 1");
	expect("ab010200000", "258");
	expect("ab0102ff", "");
	expect("ab0001000000000000000000000000cd00", "");
}

static void test_exact(void **state UNUSED)
{
	put(0, "a/b", "c");
	put(1, "a", "b/c");
	put(2, "a", "b/cd");
	put(3, "A", "B/C");
	put(4, "", "solo");
	put(5, "x:y", "z:w");
	expect("a/b/c", "1 0");
	expect("a:b/c", "1");
	expect("A/B/C", "3");
	expect("A/b/C", "1 3 0");
	expect("x:y:z:w", "5");
	expect("x:y/z:w", "5");
	expect("/solo", "4");
	expect("x:y z:w", "5");
	expect("a/b/", "");
	expect("b/c", "1 3 2");
}

static void test_filters(void **state UNUSED)
{
	static const uint8_t device[DEVICE_ID_SIZE] = { 1 };
	static const uint8_t vid[VID_SIZE] = { 2 };
	const struct record_stamp stamp = { 8, device };
	AUTO_RECORD struct record tagged = { 0 }, dead = { 0 }, split = { 0 };
	struct vault_query query = { .text = "", .group = NONE };

	records[1].group = 7;
	put(0, "plain", "");
	fill(&tagged, "tagged", "", "s");
	record_set(&tagged, "tag/Work", text_of("1"), stamp);
	put_record(1, &tagged);
	fill(&dead, "dead", "", "s");
	record_set_tombstone(&dead, true);
	put_record(2, &dead);
	fill(&split, "split", "", "s");
	split.plain->otp->live[0]->digits = 8;
	record_add_otp(&split, &tagged.shown[0], vid);
	put_record(3, &split);
	assert_string_equal(find(&query), "0 3 1");
	query.tag = "work";
	assert_string_equal(find(&query), "1");
	query.tag = "wor";
	assert_string_equal(find(&query), "");
	query.tag = NULL;
	query.group = 7;
	assert_string_equal(find(&query), "1");
	query.group = 0;
	assert_string_equal(find(&query), "0 3");
	query.conflicts = true;
	assert_string_equal(find(&query), "3");
	query.conflicts = false;
	query.trashed = true;
	assert_string_equal(find(&query), "2");
	/* An id of something in the trash finds nothing outside of it. */
	query = (struct vault_query){ .text = "ab000200", .group = NONE };
	assert_string_equal(find(&query), "");
	query.trashed = true;
	assert_string_equal(find(&query), "2");
}

static void test_order(void **state UNUSED)
{
	put(0, "b", "b");
	put(1, "B", "a");
	put(2, "a", "z");
	put(3, "b", "A");
	put(4, "", "");
	put(5, "b", "a");
	put(6, "ba", "");
	put(7, "Long issuer B", "");
	put(8, "long issuer a", "");
	put(9, "long is", "");
	put(10, "\xc3\xa9", "");
	expect("", "4 2 1 3 5 0 6 9 8 7 10");
}

/* More than there is room for: the first in order, and how many there are. */
static void test_room(void **state UNUSED)
{
	const struct vault_query query = { .text = "", .group = NONE };
	uint32_t some[10], *all = calloc(MANY, sizeof(*all));
	char name[16];

	assert_non_null(all);
	for (uint32_t i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "n%04u", i * 1237 % 3000);
		put(i, name, "");
	}
	assert_int_equal(vault_match(&vault, &query, some, 0), 3000);
	assert_int_equal(vault_match(&vault, &query, some, 10), 3000);
	assert_int_equal(vault_match(&vault, &query, all, MANY), 3000);
	assert_memory_equal(some, all, sizeof(some));
	for (uint32_t i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "n%04u", i);
		assert_string_equal(vault.entries[all[i]].issuer, name);
	}
	free(all);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_row),	       TEST(test_version),
		TEST(test_any_order),  TEST(test_lock),
		TEST(test_same_seed),  TEST(test_seed_changes),
		TEST(test_many_seeds), TEST(test_words),
		TEST(test_ids),	       TEST(test_exact),
		TEST(test_filters),    TEST(test_order),
		TEST(test_room),
	};

	return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
