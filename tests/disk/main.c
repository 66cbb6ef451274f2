/*
 * Power cuts, kills and failing disks under the real store and LMDB.
 *
 *	powercut			as many as tests/check wants
 *	powercut --seeds N [--from S]	N seeds of 32 lives each
 *	powercut --seed S [--trace]	that one, with what happens
 *
 * Every fault and every outcome has a counter; one that stayed at zero is a
 * failure. The same seed does the same, to the last byte written.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/disk/child.h"
#include "tests/disk/life.h"

/* 20,000 cuts, and with FOB_LONG 300,000, since some lives end otherwise. */
#ifdef FOB_SANITIZED
#define SEEDS 60
#define SEEDS_LONG 600
#else
#define SEEDS 690
#define SEEDS_LONG 10300
#endif
#define TWICE 50 /* every so manieth seed is run again, with real forks */

struct options {
	uint64_t from, n;
	bool one, trace;
};

static struct platter platter;
static struct life life;

/* --- last words ------------------------------------------------------------- */

static void on_signal(int number)
{
	char line[100];
	int n = snprintf(line, sizeof(line),
			 "seed %llu life %u: FAILED: signal %d\n",
			 (unsigned long long)life.seed, life.number, number);

	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(2);
	signal(number, SIG_DFL);
	raise(number);
}

static bool failed(const char *what)
{
	fflush(stdout);
	fprintf(stderr,
		"seed %llu life %u: FAILED: %s\n"
		"again with: powercut --seed %llu --trace\n",
		(unsigned long long)life.seed, life.number, what,
		(unsigned long long)life.seed);
	return false;
}

/* --- seeds ------------------------------------------------------------------ */

static bool run_seed(uint64_t seed, bool twice)
{
	uint64_t digest;

	child_shares = !twice;
	if (!life_run(&life, seed))
		return failed(life.wrong);
	if (!twice)
		return true;
	digest = platter.digest;
	if (!life_run(&life, seed))
		return failed(life.wrong);
	return platter.digest == digest ||
	       failed("the same seed did something else");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool report(void)
{
	static const char *const faults[FAULTS] = {
		[FAULT_CUT] = "power cut",
		[FAULT_KILL] = "process killed",
		[FAULT_NOSPACE] = "no space",
		[FAULT_SHORT] = "short write",
		[FAULT_EIO_WRITE] = "write failed",
		[FAULT_EIO_SYNC] = "fsync failed",
		[FAULT_EIO_META] = "write of a meta page failed",
		[FAULT_EIO_FOLDER] = "folder not written",
		[FAULT_SLOW] = "fsync of 30 s",
	};
	bool all = true;

	for (int i = 1; i < FAULTS; i++) {
		printf("%10llu  %s\n", (unsigned long long)platter.struck[i],
		       faults[i]);
		all &= platter.struck[i] > 0;
	}
	printf("%10llu  files torn\n", (unsigned long long)platter.torn);
	for (int i = 0; i < TALLIES; i++) {
		printf("%10llu  %s\n", (unsigned long long)life.tallies[i],
		       tally_text((enum tally)i));
		all &= life.tallies[i] > 0;
	}
	if (!all || platter.torn == 0)
		printf("FAILED: a counter is zero\n");
	return all && platter.torn > 0;
}

static int run_all(const struct options *options)
{
	double start = seconds();
	uint64_t cuts;

	for (uint64_t i = 0; i < options->n; i++)
		if (!run_seed(options->from + i, i % TWICE == 0))
			return 1;
	if (options->one)
		return 0;
	if (!report())
		return 1;
	cuts = life.tallies[TALLY_CUTS];
	start = seconds() - start;
	printf("%llu power cuts in %.1f s: %.0f a second\n",
	       (unsigned long long)cuts, start, (double)cuts / start);
	return 0;
}

/* --- the command line ------------------------------------------------------- */

static bool number(const char *text, uint64_t *ret)
{
	char *end;

	if (!text)
		return false;
	*ret = strtoull(text, &end, 10);
	return *text && !*end;
}

static bool parse(struct options *options, char **argv)
{
	for (; *argv; argv++) {
		if (strcmp(*argv, "--seeds") == 0) {
			if (!number(*++argv, &options->n))
				return false;
		} else if (strcmp(*argv, "--from") == 0) {
			if (!number(*++argv, &options->from))
				return false;
		} else if (strcmp(*argv, "--seed") == 0) {
			if (!number(*++argv, &options->from))
				return false;
			options->n = 1;
			options->one = true;
		} else if (strcmp(*argv, "--trace") == 0) {
			life.trace = true;
		} else {
			return false;
		}
	}
	return true;
}

static void prepare(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE };
	char base[] = "/dev/shm/fob-powercut-XXXXXX", root[64];

	umask(077);
	/* LMDB wants 2 MiB of zeros at each start: the kernel's are free. */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	REQUIRE(sodium_init() >= 0 && mkdtemp(base));
	snprintf(root, sizeof(root), "%s/disk", base);
	platter_init(&platter, root);
	life_init(&life, &platter);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		signal(fatal[i], on_signal);
}

static void clean_up(void)
{
	char base[PLATTER_PATH];

	snprintf(base, sizeof(base), "%s", platter.root);
	*strrchr(base, '/') = '\0';
	life_deinit(&life);
	platter_deinit(&platter);
	rmdir(base);
}

int main(int argc UNUSED, char **argv)
{
	struct options options = { .from = 1, .n = SEEDS };
	const char *minutes = getenv("FOB_LONG");
	int status;

	if (minutes && *minutes)
		options.n = SEEDS_LONG;
	prepare();
	if (!parse(&options, argv + 1)) {
		fprintf(stderr, "usage: powercut [--seeds N] [--from S] "
				"[--seed S] [--trace]\n");
		status = 2;
	} else {
		status = run_all(&options);
	}
	clean_up();
	return status;
}
