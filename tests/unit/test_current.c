/*
 * Which versions of a record are current: small universes made by hand, and
 * random histories against a slow reading of the rule's own words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/view/record.h"
#include "tests/lib/build.h"

#define RECORD 7
#define MANY 1000

/* A vault of device 0, devices 1 and 2 added by it. */
struct world {
	struct build b;
	struct set set;
	struct roster roster;
	bool incomplete;
};

static void open_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	build_init(&w->b, 1);
	build_add(&w->b, 0, 1, FOB__ROLE__DEVICE, 1);
	build_add(&w->b, 0, 2, FOB__ROLE__DEVICE, 2);
	set_init(&w->set);
	roster_init(&w->roster);
}

static void close_world(struct world *w)
{
	roster_deinit(&w->roster);
	set_deinit(&w->set);
	build_deinit(&w->b);
}

static void evaluate(struct world *w)
{
	assert_int_equal(set_evaluate(&w->set), 0);
	assert_int_equal(roster_evaluate(&w->roster, &w->set), 0);
}

/* Puts all items but one, which may be BUILD_NONE. */
static void put_all_but(struct world *w, int absent)
{
	for (int i = 0; i < w->b.n_items; i++)
		if (i != absent)
			assert_int_equal(build_put(&w->b, i, &w->set, NULL), 0);
	evaluate(w);
}

static uint32_t the_record(const struct world *w)
{
	assert_int_equal(w->set.n_records, 1);
	return 0;
}

/* The current ones as a bit for each item of the build. */
static uint64_t current(struct world *w)
{
	struct record_versions found;
	uint64_t bits = 0;

	record_current(&w->set, &w->roster, the_record(w), &found);
	w->incomplete = found.incomplete;
	assert_in_range(found.n, 0, PARENTS_MAX);
	assert_false(found.more);
	for (size_t i = 0; i < found.n; i++)
		for (int k = 0; k < w->b.n_items; k++)
			if (memcmp(build_id(&w->b, k),
				   w->set.items[found.items[i]].id,
				   ID_SIZE) == 0)
				bits |= 1ull << k;
	for (size_t i = 1; i < found.n; i++)
		assert_true(memcmp(w->set.items[found.items[i - 1]].id,
				   w->set.items[found.items[i]].id,
				   ID_SIZE) < 0);
	return bits;
}

#define BIT(i) (1ull << (i))
#define NO_PARENTS ((struct build_list){ NULL, 0 })

static void test_one_after_another(void **state UNUSED)
{
	struct world w;
	int a, c, d;

	open_world(&w);
	a = build_entry(&w.b, 0, RECORD, NO_PARENTS);
	c = build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	d = build_entry(&w.b, 2, RECORD, BUILD_LIST(c));
	put_all_but(&w, BUILD_NONE);
	assert_true(current(&w) == BIT(d));
	assert_false(w.incomplete);
	close_world(&w);
}

static void test_apart_and_joined(void **state UNUSED)
{
	struct world w;
	int a, c, d, e;

	open_world(&w);
	a = build_entry(&w.b, 0, RECORD, NO_PARENTS);
	c = build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	d = build_entry(&w.b, 2, RECORD, BUILD_LIST(a));
	put_all_but(&w, BUILD_NONE);
	assert_true(current(&w) == (BIT(c) | BIT(d)));
	e = build_entry(&w.b, 0, RECORD, BUILD_LIST(c, d));
	assert_int_equal(build_put(&w.b, e, &w.set, NULL), 0);
	evaluate(&w);
	assert_true(current(&w) == BIT(e));
	close_world(&w);
}

/* A missing version in the middle: what it covered comes up, and it is said. */
static void test_missing_parent(void **state UNUSED)
{
	struct world w;
	int a, c, d;

	open_world(&w);
	a = build_entry(&w.b, 0, RECORD, NO_PARENTS);
	c = build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	d = build_entry(&w.b, 2, RECORD, BUILD_LIST(c));
	put_all_but(&w, c);
	assert_true(current(&w) == (BIT(a) | BIT(d)));
	assert_true(w.incomplete);
	assert_int_equal(build_put(&w.b, c, &w.set, NULL), 0);
	evaluate(&w);
	assert_true(current(&w) == BIT(d));
	assert_false(w.incomplete);
	close_world(&w);
}

