/*
 * Somebody who has the code of an invitation, and means harm: a joiner to a
 * device that invites, or an inviter to a device that joins. The handshake is
 * done as it has to be; then come messages of every kind, with any values, or
 * those that are due, whole or with a bit changed, while steps die.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/meet.h"
#include "tests/fuzz/crash.h"
#include "tests/lib/build.h"

#define OPS_MAX 24
#define CONN 5
#define CALLER 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct state {
	struct one one;
	struct build b;
	struct draw draw;
	struct pairing pairing; /* of the other side */
	bool talks, joins;	/* the node is the joiner */
	uint32_t conn;
	uint8_t in[64 * 1024]; /* from the node, not yet taken */
	size_t n_in;
	Fob__PairMessage *ask, *sign, *offer; /* that came, owned */
};

static struct state state;

static void watch(void *arg UNUSED, const struct effect *effect)
{
	size_t room = sizeof(state.in) - state.n_in;

	if (effect->type == EFFECT_MEET_DIAL)
		state.conn = effect->conn;
	if (effect->type != EFFECT_MEET_SEND || effect->conn != state.conn)
		return;
	REQUIRE(effect->data_len <= room);
	memcpy(state.in + state.n_in, effect->data, effect->data_len);
	state.n_in += effect->data_len;
}

/* --- the wire -------------------------------------------------------------- */

static void keep(struct bytes bytes)
{
	Fob__PairMessage *message =
		fob__pair_message__unpack(NULL, bytes.n, bytes.p);
	Fob__PairMessage **at = &state.offer;

	REQUIRE(message);
	if (message->ask)
		at = &state.ask;
	else if (message->sign)
		at = &state.sign;
	if (*at)
		fob__pair_message__free_unpacked(*at, NULL);
	*at = message;
}

static void take(struct bytes in)
{
	struct pairing_event event;

	do {
		REQUIRE(pairing_feed(&state.pairing, &in, state.one.mono) == 0);
		while (pairing_next(&state.pairing, &event))
			if (event.kind == PAIRING_MESSAGE)
				keep(event.message);
			else if (event.kind != PAIRING_READY)
				state.talks = false;
	} while (in.n > 0);
}

/* To and fro, until both have said what they had to. */
static void pump(void)
{
	for (int i = 0; i < 16; i++) {
		struct event event = { .type = EVENT_MEET_BYTES,
				       .conn = state.conn };
		struct bytes out = pairing_output(&state.pairing);
		size_t n = state.n_in;
		AUTO_FREE uint8_t *copy = malloc(out.n + n + 1);

		if (out.n == 0 && n == 0)
			return;
		REQUIRE(copy);
		memcpy(copy, state.in, n);
		state.n_in = 0;
		if (out.n > 0)
			memcpy(copy + n, out.p, out.n);
		event.data = (struct bytes){ copy + n, out.n };
		pairing_sent(&state.pairing, out.n);
		take((struct bytes){ copy, n });
		if (event.data.n > 0)
			one_event(&state.one, &event);
	}
}

static void up(void)
{
	struct event event = { .type = EVENT_MEET_UP, .conn = state.conn };
	struct pairing_params params = { .joiner = !state.joins };
	static const uint8_t entropy[PAIRING_ENTROPY] = { 4 };
	const struct node *node = state.one.node;

	if (state.joins ? !node->join : !node->invite)
		return;
	params.mode = state.joins ? node->join->mode : node->invite->mode;
	params.code = state.joins ? node->join->code : node->invite->code;
	pairing_deinit(&state.pairing);
	REQUIRE(pairing_init(&state.pairing, &params, state.one.mono,
			     entropy) == 0);
	state.talks = true;
	state.n_in = 0;
	one_event(&state.one, &event);
	pump();
}

static void say(const Fob__PairMessage *message, bool as_it_is)
{
	struct bytes packed;
	size_t n = fob__pair_message__get_packed_size(message);

	if (n == 0 || n > MESSAGE_MAX || !state.talks)
		return;
	if (as_it_is) {
		uint8_t *room = draw_room(&state.draw, n);

		fob__pair_message__pack(message, room);
		packed = (struct bytes){ room, n };
	} else {
		packed = draw_pack(&state.draw, &message->base);
	}
	(void)pairing_send(&state.pairing, packed);
	pump();
}

