/*
 * The passphrase of this device is forgotten: new keys, kept beside the old
 * ones until the vault knows them, or put in their place at once by the kit.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/recover.h"
#include "daemon/core/reset.h"
#include "proto/secret.h"

enum { RESET_ASKS = 1 };

/* --- the new keys ----------------------------------------------------------- */

static struct slot *reset_passphrase_slot(struct reset *reset)
{
	for (size_t i = 0; reset && i < reset->n_slots; i++)
		if (reset->slots[i].type == SLOT_PASSPHRASE)
			return &reset->slots[i];
	return NULL;
}

/* Opens keys that were made before, with what was given for them then. */
static bool reset_open(struct reset *reset, const struct call *call)
{
	const Fob__ResetAsk *ask = call->request->reset;
	uint8_t secret[KEY_SIZE];
	bool open = false;

	for (size_t i = 0; i < reset->n_slots && !open; i++) {
		const struct slot *slot = &reset->slots[i];

		if (slot->type == SLOT_PASSPHRASE && call->kdf) {
			open = !slot_open(slot, call->kdf, reset->unlock_key);
		} else if (slot->type == SLOT_KEY_FILE && ask->key_file.len) {
			slot_key_file(slot,
				      (struct bytes){ ask->key_file.data,
						      ask->key_file.len },
				      secret);
			open = !slot_open(slot, secret, reset->unlock_key);
			sodium_memzero(secret, sizeof(secret));
		}
	}
	reset->open = open && !device_unlock(&reset->keys,
					     (struct bytes){ reset->row,
							     reset->row_len },
					     reset->unlock_key);
	return reset->open;
}

/* None of them has the number of another, nor of one that was before. */
static void reset_slot(struct node *node, struct slot *slot,
		       const uint8_t secret[static KEY_SIZE])
{
	struct reset *reset = node->reset;

	slot->number = node->next_slot < UINT8_MAX ?
			       node->next_slot++ :
			       (uint8_t)(reset->n_slots + 1);
	slot_seal(slot, secret, reset->unlock_key);
	reset->slots[reset->n_slots++] = *slot;
}

static int reset_slots(struct step *step, struct call *call)
{
	const Fob__ResetAsk *ask = call->request->reset;
	uint8_t secret[KEY_SIZE];
	int r;

	if (call->kdf) {
		if (!call->slot->passes)
			call->slot->passes = call->passes;
		reset_slot(step->node, call->slot, call->kdf);
	}
	if (!ask->key_file.len)
		return 0;
	free(call->slot);
	call->slot = NULL;
	r = vault_slot_new(step, call, SLOT_KEY_FILE);
	if (r < 0)
		return r;
	slot_key_file(call->slot,
		      (struct bytes){ ask->key_file.data, ask->key_file.len },
		      secret);
	reset_slot(step->node, call->slot, secret);
	sodium_memzero(secret, sizeof(secret));
	return 0;
}

static int reset_make(struct step *step, struct call *call)
{
	uint8_t nonce[NONCE_SIZE], entropy[KEY_SIZE];
	struct reset *reset;

	reset_drop(step);
	reset = step->node->reset = secret_alloc(sizeof(*reset));
	if (!reset)
		return -ENOMEM;
	step_random(step, entropy, sizeof(entropy));
	step_random(step, nonce, sizeof(nonce));
	step_random(step, reset->unlock_key, sizeof(reset->unlock_key));
	device_make(&reset->keys, entropy);
	sodium_memzero(entropy, sizeof(entropy));
	reset->row_len =
		device_pack(reset->row, &reset->keys, reset->unlock_key, nonce);
	reset->open = true;
	return reset_slots(step, call);
}

/*
 * May keys that nobody can open any more be forgotten? Not when who was given
 * their signature may have added them since: a new session with it, under the
 * old keys, says that it has not.
 */
static bool reset_lost(const struct node *node)
{
	const struct reset *reset = node->reset;
	uint32_t author;
	const struct sync_peer *peer;

	if (!reset->offered)
		return true;
	author = set_author(&node->set, reset->sponsor);
	if (author == NONE || !node->set.authors[author].member)
		return true;
	peer = sync_peer_of((struct sync *)(uintptr_t)&node->sync, author);
	return peer && peer->greeted && peer->conn != reset->sponsor_conn;
}

