/*
 * Vaults to begin with. Letting a device in costs more than all that most
 * random worlds do, so it is done once, and each world gets copies of the
 * disks; joins are tried by FAULT_JOIN and by stories.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/recovery.h"
#include "tests/sim/swarm.h"

#define SIZES 6

static struct nursery_vault plain[SIZES], kept[SIZES];

static void take_picture(struct world *world, struct nursery_vault *vault,
			 int keeper)
{
	vault->n = world->n_nodes;
	vault->keeper = keeper;
	recovery_seed(world, 0, vault->seed);
	for (int i = 0; i < vault->n; i++)
		world_quiesce(world, i);
	for (int i = 0; i < vault->n; i++) {
		world_quiesce(world, i);
		disk_copy(&world->nodes[i].disk, &vault->disks[i]);
		world_copy_ids(&world->nodes[i].promised, &vault->promised[i]);
	}
}

static void make(struct nursery_vault *vaults, bool keeper, uint64_t *tally)
{
	struct world *world = malloc(sizeof(*world));

	REQUIRE(world);
	world_init(world, keeper ? 2 : 1);
	world->quiet = true;
	world->tally = tally;
	story_vault(world, 2);
	world_run(world, 20000); /* all know each other's addresses */
	take_picture(world, &vaults[2], -1);
	for (int n = 3; n < SIZES; n++) {
		if (n == 3 && keeper) {
			recovery_keeper(world, 0);
		} else {
			world_node(world);
			world_join(world, n - 1, n == 4 ? 1 : 0);
		}
		story_settle(world);
		world_run(world, 20000);
		take_picture(world, &vaults[n], keeper ? 2 : -1);
	}
	world_deinit(world);
	free(world);
}

void nursery_make(uint64_t *tally)
{
	make(plain, false, tally);
	make(kept, true, tally);
}

static void clear(struct nursery_vault *vaults)
{
	for (int k = 0; k < SIZES; k++)
		for (int i = 0; i < vaults[k].n; i++) {
			disk_deinit(&vaults[k].disks[i]);
			free(vaults[k].promised[i].ids);
		}
}

void nursery_free(void)
{
	clear(plain);
	clear(kept);
}

const struct nursery_vault *nursery_vault(int n, bool keeper)
{
	REQUIRE(n >= 2 && n < SIZES);
	return keeper && n > 2 ? &kept[n] : &plain[n];
}

void nursery_begin(struct world *world, const struct nursery_vault *vault)
{
	for (int i = 0; i < vault->n; i++) {
		world_node(world);
		world_kill(world, i);
		world_replace_disk(world, i, &vault->disks[i],
				   &vault->promised[i]);
		world->nodes[i].config.keeper = i == vault->keeper;
		world_start(world, i);
	}
	for (int i = 0; i < vault->n; i++)
		if (world->nodes[i].node->state == NODE_LOCKED)
			world_unlock(world, i);
}