/* Of a revoked device: what its revoker had seen counts, the rest does not. */
static void test_revoked(void **state UNUSED)
{
	struct world w;
	struct build_list tips[CLASS_MAX] = { { NULL, 0 } };
	int a, c, d, e;

	open_world(&w);
	a = build_entry(&w.b, 0, RECORD, NO_PARENTS);
	c = build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	d = build_entry(&w.b, 1, RECORD, BUILD_LIST(c));
	put_all_but(&w, BUILD_NONE);
	assert_true(current(&w) == BIT(d));
	tips[2] = BUILD_LIST(c);
	e = build_revoke(&w.b, 0, 1, tips);
	assert_int_equal(build_put(&w.b, e, &w.set, NULL), 0);
	evaluate(&w);
	/* d is in quarantine; c comes back. */
	assert_true(current(&w) == BIT(c));
	close_world(&w);
}

/*
 * A version in quarantine that a carried one replaced is an inert stub: it
 * is not shown, and what it replaced stays replaced.
 */
static void test_inert_supersedes(void **state UNUSED)
{
	struct world w;
	struct build_list tips[CLASS_MAX] = { { NULL, 0 } };
	int a, c, d, e, f;

	open_world(&w);
	a = build_entry(&w.b, 0, RECORD, NO_PARENTS);
	c = build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	d = build_entry(&w.b, 2, RECORD, BUILD_LIST(c));
	e = build_revoke(&w.b, 0, 1, tips);
	put_all_but(&w, BUILD_NONE);
	assert_true(current(&w) == BIT(d));
	/* Without d nothing carries c, so a is current again. */
	close_world(&w);
	open_world(&w);
	build_entry(&w.b, 0, RECORD, NO_PARENTS);
	build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	build_entry(&w.b, 2, RECORD, BUILD_LIST(c));
	f = build_revoke(&w.b, 0, 1, tips);
	assert_int_equal(e, f);
	put_all_but(&w, d);
	assert_true(current(&w) == BIT(a));
	close_world(&w);
}

static void test_suspended(void **state UNUSED)
{
	struct world w;
	int a, c, d, s, l;

	open_world(&w);
	a = build_entry(&w.b, 0, RECORD, NO_PARENTS);
	c = build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	d = build_entry(&w.b, 1, RECORD, BUILD_LIST(c));
	s = build_suspend(&w.b, 2, 1, NO_PARENTS, BUILD_LIST(c));
	put_all_but(&w, BUILD_NONE);
	/* d is held back: it is not shown, and it hides nothing. */
	assert_true(current(&w) == BIT(c));
	l = build_lift(&w.b, 2, s);
	assert_int_equal(build_put(&w.b, l, &w.set, NULL), 0);
	evaluate(&w);
	assert_true(current(&w) == BIT(d));
	close_world(&w);
}

static void test_purge(void **state UNUSED)
{
	struct world w;
	int a, c, d, e, p;

	open_world(&w);
	a = build_entry(&w.b, 0, RECORD, NO_PARENTS);
	c = build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	d = build_entry(&w.b, 2, RECORD, BUILD_LIST(a));
	p = build_purge(&w.b, 0, RECORD, BUILD_LIST(c));
	put_all_but(&w, BUILD_NONE);
	/* a went with c; d was not covered. */
	assert_true(current(&w) == BIT(d));
	assert_false(w.incomplete);
	p = build_purge(&w.b, 0, RECORD, BUILD_LIST(d));
	assert_int_equal(build_put(&w.b, p, &w.set, NULL), 0);
	evaluate(&w);
	assert_true(current(&w) == 0);
	/* Somebody who had not heard of it writes on. */
	e = build_entry(&w.b, 2, RECORD, BUILD_LIST(d));
	assert_int_equal(build_put(&w.b, e, &w.set, NULL), 0);
	evaluate(&w);
	assert_true(current(&w) == BIT(e));
	close_world(&w);
}

