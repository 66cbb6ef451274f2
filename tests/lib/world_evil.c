/*
 * Devices and keepers that do not keep to the rules: what their daemon says
 * is changed on its way out, and items are made that no daemon makes.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/world_inner.h"

static bool chance(struct world *world, unsigned percent)
{
	return stream_chance(&world->evil, percent);
}

static void turn_bit(struct world *world, ProtobufCBinaryData *data)
{
	if (data->len)
		data->data[stream_below(&world->evil, data->len)] ^=
			(uint8_t)(1 << stream_below(&world->evil, 8));
}

/* --- what is said, changed ------------------------------------------------------ */

static void withhold(struct world *world, Fob__Items *items)
{
	for (size_t i = items->n_items; i-- > 0;) {
		if (!chance(world, 40))
			continue;
		world_count(world, TALLY_EVIL_WITHHELD);
		if (chance(world, 50)) {
			/* The item, without what is in it. */
			items->items[i]->blob.len = 0;
			continue;
		}
		fob__item__free_unpacked(items->items[i], NULL);
		items->items[i] = items->items[--items->n_items];
	}
}

static void garble(struct world *world, Fob__Items *items)
{
	for (size_t i = 0; i < items->n_items; i++) {
		Fob__Item *item = items->items[i];

		if (!chance(world, 20))
			continue;
		world_count(world, TALLY_EVIL_GARBLED);
		turn_bit(world, chance(world, 40) ? &item->signature :
				chance(world, 50) ? &item->blob :
						    &item->body);
	}
}

static void lie(struct world *world, Fob__PeerMessage *m)
{
	world_count(world, TALLY_EVIL_LIED);
	if (m->roots) {
		for (size_t i = 0; i < m->roots->n_root; i++)
			if (chance(world, 50))
				turn_bit(world, &m->roots->root[i]);
		m->roots->missing = chance(world, 50) ? 0 : 7;
		turn_bit(world, &m->roots->proof);
		return;
	}
	for (size_t i = 0; i < m->ranges->n_ranges; i++)
		if (chance(world, 30)) {
			turn_bit(world, &m->ranges->ranges[i]->sum);
			turn_bit(world, &m->ranges->ranges[i]->ids);
		}
}

static void change(struct world *world, struct world_node *n,
		   Fob__PeerMessage *m)
{
	if (m->items && n->evil & EVIL_WITHHOLD)
		withhold(world, m->items);
	if (m->items && n->evil & EVIL_GARBLE)
		garble(world, m->items);
	if ((m->roots || m->ranges) && n->evil & EVIL_LIE && chance(world, 30))
		lie(world, m);
	if (m->ack && n->evil & EVIL_ACK) {
		world_count(world, TALLY_EVIL_ACKED);
		if (m->ack->taken.len)
			memset(m->ack->taken.data, 0xff, m->ack->taken.len);
		if (chance(world, 50))
			turn_bit(world, &m->ack->hash);
	}
}

static void pack(const Fob__PeerMessage *m, uint8_t **ret_p, size_t *ret_n)
{
	*ret_n = fob__peer_message__get_packed_size(m);
	*ret_p = malloc(*ret_n + 1);
	REQUIRE(*ret_p);
	fob__peer_message__pack(m, *ret_p);
}

void evil_change(struct world *world, int node, struct effect *effect)
{
	struct world_node *n = &world->nodes[node];
	Fob__PeerMessage *m;

	if (n->evil & EVIL_REPLAY && chance(world, 20) && n->said_len) {
		/* What it said before, perhaps to another, once more. */
		world_count(world, TALLY_EVIL_REPLAYED);
		free(effect->data);
		effect->data = world_copy(n->said, n->said_len);
		effect->data_len = n->said_len;
		return;
	}
	m = fob__peer_message__unpack(NULL, effect->data_len, effect->data);
	EXPECT(world, m != NULL);
	change(world, n, m);
	free(effect->data);
	pack(m, &effect->data, &effect->data_len);
	fob__peer_message__free_unpacked(m, NULL);
	if (chance(world, 30)) {
		free(n->said);
		n->said = world_copy(effect->data, effect->data_len);
		n->said_len = effect->data_len;
	}
}

