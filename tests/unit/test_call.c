/*
 * Clients and what they ask for: what a request needs first, how it waits,
 * passphrases, slots, and what is asked of the vault and of devices.
 *
 * Covers: call, request, ask_vault, ask_slots, ask_device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/guest.h"

#define NO_PARENTS ((struct build_list){ NULL, 0 })
#define PEER 3

static char right[] = "passphrase", wrong[] = "passphrasf";

struct home {
	struct one one;
	struct guests guests;
};

static int setup(void **state)
{
	struct home *home = calloc(1, sizeof(*home));

	one_init(&home->one, 1);
	one_make_vault(&home->one);
	guests_init(&home->guests, &home->one);
	*state = home;
	return 0;
}

static int teardown(void **state)
{
	struct home *home = *state;

	guests_deinit(&home->guests);
	one_deinit(&home->one);
	free(home);
	return 0;
}

static ProtobufCBinaryData data(char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

/* --- asking ---------------------------------------------------------------- */

static const Fob__Reply *unlock(struct home *home, char *passphrase)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk ask = FOB__UNLOCK_ASK__INIT;

	ask.passphrase = data(passphrase);
	request.unlock = &ask;
	return one_ask(&home->one, &request);
}

static const Fob__Reply *lock(struct home *home)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LockAsk ask = FOB__LOCK_ASK__INIT;

	request.lock = &ask;
	return one_ask(&home->one, &request);
}

static const Fob__Reply *confirm(struct home *home, char *passphrase,
				 uint32_t kind)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ConfirmAsk ask = FOB__CONFIRM_ASK__INIT;

	ask.passphrase = data(passphrase);
	ask.kind = kind;
	request.confirm = &ask;
	return one_ask(&home->one, &request);
}

static const Fob__Reply *list(struct home *home)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk ask = FOB__LIST_ASK__INIT;

	request.list = &ask;
	return one_ask(&home->one, &request);
}

static const Fob__Reply *invite(struct home *home)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;

	ask.approve = true;
	request.invite = &ask;
	return one_ask(&home->one, &request);
}

static const Fob__Reply *slots(struct home *home, Fob__SlotsAsk *ask)
{
	Fob__Request request = FOB__REQUEST__INIT;

	request.slots = ask;
	return one_ask(&home->one, &request);
}

static bool says(const Fob__Reply *reply, const char *part)
{
	return reply && strstr(reply->message, part);
}

/* --- what a request needs -------------------------------------------------- */

static void test_which_request(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk status = FOB__STATUS_ASK__INIT;
	Fob__LockAsk ask = FOB__LOCK_ASK__INIT;

	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_USAGE);
	request.status = &status;
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_OK);
	/* Two at once mean nothing, and do nothing. */
	request.lock = &ask;
	assert_null(request_of(&request));
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_USAGE);
	assert_int_equal(home->one.node->state, NODE_UNLOCKED);
	request.status = NULL;
	assert_string_equal(request_of(&request)->name, "lock");
	assert_int_equal(request_of(&request)->handle == ask_lock, 1);
}

static void test_no_vault(void **state UNUSED)
{
	struct home home = { .one = { .n_rows = 0 } };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ClientHello hello = FOB__CLIENT_HELLO__INIT;
	const Fob__Reply *reply;

	one_init(&home.one, 1);
	reply = list(&home);
	assert_int_equal(reply->need, FOB__NEED__NEED_VAULT);
	assert_int_equal(reply->status, STATUS_FAILED);
	assert_int_equal(unlock(&home, right)->need, FOB__NEED__NEED_VAULT);
	request.hello = &hello;
	reply = one_ask(&home.one, &request);
	assert_int_equal(reply->status, STATUS_OK);
	assert_int_equal(reply->hello->version, 1);
	one_deinit(&home.one);
}

