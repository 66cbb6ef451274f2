/* The table of exit codes is a contract: this is its second copy. */
#include "proto/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_codes(UNUSED void **state)
{
	static const char *const codes[] = {
		"ok",	     "failed",	 "usage",     "not-found",
		"ambiguous", "locked",	 "no-daemon", "refused",
		"timeout",   "conflict", "attention",
	};
	unsigned int i;

	assert_int_equal(ARRAY_SIZE(codes), STATUS_COUNT);
	for (i = 0; i < STATUS_COUNT; i++)
		assert_string_equal(status_code(i), codes[i]);
	assert_int_equal(STATUS_REFUSED, 7);
	assert_int_equal(STATUS_ATTENTION, 10);
}

static void test_texts(UNUSED void **state)
{
	unsigned int i, k;

	for (i = 0; i < STATUS_COUNT; i++) {
		assert_true(strlen(status_text(i)) > 0);
		for (k = 0; k < i; k++)
			assert_string_not_equal(status_text(i), status_text(k));
	}
}

static void test_strange_numbers(UNUSED void **state)
{
	assert_string_equal(status_code(STATUS_COUNT), "failed");
	assert_string_equal(status_code(0xffffffff), "failed");
	assert_string_equal(status_text(77), status_text(STATUS_FAILED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_strange_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
