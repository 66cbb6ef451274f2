/*
 * The table of keys and who knows each of them. Nothing secret is needed for
 * that: a locked device finds the same.
 */
#include "daemon/core/trust/keyring_table.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"

const uint8_t *keyring_kid_bytes(const struct keyring *ring, uint32_t kid)
{
	return ring->set->kids[kid].id;
}

static int compare_keys(const struct keyring *ring, const struct keyring_key *k,
			uint32_t kid, uint32_t group)
{
	int c = memcmp(keyring_kid_bytes(ring, k->kid),
		       keyring_kid_bytes(ring, kid), KID_SIZE);

	if (c != 0)
		return c;
	return k->group < group ? -1 : k->group > group;
}

/* Where it is, or where it would have to be. */
static uint32_t place_of(const struct keyring *ring, uint32_t kid,
			 uint32_t group)
{
	uint32_t low = 0, high = ring->n_keys;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare_keys(ring, &ring->keys[middle], kid, group) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t keyring_first_of(const struct keyring *ring, uint32_t kid)
{
	return kid == NONE ? ring->n_keys : place_of(ring, kid, 0);
}

bool keyring_is_kid(const struct keyring *ring, uint32_t at, uint32_t kid)
{
	return at < ring->n_keys && ring->keys[at].kid == kid;
}

static int insert_key(struct keyring *ring, uint32_t kid, uint32_t group,
		      uint32_t *ret)
{
	const uint32_t n = ring->set->n_authors;
	uint32_t at = place_of(ring, kid, group);
	struct keyring_key *key = &ring->keys[at];

	*ret = at;
	if (at < ring->n_keys && key->kid == kid && key->group == group)
		return 0;
	memmove(key + 1, key, (ring->n_keys - at) * sizeof(*key));
	*key = (struct keyring_key){
		.kid = kid,
		.group = group,
		.item = NONE,
		.knows = bits_new(n),
		.wrapped = bits_new(n),
	};
	ring->n_keys++;
	return key->knows && key->wrapped ? 0 : -ENOMEM;
}

bool keyring_read_item(const struct keyring *ring, uint32_t head,
		       struct key_item *ret)
{
	const struct set *set = ring->set;
	const Fob__Head *h = set->heads[head]->head;
	uint32_t item = set->heads_item[head];

	if (h->kind != FOB__KIND__KEY && h->kind != FOB__KIND__GRANT)
		return false;
	*ret = (struct key_item){
		.item = item,
		.kid = set_kid(set,
			       h->key ? h->key->kid.data : h->grant->kid.data),
		.head = h,
		.valid = roster_view_valid(ring->roster, item),
	};
	return ret->kid != NONE;
}

static bool id_less(const struct set *set, uint32_t a, uint32_t b)
{
	return memcmp(set->items[a].id, set->items[b].id, ID_SIZE) < 0;
}

static int read_keys(struct keyring *ring)
{
	const struct set *set = ring->set;
	struct key_item it;

	ring->keys = calloc((size_t)set->n_heads + 1, sizeof(*ring->keys));
	if (!ring->keys)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->n_heads; i++) {
		struct keyring_key *key;
		uint32_t group, at;

		if (!keyring_read_item(ring, i, &it) || !it.head->key)
			continue;
		group = set_group(set, it.head->key->group.data);
		if (group == NONE)
			continue;
		if (insert_key(ring, it.kid, group, &at))
			return -ENOMEM;
		key = &ring->keys[at];
		if (it.valid &&
		    (key->item == NONE || id_less(set, it.item, key->item)))
			key->item = it.item;
	}
	return 0;
}

/* --- who knows ------------------------------------------------------------ */

static bool is_current_kit(const struct set *set, uint32_t generation)
{
	for (uint32_t i = 0; i < set->n_recoveries; i++)
		if (set->recoveries[i].current &&
		    set->recoveries[i].generation == generation)
			return true;
	return false;
}

