#include "daemon/core/trust/exclusion.h"

#include <string.h>

#include "daemon/core/set/head.h"

/* The ADD of it that came first, carried or not, or NONE. */
static uint32_t add_of(const struct set *set, uint32_t author)
{
	uint8_t id[DEVICE_ID_SIZE];

	for (uint32_t i = 0; i < set->n_heads; i++) {
		const Fob__Head *head = set->heads[i]->head;

		if (head->kind != FOB__KIND__ADD)
			continue;
		item_device_id(id, head->add->device);
		if (memcmp(id, set->authors[author].id, sizeof(id)) == 0)
			return set->heads_item[i];
	}
	return NONE;
}

/* What ended the generation of the kit that signed it, or NONE. */
static uint32_t recovery_after(const struct set *set, uint32_t add)
{
	uint32_t next = set_head(set, add)->head->generation + 1;

	for (uint32_t i = 0; i < set->n_recoveries; i++) {
		uint32_t at = set->recoveries[i].item;

		if (set->recoveries[i].generation == next &&
		    set->items[at].kind == FOB__KIND__RECOVERY)
			return at;
	}
	return NONE;
}

uint32_t exclusion_of(const struct set *set, uint32_t author)
{
	/* Upward from sponsor to sponsor; bounded, for those may be made up. */
	for (unsigned i = 0; i <= PATH_MAX_DEPTH && author != NONE; i++) {
		const struct set_author *a = &set->authors[author];
		uint32_t add;

		if (a->revoke != NONE)
			return a->revoke;
		if (a->member || a->self_revoked)
			return NONE;
		add = add_of(set, author);
		if (add == NONE)
			return NONE;
		if (head_by_recovery(set_head(set, add)->head))
			return recovery_after(set, add);
		author = set->items[add].author;
	}
	return NONE;
}
