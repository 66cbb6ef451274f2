#include "client/formats/lines.h"

#include <string.h>

static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

void lines_init(struct lines *lines, struct bytes text)
{
	if (text.n >= sizeof(mark) && memcmp(text.p, mark, sizeof(mark)) == 0) {
		text.p += sizeof(mark);
		text.n -= sizeof(mark);
	}
	*lines = (struct lines){ text, 0 };
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes trim(struct bytes line)
{
	while (line.n > 0 && is_space(line.p[0])) {
		line.p++;
		line.n--;
	}
	while (line.n > 0 && is_space(line.p[line.n - 1]))
		line.n--;
	return line;
}

static struct bytes unquote(struct bytes line)
{
	if (line.n < 2 || line.p[0] != '"' || line.p[line.n - 1] != '"')
		return line;
	return trim((struct bytes){ line.p + 1, line.n - 2 });
}

bool lines_next(struct lines *lines, struct bytes *ret_line)
{
	while (lines->rest.n > 0) {
		struct bytes line = lines->rest;
		const uint8_t *end = memchr(line.p, '\n', line.n);
		size_t used;

		if (end)
			line.n = (size_t)(end - line.p);
		used = line.n + (end != NULL);
		lines->rest.p += used;
		lines->rest.n -= used;
		lines->number++;
		line = unquote(trim(line));
		if (line.n > 0 && line.p[0] != '#') {
			*ret_line = line;
			return true;
		}
	}
	return false;
}

bool lines_begins(struct bytes line, const char *prefix)
{
	size_t n = strlen(prefix);

	if (line.n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = line.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if (c != (uint8_t)prefix[i])
			return false;
	}
	return true;
}
