/* Who is known to have what: a bit for each device in every item's mask. */
#include "daemon/core/peer/sync.h"

static void holders_clear(struct sync *sync, unsigned slot)
{
	for (uint32_t i = 0; i < sync->set->n_items; i++)
		sync->set->items[i].holders &= ~(UINT64_C(1) << slot);
}

static void holders_set(struct sync *sync, uint32_t index, uint64_t bit,
			bool holds)
{
	struct set_item *item = &sync->set->items[index];
	uint64_t mask = holds ? item->holders | bit : item->holders & ~bit;

	if (mask == item->holders)
		return;
	item->holders = mask;
	item->marks |= SYNC_MASK_DIRTY;
	sync->masks_dirty = true;
}

void sync_holds(struct sync *sync, uint32_t item, unsigned slot)
{
	holders_set(sync, item, UINT64_C(1) << slot, true);
}

void sync_lacks(struct sync *sync, const struct sync_peer *peer,
		const uint8_t id[static ID_SIZE])
{
	uint32_t item = set_find(sync->set, id);

	for (unsigned i = 0; i < HOLDER_SLOTS && item != NONE; i++)
		if (sync->holder_slots[i] == peer->author &&
		    peer->author != NONE)
			holders_set(sync, item, UINT64_C(1) << i, false);
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
	if (author == NONE)
		return HOLDER_SLOTS;
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
	for (uint32_t i = 0; i < sync->set->n_items; i++)
		holders_set(sync, i, bit,
			    sync->set->items[i].flags & SET_CARRIED);
}
