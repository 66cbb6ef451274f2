/* What opens this device: its unlock slots, and the requests about them. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/state.h"
#include "proto/text.h"

static struct bytes data_of(const ProtobufCBinaryData *data)
{
	return (struct bytes){ data->data, data->len };
}

static void slot_key(char ret[static 16], uint8_t number)
{
	snprintf(ret, 16, "slot/%u", (unsigned)number);
}

static void slot_save(struct step *step, const struct slot *slot)
{
	uint8_t row[SLOT_ROW_MAX];
	char key[16];

	slot_key(key, slot->number);
	step_put_local(step, key, (struct bytes){ row, slot_pack(row, slot) });
	sodium_memzero(row, sizeof(row));
}

struct slot *vault_slot_find(struct node *node, uint8_t type)
{
	for (size_t i = 0; i < node->n_slots; i++)
		if (node->slots[i].type == type)
			return &node->slots[i];
	return NULL;
}

int vault_slot_new(struct step *step, struct call *call, uint8_t type)
{
	struct node *node = step->node;

	call->slot = calloc(1, sizeof(*call->slot));
	if (!call->slot)
		return -ENOMEM;
	call->slot->type = type;
	call->slot->created = (uint64_t)node->wall;
	if (type == SLOT_PASSPHRASE) {
		call->slot->passes = node->config.kdf_passes;
		call->slot->memory = node->config.kdf_memory ?
					     node->config.kdf_memory :
					     KDF_MEMORY;
	}
	step_random(step, call->slot->salt, sizeof(call->slot->salt));
	step_random(step, call->slot->nonce, sizeof(call->slot->nonce));
	return 0;
}

/* One that none has had; after hundreds, one that none has now. */
static uint8_t slot_number(struct node *node)
{
	uint8_t number = 1;

	if (node->next_slot < UINT8_MAX)
		return node->next_slot++;
	for (size_t i = 0; i < node->n_slots; i++)
		if (node->slots[i].number == number) {
			number++;
			i = (size_t)-1;
		}
	return number;
}

/* Seals the unlock key into the call's slot, and keeps the slot. */
int vault_slot_add(struct step *step, struct call *call,
		   const uint8_t slot_secret[static KEY_SIZE])
{
	struct node *node = step->node;

	if (node->n_slots == SLOTS_MAX)
		return 1;
	call->slot->number = slot_number(node);
	if (call->slot->type == SLOT_PASSPHRASE && !call->slot->passes)
		call->slot->passes = call->passes;
	slot_seal(call->slot, slot_secret, node->unlock_key);
	node->slots[node->n_slots++] = *call->slot;
	slot_save(step, call->slot);
	return 0;
}

static void slot_name(const struct slot *slot, char ret[static 32])
{
	if (slot->type == SLOT_PASSPHRASE)
		snprintf(ret, 32, "passphrase");
	else
		snprintf(ret, 32, "key-file-%u", (unsigned)slot->number);
}

static int slots_list(struct step *step, struct call *call)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Slot slots[SLOTS_MAX], *list[SLOTS_MAX];
	char names[SLOTS_MAX][32], passphrase[] = "passphrase";
	char key_file[] = "key-file";

	for (size_t i = 0; i < node->n_slots; i++) {
		fob__slot__init(&slots[i]);
		slot_name(&node->slots[i], names[i]);
		slots[i].name = names[i];
		slots[i].type = node->slots[i].type == SLOT_PASSPHRASE ?
					passphrase :
					key_file;
		slots[i].created = node->slots[i].created;
		slots[i].passes = node->slots[i].passes;
		slots[i].memory = node->slots[i].memory;
		slots[i].label = node->slots[i].label;
		list[i] = &slots[i];
	}
	reply.n_slots = node->n_slots;
	reply.slots = list;
	return call_reply(step, call, &reply);
}

