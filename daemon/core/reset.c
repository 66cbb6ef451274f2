#include "daemon/core/reset.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/peer/words.h"
#include "proto/secret.h"

#define ROW_DEVICE "reset/device"
#define ROW_SPONSOR "reset/sponsor"
#define ROW_SLOT "reset/slot/" /* and the number of its place */

void reset_words(const struct node *node, uint32_t author,
		 const Fob__Certificate *device,
		 char ret[static RESET_WORDS_SIZE])
{
	static const uint8_t label[] = "fob/1 reset";
	const ProtobufCBinaryData *keys[] = { &device->sign, &device->status,
					      &device->wrap,
					      &device->transport };
	crypto_generichash_state state;
	uint8_t hash[32];
	size_t n = 0;

	_Static_assert(RESET_WORDS * (WORDS_LENGTH_MAX + 1) <= RESET_WORDS_SIZE,
		       "they fit");
	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, label, sizeof(label));
	crypto_generichash_update(&state, node->set.vault_id, ID_SIZE);
	crypto_generichash_update(&state, node->set.authors[author].id,
				  DEVICE_ID_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		crypto_generichash_update(&state, keys[i]->data, keys[i]->len);
	crypto_generichash_final(&state, hash, sizeof(hash));
	for (size_t i = 0; i < RESET_WORDS; i++)
		n += (size_t)snprintf(ret + n, RESET_WORDS_SIZE - n, "%s%s",
				      i ? " " : "", words_of(hash[i]));
}

void reset_free(struct node *node)
{
	secret_free(node->reset);
	node->reset = NULL;
}

void reset_call_gone(struct node *node, uint32_t number)
{
	if (node->reset && node->reset->call == number)
		node->reset->call = 0;
}

/* --- rows ------------------------------------------------------------------- */

static void slot_name(char ret[static 16], size_t place)
{
	snprintf(ret, 16, ROW_SLOT "%u", (unsigned)place);
}

static bool key_is(struct bytes key, const char *name)
{
	return key.n == strlen(name) && !memcmp(key.p, name, key.n);
}

int reset_row(struct node *node, struct bytes key, struct bytes row)
{
	struct reset *reset = node->reset;

	if (!reset)
		reset = node->reset = secret_alloc(sizeof(*reset));
	if (!reset)
		return -ENOMEM;
	if (key_is(key, ROW_DEVICE)) {
		if (row.n > sizeof(reset->row) ||
		    device_load(&reset->keys, row))
			return -EBADMSG;
		memcpy(reset->row, row.p, row.n);
		reset->row_len = row.n;
	} else if (key_is(key, ROW_SPONSOR)) {
		if (row.n != DEVICE_ID_SIZE)
			return -EBADMSG;
		memcpy(reset->sponsor, row.p, row.n);
		reset->offered = true;
	} else if (reset->n_slots == RESET_SLOTS ||
		   slot_load(&reset->slots[reset->n_slots++], row)) {
		return -EBADMSG;
	}
	return 0;
}

void reset_save(struct step *step)
{
	const struct reset *reset = step->node->reset;
	uint8_t row[SLOT_ROW_MAX];
	char key[16];

	step_put_local(step, ROW_DEVICE,
		       (struct bytes){ reset->row, reset->row_len });
	for (size_t i = 0; i < reset->n_slots; i++) {
		slot_name(key, i);
		step_put_local(step, key,
			       (struct bytes){
				       row, slot_pack(row, &reset->slots[i]) });
	}
	sodium_memzero(row, sizeof(row));
}

void reset_drop(struct step *step)
{
	char key[16];

	step_delete_local(step, ROW_DEVICE);
	step_delete_local(step, ROW_SPONSOR);
	for (size_t i = 0; i < RESET_SLOTS; i++) {
		slot_name(key, i);
		step_delete_local(step, key);
	}
	reset_free(step->node);
}

/* --- the new keys take the place of the old ------------------------------------ */

