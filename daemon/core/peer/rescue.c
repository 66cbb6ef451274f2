#include "daemon/core/peer/rescue.h"

#include <sodium.h>
#include <string.h>

static const uint8_t label_rescue[] = "fob/1 rescue"; /* with its NUL */
static const uint8_t label_psk[] = "fob/1 rescue psk";

void rescue_psk(uint8_t ret[static KEY_SIZE],
		const uint8_t recovery_sign[static KEY_SIZE],
		const uint8_t recovery_wrap[static KEY_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, KEY_SIZE);
	crypto_generichash_update(&state, label_psk, sizeof(label_psk));
	crypto_generichash_update(&state, recovery_sign, KEY_SIZE);
	crypto_generichash_update(&state, recovery_wrap, KEY_SIZE);
	crypto_generichash_final(&state, ret, KEY_SIZE);
}

static int rescue_refuse(struct rescue *rescue)
{
	tunnel_shut(&rescue->tunnel, TUNNEL_REFUSED);
	noise_deinit(&rescue->noise);
	return 0;
}

/* The next message of the handshake, which never has a payload. */
static int rescue_write(struct rescue *rescue)
{
	uint8_t message[RESCUE_SECOND];
	size_t n = noise_overhead(&rescue->noise);

	REQUIRE(n <= sizeof(message));
	if (noise_write(&rescue->noise, (struct bytes){ NULL, 0 }, message))
		return rescue_refuse(rescue);
	return queue_put(&rescue->tunnel.out, (struct bytes){ message, n });
}

static int rescue_begin(struct rescue *rescue, uint64_t now)
{
	int r;

	memcpy(rescue->remote, rescue->noise.remote, KEY_SIZE);
	r = tunnel_begin(&rescue->tunnel, &rescue->noise, now);
	noise_deinit(&rescue->noise);
	return r;
}

int rescue_init(struct rescue *rescue, const struct rescue_params *params,
		uint64_t now)
{
	uint8_t psk[KEY_SIZE];

	memset(rescue, 0, sizeof(*rescue));
	tunnel_init(&rescue->tunnel, params->dials, now);
	memcpy(rescue->recovery, params->recovery_wrap, KEY_SIZE);
	rescue_psk(psk, params->recovery_sign, params->recovery_wrap);
	noise_init(&rescue->noise,
		   &(struct noise_params){
			   .pattern = NOISE_XXPSK0,
			   .initiator = params->dials,
			   .prologue = { label_rescue, sizeof(label_rescue) },
			   .ephemeral = params->ephemeral,
			   .secret = params->secret,
			   .psk = psk,
		   });
	sodium_memzero(psk, sizeof(psk));
	tunnel_expect(&rescue->tunnel,
		      params->dials ? RESCUE_SECOND : RESCUE_FIRST);
	return params->dials ? rescue_write(rescue) : 0;
}

void rescue_deinit(struct rescue *rescue)
{
	if (!rescue)
		return;
	tunnel_deinit(&rescue->tunnel);
	noise_deinit(&rescue->noise);
	sodium_memzero(rescue, sizeof(*rescue));
}

/* The dialer: their keys are known, ours and the first packet go out. */
static int rescue_answered(struct rescue *rescue, uint64_t now)
{
	int r = rescue_write(rescue);

	if (r != 0 || rescue->tunnel.phase == TUNNEL_SHUT)
		return r;
	return rescue_begin(rescue, now);
}

/* The device: who proved another key than the recovery key is nobody. */
static int rescue_proven(struct rescue *rescue, uint64_t now)
{
	if (sodium_memcmp(rescue->noise.remote, rescue->recovery, KEY_SIZE))
		return rescue_refuse(rescue);
	return rescue_begin(rescue, now);
}

static int rescue_flight(struct rescue *rescue, struct bytes flight,
			 uint64_t now)
{
	uint8_t nothing[1];

	if (noise_read(&rescue->noise, flight, nothing))
		return rescue_refuse(rescue);
	if (rescue->tunnel.initiator)
		return rescue_answered(rescue, now);
	if (flight.n == RESCUE_THIRD)
		return rescue_proven(rescue, now);
	tunnel_expect(&rescue->tunnel, RESCUE_THIRD);
	return rescue_write(rescue);
}

int rescue_feed(struct rescue *rescue, struct bytes *in, uint64_t now)
{
	struct bytes flight;
	int r = 0;

	while (r == 0 && in->n > 0 && rescue->tunnel.phase == TUNNEL_HANDSHAKE)
		if (tunnel_collect(&rescue->tunnel, in, &flight))
			r = rescue_flight(rescue, flight, now);
	if (r != 0 || rescue->tunnel.phase == TUNNEL_HANDSHAKE)
		return r;
	return tunnel_feed(&rescue->tunnel, in);
}

bool rescue_next(struct rescue *rescue, struct rescue_event *ret)
{
	struct tunnel_event event;

	do {
		if (!tunnel_next(&rescue->tunnel, &event))
			return false;
	} while (event.kind == TUNNEL_STALE);
	memset(ret, 0, sizeof(*ret));
	ret->kind = (enum rescue_kind)event.kind;
	ret->reason = event.reason;
	ret->message = event.message;
	if (ret->kind == RESCUE_READY) {
		memcpy(ret->hash, rescue->tunnel.hash, sizeof(ret->hash));
		memcpy(ret->remote, rescue->remote, sizeof(ret->remote));
		rescue->tunnel.deadline = TUNNEL_NEVER;
	}
	return true;
}

int rescue_send(struct rescue *rescue, struct bytes message)
{
	return tunnel_send(&rescue->tunnel, message);
}

int rescue_close(struct rescue *rescue)
{
	return tunnel_close(&rescue->tunnel);
}

void rescue_eof(struct rescue *rescue)
{
	tunnel_eof(&rescue->tunnel);
}

struct bytes rescue_output(const struct rescue *rescue)
{
	return tunnel_output(&rescue->tunnel);
}

void rescue_sent(struct rescue *rescue, size_t n)
{
	tunnel_sent(&rescue->tunnel, n);
}

void rescue_tick(struct rescue *rescue, uint64_t now)
{
	tunnel_tick(&rescue->tunnel, now);
}

uint64_t rescue_deadline(const struct rescue *rescue)
{
	return tunnel_deadline(&rescue->tunnel);
}