/* A PURGE that is held back hides nothing. */
static void test_purge_by_suspended(void **state UNUSED)
{
	struct world w;
	int a, c, p;

	open_world(&w);
	a = build_entry(&w.b, 1, RECORD, NO_PARENTS);
	c = build_entry(&w.b, 1, RECORD, BUILD_LIST(a));
	p = build_purge(&w.b, 1, RECORD, BUILD_LIST(c));
	put_all_but(&w, BUILD_NONE);
	assert_true(current(&w) == 0);
	p = build_suspend(&w.b, 2, 1, NO_PARENTS, BUILD_LIST(c));
	assert_int_equal(build_put(&w.b, p, &w.set, NULL), 0);
	evaluate(&w);
	assert_true(roster_view_valid(&w.roster,
				      set_find(&w.set, build_id(&w.b, c))));
	assert_true(current(&w) == BIT(c));
	close_world(&w);
}

/* Parents of another record replace nothing there. */
static void test_foreign_parent(void **state UNUSED)
{
	struct world w;
	struct record_versions found;
	int a;

	open_world(&w);
	a = build_entry(&w.b, 0, 1, NO_PARENTS);
	build_entry(&w.b, 1, 2, BUILD_LIST(a));
	put_all_but(&w, BUILD_NONE);
	assert_int_equal(w.set.n_records, 2);
	for (uint32_t i = 0; i < 2; i++) {
		record_current(&w.set, &w.roster, i, &found);
		assert_int_equal(found.n, 1);
	}
	close_world(&w);
}

/* A history of a thousand edits, put in from the newest back. */
static void test_long_history(void **state UNUSED)
{
	struct world w;
	struct record_versions found;
	int last;

	open_world(&w);
	last = build_entry(&w.b, 0, RECORD, NO_PARENTS);
	for (int i = 1; i < MANY; i++)
		last = build_entry(&w.b, 0, RECORD, BUILD_LIST(last));
	for (int i = 0; i < 3; i++)
		assert_int_equal(build_put(&w.b, i, &w.set, NULL), 0);
	for (int i = w.b.n_items - 1; i >= 3; i--)
		assert_int_equal(build_put(&w.b, i, &w.set, NULL), 0);
	evaluate(&w);
	record_current(&w.set, &w.roster, the_record(&w), &found);
	assert_int_equal(found.n, 1);
	assert_memory_equal(w.set.items[found.items[0]].id,
			    build_id(&w.b, last), ID_SIZE);
	close_world(&w);
}

/* More current ones than there is room for: the least ids. */
static void test_room(void **state UNUSED)
{
	struct world w;
	struct record_versions found;
	const uint32_t *entries;
	uint32_t n;

	open_world(&w);
	for (int i = 0; i < PARENTS_MAX; i++)
		build_entry(&w.b, i % 3, RECORD, NO_PARENTS);
	put_all_but(&w, BUILD_NONE);
	record_current(&w.set, &w.roster, 0, &found);
	assert_int_equal(found.n, PARENTS_MAX);
	assert_false(found.more);
	for (int i = 0; i < 7; i++)
		assert_int_equal(
			build_put(&w.b,
				  build_entry(&w.b, i % 3, RECORD, NO_PARENTS),
				  &w.set, NULL),
			0);
	evaluate(&w);
	record_current(&w.set, &w.roster, 0, &found);
	assert_int_equal(found.n, PARENTS_MAX);
	assert_true(found.more);
	entries = set_sorted(&w.set, 2, &n);
	assert_int_equal(n, PARENTS_MAX + 7);
	assert_memory_equal(found.items, entries, sizeof(found.items));
	close_world(&w);
}

/* --- against the words of the rule ----------------------------------------- */

static uint64_t seed = 42;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static bool entry(const struct set *set, uint32_t i)
{
	return (set->items[i].flags & SET_HELD) &&
	       set->items[i].kind == FOB__KIND__ENTRY;
}

