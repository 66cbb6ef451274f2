/* What goes wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/swarm.h"

#define YEAR_MS (366ll * DAY_MS)

static uint64_t dice(struct swarm *swarm, uint64_t limit)
{
	return stream_below(&swarm->trouble, limit);
}

void trouble_start(struct swarm *swarm, int node)
{
	world_start(swarm->world, node);
	if (machine(swarm, node)->node->state == NODE_LOCKED &&
	    dice(swarm, 10) < 8)
		world_unlock(swarm->world, node);
}

/* In the middle of something, often: after any of the events to come. */
static void do_kill(struct swarm *swarm, int node)
{
	struct world *world = swarm->world;
	uint64_t events = dice(swarm, 40);

	if (is_unlocked(swarm, node) && swarm->n_records < SWARM_RECORDS &&
	    dice(swarm, 2)) {
		char issuer[32];

		issuer_of(swarm->n_records++, issuer);
		world_add_begin(world, node, issuer, swarm->n_secrets++);
	}
	if (dice(swarm, 2))
		world_until_commit(world, node, 100);
	else
		world_events(world, events);
	if (machine(swarm, node)->node)
		world_kill(world, node);
}

static void take_backup(struct swarm *swarm, int node)
{
	struct world_node *n = machine(swarm, node);

	if (!is_member(swarm, node) || n->asleep)
		return;
	world_quiesce(swarm->world, node);
	disk_copy(&n->disk, &swarm->backup[node]);
	world_copy_ids(&n->promised, &swarm->backup_promised[node]);
	swarm->has_backup[node] = true;
}

static void do_backup(struct swarm *swarm, int node)
{
	struct world_node *n = machine(swarm, node);

	if (!swarm->has_backup[node]) {
		take_backup(swarm, node);
		return;
	}
	if (n->node)
		world_kill(swarm->world, node);
	world_say(swarm->world, "%s  gets an old disk back", n->name);
	world_count(swarm->world, TALLY_OLD_DISK);
	world_replace_disk(swarm->world, node, &swarm->backup[node],
			   &swarm->backup_promised[node]);
	n->went_back = true;
	disk_deinit(&swarm->backup[node]);
	free(swarm->backup_promised[node].ids);
	swarm->has_backup[node] = false;
	swarm->went_back = true;
}

/* A copy that runs beside it, with the same random numbers to come. */
static void do_clone(struct swarm *swarm, int node)
{
	struct world *world = swarm->world;
	struct world_node *n = machine(swarm, node), *copy;
	struct disk disk;
	int at;

	if (world->n_nodes >= WORLD_NODES - 1 || !is_member(swarm, node) ||
	    n->asleep || swarm->clone[node])
		return;
	at = world_node(world);
	copy = machine(swarm, at);
	world_kill(world, at);
	world_quiesce(world, node);
	disk_copy(&n->disk, &disk);
	world_replace_disk(world, at, &disk, &n->promised);
	disk_deinit(&disk);
	world_say(world, "%s  is a clone of %s", copy->name, n->name);
	world_count(world, TALLY_CLONE);
	copy->config = n->config;
	copy->entropy = n->entropy;
	copy->skew = n->skew;
	copy->went_back = n->went_back = true;
	swarm->went_back = swarm->clone[at] = true;
	trouble_start(swarm, at);
}

static void do_clock(struct swarm *swarm, int node)
{
	int64_t jump = (int64_t)dice(swarm, 4 * 3600 * 1000) - 2 * 3600 * 1000;

	if (dice(swarm, 2))
		jump /= 1000;
	machine(swarm, node)->skew += jump;
	world_count(swarm->world, TALLY_CLOCK_JUMP);
	world_say(swarm->world, "%s  its clock jumps by %lld ms",
		  machine(swarm, node)->name, (long long)jump);
}

