/*
 * One connection. It has one way to end: whatever goes wrong, whoever wants
 * it gone, its handles are closed, then its owner is told, then its memory is
 * freed, and nobody hears of it twice. Its write queue is bounded: above
 * WRITE_QUEUE_HIGH it is not read from, above WRITE_QUEUE_MAX it is closed.
 */
#ifndef FOB_NET_CONN_H
#define FOB_NET_CONN_H

#include "proto/base.h"

#define CONN_FLUSH_MS 2000 /* what is not sent by then is not sent */
/* One answer to a client may be a long list: its queue may hold more. */
#define CONN_CLIENT_QUEUE_MAX (16 * 1024 * 1024)

enum conn_kind {
	CONN_STRANGER, /* has not said yet what it is for */
	CONN_PEER,
	CONN_MEET,
	CONN_RESCUE, /* somebody with the recovery kit */
	CONN_CLIENT,
};

/* How far a peer has come; the first are the first to go. */
enum conn_phase {
	CONN_NEW,
	CONN_GREETED, /* a valid mac1 has come */
	CONN_PROVEN,  /* authenticated: no deadline any more */
};

struct conn;

enum conn_kind conn_kind(const struct conn *conn);
bool conn_dialed(const struct conn *conn);
bool conn_came_up(const struct conn *conn);	  /* a dial: did it connect? */
const char *conn_remote(const struct conn *conn); /* for logs */
void conn_set_phase(struct conn *conn, enum conn_phase phase);

/* The owner's own. */
uint32_t conn_number(const struct conn *conn);
void conn_set_number(struct conn *conn, uint32_t number);
void *conn_data(const struct conn *conn);
void conn_set_data(struct conn *conn, void *data);

/*
 * Takes data, from malloc(), and sends it; a secret is wiped when it is sent.
 * Failures end the connection, so there is nothing to return.
 */
void conn_send(struct conn *conn, uint8_t *data, size_t n, bool secret);

/* The same with the length before it: a message to a client. */
void conn_send_message(struct conn *conn, uint8_t *data, size_t n);

/* Sends what is queued, waits for the other side to go, then closes. */
void conn_finish(struct conn *conn);

/* Closes at once. error: 0 or -errno, for the owner's down. */
void conn_abort(struct conn *conn, int error);

#endif
