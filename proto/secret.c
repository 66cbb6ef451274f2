#include "proto/secret.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/limits.h"

#define GRANULE 32u
#define GRANULES (SECRET_ARENA / GRANULE)

_Static_assert(SECRET_ARENA % GRANULE == 0, "whole granules");
_Static_assert(GRANULES <= UINT16_MAX, "a run fits its counter");

/*
 * The book-keeping lies outside of the arena: an overrun there cannot reach
 * it, and it survives in a forked child, where the arena reads as zeros.
 */
static struct {
	pthread_mutex_t mutex;
	uint8_t *map; /* guard, arena, guard */
	uint8_t *arena;
	size_t map_size;
	bool locked;
	bool refused;
	size_t used;		/* granules */
	size_t next;		/* where the last search ended */
	uint16_t run[GRANULES]; /* granules of the piece that starts here */
} state = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void lock_state(void)
{
	REQUIRE(pthread_mutex_lock(&state.mutex) == 0);
}

static void unlock_state(void)
{
	REQUIRE(pthread_mutex_unlock(&state.mutex) == 0);
}

/* --- the arena ----------------------------------------------------------- */

/* mlock promises residency; mincore shows whether the promise is kept. */
static bool resident(void *p, size_t n, size_t page)
{
	unsigned char pages[SECRET_ARENA / 4096 + 1] = { 0 };
	size_t i, count = n / page;

	if (count > sizeof(pages) || mincore(p, n, pages) != 0)
		return false;
	for (i = 0; i < count; i++)
		if (!(pages[i] & 1))
			return false;
	return true;
}

static bool lock_arena(void *p, size_t n, size_t page)
{
	if (mlock(p, n) != 0 || !resident(p, n, page))
		return false;
	/* Memory that a core dump shows is not locked away. */
	return madvise(p, n, MADV_DONTDUMP) == 0;
}

static void unmap(void)
{
	if (!state.map)
		return;
	sodium_memzero(state.arena, SECRET_ARENA);
	munmap(state.map, state.map_size);
	state.map = NULL;
	state.arena = NULL;
	state.locked = false;
	state.next = 0;
}

/*
 * The arena is as long as the pages that it fills: SECRET_ARENA is a multiple
 * of every page size up to 64 KiB, so it ends exactly at the guard.
 */
static int map(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = SECRET_ARENA + 2 * page;
	uint8_t *p;

	REQUIRE(SECRET_ARENA % page == 0);
	p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	if (mprotect(p + page, SECRET_ARENA, PROT_READ | PROT_WRITE) != 0) {
		munmap(p, size);
		return -ENOMEM;
	}
	state.map = p;
	state.map_size = size;
	state.arena = p + page;
	state.locked = lock_arena(state.arena, SECRET_ARENA, page);
	/* Kernels before 4.14 lack this; a fork there is the caller's care. */
	(void)madvise(state.arena, SECRET_ARENA, MADV_WIPEONFORK);
	return 0;
}

static int init_locked(unsigned int flags)
{
	int r = state.map ? 0 : map();

	if (r < 0)
		return r;
	state.refused = !state.locked && !(flags & SECRET_INSECURE);
	if (!state.refused)
		return 0;
	if (state.used == 0)
		unmap();
	return SECRET_ERR_UNLOCKED;
}

int secret_init(unsigned int flags)
{
	int r;

	lock_state();
	r = init_locked(flags);
	unlock_state();
	return r;
}

void secret_deinit(void)
{
	lock_state();
	REQUIRE(state.used == 0);
	unmap();
	state.refused = false;
	unlock_state();
}

bool secret_locked(void)
{
	bool locked;

	lock_state();
	locked = state.map && state.locked;
	unlock_state();
	return locked;
}

size_t secret_used(void)
{
	size_t used;

	lock_state();
	used = state.used * GRANULE;
	unlock_state();
	return used;
}

/* --- pieces of it -------------------------------------------------------- */