static void test_locked(void **state)
{
	struct home *home = *state;
	const Fob__Reply *reply;

	assert_int_equal(list(home)->status, STATUS_OK);
	assert_true(home->one.node->keyring.n_secrets > 0);
	assert_int_equal(lock(home)->status, STATUS_OK);
	/* Its keys are gone, not only out of reach. */
	assert_int_equal(home->one.node->keyring.n_secrets, 0);
	assert_null(home->one.node->unlock_key);
	assert_false(home->one.node->self->unlocked);
	reply = list(home);
	assert_int_equal(reply->status, STATUS_LOCKED);
	assert_int_equal(reply->need, FOB__NEED__NEED_UNLOCK);
	assert_int_equal(unlock(home, right)->status, STATUS_OK);
	assert_int_equal(list(home)->status, STATUS_OK);
	/* Once more is fine. */
	assert_int_equal(unlock(home, wrong)->status, STATUS_OK);
}

/* The passphrase again: for one kind, for a minute, for this client. */
static void test_confirm(void **state)
{
	struct home *home = *state;
	const Fob__Reply *reply = invite(home);
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;

	assert_int_equal(reply->need, FOB__NEED__NEED_CONFIRM);
	assert_int_equal(reply->confirm, FOB__CONFIRM__CONFIRM_INVITE);
	assert_int_equal(
		confirm(home, wrong, FOB__CONFIRM__CONFIRM_INVITE)->status,
		STATUS_REFUSED);
	assert_int_equal(invite(home)->need, FOB__NEED__NEED_CONFIRM);
	assert_int_equal(
		confirm(home, right, FOB__CONFIRM__CONFIRM_REVEAL)->status,
		STATUS_OK);
	assert_int_equal(invite(home)->need, FOB__NEED__NEED_CONFIRM);
	assert_int_equal(
		confirm(home, right, FOB__CONFIRM__CONFIRM_INVITE)->status,
		STATUS_OK);
	assert_non_null(invite(home)->invited);
	ask.approve = true;
	request.invite = &ask;
	one_send(&home->one, 8, &request); /* another client */
	assert_int_equal(one_reply(&home->one, request.id)->need,
			 FOB__NEED__NEED_CONFIRM);
	one_later(&home->one, FRESH_MS - 1);
	assert_non_null(invite(home)->invited);
	one_later(&home->one, 1);
	assert_int_equal(invite(home)->need, FOB__NEED__NEED_CONFIRM);
	/* Locking takes it back. */
	confirm(home, right, FOB__CONFIRM__CONFIRM_INVITE);
	lock(home);
	unlock(home, right);
	assert_int_equal(invite(home)->need, FOB__NEED__NEED_CONFIRM);
}

static void test_keeper(void **state UNUSED)
{
	struct home home = { .one = { .n_rows = 0 } };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init = FOB__INIT_ASK__INIT;
	struct event start = { .type = EVENT_START };

	one_blank(&home.one, true);
	one_event(&home.one, &start);
	init.passphrase = data(right);
	request.init = &init;
	assert_int_equal(one_ask(&home.one, &request)->status, STATUS_REFUSED);
	home.one.node->state = NODE_KEEPER;
	assert_int_equal(list(&home)->status, STATUS_REFUSED);
	assert_int_equal(unlock(&home, wrong)->status, STATUS_OK);
	home.one.node->state = NODE_EMPTY;
	one_deinit(&home.one);
}

/* --- several at once ------------------------------------------------------- */

/* Answers carry the number of their request, whatever order they come in. */
static void test_pipelined(void **state)
{
	struct home *home = *state;
	struct one *one = &home->one;
	Fob__Request slow = FOB__REQUEST__INIT, quick = FOB__REQUEST__INIT;
	Fob__ConfirmAsk confirm_ask = FOB__CONFIRM_ASK__INIT;
	Fob__ListAsk list_ask = FOB__LIST_ASK__INIT;

	one->hold = true;
	confirm_ask.passphrase = data(right);
	confirm_ask.kind = FOB__CONFIRM__CONFIRM_INVITE;
	slow.confirm = &confirm_ask;
	quick.list = &list_ask;
	slow.id = 1001;
	quick.id = 1002;
	one_send(one, 7, &slow);
	one_send(one, 7, &quick);
	assert_null(one_reply(one, 1001));
	assert_int_equal(one_reply(one, 1002)->status, STATUS_OK);
	one_release(one);
	assert_int_equal(one_reply(one, 1001)->status, STATUS_OK);
}

