/* A failure made small, by leaving out what it can do without. */
#include <stdio.h>

#include "tests/sim/swarm.h"

static bool drop_faults(struct swarm_plan *plan, swarm_fails *fails)
{
	bool any = false;

	for (unsigned i = 0; i < FAULTS; i++) {
		struct swarm_plan less = *plan;

		if (!(plan->faults >> i & 1))
			continue;
		less.faults &= ~(UINT32_C(1) << i);
		if (!fails(&less))
			continue;
		*plan = less;
		any = true;
	}
	return any;
}

static bool drop_nodes(struct swarm_plan *plan, swarm_fails *fails)
{
	for (int n = 2; n < (plan->nodes ? plan->nodes : WORLD_NODES); n++) {
		struct swarm_plan less = *plan;

		less.nodes = n;
		if (fails(&less)) {
			*plan = less;
			return true;
		}
	}
	return false;
}

static bool has_step(const struct swarm_plan *plan, unsigned step)
{
	return plan->steps[step / 64] >> step % 64 & 1;
}

/* Runs of so many steps at a time. */
static bool drop_steps(struct swarm_plan *plan, swarm_fails *fails, unsigned n)
{
	bool any = false;

	for (unsigned first = SWARM_STEPS; first >= n; first -= n) {
		struct swarm_plan less = *plan;
		bool changed = false;

		for (unsigned i = first - n; i < first; i++) {
			changed |= has_step(plan, i);
			less.steps[i / 64] &= ~(UINT64_C(1) << i % 64);
		}
		if (!changed || !fails(&less))
			continue;
		*plan = less;
		any = true;
	}
	return any;
}

void shrink(struct swarm_plan *plan, swarm_fails *fails)
{
	bool any = true;

	/* Those of this version; and no step behind the last. */
	plan->faults &= (UINT32_C(1) << FAULTS) - 1;
	for (unsigned round = 0; any && round < 4; round++) {
		any = drop_faults(plan, fails);
		any |= drop_nodes(plan, fails);
		for (unsigned n = SWARM_STEPS / 2; n > 0; n /= 2)
			any |= drop_steps(plan, fails, n);
		printf("round %u:", round);
		shrink_print(plan);
		printf("\n");
		fflush(stdout);
	}
	printf("what is left:");
	for (unsigned i = 0; i < FAULTS; i++)
		if (plan->faults >> i & 1)
			printf(" %s", swarm_fault_name(i));
	printf(";");
	for (unsigned i = 0; i < SWARM_STEPS; i++)
		if (has_step(plan, i))
			printf(" %u", i);
	printf("\n");
}

void shrink_print(const struct swarm_plan *plan)
{
	printf(" --seed %llu", (unsigned long long)plan->seed);
	if (plan->faults != SWARM_ALL)
		printf(" --faults %016llx", (unsigned long long)plan->faults);
	if (plan->steps[0] != UINT64_MAX || plan->steps[1] != UINT64_MAX)
		printf(" --steps %016llx%016llx",
		       (unsigned long long)plan->steps[0],
		       (unsigned long long)plan->steps[1]);
	if (plan->nodes)
		printf(" --nodes %d", plan->nodes);
}
