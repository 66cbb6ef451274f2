#include "client/formats/percent.h"

#include <string.h>

static int nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int percent_decode(struct bytes text, bool plus, uint8_t *out, size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c == '%') {
			int high, low;

			if (text.n - i < 3)
				return PERCENT_ERR_INVALID;
			high = nibble(text.p[i + 1]);
			low = nibble(text.p[i + 2]);
			if (high < 0 || low < 0)
				return PERCENT_ERR_INVALID;
			c = (uint8_t)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[n++] = c;
	}
	*ret_n = n;
	return 0;
}

static bool unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

size_t percent_encode(struct bytes text, char *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (unreserved(c)) {
			out[n++] = (char)c;
		} else {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	return n;
}
