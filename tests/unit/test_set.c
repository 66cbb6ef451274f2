/*
 * The set: arrival, vouching, chains, tables, what it costs.
 * Covers: set admit chain table index order
 */
#include "daemon/core/set/set.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/lib/build.h"

#define DEVICE FOB__ROLE__DEVICE
#define KEEPER FOB__ROLE__KEEPER
#define NOTHING ((struct build_list){ NULL, 0 })

struct fixture {
	struct build b;
	struct set set;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	build_init(&f->b, 1);
	set_init(&f->set);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	set_deinit(&f->set);
	build_deinit(&f->b);
	free(f);
	return 0;
}

static uint32_t put(struct fixture *f, int item)
{
	uint32_t at = NONE;

	assert_int_equal(build_put(&f->b, item, &f->set, &at), 0);
	return at;
}

static bool carried(struct fixture *f, int item)
{
	assert_int_equal(set_evaluate(&f->set), 0);
	return set_carries(&f->set, build_id(&f->b, item));
}

static struct set_author *author(struct fixture *f, int number)
{
	struct build_device d;
	uint32_t at;

	build_device(&d, f->b.seed, number);
	at = set_author(&f->set, d.id);
	assert_int_not_equal(at, NONE);
	return &f->set.authors[at];
}

static void first_genesis_pins(void **state)
{
	struct fixture *f = *state;
	struct build other;
	int add = build_add(&f->b, 0, 1, DEVICE, 1);

	assert_int_equal(build_put(&f->b, add, &f->set, NULL),
			 SET_ERR_STRANGER);
	put(f, f->b.genesis);
	assert_int_equal(build_put(&f->b, f->b.genesis, &f->set, NULL),
			 SET_ERR_HELD);
	build_init(&other, 2);
	assert_int_equal(build_put(&other, other.genesis, &f->set, NULL),
			 SET_ERR_VAULT);
	build_deinit(&other);
	put(f, add);
	assert_true(carried(f, add));
	assert_true(author(f, 1)->member);
	assert_int_equal(author(f, 1)->rank.depth, 2);
	assert_int_equal(f->set.n_carried[0], 2);
}

static void pinned_before_genesis(void **state)
{
	struct fixture *f = *state;
	uint8_t other[ID_SIZE] = { 1 };

	set_pin(&f->set, other);
	assert_int_equal(build_put(&f->b, f->b.genesis, &f->set, NULL),
			 SET_ERR_VAULT);
	set_deinit(&f->set);
	set_pin(&f->set, f->b.vault_id);
	put(f, f->b.genesis);
	assert_true(carried(f, f->b.genesis));
}

/* Who has an item, and that its blob is not wanted, outlive an evaluation. */
static void notes_of_other_rooms_stay(void **state)
{
	struct fixture *f = *state;
	int entry = build_entry(&f->b, 0, 1, NOTHING);
	int add = build_add(&f->b, 0, 1, FOB__ROLE__DEVICE, 1);
	uint64_t before;
	uint32_t at;

	put(f, f->b.genesis);
	at = put(f, entry);
	assert_int_equal(set_evaluate(&f->set), 0);
	f->set.items[at].marks |= MARK_OTHERS;
	before = f->set.version0;
	put(f, add);
	assert_int_equal(set_evaluate(&f->set), 0);
	assert_true(f->set.version0 > before);
	assert_int_equal(f->set.items[at].marks & MARK_OTHERS, MARK_OTHERS);
}

static void entries_are_carried_at_once(void **state)
{
	struct fixture *f = *state;
	int e1 = build_entry(&f->b, 0, 1, NOTHING);
	int e2 = build_entry(&f->b, 0, 1, BUILD_LIST(e1));
	uint32_t a, b;

	put(f, f->b.genesis);
	assert_int_equal(set_evaluate(&f->set), 0);
	b = put(f, e2);
	assert_false(f->set.dirty);
	assert_true(set_carries(&f->set, build_id(&f->b, e2)));
	assert_false(set_holds(&f->set, build_id(&f->b, e1)));
	a = put(f, e1);
	assert_false(f->set.dirty);
	assert_int_equal(f->set.items[a].flags, SET_HELD | SET_CARRIED |
							SET_BLOB | SET_CHAINED |
							SET_HAS_BLOB);
	assert_int_equal(f->set.items[b].n_links, 1);
	assert_int_equal(f->set.links[f->set.items[b].links], a);
	assert_int_equal(f->set.n_records, 1);
	assert_int_equal(f->set.records[0].n_items, 2);
	assert_int_equal(f->set.records[0].last, a);
	assert_int_equal(f->set.items[a].next, b);
}

