/*
 * The words that every file of the project uses: a check that stays on in
 * release, sizes of arrays, cleanup attributes. It owns nothing.
 */
#ifndef FOB_BASE_H
#define FOB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(text, rest) __attribute__((format(printf, text, rest)))
#define UNUSED __attribute__((unused))
#define CLEANUP(f) __attribute__((cleanup(f)))

/*
 * States a belief about our own code, never about input from outside. It
 * holds in release builds too: a daemon that has lost its mind stops, and
 * starts again from disk.
 */
#define REQUIRE(expr)                                              \
	do {                                                       \
		if (__builtin_expect(!(expr), 0))                  \
			require_failed(#expr, __FILE__, __LINE__); \
	} while (0)

/* Prints where, without any value, and aborts. */
_Noreturn void require_failed(const char *expr, const char *file, int line);

/* A run of bytes that somebody else owns. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

#define BYTES(a) ((struct bytes){ (a), sizeof(a) })

void free_ptr(void *pp); /* for CLEANUP: frees *(void **)pp */
#define AUTO_FREE CLEANUP(free_ptr)

static inline size_t size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

#endif