static void do_ten_years(struct swarm *swarm, int node)
{
	bool back = dice(swarm, 2);

	world_say(swarm->world, "%s  its clock jumps ten years %s",
		  machine(swarm, node)->name, back ? "back" : "ahead");
	world_count(swarm->world,
		    back ? TALLY_CLOCK_TEN_YEARS_BACK : TALLY_CLOCK_TEN_YEARS);
	machine(swarm, node)->skew += (back ? -10 : 10) * YEAR_MS;
}

/* All is off for a year. */
static void do_year(struct swarm *swarm)
{
	struct world *world = swarm->world;

	for (int i = 0; i < world->n_nodes; i++)
		if (machine(swarm, i)->node)
			world_kill(world, i);
	world_say(world, "a year goes by");
	world_count(world, TALLY_YEAR_OFF);
	world->wall += YEAR_MS;
	for (int i = 0; i < world->n_nodes; i++)
		trouble_start(swarm, i);
}

static void do_sleep(struct swarm *swarm, int node)
{
	if (machine(swarm, node)->asleep)
		world_wake(swarm->world, node);
	else
		world_sleep(swarm->world, node);
}

/* As though nearly all of the map were taken; known again at the next start. */
static void do_full(struct swarm *swarm, int node)
{
	machine(swarm, node)->node->stored_bytes = STORE_MAP_BYTES;
	swarm->full[node] = true;
	world_count(swarm->world, TALLY_STORE_FULL);
	world_say(swarm->world, "%s  its store is full",
		  machine(swarm, node)->name);
}

static void do_lock(struct swarm *swarm, int node)
{
	const struct node *core = machine(swarm, node)->node;

	if (!is_awake(swarm, node))
		return;
	world_count(swarm->world, TALLY_LOCK);
	if (core->state == NODE_LOCKED && dice(swarm, 2))
		world_unlock_wrong(swarm->world, node);
	if (core && core->state == NODE_UNLOCKED)
		world_lock(swarm->world, node);
	else if (core && core->state == NODE_LOCKED)
		world_unlock(swarm->world, node);
}

static bool may_invite(struct swarm *swarm, int node)
{
	const struct node *core = machine(swarm, node)->node;

	return is_member(swarm, node) && is_unlocked(swarm, node) &&
	       core->set.authors[core->self_author].member &&
	       core->invite_rest <= core->mono;
}

/* A newcomer, through whatever is going on; it may well not get in. */
static void do_join(struct swarm *swarm, int at)
{
	struct world *world = swarm->world;
	char code[32];
	uint32_t inviting;
	int node = world->n_nodes - 1;

	if (!may_invite(swarm, at))
		return;
	if (!is_awake(swarm, node) || is_member(swarm, node) ||
	    machine(swarm, node)->node->state != NODE_EMPTY) {
		if (world->n_nodes >= WORLD_NODES - 2)
			return;
		node = world_node(world);
	}
	if (!world_try_invite(world, at, code, &inviting))
		return;
	world_join_begin(world, node, at, code);
	world_run(world, dice(swarm, 3000));
}

static bool is_invited(struct swarm *swarm, int node)
{
	return is_awake(swarm, node) && !is_member(swarm, node) &&
	       machine(swarm, node)->node->state == NODE_EMPTY;
}

/* Somebody types another code than the one shown. */
static void do_wrong_code(struct swarm *swarm, int at)
{
	struct world *world = swarm->world;
	char code[32];
	uint32_t inviting;

	if (!may_invite(swarm, at))
		return;
	for (int i = 0; i < world->n_nodes; i++)
		if (is_invited(swarm, i)) {
			if (!world_try_invite(world, at, code, &inviting))
				return;
			code[0] = code[0] == '1' ? '2' : '1';
			world_join_begin(world, i, at, code);
			world_run(world, dice(swarm, 5000));
			return;
		}
	if (world->n_nodes < WORLD_NODES - 2)
		world_node(world);
}

