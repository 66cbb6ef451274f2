/*
 * JSON of any bytes: what detection sees without reading agrees with what is
 * there after reading.
 *
 * Covers: peek, refusal
 */
#include <string.h>

#include "client/formats/json.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keys that detection looks for are plain letters, never escaped. */
static bool is_plain(const char *key)
{
	for (; *key; key++)
		if (*key < 'A' || *key > 'z' || *key == '\\')
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_IMPORT struct import import;
	AUTO_JSON_VALUE json_t *root = NULL;
	struct bytes text = { data, size };
	bool escaped = size > 0 && memchr(data, '\\', size);
	const char *key;
	json_t *value;
	int r;

	import_init(&import);
	json_first_has(text, "a");
	r = json_read(text, &import, &root);
	REQUIRE(r == 0 || (r == IMPORT_ERR_FILE && import.error));
	if (r != 0)
		return 0;
	REQUIRE(!json_has(text, "a") || json_object_get(root, "a"));
	json_object_foreach(root, key, value)
	{
		struct json_record record = { .object = root };

		REQUIRE(escaped || !is_plain(key) || json_has(text, key));
		json_get_text(&record, key);
		json_get_small(&record, key, 0);
		json_get_loose(&record, key, 0);
	}
	return 0;
}
