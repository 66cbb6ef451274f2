/* Whom to dial, when; and all else that waits for its time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/meet.h"
#include "daemon/core/state.h"

int dial_reserve(struct node *node)
{
	struct dial *grown;

	if (node->n_dials >= node->set.n_authors)
		return 0;
	grown = realloc(node->dials, node->set.n_authors * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + node->n_dials, 0,
	       (node->set.n_authors - node->n_dials) * sizeof(*grown));
	node->dials = grown;
	node->n_dials = node->set.n_authors;
	return 0;
}

static const char *dial_address(const struct node *node, uint32_t author,
				uint32_t which)
{
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	uint32_t n = 0;

	for (size_t i = 0; i < node->n_by_hand; i++)
		if (!memcmp(node->by_hand[i].device,
			    node->set.authors[author].id, DEVICE_ID_SIZE) &&
		    n++ == which)
			return node->by_hand[i].address;
	for (uint32_t i = 0; status && i < status->n_addresses; i++)
		if (n++ == which)
			return status->addresses[i];
	return NULL;
}

static bool dial_wanted(const struct node *node, uint32_t author)
{
	return author != node->self_author &&
	       node->set.authors[author].member && !node->dials[author].conn &&
	       dial_address(node, author, 0) &&
	       !sync_peer_of((struct sync *)(uintptr_t)&node->sync, author);
}

static void dial_open(struct step *step, uint32_t author)
{
	struct node *node = step->node;
	struct dial *dial = &node->dials[author];
	const char *address = dial_address(node, author, dial->tried);
	struct effect *effect;

	if (!address) {
		dial->tried = 0;
		address = dial_address(node, author, 0);
	}
	dial->tried++;
	node->next_dial = (node->next_dial + 1) & ~CONN_DIALED;
	dial->conn = node->next_dial | CONN_DIALED;
	effect = effects_add(step->effects, EFFECT_DIAL);
	effect->conn = dial->conn;
	memcpy(effect->address, address,
	       size_min(strlen(address), sizeof(effect->address) - 1));
	memcpy(effect->remote, node->set.authors[author].transport, KEY_SIZE);
}

/*
 * Put out by another: whoever did that may be out by now, and we can be where
 * nobody can dial us to say so. Who still means it does not answer.
 */
static bool dial_hopes(const struct node *node)
{
	const struct set_author *self;

	if (node->self_author == NONE)
		return false;
	self = &node->set.authors[node->self_author];
	return !self->member && self->revoke != NONE;
}

void dial_later(struct step *step, struct dial *dial)
{
	uint16_t jitter;

	step_random(step, &jitter, sizeof(jitter));
	dial->conn = 0;
	dial->delay = dial->delay ? 2 * dial->delay : DIAL_MIN_MS;
	if (dial->delay > DIAL_MAX_MS || dial_hopes(step->node))
		dial->delay = DIAL_MAX_MS;
	dial->next = step->node->mono + dial->delay +
		     dial->delay * jitter / 65536 / 2;
}

/*
 * One that did not outlive the delay before it by far has not worked: a
 * device and its clone would take the place of each other for ever.
 */
void dial_worked(struct dial *dial, uint64_t lived)
{
	if (lived >= 2 * dial->delay)
		dial->delay = 0;
}

void dial_rest(struct step *step, uint32_t conn)
{
	struct node *node = step->node;

	for (size_t i = 0; i < node->n_dials; i++)
		if (node->dials[i].conn == conn) {
			/* Its end is no reason to dial earlier. */
			node->dials[i].conn = 0;
			node->dials[i].next = node->mono + SELF_DIAL_REST_MS;
		}
}

static bool dial_allowed(const struct node *node)
{
	if (!node->self || node->n_dials != node->set.n_authors)
		return false;
	if (node->self_author == NONE)
		return node->state == NODE_JOINING &&
		       (!node->join || node->join->stage > JOIN_SIGNED);
	return node->set.authors[node->self_author].member || dial_hopes(node);
}

static bool dial_any(const struct node *node)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (node->sync.peers[i].conn && node->sync.peers[i].up)
			return true;
	return false;
}

static int peer_ends(struct step *step)
{
	struct node *node = step->node;

	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (!peer->conn)
			continue;
		if (!sync_dead(&node->sync, peer) &&
		    (peer->greeted || node->mono - peer->heard < HANDSHAKE_MS))
			continue;
		peer_close(step, peer->conn);
		peer_end(step, peer);
	}
	return sync_tick(&node->sync);
}

/*
 * A device whose ADD is not here yet has nothing to state, and one without
 * keys waits for them: it would have to leave out who and where it is.
 */
static bool dial_status_owed(const struct node *node)
{
	return node->status_owed && node->self_author != NONE &&
	       (node->n_nets || node->config.keeper) && dial_any(node);
}

int peer_timers(struct step *step)
{
	struct node *node = step->node;
	int r = peer_ends(step);

	if (r < 0)
		return r;
	if (dial_allowed(node))
		for (uint32_t i = 0; i < node->set.n_authors; i++)
			if (node->dials[i].next <= node->mono &&
			    dial_wanted(node, i))
				dial_open(step, i);
	if (dial_status_owed(node) && node->status_at <= node->mono)
		r = statement_make(step);
	if (r == 0)
		r = debt_settle(step);
	if (r == 0)
		r = peer_soft(step);
	return r < 0 ? r : load_check(step);
}

uint64_t peer_deadline(const struct node *node)
{
	uint64_t at = sync_deadline(&node->sync);

	for (size_t i = 0; i < PEERS_MAX; i++)
		if (node->sync.peers[i].conn && !node->sync.peers[i].greeted &&
		    node->sync.peers[i].heard + HANDSHAKE_MS < at)
			at = node->sync.peers[i].heard + HANDSHAKE_MS;
	if (dial_allowed(node))
		for (uint32_t i = 0; i < node->set.n_authors; i++)
			if (node->dials[i].next < at && dial_wanted(node, i))
				at = node->dials[i].next;
	if (dial_status_owed(node) && node->status_at < at)
		at = node->status_at;
	if (node->keys_at && node->keys_at < at)
		at = node->keys_at;
	if (node->check_at && node->check_at < at)
		at = node->check_at;
	if (node->sync.masks_dirty && node->soft_at < at)
		at = node->soft_at;
	return at;
}
