#include "tests/disk/alloc.h"

#include <errno.h>
#include <stdlib.h>

/* The linker's names for what was asked for, and what is asked in the end. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
int __real_posix_memalign(void **ret, size_t align, size_t n);
void *__real_secret_alloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
int __wrap_posix_memalign(void **ret, size_t align, size_t n);
void *__wrap_secret_alloc(size_t n);

static struct {
	bool armed, sticky;
	uint32_t at, seen, failed, held;
} state;

void alloc_arm(uint32_t n, bool sticky)
{
	state.armed = true;
	state.sticky = sticky;
	state.at = n;
	state.seen = state.failed = state.held = 0;
}

uint32_t alloc_disarm(void)
{
	state.armed = false;
	return state.failed;
}

void alloc_hold(void)
{
	state.held++;
}

void alloc_go_on(void)
{
	state.held--;
}

/* Where a debugger stops to see which one it is. */
__attribute__((noinline)) static void failed(void)
{
	state.failed++;
	errno = ENOMEM;
}

static bool fails(void)
{
	if (!state.armed || state.held)
		return false;
	state.seen++;
	if (state.seen != state.at && !(state.sticky && state.seen > state.at))
		return false;
	failed();
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

int __wrap_posix_memalign(void **ret, size_t align, size_t n)
{
	return fails() ? ENOMEM : __real_posix_memalign(ret, align, n);
}

void *__wrap_secret_alloc(size_t n)
{
	return fails() ? NULL : __real_secret_alloc(n);
}
