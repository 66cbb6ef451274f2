#include "daemon/core/compact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/clock.h"
#include "daemon/core/purge.h"
#include "daemon/core/state.h"

#define SECONDS(days) ((uint64_t)(days)*24 * 3600)
#define IDLE_MS (5 * 60 * 1000)
#define EMPTY_JITTER_MS (12ull * 3600 * 1000)

/* --- one record ------------------------------------------------------------ */

/* Its items by index, with what was found of each. */
struct found {
	uint32_t item;
	bool current, purged, forgotten; /* purged, and long enough ago */
	uint32_t since; /* when it was superseded, local clock; 0: it is not */
};

struct look {
	struct step *step; /* NULL: marks only */
	struct node *node;
	uint32_t now; /* seconds since 1970 that count, see compact_age */
	bool at_once; /* what is purged goes now */
	struct found *list;
	size_t n, cap;
	uint32_t *stack;
	size_t dropped;
};

static int by_item(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->item > y->item) - (x->item < y->item);
}

static struct found *find(const struct look *look, uint32_t item)
{
	const struct found key = { .item = item };

	return bsearch(&key, look->list, look->n, sizeof(key), by_item);
}

static int look_reserve(struct look *look, size_t n)
{
	struct found *list;
	uint32_t *stack;

	if (n <= look->cap)
		return 0;
	list = realloc(look->list, n * sizeof(*list));
	if (!list)
		return -ENOMEM;
	look->list = list;
	stack = realloc(look->stack, n * sizeof(*stack));
	if (!stack)
		return -ENOMEM;
	look->stack = stack;
	look->cap = n;
	return 0;
}

/* Does it lead anywhere? Carried, and somebody's who may, or inert. */
static bool counts(const struct node *node, uint32_t index)
{
	const struct set_item *item = &node->set.items[index];

	return (item->flags & SET_HELD) && (item->flags & SET_CARRIED) &&
	       (item->flags & SET_INERT ||
		roster_view_valid(&node->roster, index));
}

/* Long enough ago, on a clock that nobody called wrong since. */
static bool older(const struct look *look, uint32_t seen, unsigned days)
{
	uint64_t from = seen, alarm = look->node->compact.alarm / 1000;

	if (alarm > from)
		from = alarm;
	return look->now >= from && look->now - from >= SECONDS(days);
}

static void superseded_by(struct look *look, const struct found *by)
{
	const struct set *set = &look->node->set;
	const struct set_item *item = &set->items[by->item];

	for (uint32_t i = 0; i < item->n_links; i++) {
		struct found *to = find(look, set->links[item->links + i]);

		if (to && (!to->since || item->first_seen < to->since))
			to->since = item->first_seen ? item->first_seen : 1;
	}
}

/* All that a PURGE reaches; forgotten when its window is over. */
static void purged_by(struct look *look, const struct found *purge)
{
	const struct node *node = look->node;
	const struct set *set = &node->set;
	const struct set_item *item = &set->items[purge->item];
	bool over = look->at_once || older(look, item->first_seen, PURGE_DAYS);
	size_t depth = 0;

	/* Who is out or aside since may not have meant it. */
	if (item->author == NONE || !set->authors[item->author].member ||
	    node->roster.devices[item->author].suspended)
		over = false;
	look->stack[depth++] = purge->item;
	while (depth > 0) {
		const struct set_item *at = &set->items[look->stack[--depth]];

		for (uint32_t i = 0; i < at->n_links; i++) {
			struct found *to =
				find(look, set->links[at->links + i]);

			if (!to || (to->purged && (to->forgotten || !over)))
				continue;
			to->purged = true;
			to->forgotten = to->forgotten || over;
			if (set->items[to->item].kind == FOB__KIND__ENTRY &&
			    depth < look->cap)
				look->stack[depth++] = to->item;
		}
	}
}

static int look_fill(struct look *look, uint32_t record)
{
	struct node *node = look->node;
	const struct set_record *which = &node->set.records[record];
	struct record_versions versions;

	/* Each may be on the stack twice: purged, then forgotten too. */
	if (look_reserve(look, 2u * which->n_items + 1) < 0)
		return -ENOMEM;
	look->n = 0;
	for (uint32_t at = which->last; at != NONE;
	     at = node->set.items[at].next)
		look->list[look->n++] = (struct found){ .item = at };
	qsort(look->list, look->n, sizeof(*look->list), by_item);
	record_current(&node->set, &node->roster, record, &versions);
	for (size_t i = 0; i < versions.n; i++) {
		struct found *found = find(look, versions.items[i]);

		if (found)
			found->current = true;
	}
	for (size_t i = 0; i < look->n; i++) {
		uint32_t item = look->list[i].item;

		if (!counts(node, item))
			continue;
		if (node->set.items[item].kind == FOB__KIND__PURGE)
			purged_by(look, &look->list[i]);
		else
			superseded_by(look, &look->list[i]);
	}
	return versions.more || versions.incomplete ? 1 : 0;
}

