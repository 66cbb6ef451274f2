/*
 * Inviting and joining: codes that are wrong, late or worn out, who may say
 * no and how the other side is told, and joins that were cut.
 *
 * Covers: meet, invite, join.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/meet.h"
#include "tests/lib/guest.h"
#include "tests/lib/world.h"

#define A 0
#define B 1
#define C 2
#define WAIT_MS 90000

static char passphrase[] = WORLD_PASSPHRASE;

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world_init(world, 7);
	for (int i = 0; i < 3; i++)
		world_node(world);
	world_make_vault(world, A);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	world_deinit(*state);
	free(*state);
	return 0;
}

/* --- asking ---------------------------------------------------------------- */

static uint32_t invite(struct world *world, Fob__InviteAsk *ask)
{
	Fob__Request request = FOB__REQUEST__INIT;
	uint32_t id;

	world_confirm(world, A, FOB__CONFIRM__CONFIRM_INVITE);
	ask->wait = true;
	request.invite = ask;
	id = world_send(world, A, &request);
	world_run(world, 1000);
	return id;
}

static uint32_t join(struct world *world, int node, const char *code,
		     const char *name)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__JoinAsk ask = FOB__JOIN_ASK__INIT;
	char *addresses[] = { world->nodes[A].address };
	char code_text[128], name_text[DEVICE_NAME_MAX + 1];

	strcpy(code_text, code);
	strcpy(name_text, name);
	ask.code = code_text;
	ask.addresses = addresses;
	ask.n_addresses = 1;
	ask.name = name_text;
	ask.passphrase = (ProtobufCBinaryData){ strlen(passphrase),
						(uint8_t *)passphrase };
	request.join = &ask;
	return world_send(world, node, &request);
}

static const char *said(const struct world *world, int node, uint32_t id)
{
	const Fob__Reply *reply = world_reply(world, node, id);

	return reply ? reply->message : "";
}

static uint32_t ended(struct world *world, int node, uint32_t id)
{
	const Fob__Reply *reply = world_wait(world, node, id, WAIT_MS);

	assert_non_null(reply);
	return reply->status;
}

static uint32_t members(const struct world *world, int node)
{
	const struct set *set = &world->nodes[node].node->set;
	uint32_t n = 0;

	for (uint32_t i = 0; i < set->n_authors; i++)
		n += set->authors[i].member;
	return n;
}

/* Another digit than the last one of this code. */
static void spoil(char *code)
{
	char *last = code + strlen(code) - 1;

	*last = *last == '9' ? '0' : (char)(*last + 1);
}

/* --- codes ----------------------------------------------------------------- */

static void test_good_code(void **state)
{
	struct world *world = *state;
	char code[32];
	uint32_t inviting, joining;

	world_invite(world, A, code, &inviting);
	assert_int_equal(strlen(code), 11);
	joining = join(world, B, code, "phone");
	assert_int_equal(ended(world, B, joining), STATUS_OK);
	assert_int_equal(ended(world, A, inviting), STATUS_OK);
	assert_string_equal(world_reply(world, A, inviting)->joined->name,
			    "phone");
	assert_int_equal(members(world, B), 2);
	/* It holds the key when it is told that it is in. */
	assert_true(keyring_complete(&world->nodes[B].node->keyring,
				     world->nodes[B].node->self_author));
	/* A code is good for one. */
	joining = join(world, C, code, "late");
	assert_int_equal(ended(world, C, joining), STATUS_TIMEOUT);
}

static void test_wrong_code(void **state)
{
	struct world *world = *state;
	char code[32], bad[32];
	uint32_t inviting, joining;

	world_invite(world, A, code, &inviting);
	strcpy(bad, code);
	spoil(bad);
	joining = join(world, B, bad, "b");
	assert_int_equal(ended(world, B, joining), STATUS_REFUSED);
	assert_non_null(strstr(said(world, B, joining), "wrong code"));
	assert_int_equal(ended(world, A, inviting), STATUS_REFUSED);
	assert_non_null(strstr(said(world, A, inviting), "dead"));
	assert_null(world->nodes[A].node->invite);
	assert_false(world->nodes[A].meets);
	/* Nor is the right one any good now. */
	joining = join(world, B, code, "b");
	assert_int_equal(ended(world, B, joining), STATUS_TIMEOUT);
	assert_int_equal(members(world, A), 1);
	assert_int_equal(world->nodes[B].node->state, NODE_EMPTY);
}