static void note_wrap(const struct keyring *ring, struct keyring_key *key,
		      const Fob__Wrap *wrap)
{
	uint32_t author;

	if (sodium_is_zero(wrap->recipient.data, DEVICE_ID_SIZE)) {
		if (is_current_kit(ring->set, wrap->generation))
			key->kit = true;
		else
			key->old_kit = true;
		return;
	}
	author = set_author(ring->set, wrap->recipient.data);
	if (author == NONE) {
		key->stranger = true;
		return;
	}
	bits_set(key->knows, author);
	bits_set(key->wrapped, author);
}

static void note_item(const struct keyring *ring, struct keyring_key *key,
		      const struct key_item *it)
{
	uint32_t author = ring->set->items[it->item].author;

	if (author != NONE)
		bits_set(key->knows, author);
	if (it->head->grant)
		note_wrap(ring, key, it->head->grant->wrap);
	for (size_t i = 0; it->head->key && i < it->head->key->n_wraps; i++)
		note_wrap(ring, key, it->head->key->wraps[i]);
}

/*
 * A kid names one secret, whatever group an item gives it to; so all who
 * have it for one group know it for the other too.
 */
static void read_knowers(struct keyring *ring)
{
	struct key_item it;

	for (uint32_t i = 0; i < ring->set->n_heads; i++) {
		if (!keyring_read_item(ring, i, &it) || !it.valid)
			continue;
		for (uint32_t k = keyring_first_of(ring, it.kid);
		     keyring_is_kid(ring, k, it.kid); k++)
			note_item(ring, &ring->keys[k], &it);
	}
}

/* Who knows the carrier knows what it carries. */
static bool flow(struct keyring *ring, const struct keyring_key *carrier,
		 struct keyring_key *key)
{
	bool changed =
		bits_merge(key->knows, carrier->knows, ring->set->n_authors);

	changed |= carrier->stranger && !key->stranger;
	key->stranger |= carrier->stranger;
	changed |= carrier->old_kit && !key->old_kit;
	key->old_kit |= carrier->old_kit;
	return changed;
}

static bool flow_item(struct keyring *ring, const struct key_item *it)
{
	uint32_t at = keyring_first_of(ring, it->kid);
	const struct keyring_key *carrier = &ring->keys[at];
	const Fob__Key *key = it->head->key;
	bool changed = false;

	REQUIRE(keyring_is_kid(ring, at, it->kid));
	for (size_t i = 0; i < key->n_sealed; i++) {
		uint32_t kid = set_kid(ring->set, key->sealed[i]->kid.data);

		for (uint32_t k = keyring_first_of(ring, kid);
		     keyring_is_kid(ring, k, kid); k++)
			if (&ring->keys[k] != carrier)
				changed |= flow(ring, carrier, &ring->keys[k]);
	}
	return changed;
}

/*
 * knows(K) is the author, recipients and granters of K and of every key that
 * carries K. To look at K's own recipients only would hand new entries to a
 * removed device that got K inside another key.
 */
static void close_knowers(struct keyring *ring)
{
	struct key_item it;
	bool changed;

	do {
		changed = false;
		for (uint32_t i = 0; i < ring->set->n_heads; i++)
			if (keyring_read_item(ring, i, &it) && it.valid &&
			    it.head->key)
				changed |= flow_item(ring, &it);
	} while (changed);
}

static void read_replaced(struct keyring *ring)
{
	struct key_item it;

	for (uint32_t i = 0; i < ring->set->n_heads; i++) {
		uint32_t group;

		if (!keyring_read_item(ring, i, &it) || !it.valid ||
		    !it.head->key)
			continue;
		group = set_group(ring->set, it.head->key->group.data);
		for (size_t p = 0; p < it.head->key->n_parents; p++) {
			uint32_t kid = set_kid(ring->set,
					       it.head->key->parents[p].data);
			uint32_t k = kid == NONE ? ring->n_keys :
						   place_of(ring, kid, group);

			if (kid != it.kid && keyring_is_kid(ring, k, kid) &&
			    ring->keys[k].group == group)
				ring->keys[k].replaced = true;
		}
	}
}

int keyring_read_table(struct keyring *ring)
{
	int err = read_keys(ring);

	if (err)
		return err;
	read_knowers(ring);
	close_knowers(ring);
	read_replaced(ring);
	return 0;
}