/* --- vouching ---------------------------------------------------------------- */

/* Adds a copy with a garbled signature, as a keeper may hand out. */
static int put_garbled(struct fixture *f, int item, uint32_t *ret_at)
{
	struct set_arrival how = { .seq = NONE };
	struct item copy AUTO_ITEM = { .body = NULL };

	build_copy(&f->b, item, &copy);
	copy.signature[9] ^= 4;
	return set_add(&f->set, &copy, &how, ret_at);
}

static void a_descendant_vouches(void **state)
{
	struct fixture *f = *state;
	int e1 = build_entry(&f->b, 0, 1, NOTHING);
	int e2 = build_entry(&f->b, 0, 2, NOTHING);
	uint32_t at, cursor = 0;

	put(f, f->b.genesis);
	assert_int_equal(put_garbled(f, e1, &at), SET_ERR_FORGED);
	assert_int_equal(put_garbled(f, e2, &at), SET_ERR_FORGED);
	put(f, e2);
	assert_int_equal(put_garbled(f, e1, &at), 0);
	assert_false(f->set.items[at].flags & SET_CHECKED);
	assert_int_equal(set_next_unchecked(&f->set, &cursor), at);
	/* It is found out, dropped, and a second bad one is not taken. */
	assert_int_equal(set_evaluate(&f->set), 0);
	assert_int_equal(set_drop(&f->set, at), 0);
	assert_int_equal(set_evaluate(&f->set), 0);
	assert_int_equal(f->set.n_carried[2], 1);
	assert_false(set_holds(&f->set, build_id(&f->b, e1)));
	assert_int_equal(put_garbled(f, e1, &at), SET_ERR_FORGED);
	assert_int_equal(put(f, e1), at);
	assert_true(f->set.items[at].flags & SET_CHECKED);
	assert_true(f->set.items[at].flags & SET_CHAINED);
	assert_false(author(f, 0)->forked);
	cursor = 0;
	assert_int_equal(set_next_unchecked(&f->set, &cursor), NONE);
	assert_int_equal(f->set.n_carried[2], 2);
}

static void strangers_do_not_vouch(void **state)
{
	struct fixture *f = *state;
	int add = build_add(&f->b, 0, 1, DEVICE, 1);
	int e1 = build_entry(&f->b, 0, 1, NOTHING), lie, key, e2;
	uint32_t at;

	f->b.prev = e1;
	lie = build_entry(&f->b, 1, 1, NOTHING);
	f->b.prev = e1;
	key = build_key(&f->b, 0, 1);
	e2 = build_entry(&f->b, 0, 1, NOTHING);
	put(f, f->b.genesis);
	put(f, add);
	put(f, lie);
	put(f, key);
	/* Another author and another class name it: that is worth nothing. */
	assert_int_equal(put_garbled(f, e1, &at), SET_ERR_FORGED);
	put(f, e2);
	assert_int_equal(put_garbled(f, e1, &at), 0);
	assert_true(f->set.items[at].flags & SET_CHAINED);
	assert_int_equal(set_tips(&f->set, f->set.items[0].author, 2, &at, 1),
			 1);
}

static void a_dropped_head_moves_the_last(void **state)
{
	struct fixture *f = *state;
	int k1 = build_key(&f->b, 0, 1), k2 = build_key(&f->b, 0, 2);
	uint32_t at, last;

	put(f, f->b.genesis);
	last = put(f, k2);
	assert_int_equal(put_garbled(f, k1, &at), 0);
	assert_int_equal(set_evaluate(&f->set), 0);
	assert_int_equal(f->set.n_heads, 3);
	assert_int_equal(set_drop(&f->set, at), 0);
	assert_int_equal(f->set.n_heads, 2);
	assert_null(set_head(&f->set, at));
	assert_memory_equal(set_head(&f->set, last)->id, build_id(&f->b, k2),
			    ID_SIZE);
	assert_int_equal(set_evaluate(&f->set), 0);
	assert_int_equal(f->set.n_carried[1], 1);
}

/* --- chains ------------------------------------------------------------------ */