/* The first run of count free granules in [from, to), or GRANULES. */
static size_t find_free(size_t count, size_t from, size_t to)
{
	size_t at = from, length = 0;

	while (at < to) {
		if (state.run[at]) {
			at += state.run[at];
			length = 0;
			continue;
		}
		at++;
		if (++length == count)
			return at - count;
	}
	return GRANULES;
}

static void *alloc_locked(size_t size)
{
	size_t count, at;

	if (state.refused || (!state.map && map() < 0))
		return NULL;
	if (size > SECRET_ARENA)
		return NULL;
	count = (size + GRANULE - 1) / GRANULE;
	at = find_free(count, state.next, GRANULES);
	if (at == GRANULES)
		at = find_free(count, 0, GRANULES);
	if (at == GRANULES)
		return NULL;
	state.run[at] = (uint16_t)count;
	state.used += count;
	state.next = at + count;
	return state.arena + at * GRANULE;
}

void *secret_alloc(size_t size)
{
	void *p;

	REQUIRE(size > 0);
	lock_state();
	p = alloc_locked(size);
	unlock_state();
	return p;
}

/* The granule at which p starts; p must be a piece that is in use. */
static size_t granule_of(const void *p)
{
	uintptr_t at = (uintptr_t)p - (uintptr_t)state.arena;

	REQUIRE(state.arena && at < SECRET_ARENA && at % GRANULE == 0);
	REQUIRE(state.run[at / GRANULE] > 0);
	return at / GRANULE;
}

void secret_free(void *p)
{
	size_t at;

	if (!p)
		return;
	lock_state();
	at = granule_of(p);
	sodium_memzero(p, state.run[at] * GRANULE);
	state.used -= state.run[at];
	state.run[at] = 0;
	/*
	 * The search starts at a granule that is free or starts a piece: a
	 * start in the middle of a piece would take it for free.
	 */
	state.next = at;
	unlock_state();
}

void secret_free_ptr(void *pp)
{
	secret_free(*(void **)pp);
}

/* --- messages ------------------------------------------------------------ */

/* Before every piece: its size, so that the budget gets back what it gave. */
union piece {
	size_t size;
	max_align_t align;
};

static void *budget_alloc(void *data, size_t size)
{
	struct budget *b = data;
	union piece *piece;
	size_t total;

	if (size > MESSAGE_BUDGET - b->bytes || b->allocs >= MESSAGE_ALLOCS)
		return NULL;
	total = size + sizeof(*piece);
	if (total > MESSAGE_BUDGET - b->bytes)
		return NULL;
	piece = b->secret ? secret_alloc(total) : malloc(total);
	b->starved |= !piece;
	if (!piece)
		return NULL;
	piece->size = total;
	b->bytes += total;
	b->allocs++;
	return piece + 1;
}

static void budget_free(void *data, void *p)
{
	struct budget *b = data;
	union piece *piece;

	if (!p)
		return;
	piece = (union piece *)p - 1;
	REQUIRE(b->allocs > 0 && piece->size <= b->bytes);
	b->allocs--;
	b->bytes -= piece->size;
	if (b->secret) {
		secret_free(piece);
		return;
	}
	sodium_memzero(piece, piece->size);
	free(piece);
}

void budget_init(struct budget *b, bool secret)
{
	*b = (struct budget){
		.allocator = { budget_alloc, budget_free, b },
		.secret = secret,
	};
}

void budget_deinit(struct budget *b)
{
	if (!b)
		return;
	REQUIRE(b->allocs == 0 && b->bytes == 0);
	*b = (struct budget){ 0 };
}

int budget_error(const struct budget *b, int malformed)
{
	return b->starved ? -ENOMEM : malformed;
}

static void *watched_alloc(void *data, size_t size)
{
	struct watched *watched = data;
	void *p = malloc(size);

	if (!p)
		watched->failed = true;
	return p;
}

static void watched_free(void *data UNUSED, void *p)
{
	free(p);
}

void watched_init(struct watched *watched)
{
	*watched = (struct watched){
		.allocator = { watched_alloc, watched_free, watched },
	};
}
