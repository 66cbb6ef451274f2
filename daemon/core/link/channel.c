#include "daemon/core/link/channel.h"

#include <sodium.h>
#include <string.h>

#define MAC1_SIZE 16
#define OFFER_SIZE (1 + CHANNEL_PSKS_MAX * CHANNEL_PSK_ID_SIZE)
#define ANSWER_SIZE 1
/* e, s and its tag, the payload and its tag */
#define MESSAGE1_SIZE (32 + 48 + OFFER_SIZE + NOISE_TAG_SIZE)
#define MESSAGE2_SIZE (32 + ANSWER_SIZE + NOISE_TAG_SIZE)
#define FLIGHT1_SIZE (MAC1_SIZE + MESSAGE1_SIZE)

static const uint8_t label_peer[] = "fob/1 peer"; /* with its NUL */
static const uint8_t label_mac1[] = "fob/1 mac1";
static const uint8_t zeros[KEY_SIZE];

static const uint8_t *responder_key(const struct channel *channel)
{
	return channel->tunnel.initiator ? channel->remote :
					   channel->keys.public;
}

/* Keyed BLAKE2b-128 over message 1, under what only acquaintances know. */
static void make_mac1(const struct channel *channel, const uint8_t *message,
		      uint8_t ret[MAC1_SIZE])
{
	uint8_t key[KEY_SIZE];
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, sizeof(key));
	crypto_generichash_update(&state, label_mac1, sizeof(label_mac1));
	crypto_generichash_update(&state, responder_key(channel), KEY_SIZE);
	crypto_generichash_update(&state, channel->keys.vault_id, ID_SIZE);
	crypto_generichash_final(&state, key, sizeof(key));
	crypto_generichash(ret, MAC1_SIZE, message, MESSAGE1_SIZE, key,
			   sizeof(key));
}

static void start_noise(struct channel *channel,
			const uint8_t entropy[CHANNEL_ENTROPY])
{
	uint8_t prologue[sizeof(label_peer) + ID_SIZE + KEY_SIZE + 1];
	uint8_t ephemeral[KEY_SIZE];
	uint8_t *p = prologue;
	bool initiator = channel->tunnel.initiator;

	memcpy(p, label_peer, sizeof(label_peer));
	p += sizeof(label_peer);
	memcpy(p, channel->keys.vault_id, ID_SIZE);
	p += ID_SIZE;
	memcpy(p, responder_key(channel), KEY_SIZE);
	p[KEY_SIZE] = CHANNEL_VERSION;
	randombytes_buf_deterministic(ephemeral, sizeof(ephemeral), entropy);
	noise_init(&channel->noise,
		   &(struct noise_params){
			   .pattern = NOISE_IKPSK2,
			   .initiator = initiator,
			   .prologue = BYTES(prologue),
			   .ephemeral = ephemeral,
			   .secret = channel->keys.secret,
			   .remote = initiator ? channel->remote : NULL,
		   });
	sodium_memzero(ephemeral, sizeof(ephemeral));
}

static void forget_handshake(struct channel *channel)
{
	noise_deinit(&channel->noise);
	sodium_memzero(&channel->keys, sizeof(channel->keys));
}

static void refuse(struct channel *channel)
{
	tunnel_shut(&channel->tunnel, TUNNEL_REFUSED);
	forget_handshake(channel);
}

/* The ids of our psks in order; slots that are not used are zeros. */
static int send_message1(struct channel *channel)
{
	uint8_t offer[OFFER_SIZE] = { CHANNEL_VERSION };
	uint8_t flight[FLIGHT1_SIZE];

	for (size_t i = 0; i < channel->keys.n_psks; i++)
		memcpy(offer + 1 + i * CHANNEL_PSK_ID_SIZE,
		       channel->keys.psks[i].id, CHANNEL_PSK_ID_SIZE);
	if (noise_write(&channel->noise, BYTES(offer), flight + MAC1_SIZE)) {
		refuse(channel);
		return 0;
	}
	make_mac1(channel, flight + MAC1_SIZE, flight);
	tunnel_expect(&channel->tunnel, MESSAGE2_SIZE);
	return queue_put(&channel->tunnel.out, BYTES(flight));
}

