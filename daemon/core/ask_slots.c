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

void vault_slots_copy(struct step *step, const struct node *from)
{
	for (size_t i = 0; i < from->n_slots; i++)
		slot_save(step, &from->slots[i]);
}

struct slot *vault_slot_find(struct node *node, uint8_t type)
{
	for (size_t i = 0; i < node->n_slots; i++)
		if (node->slots[i].type == type)
			return &node->slots[i];
	return NULL;
}

static void slot_name(const struct slot *slot, char ret[static 32])
{
	if (slot->type == SLOT_PASSPHRASE)
		snprintf(ret, 32, "passphrase");
	else
		snprintf(ret, 32, "%s-%u",
			 slot->type == SLOT_FIDO2 ? "fido2" : "key-file",
			 (unsigned)slot->number);
}

int vault_slot_fido2(struct node *node, const Fob__Fido2Secret *fido2,
		     uint8_t ret_unlock_key[static KEY_SIZE])
{
	uint8_t secret[KEY_SIZE];
	char name[32];

	for (size_t i = 0; i < node->n_slots; i++) {
		const struct slot *slot = &node->slots[i];
		int r = 1;

		slot_name(slot, name);
		if (slot->type != SLOT_FIDO2 || strcmp(name, fido2->slot) != 0)
			continue;
		if (fido2->secret.len == KEY_SIZE) {
			slot_fido2(slot, fido2->secret.data, secret);
			r = slot_open(slot, secret, ret_unlock_key) ? 1 : 0;
		}
		sodium_memzero(secret, sizeof(secret));
		return r;
	}
	return 2;
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

/* A slot in a reply, and what it points to. */
struct shown {
	Fob__Slot slot;
	Fob__Fido2 fido2;
	char name[32], type[16];
};

/* What a security key is asked, it may be seen: the answer is the secret. */
static void show_fido2(struct shown *ret, struct slot_fido2 *fido2)
{
	fob__fido2__init(&ret->fido2);
	ret->fido2.credential = (ProtobufCBinaryData){ fido2->credential_len,
						       fido2->credential };
	ret->fido2.salt =
		(ProtobufCBinaryData){ sizeof(fido2->salt), fido2->salt };
	ret->fido2.rp = fido2->rp;
	ret->fido2.verify = fido2->verify;
	ret->slot.fido2 = &ret->fido2;
}

static void show_slot(struct shown *ret, struct slot *slot)
{
	static const char *const types[] = {
		[SLOT_PASSPHRASE] = "passphrase",
		[SLOT_KEY_FILE] = "key-file",
		[SLOT_FIDO2] = "fido2",
	};

	fob__slot__init(&ret->slot);
	slot_name(slot, ret->name);
	memcpy(ret->type, types[slot->type], strlen(types[slot->type]) + 1);
	ret->slot.name = ret->name;
	ret->slot.type = ret->type;
	ret->slot.created = slot->created;
	ret->slot.passes = slot->passes;
	ret->slot.memory = slot->memory;
	ret->slot.label = slot->label;
	if (slot->type == SLOT_FIDO2)
		show_fido2(ret, &slot->fido2);
}

static int slots_list(struct step *step, struct call *call)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	struct shown shown[SLOTS_MAX];
	Fob__Slot *list[SLOTS_MAX];

	for (size_t i = 0; i < node->n_slots; i++) {
		show_slot(&shown[i], &node->slots[i]);
		list[i] = &shown[i].slot;
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
	return call_fail(
		step, call, STATUS_NOT_FOUND,
		"no slot of the name \"%s\": fob passphrase --list tells what there is",
		call->request->slots->remove);
}

static int slots_full(struct step *step, struct call *call)
{
	return call_fail(step, call, STATUS_REFUSED,
			 "there are %d slots already: remove one first",
			 SLOTS_MAX);
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
		return slots_full(step, call);
	for (size_t i = node->n_slots; i-- > 0;)
		if (node->slots[i].type == SLOT_PASSPHRASE)
			slots_drop(step, i);
	r = vault_slot_add(step, call, call->kdf);
	REQUIRE(r <= 0);
	return r < 0 ? r : call_ok(step, call);
}

/* A slot with the label that was asked for; 1: that was refused. */
static int slots_labelled(struct step *step, struct call *call, uint8_t type)
{
	struct bytes label = text_of(call->request->slots->label);

	if (label.n > DEVICE_NAME_MAX || !text_line(label))
		return call_fail(step, call, STATUS_USAGE,
				 "label: at most %d bytes without control "
				 "characters",
				 DEVICE_NAME_MAX) < 0 ?
			       -ENOMEM :
			       1;
	if (vault_slot_new(step, call, type) < 0)
		return -ENOMEM;
	memcpy(call->slot->label, label.p, label.n);
	return 0;
}

static int slots_key_file(struct step *step, struct call *call)
{
	const Fob__SlotsAsk *ask = call->request->slots;
	uint8_t secret[KEY_SIZE];
	int r = slots_labelled(step, call, SLOT_KEY_FILE);

	if (r)
		return r < 0 ? r : CALL_DONE;
	slot_key_file(call->slot, data_of(&ask->add_key_file), secret);
	r = vault_slot_add(step, call, secret);
	sodium_memzero(secret, sizeof(secret));
	if (r > 0)
		return slots_full(step, call);
	return r < 0 ? r : call_ok(step, call);
}

static bool fido2_sound(const Fob__Fido2 *fido2)
{
	size_t rp = strlen(fido2->rp);

	return fido2->credential.len > 0 &&
	       fido2->credential.len <= FIDO2_CREDENTIAL_MAX &&
	       fido2->salt.len == FIDO2_SALT_SIZE && rp > 0 &&
	       rp <= FIDO2_RP_MAX && fido2->secret.len == KEY_SIZE;
}

static void fido2_fill(struct slot_fido2 *ret, const Fob__Fido2 *fido2)
{
	ret->verify = fido2->verify;
	memcpy(ret->salt, fido2->salt.data, sizeof(ret->salt));
	memcpy(ret->rp, fido2->rp, strlen(fido2->rp));
	ret->credential_len = fido2->credential.len;
	memcpy(ret->credential, fido2->credential.data, ret->credential_len);
}

/*
 * Asked first without a credential, so that nobody touches a key, or makes a
 * credential in it, for a slot that is refused then.
 */
static int slots_fido2(struct step *step, struct call *call)
{
	const Fob__Fido2 *fido2 = call->request->slots->add_fido2;
	uint8_t secret[KEY_SIZE];
	int r;

	if (step->node->n_slots == SLOTS_MAX)
		return slots_full(step, call);
	r = slots_labelled(step, call, SLOT_FIDO2);
	if (r)
		return r < 0 ? r : CALL_DONE;
	if (!fido2->credential.len)
		return call_ok(step, call);
	if (!fido2_sound(fido2))
		return call_fail(step, call, STATUS_USAGE,
				 "that is no credential of a security key");
	fido2_fill(&call->slot->fido2, fido2);
	slot_fido2(call->slot, fido2->secret.data, secret);
	r = vault_slot_add(step, call, secret);
	sodium_memzero(secret, sizeof(secret));
	REQUIRE(r == 0);
	return call_ok(step, call);
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
	if (ask->add_fido2)
		return slots_fido2(step, call);
	r = vault_opener_check(step, call, &ask->set_passphrase,
			       &ask->add_key_file);
	if (r)
		return r < 0 ? r : CALL_DONE;
	return ask->set_passphrase.len ? slots_passphrase(step, call) :
					 slots_key_file(step, call);
}