static void look_drop(struct look *look, struct set_item *item)
{
	uint8_t key[4];

	item_row_key(key, item->seq);
	effects_delete(look->step->effects, TABLE_BLOB, BYTES(key));
	item->flags &= (uint8_t)~SET_BLOB;
	look->node->stored_bytes -=
		size_min(look->node->stored_bytes, flow_row(item->blob_len));
	look->dropped++;
}

/* Newest first, so that the first of the superseded are the newest. */
static void look_judge(struct look *look, bool unsure)
{
	struct node *node = look->node;
	unsigned superseded = 0;

	for (size_t i = look->n; i-- > 0;) {
		const struct found *found = &look->list[i];
		struct set_item *item = &node->set.items[found->item];
		bool here = item->flags & SET_BLOB, unwanted = false;

		if (item->kind != FOB__KIND__ENTRY)
			continue;
		if (found->purged)
			unwanted = found->forgotten || !here;
		else if (found->since && !found->current)
			unwanted =
				superseded++ >= SUPERSEDED_KEEP_NEWEST &&
				older(look, found->since, SUPERSEDED_KEEP_DAYS);
		/* What does not count now may count again: it is kept. */
		if (unsure || found->current || !counts(node, found->item))
			unwanted = false;
		item->marks &= (uint8_t)~MARK_UNWANTED;
		if (!unwanted)
			continue;
		if (here && (!look->step || look->dropped >= COMMIT_ITEMS)) {
			if (look->step)
				node->compact.more = true;
			continue;
		}
		if (here)
			look_drop(look, item);
		item->marks |= MARK_UNWANTED;
	}
}

static void look_deinit(struct look *look)
{
	free(look->list);
	free(look->stack);
}

static int look_record(struct look *look, uint32_t record)
{
	int r = look_fill(look, record);

	if (r >= 0)
		look_judge(look, r == 1);
	return r < 0 ? r : 0;
}

static int look_all(struct node *node, struct step *step)
{
	CLEANUP(look_deinit)
	struct look look = { .step = step, .node = node };
	int r = 0;

	look.now = node->wall > 0 ? (uint32_t)(node->wall / 1000) : 0;
	for (uint32_t i = 0; i < node->set.n_records && r == 0; i++)
		if (node->set.records[i].n_items > 1)
			r = look_record(&look, i);
		else if (node->set.records[i].last != NONE)
			/* Whoever said so may lie, or it counts again. */
			node->set.items[node->set.records[i].last].marks &=
				(uint8_t)~MARK_UNWANTED;
	return r;
}

int compact_mark(struct node *node)
{
	return look_all(node, NULL);
}

int compact_now(struct step *step, uint32_t record)
{
	CLEANUP(look_deinit)
	struct look look = { .step = step,
			     .node = step->node,
			     .at_once = true };

	return look_record(&look, record);
}

/* --- the clock ------------------------------------------------------------- */

void compact_row(struct node *node, struct bytes row)
{
	node->compact.alarm = 0;
	for (size_t i = 0; i < 8 && row.n == 8; i++)
		node->compact.alarm = node->compact.alarm << 8 | row.p[i];
}

static void compact_alarm(struct step *step)
{
	struct node *node = step->node;
	uint8_t row[8];

	node->compact.alarm = node->wall > 0 ? (uint64_t)node->wall : 0;
	for (unsigned i = 0; i < sizeof(row); i++)
		row[i] = (uint8_t)(node->compact.alarm >> (56 - 8 * i));
	step_put_local(step, "clock-alarm", BYTES(row));
}

static bool compact_alone(const struct node *node)
{
	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (node->set.authors[i].member && i != node->self_author)
			return false;
	return true;
}

/* May this clock be believed? Nobody to ask is no reason to. */
static bool compact_believes(struct step *step)
{
	const struct node *node = step->node;
	bool known;
	int64_t offset = node_clock_offset(node, &known);

	if (known && (offset > CLOCK_ALARM_MS || offset < -CLOCK_ALARM_MS)) {
		compact_alarm(step);
		return false;
	}
	/* One that was set back would make all windows longer: no harm. */
	return known || compact_alone(node);
}

/* --- the trash ------------------------------------------------------------- */

static bool trash_due(const struct node *node, const struct vault_entry *entry)
{
	struct record_versions versions;
	uint64_t seen = node->compact.alarm / 1000;
	uint64_t now = node->wall > 0 ? (uint64_t)node->wall / 1000 : 0;

	if (!entry->trashed || entry->incomplete)
		return false;
	record_current(&node->set, &node->roster, entry->record, &versions);
	for (size_t i = 0; i < versions.n; i++)
		if (node->set.items[versions.items[i]].first_seen > seen)
			seen = node->set.items[versions.items[i]].first_seen;
	return versions.n > 0 && now >= seen &&
	       now - seen >= SECONDS(TRASH_DAYS);
}

