/*
 * The connection to the daemon: whole requests go out, whole replies come
 * in, both block until a deadline. The greeting goes out with the first
 * request, so it costs no round trip. Nothing is retried or shown here.
 */
#ifndef FOB_CLIENT_DAEMON_H
#define FOB_CLIENT_DAEMON_H

#include "proto/frame.h"
#include "proto/limits.h"
#include "proto/local.pb-c.h"
#include "proto/secret.h"

enum daemon_error {
	DAEMON_ERR_NONE = 1, /* nobody at the socket */
	DAEMON_ERR_FOREIGN,  /* somebody else's socket */
	DAEMON_ERR_TIMEOUT,
	DAEMON_ERR_CLOSED,   /* it hung up */
	DAEMON_ERR_PROTOCOL, /* what came is no reply */
	DAEMON_ERR_LONG,     /* the request does not fit into a frame */
};

#define DAEMON_PROTOCOL 1 /* the version of local.proto */
#define DAEMON_HELLO_ID 1 /* of the greeting; requests come after */
#define DAEMON_FOREVER 0  /* as a timeout: none */
#define DAEMON_READ_SIZE 16384

struct daemon {
	int fd; /* -1: not connected */
	struct frame frame;
	struct bytes rest; /* of input, not yet looked at */
	uint32_t last_id;
	bool greeted;
	uint8_t input[DAEMON_READ_SIZE];
};

/* One reply, which it owns and wipes. */
struct answer {
	Fob__Reply *reply;
	struct budget *budget;
};

void answer_free(struct answer *answer); /* an empty one is fine */
#define AUTO_ANSWER CLEANUP(answer_free)

void daemon_init(struct daemon *daemon);
void daemon_close(struct daemon *daemon); /* also when not connected */

/*
 * timeout_ms: as long as it may take where the daemon takes no more clients.
 * 0, DAEMON_ERR_NONE, DAEMON_ERR_FOREIGN, DAEMON_ERR_TIMEOUT or -errno.
 */
int daemon_connect(struct daemon *daemon, const char *path,
		   uint32_t timeout_ms);

/*
 * Gives the request its id and sends it. timeout_ms: DAEMON_FOREVER for
 * none. 0, DAEMON_ERR_TIMEOUT, _CLOSED, _LONG, or -errno.
 */
int daemon_send(struct daemon *daemon, Fob__Request *request,
		uint32_t timeout_ms);

/*
 * The next reply to any request, also the one to the greeting. 0,
 * DAEMON_ERR_TIMEOUT, _CLOSED, _PROTOCOL, or -errno.
 */
int daemon_receive(struct daemon *daemon, uint32_t timeout_ms,
		   struct answer *ret_answer);

#endif
