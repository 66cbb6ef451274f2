#include "daemon/core/gap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"

void gap_deinit(struct gaps *gaps)
{
	free(gaps->list);
	memset(gaps, 0, sizeof(*gaps));
}

void gap_name(const struct set *set, const Fob__Head *head,
	      struct gap_named *ret)
{
	ret->n = 0;
	if (item_class(head->kind) != 2)
		return; /* the roster looks at those that stay in memory */
	for (size_t i = 0; i < head->n_roster && ret->n < ROSTER_MAX; i++)
		if (!set_holds(set, head->roster[i].data))
			memcpy(ret->ids[ret->n++], head->roster[i].data,
			       ID_SIZE);
}

static struct gap *gap_find(struct gaps *gaps, const uint8_t id[static ID_SIZE])
{
	for (size_t i = 0; i < gaps->n; i++)
		if (memcmp(gaps->list[i].id, id, ID_SIZE) == 0)
			return &gaps->list[i];
	return NULL;
}

static int gap_add(struct gaps *gaps, const uint8_t id[static ID_SIZE],
		   uint32_t item)
{
	struct gap *gap = gap_find(gaps, id);

	if (!gaps->list)
		gaps->list = calloc(GAPS_MAX, sizeof(*gaps->list));
	if (!gaps->list)
		return -ENOMEM;
	if (!gap) {
		if (gaps->n == GAPS_MAX)
			return 0;
		gap = &gaps->list[gaps->n++];
		memset(gap, 0, sizeof(*gap));
		memcpy(gap->id, id, ID_SIZE);
		gap->since = gaps->connected;
		gap->item = NONE;
	}
	if (item == NONE)
		gap->listed = true;
	else
		gap->item = item;
	return 0;
}

int gap_note(struct node *node, const struct gap_named *named, uint32_t item)
{
	int r = 0;

	for (size_t i = 0; i < named->n && r == 0; i++)
		r = gap_add(&node->gaps, named->ids[i], item);
	return r;
}

int gap_settle(struct node *node)
{
	struct gaps *gaps = &node->gaps;
	int r = 0;

	for (size_t i = gaps->n; i-- > 0;) {
		gaps->list[i].listed = false;
		if (set_holds(&node->set, gaps->list[i].id))
			gaps->list[i] = gaps->list[--gaps->n];
	}
	for (uint32_t i = 0; i < node->roster.n_missing && r == 0; i++)
		r = gap_add(gaps, node->roster.missing[i], NONE);
	return r;
}

void gap_tick(struct node *node, bool connected)
{
	if (connected && node->gaps.at)
		node->gaps.connected += node->mono - node->gaps.at;
	node->gaps.at = node->mono;
}

/* An item that is not carried is no witness: its author may be revoked. */
static bool gap_counts(const struct node *node, const struct gap *gap)
{
	return gap->listed ||
	       (gap->item != NONE &&
		(node->set.items[gap->item].flags & SET_CARRIED));
}

bool gap_any(const struct node *node)
{
	for (size_t i = 0; i < node->gaps.n; i++)
		if (gap_counts(node, &node->gaps.list[i]))
			return true;
	return false;
}

bool gap_fresh(const struct node *node)
{
	for (size_t i = 0; i < node->gaps.n; i++) {
		const struct gap *gap = &node->gaps.list[i];

		if (node->gaps.connected - gap->since < GAP_MS &&
		    gap_counts(node, gap))
			return true;
	}
	return false;
}
