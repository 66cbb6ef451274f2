#include "daemon/store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/row.h"
#include "daemon/store/store.h"

#define LOCK_ROOM 8192

static const char *const names[TABLES] = {
	[TABLE_ITEM] = "item",	   [TABLE_BLOB] = "blob",
	[TABLE_STATUS] = "status", [TABLE_HOLDER] = "holder",
	[TABLE_LOCAL] = "local",
};

int env_errno(int code)
{
	if (code >= 0)
		return -code;
	switch (code) {
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_KEYEXIST:
		return -EEXIST;
	case MDB_MAP_FULL:
		return -ENOSPC;
	case MDB_READERS_FULL:
		return -EAGAIN;
	case MDB_PAGE_NOTFOUND:
	case MDB_CORRUPTED:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
		return -EBADMSG;
	default: /* MDB_PANIC above all: a meta page could not be written */
		return -EIO;
	}
}

static int open_tables(struct env *env, MDB_txn *txn, unsigned int flags)
{
	int rc = mdb_dbi_open(txn, "meta", flags, &env->meta);
	for (int i = 1; i < TABLES && !rc; i++)
		rc = mdb_dbi_open(txn, names[i], flags, &env->tables[i]);
	/* A file of LMDB without our tables is somebody else's. */
	return rc == MDB_NOTFOUND ? -EBADMSG : env_errno(rc);
}

static int put_format(struct env *env, MDB_txn *txn)
{
	uint8_t value[ROW_FORMAT_SIZE];
	row_format_write(value, STORE_FORMAT);
	MDB_val key = { sizeof(ROW_FORMAT_KEY) - 1, ROW_FORMAT_KEY };
	MDB_val data = { sizeof(value), value };
	return env_errno(mdb_put(txn, env->meta, &key, &data, 0));
}

static int open_inside(struct env *env, enum env_mode mode)
{
	MDB_txn *txn;
	int rc = env_errno(mdb_txn_begin(
		env->mdb, NULL, mode == ENV_LOOK ? MDB_RDONLY : 0, &txn));
	if (rc)
		return rc;
	rc = open_tables(env, txn, mode == ENV_CREATE ? MDB_CREATE : 0);
	if (!rc && mode == ENV_CREATE)
		rc = put_format(env, txn);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	/* Handles of a transaction that is aborted would be closed again. */
	return env_errno(mdb_txn_commit(txn));
}

/*
 * LMDB maps its lock file and writes there: without room on the disk that is
 * a signal, and not an error. So room is taken first, as much as a file of
 * STORE_READERS ever needs. LMDB sets the length.
 */
static int take_room(const char *dir)
{
	char path[PATH_BYTES];
	int rc = 0;

	if (store_path(path, dir, ENV_LOCK))
		return -ENAMETOOLONG;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, LOCK_ROOM) < 0 &&
	    errno != EOPNOTSUPP)
		rc = -errno;
	close(fd);
	return rc;
}

int env_open(struct env *env, const char *dir, enum env_mode mode)
{
	/*
	 * Never NOSYNC, NOMETASYNC or WRITEMAP: each of them loses commits
	 * or lets a stray write into the file.
	 */
	unsigned int flags = MDB_NOTLS | MDB_NORDAHEAD;
	struct env made = { 0 };

	if (mode == ENV_LOOK)
		flags |= MDB_RDONLY | MDB_NOLOCK;
	int rc = env_errno(mdb_env_create(&made.mdb));
	if (rc)
		return rc;
	rc = env_errno(mdb_env_set_mapsize(made.mdb, STORE_MAP_BYTES));
	if (!rc)
		rc = env_errno(mdb_env_set_maxreaders(made.mdb, STORE_READERS));
	if (!rc)
		rc = env_errno(mdb_env_set_maxdbs(made.mdb, STORE_TABLES));
	if (!rc && mode != ENV_LOOK)
		rc = take_room(dir);
	if (!rc)
		rc = env_errno(mdb_env_open(made.mdb, dir, flags, 0600));
	if (!rc)
		rc = open_inside(&made, mode);
	if (rc) {
		env_close(&made);
		return rc;
	}
	if (mode != ENV_LOOK)
		mdb_reader_check(made.mdb, NULL);
	*env = made;
	return 0;
}

/* The same bytes again: it makes no difference which sectors a cut leaves. */
static int write_metas(int fd, size_t n)
{
	AUTO_FREE uint8_t *metas = malloc(n);

	if (!metas)
		return -ENOMEM;
	ssize_t got = pread(fd, metas, n, 0);
	if (got >= 0 && (size_t)got == n)
		got = pwrite(fd, metas, n, 0);
	if (got < 0)
		return -errno;
	if ((size_t)got != n)
		return -EIO;
	return fdatasync(fd) < 0 ? -errno : 0;
}

int env_settle(const struct env *env)
{
	MDB_stat stat;
	int fd;

	int rc = env_errno(mdb_env_stat(env->mdb, &stat));
	if (!rc)
		rc = env_errno(mdb_env_get_fd(env->mdb, &fd));
	return rc ? rc : write_metas(fd, 2 * (size_t)stat.ms_psize);
}

void env_close(struct env *env)
{
	if (!env || !env->mdb)
		return;
	mdb_env_close(env->mdb);
	*env = (struct env){ 0 };
}

uint64_t env_extent(const struct env *env)
{
	MDB_envinfo info;
	MDB_stat stat;
	REQUIRE(mdb_env_info(env->mdb, &info) == 0);
	REQUIRE(mdb_env_stat(env->mdb, &stat) == 0);
	return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}
