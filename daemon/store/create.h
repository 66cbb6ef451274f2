/*
 * Makes a new store so that no power cut leaves half of one: the first
 * metas of LMDB are written without a sync, so the store is made beside, under
 * another name, flushed with its folder, and renamed when it is whole.
 */
#ifndef FOB_STORE_CREATE_H
#define FOB_STORE_CREATE_H

#include "daemon/store/store.h"

#define CREATE_TMP "store.tmp" /* what is not a store yet, or not any more */

/* Makes <vault>/store, which is not there yet. 0, STORE_ERR_*, or -errno. */
int create_store(const char *vault);

/*
 * Makes the folder of the vault and its parents, 0700, or flushes the name of
 * the one that is there. 0 or -errno.
 */
int create_vault(const char *vault);

/* Removes a folder with the two files of LMDB in it. Gone is fine. */
int create_remove(const char *dir);

/* Flushes a folder's names to disk. */
int create_sync(const char *path);

#endif
