/*
 * What a person should hear of when it happens: a device that runs from a
 * copy, a poisoned key, two kits, content that nobody has, sets that became
 * equal or stay unequal. Each is told once, as a trace or to clients that
 * listen; status (warnings.c) and doctor repeat it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"

static int alarm_reserve(struct node *node)
{
	uint32_t n = node->set.n_authors;
	uint8_t *grown;

	if (n <= node->n_told_forked)
		return 0;
	grown = realloc(node->told_forked, n);
	if (!grown)
		return -ENOMEM;
	memset(grown + node->n_told_forked, 0, n - node->n_told_forked);
	node->told_forked = grown;
	node->n_told_forked = n;
	return 0;
}

static int alarm_forked(struct step *step)
{
	struct node *node = step->node;

	if (alarm_reserve(node) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < node->set.n_authors; i++) {
		const struct set_author *author = &node->set.authors[i];

		if (!author->forked || node->told_forked[i])
			continue;
		node->told_forked[i] = 1;
		step_trace(step, TRACE_FORKED, author->id, NULL, 0);
		call_tell(step, "alarm", BYTES(author->id),
			  "this device runs from a copy");
	}
	return 0;
}

static void alarm_poisoned(struct step *step)
{
	struct node *node = step->node;
	bool poisoned = false;

	for (uint32_t i = 0; i < node->roster.n_groups; i++)
		poisoned = poisoned ||
			   keyring_poisoned(&node->keyring,
					    node->roster.groups[i].group);
	if (poisoned && !node->told_poisoned) {
		step_trace(step, TRACE_POISONED, NULL, NULL, 0);
		call_tell(step, "alarm", (struct bytes){ NULL, 0 },
			  "a key does not open for all that it names");
	}
	node->told_poisoned = poisoned;
}

/* Of the vault as a whole: told when it begins, and may begin again. */
static void alarm_vault(struct step *step, bool now, bool *told,
			const char *text)
{
	if (now && !*told)
		call_tell(step, "alarm", (struct bytes){ NULL, 0 }, text);
	*told = now;
}

static void alarm_run(struct step *step, struct sync_peer *peer)
{
	const uint8_t *id = step->node->set.authors[peer->author].id;
	struct bytes subject = { id, DEVICE_ID_SIZE };

	if (peer->in_sync && !peer->told_equal) {
		step_trace(step, TRACE_RUN_EQUAL, id, NULL, 0);
		call_tell(step, "sync", subject, "in sync");
	}
	if (peer->unequal && !peer->told_unequal) {
		step_trace(step, TRACE_RUN_UNEQUAL, id, NULL, 0);
		call_tell(step, "sync", subject, "not equal after a run");
	}
	peer->told_equal = peer->in_sync;
	peer->told_unequal = peer->unequal;
}

int alarm_settle(struct step *step)
{
	struct node *node = step->node;
	int r = alarm_forked(step);

	if (r < 0)
		return r;
	if (node_may_read(node))
		alarm_poisoned(step);
	alarm_vault(step, node->set.frozen, &node->told_frozen,
		    "the recovery kit was replaced twice at once: see fob "
		    "migrate");
	alarm_vault(step, compact_lost(node) > 0, &node->told_lost,
		    "the content of an entry is on no device that was asked");
	alarm_vault(step, gap_fresh(node), &node->told_gap,
		    "membership is incomplete: what other devices know is not "
		    "here");
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (node->sync.peers[i].conn && node->sync.peers[i].up &&
		    !node->sync.peers[i].rescue)
			alarm_run(step, &node->sync.peers[i]);
	return 0;
}