int channel_init(struct channel *channel, const struct channel_keys *keys,
		 const uint8_t *remote, uint64_t now,
		 const uint8_t entropy[CHANNEL_ENTROPY])
{
	REQUIRE(keys->n_psks <= CHANNEL_PSKS_MAX &&
		keys->n_denied <= DENIED_MAX);
	memset(channel, 0, sizeof(*channel));
	tunnel_init(&channel->tunnel, remote != NULL, now);
	channel->keys = *keys;
	channel->slot = CHANNEL_ZERO_SLOT;
	if (remote != NULL)
		memcpy(channel->remote, remote, KEY_SIZE);
	start_noise(channel, entropy);
	if (remote != NULL)
		return send_message1(channel);
	tunnel_expect(&channel->tunnel, FLIGHT1_SIZE);
	return 0;
}

void channel_deinit(struct channel *channel)
{
	if (channel == NULL)
		return;
	tunnel_deinit(&channel->tunnel);
	sodium_memzero(channel, sizeof(*channel));
}

/* --- the side that was dialled */

static size_t slot_of(const struct channel_keys *keys, const uint8_t *id)
{
	if (sodium_is_zero(id, CHANNEL_PSK_ID_SIZE))
		return CHANNEL_ZERO_SLOT;
	for (size_t i = 0; i < keys->n_psks; i++)
		if (memcmp(keys->psks[i].id, id, CHANNEL_PSK_ID_SIZE) == 0)
			return i;
	return CHANNEL_ZERO_SLOT;
}

/* The first of the offered psks that we hold, or zeros. */
static void choose_psk(struct channel *channel, const uint8_t *offer)
{
	const struct channel_keys *keys = &channel->keys;
	size_t slot = CHANNEL_ZERO_SLOT;

	for (size_t i = 0; i < CHANNEL_PSKS_MAX && slot == CHANNEL_ZERO_SLOT;
	     i++)
		slot = slot_of(keys, offer + 1 + i * CHANNEL_PSK_ID_SIZE);
	channel->slot = slot;
	noise_set_psk(&channel->noise,
		      slot == CHANNEL_ZERO_SLOT ? zeros : keys->psks[slot].key);
}

static int send_message2(struct channel *channel, uint64_t now)
{
	const uint8_t answer[ANSWER_SIZE] = { CHANNEL_VERSION };
	uint8_t message[MESSAGE2_SIZE];
	int r;

	if (noise_write(&channel->noise, BYTES(answer), message) != 0) {
		refuse(channel);
		return 0;
	}
	memcpy(channel->remote, channel->noise.remote, KEY_SIZE);
	r = queue_put(&channel->tunnel.out, BYTES(message));
	if (r == 0)
		r = tunnel_begin(&channel->tunnel, &channel->noise, now);
	forget_handshake(channel);
	return r;
}

static bool is_denied(const struct channel *channel)
{
	for (size_t i = 0; i < channel->keys.n_denied; i++)
		if (memcmp(channel->keys.denied[i], channel->noise.remote,
			   KEY_SIZE) == 0)
			return true;
	return false;
}

static int take_message1(struct channel *channel, struct bytes flight,
			 uint64_t now)
{
	uint8_t mac1[MAC1_SIZE], offer[OFFER_SIZE];
	struct bytes message = { flight.p + MAC1_SIZE, MESSAGE1_SIZE };

	make_mac1(channel, message.p, mac1);
	if (sodium_memcmp(mac1, flight.p, MAC1_SIZE) != 0) {
		refuse(channel);
		return 0;
	}
	channel->greeted = true;
	if (noise_read(&channel->noise, message, offer) != 0 ||
	    offer[0] < CHANNEL_VERSION || is_denied(channel)) {
		refuse(channel);
		return 0;
	}
	choose_psk(channel, offer);
	return send_message2(channel, now);
}

