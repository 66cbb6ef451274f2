/*
 * The arena of secrets and the budget of messages: what they hold, what they
 * refuse, that they wipe, and that the guard pages are there.
 */
#include "proto/secret.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/item.pb-c.h"
#include "proto/limits.h"

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n > 0)
		if (p[--n])
			return false;
	return true;
}

static int forget(UNUSED void **state)
{
	secret_deinit();
	return 0;
}

static void test_lazy(UNUSED void **state)
{
	uint8_t *p = secret_alloc(33);

	assert_non_null(p);
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	assert_true(all_zero(p, 33));
	memset(p, 0xff, 33);
	assert_int_equal(secret_used(), 64);
	secret_free(p);
	assert_int_equal(secret_used(), 0);
}

/* A freed piece is wiped; the next piece of its size lies at its place. */
static void test_wiped_when_freed(UNUSED void **state)
{
	uint8_t *p = secret_alloc(1000);

	memset(p, 0xa5, 1000);
	secret_free(p);
	assert_true(all_zero(p, 1000));
	secret_free(NULL);
}

static void test_pieces_do_not_overlap(UNUSED void **state)
{
	uint8_t *piece[200];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		piece[i] = secret_alloc(1 + i * 5);
		assert_non_null(piece[i]);
		memset(piece[i], (int)i, 1 + i * 5);
	}
	for (i = 0; i < ARRAY_SIZE(piece); i += 3)
		secret_free(piece[i]);
	for (i = 0; i < ARRAY_SIZE(piece); i += 3) {
		piece[i] = secret_alloc(1 + i * 5);
		assert_non_null(piece[i]);
		assert_true(all_zero(piece[i], 1 + i * 5));
		memset(piece[i], (int)i, 1 + i * 5);
	}
	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		for (k = 0; k < 1 + i * 5; k++)
			assert_int_equal(piece[i][k], i);
		secret_free(piece[i]);
	}
	assert_int_equal(secret_used(), 0);
}

/* Pieces come and go in a random order, and what is in them stays. */
static void test_random_order(UNUSED void **state)
{
	struct {
		uint8_t *p;
		size_t n;
	} held[64] = { 0 };
	uint32_t seed = 1;
	size_t round, k;

	for (round = 0; round < 20000; round++) {
		size_t i;

		seed = seed * 1664525 + 1013904223;
		i = seed >> 26;
		for (k = 0; k < held[i].n; k++)
			assert_int_equal(held[i].p[k], i + 1);
		secret_free(held[i].p);
		held[i].n = 1 + (seed >> 8) % 3000;
		held[i].p = secret_alloc(held[i].n);
		assert_non_null(held[i].p);
		assert_true(all_zero(held[i].p, held[i].n));
		memset(held[i].p, (int)i + 1, held[i].n);
	}
	for (k = 0; k < ARRAY_SIZE(held); k++)
		secret_free(held[k].p);
	assert_int_equal(secret_used(), 0);
}

static void test_exhausts(UNUSED void **state)
{
	uint8_t *all, *piece[SECRET_ARENA / 1024];
	size_t i;

	assert_null(secret_alloc(SECRET_ARENA + 1));
	assert_null(secret_alloc(SIZE_MAX));
	all = secret_alloc(SECRET_ARENA);
	assert_non_null(all);
	assert_null(secret_alloc(1));
	secret_free(all);

	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		piece[i] = secret_alloc(1024);
		assert_non_null(piece[i]);
	}
	assert_null(secret_alloc(1));
	/* Two neighbours that were freed make room for one of their sum. */
	secret_free(piece[7]);
	secret_free(piece[8]);
	piece[7] = secret_alloc(2048);
	assert_non_null(piece[7]);
	for (i = 0; i < ARRAY_SIZE(piece); i++)
		if (i != 8)
			secret_free(piece[i]);
	assert_int_equal(secret_used(), 0);
}

/* How a child ends that touches the byte at p. */
static int touch(volatile const uint8_t *p)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* The sanitizers would turn the fault into an exit. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		(void)*p;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_guard_pages(UNUSED void **state)
{
	uint8_t *all = secret_alloc(SECRET_ARENA);

	assert_non_null(all);
	assert_int_equal(touch(all), 0);
	assert_int_equal(touch(all + SECRET_ARENA - 1), 0);
	assert_int_equal(touch(all - 1), SIGSEGV);
	assert_int_equal(touch(all + SECRET_ARENA), SIGSEGV);
	secret_free(all);
}

static bool kernel_wipes(void)
{
	void *p = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	bool wipes = madvise(p, 65536, MADV_WIPEONFORK) == 0;

	munmap(p, 65536);
	return wipes;
}

static void test_empty_in_a_child(UNUSED void **state)
{
	uint8_t *p;
	int status = 0;
	pid_t pid;

	if (!kernel_wipes())
		skip();
	p = secret_alloc(64);
	memset(p, 0x77, 64);
	pid = fork();
	if (pid == 0)
		_exit(all_zero(p, 64) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(p[0], 0x77);
	secret_free(p);
}

/* Runs in a child: without the right to lock, only the flag helps. */
static int without_locking(void)
{
	const struct rlimit none = { 0, 0 };
	void *p;

	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
		return 77;
	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		return 77;
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mlock(p, 4096) == 0)
		return 77;

	if (secret_init(0) != SECRET_ERR_UNLOCKED || secret_locked())
		return 1;
	if (secret_alloc(1))
		return 2;
	if (secret_init(SECRET_INSECURE) != 0 || secret_locked())
		return 3;
	p = secret_alloc(100);
	if (!p)
		return 4;
	/* An arena in use stays for what is in it, and takes no more. */
	if (secret_init(0) != SECRET_ERR_UNLOCKED || secret_alloc(1))
		return 5;
	secret_free(p);
	return 0;
}

