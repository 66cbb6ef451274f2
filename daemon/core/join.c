/* A new device comes into a vault. */
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/meet.h"
#include "proto/text.h"

void join_free(struct join *join)
{
	if (!join)
		return;
	if (join->meeting.pairing)
		pairing_deinit(join->meeting.pairing);
	secret_free(join->meeting.pairing);
	free(join->addresses);
	secret_free(join);
}

static void join_end(struct step *step)
{
	struct node *node = step->node;

	meeting_close(step, &node->join->meeting);
	join_free(node->join);
	node->join = NULL;
}

/* Nobody waits any more; keys that were kept are there for another try. */
void join_gone(struct step *step)
{
	join_end(step);
}

void join_fail(struct step *step, enum status status, const char *format, ...)
{
	struct join *join = step->node->join;
	va_list args;

	if (join->stage == JOIN_FAILED)
		return;
	join->stage = JOIN_FAILED;
	join->status = status;
	va_start(args, format);
	vsnprintf(join->why, sizeof(join->why), format, args);
	va_end(args);
	meeting_close(step, &join->meeting);
}

/* --- the connection ------------------------------------------------------------------ */

static void join_dial(struct step *step)
{
	struct node *node = step->node;
	struct join *join = node->join;
	struct effect *effect;

	if (join->tried == join->n_addresses) {
		join_fail(step, STATUS_TIMEOUT,
			  "nobody answers at %s: is the inviter on, is the "
			  "code still shown there?",
			  join->addresses[join->n_addresses - 1]);
		return;
	}
	node->next_dial = (node->next_dial + 1) & ~CONN_DIALED;
	join->meeting.conn = node->next_dial | CONN_DIALED;
	effect = effects_add(step->effects, EFFECT_MEET_DIAL);
	effect->conn = join->meeting.conn;
	memcpy(effect->address, join->addresses[join->tried++],
	       sizeof(effect->address));
}

int join_up(struct step *step)
{
	struct join *join = step->node->join;
	struct pairing_params params = { .joiner = true };

	params.mode = join->mode;
	params.code = join->code;
	return meeting_open(step, &join->meeting, step->event->conn, &params);
}

int join_down(struct step *step)
{
	struct join *join = step->node->join;

	join->meeting.conn = 0;
	if (join->stage == JOIN_DIALS)
		join_dial(step);
	return 0;
}

/* --- the conversation ------------------------------------------------------------------ */

static int join_words(struct step *step)
{
	struct node *node = step->node;
	struct call *call = call_find(node, node->join->call);
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Progress progress = FOB__PROGRESS__INIT;
	char words[PAIRING_WORDS_SIZE], what[] = "compare";
	char *list[1] = { words };

	if (!call)
		return 0;
	pairing_words(node->join->meeting.hash, words);
	progress.what = what;
	progress.n_words = 1;
	progress.words = list;
	reply.more = true;
	reply.progress = &progress;
	return call_reply(step, call, &reply);
}

static int join_ask(struct step *step)
{
	struct node *node = step->node;
	struct call *call = call_find(node, node->join->call);
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairAsk ask = FOB__PAIR_ASK__INIT;
	Fob__Certificate certificate;
	char name[DEVICE_NAME_MAX + 1] = { 0 };
	int r;

	if (!call) {
		join_end(step);
		return 0;
	}
	r = join_words(step);
	if (r < 0)
		return r;
	memcpy(name, call->request->join->name,
	       size_min(strlen(call->request->join->name), DEVICE_NAME_MAX));
	device_certificate(node->self, &certificate);
	ask.name = name;
	ask.role = node->config.keeper ? FOB__ROLE__KEEPER : FOB__ROLE__DEVICE;
	ask.device = &certificate;
	message.ask = &ask;
	node->join->stage = JOIN_ASKED;
	return meeting_say(step, &node->join->meeting, &message);
}

/* An item that must be taken, or held already. 0, 1 refused, negative. */
static int join_take(struct step *step, const Fob__Item *item)
{
	struct take take = { .conn = UINT32_MAX };
	uint32_t index;
	int r;

	if (!item)
		return 1;
	take.body = (struct bytes){ item->body.data, item->body.len };
	take.signature =
		(struct bytes){ item->signature.data, item->signature.len };
	if (take.signature.n != SIGNATURE_SIZE || take.body.n > BODY_MAX)
		return 1;
	r = take_item(step, &take, &index);
	return r == SET_ERR_HELD ? 0 : r < 0 ? r : r > 0;
}

