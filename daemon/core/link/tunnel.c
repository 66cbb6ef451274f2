#include "daemon/core/link/tunnel.h"

#include <sodium.h>
#include <string.h>

void tunnel_init(struct tunnel *tunnel, bool initiator, uint64_t now)
{
	memset(tunnel, 0, sizeof(*tunnel));
	tunnel->initiator = initiator;
	/* Absolute: no byte that arrives moves it. */
	tunnel->deadline = now + HANDSHAKE_MS;
}

void tunnel_deinit(struct tunnel *tunnel)
{
	if (tunnel == NULL)
		return;
	queue_deinit(&tunnel->out);
	packet_reader_deinit(&tunnel->reader);
	sodium_memzero(tunnel, sizeof(*tunnel));
}

void tunnel_expect(struct tunnel *tunnel, size_t n)
{
	REQUIRE(n > 0 && n <= TUNNEL_FLIGHT_MAX);
	tunnel->have = 0;
	tunnel->want = n;
}

bool tunnel_collect(struct tunnel *tunnel, struct bytes *in,
		    struct bytes *ret_flight)
{
	size_t n = size_min(in->n, tunnel->want - tunnel->have);

	REQUIRE(tunnel->phase == TUNNEL_HANDSHAKE);
	memcpy(tunnel->flight + tunnel->have, in->p, n);
	tunnel->have += n;
	*in = (struct bytes){ in->p + n, in->n - n };
	if (tunnel->have < tunnel->want)
		return false;
	*ret_flight = (struct bytes){ tunnel->flight, tunnel->want };
	return true;
}

static void set_open(struct tunnel *tunnel)
{
	tunnel->phase = TUNNEL_OPEN;
	tunnel->has_accepted = true;
}

int tunnel_begin(struct tunnel *tunnel, struct noise *noise, uint64_t now)
{
	const struct bytes nothing = { NULL, 0 };

	REQUIRE(tunnel->phase == TUNNEL_HANDSHAKE);
	noise_split(noise, &tunnel->send, &tunnel->reader.cipher, tunnel->hash);
	sodium_memzero(tunnel->flight, sizeof(tunnel->flight));
	if (!tunnel->initiator) {
		tunnel->phase = TUNNEL_CONFIRM;
		return 0;
	}
	set_open(tunnel);
	tunnel->deadline = now + REHANDSHAKE_MS;
	return packet_write(&tunnel->send, PACKET_OPEN, nothing, &tunnel->out);
}

void tunnel_shut(struct tunnel *tunnel, enum tunnel_reason reason)
{
	if (tunnel->phase == TUNNEL_SHUT)
		return;
	if (reason == TUNNEL_REFUSED || reason == TUNNEL_LATE ||
	    reason == TUNNEL_CUT)
		queue_deinit(&tunnel->out);
	tunnel->phase = TUNNEL_SHUT;
	tunnel->deadline = TUNNEL_NEVER;
	tunnel->has_closed = true;
	tunnel->reason = reason;
	sodium_memzero(&tunnel->send, sizeof(tunnel->send));
	sodium_memzero(&tunnel->reader.cipher, sizeof(tunnel->reader.cipher));
	sodium_memzero(tunnel->flight, sizeof(tunnel->flight));
	/* A message that was verified before is still given out. */
	if (!tunnel->has_message)
		packet_reader_deinit(&tunnel->reader);
}

bool tunnel_pending(const struct tunnel *tunnel)
{
	return tunnel->has_accepted || tunnel->has_message ||
	       tunnel->has_stale || tunnel->has_closed;
}

static void take_record(struct tunnel *tunnel, const struct packet *packet)
{
	bool first = tunnel->phase == TUNNEL_CONFIRM;

	if (first != (packet->type == PACKET_OPEN)) {
		tunnel_shut(tunnel, TUNNEL_REFUSED);
	} else if (first) {
		/* The handshake's deadline gives way to that of its age. */
		tunnel->deadline += REHANDSHAKE_MS - HANDSHAKE_MS;
		set_open(tunnel);
	} else if (packet->type == PACKET_MESSAGE) {
		tunnel->has_message = true;
		tunnel->message = packet->message;
	} else {
		tunnel_shut(tunnel, TUNNEL_ENDED);
	}
}

