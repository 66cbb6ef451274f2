/*
 * All connections of the daemon: TCP for peers and pairing, a Unix socket for
 * clients. What comes in is sorted by its first byte; what nobody waits for
 * is closed without a word. The owner hears of a connection when it has said
 * what it is for, then of its bytes (of a client: of whole messages), then
 * once of its end. Numeric addresses only: a name server has no place in the
 * work of a vault.
 */
#ifndef FOB_NET_NET_H
#define FOB_NET_NET_H

#include "daemon/net/conn.h"
#include "daemon/net/loop.h"
#include "proto/base.h"
#include "proto/limits.h"

#define NET_ADDRESS 64	/* "[2001:db8::1%eth0]:47362" and its NUL */
#define NET_REST_MS 100 /* a listener that had too much sleeps so long */
#define NET_GRACE_MS 50 /* a stranger keeps its place at least so long */

enum net_error {
	NET_ERR_ADDRESS = 1, /* not ADDR:PORT with a numeric ADDR */
	NET_ERR_RUNNING,     /* a live daemon answers at this socket */
	NET_ERR_DEEP,	     /* the path is too long for a socket */
	NET_ERR_FOLDER,	     /* others may write into the socket's folder */
	NET_ERR_FILE,	     /* something that is no socket has its name */
};

struct net;

struct net_events {
	void (*up)(void *owner, struct conn *conn);
	/* Bytes as they come; of a client one whole message. */
	void (*bytes)(void *owner, struct conn *conn, struct bytes bytes);
	/* The last word; conn is gone after it. error: 0 or -errno. */
	void (*down)(void *owner, struct conn *conn, int error);
};

int net_new(struct net **ret_net, struct loop *loop,
	    const struct net_events *events, void *owner);
void net_free(struct net *net); /* REQUIREs that all is closed */

/* Takes no more, flushes and ends all that there is. */
void net_end(struct net *net);

/* The same for what is connected; it goes on listening. */
void net_hang_up(struct net *net);

/* The live connection of that number, or NULL. */
struct conn *net_find(const struct net *net, uint32_t number);

/* Are pairing connections taken? Not at first. */
void net_meet(struct net *net, bool take);

/* address: "192.0.2.1:47362", "[::]:0". 0, NET_ERR_ADDRESS or -errno. */
int net_listen(struct net *net, const char *address);

/* A listening TCP socket from outside, which becomes ours. */
int net_listen_fd(struct net *net, int fd);

/*
 * The socket for clients, 0600. Its folder is made 0700 when it is not there.
 * The file of a dead daemon is replaced. 0, NET_ERR_* or -errno.
 */
int net_local(struct net *net, const char *path);
int net_local_fd(struct net *net, int fd);

/*
 * Opens a connection; up or down follows, never from inside this call. The
 * conn belongs to the net. A bad address goes down, too. 0 or -ENOMEM.
 */
int net_open(struct net *net, enum conn_kind kind, const char *address,
	     struct conn **ret_conn);

/*
 * Where others may reach us: the addresses listened on with their real
 * ports; a wildcard stands for all addresses of the interfaces but loopback.
 * Returns how many were written, at most max.
 */
size_t net_addresses(const struct net *net, char (*ret)[NET_ADDRESS],
		     size_t max);

#endif