static unsigned owed(const struct one *one, enum effect_type type)
{
	unsigned n = 0;

	for (const struct one_owed *o = one->owed; o; o = o->next)
		n += o->effect->type == type;
	return n;
}

/* One passphrase at a time; the others wait, so many of them. */
static void test_queue_of_passphrases(void **state)
{
	struct home *home = *state;
	struct one *one = &home->one;
	struct event gone = { .type = EVENT_CLIENT_GONE, .conn = 20 };
	Fob__ConfirmAsk ask = FOB__CONFIRM_ASK__INIT;

	ask.kind = FOB__CONFIRM__CONFIRM_INVITE;
	one->hold = true;
	for (uint32_t i = 0; i < UNLOCK_QUEUE_MAX + 2; i++) {
		Fob__Request request = FOB__REQUEST__INIT;

		ask.passphrase = data(i == 3 ? wrong : right);
		request.confirm = &ask;
		request.id = 2000 + i;
		one_send(one, 20 + i % 2, &request);
	}
	assert_int_equal(owed(one, EFFECT_KDF), 1);
	assert_int_equal(one_reply(one, 2000 + UNLOCK_QUEUE_MAX + 1)->status,
			 STATUS_REFUSED);
	assert_null(one_reply(one, 2000 + UNLOCK_QUEUE_MAX));
	/* The client whose turn it was goes; that of the others comes. */
	one_event(one, &gone);
	one_release(one);
	assert_false(one->node->kdf_busy);
	assert_null(one->node->calls);
	for (uint32_t i = 0; i < UNLOCK_QUEUE_MAX + 1; i++) {
		const Fob__Reply *reply = one_reply(one, 2000 + i);

		if (i % 2 == 0)
			assert_null(reply);
		else
			assert_int_equal(reply->status,
					 i == 3 ? STATUS_REFUSED : STATUS_OK);
	}
}

static void wait_for(struct home *home, uint32_t id, uint32_t copies)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__WaitAsk ask = FOB__WAIT_ASK__INIT;
	uint8_t record[RECORD_ID_SIZE];

	assert_int_equal(home->one.node->set.n_records, 1);
	memcpy(record, home->one.node->set.records[0].id, sizeof(record));
	ask.id = (ProtobufCBinaryData){ sizeof(record), record };
	ask.copies = copies;
	ask.timeout_ms = 5000;
	request.wait = &ask;
	request.id = id;
	one_send(&home->one, 7, &request);
}

/* Parked until it comes true, or the time is over, or nobody waits. */
static void test_parked(void **state)
{
	struct home *home = *state;
	struct one *one = &home->one;
	struct guests *guests = &home->guests;
	struct event gone = { .type = EVENT_CLIENT_GONE, .conn = 7 };
	int entry;

	guests_add(guests, 1, FOB__ROLE__DEVICE);
	guests_meet(guests, 1, PEER);
	entry = build_entry(&guests->b, 1, 1, NO_PARENTS);
	guests_give(guests, PEER, BUILD_LIST(entry), false);
	wait_for(home, 3001, 1);
	assert_int_equal(one_reply(one, 3001)->status, STATUS_OK);
	wait_for(home, 3002, 2);
	assert_null(one_reply(one, 3002));
	assert_true(guests->timer <= one->mono + 5000);
	one_later(one, 4999);
	assert_null(one_reply(one, 3002));
	one_later(one, 1);
	assert_int_equal(one_reply(one, 3002)->status, STATUS_TIMEOUT);
	wait_for(home, 3003, 2);
	guests_add(guests, 2, FOB__ROLE__DEVICE);
	guests_meet(guests, 2, PEER + 1);
	guests_give(guests, PEER + 1, BUILD_LIST(entry), false);
	assert_int_equal(one_reply(one, 3003)->status, STATUS_OK);
	wait_for(home, 3004, 9);
	assert_non_null(one->node->calls);
	one_event(one, &gone);
	assert_null(one->node->calls);
	one_later(one, 5000);
	assert_null(one_reply(one, 3004));
}