/* --- items that no daemon makes ---------------------------------------------------- */

static void say(struct world *world, int node, const Fob__PeerMessage *m)
{
	for (size_t i = world->first_wire; i < world->n_wires; i++)
		for (int side = 0; side < 2; side++) {
			const struct world_wire *wire = &world->wires[i];
			struct effect effect = { .type = EFFECT_SEND,
						 .conn = wire->conn[side] };

			if (wire->node[side] != node || wire->meet ||
			    !wire->came_up[side] || wire->over[side] ||
			    wire->boot[side] != world->nodes[node].boot)
				continue;
			pack(m, &effect.data, &effect.data_len);
			net_send(world, node, &effect);
			free(effect.data);
		}
}

static void give(struct world *world, int node, struct item *item)
{
	Fob__PeerMessage m = FOB__PEER_MESSAGE__INIT;
	Fob__Items items = FOB__ITEMS__INIT;
	Fob__Item one = FOB__ITEM__INIT, *list[1] = { &one };

	one.body = (ProtobufCBinaryData){ item->body_len, item->body };
	one.signature =
		(ProtobufCBinaryData){ SIGNATURE_SIZE, item->signature };
	one.blob = (ProtobufCBinaryData){ item->blob_len, item->blob };
	items.seq = 1000000 + world->seq;
	items.items = list;
	items.n_items = 1;
	m.items = &items;
	say(world, node, &m);
}

/* Signed by its key, in the name of that device. */
static void make(struct world *world, int node, Fob__Head *head,
		 struct bytes blob)
{
	const struct node *core = world->nodes[node].node;
	AUTO_ITEM struct item item = { 0 };
	int r;

	head->time = stream_below(&world->evil, 3) ?
			     0 :
			     (uint64_t)WORLD_WALL + 1000ull * world->now;
	r = item_make(&item, head, blob, core->set.vault_id,
		      core->self->sign_secret);
	if (r == 0)
		give(world, node, &item);
}

static ProtobufCBinaryData data_of(const uint8_t *p, size_t n)
{
	return (ProtobufCBinaryData){ n, (uint8_t *)(uintptr_t)p };
}

/* The former item of its own chain, or one somewhere before: a fork. */
static void link_back(struct world *world, const struct node *core,
		      unsigned class, Fob__Head *head)
{
	uint32_t tip = core->set.authors[core->self_author].tip[class];

	for (uint64_t back = stream_below(&world->evil, 4);
	     back > 0 && tip != NONE && core->set.items[tip].prev != NONE;
	     back--)
		tip = core->set.items[tip].prev;
	if (tip != NONE)
		head->prev = data_of(core->set.items[tip].id, ID_SIZE);
}

static uint32_t any_author(struct world *world, const struct node *core)
{
	return (uint32_t)stream_below(&world->evil, core->set.n_authors);
}

static void evil_revoke(struct world *world, int node, Fob__Head *head,
			bool suspend)
{
	const struct node *core = world->nodes[node].node;
	Fob__Revoke revoke = FOB__REVOKE__INIT;
	Fob__Suspend suspension = FOB__SUSPEND__INIT;
	const struct set_author *target =
		&core->set.authors[any_author(world, core)];

	if (!memcmp(target->id, core->self->id, DEVICE_ID_SIZE))
		return;
	link_back(world, core, 0, head);
	revoke.target = suspension.target = data_of(target->id, DEVICE_ID_SIZE);
	head->kind = suspend ? FOB__KIND__SUSPEND : FOB__KIND__REVOKE;
	if (suspend)
		head->suspend = &suspension;
	else
		head->revoke = &revoke;
	world->revoked = true;
	make(world, node, head, (struct bytes){ NULL, 0 });
}

