#include "daemon/core/peer/pairing.h"

#include <sodium.h>
#include <string.h>

static const uint8_t label_pair[] = "fob/1 pair"; /* with its NUL */
static const uint8_t label_psk[] = "fob/1 pair psk";
static const uint8_t label_words[] = "fob/1 words";

/* CI of CPace: lv_cat("fob/1 pair", "joiner", "inviter"). */
static const uint8_t channel_id[] = "\012fob/1 pair\006joiner\007inviter";
#define CHANNEL_ID ((struct bytes){ channel_id, sizeof(channel_id) - 1 })

#define DIGITS_PROLOGUE sizeof(((struct pairing *)0)->transcript)

static bool is_joiner(const struct pairing *pairing)
{
	return pairing->tunnel.initiator;
}

/* --- the transcript: the mode, sid and share of one, the share of the other */

static uint8_t *joiner_share(struct pairing *pairing)
{
	return pairing->transcript + 1 + PAIRING_SID_SIZE;
}

static uint8_t *inviter_share(struct pairing *pairing)
{
	return pairing->transcript + PAIRING_FIRST_MESSAGE;
}

static struct bytes sid_of(const struct pairing *pairing)
{
	return (struct bytes){ pairing->transcript + 1, PAIRING_SID_SIZE };
}

/* A share message is the point and the associated data. */
static struct cpace_message message_of(const uint8_t *share)
{
	struct cpace_message message;

	memcpy(message.share, share, CPACE_POINT_SIZE);
	message.ad =
		(struct bytes){ share + CPACE_POINT_SIZE, PAIRING_AD_SIZE };
	return message;
}

/* --- ends */

static void forget_handshake(struct pairing *pairing)
{
	noise_deinit(&pairing->noise);
	sodium_memzero(pairing->code, sizeof(pairing->code));
	sodium_memzero(&pairing->random, sizeof(pairing->random));
	sodium_memzero(pairing->scalar, sizeof(pairing->scalar));
	sodium_memzero(pairing->isk, sizeof(pairing->isk));
}

static int end(struct pairing *pairing, enum tunnel_reason reason)
{
	tunnel_shut(&pairing->tunnel, reason);
	forget_handshake(pairing);
	return 0;
}

static int refuse(struct pairing *pairing)
{
	return end(pairing, TUNNEL_REFUSED);
}

/* --- Noise_NNpsk0, with the psk that either mode comes to */

static void start_noise(struct pairing *pairing, const uint8_t *psk,
			size_t transcript)
{
	uint8_t prologue[sizeof(label_pair) + DIGITS_PROLOGUE];

	memcpy(prologue, label_pair, sizeof(label_pair));
	memcpy(prologue + sizeof(label_pair), pairing->transcript, transcript);
	noise_init(&pairing->noise,
		   &(struct noise_params){
			   .pattern = NOISE_NNPSK0,
			   .initiator = is_joiner(pairing),
			   .prologue = { prologue,
					 sizeof(label_pair) + transcript },
			   .ephemeral = pairing->random.ephemeral,
			   .psk = psk,
		   });
}

/* Writes a message of Noise, which never has a payload here. */
static int write_noise(struct pairing *pairing,
		       uint8_t ret[PAIRING_NOISE_MESSAGE])
{
	return noise_write(&pairing->noise, (struct bytes){ NULL, 0 }, ret);
}

static int read_noise(struct pairing *pairing, const uint8_t *message)
{
	uint8_t nothing[1];

	return noise_read(&pairing->noise,
			  (struct bytes){ message, PAIRING_NOISE_MESSAGE },
			  nothing);
}

static int put(struct pairing *pairing, const uint8_t *p, size_t n)
{
	return queue_put(&pairing->tunnel.out, (struct bytes){ p, n });
}

static int begin(struct pairing *pairing, uint64_t now)
{
	int r = tunnel_begin(&pairing->tunnel, &pairing->noise, now);

	forget_handshake(pairing);
	return r;
}

/* --- CPace */

