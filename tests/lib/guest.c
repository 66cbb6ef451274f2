#include "tests/lib/guest.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void watch_keys(struct guests *guests, const struct effect *effect)
{
	const struct effect_keys *keys = (const void *)effect->data;

	guests->n_denied = keys->n_denied;
	if (keys->n_denied)
		memcpy(guests->denied, keys->denied[keys->n_denied - 1],
		       KEY_SIZE);
}

static void watch(void *arg, const struct effect *effect)
{
	struct guests *guests = arg;
	struct guest_heard *heard = &guests->heard[guests->n_heard];

	switch (effect->type) {
	case EFFECT_SEND:
		REQUIRE(guests->n_heard < GUEST_LIST);
		heard->conn = effect->conn;
		heard->message = fob__peer_message__unpack(
			NULL, effect->data_len, effect->data);
		REQUIRE(heard->message);
		guests->n_heard++;
		break;
	case EFFECT_CLOSE:
		REQUIRE(guests->n_closed < GUEST_LIST);
		guests->closed[guests->n_closed++] = effect->conn;
		break;
	case EFFECT_DIAL:
		REQUIRE(guests->n_dialed < GUEST_LIST);
		memcpy(guests->address[guests->n_dialed], effect->address, 64);
		guests->dialed[guests->n_dialed++] = effect->conn;
		break;
	case EFFECT_TRACE:
		REQUIRE((size_t)effect->trace.what < GUEST_TRACES);
		guests->traces[effect->trace.what]++;
		break;
	case EFFECT_KEYS:
		watch_keys(guests, effect);
		break;
	case EFFECT_TIMER:
		guests->timer = effect->number;
		break;
	default:
		break;
	}
}

void guests_init(struct guests *guests, struct one *one)
{
	*guests = (struct guests){ .one = one };
	build_init(&guests->b, 7);
	memcpy(guests->b.vault_id, one->node->set.vault_id, ID_SIZE);
	one->watch = watch;
	one->watch_arg = guests;
}

void guests_forget(struct guests *guests)
{
	for (size_t i = 0; i < guests->n_heard; i++)
		fob__peer_message__free_unpacked(guests->heard[i].message,
						 NULL);
	guests->n_heard = guests->n_closed = guests->n_dialed = 0;
	memset(guests->traces, 0, sizeof(guests->traces));
}

void guests_deinit(struct guests *guests)
{
	guests_forget(guests);
	guests->one->watch = NULL;
	build_deinit(&guests->b);
}

uint32_t guests_author(struct guests *guests, int number)
{
	return set_author(&guests->one->node->set,
			  build_keys(&guests->b, number)->id);
}

uint32_t guests_add(struct guests *guests, int number, uint32_t role)
{
	struct node *node = guests->one->node;
	struct build_device device = *build_keys(&guests->b, number);
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Add add = FOB__ADD__INIT;
	Fob__Certificate certificate;
	uint8_t signature[SIGNATURE_SIZE];
	struct one_step own;
	uint32_t index;

	build_certificate(&certificate, &device);
	add.device = &certificate;
	add.role = role;
	add.ordinal = roster_next_ordinal(&node->roster, node->self_author);
	item_join_sign(signature, node->set.vault_id, node->self->id, &add,
		       device.sign_secret);
	add.join_sig = (ProtobufCBinaryData){ sizeof(signature), signature };
	head.kind = FOB__KIND__ADD;
	head.add = &add;
	one_step_begin(guests->one, &own);
	REQUIRE(write_head(&own.step, &head, (struct bytes){ NULL, 0 },
			   &index) == 0);
	one_step_end(guests->one, &own);
	return guests_author(guests, number);
}

void guests_up(struct guests *guests, int number, uint32_t conn)
{
	const struct build_device *device = build_keys(&guests->b, number);
	struct event event = { .type = EVENT_PEER_UP, .conn = conn };

	memcpy(event.remote, device->transport_public, KEY_SIZE);
	memset(event.hash, (int)(conn & 0x7f), sizeof(event.hash));
	one_event(guests->one, &event);
}

