#include "daemon/core/missing.h"

#include <errno.h>
#include <stdlib.h>

/* For so long after the kit put a device out, what it told of counts. */
#define TOLD_DAYS 30

static uint64_t time_of(const struct set *set, uint32_t item)
{
	const struct item *head = item == NONE ? NULL : set_head(set, item);

	return head ? head->head->time : 0;
}

/* The devices of a fire count for a while: who else knows what they held? */
static bool counts(const struct node *node, uint32_t author)
{
	const struct set *set = &node->set;
	const struct set_author *a = &set->authors[author];
	uint64_t then = time_of(set, a->revoke);

	if (author == node->self_author)
		return false;
	if (a->member || a->revoke == NONE)
		return a->member;
	return set->items[a->revoke].author == NONE && node->wall > 0 &&
	       (uint64_t)node->wall < then + TOLD_DAYS * (uint64_t)DAY_MS;
}

/* What is held, and cannot have been held by who spoke at that time. */
static uint64_t later(const struct set *set, const uint64_t *held,
		      uint64_t time)
{
	uint64_t n = 0;

	time += SKEW_MAX_MS;
	for (uint32_t i = 0; i < set->n_authors; i++)
		if (time_of(set, set->authors[i].add) > time)
			n += held[i];
	for (uint32_t i = 0; i < set->n_heads; i++) {
		const struct set_item *item = &set->items[set->heads_item[i]];

		n += item->flags & SET_HELD && item->author == NONE &&
		     time_of(set, set->heads_item[i]) > time;
	}
	return n;
}

static void look_told(const struct node *node, uint32_t author,
		      const uint64_t *held, struct missing *ret)
{
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	uint64_t here = node->set.n_held;

	ret->recent = counts(node, author);
	if (!status || !ret->recent)
		return;
	here -= later(&node->set, held, status->time);
	if (status->count <= here)
		return;
	ret->told = status->count;
	ret->told_at = status->time;
	ret->here = here;
}

int missing_look(const struct node *node, struct missing *ret)
{
	const struct set *set = &node->set;
	AUTO_FREE uint64_t *held = calloc(set->n_authors + 1u, sizeof(*held));

	if (!held)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->n_items; i++) {
		const struct set_item *item = &set->items[i];

		if (!(item->flags & SET_HELD) || item->author == NONE)
			continue;
		held[item->author]++;
		if (item->flags & SET_CARRIED && !(item->flags & SET_INERT) &&
		    item->prev != NONE &&
		    !(set->items[item->prev].flags & SET_HELD))
			ret[item->author].broken++;
	}
	for (uint32_t i = 0; i < set->n_authors; i++)
		look_told(node, i, held, &ret[i]);
	return 0;
}

static bool opens(const struct node *node, uint32_t item)
{
	uint32_t kid = node->set.items[item].kid;

	return kid == NONE ||
	       keyring_secret(&node->keyring, node->set.kids[kid].id);
}

size_t missing_keys(const struct node *node)
{
	size_t n = 0;

	if (node->self_author == NONE)
		return 0;
	for (uint32_t i = 0; i < node->set.n_records; i++) {
		struct record_versions versions;

		if (!roster_reads(&node->roster, node->set.records[i].group,
				  node->self_author))
			continue;
		record_current(&node->set, &node->roster, i, &versions);
		for (size_t k = 0; k < versions.n; k++)
			if (!opens(node, versions.items[k])) {
				n++;
				break;
			}
	}
	return n;
}

int missing_any(const struct node *node)
{
	AUTO_FREE struct missing *list =
		calloc(node->set.n_authors + 1u, sizeof(*list));
	bool any = gap_any(node) || missing_keys(node) > 0;
	int r = list ? missing_look(node, list) : -ENOMEM;

	for (uint32_t i = 0; i < node->set.n_authors && r == 0; i++)
		any = any || list[i].told || list[i].broken;
	return r < 0 ? r : any;
}
