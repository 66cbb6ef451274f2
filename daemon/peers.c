#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/driver.h"
#include "daemon/host/clock.h"
#include "daemon/host/entropy.h"
#include "daemon/host/log.h"
#include "proto/secret.h"

static struct peer *peer_new(struct driver *driver, struct conn *conn)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->conn = conn;
	peer->next = driver->peers;
	driver->peers = peer;
	conn_set_data(conn, peer);
	return peer;
}

static void peer_free(struct driver *driver, struct peer *peer)
{
	struct peer **at = &driver->peers;

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	channel_deinit(peer->channel);
	secret_free(peer->channel);
	free(peer);
}

static size_t count_up(const struct driver *driver)
{
	size_t n = 0;
	for (const struct peer *p = driver->peers; p; p = p->next)
		n += p->up;
	return n;
}

/* What the channel wants to say goes out as it is: it is sealed. */
static void pump(struct peer *peer)
{
	struct bytes out = channel_output(peer->channel);

	if (out.n == 0)
		return;
	uint8_t *copy = malloc(out.n);
	if (!copy) {
		conn_abort(peer->conn, -ENOMEM);
		return;
	}
	memcpy(copy, out.p, out.n);
	conn_send(peer->conn, copy, out.n, false);
	channel_sent(peer->channel, out.n);
}

/* --- beginning -------------------------------------------------------------- */

void peers_dial(struct driver *driver, const struct effect *effect)
{
	struct conn *conn;

	int rc = net_open(driver->net, CONN_PEER, effect->address, &conn);
	if (rc)
		driver_die("no memory for a connection", rc);
	conn_set_number(conn, effect->conn);
	struct peer *peer = peer_new(driver, conn);
	if (!peer)
		driver_die("no memory for a connection", -ENOMEM);
	memcpy(peer->remote, effect->remote, KEY_SIZE);
}

void peers_up(struct driver *driver, struct conn *conn)
{
	struct peer *peer = conn_data(conn);
	uint8_t entropy[CHANNEL_ENTROPY];
	int rc = -ENOMEM;

	/* Without a vault there is nobody to talk to: silence. */
	if (!driver->keys || driver->stopping) {
		conn_abort(conn, -ECONNREFUSED);
		return;
	}
	if (!peer)
		peer = peer_new(driver, conn);
	if (peer)
		peer->channel = secret_alloc(sizeof(*peer->channel));
	if (peer && peer->channel) {
		entropy_fill(entropy, sizeof(entropy));
		rc = channel_init(peer->channel, driver->keys,
				  conn_dialed(conn) ? peer->remote : NULL,
				  clock_mono(), entropy);
		sodium_memzero(entropy, sizeof(entropy));
	}
	if (rc) {
		conn_abort(conn, rc);
		return;
	}
	pump(peer);
}

/* --- what the channel says -------------------------------------------------- */

static void on_accepted(struct driver *driver, struct peer *peer,
			const struct channel_event *from)
{
	if (count_up(driver) >= PEERS_MAX) {
		log_warn("%s: refused, %d peers are connected already",
			 conn_remote(peer->conn), PEERS_MAX);
		peers_close(peer);
		return;
	}
	peer->up = true;
	conn_set_phase(peer->conn, CONN_PROVEN);
	if (!conn_dialed(peer->conn))
		conn_set_number(peer->conn, driver_number(driver));
	struct event event = driver_event(EVENT_PEER_UP);
	event.conn = conn_number(peer->conn);
	memcpy(event.remote, from->remote, sizeof(event.remote));
	memcpy(event.hash, from->hash, sizeof(event.hash));
	driver_feed(driver, &event);
}

static void on_message(struct driver *driver, struct peer *peer,
		       struct bytes message)
{
	struct event event = driver_event(EVENT_PEER_MESSAGE);

	if (!peer->up)
		return; /* closed by us, and it does not know yet */
	event.conn = conn_number(peer->conn);
	event.data = message;
	driver_feed(driver, &event);
}