static void test_not_a_code(void **state)
{
	struct world *world = *state;
	static const char *const bad[] = { "", "12345678", "1234567890",
					   "12345678x", "fob:abc" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(ended(world, B, join(world, B, bad[i], "b")),
				 STATUS_USAGE);
	assert_null(world->nodes[B].node->join);
}

/* After three dead codes there is a pause before the next. */
static void test_dead_codes(void **state)
{
	struct world *world = *state;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	char code[32];
	uint32_t inviting;

	for (int i = 0; i < INVITE_DEAD_MAX; i++) {
		world_invite(world, A, code, &inviting);
		spoil(code);
		assert_int_equal(ended(world, B, join(world, B, code, "b")),
				 STATUS_REFUSED);
	}
	ask.approve = true;
	inviting = invite(world, &ask);
	assert_int_equal(world_reply(world, A, inviting)->status,
			 STATUS_REFUSED);
	assert_non_null(strstr(said(world, A, inviting), "wait"));
	world_run(world, INVITE_BACKOFF_MS);
	world_join(world, B, A);
	assert_int_equal(world->nodes[A].node->dead_codes, 0);
}

static void test_expiry(void **state)
{
	struct world *world = *state;
	char code[32];
	uint32_t inviting;

	world_invite(world, A, code, &inviting);
	world_run(world, INVITE_MS - 2000);
	assert_true(world_reply(world, A, inviting)->more);
	world_run(world, 2000);
	assert_int_equal(world_reply(world, A, inviting)->status,
			 STATUS_TIMEOUT);
	assert_false(world->nodes[A].meets);
	assert_int_equal(ended(world, B, join(world, B, code, "b")),
			 STATUS_TIMEOUT);
	assert_int_equal(members(world, A), 1);
}

static void test_uri(void **state)
{
	struct world *world = *state;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	char uri[128];
	uint32_t inviting, joining;

	ask.approve = ask.uri = true;
	inviting = invite(world, &ask);
	assert_int_equal(strncmp(world_reply(world, A, inviting)->invited->uri,
				 "fob:", 4),
			 0);
	strcpy(uri, world_reply(world, A, inviting)->invited->uri);
	assert_string_equal(world_reply(world, A, inviting)->invited->code, "");
	world_run(world, INVITE_MS + 1000); /* it lives longer */
	joining = join(world, B, uri, "b");
	assert_int_equal(ended(world, B, joining), STATUS_OK);
}

/* A newer invitation takes the place of the former. */
static void test_newer(void **state)
{
	struct world *world = *state;
	char codes[2][32];
	uint32_t inviting[2];

	for (int i = 0; i < 2; i++)
		world_invite(world, A, codes[i], &inviting[i]);
	assert_int_equal(ended(world, A, inviting[0]), STATUS_FAILED);
	assert_int_equal(ended(world, B, join(world, B, codes[1], "b")),
			 STATUS_OK);
}

/* --- saying no ------------------------------------------------------------- */

static uint32_t approve(struct world *world, uint32_t inviting, bool yes,
			bool other)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ApproveAsk ask = FOB__APPROVE_ASK__INIT;
	const Fob__Reply *shown = world_reply(world, A, inviting);
	uint8_t id[DEVICE_ID_SIZE];
	const Fob__Reply *reply;

	assert_non_null(shown->newcomer);
	memcpy(id, shown->newcomer->device.data, sizeof(id));
	id[0] ^= other;
	ask.device = (ProtobufCBinaryData){ sizeof(id), id };
	ask.approve = yes;
	request.approve = &ask;
	reply = world_ask(world, A, &request);
	assert_non_null(reply);
	return reply->status;
}

