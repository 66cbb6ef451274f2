#include "daemon/net/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/net/inner.h"

enum conn_kind conn_kind(const struct conn *conn)
{
	return conn->kind;
}

bool conn_dialed(const struct conn *conn)
{
	return conn->dialed;
}

bool conn_came_up(const struct conn *conn)
{
	return conn->came_up;
}

const char *conn_remote(const struct conn *conn)
{
	return conn->remote;
}

uint32_t conn_number(const struct conn *conn)
{
	return conn->number;
}

void conn_set_number(struct conn *conn, uint32_t number)
{
	conn->number = number;
}

void *conn_data(const struct conn *conn)
{
	return conn->data;
}

void conn_set_data(struct conn *conn, void *data)
{
	conn->data = data;
}

void conn_set_phase(struct conn *conn, enum conn_phase phase)
{
	conn->phase = phase;
	if (phase == CONN_PROVEN)
		conn_relax(conn);
}

/* --- beginning and end ------------------------------------------------------ */

static void link_newest(struct net *net, struct conn *conn)
{
	conn->older = net->newest;
	if (net->newest)
		net->newest->newer = conn;
	else
		net->oldest = conn;
	net->newest = conn;
}

static void unlink_conn(struct conn *conn)
{
	struct net *net = conn->net;

	if (conn->older)
		conn->older->newer = conn->newer;
	else
		net->oldest = conn->newer;
	if (conn->newer)
		conn->newer->older = conn->older;
	else
		net->newest = conn->older;
}

struct conn *conn_new(struct net *net, enum conn_kind kind)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	if (!conn)
		return NULL;
	uv_loop_t *uv = &net->loop->uv;
	int rc = kind == CONN_CLIENT ? uv_pipe_init(uv, &conn->io.pipe, 0) :
				       uv_tcp_init(uv, &conn->io.tcp);
	if (rc) {
		free(conn);
		return NULL;
	}
	uv_timer_init(uv, &conn->timer);
	conn->io.handle.data = conn->timer.data = conn;
	conn->connect.data = conn->shutdown.data = conn;
	conn->open_handles = 2;
	conn->born = uv_now(uv);
	conn->born_turn = net->loop->turns;
	conn->net = net;
	conn->kind = kind;
	frame_init(&conn->frame, FRAME_MAX);
	link_newest(net, conn);
	return conn;
}

void conn_announce(struct conn *conn)
{
	conn->announced = true;
	conn->came_up = true;
	conn->net->events->up(conn->net->owner, conn);
}

static void on_closed(uv_handle_t *handle)
{
	struct conn *conn = handle->data;

	if (--conn->open_handles > 0)
		return;
	unlink_conn(conn);
	if (conn->announced)
		conn->net->events->down(conn->net->owner, conn, conn->error);
	frame_deinit(&conn->frame);
	free(conn);
}

void conn_abort(struct conn *conn, int error)
{
	if (conn->closing)
		return;
	conn->closing = true;
	conn->error = error;
	uv_close(&conn->io.handle, on_closed);
	uv_close((uv_handle_t *)&conn->timer, on_closed);
}

static void on_deadline(uv_timer_t *timer)
{
	struct conn *conn = timer->data;
	conn_abort(conn, conn->finishing ? 0 : -ETIMEDOUT);
}

void conn_deadline(struct conn *conn, uint64_t ms)
{
	if (!conn->closing)
		uv_timer_start(&conn->timer, on_deadline, ms, 0);
}

void conn_relax(struct conn *conn)
{
	if (!conn->closing && !conn->finishing)
		uv_timer_stop(&conn->timer);
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
	struct conn *conn = shutdown->data;

	/*
	 * A socket with unread bytes in it is reset when it is closed, and a
	 * reset may overtake what we have sent. So wait for the other end.
	 */
	if (status < 0)
		conn_abort(conn, 0);
}

void conn_finish(struct conn *conn)
{
	if (conn->closing || conn->finishing)
		return;
	conn->finishing = true;
	if (uv_shutdown(&conn->shutdown, &conn->io.stream, on_shutdown)) {
		conn_abort(conn, 0);
		return;
	}
	conn_deadline(conn, CONN_FLUSH_MS);
	if (conn->paused) {
		conn->paused = false;
		conn_read(conn);
	}
}

/* --- reading ---------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t hint UNUSED, uv_buf_t *buf)
{
	struct conn *conn = handle->data;
	*buf = uv_buf_init((char *)conn->net->buffer,
			   sizeof(conn->net->buffer));
}

/* What has been begun must be whole in time, however many bytes come. */
static void await_rest(struct conn *conn)
{
	if (!frame_partial(&conn->frame))
		conn_relax(conn);
	else if (!uv_is_active((uv_handle_t *)&conn->timer))
		conn_deadline(conn, REQUEST_DEADLINE_MS);
}