static const char *reason_text(enum tunnel_reason reason)
{
	switch (reason) {
	case TUNNEL_ENDED:
		return "the other side has ended it";
	case TUNNEL_CUT:
		return "cut off";
	case TUNNEL_REFUSED:
		return "it does not verify";
	case TUNNEL_LATE:
		return "no handshake in time";
	case TUNNEL_LOCAL:
		return "closed here";
	case TUNNEL_WRONG:
		break;
	}
	return "refused";
}

static void on_channel_event(struct driver *driver, struct peer *peer,
			     const struct channel_event *from)
{
	struct event event;

	switch (from->kind) {
	case CHANNEL_ACCEPTED:
		on_accepted(driver, peer, from);
		return;
	case CHANNEL_MESSAGE:
		on_message(driver, peer, from->message);
		return;
	case CHANNEL_STALE:
		event = driver_event(EVENT_PEER_RENEW);
		event.conn = conn_number(peer->conn);
		if (peer->up)
			driver_feed(driver, &event);
		return;
	case CHANNEL_CLOSED:
		log_debug("%s: connection over: %s", conn_remote(peer->conn),
			  reason_text(from->reason));
		pump(peer);
		if (from->reason == TUNNEL_LOCAL)
			conn_finish(peer->conn);
		else
			conn_abort(peer->conn, 0);
		return;
	}
}

static void drain(struct driver *driver, struct peer *peer)
{
	struct channel_event event;

	while (channel_next(peer->channel, &event))
		on_channel_event(driver, peer, &event);
	sodium_memzero(&event, sizeof(event));
}

void peers_bytes(struct driver *driver, struct conn *conn, struct bytes in)
{
	struct peer *peer = conn_data(conn);
	int rc;

	if (!peer || !peer->channel)
		return;
	do {
		rc = channel_feed(peer->channel, &in, clock_mono());
		drain(driver, peer);
	} while (rc == 0 && in.n > 0);
	if (rc) {
		conn_abort(conn, rc);
		return;
	}
	if (!peer->up && channel_greeted(peer->channel))
		conn_set_phase(conn, CONN_GREETED);
	pump(peer);
}

/* --- our side --------------------------------------------------------------- */

void peers_send(struct driver *driver UNUSED, struct conn *conn,
		struct bytes message)
{
	struct peer *peer = conn_data(conn);

	if (!peer || !peer->channel)
		return;
	int rc = channel_send(peer->channel, message);
	if (rc == TUNNEL_ERR_SHUT)
		return; /* it has just ended; down follows */
	if (rc) {
		conn_abort(conn, rc < 0 ? rc : -ENOBUFS);
		return;
	}
	pump(peer);
}

void peers_close(struct peer *peer)
{
	if (!peer->channel || channel_close(peer->channel)) {
		conn_abort(peer->conn, 0);
		return;
	}
	pump(peer);
	conn_finish(peer->conn);
}

/* --- the end ---------------------------------------------------------------- */

void peers_down(struct driver *driver, struct conn *conn)
{
	struct peer *peer = conn_data(conn);

	if (!peer)
		return;
	uint32_t number = conn_number(conn);
	bool told = peer->up || conn_dialed(conn);
	struct event event = driver_event(EVENT_PEER_DOWN);
	event.conn = number;
	event.dialed = !peer->up;
	peer_free(driver, peer);
	/* The core may have given the number to a newer dial. */
	if (told && !net_find(driver->net, number))
		driver_feed(driver, &event);
}

/* --- time ------------------------------------------------------------------- */

uint64_t peers_due(const struct driver *driver)
{
	uint64_t due = UINT64_MAX;

	for (const struct peer *p = driver->peers; p; p = p->next) {
		uint64_t at = p->channel ? channel_deadline(p->channel) :
					   TUNNEL_NEVER;
		if (at < due)
			due = at;
	}
	return due;
}

void peers_tick(struct driver *driver)
{
	uint64_t now = clock_mono();

	/* Peers leave the list in a callback of the loop, never in here. */
	for (struct peer *p = driver->peers; p; p = p->next) {
		if (!p->channel || channel_deadline(p->channel) > now)
			continue;
		channel_tick(p->channel, now);
		drain(driver, p);
		pump(p);
	}
}
