/* Requests about the vault as a whole: making it, opening it. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/account.h"
#include "daemon/core/state.h"
#include "proto/text.h"

static struct bytes data_of(const ProtobufCBinaryData *data)
{
	return (struct bytes){ data->data, data->len };
}

int ask_hello(struct step *step, struct call *call)
{
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__ServerHello hello = FOB__SERVER_HELLO__INIT;

	hello.version = 1;
	hello.server = step->node->config.version;
	reply.hello = &hello;
	return call_reply(step, call, &reply);
}

int ask_events(struct step *step, struct call *call)
{
	struct client *client = call_client(step->node, call->conn);

	REQUIRE(client);
	client->events = true;
	client->events_id = call->request->id;
	return CALL_DONE;
}

int ask_lock(struct step *step, struct call *call)
{
	node_lock(step);
	return call_ok(step, call);
}

/* --- init ------------------------------------------------------------------------ */

static int device_new(struct step *step, const uint8_t *unlock_key)
{
	struct node *node = step->node;
	uint8_t row[DEVICE_ROW_MAX], nonce[NONCE_SIZE], entropy[KEY_SIZE];
	size_t n;

	/* Those of a join that was given up are of no use. */
	secret_free(node->self);
	secret_free(node->unlock_key);
	free(node->device_row);
	node->device_row = NULL;
	node->self = secret_alloc(sizeof(*node->self));
	node->unlock_key = secret_alloc(KEY_SIZE);
	if (!node->self || !node->unlock_key)
		return -ENOMEM;
	step_random(step, entropy, sizeof(entropy));
	step_random(step, nonce, sizeof(nonce));
	if (unlock_key)
		memcpy(node->unlock_key, unlock_key, KEY_SIZE);
	else
		step_random(step, node->unlock_key, KEY_SIZE);
	device_make(node->self, entropy);
	sodium_memzero(entropy, sizeof(entropy));
	n = device_pack(row, node->self,
			node->config.keeper ? NULL : node->unlock_key, nonce);
	node->device_row = malloc(n);
	if (!node->device_row)
		return -ENOMEM;
	memcpy(node->device_row, row, n);
	node->device_row_len = n;
	sodium_memzero(row, sizeof(row));
	return 0;
}

int vault_device_new(struct step *step)
{
	return device_new(step, NULL);
}

void vault_name(struct step *step, const char *name)
{
	struct node *node = step->node;

	memset(node->name, 0, sizeof(node->name));
	memcpy(node->name, name, size_min(strlen(name), DEVICE_NAME_MAX));
	step_put_local(step, "name", text_of(node->name));
	node->status_owed = true;
}

/* A name for a device: what it asked for, or "device". */
int vault_name_check(struct step *step, struct call *call, const char *name)
{
	struct bytes text = text_of(name);

	if (text.n > DEVICE_NAME_MAX || !text_line(text))
		return call_fail(step, call, STATUS_USAGE,
				 "name: at most %d bytes of UTF-8 without "
				 "control characters",
				 DEVICE_NAME_MAX) < 0 ?
			       -ENOMEM :
			       1;
	return 0;
}

struct genesis {
	Fob__Head head;
	Fob__Genesis payload;
	Fob__Certificate certificate;
	uint8_t nonce[ID_SIZE], cosign[SIGNATURE_SIZE];
	uint8_t sign[KEY_SIZE], wrap[KEY_SIZE];
};

static void genesis_fill(struct step *step, struct genesis *genesis,
			 const struct kit *kit)
{
	struct node *node = step->node;

	fob__head__init(&genesis->head);
	fob__genesis__init(&genesis->payload);
	device_certificate(node->self, &genesis->certificate);
	step_random(step, genesis->nonce, sizeof(genesis->nonce));
	memcpy(genesis->sign, kit->sign_public, KEY_SIZE);
	memcpy(genesis->wrap, kit->wrap_public, KEY_SIZE);
	genesis->payload.nonce =
		(ProtobufCBinaryData){ ID_SIZE, genesis->nonce };
	genesis->payload.recovery_sign =
		(ProtobufCBinaryData){ KEY_SIZE, genesis->sign };
	genesis->payload.recovery_wrap =
		(ProtobufCBinaryData){ KEY_SIZE, genesis->wrap };
	genesis->payload.device = &genesis->certificate;
	genesis->head.kind = FOB__KIND__GENESIS;
	genesis->head.author =
		(ProtobufCBinaryData){ DEVICE_ID_SIZE, node->self->id };
	genesis->head.time = (uint64_t)node->wall;
	genesis->head.genesis = &genesis->payload;
}

