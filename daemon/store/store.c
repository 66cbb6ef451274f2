#include "daemon/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/check.h"
#include "daemon/store/create.h"
#include "daemon/store/env.h"
#include "daemon/store/lock.h"
#include "daemon/store/next.h"
#include "daemon/store/row.h"
#include "daemon/store/txn.h"

struct store {
	char vault[PATH_BYTES], dir[PATH_BYTES];
	int lock;
	struct env env;
	struct txn txn;
	MDB_txn *reader;   /* of store_get(), until store_release() */
	struct next *next; /* NULL: none is being filled */
};

const char *store_error_text(int error)
{
	switch ((enum store_error)error) {
	case STORE_ERR_RUNNING:
		return "already running: another fobd holds this vault";
	case STORE_ERR_REMOTE:
		return "this folder is on a network or FUSE file system, "
		       "where a vault is not safe; choose a local one with "
		       "--vault";
	case STORE_ERR_OWNER:
		return "the vault belongs to another user; run fobd as its "
		       "owner";
	case STORE_ERR_MODE:
		return "others may read or write the vault; make it private "
		       "with: chmod -R go= on this folder";
	case STORE_ERR_FOREIGN:
		return "store/data.mdb is not a store of fob, or its first "
		       "pages are damaged; it was not touched. Move the "
		       "folder store away to begin anew";
	case STORE_ERR_TRUNCATED:
		return "store/data.mdb is cut off or missing; nothing was "
		       "touched. Move the folder store away, start fobd, and "
		       "join again from another device";
	case STORE_ERR_DAMAGED:
		return "the store is damaged; nothing was touched. Move the "
		       "folder store away, start fobd, and join again from "
		       "another device";
	case STORE_ERR_NEWER:
		return "the store was written by a newer fob; nothing was "
		       "touched. Install that version or a later one";
	case STORE_ERR_DEEP:
		return "the path is too long";
	case STORE_ERR_DOUBT:
		return "the disk failed while the new vault was put in place; "
		       "whether it is the new one or the old one, the next "
		       "start of fobd shows: see fob status then";
	}
	return NULL;
}

int store_path(char ret_path[static PATH_BYTES], const char *dir,
	       const char *name)
{
	int n = snprintf(ret_path, PATH_BYTES, "%s/%s", dir, name);
	return n < 0 || n >= PATH_BYTES ? STORE_ERR_DEEP : 0;
}

static int open_dir(struct store *store)
{
	struct stat st;

	int rc = store_path(store->dir, store->vault, "store");
	if (rc)
		return rc;
	if (lstat(store->dir, &st) == 0)
		rc = check_store(store->dir);
	else
		rc = errno == ENOENT ? create_store(store->vault) : -errno;
	/* Whoever renamed it may not have lived to flush the name. */
	if (!rc)
		rc = create_sync(store->vault);
	if (rc)
		return rc;
	rc = env_open(&store->env, store->dir, ENV_WRITE);
	if (!rc)
		rc = env_settle(&store->env);
	return rc == -EBADMSG ? STORE_ERR_DAMAGED : rc;
}

static int open_vault(struct store *store, const char *vault)
{
	size_t n = strlen(vault);

	if (n == 0 || n >= PATH_BYTES)
		return STORE_ERR_DEEP;
	memcpy(store->vault, vault, n + 1);
	int rc = create_vault(vault);
	if (!rc)
		rc = check_folder(vault);
	if (!rc)
		rc = check_filesystem(vault);
	if (!rc)
		rc = lock_take(vault, &store->lock);
	if (!rc)
		rc = next_settle(vault);
	if (!rc)
		rc = open_dir(store);
	return rc;
}

int store_open(const char *vault, struct store **ret_store)
{
	struct store *store = calloc(1, sizeof(*store));
	if (!store)
		return -ENOMEM;
	store->lock = -1;
	int rc = open_vault(store, vault);
	if (rc) {
		store_close(store);
		return rc;
	}
	txn_init(&store->txn, &store->env);
	*ret_store = store;
	return 0;
}

static void close_env(struct store *store)
{
	store_release(store);
	txn_deinit(&store->txn);
	env_close(&store->env);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	next_free(store->next);
	close_env(store);
	if (store->lock >= 0)
		close(store->lock);
	free(store);
}

const char *store_vault(const struct store *store)
{
	return store->vault;
}

void store_put(struct store *store, enum table table, struct bytes key,
	       struct bytes value)
{
	store_release(store);
	txn_put(&store->txn, table, key, value);
}

void store_delete(struct store *store, enum table table, struct bytes key)
{
	store_release(store);
	txn_delete(&store->txn, table, key);
}

void store_clear(struct store *store)
{
	store_release(store);
	txn_clear(&store->txn);
}

size_t store_pending(const struct store *store)
{
	return store->txn.writes + (store->txn.error ? 1 : 0);
}

int store_commit(struct store *store)
{
	store_release(store);
	return txn_commit(&store->txn);
}

