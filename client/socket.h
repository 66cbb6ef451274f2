/*
 * Where the daemon's socket is: --socket, else FOB_SOCKET, else by the rules
 * that the daemon follows too: fob/fobd.sock in XDG_RUNTIME_DIR, else in
 * /run/user/UID when that is ours and closed to others, else run/fobd.sock
 * in the vault's folder. FOB_PROFILE=work makes the folders fob-work.
 */
#ifndef FOB_CLIENT_SOCKET_H
#define FOB_CLIENT_SOCKET_H

#include <sys/un.h>

#include "proto/base.h"

enum socket_error {
	SOCKET_ERR_LONG = 1, /* the path does not fit into an address */
	SOCKET_ERR_NOWHERE,  /* neither XDG_RUNTIME_DIR nor HOME is set */
	SOCKET_ERR_PROFILE,  /* FOB_PROFILE is no plain name */
};

#define SOCKET_PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

/* named: the path of --socket, or NULL. 0 or SOCKET_ERR_. */
int socket_path(const char *named, char ret_path[static SOCKET_PATH_SIZE]);

#endif
