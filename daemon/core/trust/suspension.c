/*
 * A suspended device must not lift its own suspension, neither itself nor by
 * devices that it brought in; so a LIFT asks who stands on the lifter's ADD
 * paths.
 */
#include "daemon/core/trust/suspension.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"

static bool carried(const struct set *set, uint32_t item, uint32_t kind)
{
	return set->items[item].kind == kind &&
	       set->items[item].flags & SET_CARRIED;
}

/* Spreads from the devices known to be brought in by x to their own. */
static bool spread(const struct set *set, uint64_t *brought)
{
	bool changed = false;

	for (uint32_t i = 0; i < set->n_heads; i++) {
		uint32_t item = set->heads_item[i];
		uint32_t sponsor = set->items[item].author, target;
		uint8_t id[DEVICE_ID_SIZE];

		if (!carried(set, item, FOB__KIND__ADD) || sponsor == NONE ||
		    !bits_get(brought, sponsor))
			continue;
		item_device_id(id, set->heads[i]->head->add->device);
		target = set_author(set, id);
		if (target != NONE && !bits_get(brought, target)) {
			bits_set(brought, target);
			changed = true;
		}
	}
	return changed;
}

/* Bitmap of x and all on one of whose ADD paths x stands; NULL: no memory. */
static uint64_t *brought_by(const struct set *set, uint32_t x)
{
	uint64_t *brought = bits_new(set->n_authors);

	if (!brought)
		return NULL;
	bits_set(brought, x);
	while (spread(set, brought))
		;
	return brought;
}

static bool may_lift(const struct set *set, const struct suspension *s,
		     uint32_t lifter, const uint64_t *brought)
{
	if (lifter == NONE || lifter == set->items[s->item].author)
		return true;
	return set->authors[lifter].member && !bits_get(brought, lifter);
}

static int is_lifted(const struct set *set, const struct suspension *s,
		     bool *ret)
{
	AUTO_FREE uint64_t *brought = brought_by(set, s->target);

	if (!brought)
		return -ENOMEM;
	*ret = false;
	for (uint32_t i = 0; i < set->n_heads && !*ret; i++) {
		uint32_t item = set->heads_item[i];

		if (carried(set, item, FOB__KIND__LIFT) &&
		    memcmp(set->heads[i]->head->lift->suspend.data,
			   set->items[s->item].id, ID_SIZE) == 0)
			*ret = may_lift(set, s, set->items[item].author,
					brought);
	}
	return 0;
}

/* By a member, of another member. Whether it is lifted comes next. */
static bool is_suspension(const struct set *set, uint32_t head,
			  struct suspension *ret)
{
	uint32_t item = set->heads_item[head];
	uint32_t author = set->items[item].author, target;

	if (!carried(set, item, FOB__KIND__SUSPEND) || author == NONE ||
	    !set->authors[author].member)
		return false;
	target = set_author(set, set->heads[head]->head->suspend->target.data);
	if (target == NONE || target == author || !set->authors[target].member)
		return false;
	*ret = (struct suspension){ item, target };
	return true;
}

static void insert(struct suspensions *s, const struct set *set,
		   struct suspension new)
{
	uint32_t at = s->n++;

	for (;
	     at > 0 && memcmp(set->items[new.item].id,
			      set->items[s->list[at - 1].item].id, ID_SIZE) < 0;
	     at--)
		s->list[at] = s->list[at - 1];
	s->list[at] = new;
}

int suspensions_init(struct suspensions *s, const struct set *set)
{
	*s = (struct suspensions){ 0 };
	s->list = calloc((size_t)set->n_heads + 1, sizeof(*s->list));
	if (!s->list)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->n_heads; i++) {
		struct suspension found;
		bool lifted;

		if (!is_suspension(set, i, &found))
			continue;
		if (is_lifted(set, &found, &lifted))
			return -ENOMEM;
		if (!lifted)
			insert(s, set, found);
	}
	return 0;
}

void suspensions_deinit(struct suspensions *s)
{
	free(s->list);
	*s = (struct suspensions){ 0 };
}
