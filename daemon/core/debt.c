/* Keys that are owed: paid when nobody else has, after a while. */
#include <errno.h>

#include "daemon/core/state.h"

/* A debt of keys that nobody paid in the step that made it. */
static bool debt_owed(const struct node *node)
{
	if (!node_may_read(node) || node->self_author == NONE ||
	    !node->set.authors[node->self_author].member)
		return false;
	for (uint32_t i = 0; i < node->roster.n_groups; i++) {
		uint32_t group = node->roster.groups[i].group;

		if (!roster_reads(&node->roster, group, node->self_author))
			continue;
		if (keyring_rotation_owed(&node->keyring, group,
					  node->self_author) ||
		    keyring_grant_owed(&node->keyring, group) != NONE)
			return true;
	}
	return false;
}

static int debt_pay(struct step *step)
{
	struct node *node = step->node;
	int r = 0;

	for (uint32_t i = 0; i < node->roster.n_groups && r >= 0; i++) {
		uint32_t group = node->roster.groups[i].group;
		uint32_t owed;

		if (!roster_reads(&node->roster, group, node->self_author))
			continue;
		if (keyring_rotation_owed(&node->keyring, group,
					  node->self_author))
			r = write_key(step, group, NONE);
		owed = keyring_grant_owed(&node->keyring, group);
		if (r >= 0 && owed != NONE)
			r = write_grants(step, owed);
	}
	return r < 0 ? r : 0;
}

int debt_settle(struct step *step)
{
	struct node *node = step->node;
	uint32_t jitter;

	/* What we lack may be the revocation of who would get the key. */
	if (!debt_owed(node) || gap_fresh(node)) {
		node->keys_at = 0;
		return 0;
	}
	if (!node->keys_at) {
		step_random(step, &jitter, sizeof(jitter));
		node->keys_at =
			node->mono + ROTATE_JITTER_MIN_MS +
			jitter % (ROTATE_JITTER_MAX_MS - ROTATE_JITTER_MIN_MS);
		if (node->keys_at < node->keys_rest)
			node->keys_at = node->keys_rest;
	}
	if (node->keys_at > node->mono)
		return 0;
	node->keys_at = 0;
	node->keys_rest = node->mono + ROTATE_REST_MS;
	return debt_pay(step);
}
