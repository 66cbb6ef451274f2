/*
 * Payloads of KEY and GRANT. All members are heap of protobuf-c's default
 * allocator, so that free_unpacked gives them back, half-made ones too.
 */
#include "daemon/core/trust/keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/trust/bits.h"
#include "daemon/core/trust/keyring_table.h"
#include "daemon/core/trust/wrap.h"

/*
 * What fits into HEAD_KEY_MAX: a head without lists packs to less than 320
 * bytes, a wrap to 110 at most, a parent with its sealed copy to 90.
 */
#define BARE_SIZE 320
#define WRAP_SIZE 110
#define PARENT_SIZE 90
#define WRAPS_MAX ((HEAD_KEY_MAX - BARE_SIZE - 16 * PARENT_SIZE) / WRAP_SIZE)

static int set_binary(ProtobufCBinaryData *ret, const uint8_t *p, size_t n)
{
	ret->data = malloc(n);
	if (!ret->data)
		return -ENOMEM;
	memcpy(ret->data, p, n);
	ret->len = n;
	return 0;
}

/* --- wraps ---------------------------------------------------------------- */

static void free_wrap(Fob__Wrap **wrap)
{
	if (*wrap)
		fob__wrap__free_unpacked(*wrap, NULL);
}

/* Public keys come from checked items or from ourselves: none is bad. */
static int new_wrap(Fob__Wrap **ret, const uint8_t secret[static KEY_SIZE],
		    const struct wrap_recipient *to)
{
	CLEANUP(free_wrap) Fob__Wrap *wrap = malloc(sizeof(*wrap));
	struct wrapped made;

	if (!wrap)
		return -ENOMEM;
	fob__wrap__init(wrap);
	REQUIRE(wrap_make(&made, secret, to) == 0);
	wrap->generation = to->generation;
	if (set_binary(&wrap->recipient, to->device, DEVICE_ID_SIZE) ||
	    set_binary(&wrap->ephemeral, made.ephemeral, KEY_SIZE) ||
	    set_binary(&wrap->box, made.box, BOX_SIZE))
		return -ENOMEM;
	*ret = wrap;
	wrap = NULL;
	return 0;
}

static int add_wrap(Fob__Key *key, const uint8_t secret[static KEY_SIZE],
		    const struct wrap_recipient *to)
{
	int err = new_wrap(&key->wraps[key->n_wraps], secret, to);

	if (!err)
		key->n_wraps++;
	return err;
}

/* --- keys ----------------------------------------------------------------- */

static void free_key(Fob__Key **key)
{
	if (*key)
		fob__key__free_unpacked(*key, NULL);
}

static int new_key(Fob__Key **ret, const uint8_t *group,
		   const uint8_t secret[static KEY_SIZE], size_t max_wraps)
{
	CLEANUP(free_key) Fob__Key *key = malloc(sizeof(*key));
	uint8_t kid[KID_SIZE];

	if (!key)
		return -ENOMEM;
	fob__key__init(key);
	wrap_kid(kid, secret);
	key->wraps = calloc(max_wraps + 1, sizeof(Fob__Wrap *));
	if (!key->wraps || set_binary(&key->group, group, GROUP_ID_SIZE) ||
	    set_binary(&key->kid, kid, KID_SIZE))
		return -ENOMEM;
	*ret = key;
	key = NULL;
	return 0;
}

int keyring_make_first(const struct keyring_first *first,
		       const uint8_t secret[static KEY_SIZE], Fob__Key **ret)
{
	CLEANUP(free_key) Fob__Key *key = NULL;
	struct wrap_recipient device = { .vault_id = first->vault_id };
	struct wrap_recipient kit = { .vault_id = first->vault_id };
	int err = new_key(&key, first->group, secret, 2);

	memcpy(device.device, first->device, DEVICE_ID_SIZE);
	memcpy(device.public_key, first->wrap_public, KEY_SIZE);
	memcpy(kit.public_key, first->recovery_public, KEY_SIZE);
	if (!err)
		err = add_wrap(key, secret, &device);
	if (!err)
		err = add_wrap(key, secret, &kit);
	if (err)
		return err;
	*ret = key;
	key = NULL;
	return 0;
}