static int make_share(struct pairing *pairing, uint8_t *share)
{
	uint8_t generator[CPACE_POINT_SIZE];
	int r;

	cpace_generator((struct bytes){ pairing->code, PAIRING_DIGITS },
			CHANNEL_ID, sid_of(pairing), generator);
	cpace_scalar(pairing->random.scalar, pairing->scalar);
	r = cpace_multiply(pairing->scalar, generator, share);
	sodium_memzero(generator, sizeof(generator));
	memcpy(share + CPACE_POINT_SIZE, pairing->random.ad, PAIRING_AD_SIZE);
	return r;
}

/* The session key, and Noise started under it. */
static int agree(struct pairing *pairing, const uint8_t *remote_share)
{
	struct cpace_message joiner = message_of(joiner_share(pairing));
	struct cpace_message inviter = message_of(inviter_share(pairing));
	uint8_t k[CPACE_POINT_SIZE], psk[KEY_SIZE];
	crypto_generichash_state state;

	if (cpace_multiply(pairing->scalar, remote_share, k) != 0)
		return CPACE_ERR_REFUSED;
	cpace_isk(sid_of(pairing), k, &joiner, &inviter, pairing->isk);
	crypto_generichash_init(&state, NULL, 0, sizeof(psk));
	crypto_generichash_update(&state, label_psk, sizeof(label_psk));
	crypto_generichash_update(&state, pairing->isk, CPACE_ISK_SIZE);
	crypto_generichash_final(&state, psk, sizeof(psk));
	start_noise(pairing, psk, DIGITS_PROLOGUE);
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(k, sizeof(k));
	sodium_memzero(psk, sizeof(psk));
	return 0;
}

static void make_tag(struct pairing *pairing, bool joiners,
		     uint8_t ret[CPACE_MAC_SIZE])
{
	struct cpace_message message = message_of(
		joiners ? joiner_share(pairing) : inviter_share(pairing));

	cpace_tag(sid_of(pairing), pairing->isk, &message, ret);
}

/* Our tag and our message of Noise, in one flight. */
static int send_confirm(struct pairing *pairing)
{
	uint8_t flight[PAIRING_CONFIRM_MESSAGE];

	make_tag(pairing, is_joiner(pairing), flight);
	if (write_noise(pairing, flight + CPACE_MAC_SIZE) != 0)
		return refuse(pairing);
	return put(pairing, flight, sizeof(flight));
}

static bool tag_matches(struct pairing *pairing, const uint8_t *tag)
{
	uint8_t expected[CPACE_MAC_SIZE];

	make_tag(pairing, !is_joiner(pairing), expected);
	return sodium_memcmp(expected, tag, sizeof(expected)) == 0;
}

/* --- the joiner */

static int joiner_start(struct pairing *pairing)
{
	struct pairing_random *random = &pairing->random;
	uint8_t message[PAIRING_NOISE_MESSAGE];
	int r;

	pairing->transcript[0] = (uint8_t)pairing->mode;
	if (pairing->mode == PAIRING_BY_SECRET) {
		pairing->step = PAIRING_AT_NOISE;
		tunnel_expect(&pairing->tunnel, PAIRING_NOISE_MESSAGE);
		start_noise(pairing, pairing->code, 1);
		if (write_noise(pairing, message) != 0)
			return refuse(pairing);
		r = put(pairing, pairing->transcript, 1);
		return r != 0 ? r : put(pairing, message, sizeof(message));
	}
	pairing->step = PAIRING_AT_SHARE;
	tunnel_expect(&pairing->tunnel, PAIRING_SHARE_MESSAGE);
	memcpy(pairing->transcript + 1, random->sid, PAIRING_SID_SIZE);
	if (make_share(pairing, joiner_share(pairing)) != 0)
		return refuse(pairing);
	return put(pairing, pairing->transcript, PAIRING_FIRST_MESSAGE);
}

/* Our own message sent back would make both tags one: it is no answer. */
static int joiner_take_share(struct pairing *pairing, const uint8_t *flight)
{
	if (memcmp(joiner_share(pairing), flight, PAIRING_SHARE_MESSAGE) == 0)
		return refuse(pairing);
	memcpy(inviter_share(pairing), flight, PAIRING_SHARE_MESSAGE);
	if (agree(pairing, inviter_share(pairing)) != 0)
		return refuse(pairing);
	pairing->step = PAIRING_AT_CONFIRM;
	tunnel_expect(&pairing->tunnel, PAIRING_CONFIRM_MESSAGE);
	return send_confirm(pairing);
}

