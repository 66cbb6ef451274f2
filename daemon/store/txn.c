#include "daemon/store/txn.h"

#include <errno.h>
#include <string.h>

#include "daemon/store/row.h"

void txn_init(struct txn *txn, struct env *env)
{
	*txn = (struct txn){ .env = env };
}

static void drop(struct txn *txn)
{
	if (txn->mdb)
		mdb_txn_abort(txn->mdb);
	txn->mdb = NULL;
	txn->writes = 0;
}

void txn_deinit(struct txn *txn)
{
	if (!txn)
		return;
	drop(txn);
	*txn = (struct txn){ 0 };
}

static void fail(struct txn *txn, int error)
{
	txn->error = error;
	drop(txn);
}

static bool ready(struct txn *txn)
{
	if (txn->error)
		return false;
	if (!txn->mdb) {
		int rc = mdb_txn_begin(txn->env->mdb, NULL, 0, &txn->mdb);
		if (rc) {
			txn->mdb = NULL;
			fail(txn, env_errno(rc));
			return false;
		}
	}
	txn->writes++;
	return true;
}

/* LMDB reads keys only; its type has no const. */
static MDB_val val_of(struct bytes b)
{
	MDB_val v = { .mv_size = b.n };
	memcpy(&v.mv_data, &b.p, sizeof(v.mv_data));
	return v;
}

void txn_put(struct txn *txn, enum table table, struct bytes key,
	     struct bytes value)
{
	uint8_t sum[ROW_SUM];
	bool summed = row_summed(table);

	REQUIRE(row_key_ok(table, key));
	if (!ready(txn))
		return;
	MDB_val k = val_of(key);
	MDB_val v = { value.n + (summed ? ROW_SUM : 0), NULL };
	int rc =
		mdb_put(txn->mdb, txn->env->tables[table], &k, &v, MDB_RESERVE);
	if (rc) {
		fail(txn, env_errno(rc));
		return;
	}
	if (value.n)
		memcpy(v.mv_data, value.p, value.n);
	if (summed) {
		row_sum(sum, table, key, value);
		memcpy((uint8_t *)v.mv_data + value.n, sum, ROW_SUM);
	}
}

void txn_delete(struct txn *txn, enum table table, struct bytes key)
{
	REQUIRE(row_key_ok(table, key));
	if (!ready(txn))
		return;
	MDB_val k = val_of(key);
	int rc = mdb_del(txn->mdb, txn->env->tables[table], &k, NULL);
	if (rc && rc != MDB_NOTFOUND)
		fail(txn, env_errno(rc));
}

void txn_clear(struct txn *txn)
{
	int rc = 0;

	if (!ready(txn))
		return;
	for (int i = 1; i < TABLES && !rc; i++)
		rc = mdb_drop(txn->mdb, txn->env->tables[i], 0);
	if (rc)
		fail(txn, env_errno(rc));
}

int txn_commit(struct txn *txn)
{
	if (txn->error || !txn->mdb)
		return txn->error;
	/* The handle is gone after a commit, whatever became of it. */
	int rc = mdb_txn_commit(txn->mdb);
	txn->mdb = NULL;
	txn->writes = 0;
	txn->error = env_errno(rc);
	return txn->error;
}