void guests_down(struct guests *guests, uint32_t conn, bool dialed)
{
	struct event event = { .type = EVENT_PEER_DOWN,
			       .conn = conn,
			       .dialed = dialed };

	one_event(guests->one, &event);
}

void guests_say(struct guests *guests, uint32_t conn,
		const Fob__PeerMessage *message)
{
	struct event event = { .type = EVENT_PEER_MESSAGE, .conn = conn };
	size_t n = fob__peer_message__get_packed_size(message);
	uint8_t *bytes = malloc(n + 1);

	REQUIRE(bytes);
	fob__peer_message__pack(message, bytes);
	event.data = (struct bytes){ bytes, n };
	one_event(guests->one, &event);
	free(bytes);
}

void guests_hello(struct guests *guests, uint32_t conn)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Hello hello = FOB__HELLO__INIT;

	hello.version = 1;
	message.hello = &hello;
	guests_say(guests, conn, &message);
}

void guests_meet(struct guests *guests, int number, uint32_t conn)
{
	guests_up(guests, number, conn);
	guests_hello(guests, conn);
}

void guests_give(struct guests *guests, uint32_t conn, struct build_list list,
		 bool stub)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Items items = FOB__ITEMS__INIT;
	Fob__Item made[16], *pointers[16];

	REQUIRE(list.n <= ARRAY_SIZE(made));
	for (size_t i = 0; i < list.n; i++) {
		struct item *item = &guests->b.items[list.items[i]];

		fob__item__init(&made[i]);
		made[i].body.data = item->body;
		made[i].body.len = item->body_len;
		made[i].signature.data = item->signature;
		made[i].signature.len = SIGNATURE_SIZE;
		if (!stub) {
			made[i].blob.data = item->blob;
			made[i].blob.len = item->blob_len;
		}
		pointers[i] = &made[i];
	}
	items.seq = ++guests->seq;
	items.items = pointers;
	items.n_items = list.n;
	message.items = &items;
	guests_say(guests, conn, &message);
}

void guests_agree(struct guests *guests, uint32_t conn)
{
	Fob__PeerMessage message = FOB__PEER_MESSAGE__INIT;
	Fob__Roots roots = FOB__ROOTS__INIT;
	uint8_t hash[ID_SIZE], proof[SET_PROOF], key[32];
	ProtobufCBinaryData root = { ID_SIZE, hash };

	set_root_all(&guests->one->node->set, hash);
	memset(key, (int)(conn & 0x7f), sizeof(key)); /* as guests_up says */
	set_proof(&guests->one->node->set, key, !(conn & CONN_DIALED), proof);
	roots.proof = (ProtobufCBinaryData){ sizeof(proof), proof };
	roots.reply = (conn & CONN_DIALED) != 0;
	roots.n_root = 1;
	roots.root = &root;
	message.roots = &roots;
	guests_say(guests, conn, &message);
}

bool guests_closed(const struct guests *guests, uint32_t conn)
{
	for (size_t i = 0; i < guests->n_closed; i++)
		if (guests->closed[i] == conn)
			return true;
	return false;
}

const Fob__PeerMessage *guests_last(const struct guests *guests, uint32_t conn)
{
	for (size_t i = guests->n_heard; i-- > 0;)
		if (guests->heard[i].conn == conn)
			return guests->heard[i].message;
	return NULL;
}

size_t guests_count(const struct guests *guests, uint32_t conn)
{
	size_t n = 0;

	for (size_t i = 0; i < guests->n_heard; i++)
		n += guests->heard[i].conn == conn;
	return n;
}

bool guests_held(const struct guests *guests, int item)
{
	return set_holds(&guests->one->node->set, build_id(&guests->b, item));
}
