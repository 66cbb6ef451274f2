#include "proto/text.h"

#include <sodium.h>
#include <string.h>

#define INVALID UINT32_MAX

struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* --- UTF-8 --------------------------------------------------------------- */

/* The length that a first byte announces, 0 when it cannot be one. */
static size_t utf8_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/*
 * The code point at the front of t, which is not empty, and its length. For
 * what is not UTF-8, INVALID and 1, so that the next byte is looked at anew.
 */
static uint32_t next_point(struct bytes t, size_t *ret_length)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n = utf8_length(t.p[0]);
	uint32_t c;

	*ret_length = 1;
	if (n <= 1)
		return n == 1 ? t.p[0] : INVALID;
	if (n > t.n)
		return INVALID;
	c = t.p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((t.p[i] & 0xc0) != 0x80)
			return INVALID;
		c = c << 6 | (t.p[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return INVALID;
	*ret_length = n;
	return c;
}

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}

/* Characters that turn what follows, or pretend to end the line. */
static bool is_deceptive(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool check(struct bytes t, bool controls, const char *but)
{
	while (t.n > 0) {
		size_t n;
		uint32_t c = next_point(t, &n);

		if (c == INVALID)
			return false;
		if (!controls && is_control(c) &&
		    (c == 0 || c > 0x7e || !strchr(but, (int)c)))
			return false;
		t.p += n;
		t.n -= n;
	}
	return true;
}

bool text_utf8(struct bytes t)
{
	return check(t, true, "");
}

bool text_line(struct bytes t)
{
	return check(t, false, "");
}

bool text_lines(struct bytes t)
{
	return check(t, false, "\n\t");
}

/* --- comparing ----------------------------------------------------------- */

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

bool text_same(struct bytes a, struct bytes b)
{
	return a.n == b.n && same(a.p, b.p, a.n);
}

bool text_contains(struct bytes text, struct bytes part)
{
	size_t at;

	if (part.n > text.n)
		return false;
	for (at = 0; at <= text.n - part.n; at++)
		if (same(text.p + at, part.p, part.n))
			return true;
	return false;
}

/* --- escaping ------------------------------------------------------------ */

/* "\u{9b}": the braces end it, so that no digit that follows is drawn in. */
static size_t escape_point(char ret[static 12], char letter, uint32_t c)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;
	int shift = 28;

	ret[n++] = '\\';
	ret[n++] = letter;
	ret[n++] = '{';
	while (shift > 0 && c >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		ret[n++] = digits[c >> shift & 15];
	ret[n++] = '}';
	return n;
}

size_t text_escape(char *ret, size_t size, struct bytes t)
{
	size_t need = 0, written = 0;

	while (t.n > 0) {
		char escape[12];
		const void *from = t.p;
		size_t n, length;
		uint32_t c = next_point(t, &length);

		n = length;
		if (c == INVALID) {
			n = escape_point(escape, 'x', t.p[0]);
			from = escape;
		} else if (is_control(c) || is_deceptive(c)) {
			n = escape_point(escape, 'u', c);
			from = escape;
		}
		/* Once something was left out, nothing more may follow. */
		if (written == need && written + n < size) {
			memcpy(ret + written, from, n);
			written += n;
		}
		need += n;
		t.p += length;
		t.n -= length;
	}
	if (size > 0)
		ret[written] = '\0';
	return need;
}

/* --- base32 -------------------------------------------------------------- */

/* All ones when a < b, for small numbers, without a branch. */
static uint32_t below(uint32_t a, uint32_t b)
{
	return 0u - ((a - b) >> 31);
}

static char base32_letter(uint32_t v)
{
	uint32_t digit = ~below(v, 26);

	return (char)((('A' + v) & ~digit) | (('2' + v - 26) & digit));
}

/* 0 to 31, or anything above for what is no letter of base32. */
static uint32_t base32_value(uint8_t c)
{
	uint32_t upper = below('A' - 1, c) & below(c, 'Z' + 1);
	uint32_t lower = below('a' - 1, c) & below(c, 'z' + 1);
	uint32_t digit = below('2' - 1, c) & below(c, '7' + 1);
	uint32_t none = ~(upper | lower | digit);

	return (upper & (c - 'A')) | (lower & (c - 'a')) |
	       (digit & (c - '2' + 26u)) | (none & 0xff);
}

void text_base32_encode(char *ret, size_t size, struct bytes b)
{
	uint32_t bits = 0;
	int n = 0;
	size_t i, at = 0;

	REQUIRE(b.n <= SIZE_MAX / 8 - 1 && size >= TEXT_BASE32_SIZE(b.n));
	for (i = 0; i < b.n; i++) {
		bits = (bits << 8 | b.p[i]) & 0xfff;
		for (n += 8; n >= 5; n -= 5)
			ret[at++] = base32_letter(bits >> (n - 5) & 31);
	}
	if (n > 0)
		ret[at++] = base32_letter(bits << (5 - n) & 31);
	ret[at] = '\0';
}

static bool is_gap(uint8_t c)
{
	return c == ' ' || c == '-' || (c >= '\t' && c <= '\r');
}

int text_base32_decode(uint8_t *ret, size_t size, struct bytes t, size_t *ret_n)
{
	uint32_t bits = 0;
	int n = 0, error = 0;
	size_t i, at = 0;
	bool ended = false;

	for (i = 0; i < t.n && !error; i++) {
		uint32_t v = base32_value(t.p[i]);

		if (is_gap(t.p[i]))
			continue;
		if (t.p[i] == '=' && at + (size_t)n > 0) {
			ended = true;
			continue;
		}
		if (v > 31 || ended) {
			error = TEXT_ERR_CHARACTER;
			break;
		}
		bits = (bits << 5 | v) & 0xfff;
		n += 5;
		if (n < 8)
			continue;
		n -= 8;
		if (at == size)
			error = TEXT_ERR_ROOM;
		else
			ret[at++] = (uint8_t)(bits >> n);
	}
	sodium_memzero(&bits, sizeof(bits));
	if (error)
		sodium_memzero(ret, at);
	if (error != TEXT_ERR_ROOM)
		*ret_n = error ? i : at;
	return error;
}

/* --- hex ----------------------------------------------------------------- */

void text_hex_encode(char *ret, size_t size, struct bytes b)
{
	REQUIRE(b.n <= SIZE_MAX / 2 - 1 && size >= TEXT_HEX_SIZE(b.n));
	sodium_bin2hex(ret, size, b.p, b.n);
}

static uint32_t hex_value(uint8_t c)
{
	uint32_t digit = below('0' - 1, c) & below(c, '9' + 1);
	uint32_t upper = below('A' - 1, c) & below(c, 'F' + 1);
	uint32_t lower = below('a' - 1, c) & below(c, 'f' + 1);
	uint32_t none = ~(digit | upper | lower);

	return (digit & (c - '0')) | (upper & (c - 'A' + 10u)) |
	       (lower & (c - 'a' + 10u)) | (none & 0xff);
}

int text_hex_decode(uint8_t *ret, size_t size, struct bytes t, size_t *ret_n)
{
	size_t i;

	for (i = 0; i < t.n; i++) {
		uint32_t v = hex_value(t.p[i]);

		if (v > 15 || (i + 1 == t.n && i % 2 == 0)) {
			sodium_memzero(ret, size_min(size, (i + 1) / 2));
			*ret_n = v > 15 ? i : t.n;
			return TEXT_ERR_CHARACTER;
		}
		if (i / 2 >= size) {
			sodium_memzero(ret, size);
			return TEXT_ERR_ROOM;
		}
		ret[i / 2] = (uint8_t)(i % 2 ? ret[i / 2] | v : v << 4);
	}
	*ret_n = t.n / 2;
	return 0;
}

/* --- times --------------------------------------------------------------- */

static void put_number(char *ret, uint64_t v, size_t digits)
{
	while (digits > 0) {
		ret[--digits] = (char)('0' + v % 10);
		v /= 10;
	}
}

static bool is_leap(uint64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint64_t days_in(uint64_t year, size_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
					31, 31, 30, 31, 30, 31 };

	return days[month] + (month == 1 && is_leap(year) ? 1u : 0u);
}

void text_time(char ret[static TEXT_TIME_SIZE], uint64_t ms)
{
	const uint64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
	uint64_t seconds = ms / 1000 < last ? ms / 1000 : last;
	uint64_t days = seconds / 86400;
	uint64_t year = 1970;
	size_t month = 0;

	/* 400 years are always 146097 days. */
	year += days / 146097 * 400;
	days %= 146097;
	while (days >= (is_leap(year) ? 366u : 365u))
		days -= is_leap(year++) ? 366u : 365u;
	while (days >= days_in(year, month))
		days -= days_in(year, month++);

	memcpy(ret, "0000-00-00T00:00:00Z", TEXT_TIME_SIZE);
	put_number(ret, year, 4);
	put_number(ret + 5, month + 1, 2);
	put_number(ret + 8, days + 1, 2);
	put_number(ret + 11, seconds / 3600 % 24, 2);
	put_number(ret + 14, seconds / 60 % 60, 2);
	put_number(ret + 17, seconds % 60, 2);
}