static int init_genesis(struct step *step, const struct kit *kit)
{
	struct node *node = step->node;
	AUTO_ITEM struct item item = { 0 };
	struct genesis genesis;
	struct take take = { 0 };
	uint32_t index;
	int r;

	genesis_fill(step, &genesis, kit);
	r = item_cosign(genesis.cosign, &genesis.head, NULL, kit->sign_secret);
	if (r < 0)
		return r;
	genesis.payload.cosign =
		(ProtobufCBinaryData){ SIGNATURE_SIZE, genesis.cosign };
	r = item_make(&item, &genesis.head, (struct bytes){ NULL, 0 }, NULL,
		      node->self->sign_secret);
	REQUIRE(r <= 0);
	if (r < 0)
		return r;
	take.body = (struct bytes){ item.body, item.body_len };
	take.signature = BYTES(item.signature);
	r = take_item(step, &take, &index);
	REQUIRE(r <= 0);
	return r < 0 ? r : take_settle(step);
}

static int init_key(struct step *step, const struct kit *kit)
{
	static const uint8_t main_group[GROUP_ID_SIZE];
	struct node *node = step->node;
	Fob__Head head = FOB__HEAD__INIT;
	struct keyring_first first;
	Fob__Key *key = NULL;
	uint8_t secret[KEY_SIZE];
	uint32_t index;
	int r;

	first.vault_id = node->set.vault_id;
	first.group = main_group;
	first.device = node->self->id;
	first.wrap_public = node->self->wrap_public;
	first.recovery_public = kit->wrap_public;
	step_random(step, secret, sizeof(secret));
	r = keyring_make_first(&first, secret, &key);
	sodium_memzero(secret, sizeof(secret));
	REQUIRE(r <= 0);
	if (r < 0)
		return r;
	head.kind = FOB__KIND__KEY;
	head.key = key;
	r = write_head(step, &head, (struct bytes){ NULL, 0 }, &index);
	fob__key__free_unpacked(key, NULL);
	REQUIRE(r <= 0);
	return r;
}

int vault_make(struct step *step, const char *name, const struct kit *kit,
	       const uint8_t *unlock_key)
{
	struct node *node = step->node;
	int r = device_new(step, unlock_key);

	if (r == 0)
		r = init_genesis(step, kit);
	if (r < 0)
		return r;
	step_put_local(step, "device",
		       (struct bytes){ node->device_row,
				       node->device_row_len });
	vault_name(step, name[0] ? name : "device");
	node->state = NODE_LOCKED;
	r = node_unlock(step);
	if (r == 0)
		r = init_key(step, kit);
	if (r == 0)
		r = start_channel_keys(step);
	step_trace(step, TRACE_INITIALIZED, node->self->id, NULL, 0);
	return r;
}

static int init_slots(struct step *step, struct call *call)
{
	const Fob__InitAsk *ask = call->request->init;
	uint8_t secret[KEY_SIZE];
	int r = 0;

	if (call->kdf)
		r = vault_slot_add(step, call, call->kdf);
	if (r || !ask->key_file.len)
		return r;
	free(call->slot);
	r = vault_slot_new(step, call, SLOT_KEY_FILE);
	if (r < 0)
		return r;
	slot_key_file(call->slot, data_of(&ask->key_file), secret);
	r = vault_slot_add(step, call, secret);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

static int init_reply(struct step *step, struct call *call, const uint8_t *seed)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Made made = FOB__MADE__INIT;
	uint8_t copy[KEY_SIZE];
	int r;

	memcpy(copy, seed, sizeof(copy));
	made.vault = (ProtobufCBinaryData){ ID_SIZE, node->set.vault_id };
	made.device = (ProtobufCBinaryData){ DEVICE_ID_SIZE, node->self->id };
	made.recovery_seed = (ProtobufCBinaryData){ sizeof(copy), copy };
	reply.made = &made;
	r = call_reply(step, call, &reply);
	sodium_memzero(copy, sizeof(copy));
	return r;
}

