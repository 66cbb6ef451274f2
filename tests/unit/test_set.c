/* The set: arrival, chains, tables, the incremental way. */
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
	assert_int_equal(f->set.items[a].flags,
			 SET_HELD | SET_CARRIED | SET_BLOB | SET_CHAINED |
				 SET_HAS_BLOB);
	assert_int_equal(f->set.items[b].n_links, 1);
	assert_int_equal(f->set.links[f->set.items[b].links], a);
	assert_int_equal(f->set.n_records, 1);
	assert_int_equal(f->set.records[0].n_items, 2);
	assert_int_equal(f->set.records[0].last, a);
	assert_int_equal(f->set.items[a].next, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_genesis_pins, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pinned_before_genesis, setup,
						teardown),
		cmocka_unit_test_setup_teardown(entries_are_carried_at_once,
						setup, teardown),
	};

	return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
