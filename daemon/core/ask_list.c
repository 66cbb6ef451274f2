/* The list of accounts, or the one account that a query means. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/core/account.h"

static int list_one(struct step *step, struct call *call,
		    const struct vault_query *query)
{
	const struct vault_entry *entry;
	uint32_t place;
	int r = account_find(step, call, query, &entry);

	if (r != 0)
		return r;
	place = (uint32_t)(entry - step->node->vault.entries);
	return account_reply(step, call, &place, 1);
}

static int list_all(struct step *step, struct call *call,
		    const struct vault_query *query)
{
	const struct vault *vault = &step->node->vault;
	AUTO_FREE uint32_t *found =
		calloc((size_t)vault->n + 1, sizeof(*found));
	size_t n;

	if (!found)
		return -ENOMEM;
	n = vault_match(vault, query, found, vault->n);
	return account_reply(step, call, found, n);
}

int ask_list(struct step *step, struct call *call)
{
	const Fob__ListAsk *ask = call->request->list;
	struct vault_query query = { .text = ask->query,
				     .tag = ask->tag[0] ? ask->tag : NULL,
				     .conflicts = ask->conflicts };
	int r = account_find_group(step, call, ask->group, &query.group);

	if (r != 0)
		return account_end(r);
	return account_end(ask->one ? list_one(step, call, &query) :
				      list_all(step, call, &query));
}
