#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/net/address.h"
#include "daemon/net/inner.h"
#include "daemon/net/net.h"

static void on_connected(uv_connect_t *connect, int status)
{
	struct conn *conn = connect->data;

	if (conn->closing)
		return;
	if (status < 0) {
		conn_abort(conn, status);
		return;
	}
	uv_tcp_nodelay(&conn->io.tcp, 1);
	/* The first byte says what the connection is for. */
	uint8_t *first = malloc(1);
	if (!first) {
		conn_abort(conn, -ENOMEM);
		return;
	}
	*first = conn->kind == CONN_PEER ? 1 : conn->kind == CONN_MEET ? 2 : 3;
	conn_send(conn, first, 1, false);
	if (conn->kind != CONN_PEER)
		conn_relax(conn);
	if (conn->closing)
		return;
	conn_announce(conn);
	conn_read(conn);
}

int net_open(struct net *net, enum conn_kind kind, const char *address,
	     struct conn **ret_conn)
{
	struct sockaddr_storage parsed;

	int rc = address_parse(address, &parsed);
	struct conn *conn = conn_new(net, kind);
	if (!conn)
		return -ENOMEM;
	conn->dialed = true;
	conn->announced = true;
	snprintf(conn->remote, sizeof(conn->remote), "%s", address);
	*ret_conn = conn;
	rc = rc ? -EINVAL :
		  uv_tcp_connect(&conn->connect, &conn->io.tcp,
				 (const struct sockaddr *)&parsed,
				 on_connected);
	/* Told from the close callback, so the caller is not called back. */
	if (rc)
		conn_abort(conn, rc);
	else
		conn_deadline(conn, HANDSHAKE_MS);
	return 0;
}
