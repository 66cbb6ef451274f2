/*
 * What is held and does not count: the list of it, and taking one thing over
 * by writing it again in this device's own name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/change.h"
#include "daemon/core/history.h"

/* Of an entry's version: why it does not count, or NULL. */
static const char *quarantine_why(const struct node *node, uint32_t index)
{
	const struct set_item *item = &node->set.items[index];

	if (item->kind != FOB__KIND__ENTRY || !(item->flags & SET_HELD) ||
	    item->flags & SET_INERT)
		return NULL;
	if (!(item->flags & SET_CARRIED))
		return "late"; /* after what was accepted of its author */
	/* Once it has been written again, something names it. */
	if (item->marks & MARK_PARENT ||
	    roster_view_valid(&node->roster, index))
		return NULL;
	return "held back"; /* its author is suspended, or reads no more */
}

/* The newest, by when they came. */
static int quarantine_collect(const struct node *node, struct history *ret)
{
	ret->list = calloc(HISTORY_MAX, sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	for (uint32_t i = node->set.n_items; i-- > 0 && ret->n < HISTORY_MAX;) {
		const char *why = quarantine_why(node, i);

		if (why)
			ret->list[ret->n++] =
				(struct version){ .item = i, .why = why };
	}
	return 0;
}

static int quarantine_list(struct step *step, struct call *call)
{
	CLEANUP(history_deinit) struct history history = { 0 };
	int r = quarantine_collect(step->node, &history);

	if (r == 0)
		r = history_load(step, call, &history);
	if (r != 0)
		return r;
	for (size_t i = 0; r == 0 && i < history.n; i++)
		r = history_tell(step, call, &history.list[i],
				 i + 1 < history.n);
	return r == 0 && history.n == 0 ? call_ok(step, call) : r;
}

/* --- writing it again ------------------------------------------------------ */

static int answered(int r)
{
	return r < 0 ? r : ACCOUNT_ANSWERED;
}

static int quarantine_find(struct step *step, struct call *call, uint32_t *ret)
{
	const struct node *node = step->node;
	const char *id = call->request->quarantine->id;
	uint32_t found = NONE;

	for (uint32_t i = 0; i < node->set.n_items; i++) {
		if (!quarantine_why(node, i) ||
		    !account_prefix(id, node->set.items[i].id, ID_SIZE))
			continue;
		if (found != NONE)
			return answered(call_fail(
				step, call, STATUS_AMBIGUOUS,
				"several begin with \"%s\": give more of it",
				id));
		found = i;
	}
	if (found == NONE)
		return answered(call_fail(
			step, call, STATUS_NOT_FOUND,
			"nothing in quarantine begins with \"%s\" (%d digits "
			"and more): fob quarantine lists it",
			id, ACCOUNT_PREFIX_MIN));
	*ret = found;
	return 0;
}

/*
 * The held-aside version and what is current become one. It is named as a
 * parent, so that it is settled, here and at the others.
 */
static int quarantine_merge(struct step *step, struct call *call, uint32_t item,
			    struct opened *opened)
{
	AUTO_RECORD struct record aside = { 0 };
	int r = call_open_item(step, call, item, &aside);

	if (r < 0 || r == CALL_LOAD)
		return r;
	if (r > 0)
		return answered(
			call_fail(step, call, STATUS_FAILED,
				  "this device has no key that opens it"));
	if (opened->unreadable || (!opened->valid && opened->versions.n > 0))
		return answered(call_fail(
			step, call, STATUS_CONFLICT,
			"a version of that entry does not open here: sync "
			"first"));
	if (!opened->valid) {
		r = record_new(&opened->record, aside.plain->created);
		if (r < 0)
			return r;
		opened->valid = true;
	}
	r = record_merge(&opened->record, &aside);
	if (r > 0)
		return answered(call_fail(
			step, call, STATUS_FAILED,
			"the entry and this version together are larger than an entry may be: fob edit --unset makes room"));
	record_set_tombstone(&opened->record, false);
	if (opened->versions.n == PARENTS_MAX)
		opened->versions.n--;
	opened->versions.items[opened->versions.n++] = item;
	return r;
}

static int quarantine_write(struct step *step, struct call *call,
			    uint32_t record, const struct opened *opened)
{
	const struct set_record *which = &step->node->set.records[record];
	struct entry_write what = { .group = which->group,
				    .parents = opened->versions.items,
				    .n_parents = opened->versions.n };
	enum status status;
	const char *reason;
	uint32_t item;
	int r;

	memcpy(what.record, which->id, RECORD_ID_SIZE);
	r = write_entry(step, &what, &opened->record, &item);
	if (r == 0)
		return call_ok(step, call);
	if (r < 0)
		return r;
	status = change_status(r, &reason);
	return call_fail(step, call, status, "%s", reason);
}

static int quarantine_import(struct step *step, struct call *call)
{
	struct node *node = step->node;
	AUTO_OPENED struct opened opened = { 0 };
	uint32_t item = NONE, record;
	int r, loading;

	if (!node->set.authors[node->self_author].member)
		return call_revoked(step, call);
	r = quarantine_find(step, call, &item);
	if (r != 0)
		return r;
	record = node->set.items[item].content;
	/* Both are asked for before the first is waited for. */
	loading = call_open(step, call, record, &opened);
	if (loading < 0)
		return loading;
	if (loading == CALL_LOAD) {
		AUTO_RECORD struct record ignored = { 0 };

		r = call_open_item(step, call, item, &ignored);
		return r < 0 ? r : CALL_LOAD;
	}
	r = quarantine_merge(step, call, item, &opened);
	return r != 0 ? r : quarantine_write(step, call, record, &opened);
}

int ask_quarantine(struct step *step, struct call *call)
{
	const char *op = call->request->quarantine->op;

	if (strcmp(op, "import") == 0)
		return account_end(quarantine_import(step, call));
	if (!op[0] || strcmp(op, "list") == 0)
		return account_end(quarantine_list(step, call));
	return call_fail(step, call, STATUS_USAGE,
			 "quarantine: list or import, not \"%s\"", op);
}
