/* Items that this device makes. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"
#include "daemon/core/trust/bits.h"

static ProtobufCBinaryData copy(const uint8_t *from, size_t n)
{
	ProtobufCBinaryData data = { n, malloc(n ? n : 1) };

	if (data.data)
		memcpy(data.data, from, n);
	return data;
}

/* Our newest item of the class: the tip of our chain that came last. */
static uint32_t write_tip(const struct node *node, unsigned class)
{
	uint32_t tips[LIST_MAX], best = NONE;
	size_t n = set_tips(&node->set, node->self_author, class, tips,
			    ARRAY_SIZE(tips));

	n = size_min(n, ARRAY_SIZE(tips));
	for (size_t i = 0; i < n; i++)
		if (best == NONE ||
		    node->set.items[tips[i]].seq > node->set.items[best].seq)
			best = tips[i];
	return best;
}

static int write_context(struct node *node, Fob__Head *head)
{
	uint32_t tip = write_tip(node, item_class(head->kind));

	head->author = copy(node->self->id, DEVICE_ID_SIZE);
	if (!head->author.data)
		return -ENOMEM;
	if (tip != NONE) {
		head->prev = copy(node->set.items[tip].id, ID_SIZE);
		if (!head->prev.data)
			return -ENOMEM;
	}
	head->roster = calloc(ROSTER_MAX, sizeof(*head->roster));
	if (!head->roster)
		return -ENOMEM;
	for (uint32_t i = 0; i < node->roster.n_heads; i++) {
		const uint8_t *id = node->set.items[node->roster.heads[i]].id;

		head->roster[i] = copy(id, ID_SIZE);
		if (!head->roster[i].data)
			return -ENOMEM;
		head->n_roster++;
	}
	head->time = node->wall > 0 ? (uint64_t)node->wall : 0;
	return 0;
}

static void write_context_free(Fob__Head *head)
{
	free(head->author.data);
	free(head->prev.data);
	for (size_t i = 0; i < head->n_roster; i++)
		free(head->roster[i].data);
	free(head->roster);
	head->author = head->prev = (ProtobufCBinaryData){ 0 };
	head->roster = NULL;
	head->n_roster = 0;
}

/* Signs and takes a head whose context is filled in. */
static int write_signed_by(struct step *step, const Fob__Head *head,
			   struct bytes blob, const uint8_t *secret_key,
			   uint32_t *ret_index)
{
	struct node *node = step->node;
	AUTO_ITEM struct item item = { 0 };
	struct take take = { 0 };
	int r;

	r = item_make(&item, head, blob, node->set.vault_id, secret_key);
	if (r)
		return r < 0 ? r : WRITE_ERR_LARGE;
	take.body = (struct bytes){ item.body, item.body_len };
	take.signature = BYTES(item.signature);
	take.blob = blob;
	r = take_item(step, &take, ret_index);
	if (r > 0)
		return WRITE_ERR_REFUSED;
	return r < 0 ? r : take_settle(step);
}

static int write_sign(struct step *step, const Fob__Head *head,
		      struct bytes blob, uint32_t *ret_index)
{
	return write_signed_by(step, head, blob, step->node->self->sign_secret,
			       ret_index);
}

const struct set_recovery *write_kit(const struct node *node,
				     const struct kit *kit)
{
	for (uint32_t i = 0; i < node->set.n_recoveries; i++) {
		const struct set_recovery *key = &node->set.recoveries[i];

		if (key->current &&
		    !memcmp(key->sign, kit->sign_public, KEY_SIZE))
			return key;
	}
	return NULL;
}

int write_by_kit(struct step *step, Fob__Head *head, const struct kit *kit,
		 uint32_t *ret_index)
{
	uint8_t nobody[DEVICE_ID_SIZE] = { 0 };
	const struct set_recovery *key = write_kit(step->node, kit);

	if (!key)
		return WRITE_ERR_REFUSED;
	head->author = (ProtobufCBinaryData){ sizeof(nobody), nobody };
	head->generation = key->generation;
	head->time = step->node->wall > 0 ? (uint64_t)step->node->wall : 0;
	return write_signed_by(step, head, (struct bytes){ NULL, 0 },
			       kit->sign_secret, ret_index);
}

