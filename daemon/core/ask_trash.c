/* What was removed: the list of it, and the way back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/change.h"
#include "daemon/core/purge.h"

static int list(struct step *step, struct call *call)
{
	const struct vault *vault = &step->node->vault;
	const struct vault_query query = { .text = "",
					   .group = NONE,
					   .trashed = true };
	AUTO_FREE uint32_t *found =
		calloc((size_t)vault->n + 1, sizeof(*found));
	size_t n;

	if (!found)
		return -ENOMEM;
	n = vault_match(vault, &query, found, vault->n);
	return account_reply(step, call, found, n);
}

static int restore(struct step *step, struct call *call)
{
	const struct vault_query query = { .text = call->request->trash->id,
					   .group = NONE,
					   .trashed = true };
	AUTO_OPENED struct opened opened = { 0 };
	const struct vault_entry *entry;
	int r = account_find(step, call, &query, &entry);

	if (r == 0)
		r = change_open(step, call, entry, (ProtobufCBinaryData){ 0 },
				&opened);
	if (r != 0)
		return r;
	record_set_tombstone(&opened.record, false);
	r = change_write(step, call, entry, &opened);
	return r != 0 ? r : call_ok(step, call);
}

int ask_trash(struct step *step, struct call *call)
{
	const Fob__TrashAsk *ask = call->request->trash;

	if (!ask->op[0] || strcmp(ask->op, "list") == 0)
		return account_end(list(step, call));
	if (strcmp(ask->op, "restore") == 0)
		return account_end(restore(step, call));
	if (strcmp(ask->op, "empty") == 0)
		return account_end(purge_trash(step, call));
	return call_fail(step, call, STATUS_USAGE,
			 "trash: list, restore or empty, not \"%s\"", ask->op);
}