/* Both see the same words; another request approves; then it is in. */
static void test_approve(void **state)
{
	struct world *world = *state;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	const Fob__Reply *shown;
	uint32_t inviting = invite(world, &ask), joining;
	char code[32];

	strcpy(code, world_reply(world, A, inviting)->invited->code);
	joining = join(world, B, code, "a"); /* as the inviter is called */
	world_run(world, 5000);
	shown = world_reply(world, A, inviting);
	assert_true(shown->more);
	assert_string_equal(shown->newcomer->name, "a-2");
	assert_string_equal(shown->newcomer->role, "device");
	assert_string_equal(shown->newcomer->can_revoke, "no device");
	assert_string_equal(shown->newcomer->words[0],
			    world_reply(world, B, joining)->progress->words[0]);
	/* Before that nothing of the vault was told. */
	assert_false(world->nodes[B].node->set.pinned);
	assert_int_equal(approve(world, inviting, true, true), STATUS_CONFLICT);
	assert_int_equal(approve(world, inviting, true, false), STATUS_OK);
	assert_int_equal(ended(world, B, joining), STATUS_OK);
	assert_string_equal(world_reply(world, B, joining)->joined->name,
			    "a-2");
	assert_int_equal(ended(world, A, inviting), STATUS_OK);
}

/* A long name that is taken is cut between two characters. */
static void test_long_name(void **state)
{
	static const char tail[] = "\xc3\xa9-2";
	struct world *world = *state;
	char name[DEVICE_NAME_MAX + 1] = "x", code[32];
	const char *second;
	uint32_t inviting, joining;

	while (strlen(name) + 2 <= DEVICE_NAME_MAX)
		strcat(name, "\xc3\xa9");
	for (int i = B; i <= C; i++) {
		world_invite(world, A, code, &inviting);
		joining = join(world, i, code, name);
		assert_int_equal(ended(world, i, joining), STATUS_OK);
		assert_true(world_settle(world, WAIT_MS));
		world_run(world, 5000);
	}
	second = world_reply(world, C, joining)->joined->name;
	assert_int_equal(strlen(second), 61);
	assert_string_equal(second + strlen(second) - strlen(tail), tail);
}

static void test_turned_away(void **state)
{
	struct world *world = *state;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	uint32_t inviting = invite(world, &ask), joining;
	char code[32];

	strcpy(code, world_reply(world, A, inviting)->invited->code);
	joining = join(world, B, code, "b");
	world_run(world, 5000);
	assert_int_equal(approve(world, inviting, false, false), STATUS_OK);
	assert_int_equal(ended(world, B, joining), STATUS_REFUSED);
	assert_non_null(strstr(said(world, B, joining), "said no"));
	assert_int_equal(ended(world, A, inviting), STATUS_REFUSED);
	assert_int_equal(members(world, A), 1);
	assert_false(world->nodes[B].node->set.pinned);
}

static void test_other_role(void **state)
{
	struct world *world = *state;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	uint32_t inviting, joining;
	char code[32];

	ask.approve = ask.keeper = true;
	inviting = invite(world, &ask);
	strcpy(code, world_reply(world, A, inviting)->invited->code);
	joining = join(world, B, code, "b");
	assert_int_equal(ended(world, B, joining), STATUS_REFUSED);
	assert_non_null(strstr(said(world, B, joining), "--keeper"));
	assert_int_equal(ended(world, A, inviting), STATUS_REFUSED);
}

/* The inviter was locked meanwhile. */
static void test_cannot(void **state)
{
	struct world *world = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LockAsk lock = FOB__LOCK_ASK__INIT;
	uint32_t inviting, joining;
	char code[32];

	world_invite(world, A, code, &inviting);
	request.lock = &lock;
	assert_int_equal(world_ask(world, A, &request)->status, STATUS_OK);
	joining = join(world, B, code, "b");
	assert_int_equal(ended(world, B, joining), STATUS_REFUSED);
	assert_non_null(strstr(said(world, B, joining), "locked"));
	assert_int_equal(members(world, A), 1);
}

static void test_nobody_to_ask(void **state)
{
	struct world *world = *state;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	Fob__ApproveAsk yes = FOB__APPROVE_ASK__INIT;

	world_confirm(world, A, FOB__CONFIRM__CONFIRM_INVITE);
	request.invite = &ask;
	assert_int_equal(world_ask(world, A, &request)->status, STATUS_USAGE);
	request.invite = NULL;
	request.approve = &yes;
	assert_int_equal(world_ask(world, A, &request)->status,
			 STATUS_NOT_FOUND);
}

