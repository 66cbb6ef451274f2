#include "tests/sim/scarce.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/disk/alloc.h"

#define LATER_MS 2000 /* in which a node that started again goes on */

/* Of gcov, where it is: the child's counts would be lost. */
void __gcov_dump(void) __attribute__((weak));

int __real_madvise(void *p, size_t n, int advice);
int __wrap_madvise(void *p, size_t n, int advice);

struct rung {
	uint64_t step; /* of the story, from 1 */
	uint32_t n;    /* allocation of that step */
};

static struct {
	struct rung *list;
	size_t n, cap, at;
	uint64_t step;
	unsigned turn, turns;
} plan;

static unsigned long *count; /* shared */

void scarce_init(void)
{
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(count != MAP_FAILED);
	alloc_share();
}

unsigned long scarce_count(void)
{
	return *count;
}

/* A child is to have the secrets of its node. */
int __wrap_madvise(void *p, size_t n, int advice)
{
	return advice == MADV_WIPEONFORK ? 0 : __real_madvise(p, n, advice);
}

/* --- the first telling ------------------------------------------------------ */

static void plan_add(uint32_t n)
{
	if (plan.n == plan.cap) {
		plan.cap = plan.cap ? 2 * plan.cap : 256;
		plan.list = realloc(plan.list, plan.cap * sizeof(*plan.list));
		REQUIRE(plan.list);
	}
	plan.list[plan.n++] = (struct rung){ plan.step, n };
}

static int step_watched(struct world *world, int node, struct event *event)
{
	struct world_node *n = &world->nodes[node];
	const uint32_t *list;
	size_t count_new;
	int r;

	plan.step++;
	alloc_watch();
	r = node_step(n->node, event, &n->effects);
	list = alloc_watched(&count_new);
	for (size_t i = 0; i < count_new; i++)
		plan_add(list[i]);
	return r;
}

void scarce_watch(struct world *world)
{
	plan.n = plan.step = 0;
	world->step = step_watched;
}

/* --- the second ------------------------------------------------------------- */

/* In a process of its own, which ends. */
static _Noreturn void fall(struct world *world, int node, struct event *event,
			   const struct rung *rung)
{
	struct world_node *n = &world->nodes[node];
	int r;

	world->step = NULL;
	alloc_arm(rung->n, rung->n & 1);
	r = node_step(n->node, event, &n->effects);
	EXPECT(world, alloc_disarm() > 0);
	EXPECT(world, r == 0 || r == -ENOMEM);
	effects_clear(&n->effects);
	world_kill(world, node);
	world_start(world, node);
	world_run(world, LATER_MS);
	if (__gcov_dump)
		__gcov_dump();
	_exit(0);
}

static void climb(struct world *world, int node, struct event *event,
		  const struct rung *rung)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		fall(world, node, event, rung);
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	++*count;
	if (status == 0)
		return;
	printf("step %llu, of %s: allocation %u fails: status %d\n",
	       (unsigned long long)rung->step, world->nodes[node].name, rung->n,
	       status);
	EXPECT(world, status == 0);
}

static int step_climbed(struct world *world, int node, struct event *event)
{
	struct world_node *n = &world->nodes[node];

	for (plan.step++; plan.at < plan.n; plan.at++) {
		const struct rung *rung = &plan.list[plan.at];

		if (rung->step > plan.step)
			break;
		if (plan.at % plan.turns == plan.turn)
			climb(world, node, event, rung);
	}
	return node_step(n->node, event, &n->effects);
}

void scarce_climb(struct world *world, unsigned turn, unsigned turns)
{
	plan.step = plan.at = 0;
	plan.turn = turn % turns;
	plan.turns = turns;
	world->step = step_climbed;
}
