/*
 * Two members of a vault, a keeper and the kit, all hostile, talk to a device:
 * messages of every kind, with items that they have signed and that say what
 * the input wants, in any order; connections come and go, and steps die. The
 * device goes on, and after a restart has the same set.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/crash.h"
#include "tests/lib/guest.h"

#define OPS_MAX 48
#define MADE_MAX 24
#define CONNS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An item as it goes over the wire. */
struct made {
	struct bytes body, blob;
	uint8_t signature[SIGNATURE_SIZE], id[ID_SIZE];
};

struct state {
	struct one one;
	struct guests guests;
	struct draw draw;  /* of messages, which are forgotten */
	struct draw items; /* of items, which stay */
	struct made made[MADE_MAX];
	size_t n_made;
	uint8_t root[ID_SIZE], proof[CONNS][SET_PROOF];
};

static struct state state;

/* 0, 1: dialed by us, or not; which device is at the other end. */
static uint32_t conn_of(size_t i)
{
	return (uint32_t)(i + 1) | (i % 2 ? CONN_DIALED : 0);
}

static void know_build(struct draw *draw)
{
	struct build *b = &state.guests.b;

	for (int i = 1; i < 5; i++) {
		const struct build_device *device = build_keys(b, i);

		draw_know(draw, BYTES(device->id));
		draw_know(draw, BYTES(device->sign_public));
		draw_know(draw, BYTES(device->wrap_public));
	}
	for (int i = 0; i < b->n_items; i++)
		draw_know(draw, (struct bytes){ build_id(b, i), ID_SIZE });
}

/* What is there by now: ids, roots, proofs. */
static void know(struct draw *draw)
{
	static const uint8_t zeros[ID_SIZE];
	struct set *set = &state.one.node->set;

	draw->n_pool = 0;
	draw_know(draw, BYTES(zeros));
	draw_know(draw, BYTES(set->vault_id));
	draw_know(draw, BYTES(state.one.node->self->id));
	set_root_all(set, state.root);
	draw_know(draw, BYTES(state.root));
	for (size_t i = 0; i < CONNS; i++) {
		uint8_t key[32];

		memset(key, (int)(conn_of(i) & 0x7f), sizeof(key));
		set_proof(set, key, !(conn_of(i) & CONN_DIALED),
			  state.proof[i]);
		draw_know(draw, BYTES(state.proof[i]));
	}
	for (size_t i = 0; i < state.n_made; i++)
		draw_know(draw, BYTES(state.made[i].id));
	know_build(draw);
	for (uint32_t i = 0; i < set->n_items; i++)
		draw_know(draw, (struct bytes){ set->items[i].id, ID_SIZE });
}

/* --- items ----------------------------------------------------------------- */

static void sign(struct made *made, const uint8_t *secret)
{
	static const uint8_t label[] = "fob/1 sig item";
	size_t n = sizeof(label) + ID_SIZE + made->body.n;
	AUTO_FREE uint8_t *text = malloc(n);

	REQUIRE(text);
	memcpy(text, label, sizeof(label));
	memcpy(text + sizeof(label), state.guests.b.vault_id, ID_SIZE);
	memcpy(text + sizeof(label) + ID_SIZE, made->body.p, made->body.n);
	crypto_sign_detached(made->signature, NULL, text, n, secret);
}

static struct bytes draw_blob(struct draw *draw)
{
	size_t n = 272 + 256 * (size_t)draw_below(draw, 3);
	uint8_t *p = draw_room(draw, n);

	memset(p, draw_byte(draw), n);
	return (struct bytes){ p, n };
}

/* Author, kind and one payload as they belong together, most times. */
static Fob__Head *draw_head(struct draw *draw, int by)
{
	static const uint8_t kinds[] = { 2, 3, 4, 5, 6, 7, 16, 17, 32, 33, 32 };
	static const uint8_t fields[] = { 17, 18, 19, 20, 21, 22,
					  23, 24, 25, 26, 25 };
	const ProtobufCMessageDescriptor *what = &fob__head__descriptor;
	Fob__Head *head = (Fob__Head *)draw_message(draw, what, 0);
	uint32_t at = draw_below(draw, ARRAY_SIZE(kinds));
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(what, fields[at]);
	struct build_device *device;

	*(ProtobufCMessage **)((uint8_t *)head + field->offset) =
		draw_message(draw, field->descriptor, 3);
	if (draw_byte(draw) < 16)
		return head;
	head->kind = kinds[at];
	head->author.data = draw_room(draw, DEVICE_ID_SIZE);
	head->author.len = DEVICE_ID_SIZE;
	if (by < BUILD_RECOVERY) {
		device = &state.guests.b.devices[by];
		memcpy(head->author.data, device->id, DEVICE_ID_SIZE);
		head->generation = 0;
	}
	return head;
}

static void prev_of(Fob__Head *head, struct draw *draw)
{
	struct made *last = state.n_made ? &state.made[state.n_made - 1] : NULL;

	if (!last || draw_byte(draw) & 1)
		return;
	head->prev.data = last->id;
	head->prev.len = ID_SIZE;
}

