#include "client/formats/latin.h"

#define LEAD 0xc0 /* and above: the first byte of several */

/*
 * The next letter as a byte, 0 for one that has none; *n is how many bytes
 * of UTF-8 it takes. U+00A0 to U+00FF begin with C2 or C3 (RFC 3629).
 */
static uint8_t next(struct bytes text, size_t *n)
{
	uint8_t first = text.p[0];

	*n = 1;
	if (first < 0x80)
		return first;
	while (*n < text.n && text.p[*n] >= 0x80 && text.p[*n] < LEAD)
		(*n)++;
	if (*n == 2 && (first == 0xc2 || first == 0xc3))
		return (uint8_t)((first - 0xc2) * 0x40 + text.p[1]);
	return 0;
}

void latin_put(struct document *document, struct bytes text)
{
	size_t n;

	for (; text.n > 0; text.p += n, text.n -= n) {
		uint8_t c = next(text, &n);

		document_add(document,
			     (struct bytes){ c ? &c : (const uint8_t *)"?",
					     1 });
	}
}

bool latin_holds(struct bytes text)
{
	size_t n;

	for (; text.n > 0; text.p += n, text.n -= n)
		if (next(text, &n) == 0)
			return false;
	return true;
}