/* Who has too much under way is closed; so are garbage and one too many. */
static void test_too_much(void **state)
{
	struct home *home = *state;
	struct one *one = &home->one;
	static const uint8_t junk[] = { 0xff, 1, 2 };
	struct event event = { .type = EVENT_CLIENT, .conn = 30 };
	Fob__Request status = FOB__REQUEST__INIT;
	Fob__StatusAsk ask = FOB__STATUS_ASK__INIT;
	int entry;

	event.data = BYTES(junk);
	one_event(one, &event);
	assert_true(guests_closed(&home->guests, 30));
	assert_null(one->node->calls);
	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	guests_meet(&home->guests, 1, PEER);
	entry = build_entry(&home->guests.b, 1, 1, NO_PARENTS);
	guests_give(&home->guests, PEER, BUILD_LIST(entry), false);
	for (uint32_t i = 0; i < CALLS_MAX; i++)
		wait_for(home, 4000 + i, 9);
	assert_false(guests_closed(&home->guests, 7));
	wait_for(home, 5000, 9);
	assert_true(guests_closed(&home->guests, 7));
	status.status = &ask;
	for (uint32_t i = 0; i < CLIENTS_MAX; i++)
		one_send(one, 100 + i, &status);
	assert_true(guests_closed(&home->guests, 100 + CLIENTS_MAX - 1));
}

static void test_events(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__EventsAsk ask = FOB__EVENTS_ASK__INIT;
	const Fob__Reply *reply;

	request.events = &ask;
	request.id = 6001;
	one_send(&home->one, 9, &request);
	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	one_later(&home->one, 0);
	reply = one_reply(&home->one, 6001);
	assert_non_null(reply);
	assert_true(reply->more);
	assert_string_equal(reply->event->type, "device");
	assert_int_equal(reply->event->subject.len, ID_SIZE);
	guests_up(&home->guests, 1, CONN_DIALED | 1);
	reply = one_reply(&home->one, 6001);
	assert_string_equal(reply->event->type, "sync");
	assert_string_equal(reply->event->text, "connected");
}

static const Fob__Reply *status_of(struct home *home)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk ask = FOB__STATUS_ASK__INIT;

	request.status = &ask;
	return one_ask(&home->one, &request);
}

/* --- passphrases and slots ------------------------------------------------- */

/* Three in a row, and then each costs twice as much, up to a minute. */
static void test_wrong_passphrases(void **state)
{
	struct home *home = *state;
	uint64_t delay = 1000;

	lock(home);
	for (int i = 1; i < FRESH_FAILURES; i++) {
		assert_int_equal(unlock(home, wrong)->status, STATUS_REFUSED);
		assert_true(home->one.node->failure_until <= home->one.mono);
	}
	for (int i = 0; i < 9; i++) {
		assert_true(says(unlock(home, wrong), "wrong passphrase"));
		assert_int_equal(home->one.node->failure_until - home->one.mono,
				 delay);
		/* Not even the right one is tried before that. */
		assert_true(says(unlock(home, right), "wait"));
		one_later(&home->one, delay - 1);
		assert_true(says(unlock(home, right), "wait 1 s"));
		one_later(&home->one, 1);
		delay = delay * 2 > FRESH_DELAY_MAX_MS ? FRESH_DELAY_MAX_MS :
							 delay * 2;
	}
	assert_int_equal(unlock(home, right)->status, STATUS_OK);
	assert_int_equal(home->one.node->failures, 0);
}

