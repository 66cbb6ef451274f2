/* Whose signature, and whether it needs to be asked. */
#include "daemon/core/set/admit.h"

#include "daemon/core/set/chain.h"
#include "daemon/core/set/head.h"

#include <string.h>

static int verify(struct set *set, const struct item *item,
		  const uint8_t *vault_id, const uint8_t *public_key)
{
	set->verifications++;
	return item_verify(item, vault_id, public_key) ? SET_ERR_FORGED : 0;
}

static int admit_genesis(struct set *set, const struct item *item,
			 const struct set_arrival *how)
{
	if (set->pinned && memcmp(set->vault_id, item->id, ID_SIZE) != 0)
		return SET_ERR_VAULT;
	if (how->checked)
		return 0;
	return verify(set, item, item->id,
		      item->head->genesis->device->sign.data);
}

/* Several RECOVERYs may have made a key of one generation: each is tried. */
static int admit_recovery(struct set *set, const struct item *item,
			  const struct set_arrival *how)
{
	int r = SET_ERR_STRANGER;

	for (uint32_t i = 0; i < set->n_recoveries && r; i++) {
		if (set->recoveries[i].generation != item->head->generation)
			continue;
		r = how->checked ? 0 :
				   verify(set, item, set->vault_id,
					  set->recoveries[i].sign);
	}
	return r;
}

static int admit_device(struct set *set, const struct item *item,
			const struct set_arrival *how, struct admission *ret)
{
	uint32_t at = set_find(set, item->id);
	unsigned class = item_class(item->head->kind);
	int r;

	ret->author = set_author(set, item->head->author.data);
	if (ret->author == NONE)
		return SET_ERR_STRANGER;
	ret->vouched = at != NONE && chain_vouched(set, at, ret->author, class);
	if (how->checked)
		return 0;
	if (ret->vouched && !(set->items[at].flags & SET_DROPPED)) {
		ret->checked = false;
		return 0;
	}
	r = verify(set, item, set->vault_id, set->authors[ret->author].sign);
	return r;
}

int admit_item(struct set *set, const struct item *item,
	       const struct set_arrival *how, struct admission *ret)
{
	*ret = (struct admission){ .author = NONE, .checked = true };
	if (item->head->kind == FOB__KIND__GENESIS)
		return admit_genesis(set, item, how);
	if (!set->pinned)
		return SET_ERR_STRANGER;
	if (head_by_recovery(item->head))
		return admit_recovery(set, item, how);
	return admit_device(set, item, how, ret);
}