/* The transaction to read in: the one that writes, else a short one. */
static int read_txn(struct store *store, MDB_txn **ret_txn)
{
	if (store->txn.error)
		return store->txn.error;
	if (!store->txn.mdb && !store->reader) {
		int rc = mdb_txn_begin(store->env.mdb, NULL, MDB_RDONLY,
				       &store->reader);
		if (rc) {
			store->reader = NULL;
			return env_errno(rc);
		}
	}
	*ret_txn = store->txn.mdb ? store->txn.mdb : store->reader;
	return 0;
}

void store_release(struct store *store)
{
	if (store->reader)
		mdb_txn_abort(store->reader);
	store->reader = NULL;
}

int store_get(struct store *store, enum table table, struct bytes key,
	      struct bytes *ret_value)
{
	MDB_txn *txn;
	MDB_val value, k = { .mv_size = key.n };

	REQUIRE(row_key_ok(table, key));
	int rc = read_txn(store, &txn);
	if (rc)
		return rc;
	memcpy(&k.mv_data, &key.p, sizeof(k.mv_data));
	rc = mdb_get(txn, store->env.tables[table], &k, &value);
	if (rc)
		return env_errno(rc);
	struct bytes row = { value.mv_data, value.mv_size };
	if (row_open(table, key, &row))
		return -ENOENT;
	*ret_value = row;
	return 0;
}

static int scan(MDB_cursor *cursor, enum table table, store_visit *visit,
		void *owner, size_t *bad)
{
	MDB_val key, value;

	int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	while (!rc) {
		struct bytes k = { key.mv_data, key.mv_size };
		struct bytes row = { value.mv_data, value.mv_size };
		if (row_open(table, k, &row)) {
			(*bad)++;
		} else {
			int stop = visit(owner, k, row);
			if (stop)
				return stop;
		}
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	return rc == MDB_NOTFOUND ? 0 : env_errno(rc);
}

int store_scan(struct store *store, enum table table, store_visit *visit,
	       void *owner, size_t *ret_bad)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	size_t bad = 0;

	int rc = read_txn(store, &txn);
	if (rc)
		return rc;
	rc = env_errno(mdb_cursor_open(txn, store->env.tables[table], &cursor));
	if (rc)
		return rc;
	rc = scan(cursor, table, visit, owner, &bad);
	mdb_cursor_close(cursor);
	if (!rc)
		*ret_bad = bad;
	return rc;
}

int store_rest(struct store *store)
{
	REQUIRE(store->txn.writes == 0);
	close_env(store);
	int rc = env_open(&store->env, store->dir, ENV_WRITE);
	txn_init(&store->txn, &store->env);
	return rc;
}

/* Pages that a later transaction may use again: LMDB's own first table. */
static uint64_t free_pages(MDB_env *mdb)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_val key, value;
	uint64_t pages = 0;

	if (mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn))
		return 0;
	if (mdb_cursor_open(txn, 0, &cursor) == 0) {
		/* Each row begins with the count of the pages that follow. */
		while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
			size_t n;
			memcpy(&n, value.mv_data, sizeof(n));
			pages += n;
		}
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	return pages;
}

unsigned int store_percent(struct store *store)
{
	MDB_stat stat;
	uint64_t used = env_extent(&store->env);

	/* Counting costs a walk, so it waits until it could matter. */
	if (used > STORE_MAP_BYTES / 2 && !store->txn.mdb &&
	    mdb_env_stat(store->env.mdb, &stat) == 0) {
		store_release(store);
		used -= free_pages(store->env.mdb) * stat.ms_psize;
	}
	return (unsigned int)(used * 100 / STORE_MAP_BYTES);
}

/* Renamed first: a cut in the middle leaves what the next creation clears. */
static int wipe(const char *dir, const char *vault)
{
	char gone[PATH_BYTES];

	if (store_path(gone, vault, CREATE_TMP))
		return -ENAMETOOLONG;
	int rc = create_remove(gone);
	if (!rc && rename(dir, gone) < 0)
		rc = -errno;
	if (!rc)
		rc = create_sync(vault);
	if (!rc)
		rc = create_remove(gone);
	return rc ? rc : create_sync(vault);
}

int store_wipe(struct store **store)
{
	struct store *gone = *store;

	*store = NULL;
	close_env(gone);
	int rc = wipe(gone->dir, gone->vault);
	store_close(gone);
	return rc;
}

/* --- the store that comes after this one ------------------------------------- */

void store_next_put(struct store *store, enum table table, struct bytes key,
		    struct bytes value)
{
	if (!store->next)
		store->next = next_new(store->vault);
	next_put(store->next, table, key, value);
}

int store_next_end(struct store *store, const char *name)
{
	int rc = next_end(store->next, name);

	next_free(store->next);
	store->next = NULL;
	return rc;
}

void store_next_drop(struct store *store)
{
	next_free(store->next);
	store->next = NULL;
	next_remove(store->vault);
}

int store_renew(struct store *store)
{
	REQUIRE(store->txn.writes == 0);
	close_env(store);
	int rc = next_settle(store->vault);
	if (!rc)
		rc = open_dir(store);
	txn_init(&store->txn, &store->env);
	return rc;
}