/* -ENOMEM, or 0 with the tunnel shut when the bytes are bad. */
static int feed_record(struct tunnel *tunnel, struct bytes *in)
{
	size_t max = tunnel->phase == TUNNEL_CONFIRM ? PACKET_EMPTY : FRAME_MAX;
	struct packet packet;
	bool whole;
	int r = packet_read(&tunnel->reader, max, in, &packet, &whole);

	if (r == PACKET_ERR_REFUSED) {
		tunnel_shut(tunnel, TUNNEL_REFUSED);
		return 0;
	}
	if (r == 0 && whole)
		take_record(tunnel, &packet);
	return r;
}

int tunnel_feed(struct tunnel *tunnel, struct bytes *in)
{
	int r = 0;

	REQUIRE(tunnel->phase != TUNNEL_HANDSHAKE);
	while (r == 0 && in->n > 0 && tunnel->phase != TUNNEL_SHUT &&
	       !tunnel_pending(tunnel))
		r = feed_record(tunnel, in);
	if (tunnel->phase == TUNNEL_SHUT)
		in->n = 0;
	return r;
}

bool tunnel_next(struct tunnel *tunnel, struct tunnel_event *ret)
{
	struct tunnel_event event = { .kind = TUNNEL_CLOSED };

	if (tunnel->has_accepted) {
		event.kind = TUNNEL_ACCEPTED;
		tunnel->has_accepted = false;
	} else if (tunnel->has_message) {
		event.kind = TUNNEL_MESSAGE;
		event.message = tunnel->message;
		tunnel->has_message = false;
	} else if (tunnel->has_stale) {
		event.kind = TUNNEL_STALE;
		tunnel->has_stale = false;
	} else if (tunnel->has_closed) {
		event.reason = tunnel->reason;
		tunnel->has_closed = false;
	} else {
		packet_forget(&tunnel->reader);
		return false;
	}
	*ret = event;
	return true;
}

int tunnel_send(struct tunnel *tunnel, struct bytes message)
{
	int r;

	if (tunnel->phase != TUNNEL_OPEN)
		return TUNNEL_ERR_SHUT;
	if (queue_bytes(&tunnel->out).n + message.n > WRITE_QUEUE_MAX)
		return TUNNEL_ERR_FULL;
	r = packet_write(&tunnel->send, PACKET_MESSAGE, message, &tunnel->out);
	if (r == PACKET_ERR_REFUSED) {
		tunnel_shut(tunnel, TUNNEL_LOCAL);
		return TUNNEL_ERR_SHUT;
	}
	return r;
}

int tunnel_close(struct tunnel *tunnel)
{
	const struct bytes nothing = { NULL, 0 };
	int r = 0;

	if (tunnel->phase == TUNNEL_OPEN)
		r = packet_write(&tunnel->send, PACKET_CLOSE, nothing,
				 &tunnel->out);
	tunnel_shut(tunnel, TUNNEL_LOCAL);
	return r < 0 ? r : 0;
}

void tunnel_eof(struct tunnel *tunnel)
{
	tunnel_shut(tunnel, TUNNEL_CUT);
}

void tunnel_tick(struct tunnel *tunnel, uint64_t now)
{
	if (now < tunnel->deadline)
		return;
	if (tunnel->phase == TUNNEL_OPEN) {
		tunnel->has_stale = true;
		tunnel->deadline = TUNNEL_NEVER;
	} else {
		tunnel_shut(tunnel, TUNNEL_LATE);
	}
}

uint64_t tunnel_deadline(const struct tunnel *tunnel)
{
	return tunnel->deadline;
}

struct bytes tunnel_output(const struct tunnel *tunnel)
{
	return queue_bytes(&tunnel->out);
}

void tunnel_sent(struct tunnel *tunnel, size_t n)
{
	queue_take(&tunnel->out, n);
}