/* A keeper has its signing key at hand, for its own REVOKE. */
static bool write_allowed(const struct node *node)
{
	return (node_may_read(node) || node->state == NODE_KEEPER) &&
	       node->self_author != NONE &&
	       node->set.authors[node->self_author].member;
}

int write_head(struct step *step, Fob__Head *head, struct bytes blob,
	       uint32_t *ret_index)
{
	int r;

	if (!write_allowed(step->node))
		return WRITE_ERR_REFUSED;
	r = write_context(step->node, head);
	if (r == 0)
		r = write_sign(step, head, blob, ret_index);
	write_context_free(head);
	return r;
}

/* --- entries ------------------------------------------------------------------ */

static int write_entry_payload(const struct node *node, Fob__Entry *entry,
			       const struct entry_write *what)
{
	entry->group = copy(node->set.groups[what->group].id, GROUP_ID_SIZE);
	entry->record = copy(what->record, RECORD_ID_SIZE);
	entry->parents = calloc(what->n_parents + 1, sizeof(*entry->parents));
	if (!entry->group.data || !entry->record.data || !entry->parents)
		return -ENOMEM;
	for (size_t i = 0; i < what->n_parents; i++) {
		entry->parents[i] =
			copy(node->set.items[what->parents[i]].id, ID_SIZE);
		if (!entry->parents[i].data)
			return -ENOMEM;
		entry->n_parents++;
	}
	return 0;
}

static void write_entry_free(Fob__Entry *entry)
{
	free(entry->group.data);
	free(entry->record.data);
	for (size_t i = 0; i < entry->n_parents; i++)
		free(entry->parents[i].data);
	free(entry->parents);
}

static void sealed_deinit(struct keyring_sealed *sealed)
{
	free(sealed->blob);
}

static int write_sealed(struct step *step, Fob__Head *head,
			const struct record *record, uint32_t *ret_index)
{
	struct node *node = step->node;
	AUTO_SECRET uint8_t *bytes = NULL;
	CLEANUP(sealed_deinit) struct keyring_sealed sealed = { 0 };
	struct keyring_plain plain;
	uint8_t fresh[KEY_SIZE];
	size_t n = 0;
	int r;

	r = record_pack(record, &bytes, &n);
	if (r)
		return r < 0 ? r : WRITE_ERR_LARGE;
	step_random(step, fresh, sizeof(fresh));
	plain.bytes = (struct bytes){ bytes, n };
	plain.fresh = fresh;
	r = keyring_seal(&node->keyring, node->self, head, &plain, &sealed);
	if (r == KEYRING_ERR_TOO_LARGE)
		return WRITE_ERR_LARGE;
	if (r)
		return r < 0 ? r : WRITE_ERR_NO_KEY;
	return write_sign(step, head,
			  (struct bytes){ sealed.blob, sealed.blob_len },
			  ret_index);
}

int write_entry(struct step *step, const struct entry_write *what,
		const struct record *record, uint32_t *ret_index)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Entry entry = FOB__ENTRY__INIT;
	int r;

	if (!write_allowed(step->node))
		return WRITE_ERR_REFUSED;
	r = write_debts(step, what->group);
	if (r)
		return r;
	head.kind = FOB__KIND__ENTRY;
	head.entry = &entry;
	r = write_context(step->node, &head);
	if (r == 0)
		r = write_entry_payload(step->node, &entry, what);
	if (r == 0)
		r = write_sealed(step, &head, record, ret_index);
	write_entry_free(&entry);
	write_context_free(&head);
	return r;
}

/* --- keys ----------------------------------------------------------------------- */

/*
 * A copy of this machine may draw the same numbers, and know of other
 * readers: then it makes another key of them.
 */
