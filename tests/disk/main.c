/*
 * Power cuts, kills and failing disks under the real store, and under the
 * whole daemon.
 *
 *	powercut			as much as tests/check wants
 *	powercut --part store|daemon|ladder	one part of it
 *	powercut ... --seeds N [--from S]
 *	powercut --part P --seed S [--trace]	one seed, with what happens
 *
 * Every fault and every outcome has a counter; one that stayed at zero is a
 * failure. The same seed does the same, to the last byte written.
 */
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/secret.h"
#include "tests/disk/child.h"
#include "tests/disk/ladder.h"
#include "tests/disk/life.h"
#include "tests/disk/service.h"

#define TURNS 4	 /* of the ways to an allocation, as many as there are in all */
#define TWICE 50 /* every so manieth seed is run again, with real forks */

static struct platter platter;
static struct life life;
static struct service service;
static struct ladder ladder;

/* --- parts ------------------------------------------------------------------ */

static bool run_store(uint64_t seed)
{
	return life_run(&life, seed);
}

static bool run_service(uint64_t seed)
{
	return service_run(&service, seed);
}

/* Each seed is a turn of the allocations that fail. */
static bool run_ladder(uint64_t seed)
{
	return ladder_run(&ladder, (uint32_t)seed, TURNS);
}

static bool count(uint64_t n, const char *what)
{
	printf("%10llu  %s\n", (unsigned long long)n, what);
	return n > 0;
}

static bool report_store(void)
{
	bool all = true;

	for (int i = 0; i < TALLIES; i++)
		all &= count(life.tallies[i], tally_text((enum tally)i));
	return all;
}

static bool report_service(void)
{
	bool all = true;

	for (int i = 0; i < SERVICE_TALLIES; i++)
		all &= count(service.tallies[i],
			     service_tally_text((enum service_tally)i));
	for (int i = 0; i < DEEDS; i++)
		all &= count(service.deeds[i], deed_text((enum deed)i));
	return all;
}

static bool report_ladder(void)
{
	bool all = true;

	/* Without memory or a disk it ends; to refuse is allowed, no more. */
	for (int i = 0; i < LADDER_TALLIES; i++)
		all &= count(ladder.tallies[i],
			     ladder_tally_text((enum ladder_tally)i)) ||
		       i == LADDER_REFUSED;
	all &= count(ladder.memory, "allocations that failed");
	all &= count(ladder.disk, "calls of the disk that failed");
	return all;
}

/* 20,000 cuts; some lives end otherwise. */
static const struct part {
	const char *name;
	bool (*run)(uint64_t seed);
	bool (*report)(void);
	const char *wrong;
	const uint32_t *number; /* of the life */
	const uint64_t *cuts;
	uint64_t seeds;
} parts[] = {
#ifdef FOB_SANITIZED
	{ "ladder", run_ladder, report_ladder, ladder.wrong, &ladder.scenario,
	  &ladder.tallies[LADDER_RUNGS], 1 },
	{ "store", run_store, report_store, life.wrong, &life.number,
	  &life.tallies[TALLY_CUTS], 30 },
	{ "daemon", run_service, report_service, service.wrong, &service.number,
	  &service.tallies[SERVICE_CUTS], 8 },
#else
	{ "ladder", run_ladder, report_ladder, ladder.wrong, &ladder.scenario,
	  &ladder.tallies[LADDER_RUNGS], 1 },
	{ "store", run_store, report_store, life.wrong, &life.number,
	  &life.tallies[TALLY_CUTS], 640 },
	{ "daemon", run_service, report_service, service.wrong, &service.number,
	  &service.tallies[SERVICE_CUTS], 70 },
#endif
};

/* For last words: what runs. */
static const struct part *running = &parts[0];
static uint64_t running_seed;

/* --- seeds ------------------------------------------------------------------ */

static void on_signal(int number)
{
	char line[100];
	int n = snprintf(line, sizeof(line),
			 "%s seed %llu life %u: FAILED: signal %d\n",
			 running->name, (unsigned long long)running_seed,
			 *running->number, number);

	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		abort();
	signal(number, SIG_DFL);
	raise(number);
}

static bool failed(const char *what)
{
	char scene[32] = "";

	if (running->run == run_ladder)
		snprintf(scene, sizeof(scene), " --scene %u",
			 ladder.scenario + 1);
	fflush(stdout);
	fprintf(stderr,
		"%s seed %llu life %u: FAILED: %s\n"
		"again with: powercut --part %s --seed %llu%s --trace\n",
		running->name, (unsigned long long)running_seed,
		*running->number, what, running->name,
		(unsigned long long)running_seed, scene);
	return false;
}

