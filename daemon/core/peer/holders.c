/* Who is known to have what: a bit for each device in every item's mask. */
#include "daemon/core/peer/sync.h"

static void holders_clear(struct sync *sync, unsigned slot)
{
	for (uint32_t i = 0; i < sync->set->n_items; i++)
		sync->set->items[i].holders &= ~(UINT64_C(1) << slot);
}

/* A slot is taken again once its device is no member any more. */
static bool holders_free(const struct sync *sync, unsigned slot)
{
	uint32_t author = sync->holder_slots[slot];

	return author == NONE || author >= sync->set->n_authors ||
	       !sync->set->authors[author].member;
}

unsigned sync_holder_slot(struct sync *sync, uint32_t author)
{
	for (unsigned i = 0; i < HOLDER_SLOTS; i++)
		if (sync->holder_slots[i] == author)
			return i;
	for (unsigned i = 0; i < HOLDER_SLOTS; i++)
		if (holders_free(sync, i)) {
			holders_clear(sync, i);
			sync->holder_slots[i] = author;
			return i;
		}
	return HOLDER_SLOTS;
}

void sync_holds_all(struct sync *sync, const struct sync_peer *peer)
{
	unsigned slot = sync_holder_slot(sync, peer->author);
	uint64_t bit;

	if (slot == HOLDER_SLOTS)
		return;
	bit = UINT64_C(1) << slot;
	for (uint32_t i = 0; i < sync->set->n_items; i++) {
		if (sync->set->items[i].flags & SET_CARRIED)
			sync->set->items[i].holders |= bit;
		else
			sync->set->items[i].holders &= ~bit;
	}
}