/* Those of one half do not hear those of the other. */
static void do_partition(struct swarm *swarm)
{
	struct world *world = swarm->world;
	uint64_t half = dice(swarm, 1u << world->n_nodes);
	bool reset = dice(swarm, 2);

	world_count(world, TALLY_NET_PARTITION);
	for (int a = 0; a < world->n_nodes; a++)
		for (int b = 0; b < a; b++)
			if ((half >> a & 1) != (half >> b & 1))
				world_cut(world, a, b, reset);
}

static void do_network(struct swarm *swarm, enum fault fault, int a, int b)
{
	struct world *world = swarm->world;
	bool cut = world->cut[a][b] || world->cut[b][a];

	if (a == b)
		return;
	if (fault == FAULT_RESET)
		world_reset(world, a, b);
	else if (fault == FAULT_DELAY)
		world_slow(world, a, b, dice(swarm, 60000));
	else if (cut)
		world_heal(world, a, b);
	else if (fault == FAULT_ONE_WAY)
		world_cut_one_way(world, a, b);
	else
		world_cut(world, a, b, dice(swarm, 2));
}

static void do_machine(struct swarm *swarm, enum fault fault, int node)
{
	if (!machine(swarm, node)->node)
		return;
	switch (fault) {
	case FAULT_KILL:
		do_kill(swarm, node);
		break;
	case FAULT_SLEEP:
		do_sleep(swarm, node);
		break;
	case FAULT_FULL:
		do_full(swarm, node);
		break;
	case FAULT_CLONE:
		do_clone(swarm, node);
		break;
	default:
		do_lock(swarm, node);
	}
}

static void do_vault(struct swarm *swarm, enum fault fault, int a, int b)
{
	switch (fault) {
	case FAULT_REVOKE:
		if (dice(swarm, 3) == 0)
			vault_revoke(swarm, a, b, true);
		break;
	case FAULT_SUSPEND:
		if (dice(swarm, 3))
			vault_revoke(swarm, a, b, false);
		else
			vault_lift(swarm, a, b);
		break;
	case FAULT_AGAIN:
		if (dice(swarm, 3) == 0)
			vault_again(swarm, a);
		break;
	case FAULT_KIT:
		vault_kit(swarm, a);
		break;
	case FAULT_RECOVER:
		if (dice(swarm, 3) == 0)
			vault_recover(swarm, a, dice(swarm, 2) ? b : -1);
		break;
	case FAULT_PURGE:
		vault_purge(swarm, a);
		break;
	case FAULT_GROUP:
		vault_group(swarm, a, b);
		break;
	default:
		vault_snapshot(swarm, a);
	}
}

static void do_fault(struct swarm *swarm, enum fault fault)
{
	int a = (int)dice(swarm, (uint64_t)swarm->world->n_nodes);
	int b = (int)dice(swarm, (uint64_t)swarm->world->n_nodes);

	switch (fault) {
	case FAULT_RESET:
	case FAULT_CUT:
	case FAULT_ONE_WAY:
	case FAULT_DELAY:
		do_network(swarm, fault, a, b);
		break;
	case FAULT_PARTITION:
		do_partition(swarm);
		break;
	case FAULT_YEAR:
		if (dice(swarm, 4) == 0)
			do_year(swarm);
		break;
	case FAULT_CLOCK:
		do_clock(swarm, a);
		break;
	case FAULT_TEN_YEARS:
		do_ten_years(swarm, a);
		break;
	case FAULT_BACKUP:
		do_backup(swarm, a);
		break;
	case FAULT_JOIN:
		do_join(swarm, a);
		break;
	case FAULT_WRONG_CODE:
		do_wrong_code(swarm, a);
		break;
	default:
		if (fault < FAULT_REVOKE)
			do_machine(swarm, fault, a);
		else
			do_vault(swarm, fault, a, b);
	}
}

void trouble_step(struct swarm *swarm)
{
	for (int tries = 0; tries < 3; tries++) {
		enum fault fault = (enum fault)dice(swarm, FAULT_EVIL_KEEPER);

		if (!swarm->faults[fault])
			continue;
		if (dice(swarm, 3))
			do_fault(swarm, fault);
		return;
	}
}