static void may_change_slots(struct home *home)
{
	assert_int_equal(
		confirm(home, right, FOB__CONFIRM__CONFIRM_PASSPHRASE)->status,
		STATUS_OK);
}

static void test_slots(void **state)
{
	struct home *home = *state;
	Fob__SlotsAsk show = FOB__SLOTS_ASK__INIT, add = FOB__SLOTS_ASK__INIT;
	Fob__SlotsAsk drop = FOB__SLOTS_ASK__INIT;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk open = FOB__UNLOCK_ASK__INIT;
	const Fob__Reply *reply;
	char key_file[] = "0123456789abcdef", name[32];

	show.list = true;
	add.add_key_file = data(key_file);
	add.label = "usb";
	drop.remove = "passphrase";
	assert_int_equal(slots(home, &add)->need, FOB__NEED__NEED_CONFIRM);
	may_change_slots(home);
	assert_true(says(slots(home, &drop), "the only way in"));
	assert_int_equal(slots(home, &add)->status, STATUS_OK);
	reply = slots(home, &show);
	assert_int_equal(reply->n_slots, 2);
	assert_string_equal(reply->slots[0]->name, "passphrase");
	assert_string_equal(reply->slots[1]->type, "key-file");
	assert_string_equal(reply->slots[1]->label, "usb");
	strcpy(name, reply->slots[1]->name);
	assert_int_equal(slots(home, &drop)->status, STATUS_OK);
	assert_int_equal(slots(home, &drop)->status, STATUS_NOT_FOUND);
	drop.remove = name;
	assert_true(says(slots(home, &drop), "the only way in"));
	/* From the disk it is opened by the file alone. */
	one_restart(&home->one);
	assert_true(says(unlock(home, right), "no passphrase slot"));
	open.key_file = data("0123456789abcdeg");
	request.unlock = &open;
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_REFUSED);
	open.key_file = data(key_file);
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_OK);
}

static void test_new_passphrase(void **state)
{
	struct home *home = *state;
	Fob__SlotsAsk ask = FOB__SLOTS_ASK__INIT;
	char fresh[] = "another one";

	ask.set_passphrase = data(fresh);
	may_change_slots(home);
	assert_int_equal(slots(home, &ask)->status, STATUS_OK);
	assert_int_equal(home->one.node->n_slots, 1);
	one_restart(&home->one);
	assert_int_equal(unlock(home, right)->status, STATUS_REFUSED);
	assert_int_equal(unlock(home, fresh)->status, STATUS_OK);
}

/* However often it is changed. */
static void test_many_passphrases(void **state)
{
	struct home *home = *state;
	Fob__SlotsAsk ask = FOB__SLOTS_ASK__INIT;

	ask.set_passphrase = data(right);
	may_change_slots(home);
	home->one.node->next_slot = UINT8_MAX - 1;
	for (int i = 0; i < 4; i++)
		assert_int_equal(slots(home, &ask)->status, STATUS_OK);
	assert_int_equal(home->one.node->n_slots, 1);
	one_restart(&home->one);
	assert_int_equal(unlock(home, right)->status, STATUS_OK);
}