/* Is v reachable from w by parents, by one step or more? */
static bool reaches(const struct set *set, uint32_t w, uint32_t v)
{
	const struct set_item *item = &set->items[w];

	for (uint32_t i = 0; i < item->n_links; i++) {
		uint32_t parent = set->links[item->links + i];

		if (parent == v ||
		    (entry(set, parent) && reaches(set, parent, v)))
			return true;
	}
	return false;
}

static bool slowly_current(const struct world *w, uint32_t v)
{
	const struct set *set = &w->set;

	if (!entry(set, v) || !roster_view_valid(&w->roster, v))
		return false;
	for (uint32_t i = 0; i < set->n_items; i++) {
		uint8_t flags = set->items[i].flags;
		bool inert = (flags & SET_CARRIED) && (flags & SET_INERT);

		if (set_class(set, i) != 2 || !(flags & SET_HELD))
			continue;
		if ((inert || roster_view_valid(&w->roster, i)) &&
		    reaches(set, i, v))
			return false;
	}
	return true;
}

static void draw_history(struct world *w)
{
	int first = w->b.n_items, n = 4 + (int)draw(8);

	for (int i = 0; i < n; i++) {
		int some[3], author = (int)draw(3);
		struct build_list list = { some, 0 };

		for (uint32_t k = draw(4); k > 0 && i > 0; k--) {
			int at = first + (int)draw((uint32_t)i);
			bool there = w->b.items[at].head->kind !=
				     FOB__KIND__ENTRY;

			for (size_t m = 0; m < list.n; m++)
				there = there || some[m] == at;
			if (!there)
				some[list.n++] = at;
		}
		if (list.n > 0 && draw(8) == 0)
			build_purge(&w->b, author, RECORD, list);
		else
			build_entry(&w->b, author, RECORD, list);
	}
}

/* One of the author's items, or none. */
static struct build_list draw_tip(struct world *w, int author, int *ret)
{
	*ret = (int)draw((uint32_t)w->b.n_items);
	if (*ret < 3 || w->b.authors[*ret] != author)
		return NO_PARENTS;
	return (struct build_list){ ret, 1 };
}

static void draw_measures(struct world *w)
{
	struct build_list tips[CLASS_MAX] = { { NULL, 0 } };
	int tip, target = 1 + (int)draw(2);

	tips[2] = draw_tip(w, target, &tip);
	if (draw(2))
		build_revoke(&w->b, 0, target, tips);
	target = (int)draw(3);
	tips[2] = draw_tip(w, target, &tip);
	if (draw(2))
		build_suspend(&w->b, target == 0 ? 1 : 0, target, NO_PARENTS,
			      tips[2]);
}

static void test_random_histories(void **state UNUSED)
{
	size_t shown = 0, hidden = 0;

	for (int round = 0; round < 300; round++) {
		struct world w;
		uint64_t bits, want = 0;

		open_world(&w);
		draw_history(&w);
		draw_measures(&w);
		put_all_but(&w, draw(3) ? BUILD_NONE : 3 + (int)draw(4));
		bits = current(&w);
		for (int i = 0; i < w.b.n_items; i++) {
			uint32_t at = set_find(&w.set, build_id(&w.b, i));

			if (at != NONE && slowly_current(&w, at))
				want |= BIT(i);
		}
		assert_true(bits == want);
		shown += bits != 0;
		hidden += bits == 0;
		close_world(&w);
	}
	/* The draw makes both kinds. */
	assert_in_range(shown, 200, 299);
	assert_in_range(hidden, 1, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_another),
		cmocka_unit_test(test_apart_and_joined),
		cmocka_unit_test(test_missing_parent),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_inert_supersedes),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_purge),
		cmocka_unit_test(test_purge_by_suspended),
		cmocka_unit_test(test_foreign_parent),
		cmocka_unit_test(test_long_history),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_random_histories),
	};

	return cmocka_run_group_tests_name("current", tests, NULL, NULL);
}
