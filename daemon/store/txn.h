/*
 * A write transaction with a sticky error: it begins at its first write,
 * every write after the first failure does nothing, and the one check is at
 * txn_commit(). A failed transaction is aborted and never tried again: after
 * a failed write of the meta page nobody knows its outcome, so the process
 * has to start again from disk.
 */
#ifndef FOB_STORE_TXN_H
#define FOB_STORE_TXN_H

#include "daemon/store/env.h"

struct txn {
	struct env *env;
	MDB_txn *mdb;  /* NULL: none was begun */
	int error;     /* -errno of the first failure, stays */
	size_t writes; /* since it was begun */
};

void txn_init(struct txn *txn, struct env *env);
void txn_deinit(struct txn *txn); /* aborts what is open */

void txn_put(struct txn *txn, enum table table, struct bytes key,
	     struct bytes value);
void txn_delete(struct txn *txn, enum table table, struct bytes key);
void txn_clear(struct txn *txn); /* all tables but the format's */

/* 0, also when nothing was written; else the first failure. */
int txn_commit(struct txn *txn);

#endif