static void tips_and_forks(void **state)
{
	struct fixture *f = *state;
	int e1 = build_entry(&f->b, 0, 1, NOTHING);
	int e2 = build_entry(&f->b, 0, 1, NOTHING), e3;
	uint32_t tips[3], at1, at2, at3, a;

	put(f, f->b.genesis);
	a = f->set.items[0].author;
	assert_int_equal(set_tips(&f->set, a, 0, tips, 3), 1);
	assert_int_equal(set_tips(&f->set, a, 2, tips, 3), 0);
	at2 = put(f, e2);
	at1 = put(f, e1);
	assert_int_equal(set_tips(&f->set, a, 2, tips, 3), 1);
	assert_int_equal(tips[0], at2);
	assert_true(set_reaches(&f->set, at2, at1));
	assert_false(set_reaches(&f->set, at1, at2));
	assert_false(author(f, 0)->forked);
	f->b.prev = e1;
	e3 = build_entry(&f->b, 0, 1, NOTHING);
	at3 = put(f, e3);
	assert_true(author(f, 0)->forked);
	assert_int_equal(set_tips(&f->set, a, 2, tips, 3), 2);
	assert_true(memcmp(f->set.items[tips[0]].id, f->set.items[tips[1]].id,
			   ID_SIZE) < 0);
	assert_true(tips[0] == at3 || tips[1] == at3);
	assert_int_equal(set_tips(&f->set, a, 2, tips, 1), 2);
	assert_false(set_reaches(&f->set, at3, at2));
}

/* A copy that writes before its origin's first item is known is one too. */
static void forks_over_a_ghost(void **state)
{
	struct fixture *f = *state;
	int e1 = build_entry(&f->b, 0, 1, NOTHING);
	int e2 = build_entry(&f->b, 0, 1, NOTHING), e3;

	f->b.prev = e1;
	e3 = build_entry(&f->b, 0, 1, NOTHING);
	put(f, f->b.genesis);
	put(f, e2);
	assert_false(author(f, 0)->forked);
	put(f, e3);
	assert_true(author(f, 0)->forked);
}

/* --- recovery ---------------------------------------------------------------- */

static void a_recovery_makes_a_new_kit(void **state)
{
	struct fixture *f = *state;
	int old = build_add(&f->b, BUILD_RECOVERY, 1, DEVICE, 1);
	int old2 = build_add(&f->b, BUILD_RECOVERY, 2, DEVICE, 2);
	int rec = build_recover(&f->b, BUILD_RECOVERY, BUILD_RECOVERY + 10,
				BUILD_LIST(old));
	int new = build_add(&f->b, BUILD_RECOVERY + 10, 3, DEVICE, 3);
	int rival = build_recover(&f->b, BUILD_RECOVERY, BUILD_RECOVERY + 11,
				  BUILD_LIST(old, old2));

	put(f, f->b.genesis);
	put(f, old);
	put(f, old2);
	assert_int_equal(build_put(&f->b, new, &f->set, NULL),
			 SET_ERR_STRANGER);
	assert_true(carried(f, old2));
	assert_true(f->set.recoveries[0].current);
	put(f, rec);
	put(f, new);
	assert_true(carried(f, old));
	assert_false(carried(f, old2));
	assert_true(carried(f, new));
	/* The newest device of the kit is the most senior of all. */
	assert_int_equal(author(f, 3)->rank.path[0].ordinal, -3);
	assert_true(rank_compare(&author(f, 3)->rank, &author(f, 1)->rank) < 0);
	assert_true(rank_compare(&author(f, 1)->rank, &author(f, 0)->rank) < 0);
	assert_false(f->set.frozen);
	assert_false(f->set.recoveries[0].current);
	assert_true(f->set.recoveries[1].current);
	put(f, rival);
	assert_true(carried(f, old));
	assert_false(carried(f, old2));
	assert_false(carried(f, new));
	assert_true(f->set.frozen);
	assert_false(f->set.recoveries[1].current);
}

/* --- tables ------------------------------------------------------------------ */

