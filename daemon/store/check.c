#include "daemon/store/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/store/env.h"
#include "daemon/store/row.h"

#define PAGE 4096
#define EXIT_ERRNO 100 /* of the child: the sum of this and an errno */

/* f_type of statfs(2) for file systems that live elsewhere. */
static const unsigned long remote[] = {
	0x6969,	    /* NFS */
	0x65735546, /* FUSE */
	0x01021997, /* 9p */
	0x517b,	    /* SMB */
	0xfe534d42, /* SMB2 */
	0xff534d42, /* CIFS */
	0x5346414f, /* AFS */
	0x73757245, /* Coda */
	0x00c36400, /* Ceph */
};

int check_filesystem(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(remote); i++)
		if (((unsigned long)fs.f_type & 0xffffffff) == remote[i])
			return STORE_ERR_REMOTE;
	return 0;
}

static int check_stat(const struct stat *st, mode_t forbidden)
{
	if (st->st_uid != geteuid())
		return STORE_ERR_OWNER;
	if (st->st_mode & forbidden)
		return STORE_ERR_MODE;
	return 0;
}

int check_folder(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return STORE_ERR_FOREIGN;
	return check_stat(&st, 077);
}

static int check_file(const char *dir, off_t *ret_size)
{
	char path[PATH_BYTES];
	struct stat st;

	if (store_path(path, dir, ENV_FILE))
		return -ENAMETOOLONG;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? STORE_ERR_TRUNCATED : -errno;
	if (!S_ISREG(st.st_mode))
		return STORE_ERR_FOREIGN;
	int rc = check_stat(&st, 077);
	if (rc)
		return rc;
	/* LMDB would take an empty file for one that it may begin anew. */
	if (st.st_size < 2 * PAGE)
		return STORE_ERR_TRUNCATED;
	*ret_size = st.st_size;
	return 0;
}

/* --- in the child ----------------------------------------------------------- */

/* What LMDB says is about the store, unless it is about the machine. */
static int judge(int code, int about_store)
{
	switch (code) {
	case ENOMEM:
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case EIO:
		return -code;
	default:
		return about_store;
	}
}

static void on_assert(MDB_env *mdb UNUSED, const char *message UNUSED)
{
	_exit(STORE_ERR_DAMAGED);
}

/* A page that is in use lies where the file has none any more. */
static void on_bus(int number UNUSED)
{
	_exit(STORE_ERR_TRUNCATED);
}

/*
 * The last pages of a file need not be there: those that a transaction took
 * and gave back are never written. So a short file is whole when all that the
 * tables lead to is in it, and walking them tells, by a signal if not. Half
 * a page would read as zeros where it ends, without one.
 */
static int check_extent(MDB_env *mdb, off_t size)
{
	struct env seen = { .mdb = mdb };
	MDB_stat stat;

	if (env_extent(&seen) <= (uint64_t)size)
		return 0;
	signal(SIGBUS, on_bus);
	int rc = mdb_env_stat(mdb, &stat);
	if (rc)
		return judge(rc, STORE_ERR_DAMAGED);
	return size % (off_t)stat.ms_psize ? STORE_ERR_TRUNCATED : 0;
}

static struct bytes bytes_of(MDB_val v)
{
	return (struct bytes){ v.mv_data, v.mv_size };
}

static int check_row(enum table table, MDB_val key, MDB_val value)
{
	struct bytes row = bytes_of(value);

	if (!row_key_ok(table, bytes_of(key)))
		return STORE_ERR_DAMAGED;
	/* What the next run rebuilds is left out, not held against it. */
	if (row_open(table, bytes_of(key), &row) && table == TABLE_LOCAL)
		return STORE_ERR_DAMAGED;
	return 0;
}

/* Touches each page of a long value; a page that is not there is a signal. */
static uint8_t touch(MDB_val value)
{
	const volatile uint8_t *p = value.mv_data;
	uint8_t sum = 0;

	for (size_t i = 0; i < value.mv_size; i += PAGE)
		sum ^= p[i];
	if (value.mv_size)
		sum ^= p[value.mv_size - 1];
	return sum;
}

/* table 0: LMDB's own tables, of which only the pages are looked at. */
static int walk(MDB_txn *txn, MDB_dbi dbi, enum table table)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	MDB_stat stat;
	size_t rows = 0;
	int found = 0;

	int rc = mdb_stat(txn, dbi, &stat);
	if (!rc)
		rc = mdb_cursor_open(txn, dbi, &cursor);
	if (rc)
		return judge(rc, STORE_ERR_DAMAGED);
	rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	while (!rc && !found) {
		touch(value);
		rows++;
		if (table)
			found = check_row(table, key, value);
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (found)
		return found;
	if (rc != MDB_NOTFOUND)
		return judge(rc, STORE_ERR_DAMAGED);
	return rows == stat.ms_entries ? 0 : STORE_ERR_DAMAGED;
}

