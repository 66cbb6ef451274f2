/*
 * Bytes from a stranger to a channel that was dialled, or (4 added to 0 or 1) dials.
 * The first byte of the input says how far the stranger has come, the second
 * how the rest is cut:
 *	0	the wire from its first byte on
 *	1	message 1 behind a mac1 that is right
 *	2	packets, sealed by nobody
 *	3	packets whose plain text is the input, sealed with the right key
 * However it is cut, the outcome is the same; little is held before the
 * other side is accepted, and nothing comes after the end.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "daemon/core/link/channel.h"
#include "tests/fuzz/scarce.h"

#define MESSAGE1_SIZE 161

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	size_t accepted, messages, bytes, closed, output;
	uint32_t sum;
	enum tunnel_reason reason;
};

static const struct noise_cipher cipher = { { 1, 2, 3 }, 0 };
static struct channel_keys keys;

static void make_keys(void)
{
	if (keys.n_psks > 0)
		return;
	keys.secret[0] = 1;
	crypto_scalarmult_base(keys.public, keys.secret);
	keys.n_psks = 1;
	keys.psks[0].id[0] = keys.psks[0].key[0] = 1;
}

static void take_event(struct outcome *o, const struct channel_event *event)
{
	size_t i;

	REQUIRE(o->closed == 0);
	if (event->kind == CHANNEL_ACCEPTED)
		o->accepted++;
	if (event->kind == CHANNEL_CLOSED) {
		o->closed++;
		o->reason = event->reason;
	}
	if (event->kind != CHANNEL_MESSAGE)
		return;
	REQUIRE(o->accepted == 1 && event->message.n <= MESSAGE_MAX);
	o->messages++;
	o->bytes += event->message.n;
	for (i = 0; i < event->message.n; i++)
		o->sum = o->sum * 31 + event->message.p[i];
}

static void feed(struct channel *channel, struct bytes in, struct outcome *o)
{
	struct channel_event event;

	do {
		REQUIRE(channel_feed(channel, &in, 1) == 0);
		while (channel_next(channel, &event))
			take_event(o, &event);
		REQUIRE(o->accepted > 0 || channel->tunnel.reader.sealed.size <=
						   FRAME_STRANGER_MAX);
	} while (in.n > 0);
}

static struct outcome run(unsigned int stage, struct bytes wire, size_t step)
{
	static const uint8_t entropy[CHANNEL_ENTROPY] = { 9 };
	static const uint8_t remote[KEY_SIZE] = { 9 };
	struct outcome o = { 0 };
	struct channel channel;
	size_t at;

	REQUIRE(channel_init(&channel, &keys, stage & 4 ? remote : NULL, 0,
			     entropy) == 0);
	if (stage % 4 >= 2) {
		channel.tunnel.phase = TUNNEL_CONFIRM;
		channel.tunnel.reader.cipher = cipher;
	}
	for (at = 0; at < wire.n; at += step)
		feed(&channel,
		     (struct bytes){ wire.p + at, size_min(step, wire.n - at) },
		     &o);
	o.output = channel_output(&channel).n;
	channel_deinit(&channel);
	return o;
}

/* Without memory the channel says so, and can be given back. */
static void starve(unsigned int stage, struct bytes wire)
{
	static const uint8_t entropy[CHANNEL_ENTROPY] = { 9 };
	struct channel channel;
	struct channel_event event;
	int r = 0;

	REQUIRE(channel_init(&channel, &keys, NULL, 0, entropy) == 0);
	if (stage % 4 >= 2) {
		channel.tunnel.phase = TUNNEL_CONFIRM;
		channel.tunnel.reader.cipher = cipher;
	}
	scarce_draw(wire.p, wire.n);
	while (r == 0 && wire.n > 0) {
		r = channel_feed(&channel, &wire, 1);
		while (r == 0 && channel_next(&channel, &event))
			continue;
	}
	REQUIRE(scarce_over() ? r == -ENOMEM : r == 0);
	channel_deinit(&channel);
}

/* mac1 as the protocol has it, made here a second time. */
static void put_mac1(struct bytes message, struct queue *out)
{
	static const uint8_t label[] = "fob/1 mac1";
	uint8_t text[sizeof(label) + KEY_SIZE + ID_SIZE], key[32], mac1[16];

	memcpy(text, label, sizeof(label));
	memcpy(text + sizeof(label), keys.public, KEY_SIZE);
	memcpy(text + sizeof(label) + KEY_SIZE, keys.vault_id, ID_SIZE);
	crypto_generichash(key, sizeof(key), text, sizeof(text), NULL, 0);
	crypto_generichash(mac1, sizeof(mac1), message.p, message.n, key,
			   sizeof(key));
	REQUIRE(queue_put(out, BYTES(mac1)) == 0);
	REQUIRE(queue_put(out, message) == 0);
}

/* Chunks of u8 length, each padded and sealed as it is, type and all. */
static void put_records(struct bytes in, struct queue *out)
{
	struct noise_cipher send = cipher;
	struct bytes none = { NULL, 0 };

	REQUIRE(packet_write(&send, PACKET_OPEN, none, out) == 0);
	while (in.n > 0) {
		size_t n = size_min(in.p[0], in.n - 1);
		size_t padded = packet_padded(n);
		uint8_t plain[512] = { 0 }, *room;

		memcpy(plain, in.p + 1, n);
		REQUIRE(queue_reserve(out, padded + 18, &room) == 0);
		room[0] = (uint8_t)((padded + 16) >> 8);
		room[1] = (uint8_t)(padded + 16);
		noise_seal(&send, none, (struct bytes){ plain, padded },
			   room + 2);
		in = (struct bytes){ in.p + 1 + n, in.n - 1 - n };
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;
	struct queue wire = { 0 };
	struct bytes in;
	unsigned int stage, dials;

	if (size < 3)
		return 0;
	make_keys();
	stage = data[0] % 4;
	dials = stage < 2 ? data[0] & 4 : 0;
	in = (struct bytes){ data + 2, size - 2 };
	if (stage == 1 && in.n >= MESSAGE1_SIZE)
		put_mac1((struct bytes){ in.p, MESSAGE1_SIZE }, &wire);
	else if (stage == 3)
		put_records(in, &wire);
	else
		REQUIRE(queue_put(&wire, in) == 0);
	whole = run(stage | dials, queue_bytes(&wire), queue_bytes(&wire).n);
	pieces = run(stage | dials, queue_bytes(&wire), 1u + data[1] % 64);
	starve(stage, queue_bytes(&wire));
	queue_deinit(&wire);
	REQUIRE(whole.accepted == pieces.accepted);
	REQUIRE(whole.messages == pieces.messages);
	REQUIRE(whole.bytes == pieces.bytes && whole.sum == pieces.sum);
	REQUIRE(whole.closed == pieces.closed);
	REQUIRE(whole.reason == pieces.reason);
	REQUIRE(whole.output == pieces.output);
	return 0;
}
