#include "tests/sim/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Worlds that one process has, one after another: a fork is not for free. */
#define BATCH 16
/* So many in which everything has to happen at least once. */
#define TALLY_SEEDS 500

/* What the process of a place leaves behind; all see it. */
struct place {
	uint64_t tally[TALLIES];
	uint64_t digest, virtual_ms;
	size_t at; /* the world that it is at */
};

/* The last is that of processes that run alone. */
static struct place *places;
#define ALONE CROWD_JOBS_MAX

struct batch {
	pid_t pid; /* 0: there is none */
	size_t first, end;
};

void crowd_init(void)
{
	places = mmap(NULL, (CROWD_JOBS_MAX + 1) * sizeof(*places),
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	REQUIRE(places != MAP_FAILED);
	nursery_make(places[ALONE].tally);
}

void crowd_deinit(void)
{
	nursery_free();
	munmap(places, (CROWD_JOBS_MAX + 1) * sizeof(*places));
}

/* --- one world ------------------------------------------------------------------ */

static void run_world(const struct swarm_plan *plan, struct place *place,
		      bool trace)
{
	struct world *world = malloc(sizeof(*world));
	struct world_stream mix;

	REQUIRE(world);
	world_init(world, plan->seed);
	world->echo = trace;
	world->quiet = !trace;
	world->tally = place->tally;
	swarm_run(world, plan);
	mix.state = world->digest ^ plan->seed;
	place->digest += stream_next(&mix);
	place->virtual_ms += world->now + (uint64_t)world->wall;
	world_deinit(world);
	free(world);
}

static pid_t begin_child(int (*run)(const void *what, bool trace),
			 const void *what, bool trace)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		int r = run(what, trace);

		fflush(stdout);
		exit(r); /* the leak checker looks now */
	}
	return child;
}

int in_child(int (*run)(const void *what, bool trace), const void *what,
	     bool trace)
{
	pid_t child = begin_child(run, what, trace);
	int status = 0;

	if (waitpid(child, &status, 0) != child)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int run_silent(const void *what, bool trace)
{
	if (!freopen("/dev/null", "w", stdout))
		return 0;
	run_world(what, &places[ALONE], trace);
	nursery_free(); /* or the leak checker finds it */
	return 0;
}

bool crowd_fails(const struct swarm_plan *plan)
{
	return in_child(run_silent, plan, false) != 0;
}

void crowd_says_failed(const struct swarm_plan *plan)
{
	printf("FAILED: sim");
	shrink_print(plan);
	printf(" --trace\n");
}

/* --- some, in one process ---------------------------------------------------------- */

struct work {
	const struct crowd *crowd;
	struct place *place;
	size_t end;
};

static struct swarm_plan plan_of(const struct crowd *crowd, size_t at)
{
	struct swarm_plan plan = crowd->plan;

	plan.seed = crowd->seeds[at];
	return plan;
}

static int run_batch(const void *what, bool trace)
{
	const struct work *work = what;

	for (; work->place->at < work->end; work->place->at++) {
		struct swarm_plan plan = plan_of(work->crowd, work->place->at);

		run_world(&plan, work->place, trace);
	}
	nursery_free();
	return 0;
}

static void begin(const struct crowd *crowd, unsigned job, struct batch *batch)
{
	struct work work = { crowd, &places[job], batch->end };

	places[job].at = batch->first;
	batch->pid = begin_child(run_batch, &work, crowd->trace);
}

/* Named so that whoever runs that sees the same. */
static void says_together(const struct crowd *crowd, const struct batch *batch,
			  size_t end)
{
	printf("FAILED, but not alone: sim --seeds %zu --from %llu --jobs 1\n",
	       end - batch->first,
	       (unsigned long long)crowd->seeds[batch->first]);
}

/* All worlds went well, and their process did not: what does each alone? */
static int find_leak(const struct crowd *crowd, const struct batch *batch)
{
	int failed = 0;

	for (size_t i = batch->first; i < batch->end; i++) {
		struct swarm_plan plan = plan_of(crowd, i);

		if (!crowd_fails(&plan))
			continue;
		crowd_says_failed(&plan);
		failed++;
	}
	if (failed == 0)
		says_together(crowd, batch, batch->end);
	return failed ? failed : 1;
}

/* The process has ended badly; the worlds behind the bad one are left. */
static int look_at(const struct crowd *crowd, unsigned job, struct batch *batch)
{
	size_t at = places[job].at;
	struct swarm_plan plan;

	if (at >= batch->end) {
		int failed = find_leak(crowd, batch);

		batch->first = batch->end;
		return failed;
	}
	plan = plan_of(crowd, at);
	crowd_says_failed(&plan);
	if (!crowd->trace && !crowd_fails(&plan))
		says_together(crowd, batch, at + 1);
	batch->first = at + 1;
	return 1;
}

/* Waits for one of them to end. */
static int gather(const struct crowd *crowd, struct batch *batches)
{
	int status, failed = 0;
	pid_t pid = wait(&status);

	REQUIRE(pid > 0);
	for (unsigned job = 0; job < CROWD_JOBS_MAX; job++) {
		struct batch *batch = &batches[job];

		if (batch->pid != pid)
			continue;
		batch->pid = 0;
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			failed = look_at(crowd, job, batch);
		else
			batch->first = batch->end;
		if (batch->first < batch->end)
			begin(crowd, job, batch);
	}
	return failed;
}

static unsigned free_job(const struct crowd *crowd, const struct batch *batches)
{
	for (unsigned job = 0; job < crowd->jobs; job++)
		if (!batches[job].pid)
			return job;
	return crowd->jobs;
}

static bool is_busy(const struct batch *batches)
{
	for (unsigned job = 0; job < CROWD_JOBS_MAX; job++)
		if (batches[job].pid)
			return true;
	return false;
}

int crowd_run(const struct crowd *crowd)
{
	struct batch batches[CROWD_JOBS_MAX] = { 0 };
	size_t next = 0;
	int failed = 0;

	REQUIRE(crowd->jobs > 0 && crowd->jobs <= CROWD_JOBS_MAX);
	while (next < crowd->n || is_busy(batches)) {
		unsigned job = free_job(crowd, batches);

		if (next == crowd->n || job == crowd->jobs) {
			failed += gather(crowd, batches);
			continue;
		}
		batches[job].first = next;
		next = size_min(next + BATCH, crowd->n);
		batches[job].end = next;
		begin(crowd, job, &batches[job]);
	}
	return failed;
}

/* --- what happened ---------------------------------------------------------------- */

/* What did not happen in so many worlds is not tested by them. */
int crowd_show_tally(uint64_t worlds)
{
	int missing = 0;

	for (unsigned i = 0; i < TALLIES; i++) {
		const char *name = tally_name(i);
		uint64_t sum = 0;

		for (unsigned job = 0; job <= ALONE; job++)
			sum += places[job].tally[i];
		if (!name)
			continue;
		printf("%12llu %s\n", (unsigned long long)sum, name);
		if (sum || worlds < TALLY_SEEDS)
			continue;
		printf("FAILED: this never happened: %s\n", name);
		missing++;
	}
	return missing;
}

uint64_t crowd_digest(void)
{
	uint64_t sum = 0;

	for (unsigned job = 0; job <= ALONE; job++) {
		sum += places[job].digest;
		places[job].digest = 0;
	}
	return sum;
}

double crowd_virtual_years(void)
{
	uint64_t sum = 0;

	for (unsigned job = 0; job <= ALONE; job++)
		sum += places[job].virtual_ms;
	return (double)sum / 366 / (double)DAY_MS;
}
