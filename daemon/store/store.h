/*
 * The vault on disk: an LMDB environment in <vault>/store, held by one
 * daemon at a time. Writes gather in one transaction until store_commit();
 * reads see them. Nothing is repaired here: a store that is not whole is
 * refused, and its files stay as they are.
 */
#ifndef FOB_STORE_STORE_H
#define FOB_STORE_STORE_H

#include "daemon/core/event.h"
#include "proto/base.h"

#define PATH_BYTES 4096 /* of a path, its NUL included */

enum store_error {
	STORE_ERR_RUNNING = 1, /* another daemon holds the vault */
	STORE_ERR_REMOTE,      /* NFS, FUSE and the like */
	STORE_ERR_OWNER,       /* a file belongs to somebody else */
	STORE_ERR_MODE,	       /* others may read or write it */
	STORE_ERR_FOREIGN,     /* not a store of fob */
	STORE_ERR_TRUNCATED,   /* cut off, or gone */
	STORE_ERR_DAMAGED,
	STORE_ERR_NEWER, /* in the format of a newer fob */
	STORE_ERR_DEEP,	 /* the path is too long */
	STORE_ERR_DOUBT, /* the next start tells which store it is */
};

/* What is wrong and what to do, after "<vault>: "; NULL: no such error. */
const char *store_error_text(int error);

struct store;

/*
 * vault: the folder, made (0700) when it is not there, its parents too. Takes
 * the lock, checks what is there or makes a new store beside and renames it.
 * 0, a STORE_ERR_*, or -errno.
 */
int store_open(const char *vault, struct store **ret_store);
void store_close(struct store *store); /* drops what is not committed */

/* As a text for messages: "/home/ada/.local/share/fob". */
const char *store_vault(const struct store *store);

/* Into the open transaction. Failures come out of store_commit(). */
void store_put(struct store *store, enum table table, struct bytes key,
	       struct bytes value);
void store_delete(struct store *store, enum table table, struct bytes key);
void store_clear(struct store *store); /* no row is left in any table */
/* Writes not committed; never 0 after a failure, which the commit tells. */
size_t store_pending(const struct store *store);

/*
 * All or nothing, on disk when it returns 0. -ENOSPC: the map or the disk is
 * full. After any failure the store takes nothing more.
 */
int store_commit(struct store *store);

/*
 * Reads, the pending writes included. What store_get() gives lies in the map:
 * it is valid until store_release() or the next write, whichever is first.
 * -ENOENT: no such row, or one that lost its checksum. Release before the
 * loop goes on: a reader pins old pages.
 */
int store_get(struct store *store, enum table table, struct bytes key,
	      struct bytes *ret_value);
void store_release(struct store *store);

/*
 * Calls visit for each row in the order of keys, checksums off. It may not
 * write. Rows with a bad checksum are left out and counted in *ret_bad. Stops
 * at the first non-zero return and forwards it.
 */
typedef int store_visit(void *owner, struct bytes key, struct bytes value);
int store_scan(struct store *store, enum table table, store_visit *visit,
	       void *owner, size_t *ret_bad);

/* After the scans of the start: gives the pages of the map back. 0, -errno. */
int store_rest(struct store *store);

/* Of the map in use, pages that may be used again not counted; 0..100. */
unsigned int store_percent(struct store *store);

/* Closes and removes the store; the folder and the lock stay. 0 or -errno. */
int store_wipe(struct store **store);

/*
 * A store that is to take the place of this one, filled beside it. Failures
 * come out of store_next_end(), which makes it whole and durable; from then
 * on store_renew(), or the next store_open(), puts it in place and keeps the
 * old one as store.before-NAME. STORE_ERR_DOUBT: this one or that is the
 * vault from the next start on, so nothing may be written to this one any more.
 */
void store_next_put(struct store *store, enum table table, struct bytes key,
		    struct bytes value);
/* 0, STORE_ERR_DOUBT, or -errno: there is none, this one stays. */
int store_next_end(struct store *store, const char *name);
void store_next_drop(struct store *store);

/* Closes this store and opens the next. 0, STORE_ERR_* or -errno. */
int store_renew(struct store *store);

/* dir/name; 0 or STORE_ERR_DEEP. */
int store_path(char ret_path[static PATH_BYTES], const char *dir,
	       const char *name);

#endif