static void evil_entry(struct world *world, int node, Fob__Head *head)
{
	const struct node *core = world->nodes[node].node;
	Fob__Entry entry = FOB__ENTRY__INIT;
	uint8_t junk[NONCE_SIZE + COMMITMENT_SIZE + 272], group[32] = { 0 };
	const struct set *set = &core->set;

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (uint8_t)stream_next(&world->evil);
	link_back(world, core, 2, head);
	head->kind = FOB__KIND__ENTRY;
	entry.group = data_of(group, sizeof(group));
	entry.record = data_of(
		set->n_records && chance(world, 50) ?
			set->records[stream_below(&world->evil, set->n_records)]
				.id :
			junk,
		RECORD_ID_SIZE);
	entry.kid = data_of(set->n_kids && chance(world, 70) ? set->kids[0].id :
							       junk,
			    KID_SIZE);
	entry.nonce = data_of(junk, NONCE_SIZE);
	entry.commitment = data_of(junk + NONCE_SIZE, COMMITMENT_SIZE);
	head->entry = &entry;
	make(world, node, head,
	     (struct bytes){ junk + NONCE_SIZE + COMMITMENT_SIZE, 272 });
}

/* A key that is right for one reader, and wrong for the others. */
static void evil_key(struct world *world, int node, Fob__Head *head)
{
	const struct node *core = world->nodes[node].node;
	uint8_t secret[KEY_SIZE];
	Fob__Key *key = NULL;

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)stream_next(&world->evil);
	if (keyring_make_key(&core->keyring, 0, NONE, secret, &key))
		return;
	if (key->n_wraps)
		turn_bit(world,
			 &key->wraps[stream_below(&world->evil, key->n_wraps)]
				  ->box);
	link_back(world, core, 1, head);
	head->kind = FOB__KIND__KEY;
	head->key = key;
	make(world, node, head, (struct bytes){ NULL, 0 });
	fob__key__free_unpacked(key, NULL);
}

static void evil_flood(struct world *world, int node)
{
	Fob__PeerMessage m = FOB__PEER_MESSAGE__INIT;
	Fob__Announce announce = FOB__ANNOUNCE__INIT;
	uint8_t *ids = malloc(IDS_PER_MESSAGE * ID_SIZE);

	REQUIRE(ids);
	for (size_t i = 0; i < (size_t)IDS_PER_MESSAGE * ID_SIZE; i++)
		ids[i] = (uint8_t)stream_next(&world->evil);
	announce.class_ = (uint32_t)stream_below(&world->evil, 4);
	announce.ids = (ProtobufCBinaryData){
		ID_SIZE * (1 + stream_below(&world->evil, IDS_PER_MESSAGE)), ids
	};
	m.announce = &announce;
	say(world, node, &m);
	free(ids);
}

void world_evil_act(struct world *world, int node)
{
	struct world_node *n = &world->nodes[node];
	Fob__Head head = FOB__HEAD__INIT;
	bool forge = chance(world, 20);
	uint32_t author;

	if (!n->node || n->node->state != NODE_UNLOCKED || n->node->set.dirty ||
	    n->node->self_author == NONE ||
	    n->node->roster.version != n->node->set.version ||
	    n->node->keyring.version != n->node->set.version)
		return;
	author = forge ? any_author(world, n->node) : n->node->self_author;
	head.author = data_of(n->node->set.authors[author].id, DEVICE_ID_SIZE);
	if (forge)
		world_count(world, TALLY_EVIL_FORGED);
	switch (stream_below(&world->evil, 5)) {
	case 0:
		world_count(world, TALLY_EVIL_REVOKED);
		evil_revoke(world, node, &head, chance(world, 50));
		break;
	case 1:
		world_count(world, TALLY_EVIL_POISONED);
		evil_key(world, node, &head);
		break;
	case 2:
		world_count(world, TALLY_EVIL_FLOODED);
		evil_flood(world, node);
		break;
	default:
		world_count(world, TALLY_EVIL_ENTRY);
		evil_entry(world, node, &head);
	}
}