/* What a new device needs to be opened with: 0, or 1 when that was refused. */
int vault_opener_check(struct step *step, struct call *call,
		       const ProtobufCBinaryData *passphrase,
		       const ProtobufCBinaryData *key_file)
{
	if (passphrase->len > PASSPHRASE_MAX || key_file->len > KEY_FILE_MAX ||
	    (key_file->len && key_file->len < 16))
		return call_fail(step, call, STATUS_USAGE,
				 "a passphrase has at most %d bytes, a key "
				 "file 16 to %d",
				 PASSPHRASE_MAX, KEY_FILE_MAX) < 0 ?
			       -ENOMEM :
			       1;
	if (!passphrase->len && !key_file->len)
		return call_fail(step, call, STATUS_USAGE,
				 "the passphrase is empty: choose one, or "
				 "give a key file") < 0 ?
			       -ENOMEM :
			       1;
	return 0;
}

int vault_is_here(struct step *step, struct call *call)
{
	const struct node *node = step->node;

	if (node->recover)
		return call_fail(step, call, STATUS_CONFLICT,
				 "there is a vault here already, being "
				 "recovered: nothing was changed");
	if (node->state == NODE_RECOVERING)
		return call_fail(step, call, STATUS_CONFLICT,
				 "a recovery was cut here, and what came is "
				 "kept: fob recover goes on with it, fob "
				 "recover --forget throws it away; nothing "
				 "was changed");
	return call_fail(step, call, STATUS_CONFLICT,
			 "there is a vault here already: nothing was changed");
}

int ask_init(struct step *step, struct call *call)
{
	const Fob__InitAsk *ask = call->request->init;
	struct node *node = step->node;
	CLEANUP(kit_wipe) struct kit kit;
	AUTO_SECRET uint8_t *seed = NULL;
	int r;

	memset(&kit, 0, sizeof(kit));
	if (node->state != NODE_EMPTY || node->recover)
		return vault_is_here(step, call);
	if (node->config.keeper)
		return call_fail(step, call, STATUS_REFUSED,
				 "a keeper cannot make a vault: it joins one");
	r = vault_name_check(step, call, ask->name);
	if (r == 0)
		r = vault_opener_check(step, call, &ask->passphrase,
				       &ask->key_file);
	if (r)
		return r < 0 ? r : CALL_DONE;
	/* A join that was refused late leaves what it was shown. */
	if (node->join || node->set.pinned)
		return call_fail(step, call, STATUS_CONFLICT,
				 "this folder has begun to join a vault: use "
				 "another one; nothing was changed");
	if (ask->passphrase.len && !call->kdf) {
		if (!call->slot &&
		    vault_slot_new(step, call, SLOT_PASSPHRASE) < 0)
			return -ENOMEM;
		return call_kdf(step, call, data_of(&ask->passphrase),
				call->slot);
	}
	seed = secret_alloc(KEY_SIZE);
	if (!seed)
		return -ENOMEM;
	step_random(step, seed, KEY_SIZE);
	kit_derive(&kit, seed);
	r = vault_make(step, ask->name, &kit, NULL);
	if (r == 0)
		r = init_slots(step, call);
	REQUIRE(r <= 0);
	return r < 0 ? r : init_reply(step, call, seed);
}

/* --- unlock, confirm --------------------------------------------------------------- */

static int wrong_passphrase(struct step *step, struct call *call,
			    const char *what)
{
	struct node *node = step->node;
	uint64_t delay = 0;

	node->failures++;
	if (node->failures >= FRESH_FAILURES) {
		delay = 1000ull << size_min(node->failures - FRESH_FAILURES, 6);
		if (delay > FRESH_DELAY_MAX_MS)
			delay = FRESH_DELAY_MAX_MS;
		node->failure_until = node->mono + delay;
	}
	step_trace(step, TRACE_UNLOCK_FAILED, NULL, NULL, node->failures);
	if (logbook_add(step, LOGBOOK_FAILED, (struct bytes){ NULL, 0 },
			node->failures) < 0)
		return -ENOMEM;
	if (delay)
		return call_fail(step, call, STATUS_REFUSED,
				 "wrong %s; after %u in a row the next try "
				 "has to wait %u s",
				 what, (unsigned)node->failures,
				 (unsigned)(delay / 1000));
	return call_fail(step, call, STATUS_REFUSED, "wrong %s", what);
}

struct opener {
	const ProtobufCBinaryData *passphrase, *key_file;
	const Fob__Fido2Secret *fido2; /* or NULL */
};

static const char *opener_text(const struct opener *with)
{
	if (with->fido2)
		return "security key";
	return with->key_file->len ? "key file" : "passphrase";
}