/* --- what is due ----------------------------------------------------------- */

static void item_of(int index, Fob__Item *ret)
{
	struct item *item = &state.b.items[index];

	fob__item__init(ret);
	ret->body = (ProtobufCBinaryData){ item->body_len, item->body };
	ret->signature =
		(ProtobufCBinaryData){ SIGNATURE_SIZE, item->signature };
}

static void say_ask(void)
{
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairAsk ask = FOB__PAIR_ASK__INIT;
	Fob__Certificate certificate;
	struct build_device device = *build_keys(&state.b, 1);
	static char name[] = "phone";

	build_certificate(&certificate, &device);
	ask.name = name;
	ask.role = FOB__ROLE__DEVICE;
	ask.device = &certificate;
	message.ask = &ask;
	say(&message, draw_byte(&state.draw) < 200);
}

static void say_sign(void)
{
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairSign sign = FOB__PAIR_SIGN__INIT;
	Fob__Add add = FOB__ADD__INIT;
	Fob__Certificate certificate;
	struct build_device device = *build_keys(&state.b, 1);
	uint8_t signature[SIGNATURE_SIZE];

	if (!state.offer || !state.offer->offer)
		return;
	build_certificate(&certificate, &device);
	add.device = &certificate;
	add.role = FOB__ROLE__DEVICE;
	add.ordinal = state.offer->offer->ordinal;
	item_join_sign(signature, state.one.node->set.vault_id,
		       state.one.node->self->id, &add, device.sign_secret);
	sign.join_sig = (ProtobufCBinaryData){ sizeof(signature), signature };
	message.sign = &sign;
	say(&message, draw_byte(&state.draw) < 200);
}

static void say_offer(void)
{
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairOffer offer = FOB__PAIR_OFFER__INIT;
	Fob__Item genesis;
	struct build_device device = *build_keys(&state.b, 0);
	static char name[] = "phone", inviter[] = "laptop";

	item_of(state.b.genesis, &genesis);
	offer.genesis = &genesis;
	offer.sponsor = (ProtobufCBinaryData){ DEVICE_ID_SIZE, device.id };
	offer.ordinal = 1;
	offer.name = name;
	offer.inviter = inviter;
	message.offer = &offer;
	say(&message, draw_byte(&state.draw) < 200);
}

/* The ADD of the node, signed by device 0. */
static void say_welcome(void)
{
	Fob__PairMessage message = FOB__PAIR_MESSAGE__INIT;
	Fob__PairWelcome welcome = FOB__PAIR_WELCOME__INIT;
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Add add = FOB__ADD__INIT;
	Fob__Item item;

	if (!state.ask || !state.ask->ask->device || !state.sign)
		return;
	add.device = state.ask->ask->device;
	add.role = state.ask->ask->role;
	add.ordinal = 1;
	add.join_sig = state.sign->sign->join_sig;
	head.kind = FOB__KIND__ADD;
	head.add = &add;
	item_of(build_head(&state.b, 0, &head, (struct bytes){ NULL, 0 }),
		&item);
	welcome.add = &item;
	message.welcome = &welcome;
	say(&message, draw_byte(&state.draw) < 200);
}

/* --- the node's own people ------------------------------------------------- */

static void ask_node(Fob__Request *request)
{
	one_send(&state.one, CALLER, request);
	pump();
}

static void invite(bool uri, bool keeper)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ConfirmAsk confirm = FOB__CONFIRM_ASK__INIT;
	Fob__InviteAsk ask = FOB__INVITE_ASK__INIT;
	static uint8_t text[] = "passphrase";

	confirm.kind = FOB__CONFIRM__CONFIRM_INVITE;
	confirm.passphrase = (ProtobufCBinaryData){ sizeof(text) - 1, text };
	request.confirm = &confirm;
	ask_node(&request);
	request = (Fob__Request)FOB__REQUEST__INIT;
	ask.uri = uri;
	ask.keeper = keeper;
	ask.wait = true;
	request.invite = &ask;
	ask_node(&request);
}

