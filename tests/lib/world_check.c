#include <string.h>

#include "tests/lib/world_inner.h"

/* Does one carry what the other does not hold? The newest first. */
static bool has_news(const struct set *from, const struct set *to)
{
	for (uint32_t i = from->n_items; i-- > 0;)
		if (from->items[i].flags & SET_CARRIED &&
		    !set_holds(to, from->items[i].id))
			return true;
	return false;
}

/*
 * If carried sets differ, one side has an item in its own that the other
 * does not hold: else a run could end unequal for ever.
 */
static void check_lemma(struct world *world, int a, int b)
{
	struct set *one = &world->nodes[a].node->set;
	struct set *other = &world->nodes[b].node->set;
	uint8_t roots[2][ID_SIZE];

	if (!one->pinned || !other->pinned || one->dirty || other->dirty ||
	    memcmp(one->vault_id, other->vault_id, ID_SIZE) != 0)
		return;
	world_count(world, TALLY_CHECK_LEMMA);
	set_root_all(one, roots[0]);
	set_root_all(other, roots[1]);
	if (!memcmp(roots[0], roots[1], ID_SIZE))
		return;
	world_count(world, TALLY_CHECK_UNEQUAL);
	EXPECT(world, has_news(one, other) || has_news(other, one));
}

/* The only machine with that device; -1: there is none, or several. */
static int machine_of(const struct world *world,
		      const uint8_t id[static DEVICE_ID_SIZE])
{
	int found = -1;

	for (int i = 0; i < world->n_nodes; i++)
		if (!memcmp(world->nodes[i].id, id, DEVICE_ID_SIZE)) {
			if (found >= 0)
				return -1;
			found = i;
		}
	return found;
}

/* Whoever is counted as a holder holds. */
static void check_holders(struct world *world, int node)
{
	const struct node *core = world->nodes[node].node;
	const struct set *set = &core->set;

	for (unsigned slot = 0; slot < HOLDER_SLOTS; slot++) {
		uint32_t author = core->sync.holder_slots[slot];
		int at = author == NONE ?
				 -1 :
				 machine_of(world, set->authors[author].id);

		if (at < 0 || at == node || !world->nodes[at].node ||
		    world->nodes[at].went_back)
			continue;
		for (uint32_t i = 0; i < set->n_items; i++)
			if (set->items[i].holders >> slot & 1) {
				world_count(world, TALLY_CHECK_HOLDERS);
				EXPECT(world,
				       set_holds(&world->nodes[at].node->set,
						 set->items[i].id));
			}
	}
}

void world_check(struct world *world)
{
	for (int a = 0; a < world->n_nodes; a++) {
		const struct world_node *n = &world->nodes[a];

		if (!n->node)
			continue;
		for (size_t i = 0; i < n->promised.n; i++)
			EXPECT(world,
			       set_holds(&n->node->set, n->promised.ids[i]));
		for (int b = 0; b < a; b++)
			if (world->nodes[b].node)
				check_lemma(world, a, b);
		if (!n->false_holders)
			check_holders(world, a);
	}
}