static void fresh_key(struct step *step, uint32_t group,
		      uint8_t ret[static KEY_SIZE])
{
	static const char label[] = "fob/1 new key";
	struct set *set = &step->node->set;
	crypto_generichash_state state;
	uint8_t random[KEY_SIZE], root[ID_SIZE];

	step_random(step, random, sizeof(random));
	set_root_all(set, root);
	crypto_generichash_init(&state, random, sizeof(random), KEY_SIZE);
	crypto_generichash_update(&state, (const uint8_t *)label,
				  sizeof(label));
	crypto_generichash_update(&state, root, sizeof(root));
	crypto_generichash_update(&state, set->groups[group].id, GROUP_ID_SIZE);
	crypto_generichash_final(&state, ret, KEY_SIZE);
	sodium_memzero(random, sizeof(random));
	sodium_memzero(&state, sizeof(state));
}

int write_key(struct step *step, uint32_t group, uint32_t also_for)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Key *key = NULL;
	uint8_t secret[KEY_SIZE];
	uint32_t index;
	int r;

	/* It would carry nothing, and the past be lost for newcomers. */
	if (!keyring_may_rotate(&step->node->keyring, group))
		return WRITE_ERR_NO_KEY;
	fresh_key(step, group, secret);
	r = keyring_make_key(&step->node->keyring, group, also_for, secret,
			     &key);
	sodium_memzero(secret, sizeof(secret));
	if (r)
		return r < 0 ? r : WRITE_ERR_NO_KEY;
	head.kind = FOB__KIND__KEY;
	head.key = key;
	r = write_head(step, &head, (struct bytes){ NULL, 0 }, &index);
	fob__key__free_unpacked(key, NULL);
	if (r == 0)
		step_trace(step, TRACE_KEY, NULL, NULL, 1);
	return r;
}

static int write_grant(struct step *step, const struct keyring_key *key,
		       uint32_t author)
{
	const struct set_author *to = &step->node->set.authors[author];
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Grant *grant = NULL;
	uint32_t index;
	int r;

	r = keyring_make_grant(&step->node->keyring, key, to->id, to->wrap,
			       &grant);
	if (r)
		return r < 0 ? r : WRITE_ERR_NO_KEY;
	head.kind = FOB__KIND__GRANT;
	head.grant = grant;
	r = write_head(step, &head, (struct bytes){ NULL, 0 }, &index);
	fob__grant__free_unpacked(grant, NULL);
	if (r == 0)
		step_trace(step, TRACE_KEY, to->id, NULL, 2);
	return r;
}

/*
 * One group's. Two keys that were made apart are both clean, and neither
 * carries the other: who is to read all needs both. Who does not hold one
 * leaves its grant to those who do.
 */
static int write_group_grant(struct step *step, uint32_t group, uint32_t author)
{
	const struct keyring *ring = &step->node->keyring;
	int r = 0;

	/* A new one has a wrap for every reader. */
	if (keyring_rotation_owed(ring, group, step->node->self_author))
		return write_key(step, group, NONE);
	for (uint32_t i = 0; i < ring->n_keys && r == 0; i++) {
		const struct keyring_key *key = &ring->keys[i];

		if (key->group != group || !key->clean)
			continue;
		if (key->held && !bits_get(key->wrapped, author))
			r = write_grant(step, key, author);
	}
	return r;
}

int write_grants(struct step *step, uint32_t author)
{
	struct node *node = step->node;
	int r = 0;

	/* Those suspended get no keys until that is settled. */
	if (node->roster.devices[author].suspended)
		return 0;
	for (uint32_t i = 0; i < node->roster.n_groups && r == 0; i++) {
		uint32_t group = node->roster.groups[i].group;

		if (roster_reads(&node->roster, group, author) &&
		    roster_reads(&node->roster, group, node->self_author))
			r = write_group_grant(step, group, author);
	}
	return r;
}

int write_debts(struct step *step, uint32_t group)
{
	struct node *node = step->node;
	const struct keyring_key *key = NULL;
	int r;

	if (keyring_rotation_owed(&node->keyring, group, node->self_author)) {
		r = write_key(step, group, NONE);
		if (r)
			return r;
	}
	r = keyring_write_key(&node->keyring, group, &key);
	return r > 0 ? WRITE_ERR_NO_KEY : r;
}