static int try_key_file(struct node *node, const struct opener *with,
			uint8_t *ret)
{
	uint8_t secret[KEY_SIZE];
	int r = 2;

	for (size_t i = 0; i < node->n_slots && r; i++) {
		if (node->slots[i].type != SLOT_KEY_FILE)
			continue;
		slot_key_file(&node->slots[i], data_of(with->key_file), secret);
		r = slot_open(&node->slots[i], secret, ret) ? 1 : 0;
	}
	sodium_memzero(secret, sizeof(secret));
	return r;
}

/* The unlock key out of a slot: 0, 1 wrong, 2 no such slot, CALL_* + 16. */
static int try_open(struct step *step, struct call *call,
		    const struct opener *with, uint8_t *ret)
{
	struct node *node = step->node;
	struct slot *slot;
	int r;

	if (with->fido2)
		return vault_slot_fido2(node, with->fido2, ret);
	if (with->key_file->len)
		return try_key_file(node, with, ret);
	slot = vault_slot_find(node, SLOT_PASSPHRASE);
	if (!slot)
		return 2;
	if (!call->kdf) {
		r = call_kdf(step, call, data_of(with->passphrase), slot);
		return r < 0 ? r : r + 16;
	}
	return slot_open(slot, call->kdf, ret) ? 1 : 0;
}

/* 0 with the unlock key; 1: replied; CALL_* + 16; negative. */
static int open_with(struct step *step, struct call *call,
		     const struct opener *with, uint8_t *ret)
{
	struct node *node = step->node;
	const char *what = opener_text(with);
	int r;

	if (!with->fido2 && !with->key_file->len && !with->passphrase->len)
		r = call_fail(step, call, STATUS_LOCKED, "no passphrase");
	else if (with->passphrase->len > PASSPHRASE_MAX ||
		 with->key_file->len > KEY_FILE_MAX)
		r = wrong_passphrase(step, call, what);
	else if (!call->kdf && node->failure_until > node->mono)
		r = call_fail(
			step, call, STATUS_REFUSED,
			"too many wrong tries: wait %u s",
			(unsigned)((node->failure_until - node->mono + 999) /
				   1000));
	else {
		r = try_open(step, call, with, ret);
		if (r == 1)
			r = wrong_passphrase(step, call, what);
		else if (r == 2)
			r = call_fail(
				step, call, STATUS_REFUSED,
				"this device has no %s slot: fob passphrase --list tells what opens it",
				what);
		else
			return r;
	}
	return r < 0 ? r : 1;
}

int ask_unlock(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__UnlockAsk *ask = call->request->unlock;
	struct opener with = { &ask->passphrase, &ask->key_file, ask->fido2 };
	AUTO_SECRET uint8_t *key = secret_alloc(KEY_SIZE);
	int r;

	if (!key)
		return -ENOMEM;
	if (node->state == NODE_EMPTY || node->state == NODE_RECOVERING)
		return call_need(step, call, FOB__NEED__NEED_VAULT, 0);
	if (node->state == NODE_KEEPER || node_may_read(node))
		return call_ok(step, call);
	r = open_with(step, call, &with, key);
	if (r)
		return r < 0 ? r : r == 1 ? CALL_DONE : r - 16;
	if (device_unlock(node->self,
			  (struct bytes){ node->device_row,
					  node->device_row_len },
			  key))
		return call_fail(step, call, STATUS_FAILED,
				 "the keys of this device are damaged: "
				 "restore the vault's folder, or join again "
				 "from another device");
	secret_free(node->unlock_key);
	node->unlock_key = key;
	key = NULL;
	/* A join that was cut goes on; its end finds the keys open. */
	if (node->state == NODE_JOINING)
		return call_ok(step, call);
	r = node_unlock(step);
	return r < 0 ? r : call_ok(step, call);
}

int ask_confirm(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__ConfirmAsk *ask = call->request->confirm;
	struct opener with = { &ask->passphrase, &ask->key_file, ask->fido2 };
	struct client *client = call_client(node, call->conn);
	AUTO_SECRET uint8_t *key = secret_alloc(KEY_SIZE);
	int r;

	if (!key)
		return -ENOMEM;
	r = open_with(step, call, &with, key);
	if (r)
		return r < 0 ? r : r == 1 ? CALL_DONE : r - 16;
	REQUIRE(client);
	node->failures = 0;
	client->fresh_kind = ask->kind;
	client->fresh_until = node->mono + FRESH_MS;
	client->export_told = false;
	return call_ok(step, call);
}
