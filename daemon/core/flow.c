#include "daemon/core/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"

/* Time is in 1/64 ms, so that the price of an item is a whole number. */
#define FLOW_UNIT BUCKET_PER_MINUTE
#define FLOW_PRICE UINT64_C(60000)
/* LMDB: a node's header, and the values that get pages of their own. */
#define FLOW_ROW_EXTRA 32
#define FLOW_LARGE 2000
#define FLOW_PAGE 4096

void flow_deinit(struct flow *flow)
{
	free(flow->full_at);
	memset(flow, 0, sizeof(*flow));
}

uint64_t flow_row(size_t n)
{
	uint64_t bytes = (uint64_t)n + FLOW_ROW_EXTRA;

	if (n <= FLOW_LARGE)
		return bytes;
	return (bytes + FLOW_PAGE - 1) / FLOW_PAGE * FLOW_PAGE;
}

static uint64_t flow_now(const struct node *node)
{
	return node->mono * FLOW_UNIT;
}

bool flow_allows(const struct node *node, uint32_t author)
{
	const struct flow *flow = &node->flow;
	uint64_t now = flow_now(node);

	if (flow->store)
		return false;
	if (recover_gathers(node))
		return true;
	if (!flow->counts || author >= flow->n || flow->full_at[author] <= now)
		return true;
	return flow->full_at[author] - now + FLOW_PRICE <=
	       BUCKET_ITEMS * FLOW_PRICE;
}

static int flow_reserve(struct node *node)
{
	struct flow *flow = &node->flow;
	uint32_t n = node->set.n_authors;
	uint64_t *grown;

	if (n <= flow->n)
		return 0;
	grown = realloc(flow->full_at, n * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + flow->n, 0, (n - flow->n) * sizeof(*grown));
	flow->full_at = grown;
	flow->n = n;
	return 0;
}

int flow_spend(struct node *node, uint32_t author)
{
	uint64_t *at, now = flow_now(node);

	if (!node->flow.counts)
		return 0;
	if (flow_reserve(node) < 0)
		return -ENOMEM;
	REQUIRE(author < node->flow.n);
	at = &node->flow.full_at[author];
	*at = (*at > now ? *at : now) + FLOW_PRICE;
	return 0;
}

void flow_start(struct node *node)
{
	/* A store whose recovery was cut is as empty as one just begun. */
	node->flow.counts = node->set.n_records > 0 &&
			    node->state != NODE_RECOVERING;
}

void flow_settle(struct step *step)
{
	struct node *node = step->node;
	bool full = node->stored_bytes >= FLOW_FULL_BYTES;

	for (size_t i = 0; i < PEERS_MAX && !node->flow.counts; i++)
		node->flow.counts = node->sync.peers[i].conn &&
				    !node->sync.peers[i].rescue &&
				    node->sync.peers[i].was_equal;
	if (full && !node->flow.store)
		step_trace(step, TRACE_FULL, NULL, NULL, node->stored_bytes);
	node->flow.store = node->sync.full = full;
}