static void names_are_found(void **state)
{
	struct fixture *f = *state;
	uint8_t seed[HASH_KEY_SIZE] = { 3, 1, 4 };
	uint8_t zeros[GROUP_ID_SIZE] = { 0 };
	int e1 = build_entry(&f->b, 0, 1, NOTHING);
	int e2 = build_entry(&f->b, 0, 2, BUILD_LIST(e1));
	int purge = build_purge(&f->b, 0, 2, BUILD_LIST(e2, e1));
	int key = build_key(&f->b, 0, 5);
	uint32_t at, p;
	const Fob__Entry *entry = f->b.items[e2].head->entry;

	set_seed(&f->set, seed);
	put(f, f->b.genesis);
	put(f, e1);
	at = put(f, e2);
	p = put(f, purge);
	assert_int_equal(f->set.items[p].n_links, 2);
	assert_int_equal(f->set.links[f->set.items[p].links], at);
	assert_int_equal(set_group(&f->set, zeros), 0);
	assert_int_equal(set_record(&f->set, 0, entry->record.data),
			 f->set.items[at].content);
	assert_int_equal(f->set.records[f->set.items[at].content].last, p);
	assert_int_equal(f->set.items[at].kid, set_kid(&f->set, zeros));
	put(f, key);
	assert_int_equal(set_kid(&f->set, f->b.items[key].head->key->kid.data),
			 1);
	assert_int_equal(set_class(&f->set, p), 2);
	assert_null(set_head(&f->set, p));
	assert_non_null(set_head(&f->set, 0));
}

/* The rank of the seventeenth in a row would be too long. */
static void ranks_are_sixteen_deep(void **state)
{
	struct fixture *f = *state;

	put(f, f->b.genesis);
	for (int i = 1; i <= PATH_MAX_DEPTH; i++)
		put(f, build_add(&f->b, i - 1, i, DEVICE, 1));
	assert_int_equal(set_evaluate(&f->set), 0);
	assert_true(author(f, PATH_MAX_DEPTH - 1)->member);
	assert_int_equal(author(f, PATH_MAX_DEPTH - 1)->rank.depth,
			 PATH_MAX_DEPTH);
	assert_false(author(f, PATH_MAX_DEPTH)->reached);
}

/* --- cost ------------------------------------------------------------------- */

#define MANY 10000

static void a_long_chain_costs_one_verification(void **state)
{
	struct fixture *f = *state;
	struct set_arrival how = { .seq = NONE };
	struct item *copies = calloc(MANY, sizeof(*copies));
	clock_t before;
	double each;
	uint32_t at;

	put(f, f->b.genesis);
	assert_int_equal(set_evaluate(&f->set), 0);
	for (int i = 0; i < MANY; i++)
		build_copy(&f->b,
			   build_entry(&f->b, 0, (uint32_t)i / 4, NOTHING),
			   &copies[i]);
	f->set.verifications = 0;
	before = clock();
	for (int i = MANY; i-- > 0;)
		assert_int_equal(set_add(&f->set, &copies[i], &how, &at), 0);
	each = (double)(clock() - before) * 1e6 / CLOCKS_PER_SEC / MANY;
	print_message("set_add: %.2f us an item\n", each);
	assert_int_equal(f->set.verifications, 1);
	assert_false(f->set.dirty);
	assert_int_equal(f->set.n_carried[2], MANY);
	assert_int_equal(set_tips(&f->set, f->set.items[0].author, 2, &at, 1),
			 1);
	free(copies);
}

#define HUGE 100000
#define VERSIONS 50

/* Made by hand, for signing so many would take long. */
static size_t memory_of(const struct set *set)
{
	size_t n = 0;

	/* Capacity beyond what is used was never touched: no memory is in it. */
	n += set->n_items * sizeof(*set->items);
	n += set->n_links * sizeof(*set->links);
	n += set->n_records * sizeof(*set->records);
	n += set->n_kids * sizeof(*set->kids);
	n += (size_t)(set->by_id.size + set->by_record.size +
		      set->by_kid.size) *
	     sizeof(*set->by_id.slots);
	for (unsigned c = 0; c < CLASS_MAX; c++)
		n += set->n_sorted[c] * sizeof(*set->sorted[c]);
	return n + set->n_todo * sizeof(*set->todo);
}

static struct item huge_item(const struct item *like, uint32_t number)
{
	struct item item = { .body = NULL };
	Fob__Head head = *like->head;
	Fob__Entry entry = *like->head->entry;
	uint8_t record[RECORD_ID_SIZE] = { 0 }, packed[512], prev[ID_SIZE];
	uint32_t family = number / VERSIONS, former = number - 1;
	ProtobufCBinaryData parent = { ID_SIZE, prev };

