/*
 * Text from other people, and bytes as text: is it valid, is it safe to show,
 * how is it compared, how are base32, hex and times written. Pure functions;
 * nothing is allocated and nothing here depends on a locale or a clock.
 * Secrets pass through base32 and hex, so those look nothing up by value.
 */
#ifndef FOB_TEXT_H
#define FOB_TEXT_H

#include "proto/base.h"

enum text_error {
	TEXT_ERR_CHARACTER = 1, /* one that does not belong there */
	TEXT_ERR_ROOM,		/* the result does not fit */
};

/* The bytes of a string without its NUL. */
struct bytes text_of(const char *s);

/* Valid UTF-8 (RFC 3629): no overlong forms, surrogates or > U+10FFFF. */
bool text_utf8(struct bytes t);

/* Valid UTF-8 without control characters (C0, DEL, C1): a name. */
bool text_line(struct bytes t);

/* The same, but newlines and tabs are allowed: a note. */
bool text_lines(struct bytes t);

/* Without regard to the case of ASCII letters; other bytes as they are. */
bool text_same(struct bytes a, struct bytes b);
bool text_contains(struct bytes text, struct bytes part);

/*
 * For a terminal: control and bidirectional characters and line separators
 * become \u{9b}, bytes that are not UTF-8 become \x{ff}. Writes at most size
 * bytes with the NUL, whole escapes and characters only; returns the length
 * that all of it needs without the NUL, as snprintf does.
 */
size_t text_escape(char *ret, size_t size, struct bytes t);
#define TEXT_ESCAPED_MAX(n) (6 * (n) + 1) /* always room enough */

/* --- base32 (RFC 4648 section 6), upper case, without padding ------------- */
#define TEXT_BASE32_SIZE(n) (((n)*8 + 4) / 5 + 1) /* with the NUL */

void text_base32_encode(char *ret, size_t size, struct bytes b);

/*
 * As people type and sites show it: lower case, spaces, tabs, line ends and
 * '-' anywhere, '=' at the end, any length, left-over bits are dropped.
 * TEXT_ERR_CHARACTER: *ret_n is the position of the character, from 0.
 * TEXT_ERR_ROOM: more than size bytes. Then ret is wiped. 0: *ret_n bytes.
 */
int text_base32_decode(uint8_t *ret, size_t size, struct bytes t,
		       size_t *ret_n);
#define TEXT_BASE32_BYTES(n) ((n)*5 / 8) /* the most that n letters hold */

/* --- hex, lower case ------------------------------------------------------ */
#define TEXT_HEX_SIZE(n) ((n)*2 + 1) /* with the NUL */

void text_hex_encode(char *ret, size_t size, struct bytes b);

/* Either case, nothing between; errors and *ret_n as for base32. */
int text_hex_decode(uint8_t *ret, size_t size, struct bytes t, size_t *ret_n);

/* --- times ---------------------------------------------------------------- */
#define TEXT_TIME_SIZE 21

/*
 * ms since 1970 as RFC 3339 in UTC, whole seconds: 2005-03-18T01:58:29Z.
 * A time after the year 9999 is shown as its last second.
 */
void text_time(char ret[static TEXT_TIME_SIZE], uint64_t ms);

#endif