static bool run_seed(uint64_t seed, bool twice)
{
	uint64_t digest;

	running_seed = seed;
	child_shares = !twice;
	if (!running->run(seed))
		return failed(running->wrong);
	if (!twice)
		return true;
	digest = platter.digest;
	if (!running->run(seed))
		return failed(running->wrong);
	return platter.digest == digest ||
	       failed("the same seed did something else");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool report_faults(void)
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
	bool all = count(platter.torn, "files torn");

	for (int i = 1; i < FAULTS; i++)
		all &= count(platter.struck[i], faults[i]);
	return all;
}

/* --- the command line ------------------------------------------------------- */

struct options {
	const char *part; /* NULL: all */
	uint64_t from, n; /* 0: as many as usual */
	bool one;
};

static bool run_part(const struct options *options, const struct part *part)
{
	const char *turn = getenv("FOB_TURN");
	uint64_t from = options->from;
	bool is_ladder;
	double start = seconds();
	uint64_t n = options->n;
	bool all;

	if (n == 0)
		n = part->seeds;
	running = part;
	is_ladder = part->run == run_ladder;
	if (is_ladder && !options->one)
		from = turn && *turn ? strtoull(turn, NULL, 10) : 0;
	memset(platter.struck, 0, sizeof(platter.struck));
	platter.torn = 0;
	for (uint64_t i = 0; i < n; i++)
		if (!run_seed(from + i, !is_ladder && i % TWICE == 0))
			return false;
	if (options->one)
		return true;
	all = part->report();
	if (!is_ladder)
		all &= report_faults();
	start = seconds() - start;
	printf("%s: %llu %s in %.1f s: %.0f a second\n", part->name,
	       (unsigned long long)*part->cuts,
	       is_ladder ? "rungs" : "power cuts", start,
	       (double)*part->cuts / start);
#ifdef FOB_SANITIZED
	all = true; /* too few for each to come by */
#endif
	if (!all)
		printf("FAILED: a counter is zero\n");
	return all;
}

static int run_all(const struct options *options)
{
	bool well = true;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && well; i++)
		if (!options->part || strcmp(parts[i].name, options->part) == 0)
			well = run_part(options, &parts[i]);
	return well ? 0 : 1;
}

static bool number(const char *text, uint64_t *ret)
{
	char *end;

	if (!text)
		return false;
	*ret = strtoull(text, &end, 10);
	return *text && !*end;
}

static bool parse_one(struct options *options, char ***at)
{
	const char *word = **at;

	if (strcmp(word, "--trace") == 0)
		life.trace = service.trace = ladder.trace = true;
	else if (strcmp(word, "--part") == 0)
		options->part = *++*at;
	else if (strcmp(word, "--scene") == 0)
		return number(*++*at, &ladder.only);
	else if (strcmp(word, "--seeds") == 0)
		return number(*++*at, &options->n);
	else if (strcmp(word, "--from") == 0)
		return number(*++*at, &options->from);
	else if (strcmp(word, "--seed") == 0)
		return options->n = 1, options->one = true,
		       number(*++*at, &options->from);
	else
		return false;
	return **at != NULL;
}

static void prepare(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE };
	char base[] = "/dev/shm/fob-powercut-XXXXXX", root[64];

	umask(077);
	/* LMDB wants 2 MiB of zeros at each start: the kernel's are free. */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	REQUIRE(sodium_init() >= 0 && secret_init(SECRET_INSECURE) == 0);
	REQUIRE(mkdtemp(base));
	snprintf(root, sizeof(root), "%s/disk", base);
	platter_init(&platter, root);
	life_init(&life, &platter);
	service_init(&service, &platter);
	ladder_init(&ladder, &platter);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		signal(fatal[i], on_signal);
}

static void clean_up(void)
{
	char base[PLATTER_PATH];

	snprintf(base, sizeof(base), "%s", platter.root);
	*strrchr(base, '/') = '\0';
	life_deinit(&life);
	service_deinit(&service);
	ladder_deinit(&ladder);
	platter_deinit(&platter);
	rmdir(base);
	secret_deinit(); /* aborts when a secret was not given back */
}

int main(int argc UNUSED, char **argv)
{
	struct options options = { .from = 1 };
	int status;

	prepare();
	for (argv++; *argv; argv++)
		if (!parse_one(&options, &argv)) {
			fprintf(stderr,
				"usage: powercut [--part store|daemon|ladder] "
				"[--seeds N] [--from S] [--seed S] "
				"[--trace]\n");
			clean_up();
			return 2;
		}
	status = run_all(&options);
	clean_up();
	return status;
}
