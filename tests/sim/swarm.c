#include "tests/sim/swarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const fault_names[FAULTS] = {
	[FAULT_RESET] = "resets",
	[FAULT_CUT] = "cuts",
	[FAULT_ONE_WAY] = "one-way",
	[FAULT_PARTITION] = "partitions",
	[FAULT_DELAY] = "delays",
	[FAULT_KILL] = "kills",
	[FAULT_SLEEP] = "sleeps",
	[FAULT_YEAR] = "years",
	[FAULT_CLOCK] = "clocks",
	[FAULT_TEN_YEARS] = "ten-years",
	[FAULT_BACKUP] = "backups",
	[FAULT_CLONE] = "clones",
	[FAULT_FULL] = "full",
	[FAULT_LOCK] = "locks",
	[FAULT_JOIN] = "joins",
	[FAULT_REVOKE] = "revocations",
	[FAULT_SUSPEND] = "suspensions",
	[FAULT_AGAIN] = "again",
	[FAULT_KIT] = "kits",
	[FAULT_RECOVER] = "recoveries",
	[FAULT_PURGE] = "purges",
	[FAULT_GROUP] = "groups",
	[FAULT_SNAPSHOT] = "snapshots",
	[FAULT_WRONG_CODE] = "wrong-codes",
	[FAULT_EVIL_KEEPER] = "evil-keeper",
	[FAULT_EVIL_MEMBER] = "evil-member",
	[FAULT_UNHEALED] = "unhealed",
};

const char *swarm_fault_name(unsigned fault)
{
	return fault_names[fault];
}

struct swarm_plan swarm_plan(uint64_t seed)
{
	struct swarm_plan plan = { .seed = seed, .faults = SWARM_ALL };

	memset(plan.steps, 0xff, sizeof(plan.steps));
	return plan;
}

uint64_t below(struct swarm *swarm, uint64_t limit)
{
	return stream_below(&swarm->people, limit);
}

int any_node(struct swarm *swarm)
{
	return (int)below(swarm, (uint64_t)swarm->world->n_nodes);
}

struct world_node *machine(struct swarm *swarm, int node)
{
	return &swarm->world->nodes[node];
}

bool is_member(struct swarm *swarm, int node)
{
	const struct node *core = machine(swarm, node)->node;

	return core && core->self_author != NONE;
}

bool is_awake(struct swarm *swarm, int node)
{
	return machine(swarm, node)->node && !machine(swarm, node)->asleep;
}

bool is_unlocked(struct swarm *swarm, int node)
{
	return is_awake(swarm, node) &&
	       machine(swarm, node)->node->state == NODE_UNLOCKED;
}

static void stream_of(struct swarm *swarm, uint64_t step, uint64_t purpose,
		      struct world_stream *ret)
{
	ret->state = swarm->plan->seed * UINT64_C(0xd1342543de82ef95) +
		     step * UINT64_C(0x2545f4914f6cdd1d) + purpose;
	stream_next(ret);
}

/* --- a step ------------------------------------------------------------------- */

static void let_time_pass(struct swarm *swarm)
{
	switch (below(swarm, 8)) {
	case 0:
		world_run(swarm->world, below(swarm, 90000));
		break;
	case 1:
	case 2:
		world_run(swarm->world, below(swarm, 3000));
		break;
	case 3:
	case 4:
		world_run(swarm->world, below(swarm, 100));
		break;
	default:
		break; /* at once */
	}
}

static void do_step(struct swarm *swarm)
{
	int node = any_node(swarm);

	if (!machine(swarm, node)->node) {
		if (below(swarm, 2))
			trouble_start(swarm, node);
	} else if (machine(swarm, node)->asleep) {
		if (below(swarm, 2))
			world_wake(swarm->world, node);
	} else if (is_member(swarm, node)) {
		people_step(swarm, node);
	}
	for (int i = 0; i < swarm->world->n_nodes; i++)
		if (machine(swarm, i)->evil & EVIL_ACT &&
		    is_unlocked(swarm, i) &&
		    stream_chance(&swarm->world->evil, 30))
			world_evil_act(swarm->world, i);
	trouble_step(swarm);
	let_time_pass(swarm);
	world_check(swarm->world);
}

