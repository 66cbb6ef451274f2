#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/net/address.h"
#include "daemon/net/inner.h"
#include "daemon/net/net.h"

#define BACKLOG 256 /* a crowd waits here, and nobody is turned away */

/* --- too much at once ------------------------------------------------------- */

/*
 * libuv stops the watcher of a listener while a connection that it told of
 * waits for uv_accept(). So a listener rests by not taking one, and goes on
 * by taking it.
 */
static void on_rested(uv_timer_t *timer)
{
	struct listener *l = timer->data;

	l->accepted = 0;
	if (l->local)
		local_take(l);
	else
		listen_take(l);
}

void listen_rest(struct listener *l, uint64_t ms)
{
	if (!l->closing)
		uv_timer_start(&l->rest, on_rested, ms, 0);
}

/* May one more be accepted in this second? If not, the listener rests. */
static bool may_accept(struct listener *l)
{
	uint64_t now = uv_now(&l->net->loop->uv);

	if (now - l->second >= 1000) {
		l->second = now;
		l->accepted = 0;
	}
	if (++l->accepted <= ACCEPT_PER_SECOND)
		return true;
	listen_rest(l, NET_REST_MS);
	return false;
}

static size_t half_open(const struct net *net, struct conn **ret_oldest_new)
{
	size_t n = 0;

	*ret_oldest_new = NULL;
	for (struct conn *c = net->oldest; c; c = c->newer) {
		if (c->closing || c->finishing || c->dialed ||
		    c->phase == CONN_PROVEN ||
		    (c->kind != CONN_STRANGER && c->kind != CONN_PEER))
			continue;
		n++;
		if (c->phase == CONN_NEW && !*ret_oldest_new)
			*ret_oldest_new = c;
	}
	return n;
}

enum place { PLACE_FREE, PLACE_SOON, PLACE_NONE };

/*
 * A place for one more, when need be at the cost of the oldest stranger. What
 * it has sent may wait to be read: it has a moment, and a whole turn of the
 * loop, to show that it knows us. A crowd waits in the backlog meanwhile.
 */
static enum place make_place(struct net *net)
{
	const struct loop *loop = net->loop;
	struct conn *oldest;

	if (half_open(net, &oldest) < HALF_OPEN_MAX)
		return PLACE_FREE;
	if (!oldest)
		return PLACE_NONE;
	if (uv_now(&loop->uv) - oldest->born < NET_GRACE_MS ||
	    loop->turns - oldest->born_turn < 2)
		return PLACE_SOON;
	conn_abort(oldest, -ECONNABORTED);
	return PLACE_FREE;
}

/* --- taking one ------------------------------------------------------------- */

static void name_remote(struct conn *conn)
{
	struct sockaddr_storage name;
	int n = sizeof(name);

	if (uv_tcp_getpeername(&conn->io.tcp, (struct sockaddr *)&name, &n) ==
	    0)
		address_format((struct sockaddr *)&name, conn->remote);
}

void listen_take(struct listener *l)
{
	struct net *net = l->net;

	if (l->closing || net->closing)
		return;
	enum place place = make_place(net);
	if (place == PLACE_SOON)
		listen_rest(l, NET_GRACE_MS);
	if (place == PLACE_SOON || !may_accept(l))
		return;
	struct conn *conn = conn_new(net, CONN_STRANGER);
	if (!conn) {
		listen_rest(l, NET_REST_MS);
		return;
	}
	if (uv_accept(&l->io.stream, &conn->io.stream) || place == PLACE_NONE) {
		conn_abort(conn, -ECONNABORTED);
		return;
	}
	uv_tcp_nodelay(&conn->io.tcp, 1);
	name_remote(conn);
	conn_deadline(conn, HANDSHAKE_MS);
	conn_read(conn);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct listener *l = stream->data;

	if (status < 0)
		return; /* out of descriptors: those in use come first */
	if (l->local)
		local_take(l);
	else
		listen_take(l);
}

/* --- listeners -------------------------------------------------------------- */

struct listener *listen_new(struct net *net, bool local)
{
	struct listener *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	uv_loop_t *uv = &net->loop->uv;
	int rc = local ? uv_pipe_init(uv, &l->io.pipe, 0) :
			 uv_tcp_init(uv, &l->io.tcp);
	if (rc) {
		free(l);
		return NULL;
	}
	uv_timer_init(uv, &l->rest);
	l->io.handle.data = l->rest.data = l;
	l->open_handles = 2;
	l->net = net;
	l->local = local;
	l->next = net->listeners;
	net->listeners = l;
	return l;
}

static void on_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;

	if (--l->open_handles > 0)
		return;
	struct listener **at = &l->net->listeners;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	free(l->path);
	free(l);
}

void listen_close(struct listener *l)
{
	if (l->closing)
		return;
	l->closing = true;
	/* The name goes first: nobody finds a socket that is not served. */
	if (l->path)
		unlink(l->path);
	uv_close(&l->io.handle, on_closed);
	uv_close((uv_handle_t *)&l->rest, on_closed);
}

int listen_begin(struct listener *l, int fd)
{
	int rc = l->local ? uv_pipe_open(&l->io.pipe, fd) :
			    uv_tcp_open(&l->io.tcp, fd);
	if (rc) {
		close(fd);
		return rc;
	}
	return uv_listen(&l->io.stream, BACKLOG, on_connection);
}

/* One socket for both families where the address is [::]. */
static int bind_socket(const struct sockaddr_storage *address, int *ret_fd)
{
	int on = 1, off = 0;
	socklen_t n = address->ss_family == AF_INET6 ?
			      sizeof(struct sockaddr_in6) :
			      sizeof(struct sockaddr_in);

	int fd = socket(address->ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const struct sockaddr *)address, n) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

int net_listen_fd(struct net *net, int fd)
{
	struct listener *l = listen_new(net, false);
	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	int rc = listen_begin(l, fd);
	if (rc)
		listen_close(l);
	return rc;
}

int net_listen(struct net *net, const char *address)
{
	struct sockaddr_storage parsed;
	int fd = -1;

	int rc = address_parse(address, &parsed);
	if (!rc)
		rc = bind_socket(&parsed, &fd);
	return rc ? rc : net_listen_fd(net, fd);
}