static int join_try_one(struct set *set, const Fob__Item *from)
{
	AUTO_ITEM struct item item = { 0 };
	const struct set_arrival how = { .seq = NONE };
	uint32_t index;
	int r;

	if (!from)
		return 1;
	r = item_parse(&item, set->pinned ? set->vault_id : NULL,
		       (struct bytes){ from->body.data, from->body.len },
		       (struct bytes){ from->signature.data,
				       from->signature.len },
		       (struct bytes){ NULL, 0 });
	if (r == 0)
		r = set_add(set, &item, &how, &index);
	return r == SET_ERR_HELD ? 0 : r < 0 ? r : r > 0;
}

/*
 * Would the offer do, in a set that nobody keeps? A GENESIS that is stored
 * pins the folder to its vault for good. 0, 1 it would not, negative.
 */
static int join_try(const Fob__PairOffer *offer)
{
	struct set set;
	uint32_t sponsor;
	int r;

	set_init(&set);
	r = join_try_one(&set, offer->genesis);
	for (size_t i = 0; r == 0 && i < offer->n_chain; i++)
		r = join_try_one(&set, offer->chain[i]);
	if (r == 0)
		r = set_evaluate(&set);
	sponsor = set_author(&set, offer->sponsor.data);
	if (r == 0 && (sponsor == NONE || !set.authors[sponsor].member))
		r = 1;
	set_deinit(&set);
	return r;
}

/* Keys, slots and name are on disk before our signature leaves. */
static int join_keep(struct step *step, struct call *call, const char *name)
{
	struct node *node = step->node;
	const Fob__JoinAsk *ask = call->request->join;
	uint8_t secret[KEY_SIZE];
	int r = 0;

	if (node->n_slots || node->config.keeper)
		goto named; /* a join that was cut goes on */
	if (call->kdf)
		r = vault_slot_add(step, call, call->kdf);
	if (r == 0 && ask->key_file.len) {
		free(call->slot);
		call->slot = NULL;
		r = vault_slot_new(step, call, SLOT_KEY_FILE);
		if (r < 0)
			return r;
		slot_key_file(call->slot,
			      (struct bytes){ ask->key_file.data,
					      ask->key_file.len },
			      secret);
		r = vault_slot_add(step, call, secret);
		sodium_memzero(secret, sizeof(secret));
	}
	REQUIRE(r <= 0);
named:
	step_put_local(step, "device",
		       (struct bytes){ node->device_row,
				       node->device_row_len });
	vault_name(step, name);
	node->state = NODE_JOINING;
	return r;
}

static int join_sign(struct step *step, const Fob__PairOffer *offer)
{
	struct node *node = step->node;
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairSign sign = FOB__PAIR_SIGN__INIT;
	Fob__Add add = FOB__ADD__INIT;
	Fob__Certificate certificate;
	uint8_t signature[SIGNATURE_SIZE];

	device_certificate(node->self, &certificate);
	add.device = &certificate;
	add.role = node->config.keeper ? FOB__ROLE__KEEPER : FOB__ROLE__DEVICE;
	add.ordinal = offer->ordinal;
	item_join_sign(signature, node->set.vault_id, offer->sponsor.data, &add,
		       node->self->sign_secret);
	sign.join_sig = (ProtobufCBinaryData){ sizeof(signature), signature };
	message.sign = &sign;
	node->join->stage = JOIN_SIGNED;
	return meeting_say(step, &node->join->meeting, &message);
}

