/* The words of base.h that need code: how a broken belief ends. */
#include "proto/base.h"

#include <stdlib.h>
#include <unistd.h>

/* Only write(2), which needs no heap: nothing else can be trusted any more. */
static void tell(const char *s)
{
	size_t n = 0;
	ssize_t ignored;

	while (s[n])
		n++;
	ignored = write(STDERR_FILENO, s, n);
	(void)ignored;
}

static void tell_number(int line)
{
	char digits[12];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + line % 10);
		line /= 10;
	} while (line > 0 && at > 0);
	tell(digits + at);
}

_Noreturn void require_failed(const char *expr, const char *file, int line)
{
	tell(file);
	tell(":");
	tell_number(line);
	tell(": broken belief: ");
	tell(expr);
	tell("\n");
	abort();
}

void free_ptr(void *pp)
{
	free(*(void **)pp);
}