static int check_format(MDB_txn *txn, MDB_dbi meta)
{
	MDB_val key = { sizeof(ROW_FORMAT_KEY) - 1, ROW_FORMAT_KEY };
	MDB_val value;

	if (mdb_get(txn, meta, &key, &value))
		return STORE_ERR_FOREIGN;
	switch (row_format_check(bytes_of(value))) {
	case 0:
		return 0;
	case ROW_ERR_FOREIGN:
		return STORE_ERR_FOREIGN;
	case ROW_ERR_NEWER:
		return STORE_ERR_NEWER;
	default:
		return STORE_ERR_DAMAGED;
	}
}

/* The meta table alone is opened: a newer format may have others. */
static int check_meta(MDB_env *mdb)
{
	MDB_txn *txn;
	MDB_dbi meta;

	int rc = mdb_txn_begin(mdb, NULL, MDB_RDONLY, &txn);
	if (rc)
		return judge(rc, STORE_ERR_DAMAGED);
	rc = mdb_dbi_open(txn, "meta", 0, &meta);
	rc = rc ? judge(rc, STORE_ERR_FOREIGN) : check_format(txn, meta);
	mdb_txn_abort(txn);
	return rc;
}

static int check_pages(struct env *env)
{
	MDB_txn *txn;

	int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
	if (rc)
		return judge(rc, STORE_ERR_DAMAGED);
	for (MDB_dbi own = 0; own < 2 && !rc; own++)
		rc = walk(txn, own, 0);
	for (enum table i = TABLE_ITEM; i < TABLES && !rc; i++)
		rc = walk(txn, env->tables[i], i);
	mdb_txn_abort(txn);
	return rc;
}

/* Opened twice, since a newer format need not have the tables of this one. */
static int look_meta(const char *dir, off_t size)
{
	MDB_env *mdb;

	int rc = mdb_env_create(&mdb);
	if (rc)
		return judge(rc, STORE_ERR_DAMAGED);
	mdb_env_set_assert(mdb, on_assert);
	mdb_env_set_maxdbs(mdb, STORE_TABLES);
	mdb_env_set_mapsize(mdb, STORE_MAP_BYTES);
	rc = mdb_env_open(mdb, dir, MDB_NOTLS | MDB_RDONLY | MDB_NOLOCK, 0600);
	if (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH) {
		rc = STORE_ERR_FOREIGN;
	} else if (rc) {
		rc = judge(rc, STORE_ERR_DAMAGED);
	} else {
		rc = check_extent(mdb, size);
		if (!rc)
			rc = check_meta(mdb);
	}
	mdb_env_close(mdb);
	return rc;
}

static int look(const char *dir, off_t size)
{
	struct env env;

	int rc = look_meta(dir, size);
	if (rc)
		return rc;
	rc = env_open(&env, dir, ENV_LOOK);
	if (rc)
		return judge(-rc, STORE_ERR_DAMAGED);
	mdb_env_set_assert(env.mdb, on_assert);
	rc = check_pages(&env);
	env_close(&env);
	return rc;
}

/* How LMDB ends on pages that make no sense. */
static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

static bool is_fatal(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		if (fatal[i] == number)
			return true;
	return false;
}

_Noreturn static void child(const char *dir, off_t size)
{
	/* The parent says what was wrong, in one line. */
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		signal(fatal[i], SIG_DFL);
	int rc = look(dir, size);
	_exit(rc < 0 ? EXIT_ERRNO - rc : rc);
}

/* --- in the parent ---------------------------------------------------------- */

int check_store(const char *dir)
{
	off_t size;
	int status;

	int rc = check_folder(dir);
	if (!rc)
		rc = check_file(dir, &size);
	if (rc)
		return rc;
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		child(dir, size);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	/* Somebody ended it, or the system did that for want of memory. */
	if (WIFSIGNALED(status) && !is_fatal(WTERMSIG(status)))
		return -EINTR;
	if (!WIFEXITED(status))
		return STORE_ERR_DAMAGED;
	rc = WEXITSTATUS(status);
	if (rc >= EXIT_ERRNO)
		return EXIT_ERRNO - rc;
	return rc == 0 || store_error_text(rc) ? rc : STORE_ERR_DAMAGED;
}
