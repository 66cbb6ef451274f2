/* A file is not called damaged because there is no memory to read it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/formats/json.h"
#include "client/formats/xml.h"
#include "tests/fuzz/scarce.h"

#define ALLOCS_MAX 500

static int read_json(struct import *import)
{
	static const char text[] =
		"{\"list\": [1, 2.5, \"a text that is longer than the first "
		"buffer of the lexer, so that it has to grow\", true, null], "
		"\"of\": {\"more\": \"\\u00e9\", \"b\": [[], {}]}}";
	json_t *value = NULL;
	int r = json_read((struct bytes){ (const uint8_t *)text,
					  sizeof(text) - 1 },
			  import, &value);

	json_drop(&value);
	return r;
}

static int read_xml(struct import *import)
{
	static const char text[] = "<a b='c'><d>text &amp; more</d><e/></a>";
	struct xml *xml = NULL;
	int r = xml_read((struct bytes){ (const uint8_t *)text,
					 sizeof(text) - 1 },
			 import, &xml);

	xml_drop(&xml);
	return r;
}

static void try_all(int (*read)(struct import *import))
{
	unsigned n = 1;

	for (bool failed = true; failed; n++) {
		AUTO_IMPORT struct import import;

		import_init(&import);
		scarce_begin(n, false);
		scarce_resume();
		int r = read(&import);
		failed = scarce_pause();
		scarce_end();
		assert_int_equal(r, failed ? -ENOMEM : 0);
		assert_null(import.error);
		assert_true(n < ALLOCS_MAX);
	}
	assert_true(n > 10);
}

static void test_json(void **state UNUSED)
{
	try_all(read_json);
}

static void test_xml(void **state UNUSED)
{
	try_all(read_xml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_xml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