static int reset_kdf(struct step *step, struct call *call)
{
	const Fob__ResetAsk *ask = call->request->reset;
	const struct slot *slot =
		call->slot ? call->slot :
			     reset_passphrase_slot(step->node->reset);

	if (!slot && vault_slot_new(step, call, SLOT_PASSPHRASE) < 0)
		return -ENOMEM;
	return call_kdf(step, call,
			(struct bytes){ ask->passphrase.data,
					ask->passphrase.len },
			slot ? slot : call->slot);
}

/*
 * The keys are here and open: 0. Or CALL_* + 16 of a passphrase that is being
 * worked on; 1 when it was replied that it is another one.
 */
static int reset_keys(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__ResetAsk *ask = call->request->reset;
	int r;

	if (ask->passphrase.len && !call->kdf) {
		r = reset_kdf(step, call);
		return r < 0 ? r : r + 16;
	}
	if (node->reset && !call->slot && reset_open(node->reset, call))
		return 0;
	if (node->reset && !ask->recovery_seed.len && !reset_lost(node)) {
		r = call_fail(step, call, STATUS_CONFLICT,
			      "new keys with another passphrase were shown to "
			      "another device, which may have approved them: "
			      "give that passphrase, or let the two connect "
			      "first, or use --kit");
		return r < 0 ? r : 1;
	}
	if (call->kdf && !call->slot) {
		/* Made for the slot of keys that are forgotten now. */
		secret_free(call->kdf);
		call->kdf = NULL;
		if (vault_slot_new(step, call, SLOT_PASSPHRASE) < 0)
			return -ENOMEM;
		r = reset_kdf(step, call);
		return r < 0 ? r : r + 16;
	}
	return reset_make(step, call);
}

/* --- by the kit ------------------------------------------------------------- */

static int kit_items(struct step *step, const struct kit *kit)
{
	static const uint8_t nobody[DEVICE_ID_SIZE];
	struct node *node = step->node;
	struct replacement what = { .old = node->self_author, .kit = kit };
	Fob__Add add = FOB__ADD__INIT;
	Fob__Certificate certificate;
	uint8_t signature[SIGNATURE_SIZE];
	uint32_t author;

	device_certificate(&node->reset->keys, &certificate);
	add.device = &certificate;
	add.role = FOB__ROLE__DEVICE;
	add.ordinal = roster_next_ordinal(&node->roster, NONE);
	item_join_sign(signature, node->set.vault_id, nobody, &add,
		       node->reset->keys.sign_secret);
	what.device = &certificate;
	what.ordinal = add.ordinal;
	what.join_sig = signature;
	return replace_write(step, &what, &author);
}

/* Whoever causes a debt pays it: the kit opens what is to be carried on. */
static int kit_keys(struct step *step, const struct kit *kit)
{
	struct node *node = step->node;
	int r = keyring_open_kit(&node->keyring, kit);

	for (uint32_t i = 0; i < node->roster.n_groups && r >= 0; i++) {
		uint32_t group = node->roster.groups[i].group;

		if (roster_reads(&node->roster, group, node->self_author))
			r = write_key(step, group, NONE);
	}
	if (r < 0)
		return r;
	/* What it opened besides is not this device's to hold. */
	keyring_lock(&node->keyring);
	node->seen_heads = UINT32_MAX;
	return take_settle(step);
}

static int reset_reply(struct step *step, struct call *call)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Joined joined = FOB__JOINED__INIT;

	joined.id = (ProtobufCBinaryData){ DEVICE_ID_SIZE, node->self->id };
	joined.name = node->name;
	reply.joined = &joined;
	return call_reply(step, call, &reply);
}

static int reset_by_kit(struct step *step, struct call *call,
			const struct kit *kit)
{
	int r = kit_items(step, kit);

	if (r > 0) {
		reset_drop(step);
		return call_fail(step, call, STATUS_FAILED,
				 "the kit could not add new keys; nothing was "
				 "changed");
	}
	if (r == 0)
		r = reset_adopt(step);
	if (r == 0)
		r = kit_keys(step, kit);
	if (r < 0)
		return r;
	kit_drilled(step);
	return reset_reply(step, call);
}

/* --- by another device ---------------------------------------------------------- */

