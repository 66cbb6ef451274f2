/* The JSON writer: documents as they must be, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"

static void check(struct json *json, const char *expected)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	assert_int_equal(json_print(json, out), 0);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_nested(void **state)
{
	struct json json AUTO_JSON = { 0 };

	(void)state;
	json_object(&json, NULL);
	json_text(&json, "a", "b");
	json_array(&json, "list");
	json_number(&json, NULL, 1);
	json_signed(&json, NULL, -2);
	json_object(&json, NULL);
	json_object_end(&json);
	json_object(&json, NULL);
	json_bool(&json, "t", true);
	json_object_end(&json);
	json_array_end(&json);
	json_null(&json, "none");
	json_object_end(&json);
	check(&json, "{\"a\":\"b\",\"list\":[1,-2,{},{\"t\":true}],"
		     "\"none\":null}\n");
}

static void test_empty_list(void **state)
{
	struct json json AUTO_JSON = { 0 };

	(void)state;
	json_array(&json, NULL);
	json_array_end(&json);
	check(&json, "[]\n");
}

static void test_escapes(void **state)
{
	struct json json AUTO_JSON = { 0 };
	const uint8_t bytes[] = { 'a', 0, 0xff, 'b', 0x1b, 0x7f };

	(void)state;
	json_array(&json, NULL);
	json_text(&json, NULL, "q\" b\\ n\n t\t r\r f\f b\b /");
	json_bytes(&json, NULL, BYTES(bytes));
	json_text(&json, NULL, "Grüße 🔑");
	json_array_end(&json);
	check(&json, "[\"q\\\" b\\\\ n\\n t\\t r\\r f\\f b\\b /\","
		     "\"a\\u0000\xef\xbf\xbd"
		     "b\\u001b\\u007f\",\"Grüße 🔑\"]\n");
}

static void test_times_and_hex(void **state)
{
	struct json json AUTO_JSON = { 0 };
	const uint8_t id[] = { 0x00, 0xab, 0xFF };

	(void)state;
	json_object(&json, NULL);
	json_time(&json, "never", 0);
	json_time(&json, "then", 1111111109000u);
	json_hex(&json, "id", BYTES(id));
	json_number(&json, "most", UINT64_MAX);
	json_signed(&json, "least", INT64_MIN);
	json_text_or_null(&json, "no", "");
	json_object_end(&json);
	check(&json, "{\"never\":null,\"then\":\"2005-03-18T01:58:29Z\","
		     "\"id\":\"00abff\",\"most\":18446744073709551615,"
		     "\"least\":-9223372036854775808,\"no\":null}\n");
}

static void test_append(void **state)
{
	struct json json AUTO_JSON = { 0 }, none = { 0 }, two = { 0 };

	(void)state;
	json_number(&two, NULL, 1);
	json_number(&two, NULL, 2);
	json_array(&json, NULL);
	json_append(&json, &none);
	json_append(&json, &two);
	json_number(&json, NULL, 3);
	json_array_end(&json);
	check(&json, "[1,2,3]\n");
	json_deinit(&two);
}

static void test_grows(void **state)
{
	struct json json AUTO_JSON = { 0 };
	size_t i;

	(void)state;
	json_array(&json, NULL);
	for (i = 0; i < 100000; i++)
		json_number(&json, NULL, 7);
	json_array_end(&json);
	assert_int_equal(json.n, 200001);
	assert_false(json.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_empty_list),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_times_and_hex),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