/* --- joins that were cut --------------------------------------------------- */

static bool has_begun(struct world *world, void *arg UNUSED)
{
	const struct node *node = world->nodes[B].node;

	return node->state == NODE_JOINING;
}

/* Begins to join and is powered off when its keys are kept. */
static void begin_and_kill(struct world *world, bool cut,
			   uint8_t ret[static DEVICE_ID_SIZE])
{
	char code[32];
	uint32_t inviting;

	world_invite(world, A, code, &inviting);
	join(world, B, code, "b");
	assert_true(world_until(world, WAIT_MS, has_begun, NULL));
	if (cut)
		world_cut(world, A, B, true);
	world_quiesce(world, B);
	memcpy(ret, world->nodes[B].node->self->id, DEVICE_ID_SIZE);
	if (!cut) /* what it signed arrives */
		world_run(world, 100);
	world_kill(world, B);
	world_run(world, 20000);
	world_heal_all(world);
	world_start(world, B);
}

static bool is_in(struct world *world, void *arg UNUSED)
{
	return world->nodes[B].node->self_author != NONE &&
	       world->nodes[B].node->state == NODE_LOCKED;
}

/* The inviter has added it: it comes in without another word. */
static void test_resumed_alone(void **state)
{
	struct world *world = *state;
	uint8_t id[DEVICE_ID_SIZE];

	begin_and_kill(world, false, id);
	assert_int_equal(members(world, A), 2);
	assert_true(world_until(world, 600000, is_in, NULL));
	assert_memory_equal(world->nodes[B].node->self->id, id, sizeof(id));
	world_unlock(world, B);
	assert_true(world_settle(world, WAIT_MS));
	assert_int_equal(members(world, B), 2);
}

static bool is_open(struct world *world, void *arg UNUSED)
{
	return world->nodes[B].node->state == NODE_UNLOCKED;
}

/* Opened before its ADD is here, it is open when that has come. */
static void test_resumed_open(void **state)
{
	struct world *world = *state;
	uint8_t id[DEVICE_ID_SIZE];

	begin_and_kill(world, false, id);
	world_unlock(world, B);
	assert_true(world_until(world, 600000, is_open, NULL));
	assert_true(world_settle(world, WAIT_MS));
}

/* It has not: another code, and the keys that were kept are used again. */
static void test_resumed(void **state)
{
	struct world *world = *state;
	uint8_t id[DEVICE_ID_SIZE];
	char code[32];
	uint32_t inviting, joining;

	begin_and_kill(world, true, id);
	assert_int_equal(members(world, A), 1);
	assert_int_equal(world->nodes[B].node->state, NODE_JOINING);
	world_invite(world, A, code, &inviting);
	/* They open with the passphrase that they were made with. */
	passphrase[0] ^= 1;
	joining = join(world, B, code, "b");
	passphrase[0] ^= 1;
	assert_int_equal(ended(world, B, joining), STATUS_REFUSED);
	assert_int_equal(members(world, A), 1);
	joining = join(world, B, code, "b");
	assert_int_equal(ended(world, B, joining), STATUS_OK);
	assert_memory_equal(world->nodes[B].node->self->id, id, sizeof(id));
	assert_int_equal(members(world, A), 2);
	assert_int_equal(world->nodes[B].node->n_slots, 1);
	assert_true(world_settle(world, WAIT_MS));
}

static void test_already(void **state)
{
	struct world *world = *state;

	world_join(world, B, A);
	assert_int_equal(ended(world, B, join(world, B, "123-456-789", "b")),
			 STATUS_CONFLICT);
	assert_int_equal(members(world, B), 2);
}

static uint32_t one_join(struct one *one)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__JoinAsk ask = FOB__JOIN_ASK__INIT;
	char address[] = "192.0.2.1:1", code[] = "123-456-789", name[] = "b";
	char *addresses[] = { address };

	ask.code = code;
	ask.addresses = addresses;
	ask.n_addresses = 1;
	ask.name = name;
	ask.passphrase = (ProtobufCBinaryData){ strlen(passphrase),
						(uint8_t *)passphrase };
	request.join = &ask;
	one_send(one, 7, &request);
	return request.id;
}

