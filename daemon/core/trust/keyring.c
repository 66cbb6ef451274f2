/*
 * An evaluation makes the table of keys anew; what was opened and found by
 * opening stays beside it, until the ring is locked.
 */
#include "daemon/core/trust/keyring.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"
#include "daemon/core/trust/digest.h"
#include "daemon/core/trust/keyring_table.h"
#include "proto/secret.h"

#define MAIN 0u /* in set.groups, always */

void keyring_init(struct keyring *ring)
{
	*ring = (struct keyring){ .set = NULL };
}

static void drop_keys(struct keyring *ring)
{
	for (uint32_t i = 0; i < ring->n_keys; i++) {
		free(ring->keys[i].knows);
		free(ring->keys[i].wrapped);
	}
	free(ring->keys);
	ring->keys = NULL;
	ring->n_keys = 0;
}

static void drop_memory(struct keyring *ring)
{
	free(ring->tried);
	free(ring->unsealed);
	free(ring->right);
	free(ring->wrong);
	ring->tried = ring->unsealed = ring->right = ring->wrong = NULL;
	ring->n_items = 0;
}

/* What was opened, and what was found by it, goes too. */
void keyring_lock(struct keyring *ring)
{
	for (uint32_t i = 0; i < ring->n_secrets; i++)
		secret_free(ring->secrets[i].key);
	free(ring->secrets);
	ring->secrets = NULL;
	ring->n_secrets = ring->cap_secrets = 0;
	drop_memory(ring);
	for (uint32_t i = 0; i < ring->n_keys; i++) {
		ring->keys[i].secret = NULL;
		ring->keys[i].held = false;
	}
	ring->opened = false;
	ring->version0 = 0;
	ring->n_heads = 0; /* so that the next evaluation is a whole one */
}

void keyring_deinit(struct keyring *ring)
{
	keyring_lock(ring);
	drop_keys(ring);
	keyring_init(ring);
}

/* --- clean ---------------------------------------------------------------- */

static bool may_know(const struct keyring *ring, uint32_t group,
		     uint32_t author)
{
	return roster_reads(ring->roster, group, author) &&
	       !ring->roster->devices[author].suspended;
}

static bool known_well(const struct keyring *ring,
		       const struct keyring_key *key)
{
	for (uint32_t i = 0; i < ring->set->n_authors; i++)
		if (bits_get(key->knows, i) && !may_know(ring, key->group, i))
			return false;
	return true;
}

static bool is_clean(const struct keyring *ring, const struct keyring_key *key)
{
	return key->item != NONE && !key->replaced && !key->stranger &&
	       !key->poisoned &&
	       (ring->set->frozen || (key->kit && !key->old_kit)) &&
	       known_well(ring, key);
}

/* --- evaluation ----------------------------------------------------------- */

static int grow_bits(uint64_t **bits, uint32_t from, uint32_t to)
{
	uint64_t *grown = bits_new(to);

	if (!grown)
		return -ENOMEM;
	if (*bits)
		memcpy(grown, *bits, bits_words(from) * sizeof(*grown));
	free(*bits);
	*bits = grown;
	return 0;
}

static int grow_memory(struct keyring *ring)
{
	uint32_t from = ring->n_items, to = ring->set->n_items;

	if (ring->tried && to <= from)
		return 0;
	if (grow_bits(&ring->tried, from, to) ||
	    grow_bits(&ring->unsealed, from, to) ||
	    grow_bits(&ring->right, from, to) ||
	    grow_bits(&ring->wrong, from, to)) {
		drop_memory(ring);
		return -ENOMEM;
	}
	ring->n_items = to;
	return 0;
}

static bool is_fresh(const struct keyring *ring, const struct set *set,
		     bool open)
{
	return ring->keys && ring->set == set && ring->opened == open &&
	       ring->version0 == set->version0 &&
	       ring->n_heads == set->n_heads &&
	       ring->n_authors == set->n_authors;
}

static int judge(struct keyring *ring)
{
	keyring_audit(ring);
	for (uint32_t i = 0; i < ring->n_keys; i++)
		ring->keys[i].clean = is_clean(ring, &ring->keys[i]);
	return keyring_find_stranded(ring);
}

static int evaluate(struct keyring *ring, const struct device_keys *self,
		    bool open)
{
	int err = grow_memory(ring);

	drop_keys(ring);
	if (!err)
		err = keyring_read_table(ring);
	if (!err && open)
		err = keyring_open_keys(ring, self);
	return err ? err : judge(ring);
}

int keyring_evaluate(struct keyring *ring, const struct set *set,
		     const struct roster *roster,
		     const struct device_keys *self)
{
	bool open = self && self->unlocked;
	int err;

	REQUIRE(roster->set == set && roster->version == set->version);
	ring->roster = roster;
	if (is_fresh(ring, set, open)) {
		ring->version = set->version;
		return 0;
	}
	if (!open)
		keyring_lock(ring);
	ring->set = set;
	ring->version0 = 0; /* until it has succeeded */
	err = evaluate(ring, self, open);
	if (err)
		return err;
	ring->version = set->version;
	ring->version0 = set->version0;
	ring->n_heads = set->n_heads;
	ring->n_authors = set->n_authors;
	ring->opened = open;
	return 0;
}

