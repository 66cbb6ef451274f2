/* Which item puts a device out: its own revocation, or one above it. */
#include "daemon/core/trust/exclusion.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/build.h"

#define DEVICE FOB__ROLE__DEVICE
#define KIT BUILD_RECOVERY

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

static void put_all(struct fixture *f)
{
	for (int i = 0; i < f->b.n_items; i++)
		assert_int_equal(build_put(&f->b, i, &f->set, NULL), 0);
	assert_int_equal(set_evaluate(&f->set), 0);
}

static uint32_t found(struct fixture *f, int device)
{
	return exclusion_of(&f->set,
			    set_author(&f->set, build_keys(&f->b, device)->id));
}

static uint32_t at(const struct fixture *f, int item)
{
	return set_find(&f->set, build_id(&f->b, item));
}

static int revoke(struct fixture *f, int by, int target, int tip)
{
	struct build_list tips[CLASS_MAX] = { 0 };
	int tip_list[1] = { tip };

	if (tip != BUILD_NONE)
		tips[0] = (struct build_list){ tip_list, 1 };
	return build_revoke(&f->b, by, target, tips);
}

static void test_members(void **state)
{
	struct fixture *f = *state;

	build_add(&f->b, 0, 1, DEVICE, 1);
	put_all(f);
	assert_int_equal(found(f, 0), NONE);
	assert_int_equal(found(f, 1), NONE);
}

static void test_directly(void **state)
{
	struct fixture *f = *state;
	int revoked;

	build_add(&f->b, 0, 1, DEVICE, 1);
	revoked = revoke(f, 0, 1, BUILD_NONE);
	put_all(f);
	assert_int_equal(found(f, 1), at(f, revoked));
}

static void test_by_itself(void **state)
{
	struct fixture *f = *state;

	build_add(&f->b, 0, 1, DEVICE, 1);
	revoke(f, 1, 1, BUILD_NONE);
	put_all(f);
	assert_int_equal(found(f, 1), NONE);
}

/* 1 let 2 in, and 2 let 3 in; whoever revoked 1 knew of neither. */
static void test_with_its_sponsor(void **state)
{
	struct fixture *f = *state;
	int revoked;

	build_add(&f->b, 0, 1, DEVICE, 1);
	build_add(&f->b, 1, 2, DEVICE, 1);
	build_add(&f->b, 2, 3, DEVICE, 1);
	revoked = revoke(f, 0, 1, BUILD_NONE);
	put_all(f);
	assert_int_equal(found(f, 2), at(f, revoked));
	assert_int_equal(found(f, 3), at(f, revoked));
}

/* What the tips of a REVOKE have stays. */
static void test_known_to_the_revoker(void **state)
{
	struct fixture *f = *state;
	int add;

	build_add(&f->b, 0, 1, DEVICE, 1);
	add = build_add(&f->b, 1, 2, DEVICE, 1);
	revoke(f, 0, 1, add);
	put_all(f);
	assert_int_equal(found(f, 2), NONE);
}

/* The former kit let 1 in, and 1 let 2 in; the new kit lists neither. */
static void test_former_kit(void **state)
{
	struct fixture *f = *state;
	int recovery;

	build_add(&f->b, KIT, 1, DEVICE, 1);
	build_add(&f->b, 1, 2, DEVICE, 1);
	recovery = build_recover(&f->b, KIT, KIT + 10,
				 (struct build_list){ NULL, 0 });
	put_all(f);
	assert_int_equal(found(f, 1), at(f, recovery));
	assert_int_equal(found(f, 2), at(f, recovery));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_members),
		TEST(test_directly),
		TEST(test_by_itself),
		TEST(test_with_its_sponsor),
		TEST(test_known_to_the_revoker),
		TEST(test_former_kit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