static void make_item(void)
{
	struct draw *draw = &state.draw;
	struct made *made = &state.made[state.n_made];
	int by = 1 + (int)draw_below(draw, 4);
	const struct build_device *device = build_keys(&state.guests.b, by);
	Fob__Body body = FOB__BODY__INIT;
	uint8_t hash[ID_SIZE];
	Fob__Head *head;
	struct bytes packed;

	if (state.n_made == MADE_MAX)
		return;
	state.items.in = draw->in;
	know(&state.items);
	head = draw_head(&state.items, by);
	prev_of(head, &state.items);
	packed = draw_pack(&state.items, &head->base);
	body.head = draw_data(packed);
	if (head->kind == FOB__KIND__ENTRY) {
		made->blob = draw_blob(&state.items);
		crypto_generichash(hash, sizeof(hash), made->blob.p,
				   made->blob.n, NULL, 0);
		body.blob_hash = (ProtobufCBinaryData){ ID_SIZE, hash };
		body.blob_len = (uint32_t)made->blob.n;
	}
	made->body = draw_pack(&state.items, &body.base);
	draw->in = state.items.in;
	if (made->body.n == 0)
		return;
	item_hash(made->id, made->body.p, made->body.n);
	sign(made, device->sign_secret);
	state.n_made++;
}

static void fill_item(struct draw *draw, struct made *made, Fob__Item *item)
{
	uint8_t how = draw_byte(draw);

	item->body = draw_data(made->body);
	item->signature.data = made->signature;
	item->signature.len = SIGNATURE_SIZE - (how == 255);
	if (how < 224)
		item->blob = draw_data(made->blob);
}

/* Those that were made, also in a chain or a Bye. */
static void put_items(struct draw *draw, Fob__PeerMessage *message)
{
	Fob__Item **list = NULL;
	size_t n = 0, i;

	if (message->items) {
		n = message->items->n_items;
		list = message->items->items;
	} else if (message->hello) {
		n = message->hello->n_chain;
		list = message->hello->chain;
	} else if (message->bye && message->bye->item) {
		n = 1;
		list = &message->bye->item;
	}
	for (i = 0; i < n && state.n_made > 0; i++)
		fill_item(draw,
			  &state.made[draw_below(draw, (uint32_t)state.n_made)],
			  list[i]);
}

/* --- what happens ---------------------------------------------------------- */

static void say(struct bytes message, uint32_t conn)
{
	struct event event = { .type = EVENT_PEER_MESSAGE, .conn = conn };

	event.data = message;
	if (message.n > 0 && message.n <= MESSAGE_MAX)
		one_event(&state.one, &event);
}

static void say_drawn(uint32_t conn)
{
	struct draw *draw = &state.draw;
	Fob__PeerMessage *message;

	know(draw);
	message = (Fob__PeerMessage *)draw_choice(
		draw, &fob__peer_message__descriptor);
	put_items(draw, message);
	say(draw_pack(draw, &message->base), conn);
}

static void give(uint32_t conn)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Items items = FOB__ITEMS__INIT;
	Fob__Item given[MADE_MAX], *pointers[MADE_MAX];

	for (size_t i = 0; i < state.n_made; i++) {
		fob__item__init(&given[i]);
		fill_item(&state.draw, &state.made[i], &given[i]);
		pointers[i] = &given[i];
	}
	items.seq = ++state.guests.seq;
	items.n_items = state.n_made;
	items.items = pointers;
	message.items = &items;
	say(draw_pack(&state.draw, &message.base), conn);
}

static void add_account(void)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk add = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries = &entry;
	static char issuer[] = "Shop";

	entry.issuer = issuer;
	add.entries = &entries;
	add.n_entries = 1;
	add.force = true;
	request.add = &add;
	one_send(&state.one, 7, &request);
}

static void happen(void)
{
	struct draw *draw = &state.draw;
	uint32_t what = draw_below(draw, 16);
	size_t i = draw_below(draw, CONNS);
	uint32_t conn = conn_of(i);

	if (what < 6)
		say_drawn(conn);
	else if (what < 9)
		make_item();
	else if (what == 9)
		give(conn);
	else if (what == 10)
		guests_meet(&state.guests, 1 + (int)(i % 3), conn);
	else if (what == 11)
		guests_down(&state.guests, conn, false);
	else if (what == 12)
		one_later(&state.one, draw_number(draw) % 100000000);
	else if (what == 13)
		guests_agree(&state.guests, conn);
	else if (what == 14)
		add_account();
	else
		state.one.hold = !state.one.hold;
	if (!state.one.hold)
		one_release(&state.one);
	if (state.one.dead)
		crash_restart(&state.one);
	guests_forget(&state.guests);
	draw_clear(draw);
}

static void begin(struct bytes in)
{
	struct build *b = &state.guests.b;

	one_init(&state.one, 3);
	one_make_vault(&state.one);
	guests_init(&state.guests, &state.one);
	guests_add(&state.guests, 1, FOB__ROLE__DEVICE);
	guests_add(&state.guests, 2, FOB__ROLE__KEEPER);
	guests_add(&state.guests, 3, FOB__ROLE__DEVICE);
	build_keys(b, 4);
	build_entry(b, 1, 1, BUILD_LIST(0));
	draw_init(&state.draw, in);
	draw_init(&state.items, in);
	state.n_made = 0;
	crash_draw(&state.one, &state.draw);
	for (size_t i = 0; i < 2; i++)
		guests_meet(&state.guests, 1 + (int)i * 2, conn_of(i));
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
	guests_deinit(&state.guests);
	one_deinit(&state.one);
	draw_deinit(&state.draw);
	draw_deinit(&state.items);
	memset(&state.made, 0, sizeof(state.made));
	return 0;
}
