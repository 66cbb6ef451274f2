/* Ids that were asked for and have not come: each of one peer at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/peer/sync.h"

static uint8_t asked_slot(const struct sync *sync, const struct sync_peer *peer)
{
	return (uint8_t)(peer - sync->peers + 1);
}

/* Keyed, since whoever names ids may choose them to meet in one place. */
static uint32_t asked_home(const struct sync *sync,
			   const uint8_t id[static ID_SIZE])
{
	return (uint32_t)index_hash(sync->set->hash_key, id, ID_SIZE) &
	       (sync->cap_asked - 1);
}

static uint32_t asked_probe(const struct sync *sync,
			    const uint8_t id[static ID_SIZE])
{
	uint32_t mask = sync->cap_asked - 1, at = asked_home(sync, id);

	while (sync->asked[at].slot &&
	       memcmp(sync->asked[at].id, id, ID_SIZE) != 0)
		at = (at + 1) & mask;
	return at;
}

static int asked_resize(struct sync *sync, uint32_t cap)
{
	struct sync_asked *old = sync->asked;
	uint32_t n = sync->cap_asked;
	struct sync_asked *grown = calloc(cap, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	sync->asked = grown;
	sync->cap_asked = cap;
	for (uint32_t i = 0; i < n; i++)
		if (old[i].slot)
			sync->asked[asked_probe(sync, old[i].id)] = old[i];
	free(old);
	return 0;
}

int sync_asked_add(struct sync *sync, const uint8_t id[static ID_SIZE],
		   const struct sync_peer *peer, bool *ret_new)
{
	uint32_t at;
	int r;

	if (2 * (sync->n_asked + 1) > sync->cap_asked) {
		r = asked_resize(sync,
				 sync->cap_asked ? 2 * sync->cap_asked : 64);
		if (r < 0)
			return r;
	}
	at = asked_probe(sync, id);
	*ret_new = !sync->asked[at].slot;
	if (!*ret_new)
		return 0;
	memcpy(sync->asked[at].id, id, ID_SIZE);
	sync->asked[at].slot = asked_slot(sync, peer);
	sync->n_asked++;
	return 0;
}

/* Closes the gap, so that probing still finds what went around it. */
static void asked_close_gap(struct sync *sync, uint32_t gap)
{
	uint32_t mask = sync->cap_asked - 1, at = gap, home;

	for (;;) {
		at = (at + 1) & mask;
		if (!sync->asked[at].slot)
			break;
		home = asked_home(sync, sync->asked[at].id);
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		sync->asked[gap] = sync->asked[at];
		gap = at;
	}
	memset(&sync->asked[gap], 0, sizeof(sync->asked[gap]));
}

static void asked_shrink(struct sync *sync)
{
	if (sync->n_asked)
		return;
	free(sync->asked);
	sync->asked = NULL;
	sync->cap_asked = 0;
}

bool sync_asked_remove(struct sync *sync, const uint8_t id[static ID_SIZE],
		       const struct sync_peer *peer)
{
	uint32_t at;

	if (!sync->n_asked)
		return false;
	at = asked_probe(sync, id);
	if (sync->asked[at].slot != asked_slot(sync, peer))
		return false;
	asked_close_gap(sync, at);
	sync->n_asked--;
	asked_shrink(sync);
	return true;
}

/*
 * Puts every id where probing finds it again. From a slot that was free on,
 * so that each moves towards its home only, and one round is enough.
 */
static void asked_settle(struct sync *sync, uint32_t free_slot)
{
	uint32_t mask = sync->cap_asked - 1;

	for (uint32_t i = 1; i <= mask; i++) {
		uint32_t at = (free_slot + i) & mask;
		struct sync_asked asked = sync->asked[at];

		if (!asked.slot)
			continue;
		memset(&sync->asked[at], 0, sizeof(asked));
		sync->asked[asked_probe(sync, asked.id)] = asked;
	}
}

void sync_asked_forget(struct sync *sync, const struct sync_peer *peer)
{
	uint8_t slot = asked_slot(sync, peer);
	uint32_t free_slot = 0;

	if (!sync->n_asked)
		return;
	while (sync->asked[free_slot].slot) /* at most half are taken */
		free_slot++;
	for (uint32_t at = 0; at < sync->cap_asked; at++) {
		if (sync->asked[at].slot != slot)
			continue;
		memset(&sync->asked[at], 0, sizeof(sync->asked[at]));
		sync->n_asked--;
	}
	asked_settle(sync, free_slot);
	asked_shrink(sync);
}