/* Whoever is connected knows us by the old ones. */
static void adopt_hang_up(struct step *step)
{
	struct node *node = step->node;

	for (size_t i = 0; i < PEERS_MAX; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (!peer->conn || peer->rescue)
			continue;
		peer_close(step, peer->conn);
		peer_end(step, peer);
	}
	for (size_t i = 0; i < node->n_dials; i++) {
		if (node->dials[i].conn)
			peer_close(step, node->dials[i].conn);
		node->dials[i] = (struct dial){ .conn = 0 };
	}
}

static void adopt_slots(struct step *step)
{
	struct node *node = step->node;
	const struct reset *reset = node->reset;
	uint8_t row[SLOT_ROW_MAX];
	char key[16];

	for (size_t i = 0; i < node->n_slots; i++) {
		snprintf(key, sizeof(key), "slot/%u",
			 (unsigned)node->slots[i].number);
		step_delete_local(step, key);
	}
	for (size_t i = 0; i < reset->n_slots; i++) {
		node->slots[i] = reset->slots[i];
		snprintf(key, sizeof(key), "slot/%u",
			 (unsigned)node->slots[i].number);
		step_put_local(
			step, key,
			(struct bytes){ row, slot_pack(row, &node->slots[i]) });
	}
	node->n_slots = reset->n_slots;
	sodium_memzero(row, sizeof(row));
}

static int adopt_keys(struct step *step)
{
	struct node *node = step->node;
	const struct reset *reset = node->reset;
	uint8_t *row = malloc(reset->row_len + 1);

	if (!row)
		return -ENOMEM;
	memcpy(row, reset->row, reset->row_len);
	free(node->device_row);
	node->device_row = row;
	node->device_row_len = reset->row_len;
	*node->self = reset->keys;
	secret_free(node->unlock_key);
	node->unlock_key = NULL;
	if (reset->open) {
		node->unlock_key = secret_alloc(KEY_SIZE);
		if (!node->unlock_key)
			return -ENOMEM;
		memcpy(node->unlock_key, reset->unlock_key, KEY_SIZE);
	}
	step_put_local(step, "device", (struct bytes){ row, reset->row_len });
	return 0;
}

int reset_adopt(struct step *step)
{
	struct node *node = step->node;
	int r;

	/* Nobody is there any more who could use them open. */
	if (!node->reset->call) {
		device_lock(&node->reset->keys);
		node->reset->open = false;
	}
	node_lock(step);
	adopt_hang_up(step);
	adopt_slots(step);
	r = adopt_keys(step);
	reset_drop(step);
	if (r < 0)
		return r;
	keyring_lock(&node->keyring);
	node->self_author = set_author(&node->set, node->self->id);
	node->seen_heads = UINT32_MAX;
	node->status_owed = true;
	node->state = node->self_author == NONE ? NODE_JOINING : NODE_LOCKED;
	step_trace(step, TRACE_RENEWED, node->self->id, NULL, 0);
	r = start_channel_keys(step);
	if (r < 0)
		return r;
	if (node->state == NODE_LOCKED && node->self->unlocked)
		return node_unlock(step);
	return take_settle(step);
}

/* Put out to make room for new keys, of which it has heard nothing more. */
static bool reset_made_room(const struct node *node)
{
	const struct set_author *self = &node->set.authors[node->self_author];
	const struct item *revoke = self->revoke == NONE ?
					    NULL :
					    set_head(&node->set, self->revoke);

	return node->reset->offered && !self->member && revoke &&
	       revoke->head->revoke->reason == REVOKE_RENEWED;
}

int reset_settle(struct step *step)
{
	struct node *node = step->node;
	uint32_t author;

	if (!node->reset || node->self_author == NONE)
		return 0;
	if (!node->reset->row_len) {
		reset_drop(step); /* a slot without keys opens nothing */
		return 0;
	}
	author = set_author(&node->set, node->reset->keys.id);
	if ((author == NONE || !node->set.authors[author].member) &&
	    !reset_made_room(node))
		return 0;
	return reset_adopt(step);
}

/* --- the conversation ------------------------------------------------------------ */

int reset_say(struct step *step, struct sync_peer *peer, Fob__Reset *what)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;

	message.reset = what;
	return sync_say(&step->node->sync, peer, &message);
}

