/* The byte queue: order, growth, and what is left when it runs empty. */
#include "daemon/core/link/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_order(void **state)
{
	struct queue queue = { 0 };
	uint8_t next_in = 0, next_out = 0;

	(void)state;
	for (size_t round = 0; round < 300; round++) {
		uint8_t chunk[37];
		size_t take;

		for (size_t i = 0; i < sizeof(chunk); i++)
			chunk[i] = next_in++;
		assert_int_equal(queue_put(&queue, BYTES(chunk)), 0);
		take = round % 41;
		take = size_min(take, queue_bytes(&queue).n);
		for (size_t i = 0; i < take; i++)
			assert_int_equal(queue_bytes(&queue).p[i], next_out++);
		queue_take(&queue, take);
	}
	assert_true(queue_bytes(&queue).n > 1000);
	queue_deinit(&queue);
	assert_null(queue.bytes);
}

static void test_empty_holds_nothing(void **state)
{
	struct queue queue = { 0 };
	uint8_t *room;

	(void)state;
	assert_int_equal(queue_bytes(&queue).n, 0);
	assert_int_equal(queue_put(&queue, (struct bytes){ NULL, 0 }), 0);
	assert_null(queue.bytes);
	assert_int_equal(queue_reserve(&queue, 100000, &room), 0);
	memset(room, 1, 100000);
	queue_take(&queue, 99999);
	assert_int_equal(queue_bytes(&queue).n, 1);
	assert_int_equal(queue_bytes(&queue).p[0], 1);
	queue_take(&queue, 1);
	assert_null(queue.bytes);
	queue_deinit(&queue);
	queue_deinit(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_empty_holds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