static int joiner_take_noise(struct pairing *pairing, const uint8_t *message,
			     uint64_t now)
{
	if (read_noise(pairing, message) != 0)
		return refuse(pairing);
	return begin(pairing, now);
}

static int joiner_take_confirm(struct pairing *pairing, const uint8_t *flight,
			       uint64_t now)
{
	if (!tag_matches(pairing, flight))
		return end(pairing, TUNNEL_WRONG);
	return joiner_take_noise(pairing, flight + CPACE_MAC_SIZE, now);
}

/* --- the inviter */

static int inviter_take_mode(struct pairing *pairing, const uint8_t *flight)
{
	if (flight[0] != pairing->mode)
		return refuse(pairing);
	pairing->transcript[0] = flight[0];
	if (pairing->mode == PAIRING_BY_SECRET) {
		pairing->step = PAIRING_AT_NOISE;
		tunnel_expect(&pairing->tunnel, PAIRING_NOISE_MESSAGE);
		start_noise(pairing, pairing->code, 1);
	} else {
		pairing->step = PAIRING_AT_SHARE;
		tunnel_expect(&pairing->tunnel, PAIRING_FIRST_MESSAGE - 1);
	}
	return 0;
}

static int inviter_take_share(struct pairing *pairing, const uint8_t *flight)
{
	memcpy(pairing->transcript + 1, flight, PAIRING_FIRST_MESSAGE - 1);
	if (make_share(pairing, inviter_share(pairing)) != 0 ||
	    agree(pairing, joiner_share(pairing)) != 0)
		return refuse(pairing);
	pairing->step = PAIRING_AT_CONFIRM;
	tunnel_expect(&pairing->tunnel, PAIRING_CONFIRM_MESSAGE);
	return put(pairing, inviter_share(pairing), PAIRING_SHARE_MESSAGE);
}

/*
 * A wrong tag is a guess that was made, and the only thing that is answered
 * although it does not verify: with random bytes in place of our tag, so that
 * the person at the other end is told now, and an onlooker sees what a right
 * code looks like, too.
 */
static int inviter_take_confirm(struct pairing *pairing, const uint8_t *flight,
				uint64_t now)
{
	int r;

	if (!tag_matches(pairing, flight)) {
		r = put(pairing, pairing->random.refusal,
			sizeof(pairing->random.refusal));
		end(pairing, TUNNEL_WRONG);
		return r;
	}
	if (read_noise(pairing, flight + CPACE_MAC_SIZE) != 0)
		return refuse(pairing);
	r = send_confirm(pairing);
	if (r != 0 || pairing->tunnel.phase == TUNNEL_SHUT)
		return r;
	return begin(pairing, now);
}

static int inviter_take_noise(struct pairing *pairing, const uint8_t *message,
			      uint64_t now)
{
	uint8_t answer[PAIRING_NOISE_MESSAGE];
	int r;

	if (read_noise(pairing, message) != 0 ||
	    write_noise(pairing, answer) != 0)
		return refuse(pairing);
	r = put(pairing, answer, sizeof(answer));
	return r != 0 ? r : begin(pairing, now);
}

/* --- both */

static int take_flight(struct pairing *pairing, const uint8_t *flight,
		       uint64_t now)
{
	bool joiner = is_joiner(pairing);

	switch (pairing->step) {
	case PAIRING_AT_MODE:
		return inviter_take_mode(pairing, flight);
	case PAIRING_AT_SHARE:
		return joiner ? joiner_take_share(pairing, flight) :
				inviter_take_share(pairing, flight);
	case PAIRING_AT_CONFIRM:
		return joiner ? joiner_take_confirm(pairing, flight, now) :
				inviter_take_confirm(pairing, flight, now);
	case PAIRING_AT_NOISE:
		return joiner ? joiner_take_noise(pairing, flight, now) :
				inviter_take_noise(pairing, flight, now);
	}
	return refuse(pairing);
}

