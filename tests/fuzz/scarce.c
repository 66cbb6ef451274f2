#include "tests/fuzz/scarce.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_secret_alloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_secret_alloc(size_t n);

static unsigned left; /* allocations that succeed, and the one that fails */
static bool on, always, failed;

void scarce_begin(unsigned n, bool for_ever)
{
	left = n;
	always = for_ever;
	failed = false;
	on = false;
}

bool scarce_pause(void)
{
	on = false;
	return failed;
}

void scarce_resume(void)
{
	on = left > 0;
}

void scarce_end(void)
{
	on = false;
	left = 0;
}

static bool fails(void)
{
	if (!on || (left > 1 && --left > 0))
		return false;
	failed = true;
	if (!always) {
		on = false;
		left = 0;
	}
	return true;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_secret_alloc(size_t n)
{
	return fails() ? NULL : __real_secret_alloc(n);
}