static void test_too_many_slots(void **state)
{
	struct home *home = *state;
	Fob__SlotsAsk ask = FOB__SLOTS_ASK__INIT, drop = ask, fresh = ask;
	char file[] = "0123456789abcdef";

	may_change_slots(home);
	ask.add_key_file = data(file);
	for (int i = 1; i < SLOTS_MAX; i++) {
		file[0]++;
		assert_int_equal(slots(home, &ask)->status, STATUS_OK);
	}
	assert_int_equal(slots(home, &ask)->status, STATUS_REFUSED);
	/* Nor is there room for a passphrase, once there was none. */
	drop.remove = "passphrase";
	assert_int_equal(slots(home, &drop)->status, STATUS_OK);
	file[0]++;
	assert_int_equal(slots(home, &ask)->status, STATUS_OK);
	fresh.set_passphrase = data(right);
	assert_int_equal(slots(home, &fresh)->status, STATUS_REFUSED);
	assert_int_equal(home->one.node->n_slots, SLOTS_MAX);
	ask.add_key_file.len = 15;
	assert_int_equal(slots(home, &ask)->status, STATUS_USAGE);
	ask.add_key_file.len = 16;
	ask.label = "a\nb";
	assert_int_equal(slots(home, &ask)->status, STATUS_USAGE);
}

static const Fob__Reply *touch(struct home *home, const char *slot,
			       ProtobufCBinaryData secret, bool again)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk open = FOB__UNLOCK_ASK__INIT;
	Fob__ConfirmAsk fresh = FOB__CONFIRM_ASK__INIT;
	Fob__Fido2Secret fido2 = FOB__FIDO2_SECRET__INIT;
	char name[32];

	snprintf(name, sizeof(name), "%s", slot);
	fido2.slot = name;
	fido2.secret = secret;
	open.fido2 = &fido2;
	fresh.fido2 = &fido2;
	fresh.kind = FOB__CONFIRM__CONFIRM_INVITE;
	if (again)
		request.confirm = &fresh;
	else
		request.unlock = &open;
	return one_ask(&home->one, &request);
}

/* A security key opens and confirms as a passphrase does. */
static void test_fido2(void **state)
{
	struct home *home = *state;
	Fob__SlotsAsk show = FOB__SLOTS_ASK__INIT, add = FOB__SLOTS_ASK__INIT;
	Fob__SlotsAsk drop = FOB__SLOTS_ASK__INIT;
	Fob__Fido2 fido2 = FOB__FIDO2__INIT;
	const Fob__Reply *reply;
	char credential[] = "credential", rp[] = "fob", label[] = "blue";
	char salt[] = "saltsaltsaltsaltsaltsaltsaltsalt";
	char secret[] = "secretsecretsecretsecretsecretse";
	char other[] = "secretsecretsecretsecretsecretsf";

	show.list = true;
	add.add_fido2 = &fido2;
	add.label = label;
	assert_int_equal(slots(home, &add)->need, FOB__NEED__NEED_CONFIRM);
	may_change_slots(home);
	/* Without a credential it is asked whether it may be made. */
	assert_int_equal(slots(home, &add)->status, STATUS_OK);
	assert_int_equal(home->one.node->n_slots, 1);
	fido2.credential = data(credential);
	fido2.rp = rp;
	fido2.salt = data(salt);
	assert_int_equal(slots(home, &add)->status, STATUS_USAGE);
	fido2.secret = data(secret);
	assert_int_equal(slots(home, &add)->status, STATUS_OK);
	one_restart(&home->one);
	reply = slots(home, &show); /* also while it is locked */
	assert_int_equal(reply->n_slots, 2);
	assert_string_equal(reply->slots[1]->name, "fido2-2");
	assert_string_equal(reply->slots[1]->type, "fido2");
	assert_string_equal(reply->slots[1]->label, "blue");
	assert_string_equal(reply->slots[1]->fido2->rp, "fob");
	assert_int_equal(reply->slots[1]->fido2->secret.len, 0);
	assert_memory_equal(reply->slots[1]->fido2->salt.data, salt, 32);
	assert_memory_equal(reply->slots[1]->fido2->credential.data, credential,
			    10);
	assert_true(says(touch(home, "fido2-3", data(secret), false),
			 "no security key slot"));
	assert_true(says(touch(home, "fido2-2", data(other), false),
			 "wrong security key"));
	assert_true(says(touch(home, "fido2-2", data(rp), false),
			 "wrong security key"));
	assert_int_equal(touch(home, "fido2-2", data(secret), false)->status,
			 STATUS_OK);
	assert_string_equal(status_of(home)->vault->state, "unlocked");
	assert_int_equal(invite(home)->need, FOB__NEED__NEED_CONFIRM);
	assert_int_equal(touch(home, "fido2-2", data(other), true)->status,
			 STATUS_REFUSED);
	assert_int_equal(touch(home, "fido2-2", data(secret), true)->status,
			 STATUS_OK);
	assert_non_null(invite(home)->invited);
	may_change_slots(home);
	drop.remove = "fido2-2";
	assert_int_equal(slots(home, &drop)->status, STATUS_OK);
	lock(home);
	assert_true(says(touch(home, "fido2-2", data(secret), false),
			 "no security key slot"));
}

