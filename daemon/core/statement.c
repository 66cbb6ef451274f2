/* What devices say of themselves: taken, kept, made and passed on. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/recover.h"

/* A status is made this long after a change, so that many cost one. */
#define STATUS_DELAY_MS 2000
#define STATUS_OLD_MS (20ull * 3600 * 1000) /* made anew in the next session */

static void statement_put(struct step *step, uint32_t author)
{
	struct node *node = step->node;
	const struct device_status *status =
		statuses_find(&node->statuses, author);

	/*
	 * One that does not open never takes the place of one that did: whoever
	 * sealed it may have put this device out, and its name is to be told.
	 */
	if (status && (status->open || !status->name[0]))
		effects_soft(step->effects, TABLE_STATUS,
			     BYTES(node->set.authors[author].id),
			     (struct bytes){ status->packed,
					     status->packed_len });
}

static int statement_say(struct step *step, struct sync_peer *peer,
			 uint32_t author)
{
	struct node *node = step->node;
	const struct device_status *status =
		statuses_find(&node->statuses, author);
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Statuses statuses = FOB__STATUSES__INIT;
	Fob__Status *list[1], *one;
	int r;

	if (!status)
		return 0;
	one = fob__status__unpack(NULL, status->packed_len, status->packed);
	if (!one)
		return -ENOMEM;
	list[0] = one;
	statuses.clock = (uint64_t)node->wall;
	statuses.n_statuses = 1;
	statuses.statuses = list;
	message.statuses = &statuses;
	r = sync_say(&node->sync, peer, &message);
	fob__status__free_unpacked(one, NULL);
	return r;
}

static int statement_spread(struct step *step, uint32_t author, uint32_t from)
{
	struct node *node = step->node;
	int r = 0;

	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (peer->conn && peer->up && peer->conn != from &&
		    peer->author != author && peer->statuses_said)
			r = statement_say(step, peer, author);
	}
	return r;
}

int statement_take(struct step *step, struct sync_peer *peer,
		   const Fob__Statuses *statuses)
{
	struct node *node = step->node;
	uint8_t packed[STATUS_ROW_MAX];
	uint32_t author;
	int r = 0;

	if (statuses->n_statuses > LIST_MAX)
		return SYNC_ERR_PROTOCOL;
	/* Whoever holds the kit is no device, and has nothing to state. */
	if (peer->rescue && !peer->leader)
		return SYNC_ERR_PROTOCOL;
	peer->clock_known = statuses->clock != 0 && statuses->clock < STAMP_MAX;
	peer->clock_offset =
		peer->clock_known ? (int64_t)statuses->clock - node->wall : 0;
	for (size_t i = 0; i < statuses->n_statuses && r == 0; i++) {
		size_t n = fob__status__get_packed_size(statuses->statuses[i]);

		if (n > sizeof(packed))
			return SYNC_ERR_PROTOCOL;
		fob__status__pack(statuses->statuses[i], packed);
		if (peer->rescue) {
			r = recover_status(step, (struct bytes){ packed, n });
			continue;
		}
		r = statuses_take(&node->statuses, &node->set,
				  (struct bytes){ packed, n },
				  (uint64_t)node->wall, &author);
		if (r > 0) {
			r = 0;
			continue;
		}
		if (r < 0)
			return r;
		r = statuses_open(&node->statuses, node->nets, node->n_nets);
		if (r)
			return r;
		step_trace(step, TRACE_STATUS, node->set.authors[author].id,
			   NULL, 0);
		statement_put(step, author);
		r = statement_spread(step, author, peer->conn);
	}
	return r;
}

/*
 * Others would take us for silent when nothing is written for a month. Each
 * session is made anew after a day, so that is when a status gets old.
 */
static bool statement_stale(const struct node *node)
{
	const struct device_status *own;
	uint64_t now = node->wall > 0 ? (uint64_t)node->wall : 0;

	if (node->self_author == NONE)
		return false;
	own = statuses_find(&node->statuses, node->self_author);
	return own && own->time + STATUS_OLD_MS <= now;
}

/*
 * All that we know, once in a session, when there is time for it; and once
 * more when both are equal for the first time, since a device takes nothing
 * of those whose ADD it has not got yet, as a newcomer.
 */
int statement_greet(struct step *step, struct sync_peer *peer)
{
	struct node *node = step->node;
	bool again = peer->statuses_early && peer->was_equal;
	int r = 0;

	if ((peer->statuses_said && !again) || !peer->up || !peer->greeted ||
	    peer->run != SYNC_IDLE || (peer->rescue && peer->leader))
		return 0;
	if (statement_stale(node))
		node->status_owed = true;
	peer->statuses_said = true;
	peer->statuses_early = !peer->was_equal && !peer->rescue;
	/* Of those that were put out too: they have names. */
	for (uint32_t i = 0; i < node->set.n_authors && r == 0; i++)
		r = statement_say(step, peer, i);
	return r;
}

size_t statement_row(struct step *step, uint8_t ret[static STATUS_ROW_MAX])
{
	struct node *node = step->node;
	struct status_profile profile = { 0 };
	uint8_t root[ID_SIZE], fresh[40];
	/* A newcomer without the keys has nothing to seal its name under. */
	bool says_who = node->n_nets || node->config.keeper;

	set_root_all(&node->set, root);
	profile.vault_id = node->set.vault_id;
	profile.name = says_who ? node->name : "";
	profile.addresses = (const char(*)[64])node->addresses;
	profile.n_addresses = says_who ? node->n_addresses : 0;
	profile.time = (uint64_t)node->wall;
	profile.count = (uint64_t)node->set.n_carried[0] +
			node->set.n_carried[1] + node->set.n_carried[2];
	profile.drill = node->drill;
	profile.root = root;
	profile.version = node->config.version;
	step_random(step, fresh, sizeof(fresh));
	return status_make(
		ret, node->self, &profile,
		node->n_nets && !node->config.keeper ? &node->nets[0] : NULL,
		fresh);
}

int statement_keep(struct step *step, struct bytes packed)
{
	struct node *node = step->node;
	uint32_t author;
	int r;

	r = statuses_take(&node->statuses, &node->set, packed,
			  (uint64_t)node->wall, &author);
	if (r)
		return r < 0 ? r : 0;
	statement_put(step, author);
	return 0;
}

int statement_make(struct step *step)
{
	struct node *node = step->node;
	uint8_t row[STATUS_ROW_MAX];
	uint32_t author;
	size_t n;
	int r;

	node->status_owed = false;
	node->status_at = node->mono + STATUS_DELAY_MS;
	n = statement_row(step, row);
	r = statuses_take(&node->statuses, &node->set, (struct bytes){ row, n },
			  0, &author);
	if (r)
		return r < 0 ? r : 0;
	r = statuses_open(&node->statuses, node->nets, node->n_nets);
	if (r)
		return r;
	statement_put(step, author);
	return statement_spread(step, author, 0);
}
