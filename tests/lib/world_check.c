#include <stdlib.h>
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
		    world->nodes[at].went_back || world->nodes[at].evil)
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

/* --- who must not read --------------------------------------------------------- */

static void bar(struct world *world, const struct world_barred *what)
{
	for (size_t i = 0; i < world->n_barred; i++)
		if (!memcmp(&world->barred[i], what, sizeof(*what)))
			return;
	if (world->n_barred == world->cap_barred) {
		world->cap_barred = 2 * world->cap_barred + 16;
		world->barred =
			realloc(world->barred,
				world->cap_barred * sizeof(*world->barred));
		REQUIRE(world->barred);
	}
	world->barred[world->n_barred++] = *what;
}

static void bar_others(struct world *world, const struct node *core,
		       const struct set_item *item)
{
	const struct set *set = &core->set;
	uint32_t group = set->records[item->content].group;
	struct world_barred what;

	memcpy(what.kid, set->kids[item->kid].id, KID_SIZE);
	memcpy(what.group, set->groups[group].id, GROUP_ID_SIZE);
	for (uint32_t i = 0; i < set->n_authors; i++) {
		if (roster_reads(&core->roster, group, i))
			continue;
		memcpy(what.device, set->authors[i].id, DEVICE_ID_SIZE);
		bar(world, &what);
	}
}

void check_wrote(struct world *world, int node,
		 const uint8_t id[static ID_SIZE])
{
	const struct node *core = world->nodes[node].node;
	uint32_t at = set_find(&core->set, id);
	const struct set_item *item = &core->set.items[at];

	if (at != NONE && item->kind == FOB__KIND__ENTRY && item->kid != NONE &&
	    item->content != NONE)
		bar_others(world, core, item);
}

/* Somebody may have let it in again since. */
static bool reads_now(const struct world *world,
		      const struct world_barred *what)
{
	for (int i = 0; i < world->n_nodes; i++) {
		const struct node *core = world->nodes[i].node;
		uint32_t author, group;

		if (!core || !core->set.pinned)
			continue;
		author = set_author(&core->set, what->device);
		group = set_group(&core->set, what->group);
		if (author != NONE && group != NONE &&
		    roster_reads(&core->roster, group, author))
			return true;
	}
	return false;
}

static void check_barred(struct world *world, int node)
{
	const struct world_node *n = &world->nodes[node];

	if (n->node->state != NODE_UNLOCKED)
		return;
	for (size_t i = 0; i < world->n_barred; i++) {
		const struct world_barred *what = &world->barred[i];

		if (memcmp(what->device, n->id, DEVICE_ID_SIZE) != 0)
			continue;
		world_count(world, TALLY_CHECK_KEYS);
		EXPECT(world, !keyring_secret(&n->node->keyring, what->kid) ||
				      reads_now(world, what));
	}
}

/* --- what the revoked wrote ------------------------------------------------------- */

static void mark_chain(const struct set *set, uint8_t *marks,
		       const ProtobufCBinaryData *tips, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t at = set_find(set, tips[i].data);

		while (at != NONE && !marks[at]) {
			marks[at] = 1;
			at = set->items[at].prev;
		}
	}
}

/* Only what a REVOKE names, or what lies behind that, may be current. */
static void check_revoked_author(struct world *world, const struct node *core,
				 uint32_t author)
{
	const struct set *set = &core->set;
	uint8_t *marks = calloc(set->n_items + 1, 1);

	REQUIRE(marks);
	for (uint32_t i = 0; i < set->n_heads; i++) {
		const Fob__Revoke *revoke = set->heads[i]->head->revoke;

		if (revoke &&
		    set->items[set->heads_item[i]].flags & SET_CARRIED &&
		    !memcmp(revoke->target.data, set->authors[author].id,
			    DEVICE_ID_SIZE))
			mark_chain(set, marks, revoke->tips2, revoke->n_tips2);
	}
	for (uint32_t i = 0; i < set->n_items; i++) {
		if (set->items[i].author != author ||
		    set->items[i].kind != FOB__KIND__ENTRY)
			continue;
		world_count(world, TALLY_CHECK_REVOKED);
		world_count(world, set->items[i].flags & SET_CARRIED ?
					   TALLY_CHECK_REVOKED :
					   TALLY_QUARANTINED);
		EXPECT(world, marks[i] || !roster_view_valid(&core->roster, i));
	}
	free(marks);
}

static void check_revoked(struct world *world, int node)
{
	const struct node *core = world->nodes[node].node;

	if (core->set.frozen)
		world_count(world, TALLY_FROZEN);
	if (core->set.dirty || core->roster.version0 != core->set.version0)
		return;
	for (uint32_t i = 0; i < core->set.n_authors; i++)
		if (core->set.authors[i].revoke != NONE)
			check_revoked_author(world, core, i);
}

bool world_garbles(const struct world *world)
{
	for (int i = 0; i < world->n_nodes; i++)
		if (world->nodes[i].evil & (EVIL_GARBLE | EVIL_ACT))
			return true;
	return false;
}

void world_check_kept(struct world *world, int node)
{
	const struct world_node *n = &world->nodes[node];

	for (size_t i = 0; i < n->promised.n && !world_garbles(world); i++)
		EXPECT(world, set_holds(&n->node->set, n->promised.ids[i]));
}

void world_check(struct world *world)
{
	for (int a = 0; a < world->n_nodes; a++) {
		const struct world_node *n = &world->nodes[a];

		if (!n->node)
			continue;
		world_check_kept(world, a);
		for (int b = 0; b < a; b++)
			if (world->nodes[b].node)
				check_lemma(world, a, b);
		if (!world_garbles(world))
			check_holders(world, a);
		check_barred(world, a);
		check_revoked(world, a);
	}
}
