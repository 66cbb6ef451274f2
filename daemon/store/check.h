/*
 * Is a store whole? Asked before it is served, in a forked child, because
 * the answer of LMDB to a damaged page may be a signal. Nothing is written.
 */
#ifndef FOB_STORE_CHECK_H
#define FOB_STORE_CHECK_H

#include "daemon/store/store.h"

/*
 * Looks at the file first (kind, owner, mode, size), then walks all pages and
 * rows in a child. dir: the folder with data.mdb. 0, a STORE_ERR_*, or
 * -errno when the question could not be asked.
 */
int check_store(const char *dir);

/* Is this folder or file ours alone? 0, STORE_ERR_* or -errno. */
int check_folder(const char *path);

/* Is the file system one that LMDB can live on? 0, STORE_ERR_REMOTE, -errno. */
int check_filesystem(const char *path);

#endif