static void slots_drop(struct step *step, size_t at)
{
	struct node *node = step->node;
	char key[16];

	slot_key(key, node->slots[at].number);
	step_delete_local(step, key);
	node->n_slots--;
	memmove(&node->slots[at], &node->slots[at + 1],
		(node->n_slots - at) * sizeof(node->slots[0]));
}

static int slots_remove(struct step *step, struct call *call)
{
	struct node *node = step->node;
	char name[32];

	for (size_t i = 0; i < node->n_slots; i++) {
		slot_name(&node->slots[i], name);
		if (strcmp(name, call->request->slots->remove) != 0)
			continue;
		if (node->n_slots == 1)
			return call_fail(step, call, STATUS_REFUSED,
					 "%s is the only way in: add another "
					 "slot first",
					 name);
		slots_drop(step, i);
		return call_ok(step, call);
	}
	return call_fail(step, call, STATUS_NOT_FOUND,
			 "no slot of the name \"%s\"",
			 call->request->slots->remove);
}

static int slots_passphrase(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__SlotsAsk *ask = call->request->slots;
	int r;

	if (!call->kdf) {
		if (!call->slot &&
		    vault_slot_new(step, call, SLOT_PASSPHRASE) < 0)
			return -ENOMEM;
		return call_kdf(step, call, data_of(&ask->set_passphrase),
				call->slot);
	}
	if (!node_may_read(node)) /* locked while the key was made */
		return call_need(step, call, FOB__NEED__NEED_UNLOCK, 0);
	if (node->n_slots == SLOTS_MAX &&
	    !vault_slot_find(node, SLOT_PASSPHRASE))
		return call_fail(step, call, STATUS_REFUSED,
				 "there are %d slots already: remove one "
				 "first",
				 SLOTS_MAX);
	for (size_t i = node->n_slots; i-- > 0;)
		if (node->slots[i].type == SLOT_PASSPHRASE)
			slots_drop(step, i);
	r = vault_slot_add(step, call, call->kdf);
	REQUIRE(r <= 0);
	return r < 0 ? r : call_ok(step, call);
}

static int slots_key_file(struct step *step, struct call *call)
{
	const Fob__SlotsAsk *ask = call->request->slots;
	struct bytes label = text_of(ask->label);
	uint8_t secret[KEY_SIZE];
	int r;

	if (label.n > DEVICE_NAME_MAX || !text_line(label))
		return call_fail(step, call, STATUS_USAGE,
				 "label: at most %d bytes without control "
				 "characters",
				 DEVICE_NAME_MAX);
	if (vault_slot_new(step, call, SLOT_KEY_FILE) < 0)
		return -ENOMEM;
	memcpy(call->slot->label, label.p, label.n);
	slot_key_file(call->slot, data_of(&ask->add_key_file), secret);
	r = vault_slot_add(step, call, secret);
	sodium_memzero(secret, sizeof(secret));
	if (r > 0)
		return call_fail(step, call, STATUS_REFUSED,
				 "there are %d slots already: remove one "
				 "first",
				 SLOTS_MAX);
	return r < 0 ? r : call_ok(step, call);
}

int ask_slots(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__SlotsAsk *ask = call->request->slots;
	const struct client *client = call_client(node, call->conn);
	int r;

	if (ask->list)
		return slots_list(step, call);
	if (!node_may_read(node))
		return call_need(step, call, FOB__NEED__NEED_UNLOCK, 0);
	if (!call->kdf &&
	    (!client ||
	     client->fresh_kind != FOB__CONFIRM__CONFIRM_PASSPHRASE ||
	     client->fresh_until <= node->mono))
		return call_need(step, call, FOB__NEED__NEED_CONFIRM,
				 FOB__CONFIRM__CONFIRM_PASSPHRASE);
	if (ask->remove[0])
		return slots_remove(step, call);
	r = vault_opener_check(step, call, &ask->set_passphrase,
			       &ask->add_key_file);
	if (r)
		return r < 0 ? r : CALL_DONE;
	return ask->set_passphrase.len ? slots_passphrase(step, call) :
					 slots_key_file(step, call);
}