static void join(void)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__JoinAsk ask = FOB__JOIN_ASK__INIT;
	static char code[] = "482915377", address[] = "127.0.0.1:9";
	static char name[] = "phone";
	static uint8_t text[] = "passphrase";
	char *addresses = address;

	ask.code = code;
	ask.addresses = &addresses;
	ask.n_addresses = 1;
	ask.name = name;
	ask.passphrase = (ProtobufCBinaryData){ sizeof(text) - 1, text };
	request.join = &ask;
	ask_node(&request);
}

static void approve(void)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ApproveAsk ask = FOB__APPROVE_ASK__INIT;
	struct build_device device = *build_keys(&state.b, 1);

	ask.approve = draw_byte(&state.draw) < 200;
	ask.device = (ProtobufCBinaryData){ DEVICE_ID_SIZE, device.id };
	request.approve = &ask;
	ask_node(&request);
}

/* --- what happens ---------------------------------------------------------- */

static void know(struct draw *draw)
{
	draw->n_pool = 0;
	draw_know_text(draw, "phone");
	draw_know(draw, BYTES(state.b.vault_id));
	for (int i = 0; i < 3; i++) {
		const struct build_device *device = build_keys(&state.b, i);

		draw_know(draw, BYTES(device->id));
		draw_know(draw, BYTES(device->sign_public));
		draw_know(draw, BYTES(device->transport_public));
	}
	for (int i = 0; i < state.b.n_items; i++) {
		draw_know(draw, (struct bytes){ state.b.items[i].body,
						state.b.items[i].body_len });
		draw_know(draw, BYTES(state.b.items[i].signature));
	}
}

static void down(void)
{
	struct event event = { .type = EVENT_MEET_DOWN, .conn = state.conn };

	state.talks = false;
	one_event(&state.one, &event);
}

static void say_drawn(void)
{
	know(&state.draw);
	say((Fob__PairMessage *)draw_choice(&state.draw,
					    &fob__pair_message__descriptor),
	    false);
}

static void happen(void)
{
	struct draw *draw = &state.draw;
	uint32_t what = draw_below(draw, 12);

	if (what < 3)
		say_drawn();
	else if (what < 5 && state.joins)
		say_offer();
	else if (what < 7 && state.joins)
		say_welcome();
	else if (what < 5)
		say_ask();
	else if (what == 5)
		approve();
	else if (what == 6)
		say_sign();
	else if (what == 7)
		one_later(&state.one, draw_number(draw) % 1000000);
	else if (what == 8)
		down();
	else if (what == 9)
		up();
	else if (what == 10)
		state.one.hold = !state.one.hold;
	if (!state.one.hold)
		one_release(&state.one);
	pump();
	if (state.one.dead)
		crash_restart(&state.one);
	draw_clear(draw);
}

static void begin(struct bytes in)
{
	uint8_t how;

	draw_init(&state.draw, in);
	how = draw_byte(&state.draw);
	state.joins = how & 1;
	state.conn = CONN;
	state.n_in = 0;
	build_init(&state.b, 7);
	one_init(&state.one, 3);
	state.one.watch = watch;
	if (!state.joins)
		one_make_vault(&state.one);
	crash_draw(&state.one, &state.draw);
	if (state.joins)
		join();
	else
		invite(how & 2, how & 4);
	if (!state.one.dead)
		up();
}

static void forget(Fob__PairMessage **message)
{
	if (*message)
		fob__pair_message__free_unpacked(*message, NULL);
	*message = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin((struct bytes){ data, size });
	if (state.one.dead)
		crash_restart(&state.one);
	for (int i = 0; i < OPS_MAX && !draw_over(&state.draw); i++)
		happen();
	one_release(&state.one);
	crash_restart(&state.one);
	one_deinit(&state.one);
	build_deinit(&state.b);
	pairing_deinit(&state.pairing);
	forget(&state.ask);
	forget(&state.sign);
	forget(&state.offer);
	draw_deinit(&state.draw);
	return 0;
}
