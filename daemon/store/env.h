/*
 * One open LMDB environment with the tables of a store. It belongs to this
 * room alone: nothing outside daemon/store sees a type of LMDB. All codes of
 * LMDB become -errno in one place, env_errno().
 */
#ifndef FOB_STORE_ENV_H
#define FOB_STORE_ENV_H

#include <lmdb.h>

#include "daemon/core/event.h"
#include "proto/base.h"

#define ENV_FILE "data.mdb"
#define ENV_LOCK "lock.mdb"

struct env {
	MDB_env *mdb;
	MDB_dbi meta;
	MDB_dbi tables[TABLES]; /* by enum table; [0] is unused */
};

/* How env_open() opens. */
enum env_mode {
	ENV_WRITE,  /* the tables exist */
	ENV_CREATE, /* makes them, and the meta row */
	ENV_LOOK,   /* nothing is written, no lock file is made */
};

/*
 * dir: the folder that holds data.mdb. 0, or -errno: -EBADMSG when it is not
 * a file of ours, or one that is broken.
 */
int env_open(struct env *env, const char *dir, enum env_mode mode);

/*
 * Makes what is read from the file what the disk has. After a failed write of
 * a meta page the two may differ, for LMDB puts the old one back without
 * a flush: a cut during the next transaction would then find the newer meta
 * and pages that were used again. A failed flush marks pages clean, so they
 * are written anew. Before the first write of each start. 0 or -errno.
 */
int env_settle(const struct env *env);

void env_close(struct env *env); /* NULL and a zeroed one are fine */
#define AUTO_ENV CLEANUP(env_close)

/* Size in bytes that the pages in use need; more than the file has: cut off. */
uint64_t env_extent(const struct env *env);

/* A code of LMDB or an errno, as -errno. */
int env_errno(int code);

#endif