/* --- answers --------------------------------------------------------------- */

/* How much is told depends on others: it ends the answer, not the daemon. */
static void test_large_reply(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	struct call call = { .conn = 1, .request = &request };
	Fob__Reply reply = FOB__REPLY__INIT;
	struct one_step own;
	char *text = malloc(FRAME_MAX + 1);

	memset(text, 'a', FRAME_MAX);
	text[FRAME_MAX] = 0;
	reply.message = text;
	request.id = 77;
	one_step_begin(&home->one, &own);
	assert_int_equal(call_reply(&own.step, &call, &reply), 0);
	one_step_end(&home->one, &own);
	assert_int_equal(one_reply(&home->one, 77)->status, STATUS_FAILED);
	assert_true(says(one_reply(&home->one, 77), "too large"));
	free(text);
}

/* --- the vault and its devices --------------------------------------------- */

static void test_init_twice(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init = FOB__INIT_ASK__INIT;
	uint32_t held = home->one.node->set.n_held;

	init.passphrase = data(right);
	request.init = &init;
	assert_int_equal(one_ask(&home->one, &request)->status,
			 STATUS_CONFLICT);
	assert_int_equal(home->one.node->set.n_held, held);
}

static void test_status(void **state)
{
	struct home *home = *state;
	const Fob__Reply *reply;
	uint8_t root[ID_SIZE];

	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	guests_meet(&home->guests, 1, PEER);
	reply = status_of(home);
	assert_string_equal(reply->vault->state, "unlocked");
	assert_int_equal(reply->vault->items, 3);
	assert_int_equal(reply->vault->quarantined, 0);
	set_root_all(&home->one.node->set, root);
	assert_memory_equal(reply->vault->root.data, root, ID_SIZE);
	assert_int_equal(reply->vault->n_peers, 1);
	assert_true(reply->vault->peers[0]->connected);
	assert_memory_equal(reply->vault->peers[0]->id.data,
			    build_keys(&home->guests.b, 1)->id, DEVICE_ID_SIZE);
	guests_down(&home->guests, PEER, false);
	assert_false(status_of(home)->vault->peers[0]->connected);
	lock(home);
	assert_string_equal(status_of(home)->vault->state, "locked");
}

static void test_rename(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RenameAsk ask = FOB__RENAME_ASK__INIT;

	request.rename = &ask;
	ask.name = "";
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_USAGE);
	ask.name = "a\tb";
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_USAGE);
	ask.name = "workstation";
	ask.device = "nobody";
	assert_int_equal(one_ask(&home->one, &request)->status,
			 STATUS_NOT_FOUND);
	ask.device = "";
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_OK);
	one_restart(&home->one);
	assert_string_equal(status_of(home)->vault->name, "workstation");
}

static void hex_of(struct home *home, int device, char *ret)
{
	for (size_t i = 0; i < DEVICE_ID_SIZE; i++)
		snprintf(ret + 2 * i, 3, "%02x",
			 build_keys(&home->guests.b, device)->id[i]);
}