static bool trash_any(const struct node *node)
{
	if (!node_may_read(node) || !index_complete(node) ||
	    node->self_author == NONE ||
	    !node->set.authors[node->self_author].member)
		return false;
	for (uint32_t i = 0; i < node->vault.n; i++)
		if (trash_due(node, &node->vault.entries[i]))
			return true;
	return false;
}

/* By one device: whoever is idle first after some hours; the rest see it. */
static int trash_empty(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	node->compact.empty_at = 0;
	if (!trash_any(node) || node->mono - node->last_use < IDLE_MS)
		return 0;
	for (uint32_t i = 0; i < node->vault.n && r == 0; i++)
		if (trash_due(node, &node->vault.entries[i]))
			r = purge_write(step, node->vault.entries[i].record);
	return r < 0 ? r : 0;
}

/* --- once a day ------------------------------------------------------------ */

static int compact_look(struct step *step)
{
	struct node *node = step->node;
	uint32_t jitter;

	node->compact.at = node->mono + (uint64_t)DAY_MS;
	node->compact.more = false;
	if (!compact_believes(step))
		return compact_mark(node);
	if (!node->compact.empty_at && trash_any(node)) {
		step_random(step, &jitter, sizeof(jitter));
		node->compact.empty_at = node->mono + jitter % EMPTY_JITTER_MS;
	}
	return look_all(node, step);
}

int compact_tick(struct step *step)
{
	struct compact *compact = &step->node->compact;
	int r = 0;

	if (!step->node->set.pinned)
		return 0;
	if (!compact->at)
		compact->at = step->node->mono + COMPACT_FIRST_MS;
	if (compact->at <= step->node->mono || compact->more)
		r = compact_look(step);
	if (r == 0 && compact->empty_at &&
	    compact->empty_at <= step->node->mono)
		r = trash_empty(step);
	return r;
}

uint64_t compact_deadline(const struct node *node)
{
	const struct compact *compact = &node->compact;
	uint64_t at = compact->at ? compact->at : UINT64_MAX;

	if (compact->more)
		return node->mono;
	return compact->empty_at && compact->empty_at < at ? compact->empty_at :
							     at;
}

/* --- blobs that nobody has ------------------------------------------------- */

static bool is_current(const struct node *node, uint32_t item)
{
	struct record_versions versions;
	uint32_t record = node->set.items[item].content;

	if (node->set.items[item].kind != FOB__KIND__ENTRY || record == NONE)
		return false;
	record_current(&node->set, &node->roster, record, &versions);
	for (size_t i = 0; i < versions.n; i++)
		if (versions.items[i] == item)
			return true;
	return false;
}

static void lost_note(struct compact *compact, uint32_t item, unsigned slot)
{
	size_t i = 0;

	while (i < compact->n_lost && compact->lost[i].item != item)
		i++;
	if (i == COMPACT_LOST_MAX || slot >= HOLDER_SLOTS)
		return;
	if (i == compact->n_lost)
		compact->lost[compact->n_lost++] =
			(struct compact_lost){ .item = item };
	compact->lost[i].slots |= UINT64_C(1) << slot;
}

void compact_gone(struct node *node, const struct sync_peer *peer,
		  struct bytes ids)
{
	unsigned slot = sync_holder_slot(&node->sync, peer->author);

	for (size_t i = 0; i + ID_SIZE <= ids.n; i += ID_SIZE) {
		uint32_t item = set_find(&node->set, ids.p + i);

		if (item == NONE || node->set.items[item].flags & SET_BLOB)
			continue;
		/* Others have forgotten it: there is no use in asking on. */
		if (!is_current(node, item))
			node->set.items[item].marks |= MARK_UNWANTED;
		else
			lost_note(&node->compact, item, slot);
	}
}

size_t compact_lost(const struct node *node)
{
	const struct compact *compact = &node->compact;
	uint64_t all = 0;
	size_t n = 0;

	for (unsigned i = 0; i < HOLDER_SLOTS; i++) {
		uint32_t author = node->sync.holder_slots[i];

		if (author != NONE && author != node->self_author &&
		    node->set.authors[author].member)
			all |= UINT64_C(1) << i;
	}
	for (size_t i = 0; all && i < compact->n_lost; i++)
		n += (compact->lost[i].slots & all) == all &&
		     !(node->set.items[compact->lost[i].item].flags &
		       SET_BLOB) &&
		     is_current(node, compact->lost[i].item);
	return n;
}