static void give_messages(struct conn *conn, struct bytes in)
{
	struct bytes message;

	while (!conn->closing && !conn->finishing) {
		int rc = frame_take(&conn->frame, &in, &message);
		if (rc == FRAME_ERR_MORE) {
			await_rest(conn);
			return;
		}
		if (rc) {
			conn_abort(conn, rc < 0 ? rc : -EPROTO);
			return;
		}
		conn->net->events->bytes(conn->net->owner, conn, message);
	}
}

/* The first byte says what a connection is for; README.md of proto. */
static void sort_stranger(struct conn *conn, struct bytes *in)
{
	uint8_t first = in->p[0];

	in->p++;
	in->n--;
	if (first == 1) {
		conn->kind = CONN_PEER;
	} else if (first == 3) {
		conn->kind = CONN_RESCUE; /* its owner keeps the time */
		conn_relax(conn);
	} else if (first == 2 && conn->net->meeting) {
		conn->kind = CONN_MEET;
		conn_relax(conn);
	} else {
		conn_abort(conn, -EPROTO);
		return;
	}
	conn_announce(conn);
}

static void give(struct conn *conn, struct bytes in)
{
	if (conn->kind == CONN_CLIENT) {
		give_messages(conn, in);
		return;
	}
	if (conn->kind == CONN_STRANGER)
		sort_stranger(conn, &in);
	if (in.n && !conn->closing && !conn->finishing)
		conn->net->events->bytes(conn->net->owner, conn, in);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf UNUSED)
{
	struct conn *conn = stream->data;

	if (n == 0)
		return; /* nothing there after all */
	if (n < 0) {
		conn_abort(conn, n == UV_EOF ? 0 : (int)n);
		return;
	}
	struct net *net = conn->net;
	if (!conn->finishing)
		give(conn, (struct bytes){ net->buffer, (size_t)n });
	/* Clients send passphrases. */
	explicit_bzero(net->buffer, (size_t)n);
}

void conn_read(struct conn *conn)
{
	if (conn->closing)
		return;
	int rc = uv_read_start(&conn->io.stream, on_alloc, on_read);
	if (rc)
		conn_abort(conn, rc);
}

/* --- writing ---------------------------------------------------------------- */

struct outgoing {
	uv_write_t uv;
	struct conn *conn;
	uint8_t header[FRAME_HEADER];
	uint8_t *data; /* owned */
	size_t n;
	bool secret;
};

static void drop_data(uint8_t *data, size_t n, bool secret)
{
	if (secret && data)
		explicit_bzero(data, n);
	free(data);
}

static void on_written(uv_write_t *uv, int status)
{
	struct outgoing *out = uv->data;
	struct conn *conn = out->conn;

	drop_data(out->data, out->n, out->secret);
	free(out);
	if (conn->closing)
		return;
	if (status < 0) {
		conn_abort(conn, status);
		return;
	}
	if (conn->paused && uv_stream_get_write_queue_size(&conn->io.stream) <
				    WRITE_QUEUE_HIGH / 2) {
		conn->paused = false;
		conn_read(conn);
	}
}

static void bound_queue(struct conn *conn)
{
	size_t queued = uv_stream_get_write_queue_size(&conn->io.stream);
	size_t max = conn->kind == CONN_CLIENT ? CONN_CLIENT_QUEUE_MAX :
						 WRITE_QUEUE_MAX;

	if (queued > max) {
		conn_abort(conn, -ENOBUFS);
	} else if (queued > WRITE_QUEUE_HIGH && !conn->paused) {
		conn->paused = true;
		uv_read_stop(&conn->io.stream);
	}
}

static void send_out(struct conn *conn, struct outgoing *out, bool framed)
{
	uv_buf_t bufs[2] = {
		uv_buf_init((char *)out->header, sizeof(out->header)),
		uv_buf_init((char *)out->data, (unsigned int)out->n),
	};

	int rc = uv_write(&out->uv, &conn->io.stream, framed ? bufs : bufs + 1,
			  framed ? 2 : 1, on_written);
	if (rc) {
		drop_data(out->data, out->n, out->secret);
		free(out);
		conn_abort(conn, rc);
		return;
	}
	bound_queue(conn);
}

static struct outgoing *outgoing_new(struct conn *conn, uint8_t *data, size_t n,
				     bool secret)
{
	struct outgoing *out = NULL;

	if (!conn->closing && !conn->finishing) {
		out = calloc(1, sizeof(*out));
		if (!out)
			conn_abort(conn, -ENOMEM);
	}
	if (!out) {
		drop_data(data, n, secret);
		return NULL;
	}
	out->uv.data = out;
	out->conn = conn;
	out->data = data;
	out->n = n;
	out->secret = secret;
	return out;
}

void conn_send(struct conn *conn, uint8_t *data, size_t n, bool secret)
{
	struct outgoing *out = outgoing_new(conn, data, n, secret);
	if (out)
		send_out(conn, out, false);
}

void conn_send_message(struct conn *conn, uint8_t *data, size_t n)
{
	/* The answers hold codes and secrets. */
	struct outgoing *out = outgoing_new(conn, data, n, true);
	if (!out)
		return;
	frame_header(out->header, n);
	send_out(conn, out, true);
}