static int join_offer(struct step *step, const Fob__PairOffer *offer)
{
	struct node *node = step->node;
	struct join *join = node->join;
	struct call *call = call_find(node, join->call);
	struct bytes name = text_of(offer->name);
	uint32_t sponsor;
	int r;

	if (!call || offer->sponsor.len != DEVICE_ID_SIZE || !name.n ||
	    name.n > DEVICE_NAME_MAX || !text_line(name) ||
	    offer->n_chain > CHAIN_ADDS) {
		join_fail(step, STATUS_FAILED,
			  "the inviter did not speak as expected: are both of "
			  "one version?");
		return 0;
	}
	r = node->set.pinned ? 0 : join_try(offer);
	if (r == 0)
		r = join_take(step, offer->genesis);
	for (size_t i = 0; r == 0 && i < offer->n_chain; i++)
		r = join_take(step, offer->chain[i]);
	if (r == 0)
		r = take_settle(step);
	sponsor = set_author(&node->set, offer->sponsor.data);
	if (r < 0)
		return r;
	if (r > 0 || sponsor == NONE) {
		join_fail(step, STATUS_CONFLICT,
			  "this is not the vault that this folder has begun "
			  "to join, or the inviter is no member of it");
		return 0;
	}
	r = join_keep(step, call, offer->name);
	if (r == 0)
		r = peer_by_hand(step, sponsor,
				 join->addresses[join->tried - 1]);
	return r < 0 ? r : join_sign(step, offer);
}

static int join_welcome(struct step *step, const Fob__PairWelcome *welcome)
{
	struct node *node = step->node;
	struct join *join = node->join;
	int r = join_take(step, welcome->add);

	if (r == 0)
		r = take_settle(step);
	if (r < 0)
		return r;
	if (r > 0 || node->self_author == NONE) {
		join_fail(step, STATUS_FAILED,
			  "the inviter's welcome does not name this device");
		return 0;
	}
	meeting_close(step, &join->meeting);
	join->stage = JOIN_SYNCS;
	return start_channel_keys(step);
}

static void join_refused(struct step *step, uint32_t reason)
{
	static const char *const why[] = {
		[1] = "the person at the other device said no",
		[2] = "the vault has as many devices as it can have",
		[3] = "the other device expects a keeper, or does not: see "
		      "fob invite --keeper",
		[4] = "the other device cannot add one now: is it locked?",
	};

	join_fail(step, STATUS_REFUSED, "%s",
		  reason < ARRAY_SIZE(why) && why[reason] ?
			  why[reason] :
			  "the other device refused");
}

static int join_message(struct step *step, struct bytes bytes)
{
	struct join *join = step->node->join;
	struct budget budget;
	Fob__PairMessage *message;
	int r = 0;

	budget_init(&budget, false);
	message =
		fob__pair_message__unpack(&budget.allocator, bytes.n, bytes.p);
	if (message && message->refuse)
		join_refused(step, message->refuse->reason);
	else if (message && message->offer && join->stage == JOIN_ASKED)
		r = join_offer(step, message->offer);
	else if (message && message->welcome && join->stage == JOIN_SIGNED)
		r = join_welcome(step, message->welcome);
	else if (!message && budget_error(&budget, 0))
		r = -ENOMEM;
	else
		join_fail(step, STATUS_FAILED,
			  "the inviter did not speak as expected: are both of "
			  "one version?");
	if (message)
		fob__pair_message__free_unpacked(message, &budget.allocator);
	budget_deinit(&budget);
	return r;
}

static int join_closed(struct step *step)
{
	struct join *join = step->node->join;

	if (join->stage == JOIN_SYNCS || join->stage == JOIN_FAILED)
		return 0;
	if (join->meeting.ready)
		join_fail(step, STATUS_FAILED,
			  "the connection broke: run fob join again, with a "
			  "new code");
	else if (join->mode == PAIRING_BY_SECRET)
		join_fail(step, STATUS_REFUSED,
			  "the invitation is wrong or has expired");
	else
		join_fail(step, STATUS_TIMEOUT,
			  "the other device does not answer: is the code "
			  "still shown there?");
	return 0;
}

int join_event(struct step *step, const struct pairing_event *event)
{
	switch (event->kind) {
	case PAIRING_READY:
		return join_ask(step);
	case PAIRING_MESSAGE:
		return join_message(step, event->message);
	case PAIRING_WRONG:
		join_fail(step, STATUS_REFUSED,
			  "wrong code: it is dead now; ask for a new one with "
			  "fob invite on the other device");
		return 0;
	case PAIRING_CLOSED:
		return join_closed(step);
	}
	return 0;
}

/* --- the first sync ---------------------------------------------------------------------- */

static bool join_synced(const struct node *node)
{
	for (size_t i = 0; i < PEERS_MAX; i++)
		if (node->sync.peers[i].conn && node->sync.peers[i].was_equal)
			return node->config.keeper ||
			       keyring_complete(&node->keyring,
						node->self_author);
	return false;
}