static void test_peer(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__PeerAsk ask = FOB__PEER_ASK__INIT;
	static char *const bad[] = { "192.0.2.1", "192.0.2.1:0",
				     "192.0.2.1:65536", ":1", "host:x" };
	char hex[2 * DEVICE_ID_SIZE + 1];

	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	hex_of(home, 1, hex);
	hex[9] = '\0'; /* a prefix will do */
	request.peer = &ask;
	ask.op = "add";
	ask.name = hex;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ask.address = bad[i];
		assert_int_equal(one_ask(&home->one, &request)->status,
				 STATUS_USAGE);
	}
	ask.address = "[2001:db8::1]:47362";
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_OK);
	assert_int_equal(home->guests.n_dialed, 1);
	assert_string_equal(home->guests.address[0], ask.address);
	one_restart(&home->one);
	ask.op = "list";
	assert_string_equal(one_ask(&home->one, &request)->peers[0]->address,
			    "[2001:db8::1]:47362");
	ask.op = "rm";
	assert_int_equal(one_ask(&home->one, &request)->status, STATUS_OK);
	one_restart(&home->one);
	ask.op = "list";
	assert_string_equal(one_ask(&home->one, &request)->peers[0]->address,
			    "");
}

static void test_devices(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__DevicesAsk ask = FOB__DEVICES_ASK__INIT;

	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	guests_add(&home->guests, 2, FOB__ROLE__KEEPER);
	guests_meet(&home->guests, 1, PEER);
	guests_give(&home->guests, PEER,
		    BUILD_LIST(build_revoke(&home->guests.b, 1, 2, NULL)),
		    false);
	request.devices = &ask;
	one_ask(&home->one, &request);
	assert_int_equal(home->one.n_replies, 4);
	assert_true(home->one.replies[0]->devices[0]->self);
	assert_string_equal(home->one.replies[0]->devices[0]->rank, "0");
	assert_string_equal(home->one.replies[1]->devices[0]->rank, "0.1");
	assert_string_equal(home->one.replies[1]->devices[0]->state, "member");
	assert_true(home->one.replies[1]->devices[0]->connected);
	assert_string_equal(home->one.replies[2]->devices[0]->state, "revoked");
	assert_string_equal(home->one.replies[2]->devices[0]->role, "keeper");
}

/* With nobody there it says so, in time; with somebody equal at once. */
static void test_sync(void **state)
{
	struct home *home = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SyncAsk ask = FOB__SYNC_ASK__INIT;

	ask.wait = true;
	ask.timeout_ms = 3000;
	request.sync = &ask;
	assert_null(one_ask(&home->one, &request));
	one_later(&home->one, 3000);
	assert_true(says(one_reply(&home->one, request.id),
			 "no other device is connected"));
	guests_add(&home->guests, 1, FOB__ROLE__DEVICE);
	guests_up(&home->guests, 1, CONN_DIALED | 1);
	guests_hello(&home->guests, CONN_DIALED | 1);
	guests_agree(&home->guests, CONN_DIALED | 1);
	assert_null(one_ask(&home->one, &request));
	guests_agree(&home->guests, CONN_DIALED | 1);
	assert_int_equal(one_reply(&home->one, request.id)->status, STATUS_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_which_request),
		cmocka_unit_test(test_no_vault),
		TEST(test_locked),
		TEST(test_confirm),
		cmocka_unit_test(test_keeper),
		TEST(test_pipelined),
		TEST(test_queue_of_passphrases),
		TEST(test_parked),
		TEST(test_too_much),
		TEST(test_events),
		TEST(test_wrong_passphrases),
		TEST(test_slots),
		TEST(test_new_passphrase),
		TEST(test_many_passphrases),
		TEST(test_too_many_slots),
		TEST(test_fido2),
		TEST(test_large_reply),
		TEST(test_init_twice),
		TEST(test_status),
		TEST(test_rename),
		TEST(test_peer),
		TEST(test_devices),
		TEST(test_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