/* --- the side that dials */

/*
 * The responder does not say which psk it chose: there are at most nine, and
 * only one of them opens message 2. So nothing about it is on the wire, and
 * there is nothing that would have to be bound to the handshake.
 */
static bool try_psk(struct channel *channel, const uint8_t *psk,
		    struct bytes message)
{
	AUTO_NOISE struct noise noise = channel->noise;
	uint8_t answer[ANSWER_SIZE];

	noise_set_psk(&noise, psk);
	if (noise_read(&noise, message, answer) != 0 ||
	    answer[0] < CHANNEL_VERSION)
		return false;
	channel->noise = noise;
	return true;
}

static int take_message2(struct channel *channel, struct bytes flight,
			 uint64_t now)
{
	size_t n = channel->keys.n_psks, i = 0;
	int r;

	while (i < n && !try_psk(channel, channel->keys.psks[i].key, flight))
		i++;
	if (i < n)
		channel->slot = i;
	else if (!try_psk(channel, zeros, flight)) {
		refuse(channel);
		return 0;
	}
	channel->greeted = true;
	r = tunnel_begin(&channel->tunnel, &channel->noise, now);
	forget_handshake(channel);
	return r;
}

/* --- both */

static int feed_handshake(struct channel *channel, struct bytes *in,
			  uint64_t now)
{
	struct bytes flight;

	if (!tunnel_collect(&channel->tunnel, in, &flight))
		return 0;
	return channel->tunnel.initiator ? take_message2(channel, flight, now) :
					   take_message1(channel, flight, now);
}

int channel_feed(struct channel *channel, struct bytes *in, uint64_t now)
{
	struct tunnel *tunnel = &channel->tunnel;
	int r = 0;

	channel_tick(channel, now);
	if (in->n > 0 && tunnel->phase == TUNNEL_HANDSHAKE)
		r = feed_handshake(channel, in, now);
	if (r == 0 && tunnel->phase != TUNNEL_HANDSHAKE)
		r = tunnel_feed(tunnel, in);
	return r;
}

bool channel_next(struct channel *channel, struct channel_event *ret)
{
	struct tunnel_event event;

	if (!tunnel_next(&channel->tunnel, &event))
		return false;
	*ret = (struct channel_event){
		.kind = (enum channel_kind)event.kind,
		.reason = event.reason,
		.message = event.message,
	};
	if (ret->kind == CHANNEL_ACCEPTED) {
		memcpy(ret->remote, channel->remote, KEY_SIZE);
		memcpy(ret->hash, channel->tunnel.hash, NOISE_HASH_SIZE);
	}
	return true;
}

int channel_send(struct channel *channel, struct bytes message)
{
	return tunnel_send(&channel->tunnel, message);
}

int channel_close(struct channel *channel)
{
	forget_handshake(channel);
	return tunnel_close(&channel->tunnel);
}

void channel_eof(struct channel *channel)
{
	tunnel_eof(&channel->tunnel);
	forget_handshake(channel);
}

void channel_tick(struct channel *channel, uint64_t now)
{
	tunnel_tick(&channel->tunnel, now);
	if (channel->tunnel.phase == TUNNEL_SHUT)
		forget_handshake(channel);
}

uint64_t channel_deadline(const struct channel *channel)
{
	return tunnel_deadline(&channel->tunnel);
}

struct bytes channel_output(const struct channel *channel)
{
	return tunnel_output(&channel->tunnel);
}

void channel_sent(struct channel *channel, size_t n)
{
	tunnel_sent(&channel->tunnel, n);
}

bool channel_greeted(const struct channel *channel)
{
	return channel->greeted;
}

bool channel_is_open(const struct channel *channel)
{
	return channel->tunnel.phase == TUNNEL_OPEN;
}