/* --- the whole ------------------------------------------------------------------- */

static void draw_faults(struct swarm *swarm)
{
	/* Some worlds have few faults, so that they get far. */
	unsigned percent = 10 + (unsigned)stream_below(&swarm->draw, 5) * 15;
	char text[400] = "";
	size_t n = 0;

	for (size_t i = 0; i < FAULTS; i++) {
		bool on = stream_chance(&swarm->draw,
					i == FAULT_UNHEALED ? 10 : percent);

		swarm->faults[i] = on && swarm->plan->faults >> i & 1;
		if (swarm->faults[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %s",
					      fault_names[i]);
	}
	world_say(swarm->world,
		  "latency %llu to %llu ms, commits of %llu ms;%s",
		  (unsigned long long)swarm->world->latency,
		  (unsigned long long)(swarm->world->latency +
				       swarm->world->jitter),
		  (unsigned long long)swarm->world->sync_ms,
		  n ? text : " no faults");
}

/* The last machine, or the keeper; the others must do without it. */
static void draw_evil(struct swarm *swarm, const struct nursery_vault *vault)
{
	unsigned how = 1 + (unsigned)stream_below(&swarm->draw, 31);
	int node = vault->keeper >= 0 ? vault->keeper : vault->n - 1;
	bool keeper = swarm->faults[FAULT_EVIL_KEEPER];

	if (!keeper && !swarm->faults[FAULT_EVIL_MEMBER])
		return;
	if (!keeper)
		how = EVIL_ACT;
	else if (swarm->faults[FAULT_EVIL_MEMBER])
		how |= EVIL_ACT;
	if (how & EVIL_ACT)
		node = vault->n - 1 == vault->keeper ? 0 : vault->n - 1;
	swarm->world->nodes[node].evil = how;
	swarm->unsure = true;
}

static void draw_world(struct swarm *swarm)
{
	struct world *world = swarm->world;
	int n = 2 + (int)stream_below(&swarm->draw, 4);
	bool keeper = stream_chance(&swarm->draw, 40);
	const struct nursery_vault *vault;

	world->latency = 1 + stream_below(&swarm->draw, 80);
	world->jitter = stream_below(&swarm->draw, 2) ?
				stream_below(&swarm->draw, 100) :
				0;
	world->sync_ms = stream_below(&swarm->draw, 12);
	draw_faults(swarm);
	if (swarm->plan->nodes && n > swarm->plan->nodes)
		n = swarm->plan->nodes;
	vault = nursery_vault(n, keeper);
	memcpy(swarm->kit, vault->seed, KEY_SIZE);
	memcpy(swarm->old_kit, vault->seed, KEY_SIZE);
	nursery_begin(world, vault);
	draw_evil(swarm, vault);
	for (int i = 0; i < WORLD_NODES; i++) {
		world->nodes[i].own_entropy = true;
		stream_of(swarm, (uint64_t)i, 7, &world->nodes[i].entropy);
	}
}

static void swarm_free(struct swarm *swarm)
{
	for (int i = 0; i < WORLD_NODES; i++)
		if (swarm->has_backup[i]) {
			disk_deinit(&swarm->backup[i]);
			free(swarm->backup_promised[i].ids);
		}
	free(swarm);
}

void swarm_run(struct world *world, const struct swarm_plan *plan)
{
	struct swarm *swarm = calloc(1, sizeof(*swarm));
	unsigned steps;

	REQUIRE(swarm);
	swarm->world = world;
	swarm->plan = plan;
	stream_of(swarm, 0, 1, &swarm->draw);
	draw_world(swarm);
	stream_of(swarm, 0, 2, &swarm->people);
	for (int i = 0; i < 3; i++)
		people_add(swarm, 0);
	steps = 20 + (unsigned)stream_below(&swarm->draw, 80);
	for (unsigned i = 0; i < steps; i++) {
		if (!(plan->steps[i / 64] >> i % 64 & 1))
			continue;
		stream_of(swarm, i + 1, 2, &swarm->people);
		stream_of(swarm, i + 1, 3, &swarm->trouble);
		do_step(swarm);
	}
	stream_of(swarm, SWARM_STEPS + 1, 2, &swarm->people);
	end_check(swarm);
	swarm_free(swarm);
}
