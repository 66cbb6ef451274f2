/*
 * An evaluation makes the table of keys anew and moves into it nothing but
 * the opened secrets. What costs a Diffie-Hellman, opening and auditing, is
 * done once for each item: an item's bytes never change, and neither does
 * what comes out of them.
 */
#include "daemon/core/trust/keyring.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"
#include "daemon/core/trust/digest.h"
#include "daemon/core/trust/wrap.h"
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

/* --- the table of keys ---------------------------------------------------- */

static const uint8_t *kid_bytes(const struct keyring *ring, uint32_t kid)
{
	return ring->set->kids[kid].id;
}

static int compare_keys(const struct keyring *ring, const struct keyring_key *k,
			uint32_t kid, uint32_t group)
{
	int c = memcmp(kid_bytes(ring, k->kid), kid_bytes(ring, kid), KID_SIZE);

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

/* The keys of one kid stand side by side: from here while it is that kid. */
static uint32_t first_of(const struct keyring *ring, uint32_t kid)
{
	return kid == NONE ? ring->n_keys : place_of(ring, kid, 0);
}

static bool is_kid(const struct keyring *ring, uint32_t at, uint32_t kid)
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

/* A KEY or GRANT among the heads, and whether it counts. */
struct key_item {
	uint32_t item;
	uint32_t kid;
	const Fob__Head *head;
	bool valid;
};

static bool read_item(const struct keyring *ring, uint32_t head,
		      struct key_item *ret)
{
	const struct set *set = ring->set;
	const Fob__Head *h = set->heads[head]->head;
	uint32_t item = set->heads_item[head];

	if (h->kind != FOB__KIND__KEY && h->kind != FOB__KIND__GRANT)
		return false;
	*ret = (struct key_item){
		.item = item,
		.kid = set_kid(set, h->key ? h->key->kid.data :
					     h->grant->kid.data),
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

		if (!read_item(ring, i, &it) || !it.head->key)
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
		if (!read_item(ring, i, &it) || !it.valid)
			continue;
		for (uint32_t k = first_of(ring, it.kid);
		     is_kid(ring, k, it.kid); k++)
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
	uint32_t at = first_of(ring, it->kid);
	const struct keyring_key *carrier = &ring->keys[at];
	const Fob__Key *key = it->head->key;
	bool changed = false;

	REQUIRE(is_kid(ring, at, it->kid));
	for (size_t i = 0; i < key->n_sealed; i++) {
		uint32_t kid = set_kid(ring->set, key->sealed[i]->kid.data);

		for (uint32_t k = first_of(ring, kid); is_kid(ring, k, kid);
		     k++)
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
			if (read_item(ring, i, &it) && it.valid && it.head->key)
				changed |= flow_item(ring, &it);
	} while (changed);
}

static void read_replaced(struct keyring *ring)
{
	struct key_item it;

	for (uint32_t i = 0; i < ring->set->n_heads; i++) {
		uint32_t group;

		if (!read_item(ring, i, &it) || !it.valid || !it.head->key)
			continue;
		group = set_group(ring->set, it.head->key->group.data);
		for (size_t p = 0; p < it.head->key->n_parents; p++) {
			uint32_t kid = set_kid(ring->set,
					       it.head->key->parents[p].data);
			uint32_t k = kid == NONE ? ring->n_keys :
						   place_of(ring, kid, group);

			if (kid != it.kid && is_kid(ring, k, kid) &&
			    ring->keys[k].group == group)
				ring->keys[k].replaced = true;
		}
	}
}

/* --- opening -------------------------------------------------------------- */

static const uint8_t *find_secret(const struct keyring *ring, uint32_t kid)
{
	for (uint32_t i = 0; i < ring->n_secrets; i++)
		if (ring->secrets[i].kid == kid)
			return ring->secrets[i].key;
	return NULL;
}

/* Beyond the limit a key stays closed: peers do not fill our memory. */
static int keep_secret(struct keyring *ring, uint32_t kid,
		       const uint8_t secret[static KEY_SIZE])
{
	struct keyring_secret *more;
	uint32_t cap = ring->cap_secrets;
	uint8_t *key;

	if (ring->n_secrets == KEYS_HELD_MAX)
		return 0;
	if (ring->n_secrets == cap) {
		cap = cap ? 2 * cap : 8;
		more = realloc(ring->secrets, cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		ring->secrets = more;
		ring->cap_secrets = cap;
	}
	key = secret_alloc(KEY_SIZE);
	if (!key)
		return -ENOMEM;
	memcpy(key, secret, KEY_SIZE);
	ring->secrets[ring->n_secrets++] =
		(struct keyring_secret){ .kid = kid, .key = key };
	return 0;
}

static int open_wrap(struct keyring *ring, const struct device_keys *self,
		     uint32_t kid, const Fob__Wrap *wrap)
{
	struct wrap_recipient me = { .vault_id = ring->set->vault_id };
	uint8_t secret[KEY_SIZE];
	int err = 0;

	if (memcmp(wrap->recipient.data, self->id, DEVICE_ID_SIZE) != 0 ||
	    find_secret(ring, kid))
		return 0;
	memcpy(me.device, self->id, DEVICE_ID_SIZE);
	memcpy(me.public_key, self->wrap_public, KEY_SIZE);
	if (wrap_open(secret, wrap, &me, self->wrap_secret,
		      kid_bytes(ring, kid)) == 0)
		err = keep_secret(ring, kid, secret);
	sodium_memzero(secret, sizeof(secret));
	return err;
}

static int open_item(struct keyring *ring, const struct device_keys *self,
		     const struct key_item *it)
{
	int err = 0;

	if (bits_get(ring->tried, it->item))
		return 0;
	bits_set(ring->tried, it->item);
	if (it->head->grant)
		return open_wrap(ring, self, it->kid, it->head->grant->wrap);
	for (size_t i = 0; i < it->head->key->n_wraps && !err; i++)
		err = open_wrap(ring, self, it->kid, it->head->key->wraps[i]);
	return err;
}

/*
 * What does not count for writing may still be needed for reading, so all
 * that is held is opened; what counts goes first, because of the limit.
 */
static int open_wraps(struct keyring *ring, const struct device_keys *self)
{
	struct key_item it;
	int err = 0;

	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < ring->set->n_heads && !err; i++)
			if (read_item(ring, i, &it) && it.valid == (pass == 0))
				err = open_item(ring, self, &it);
	return err;
}

static int open_parents(struct keyring *ring, const struct key_item *it,
			const uint8_t *secret, bool *changed)
{
	const Fob__Key *key = it->head->key;
	uint8_t parent[KEY_SIZE];
	int err = 0;

	bits_set(ring->unsealed, it->item);
	for (size_t i = 0; i < key->n_sealed && !err; i++) {
		uint32_t kid = set_kid(ring->set, key->sealed[i]->kid.data);

		if (kid == NONE || find_secret(ring, kid) ||
		    wrap_open_parent(parent, secret, key->sealed[i]) != 0)
			continue;
		err = keep_secret(ring, kid, parent);
		*changed = true;
	}
	sodium_memzero(parent, sizeof(parent));
	return err;
}

static int open_carried(struct keyring *ring)
{
	struct key_item it;
	bool changed;
	int err = 0;

	do {
		changed = false;
		for (uint32_t i = 0; i < ring->set->n_heads && !err; i++) {
			const uint8_t *secret;

			if (!read_item(ring, i, &it) || !it.head->key ||
			    bits_get(ring->unsealed, it.item))
				continue;
			secret = find_secret(ring, it.kid);
			if (secret)
				err = open_parents(ring, &it, secret, &changed);
		}
	} while (changed && !err);
	return err;
}

/* --- audit ---------------------------------------------------------------- */

enum verdict { RIGHT, WRONG, UNKNOWN };

/* A generation may have two keys while recovery is frozen: either is right. */
static enum verdict audit_kit_wrap(const struct keyring *ring,
				   const Fob__Wrap *wrap, const uint8_t *secret)
{
	struct wrap_recipient to = { .vault_id = ring->set->vault_id,
				     .generation = wrap->generation };
	enum verdict verdict = UNKNOWN;

	for (uint32_t i = 0; i < ring->set->n_recoveries; i++) {
		const struct set_recovery *r = &ring->set->recoveries[i];

		if (r->generation != wrap->generation)
			continue;
		memcpy(to.public_key, r->wrap, KEY_SIZE);
		if (wrap_right(wrap, secret, &to))
			return RIGHT;
		verdict = WRONG;
	}
	return verdict;
}

static enum verdict audit_wrap(const struct keyring *ring,
			       const Fob__Wrap *wrap, const uint8_t *secret)
{
	struct wrap_recipient to = { .vault_id = ring->set->vault_id };
	uint32_t author;

	if (sodium_is_zero(wrap->recipient.data, DEVICE_ID_SIZE))
		return audit_kit_wrap(ring, wrap, secret);
	author = set_author(ring->set, wrap->recipient.data);
	if (author == NONE)
		return UNKNOWN;
	memcpy(to.device, wrap->recipient.data, DEVICE_ID_SIZE);
	memcpy(to.public_key, ring->set->authors[author].wrap, KEY_SIZE);
	return wrap_right(wrap, secret, &to) ? RIGHT : WRONG;
}

static bool parent_right(const Fob__SealedParent *sealed, const uint8_t *secret)
{
	uint8_t parent[KEY_SIZE];
	bool ok = wrap_open_parent(parent, secret, sealed) == 0;

	sodium_memzero(parent, sizeof(parent));
	return ok;
}

static enum verdict audit_key(const struct keyring *ring, const Fob__Key *key,
			      const uint8_t *secret)
{
	enum verdict all = RIGHT;

	for (size_t i = 0; i < key->n_wraps; i++) {
		enum verdict one = audit_wrap(ring, key->wraps[i], secret);

		if (one == WRONG)
			return WRONG;
		if (one == UNKNOWN)
			all = UNKNOWN;
	}
	for (size_t i = 0; i < key->n_sealed; i++)
		if (!parent_right(key->sealed[i], secret))
			return WRONG;
	return all;
}

static enum verdict audit_item(struct keyring *ring, const struct key_item *it,
			       const uint8_t *secret)
{
	enum verdict verdict;

	if (bits_get(ring->right, it->item))
		return RIGHT;
	if (bits_get(ring->wrong, it->item) && !ring->set->frozen)
		return WRONG;
	verdict = it->head->key ?
			  audit_key(ring, it->head->key, secret) :
			  audit_wrap(ring, it->head->grant->wrap, secret);
	if (verdict == RIGHT)
		bits_set(ring->right, it->item);
	/* A second kit of a generation, which freezes, may make it right. */
	if (verdict == WRONG)
		bits_set(ring->wrong, it->item);
	return verdict;
}

/* A key that is not held can not be audited, and passes. */
static void audit(struct keyring *ring)
{
	struct key_item it;

	for (uint32_t i = 0; i < ring->n_keys; i++) {
		struct keyring_key *key = &ring->keys[i];

		key->secret = find_secret(ring, key->kid);
		key->held = key->secret != NULL;
		key->audited = true;
	}
	for (uint32_t i = 0; i < ring->set->n_heads; i++) {
		const uint8_t *secret;
		enum verdict verdict;

		if (!read_item(ring, i, &it) || !it.valid)
			continue;
		secret = find_secret(ring, it.kid);
		if (!secret)
			continue;
		verdict = audit_item(ring, &it, secret);
		for (uint32_t k = first_of(ring, it.kid);
		     is_kid(ring, k, it.kid); k++) {
			ring->keys[k].audited &= verdict == RIGHT;
			ring->keys[k].poisoned |= verdict == WRONG;
		}
	}
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

static int evaluate(struct keyring *ring, const struct device_keys *self,
		    bool open)
{
	int err = grow_memory(ring);

	drop_keys(ring);
	if (!err)
		err = read_keys(ring);
	if (err)
		return err;
	read_knowers(ring);
	close_knowers(ring);
	read_replaced(ring);
	if (open)
		err = open_wraps(ring, self);
	if (!err)
		err = open_carried(ring);
	if (err)
		return err;
	audit(ring);
	for (uint32_t i = 0; i < ring->n_keys; i++)
		ring->keys[i].clean = is_clean(ring, &ring->keys[i]);
	return 0;
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

	return at == NONE ? NULL : find_secret(ring, at);
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

bool keyring_rotation_owed(const struct keyring *ring, uint32_t group,
			   uint32_t self)
{
	return self != NONE && may_know(ring, group, self) &&
	       !first_clean(ring, group);
}

uint32_t keyring_grant_owed(const struct keyring *ring, uint32_t group)
{
	const struct keyring_key *key;

	if (keyring_write_key(ring, group, &key) != 0)
		return NONE;
	for (uint32_t i = 0; i < ring->set->n_authors; i++)
		if (may_know(ring, group, i) && !bits_get(key->wrapped, i))
			return i;
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
