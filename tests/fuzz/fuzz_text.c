/*
 * Text of any bytes: escaped it is safe to show, what base32 and hex decode
 * they encode to the same again, and nothing is written beyond its room.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_escape(struct bytes t)
{
	size_t room = TEXT_ESCAPED_MAX(t.n), n;
	AUTO_FREE char *out = malloc(room);

	REQUIRE(out);
	n = text_escape(out, room, t);
	REQUIRE(n < room && strlen(out) == n);
	REQUIRE(text_line(text_of(out)));
	if (n > 0)
		REQUIRE(text_escape(out, n / 2 + 1, t) == n);
	REQUIRE(strlen(out) <= n);
}

static void check_base32(struct bytes t)
{
	size_t room = TEXT_BASE32_BYTES(t.n) + 1, n, again;
	AUTO_FREE uint8_t *out = malloc(room);
	AUTO_FREE uint8_t *back = malloc(room);
	AUTO_FREE char *letters = NULL;

	REQUIRE(out && back);
	if (text_base32_decode(out, room, t, &n) != 0) {
		REQUIRE(n < t.n);
		return;
	}
	REQUIRE(n <= TEXT_BASE32_BYTES(t.n));
	letters = malloc(TEXT_BASE32_SIZE(n));
	REQUIRE(letters);
	text_base32_encode(letters, TEXT_BASE32_SIZE(n),
			   (struct bytes){ out, n });
	REQUIRE(text_base32_decode(back, n, text_of(letters), &again) == 0);
	REQUIRE(again == n && memcmp(out, back, n) == 0);
}

static void check_hex(struct bytes t)
{
	size_t room = t.n / 2 + 1, n, again;
	AUTO_FREE uint8_t *out = malloc(room);
	AUTO_FREE char *letters = malloc(TEXT_HEX_SIZE(room));

	REQUIRE(out && letters);
	if (text_hex_decode(out, room, t, &n) != 0)
		return;
	REQUIRE(n == t.n / 2);
	text_hex_encode(letters, TEXT_HEX_SIZE(n), (struct bytes){ out, n });
	REQUIRE(text_same(text_of(letters), t));
	REQUIRE(text_hex_decode(out, n, text_of(letters), &again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes t = { data, size };

	if (text_line(t))
		REQUIRE(text_lines(t));
	if (text_lines(t))
		REQUIRE(text_utf8(t));
	REQUIRE(text_contains(t, (struct bytes){ data + size / 2, size / 3 }));
	check_escape(t);
	check_base32(t);
	check_hex(t);
	return 0;
}
