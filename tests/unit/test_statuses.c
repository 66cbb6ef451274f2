/*
 * What devices say of themselves: whose is taken, which stays, who can read
 * the name in it.
 *
 * Covers: peer_status.
 */
#include "daemon/core/peer/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/build.h"

#define WALL UINT64_C(1700000000000)

struct vault {
	struct build b;
	struct set set;
	struct statuses statuses;
	struct device_keys keys; /* of device 1 */
	uint8_t root[ID_SIZE], fresh[40];
	char addresses[2][64];
	struct status_profile profile;
	uint32_t author;
};

static struct net_secret net = { { 1, 2, 3 }, { 4, 5, 6 } };
static struct net_secret other = { { 9 }, { 9 } };

static int setup(void **state)
{
	struct vault *v = calloc(1, sizeof(*v));
	const struct build_device *one;

	build_init(&v->b, 1);
	build_add(&v->b, 0, 1, FOB__ROLE__DEVICE, 1);
	set_init(&v->set);
	build_put(&v->b, 0, &v->set, NULL);
	build_put(&v->b, 1, &v->set, NULL);
	assert_int_equal(set_evaluate(&v->set), 0);
	statuses_init(&v->statuses);
	one = build_keys(&v->b, 1);
	memcpy(v->keys.id, one->id, sizeof(v->keys.id));
	memcpy(v->keys.status_secret, one->status_secret, 64);
	strcpy(v->addresses[0], "192.0.2.1:1");
	strcpy(v->addresses[1], "[2001:db8::1]:2");
	memset(v->root, 0xaa, sizeof(v->root));
	memset(v->fresh, 7, sizeof(v->fresh));
	v->profile = (struct status_profile){
		.vault_id = v->set.vault_id,
		.name = "laptop",
		.addresses = (const char(*)[64])v->addresses,
		.n_addresses = 2,
		.time = WALL,
		.count = 42,
		.drill = 43,
		.root = v->root,
		.version = "1.2",
	};
	*state = v;
	return 0;
}

static int teardown(void **state)
{
	struct vault *v = *state;

	statuses_deinit(&v->statuses);
	set_deinit(&v->set);
	build_deinit(&v->b);
	free(v);
	return 0;
}

static int take_bytes(struct vault *v, const uint8_t *row, size_t n)
{
	return statuses_take(&v->statuses, &v->set, (struct bytes){ row, n },
			     WALL, &v->author);
}

static int take(struct vault *v, const struct net_secret *with)
{
	uint8_t row[STATUS_ROW_MAX];

	return take_bytes(v, row,
			  status_make(row, &v->keys, &v->profile, with,
				      v->fresh));
}

static const struct device_status *found(struct vault *v)
{
	return statuses_find(&v->statuses, v->author);
}

static void test_sealed(void **state)
{
	struct vault *v = *state;

	assert_null(statuses_find(&v->statuses, 1));
	assert_int_equal(take(v, &net), 0);
	assert_memory_equal(v->set.authors[v->author].id, v->keys.id,
			    DEVICE_ID_SIZE);
	assert_int_equal(found(v)->count, 42);
	assert_int_equal(found(v)->drill, 43);
	assert_int_equal(found(v)->time, WALL);
	assert_memory_equal(found(v)->root, v->root, ID_SIZE);
	/* The name shows to those who know the secret of the net. */
	assert_false(found(v)->open);
	assert_string_equal(found(v)->name, "");
	statuses_open(&v->statuses, &other, 1);
	assert_false(found(v)->open);
	statuses_open(&v->statuses, &net, 1);
	assert_true(found(v)->open);
	assert_string_equal(found(v)->name, "laptop");
	assert_int_equal(found(v)->n_addresses, 2);
	assert_string_equal(found(v)->addresses[1], "[2001:db8::1]:2");
}

