#include "tests/disk/alloc.h"

#include <errno.h>
#include <execinfo.h>
#include <stdlib.h>
#include <sys/mman.h>

#define WAY 14	     /* frames: what differs only in those above is the same */
#define WAYS 65536   /* a power of two; as many as are kept apart */
#define WATCHED 4096 /* at one time */

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

static struct ways {
	uint64_t at[WAYS]; /* hashes, by open addressing; 0: free */
	size_t n;
} own_ways, *ways = &own_ways;

static struct {
	bool on;
	uint32_t list[WATCHED];
	size_t n;
} watch;

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

/* Is it new? Then it is known from now on. */
static bool learn(uint64_t way)
{
	for (size_t i = way % WAYS;; i = (i + 1) % WAYS) {
		if (ways->at[i] == way)
			return false;
		if (ways->at[i])
			continue;
		REQUIRE(++ways->n < WAYS / 2);
		ways->at[i] = way;
		return true;
	}
}

/* Inlined, so that the frames begin with the same one everywhere. */
static inline void look(void)
{
	void *frames[WAY];
	uint64_t way = UINT64_C(0xcbf29ce484222325);
	int n;

	state.held++;
	n = backtrace(frames, WAY);
	state.held--;
	for (int i = 0; i < n; i++)
		way = (way ^ (uint64_t)(uintptr_t)frames[i]) *
		      UINT64_C(0x100000001b3);
	if (!learn(way | 1))
		return;
	REQUIRE(watch.n < WATCHED);
	watch.list[watch.n++] = state.seen;
}

void alloc_share(void)
{
	ways = mmap(NULL, sizeof(*ways), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(ways != MAP_FAILED);
}

void alloc_watch(void)
{
	watch.on = true;
	watch.n = 0;
	alloc_arm(0, false);
}

const uint32_t *alloc_watched(size_t *ret_n)
{
	watch.on = false;
	alloc_disarm();
	*ret_n = watch.n;
	return watch.list;
}

static bool fails(void)
{
	if (!state.armed || state.held)
		return false;
	state.seen++;
	if (watch.on)
		look();
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
