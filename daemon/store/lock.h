/*
 * The lock of a vault: a flock on <vault>/lock, held as long as the process
 * lives. LMDB's own lock file would be the wrong place: closing any descriptor
 * of it drops the locks.
 */
#ifndef FOB_STORE_LOCK_H
#define FOB_STORE_LOCK_H

#include "daemon/store/store.h"

/* *ret_fd: close it to let go. 0, STORE_ERR_RUNNING, or -errno. */
int lock_take(const char *vault, int *ret_fd);

#endif
