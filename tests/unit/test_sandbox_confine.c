/*
 * The sandbox of the helpers, seen from outside: each child confines itself
 * and tries one thing. Under the sanitizers there is no sandbox to see.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/sandbox/confine.h"
#include "proto/base.h"

#define STEP ((size_t)1 << 20)

static int descriptor; /* of a pipe, open in the child */
static int talk[2];    /* a connection that is there */

/* What a child says of itself at its end. */
enum { DONE = 40, NOT_CONFINED, FAILED };

static int does_its_work(void)
{
	char *p = malloc(32 * STEP);

	if (!p || write(descriptor, "x", 1) != 1)
		return FAILED;
	p[0] = 'x';
	free(p);
	return DONE;
}

static int takes_memory(void)
{
	size_t n = 0;
	void *volatile p; /* so that the compiler does not know better */

	do {
		p = malloc(STEP);
		n++;
	} while (p && n < 2 * CONFINE_MEMORY / STEP);
	return n > 100 && n < CONFINE_MEMORY / STEP ? DONE : FAILED;
}

/* 1 GiB, and no more; and back again. */
static int raises_memory(void)
{
	size_t want = 1024 * STEP;
	void *volatile p;

	if (malloc(want))
		return FAILED;
	confine_raise(want);
	p = malloc(want);
	if (!p)
		return FAILED;
	free(p);
	p = malloc(want + 512 * STEP);
	confine_lower();
	return p || malloc(want) ? FAILED : DONE;
}

static int raises_nothing(void)
{
	size_t want = 1024 * STEP;

	confine_raise(want);
	return malloc(want) ? FAILED : DONE;
}

static int limits_files(void)
{
	struct rlimit now;

	return getrlimit(RLIMIT_NOFILE, &now) == 0 ? DONE : FAILED;
}

static int opens(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 ? DONE : FAILED;
}

static int connects(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? DONE : FAILED;
}

/* Of a connection that is there: send, wait, receive; nothing is learnt. */
static int speaks(void)
{
	struct pollfd wait = { .fd = talk[1], .events = POLLIN };
	struct stat st;
	char c;

	return send(talk[0], "x", 1, MSG_NOSIGNAL) == 1 &&
			       poll(&wait, 1, -1) == 1 &&
			       recv(talk[1], &c, 1, 0) == 1 &&
			       fstat(talk[0], &st) < 0 ?
		       DONE :
		       FAILED;
}

static int forks(void)
{
	return fork() < 0 ? DONE : FAILED;
}

static int executes(void)
{
	char *argv[] = { NULL };

	return execv("/bin/true", argv) < 0 ? DONE : FAILED;
}

static int maps_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? DONE : FAILED;
}

static int makes_code(void)
{
	void *p =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_EXEC) < 0 ? DONE : FAILED;
}

/* The status of a child that confines itself and then does it. */
static int attempt(unsigned int flags, int (*deed)(void))
{
	int ends[2], status;
	pid_t child;

#ifdef FOB_SANITIZED
	print_message("no sandbox under the sanitizers: skipped\n");
	skip();
#endif
	assert_int_equal(pipe(ends), 0);
	descriptor = ends[1];
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(confine(flags) < 0 ? NOT_CONFINED : deed());
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(ends[0]);
	return status;
}

static void allowed(unsigned int flags, int (*deed)(void))
{
	int status = attempt(flags, deed);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DONE);
}

static void killed(unsigned int flags, int (*deed)(void))
{
	int status = attempt(flags, deed);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void test_work(void **state UNUSED)
{
	allowed(CONFINE_ALL, does_its_work);
}

static void test_memory(void **state UNUSED)
{
	allowed(CONFINE_ALL, takes_memory);
	allowed(CONFINE_ALL, raises_nothing);
	allowed(CONFINE_RAISABLE, raises_memory);
	killed(CONFINE_RAISABLE, limits_files);
}

static void test_reach(void **state UNUSED)
{
	killed(CONFINE_ALL, opens);
	killed(CONFINE_RAISABLE, opens);
	allowed(CONFINE_LENIENT, opens);
	killed(CONFINE_LENIENT, connects);
}

static void test_speech(void **state UNUSED)
{
	const unsigned int flags = CONFINE_SPEAKING | CONFINE_LENIENT;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, talk), 0);
	allowed(flags, speaks);
	killed(CONFINE_ALL, speaks);
	allowed(flags, opens);
	killed(flags, connects);
	killed(flags, forks);
	killed(flags, executes);
	killed(flags, maps_code);
	close(talk[0]);
	close(talk[1]);
}

static void test_processes(void **state UNUSED)
{
	killed(CONFINE_ALL, forks);
	killed(CONFINE_ALL, executes);
}

static void test_code(void **state UNUSED)
{
	killed(CONFINE_ALL, maps_code);
	killed(CONFINE_LENIENT, makes_code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work),  cmocka_unit_test(test_memory),
		cmocka_unit_test(test_reach), cmocka_unit_test(test_processes),
		cmocka_unit_test(test_code),  cmocka_unit_test(test_speech),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