static void test_cannot_lock(UNUSED void **state)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(without_locking());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_init(UNUSED void **state)
{
	AUTO_SECRET char *p = NULL;

	assert_int_equal(secret_init(SECRET_INSECURE), 0);
	p = secret_alloc(10);
	assert_non_null(p);
	assert_int_equal(secret_init(SECRET_INSECURE), 0);
}

/* --- budgets ------------------------------------------------------------- */

static void unpack_plain(bool secret)
{
	static const uint8_t wire[] = "\x0a\x0b\x0a\6issuer\x12\1x";
	struct budget b;
	Fob__Plain *plain;

	budget_init(&b, secret);
	plain = fob__plain__unpack(&b.allocator, sizeof(wire) - 1, wire);
	assert_non_null(plain);
	assert_int_equal(plain->n_fields, 1);
	assert_string_equal(plain->fields[0]->key, "issuer");
	assert_true(b.bytes > 0 && b.allocs >= 4);
	if (secret)
		assert_true(secret_used() >= b.bytes);
	else
		assert_int_equal(secret_used(), 0);
	fob__plain__free_unpacked(plain, &b.allocator);
	assert_int_equal(secret_used(), 0);
	budget_deinit(&b);
}

static void test_unpack(UNUSED void **state)
{
	unpack_plain(false);
	unpack_plain(true);
}

/* 64 KiB of empty messages inside of one message: two bytes cost a struct. */
static void refuse_bomb(bool secret)
{
	uint8_t *wire = malloc(FRAME_MAX);
	struct budget b;
	size_t i;

	assert_non_null(wire);
	for (i = 0; i < FRAME_MAX; i += 2) {
		wire[i] = 0x0a;
		wire[i + 1] = 0;
	}
	budget_init(&b, secret);
	assert_null(fob__plain__unpack(&b.allocator, FRAME_MAX, wire));
	assert_int_equal(b.bytes, 0);
	assert_int_equal(b.allocs, 0);
	assert_int_equal(secret_used(), 0);
	budget_deinit(&b);
	free(wire);
}

static void test_bomb(UNUSED void **state)
{
	refuse_bomb(false);
	refuse_bomb(true);
}

/* Unpacking that fails at any allocation gives everything back. */
static void test_every_failure(UNUSED void **state)
{
	static const uint8_t wire[] = "\x0a\x0b\x0a\6issuer\x12\1x"
				      "\x0a\x0c\x0a\7account\x12\1y"
				      "\x12\x0c\x0a\4\x0a\2vv\x12\4\x0a\2gg"
				      "\x7a\3unk";
	size_t allowed;
	struct budget b;
	Fob__Plain *plain = NULL;

	for (allowed = 0; !plain && allowed < 100; allowed++) {
		budget_init(&b, false);
		b.allocs = MESSAGE_ALLOCS - allowed;
		plain = fob__plain__unpack(&b.allocator, sizeof(wire) - 1,
					   wire);
		if (plain)
			break;
		assert_int_equal(b.bytes, 0);
		assert_int_equal(b.allocs, MESSAGE_ALLOCS - allowed);
	}
	assert_non_null(plain);
	assert_in_range(allowed, 8, 99);
	fob__plain__free_unpacked(plain, &b.allocator);
	assert_int_equal(b.bytes, 0);
}

static void test_limits_of_a_budget(UNUSED void **state)
{
	ProtobufCAllocator *a;
	struct budget b;
	void *p;

	budget_init(&b, false);
	a = &b.allocator;
	assert_null(a->alloc(a->allocator_data, MESSAGE_BUDGET + 1));
	assert_null(a->alloc(a->allocator_data, MESSAGE_BUDGET));
	assert_null(a->alloc(a->allocator_data, SIZE_MAX));
	p = a->alloc(a->allocator_data, MESSAGE_BUDGET / 2);
	assert_non_null(p);
	assert_null(a->alloc(a->allocator_data, MESSAGE_BUDGET / 2));
	a->free(a->allocator_data, p);
	a->free(a->allocator_data, NULL);
	p = a->alloc(a->allocator_data, MESSAGE_BUDGET / 2);
	assert_non_null(p);
	a->free(a->allocator_data, p);
	budget_deinit(&b);

	/* The arena is smaller than the budget: full is full. */
	budget_init(&b, true);
	a = &b.allocator;
	assert_null(a->alloc(a->allocator_data, SECRET_ARENA));
	assert_int_equal(b.bytes, 0);
	budget_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_lazy, forget),
		cmocka_unit_test(test_wiped_when_freed),
		cmocka_unit_test(test_pieces_do_not_overlap),
		cmocka_unit_test(test_random_order),
		cmocka_unit_test(test_exhausts),
		cmocka_unit_test(test_guard_pages),
		cmocka_unit_test_teardown(test_empty_in_a_child, forget),
		cmocka_unit_test(test_cannot_lock),
		cmocka_unit_test_teardown(test_init, forget),
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_every_failure),
		cmocka_unit_test_teardown(test_limits_of_a_budget, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