/* The name is not in what leaves when it is sealed, and is when it is not. */
static bool says_name(struct vault *v, const struct net_secret *with)
{
	uint8_t row[STATUS_ROW_MAX];
	size_t n = status_make(row, &v->keys, &v->profile, with, v->fresh);

	for (size_t i = 0; i + 6 <= n; i++)
		if (memcmp(row + i, "laptop", 6) == 0)
			return true;
	return false;
}

static void test_plain_for_keepers(void **state)
{
	struct vault *v = *state;

	assert_false(says_name(v, &net));
	assert_true(says_name(v, NULL));
	assert_int_equal(take(v, NULL), 0);
	assert_true(found(v)->open);
	assert_string_equal(found(v)->name, "laptop");
}

static void test_newest_wins(void **state)
{
	struct vault *v = *state;

	assert_int_equal(take(v, NULL), 0);
	assert_int_equal(take(v, NULL), STATUS_ERR_OLD);
	v->profile.time--;
	v->profile.name = "older";
	assert_int_equal(take(v, NULL), STATUS_ERR_OLD);
	assert_string_equal(found(v)->name, "laptop");
	v->profile.time += 2;
	v->profile.name = "newer";
	assert_int_equal(take(v, NULL), 0);
	assert_string_equal(found(v)->name, "newer");
	/* At one time: the greater nonce, whichever came first. */
	v->profile.name = "greater";
	v->fresh[0]++;
	assert_int_equal(take(v, NULL), 0);
	v->profile.name = "less";
	v->fresh[0] -= 2;
	assert_int_equal(take(v, NULL), STATUS_ERR_OLD);
	assert_string_equal(found(v)->name, "greater");
}

static void test_future_refused(void **state)
{
	struct vault *v = *state;

	v->profile.time = WALL + SKEW_MAX_MS + 1;
	assert_int_equal(take(v, NULL), STATUS_ERR_REFUSED);
	v->profile.time = WALL + SKEW_MAX_MS;
	assert_int_equal(take(v, NULL), 0);
}

static void test_forged(void **state)
{
	struct vault *v = *state;
	uint8_t row[STATUS_ROW_MAX], bent[STATUS_ROW_MAX];
	size_t n = status_make(row, &v->keys, &v->profile, &net, v->fresh);

	/* Another's key, another vault, nobody's device, any bit flipped. */
	memcpy(v->keys.status_secret, build_keys(&v->b, 0)->status_secret, 64);
	assert_int_equal(take(v, NULL), STATUS_ERR_REFUSED);
	memcpy(v->keys.status_secret, build_keys(&v->b, 1)->status_secret, 64);
	v->profile.vault_id = v->root;
	assert_int_equal(take(v, NULL), STATUS_ERR_REFUSED);
	v->profile.vault_id = v->set.vault_id;
	memcpy(v->keys.id, build_keys(&v->b, 2)->id, DEVICE_ID_SIZE);
	assert_int_equal(take(v, NULL), STATUS_ERR_REFUSED);
	for (size_t i = 0; i < n; i++) {
		memcpy(bent, row, n);
		bent[i] ^= 1;
		assert_int_not_equal(take_bytes(v, bent, n), 0);
		assert_int_not_equal(take_bytes(v, row, i), 0);
	}
	assert_int_equal(take_bytes(v, row, n), 0);
}

/* Until the new one can be read, the old name serves. */
static void test_old_name_serves(void **state)
{
	struct vault *v = *state;

	assert_int_equal(take(v, &net), 0);
	statuses_open(&v->statuses, &net, 1);
	v->profile.time++;
	v->profile.name = "renamed";
	assert_int_equal(take(v, &other), 0);
	statuses_open(&v->statuses, &net, 1);
	assert_false(found(v)->open);
	assert_string_equal(found(v)->name, "laptop");
	statuses_open(&v->statuses, &other, 1);
	assert_string_equal(found(v)->name, "renamed");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sealed),	TEST(test_plain_for_keepers),
		TEST(test_newest_wins), TEST(test_future_refused),
		TEST(test_forged),	TEST(test_old_name_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