int keyring_open_kit(struct keyring *ring, const struct kit *kit)
{
	int err = keyring_open_for_kit(ring, kit);

	return err ? err : judge(ring);
}

/* --- questions ------------------------------------------------------------ */

int keyring_write_key(const struct keyring *ring, uint32_t group,
		      const struct keyring_key **ret)
{
	bool some = false;

	for (uint32_t i = 0; i < ring->n_keys; i++) {
		const struct keyring_key *key = &ring->keys[i];

		if (key->group != group || !key->clean)
			continue;
		some = true;
		if (key->held) {
			*ret = key;
			return 0;
		}
	}
	return some ? KEYRING_ERR_NO_KEY : KEYRING_ERR_OWED;
}

const uint8_t *keyring_secret(const struct keyring *ring,
			      const uint8_t kid[static KID_SIZE])
{
	uint32_t at = ring->set ? set_kid(ring->set, kid) : NONE;

	return at == NONE ? NULL : keyring_find_secret(ring, at);
}

bool keyring_poisoned(const struct keyring *ring, uint32_t group)
{
	for (uint32_t i = 0; i < ring->n_keys; i++)
		if (ring->keys[i].group == group && ring->keys[i].poisoned)
			return true;
	return false;
}

/* The key that is to be written under, held here or not; or NULL. */
static const struct keyring_key *first_clean(const struct keyring *ring,
					     uint32_t group)
{
	for (uint32_t i = 0; i < ring->n_keys; i++)
		if (ring->keys[i].group == group && ring->keys[i].clean)
			return &ring->keys[i];
	return NULL;
}

/*
 * A key that no clean one carries is known by those only who held it then:
 * others, and the kit, would never read what was written under it.
 */
static bool some_stranded(const struct keyring *ring, uint32_t group)
{
	for (uint32_t i = 0; i < ring->n_keys; i++)
		if (ring->keys[i].group == group && ring->keys[i].stranded)
			return true;
	return false;
}

bool keyring_rotation_owed(const struct keyring *ring, uint32_t group,
			   uint32_t self)
{
	return self != NONE && may_know(ring, group, self) &&
	       (!first_clean(ring, group) || some_stranded(ring, group));
}

bool keyring_may_rotate(const struct keyring *ring, uint32_t group)
{
	bool some = false;

	for (uint32_t i = 0; i < ring->n_keys; i++) {
		if (ring->keys[i].group != group)
			continue;
		if (ring->keys[i].held)
			return true;
		some = true;
	}
	return !some && group != MAIN;
}

uint32_t keyring_grant_owed(const struct keyring *ring, uint32_t group)
{
	for (uint32_t k = 0; k < ring->n_keys; k++) {
		const struct keyring_key *key = &ring->keys[k];

		if (key->group != group || !key->clean || !key->held)
			continue;
		for (uint32_t i = 0; i < ring->set->n_authors; i++)
			if (may_know(ring, group, i) &&
			    !bits_get(key->wrapped, i))
				return i;
	}
	return NONE;
}

/* Without a clean key, any key of the group will do until the rotation. */
static bool has_key(const struct keyring *ring, uint32_t group, uint32_t author)
{
	const struct keyring_key *key = first_clean(ring, group);
	bool some = false;

	if (key)
		return bits_get(key->wrapped, author);
	for (uint32_t i = 0; i < ring->n_keys; i++) {
		key = &ring->keys[i];
		if (key->group != group || key->item == NONE)
			continue;
		if (bits_get(key->knows, author))
			return true;
		some = true;
	}
	return !some && group != MAIN;
}

bool keyring_complete(const struct keyring *ring, uint32_t author)
{
	const struct roster *roster = ring->roster;

	if (author == NONE)
		return false;
	for (uint32_t i = 0; i < roster->n_groups; i++)
		if (roster_reads(roster, roster->groups[i].group, author) &&
		    !has_key(ring, roster->groups[i].group, author))
			return false;
	return true;
}

static void derive_net(struct net_secret *ret, const uint8_t *secret)
{
	const struct bytes net[] = { LABEL("fob/1 net") };
	const struct bytes name[] = { LABEL("fob/1 net id") };
	uint8_t id[16];

	DIGEST(ret->key, KEY_SIZE, ((struct bytes){ secret, KEY_SIZE }), net);
	DIGEST(id, sizeof(id), BYTES(ret->key), name);
	memcpy(ret->id, id, sizeof(ret->id));
}

size_t keyring_nets(const struct keyring *ring, struct net_secret *ret,
		    size_t max)
{
	const struct keyring_key *first = NULL;
	size_t n = 0;

	(void)keyring_write_key(ring, MAIN, &first);
	if (first && n < max)
		derive_net(&ret[n++], first->secret);
	for (uint32_t i = 0; i < ring->n_keys && n < max; i++) {
		const struct keyring_key *key = &ring->keys[i];

		if (key != first && key->held && key->group == MAIN)
			derive_net(&ret[n++], key->secret);
	}
	return n;
}