static int reset_show(struct step *step, struct call *call)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Progress progress = FOB__PROGRESS__INIT;
	Fob__Certificate certificate;
	char words[RESET_WORDS_SIZE], what[] = "words", *list[1] = { words };

	device_certificate(&node->reset->keys, &certificate);
	reset_words(node, node->self_author, &certificate, words);
	progress.what = what;
	progress.words = list;
	progress.n_words = 1;
	reply.more = true;
	reply.progress = &progress;
	return call_reply(step, call, &reply);
}

static int reset_wait(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__ResetAsk *ask = call->request->reset;
	int r;

	reset_save(step);
	node->reset->call = call->number;
	memset(node->reset->asked, 0, sizeof(node->reset->asked));
	call->stage = RESET_ASKS;
	call->deadline =
		node->mono + (ask->timeout_ms ? ask->timeout_ms : RESET_MS);
	r = reset_show(step, call);
	if (r == 0)
		r = reset_ask_around(step);
	return r < 0 ? r : CALL_PARK;
}

static bool reset_synced(const struct node *node)
{
	if (!node_may_read(node))
		return false;
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (node->sync.peers[i].conn && node->sync.peers[i].was_equal)
			return keyring_complete(&node->keyring,
						node->self_author);
	return false;
}

static int reset_go_on(struct step *step, struct call *call)
{
	struct node *node = step->node;
	bool late = call->stage == CALL_LATE;
	int r;

	if (!node->reset && reset_synced(node))
		return reset_reply(step, call);
	if (!node->reset && late)
		return call_fail(step, call, STATUS_TIMEOUT,
				 "the new keys were approved, and the first "
				 "sync with them is not complete in time: it "
				 "goes on by itself while fobd runs");
	if (node->reset && late) {
		node->reset->call = 0;
		return call_fail(step, call, STATUS_TIMEOUT,
				 "nobody approved the new keys in time: run "
				 "it again, with the same new passphrase, and "
				 "the words stay the same");
	}
	if (node->reset && !node->set.authors[node->self_author].member)
		return call_revoked(step, call);
	r = node->reset ? reset_ask_around(step) : 0;
	return r < 0 ? r : CALL_PARK;
}

/* --- what the client asks --------------------------------------------------------- */

static bool reset_superior(const struct node *node)
{
	for (uint32_t i = 0; i < node->set.n_authors; i++)
		if (node->roster.devices[i].reader &&
		    roster_outranks(&node->roster, i, node->self_author))
			return true;
	return false;
}

/* 0, or 1 when it was replied why not. */
static int reset_check(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__ResetAsk *ask = call->request->reset;
	const char *why = NULL;
	enum status status = STATUS_REFUSED;
	int r;

	if (node->state == NODE_KEEPER) {
		why = "a keeper has no passphrase";
	} else if (!node->set.authors[node->self_author].member) {
		r = call_revoked(step, call);
		return r < 0 ? r : 1;
	} else if (node->roster.devices[node->self_author].suspended) {
		why = "this device is suspended: that has to be settled "
		      "first, on another device or with the kit";
	} else if (node->reset && node->reset->call &&
		   node->reset->call != call->number) {
		why = "new keys are being asked for already";
		status = STATUS_CONFLICT;
	} else if (!ask->recovery_seed.len && !reset_superior(node)) {
		why = "no device stands above this one, so only the recovery "
		      "kit can approve new keys for it: fob passphrase "
		      "--reset --kit";
	} else {
		return vault_opener_check(step, call, &ask->passphrase,
					  &ask->key_file);
	}
	r = call_fail(step, call, status, "%s", why);
	return r < 0 ? r : 1;
}

static int reset_begin(struct step *step, struct call *call)
{
	const Fob__ResetAsk *ask = call->request->reset;
	CLEANUP(kit_wipe) struct kit kit = { 0 };
	int r = reset_check(step, call);

	if (r == 0 && ask->recovery_seed.len)
		r = revoke_kit(step, call, &ask->recovery_seed, &kit);
	if (r)
		return r < 0 ? r : CALL_DONE;
	r = reset_keys(step, call);
	if (r)
		return r < 0 ? r : r == 1 ? CALL_DONE : r - 16;
	node_lock(step);
	if (!ask->recovery_seed.len)
		return reset_wait(step, call);
	step->node->reset->call = call->number;
	return reset_by_kit(step, call, &kit);
}

int ask_reset(struct step *step, struct call *call)
{
	return call->stage == 0 ? reset_begin(step, call) :
				  reset_go_on(step, call);
}