/* Whose client is stopped by hand may try again, or do something else. */
static void test_client_left(void **state UNUSED)
{
	static struct one one;
	struct event event = { .type = EVENT_CLIENT_GONE, .conn = 7 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init = FOB__INIT_ASK__INIT;
	uint32_t id;

	one_init(&one, 1);
	one_join(&one);
	assert_non_null(one.node->join);
	/* Its keys are in use: no vault is made of them meanwhile. */
	init.passphrase = (ProtobufCBinaryData){ strlen(passphrase),
						 (uint8_t *)passphrase };
	request.init = &init;
	assert_int_equal(one_ask(&one, &request)->status, STATUS_CONFLICT);
	one_event(&one, &event);
	assert_null(one.node->join);
	id = one_join(&one);
	assert_null(one_reply(&one, id)); /* it waits */
	assert_non_null(one.node->join);
	one_event(&one, &event);
	assert_int_equal(one_ask(&one, &request)->status, STATUS_OK);
	one_deinit(&one);
}

/* One address that is silent for too long ends it, and nothing else. */
static void test_silence(void **state UNUSED)
{
	static struct one one;
	uint32_t id;

	one_init(&one, 1);
	id = one_join(&one);
	assert_null(one_reply(&one, id));
	one_later(&one, 60000);
	assert_int_equal(one_reply(&one, id)->status, STATUS_TIMEOUT);
	assert_null(one.node->join);
	one_deinit(&one);
}

static void say_offer(struct one *one, const struct build *b, int add,
		      const uint8_t sponsor[static DEVICE_ID_SIZE])
{
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairOffer offer = FOB__PAIR_OFFER__INIT;
	Fob__Item items[2] = { FOB__ITEM__INIT, FOB__ITEM__INIT };
	Fob__Item *chain[1] = { &items[1] };
	struct pairing_event event = { .kind = PAIRING_MESSAGE };
	char name[] = "b", inviter[] = "a";
	uint8_t packed[4096], id[DEVICE_ID_SIZE];
	struct one_step own;

	for (int i = 0; i < 2; i++) {
		const struct item *from = &b->items[i ? add : 0];

		items[i].body =
			(ProtobufCBinaryData){ from->body_len, from->body };
		items[i].signature = (ProtobufCBinaryData){
			SIGNATURE_SIZE, (uint8_t *)(uintptr_t)from->signature
		};
	}
	memcpy(id, sponsor, sizeof(id));
	offer.genesis = &items[0];
	offer.chain = chain;
	offer.n_chain = 1;
	offer.sponsor = (ProtobufCBinaryData){ sizeof(id), id };
	offer.name = name;
	offer.inviter = inviter;
	message.offer = &offer;
	REQUIRE(fob__pair_message__get_packed_size(&message) < sizeof(packed));
	event.message =
		(struct bytes){ packed,
				fob__pair_message__pack(&message, packed) };
	one_step_begin(one, &own);
	assert_int_equal(join_event(&own.step, &event), 0);
	one_step_end(one, &own);
}

/* What a bad inviter shows ties the folder to no vault. */
static void test_bad_offer(void **state UNUSED)
{
	static struct one one;
	static struct build b;
	struct pairing_event ready = { .kind = PAIRING_READY };
	struct event gone = { .type = EVENT_CLIENT_GONE, .conn = 7 };
	struct one_step own;
	int add, other;

	one_init(&one, 1);
	build_init(&b, 1);
	add = build_add(&b, 0, 1, FOB__ROLE__DEVICE, 1);
	other = build_add(&b, 1, 2, FOB__ROLE__DEVICE, 1);
	for (int bad = 0; bad < 4; bad++) {
		struct event up = { .type = EVENT_MEET_UP };

		one_join(&one);
		up.conn = one.node->join->meeting.conn;
		one_event(&one, &up);
		one_step_begin(&one, &own);
		assert_int_equal(join_event(&own.step, &ready), 0);
		one_step_end(&one, &own);
		if (bad == 0) /* of somebody who is not in the chain */
			say_offer(&one, &b, add, build_keys(&b, 2)->id);
		else if (bad == 1) { /* a signature that is none */
			b.items[add].signature[5] ^= 1;
			say_offer(&one, &b, add, build_keys(&b, 1)->id);
			b.items[add].signature[5] ^= 1;
		} else if (bad == 2) /* a link of the chain is not there */
			say_offer(&one, &b, other, build_keys(&b, 1)->id);
		else
			say_offer(&one, &b, add, build_keys(&b, 1)->id);
		assert_int_equal(one.node->set.pinned, bad == 3);
		assert_int_equal(one.node->state == NODE_JOINING, bad == 3);
		one_event(&one, &gone);
		assert_null(one.node->join);
	}
	build_deinit(&b);
	one_deinit(&one);
}

/* An inviter showed its vault and then could not let us in. */
static void test_shown_only(void **state UNUSED)
{
	static struct one one;
	static struct build b;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init = FOB__INIT_ASK__INIT;
	struct take take = { .conn = UINT32_MAX };
	struct one_step own;
	uint32_t index;

	one_init(&one, 1);
	build_init(&b, 1);
	one_step_begin(&one, &own);
	take.body = (struct bytes){ b.items[0].body, b.items[0].body_len };
	take.signature = BYTES(b.items[0].signature);
	assert_int_equal(take_item(&own.step, &take, &index), 0);
	one_step_end(&one, &own);
	init.passphrase = (ProtobufCBinaryData){ strlen(passphrase),
						 (uint8_t *)passphrase };
	request.init = &init;
	assert_int_equal(one_ask(&one, &request)->status, STATUS_CONFLICT);
	build_deinit(&b);
	one_deinit(&one);
}

/* --- connections ----------------------------------------------------------- */

static void meet(struct one *one, enum event_type type, uint32_t conn)
{
	struct event event = { .type = type, .conn = conn };

	one_event(one, &event);
}

/* A scan of ports kills no code: three at once, ten in all. */
static void test_connections(void **state UNUSED)
{
	static struct one one;
	static struct guests guests;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ConfirmAsk confirm = FOB__CONFIRM_ASK__INIT;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	uint32_t conn = 1;

	one_init(&one, 1);
	one_make_vault(&one);
	guests_init(&guests, &one);
	meet(&one, EVENT_MEET_UP, conn); /* nobody is invited */
	assert_true(guests_closed(&guests, conn));
	confirm.kind = FOB__CONFIRM__CONFIRM_INVITE;
	confirm.passphrase =
		(ProtobufCBinaryData){ 10, (uint8_t *)"passphrase" };
	request.confirm = &confirm;
	one_ask(&one, &request);
	request.confirm = NULL;
	request.invite = &ask;
	ask.approve = true;
	assert_non_null(one_ask(&one, &request)->invited);
	for (unsigned i = 0; i < INVITE_SLOTS; i++)
		meet(&one, EVENT_MEET_UP, ++conn);
	assert_int_equal(guests.n_closed, 1);
	meet(&one, EVENT_MEET_UP, ++conn);
	assert_true(guests_closed(&guests, conn));
	for (unsigned i = 0; i < INVITE_CONNECTIONS - INVITE_SLOTS; i++) {
		meet(&one, EVENT_MEET_DOWN, 2 + i + (i >= 3));
		meet(&one, EVENT_MEET_UP, ++conn);
		assert_false(guests_closed(&guests, conn));
	}
	meet(&one, EVENT_MEET_DOWN, conn);
	assert_int_equal(guests.traces[TRACE_MEET_WRONG], 0);
	assert_non_null(one.node->invite);
	meet(&one, EVENT_MEET_UP, ++conn);
	assert_true(guests_closed(&guests, conn));
	guests_deinit(&guests);
	one_deinit(&one);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good_code),
		TEST(test_wrong_code),
		TEST(test_not_a_code),
		TEST(test_dead_codes),
		TEST(test_expiry),
		TEST(test_uri),
		TEST(test_newer),
		TEST(test_approve),
		TEST(test_turned_away),
		TEST(test_long_name),
		TEST(test_other_role),
		TEST(test_cannot),
		TEST(test_nobody_to_ask),
		TEST(test_resumed),
		TEST(test_resumed_alone),
		TEST(test_resumed_open),
		TEST(test_already),
		cmocka_unit_test(test_client_left),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_bad_offer),
		cmocka_unit_test(test_shown_only),
		cmocka_unit_test(test_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