static int wrap_for_readers(const struct keyring *ring, uint32_t group,
			    uint32_t also_for, const uint8_t *secret,
			    Fob__Key *key)
{
	const struct set *set = ring->set;
	int err = 0;

	for (uint32_t i = 0; i < set->n_authors && !err; i++) {
		struct wrap_recipient to = { .vault_id = set->vault_id };

		if (i != also_for && (!roster_reads(ring->roster, group, i) ||
				      ring->roster->devices[i].suspended))
			continue;
		/* Whoever finds no room is owed a grant. */
		if (key->n_wraps == WRAPS_MAX)
			break;
		memcpy(to.device, set->authors[i].id, DEVICE_ID_SIZE);
		memcpy(to.public_key, set->authors[i].wrap, KEY_SIZE);
		err = add_wrap(key, secret, &to);
	}
	return err;
}

/* While recovery is frozen there is no current kit, and no wrap for one. */
static int wrap_for_kit(const struct keyring *ring, const uint8_t *secret,
			Fob__Key *key)
{
	const struct set *set = ring->set;

	for (uint32_t i = 0; i < set->n_recoveries; i++) {
		const struct set_recovery *kit = &set->recoveries[i];
		struct wrap_recipient to = { .vault_id = set->vault_id,
					     .generation = kit->generation };

		if (!kit->current)
			continue;
		memcpy(to.public_key, kit->wrap, KEY_SIZE);
		return add_wrap(key, secret, &to);
	}
	return 0;
}

/* --- parents -------------------------------------------------------------- */

/* The key of this kid in the group, as an index into ring->keys, or NONE. */
static uint32_t find_key(const struct keyring *ring, uint32_t group,
			 const uint8_t *kid)
{
	uint32_t wanted = set_kid(ring->set, kid);

	for (uint32_t i = 0; i < ring->n_keys; i++)
		if (ring->keys[i].kid == wanted && ring->keys[i].group == group)
			return i;
	return NONE;
}

static bool carries_on(const struct keyring_key *key, uint32_t group)
{
	return key->group == group && key->held && !key->poisoned;
}

/*
 * Calls for each sealed copy in the group's valid KEYs that whoever holds
 * the carrier can open: marks in `out` the keys carried by those in `from`
 * (NULL: by any). Says whether that changed something.
 */
static bool mark_carried(const struct keyring *ring, uint32_t group,
			 const uint64_t *from, uint64_t *out)
{
	bool changed = false;

	for (uint32_t h = 0; h < ring->set->n_heads; h++) {
		const Fob__Key *key = ring->set->heads[h]->head->key;
		uint32_t carrier;

		if (!key ||
		    !roster_view_valid(ring->roster, ring->set->heads_item[h]))
			continue;
		carrier = find_key(ring, group, key->kid.data);
		if (carrier == NONE ||
		    !carries_on(&ring->keys[carrier], group) ||
		    (from && !bits_get(from, carrier)))
			continue;
		for (size_t i = 0; i < key->n_sealed; i++) {
			uint32_t k =
				find_key(ring, group, key->sealed[i]->kid.data);

			if (k == NONE || k == carrier || bits_get(out, k))
				continue;
			bits_set(out, k);
			changed = true;
		}
	}
	return changed;
}

int keyring_find_stranded(struct keyring *ring)
{
	AUTO_FREE uint64_t *carried = bits_new(ring->n_keys);

	if (!carried)
		return -ENOMEM;
	for (uint32_t i = 0; i < ring->n_keys; i++)
		if (ring->keys[i].clean)
			bits_set(carried, i);
	for (uint32_t g = 0; g < ring->roster->n_groups; g++)
		while (mark_carried(ring, ring->roster->groups[g].group,
				    carried, carried))
			;
	for (uint32_t i = 0; i < ring->n_keys; i++)
		ring->keys[i].stranded =
			carries_on(&ring->keys[i], ring->keys[i].group) &&
			!bits_get(carried, i);
	return 0;
}

static int add_parent(Fob__Key *key, const uint8_t *kid)
{
	int err = set_binary(&key->parents[key->n_parents], kid, KID_SIZE);

	if (!err)
		key->n_parents++;
	return err;
}

static void free_sealed(Fob__SealedParent **sealed)
{
	if (*sealed)
		fob__sealed_parent__free_unpacked(*sealed, NULL);
}

static int add_sealed(Fob__Key *key, const uint8_t *kid, const uint8_t *secret,
		      const uint8_t *parent)
{
	CLEANUP(free_sealed)
	Fob__SealedParent *sealed = malloc(sizeof(*sealed));
	uint8_t box[BOX_SIZE];

	if (!sealed)
		return -ENOMEM;
	fob__sealed_parent__init(sealed);
	wrap_seal_parent(box, secret, parent);
	if (set_binary(&sealed->kid, kid, KID_SIZE) ||
	    set_binary(&sealed->box, box, BOX_SIZE))
		return -ENOMEM;
	key->sealed[key->n_sealed++] = sealed;
	sealed = NULL;
	return 0;
}