int pairing_init(struct pairing *pairing, const struct pairing_params *params,
		 uint64_t now, const uint8_t entropy[PAIRING_ENTROPY])
{
	size_t n = params->mode == PAIRING_BY_DIGITS ? PAIRING_DIGITS :
						       PAIRING_SECRET_SIZE;

	memset(pairing, 0, sizeof(*pairing));
	tunnel_init(&pairing->tunnel, params->joiner, now);
	pairing->mode = params->mode;
	memcpy(pairing->code, params->code, n);
	randombytes_buf_deterministic(&pairing->random, sizeof(pairing->random),
				      entropy);
	if (params->joiner)
		return joiner_start(pairing);
	pairing->step = PAIRING_AT_MODE;
	tunnel_expect(&pairing->tunnel, 1);
	return 0;
}

void pairing_deinit(struct pairing *pairing)
{
	if (pairing == NULL)
		return;
	tunnel_deinit(&pairing->tunnel);
	sodium_memzero(pairing, sizeof(*pairing));
}

int pairing_feed(struct pairing *pairing, struct bytes *in, uint64_t now)
{
	struct tunnel *tunnel = &pairing->tunnel;
	struct bytes flight;
	int r = 0;

	pairing_tick(pairing, now);
	while (r == 0 && in->n > 0 && tunnel->phase == TUNNEL_HANDSHAKE)
		if (tunnel_collect(tunnel, in, &flight))
			r = take_flight(pairing, flight.p, now);
	if (r == 0 && tunnel->phase != TUNNEL_HANDSHAKE)
		r = tunnel_feed(tunnel, in);
	return r;
}

bool pairing_next(struct pairing *pairing, struct pairing_event *ret)
{
	struct tunnel_event event;

	if (!tunnel_next(&pairing->tunnel, &event))
		return false;
	*ret = (struct pairing_event){
		.kind = (enum pairing_kind)event.kind,
		.reason = event.reason,
		.message = event.message,
	};
	if (ret->kind == PAIRING_CLOSED && event.reason == TUNNEL_WRONG)
		ret->kind = PAIRING_WRONG;
	if (ret->kind == PAIRING_READY) {
		memcpy(ret->hash, pairing->tunnel.hash, NOISE_HASH_SIZE);
		pairing->tunnel.deadline = TUNNEL_NEVER;
	}
	return true;
}

int pairing_send(struct pairing *pairing, struct bytes message)
{
	return tunnel_send(&pairing->tunnel, message);
}

int pairing_close(struct pairing *pairing)
{
	forget_handshake(pairing);
	return tunnel_close(&pairing->tunnel);
}

void pairing_eof(struct pairing *pairing)
{
	end(pairing, TUNNEL_CUT);
}

void pairing_tick(struct pairing *pairing, uint64_t now)
{
	tunnel_tick(&pairing->tunnel, now);
	if (pairing->tunnel.phase == TUNNEL_SHUT)
		forget_handshake(pairing);
}

uint64_t pairing_deadline(const struct pairing *pairing)
{
	return tunnel_deadline(&pairing->tunnel);
}

struct bytes pairing_output(const struct pairing *pairing)
{
	return tunnel_output(&pairing->tunnel);
}

void pairing_sent(struct pairing *pairing, size_t n)
{
	tunnel_sent(&pairing->tunnel, n);
}

void pairing_words(const uint8_t hash[NOISE_HASH_SIZE],
		   char ret[PAIRING_WORDS_SIZE])
{
	crypto_generichash_state state;
	uint8_t digest[32];
	char *p = ret;

	crypto_generichash_init(&state, NULL, 0, sizeof(digest));
	crypto_generichash_update(&state, label_words, sizeof(label_words));
	crypto_generichash_update(&state, hash, NOISE_HASH_SIZE);
	crypto_generichash_final(&state, digest, sizeof(digest));
	for (size_t i = 0; i < 4; i++) {
		const char *word = words_of(digest[i]);
		size_t n = strlen(word);

		if (i > 0)
			*p++ = ' ';
		memcpy(p, word, n + 1);
		p += n;
	}
}
