/*
 * What the files of this room share among themselves: the structs with
 * handles of libuv in them. Nothing outside daemon/net includes it.
 */
#ifndef FOB_NET_INNER_H
#define FOB_NET_INNER_H

#include <uv.h>

#include "daemon/net/conn.h"
#include "daemon/net/loop.h"
#include "daemon/net/net.h"
#include "proto/frame.h"

#define LOOP_SIGNALS 3

struct loop {
	uv_loop_t uv;
	const struct loop_events *events;
	void *owner;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t alarm;
	uv_signal_t signals[LOOP_SIGNALS];
	uint64_t turns;
	bool stopped;
};

struct conn {
	struct net *net;
	struct conn *older, *newer;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} io;
	uv_timer_t timer; /* one deadline: the handshake, then the flush */
	uv_connect_t connect;
	uv_shutdown_t shutdown;
	enum conn_kind kind;
	enum conn_phase phase;
	bool dialed, announced, came_up;
	bool finishing, closing, paused;
	int error;
	unsigned int open_handles;
	uint64_t born, born_turn; /* ms of the loop, and its turn */
	uint32_t number;
	void *data;
	struct frame frame; /* clients */
	char remote[NET_ADDRESS];
};

struct listener {
	struct net *net;
	struct listener *next;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} io;
	uv_timer_t rest;
	unsigned int open_handles;
	bool local, closing;
	uint64_t second; /* ms: when the count below began */
	unsigned int accepted;
	char asked[NET_ADDRESS]; /* as the option has it */
	char *path;		 /* of a socket file that we made */
};

struct net {
	struct loop *loop;
	const struct net_events *events;
	void *owner;
	struct conn *oldest, *newest;
	struct listener *listeners;
	bool meeting; /* pairing connections are taken */
	bool closing;
	/* Filled and emptied within one callback, wiped after it. */
	uint8_t buffer[FRAME_MAX];
};

/* A conn with its handles begun and in the list. NULL: no memory. */
struct conn *conn_new(struct net *net, enum conn_kind kind);

/* Begins to read. When that fails the conn is closed. */
void conn_read(struct conn *conn);

/* It closes with -ETIMEDOUT unless conn_relax() comes first. */
void conn_deadline(struct conn *conn, uint64_t ms);
void conn_relax(struct conn *conn);

/* The owner hears of it from now on. */
void conn_announce(struct conn *conn);

/* A TCP listener's new connection; local: of the socket for clients. */
void listen_take(struct listener *listener);
void local_take(struct listener *listener);
void listen_rest(struct listener *listener, uint64_t ms); /* then tries again */

/* Opens the handle of a listener on a socket that is bound. */
int listen_begin(struct listener *listener, int fd);
struct listener *listen_new(struct net *net, bool local);
void listen_close(struct listener *listener);

/* How many connections of a kind there are. */
size_t net_count(const struct net *net, enum conn_kind kind);

#endif