int join_progress(struct step *step)
{
	struct node *node = step->node;
	int r;

	if (node->state != NODE_JOINING || node->self_author == NONE)
		return 0;
	/* Our ADD is here, by whatever way it came. */
	if (node->config.keeper) {
		node->state = NODE_KEEPER;
		return 0;
	}
	if (!node->self->unlocked) {
		node->state = NODE_LOCKED;
		return 0;
	}
	node->state = NODE_UNLOCKED;
	r = node_unlock(step);
	return r;
}

/* --- what the client asks ----------------------------------------------------------------- */

static bool join_digits(const char *text, uint8_t *ret)
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '-' || *text == ' ')
			continue;
		if (*text < '0' || *text > '9' || n == PAIRING_DIGITS)
			return false;
		ret[n++] = (uint8_t)*text;
	}
	return n == PAIRING_DIGITS;
}

static int join_address(struct join *join, struct bytes text)
{
	char(*grown)[64];

	if (!text.n || text.n >= sizeof(*grown) ||
	    join->n_addresses == ADDRESSES_MAX)
		return 0;
	grown = realloc(join->addresses,
			(join->n_addresses + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	join->addresses = grown;
	memset(grown[join->n_addresses], 0, sizeof(*grown));
	memcpy(grown[join->n_addresses++], text.p, text.n);
	return 0;
}

/* fob:SECRET@ADDR:PORT,ADDR:PORT; addresses given apart come first. */
static int join_uri(struct join *join, const char *text)
{
	const char *at = strchr(text, '@'), *end;
	size_t n = at ? (size_t)(at - text) : strlen(text), got = 0;
	int r = 0;

	if (text_base32_decode(join->code, sizeof(join->code),
			       (struct bytes){ (const uint8_t *)text, n },
			       &got) ||
	    got != sizeof(join->code))
		return 1;
	while (at && r == 0) {
		at++;
		end = strchr(at, ',');
		n = end ? (size_t)(end - at) : strlen(at);
		r = join_address(join,
				 (struct bytes){ (const uint8_t *)at, n });
		at = end;
	}
	return r;
}

static int join_parse(struct join *join, const Fob__JoinAsk *ask)
{
	int r = 0;

	for (size_t i = 0; i < ask->n_addresses && r == 0; i++)
		r = join_address(join, text_of(ask->addresses[i]));
	if (r < 0)
		return r;
	if (!strncmp(ask->code, "fob:", 4)) {
		join->mode = PAIRING_BY_SECRET;
		return join_uri(join, ask->code + 4);
	}
	join->mode = PAIRING_BY_DIGITS;
	return join_digits(ask->code, join->code) ? 0 : 1;
}

static int join_new(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct join *join = secret_alloc(sizeof(*join));
	int r;

	if (!join)
		return -ENOMEM;
	r = join_parse(join, call->request->join);
	if (r || !join->n_addresses) {
		const char *why =
			r ? "a code has nine digits, as in 482-915-377, or is "
			    "a fob: URI" :
			    "say where the other device is: --at HOST:PORT "
			    "(fob invite shows it)";

		join_free(join);
		r = call_fail(step, call, STATUS_USAGE, "%s", why);
		return r < 0 ? r : 1;
	}
	join->call = call->number;
	node->join = join;
	if (node->state == NODE_EMPTY) {
		r = vault_device_new(step);
		if (r < 0)
			return r;
	}
	call->deadline = node->mono + (call->request->join->timeout_ms ?
					       call->request->join->timeout_ms :
					       60000);
	join_dial(step);
	return 0;
}

/* The keys of a join that was cut are opened with the passphrase they have. */
static int join_resume(struct step *step, struct call *call)
{
	struct node *node = step->node;
	uint8_t key[KEY_SIZE], secret[KEY_SIZE];
	const Fob__JoinAsk *ask = call->request->join;
	int r = DEVICE_ERR_KEY;

	for (size_t i = 0; i < node->n_slots && r; i++) {
		if (node->slots[i].type == SLOT_PASSPHRASE && call->kdf) {
			r = slot_open(&node->slots[i], call->kdf, key);
		} else if (node->slots[i].type == SLOT_KEY_FILE &&
			   ask->key_file.len) {
			slot_key_file(&node->slots[i],
				      (struct bytes){ ask->key_file.data,
						      ask->key_file.len },
				      secret);
			r = slot_open(&node->slots[i], secret, key);
		}
	}
	if (!r)
		r = device_unlock(node->self,
				  (struct bytes){ node->device_row,
						  node->device_row_len },
				  key);
	if (!r) {
		secret_free(node->unlock_key);
		node->unlock_key = secret_alloc(KEY_SIZE);
		if (!node->unlock_key)
			return -ENOMEM;
		memcpy(node->unlock_key, key, KEY_SIZE);
	}
	sodium_memzero(key, sizeof(key));
	sodium_memzero(secret, sizeof(secret));
	if (!r)
		return 0;
	r = call_fail(step, call, STATUS_REFUSED,
		      "wrong passphrase: this device has begun to join with "
		      "another one");
	return r < 0 ? r : 1;
}

static struct slot *join_old_slot(struct node *node)
{
	for (size_t i = 0; i < node->n_slots; i++)
		if (node->slots[i].type == SLOT_PASSPHRASE)
			return &node->slots[i];
	return NULL;
}

/* The key of the new passphrase, or of the one that this device has. */
static int join_kdf(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__JoinAsk *ask = call->request->join;
	struct slot *slot = join_old_slot(node);
	struct bytes passphrase = { ask->passphrase.data, ask->passphrase.len };

	if (!slot && !call->slot &&
	    vault_slot_new(step, call, SLOT_PASSPHRASE) < 0)
		return -ENOMEM;
	return call_kdf(step, call, passphrase, slot ? slot : call->slot);
}

static int join_begin(struct step *step, struct call *call)
{
	struct node *node = step->node;
	const Fob__JoinAsk *ask = call->request->join;
	int r;

	if ((node->state != NODE_EMPTY && node->state != NODE_JOINING) ||
	    node->recover)
		return vault_is_here(step, call);
	if (node->join)
		return call_fail(step, call, STATUS_CONFLICT,
				 "a join is under way already");
	r = vault_name_check(step, call, ask->name);
	if (r == 0 && !node->config.keeper)
		r = vault_opener_check(step, call, &ask->passphrase,
				       &ask->key_file);
	if (r)
		return r < 0 ? r : CALL_DONE;
	if (!node->config.keeper && ask->passphrase.len && !call->kdf)
		return join_kdf(step, call);
	if (node->state == NODE_JOINING && !node->self->unlocked)
		r = join_resume(step, call);
	if (r == 0)
		r = join_new(step, call);
	if (r)
		return r < 0 ? r : CALL_DONE;
	call->stage = 1;
	return CALL_PARK;
}

static int join_reply(struct step *step, struct call *call)
{
	struct node *node = step->node;
	Fob__Reply reply = FOB__REPLY__INIT;
	Fob__Joined joined = FOB__JOINED__INIT;

	joined.id = (ProtobufCBinaryData){ DEVICE_ID_SIZE, node->self->id };
	joined.name = node->name;
	reply.joined = &joined;
	step_trace(step, TRACE_JOINED, node->self->id, NULL, 0);
	return call_reply(step, call, &reply);
}

static int join_over(struct step *step, struct call *call)
{
	struct node *node = step->node;
	struct join *join = node->join;
	int r;

	if (join->stage == JOIN_FAILED)
		r = call_fail(step, call, join->status, "%s", join->why);
	else if (join->stage == JOIN_SYNCS || join->stage == JOIN_SIGNED)
		r = call_fail(step, call, STATUS_TIMEOUT,
			      "the first sync is not complete in time: it "
			      "goes on by itself while fobd runs");
	else
		r = call_fail(
			step, call, STATUS_TIMEOUT,
			"the other device did not answer in time: is fob invite still waiting there?");
	join_end(step);
	return r;
}

int ask_join(struct step *step, struct call *call)
{
	struct node *node = step->node;
	int r;

	if (call->stage == 0)
		return join_begin(step, call);
	if (!node->join || node->join->call != call->number)
		return call_fail(step, call, STATUS_FAILED,
				 "the join was given up");
	if (node->join->stage == JOIN_FAILED || call->stage == CALL_LATE)
		return join_over(step, call);
	if (node->join->stage != JOIN_SYNCS || !join_synced(node))
		return CALL_PARK;
	r = join_reply(step, call);
	join_end(step);
	return r;
}