	memcpy(record, &family, sizeof(family));
	entry.record.data = record;
	head.entry = &entry;
	crypto_generichash(item.id, ID_SIZE, (const uint8_t *)&number,
			   sizeof(number), NULL, 0);
	if (number % VERSIONS) {
		crypto_generichash(prev, ID_SIZE, (const uint8_t *)&former,
				   sizeof(former), NULL, 0);
		entry.parents = &parent;
		entry.n_parents = 1;
		head.prev = parent;
	}
	item.content = fob__body__unpack(NULL, like->body_len, like->body);
	item.head =
		fob__head__unpack(NULL, fob__head__pack(&head, packed), packed);
	return item;
}

static void an_id_costs_little_memory(void **state)
{
	struct fixture *f = *state;
	struct set_arrival how = { .seq = NONE, .checked = true };
	int like = build_entry(&f->b, 0, 1, NOTHING);
	uint8_t root[ID_SIZE];
	clock_t before;
	uint32_t at;

	put(f, f->b.genesis);
	assert_int_equal(set_evaluate(&f->set), 0);
	for (uint32_t i = 0; i < HUGE; i++) {
		struct item item = huge_item(&f->b.items[like], i);

		assert_int_equal(set_add(&f->set, &item, &how, &at), 0);
	}
	assert_int_equal(f->set.n_carried[2], HUGE);
	print_message("%zu bytes an id\n", memory_of(&f->set) / HUGE);
	assert_true(memory_of(&f->set) <= (size_t)96 * HUGE);
	before = clock();
	set_root(&f->set, 2, root);
	print_message("root: %.1f ms\n",
		      (double)(clock() - before) * 1e3 / CLOCKS_PER_SEC);
	before = clock();
	f->set.dirty = true;
	assert_int_equal(set_evaluate(&f->set), 0);
	print_message("whole evaluation: %.1f ms\n",
		      (double)(clock() - before) * 1e3 / CLOCKS_PER_SEC);
	assert_int_equal(f->set.n_carried[2], HUGE);
}

/* Roots do not depend on how ids came in, nor on long common beginnings. */
static void roots_are_of_sorted_ids(void **state)
{
	struct fixture *f = *state;
	struct set_arrival how = { .seq = NONE, .checked = true };
	int like = build_entry(&f->b, 0, 1, NOTHING);
	uint8_t one[ID_SIZE], two[ID_SIZE], expected[ID_SIZE];
	crypto_generichash_state hash;
	uint32_t at, n;
	const uint32_t *sorted;

	put(f, f->b.genesis);
	assert_int_equal(set_evaluate(&f->set), 0);
	for (uint32_t i = 0; i < 3000; i++) {
		struct item item = huge_item(&f->b.items[like], i * VERSIONS);

		if (i % 3 == 0)
			memset(item.id, 0x42, i % 2 ? 20 : 28);
		assert_int_equal(set_add(&f->set, &item, &how, &at), 0);
		if (i % 500 == 7)
			set_root(&f->set, 2, one);
	}
	set_root(&f->set, 2, one);
	f->set.dirty = true;
	assert_int_equal(set_evaluate(&f->set), 0);
	set_root(&f->set, 2, two);
	assert_memory_equal(one, two, ID_SIZE);
	sorted = set_sorted(&f->set, 2, &n);
	assert_int_equal(n, 3000);
	crypto_generichash_init(&hash, NULL, 0, ID_SIZE);
	for (uint32_t i = 0; i < n; i++) {
		crypto_generichash_update(&hash, f->set.items[sorted[i]].id,
					  ID_SIZE);
		if (i > 0)
			assert_true(memcmp(f->set.items[sorted[i - 1]].id,
					   f->set.items[sorted[i]].id,
					   ID_SIZE) < 0);
	}
	crypto_generichash_final(&hash, expected, ID_SIZE);
	assert_memory_equal(one, expected, ID_SIZE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_genesis_pins),
		TEST(pinned_before_genesis),
		TEST(entries_are_carried_at_once),
		TEST(notes_of_other_rooms_stay),
		TEST(a_descendant_vouches),
		TEST(strangers_do_not_vouch),
		TEST(a_dropped_head_moves_the_last),
		TEST(tips_and_forks),
		TEST(forks_over_a_ghost),
		TEST(a_recovery_makes_a_new_kit),
		TEST(names_are_found),
		TEST(ranks_are_sixteen_deep),
		TEST(a_long_chain_costs_one_verification),
		TEST(an_id_costs_little_memory),
		TEST(roots_are_of_sorted_ids),
	};

	return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