static size_t parents_room(const Fob__Key *key)
{
	size_t used = BARE_SIZE + key->n_wraps * WRAP_SIZE;

	return size_min((HEAD_KEY_MAX - used) / PARENT_SIZE, LIST_MAX);
}

/* One key becomes a parent; what it carries needs no copy of its own. */
static int take_parent(const struct keyring *ring, uint32_t at,
		       const uint8_t *secret, Fob__Key *key, uint64_t *covered)
{
	const struct keyring_key *parent = &ring->keys[at];
	const uint8_t *kid = ring->set->kids[parent->kid].id;
	int err = 0;

	bits_set(covered, at);
	if (key->n_parents < parents_room(key)) {
		err = add_parent(key, kid);
		if (!err && !parent->poisoned)
			err = add_sealed(key, kid, secret, parent->secret);
	}
	while (mark_carried(ring, parent->group, covered, covered))
		;
	return err;
}

/*
 * Parents are the keys that no other carries, and after them, should keys
 * carry each other in a ring, one of each ring. A poisoned key is replaced
 * without being carried. Keys that are not held stay as they are: a later
 * key by somebody who holds them will carry them.
 */
static int add_parents(const struct keyring *ring, uint32_t group,
		       const uint8_t *secret, Fob__Key *key)
{
	AUTO_FREE uint64_t *carried = bits_new(ring->n_keys);
	AUTO_FREE uint64_t *covered = bits_new(ring->n_keys);
	int err = 0;

	key->parents = calloc(LIST_MAX, sizeof(*key->parents));
	key->sealed = calloc(LIST_MAX, sizeof(Fob__SealedParent *));
	if (!carried || !covered || !key->parents || !key->sealed)
		return -ENOMEM;
	mark_carried(ring, group, NULL, carried);
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < ring->n_keys && !err; i++)
			if (carries_on(&ring->keys[i], group) &&
			    !bits_get(covered, i) &&
			    (pass == 1 || !bits_get(carried, i)))
				err = take_parent(ring, i, secret, key,
						  covered);
	}
	for (uint32_t i = 0; i < ring->n_keys && !err; i++)
		if (ring->keys[i].group == group && ring->keys[i].poisoned &&
		    !ring->keys[i].replaced)
			err = take_parent(ring, i, secret, key, covered);
	return err;
}

int keyring_make_key(const struct keyring *ring, uint32_t group,
		     uint32_t also_for, const uint8_t secret[static KEY_SIZE],
		     Fob__Key **ret)
{
	CLEANUP(free_key) Fob__Key *key = NULL;
	int err = new_key(&key, ring->set->groups[group].id, secret,
			  (size_t)ring->set->n_authors + 1);

	if (!err)
		err = wrap_for_readers(ring, group, also_for, secret, key);
	if (!err)
		err = wrap_for_kit(ring, secret, key);
	if (!err)
		err = add_parents(ring, group, secret, key);
	if (err)
		return err;
	*ret = key;
	key = NULL;
	return 0;
}

/* --- grants --------------------------------------------------------------- */

static void free_grant(Fob__Grant **grant)
{
	if (*grant)
		fob__grant__free_unpacked(*grant, NULL);
}

int keyring_make_grant(const struct keyring *ring,
		       const struct keyring_key *key,
		       const uint8_t device[static DEVICE_ID_SIZE],
		       const uint8_t wrap_public[static KEY_SIZE],
		       Fob__Grant **ret)
{
	CLEANUP(free_grant) Fob__Grant *grant = malloc(sizeof(*grant));
	struct wrap_recipient to = { .vault_id = ring->set->vault_id };
	const struct set *set = ring->set;

	REQUIRE(key->held);
	if (!grant)
		return -ENOMEM;
	fob__grant__init(grant);
	memcpy(to.device, device, DEVICE_ID_SIZE);
	memcpy(to.public_key, wrap_public, KEY_SIZE);
	if (set_binary(&grant->group, set->groups[key->group].id,
		       GROUP_ID_SIZE) ||
	    set_binary(&grant->kid, set->kids[key->kid].id, KID_SIZE) ||
	    new_wrap(&grant->wrap, key->secret, &to))
		return -ENOMEM;
	*ret = grant;
	grant = NULL;
	return 0;
}
