#include "client/formats/peek.h"

#include <string.h>

/* Walks over a JSON text without making anything of it. */
struct scan {
	struct bytes rest;
	size_t depth;
};

static void step(struct scan *scan, size_t n)
{
	scan->rest.p += n;
	scan->rest.n -= n;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct scan *scan)
{
	while (scan->rest.n > 0 && is_blank(scan->rest.p[0]))
		step(scan, 1);
}

/* At a quote: the text behind it, as it stands there, to the next one. */
static struct bytes take_string(struct scan *scan)
{
	struct bytes s;

	step(scan, 1);
	s = (struct bytes){ scan->rest.p, 0 };
	while (scan->rest.n > 0 && scan->rest.p[0] != '"')
		step(scan, scan->rest.p[0] == '\\' && scan->rest.n > 1 ? 2 : 1);
	s.n = (size_t)(scan->rest.p - s.p);
	if (scan->rest.n > 0)
		step(scan, 1);
	return s;
}

/*
 * Goes on to the next key at this depth; false at the end of the object at
 * that depth, or of the text.
 */
static bool next_key(struct scan *scan, size_t depth, struct bytes *ret)
{
	while (scan->rest.n > 0) {
		uint8_t c = scan->rest.p[0];

		if (c == '"') {
			*ret = take_string(scan);
			skip_blanks(scan);
			if (scan->depth == depth && scan->rest.n > 0 &&
			    scan->rest.p[0] == ':')
				return true;
			continue;
		}
		if (c == '{' || c == '[')
			scan->depth++;
		else if (c == '}' || c == ']')
			scan->depth--;
		if (scan->depth < depth)
			return false;
		step(scan, 1);
	}
	return false;
}

static bool has_key(struct scan *scan, size_t depth, const char *key)
{
	struct bytes found;

	while (next_key(scan, depth, &found))
		if (found.n == strlen(key) &&
		    memcmp(found.p, key, found.n) == 0)
			return true;
	return false;
}

/* Enters the object or array that comes next. */
static bool enter(struct scan *scan, char c)
{
	skip_blanks(scan);
	if (scan->rest.n == 0 || scan->rest.p[0] != (uint8_t)c)
		return false;
	step(scan, 1);
	scan->depth++;
	return true;
}

bool peek_key(struct bytes text, const char *brackets, const char *key)
{
	struct scan scan = { text, 0 };

	for (; *brackets; brackets++)
		if (!enter(&scan, *brackets))
			return false;
	return has_key(&scan, scan.depth, key);
}

bool peek_deeper(struct bytes text, size_t depth, size_t *ret_at)
{
	struct scan scan = { text, 0 };

	while (scan.rest.n > 0) {
		uint8_t c = scan.rest.p[0];

		if (c == '"') {
			take_string(&scan);
			continue;
		}
		if (c == '{' || c == '[')
			scan.depth++;
		else if ((c == '}' || c == ']') && scan.depth > 0)
			scan.depth--;
		if (scan.depth > depth) {
			*ret_at = text.n - scan.rest.n;
			return true;
		}
		step(&scan, 1);
	}
	return false;
}
