/*
 * What systemd wants to know and what it gives, written out: one datagram
 * to $NOTIFY_SOCKET (sd_notify(3)), and sockets that are open already
 * (sd_listen_fds(3)). Without systemd both do nothing.
 */
#ifndef FOB_HOST_NOTIFY_H
#define FOB_HOST_NOTIFY_H

#include "proto/base.h"

#define NOTIFY_FDS_MAX 8

/* "READY=1", "STOPPING=1". 0, also when nobody listens; else -errno. */
int notify_send(const char *state);

struct notify_fd {
	int fd;
	char name[32]; /* FileDescriptorName= of the socket unit */
	bool is_unix;  /* else TCP */
};

/*
 * The sockets that were handed over; the environment forgets them, so that no
 * child takes them again. Returns how many.
 */
size_t notify_sockets(struct notify_fd ret[static NOTIFY_FDS_MAX]);

#endif