/* Does its word count against ours? */
static bool reset_above(const struct node *node, const struct sync_peer *peer)
{
	return peer->conn && peer->up && peer->greeted &&
	       peer->author != NONE && !peer->rescue &&
	       node->roster.devices[peer->author].reader &&
	       !node->roster.devices[peer->author].suspended &&
	       roster_outranks(&node->roster, peer->author, node->self_author);
}

static int reset_told(struct step *step, const struct sync_peer *peer)
{
	struct node *node = step->node;
	struct call *call = call_find(node, node->reset->call);
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Progress progress = FOB__PROGRESS__INIT;
	char what[DEVICE_NAME_MAX + 32];

	if (!call)
		return 0;
	snprintf(what, sizeof(what), "%s is connected and can approve",
		 node_device_name(node, peer->author));
	progress.what = what;
	reply.more = true;
	reply.progress = &progress;
	return call_reply(step, call, &reply);
}

int reset_ask_around(struct step *step)
{
	struct node *node = step->node;
	struct reset *reset = node->reset;
	Fob__Reset ask = FOB__RESET__INIT;
	Fob__Certificate certificate;
	int r = 0;

	device_certificate(&reset->keys, &certificate);
	ask.device = &certificate;
	for (size_t i = 0; i < PEERS_MAX && r == 0; i++) {
		struct sync_peer *peer = &node->sync.peers[i];

		if (!reset_above(node, peer) || reset->asked[i] == peer->conn)
			continue;
		reset->asked[i] = peer->conn;
		r = reset_say(step, peer, &ask);
		if (r == 0)
			r = reset_told(step, peer);
	}
	return r;
}

/* The new keys sign, once they are on disk with who asked for it. */
static int reset_offered(struct step *step, struct sync_peer *peer,
			 uint32_t ordinal)
{
	struct node *node = step->node;
	struct reset *reset = node->reset;
	const uint8_t *sponsor = node->set.authors[peer->author].id;
	Fob__Reset answer = FOB__RESET__INIT;
	Fob__Add add = FOB__ADD__INIT;
	Fob__Certificate certificate;
	uint8_t signature[SIGNATURE_SIZE];

	if (!reset || !reset->open || !call_find(node, reset->call) ||
	    node->state != NODE_LOCKED || !reset_above(node, peer))
		return 0; /* nobody here wants that now */
	reset->offered = true;
	reset->sponsor_conn = peer->conn;
	memcpy(reset->sponsor, sponsor, DEVICE_ID_SIZE);
	step_put_local(step, ROW_SPONSOR, BYTES(reset->sponsor));
	device_certificate(&reset->keys, &certificate);
	add.device = &certificate;
	add.role = FOB__ROLE__DEVICE;
	add.ordinal = ordinal;
	item_join_sign(signature, node->set.vault_id, sponsor, &add,
		       reset->keys.sign_secret);
	answer.join_sig = (ProtobufCBinaryData){ sizeof(signature), signature };
	return reset_say(step, peer, &answer);
}

int reset_message(struct step *step, struct sync_peer *peer,
		  const Fob__Reset *message)
{
	if (peer->author == NONE || peer->rescue)
		return SYNC_ERR_PROTOCOL;
	if (message->device)
		return vouch_asked(step, peer, message->device);
	if (message->ordinal)
		return reset_offered(step, peer, message->ordinal);
	vouch_answered(step->node, peer,
		       (struct bytes){ message->join_sig.data,
				       message->join_sig.len });
	return 0;
}

const struct item *reset_add_of(const struct node *node,
				const struct item *revoke)
{
	const struct set *set = &node->set;
	uint32_t item;

	if (!revoke || revoke->head->kind != FOB__KIND__REVOKE ||
	    revoke->head->revoke->reason != REVOKE_RENEWED)
		return NULL;
	item = set_find(set, revoke->id);
	/* They were written in one step, with groups and REVOKEs between. */
	for (unsigned i = 0; item != NONE && i < LIST_MAX; i++) {
		if (set->items[item].flags & SET_HELD &&
		    set->items[item].kind == FOB__KIND__ADD)
			return set_head(set, item);
		item = set->items[item].prev;
	}
	return NULL;
}
