#include "daemon/store/next.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/create.h"
#include "daemon/store/env.h"
#include "daemon/store/txn.h"

#define MAKING "store.making"
#define NEXT "store.next-"
#define BEFORE "store.before-"
#define WRITES 1024 /* that are committed at a time, to bound memory */

struct next {
	char vault[PATH_BYTES], dir[PATH_BYTES];
	struct env env;
	struct txn txn;
	int error; /* -errno of the first failure, stays */
};

/*
 * Removes what was not ended. The name may be that of one that was called
 * store.next-NAME until a moment ago: when that is not on disk yet, a cut
 * would bring the old name back, without files, to be put in place of a vault.
 */
static int clear(const char *vault, const char *dir)
{
	struct stat st;

	if (lstat(dir, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	int rc = create_sync(vault);
	return rc ? rc : create_remove(dir);
}

/* --- filling ---------------------------------------------------------------- */

static int begin(struct next *next)
{
	if (store_path(next->dir, next->vault, MAKING))
		return -ENAMETOOLONG;
	int rc = clear(next->vault, next->dir);
	if (!rc && mkdir(next->dir, 0700) < 0)
		rc = -errno;
	return rc ? rc : env_open(&next->env, next->dir, ENV_CREATE);
}

struct next *next_new(const char *vault)
{
	struct next *next = calloc(1, sizeof(*next));

	if (!next)
		return NULL;
	snprintf(next->vault, sizeof(next->vault), "%s", vault);
	next->error = begin(next);
	txn_init(&next->txn, &next->env);
	return next;
}

void next_free(struct next *next)
{
	if (!next)
		return;
	txn_deinit(&next->txn);
	env_close(&next->env);
	free(next);
}

void next_put(struct next *next, enum table table, struct bytes key,
	      struct bytes value)
{
	if (!next || next->error)
		return;
	txn_put(&next->txn, table, key, value);
	if (next->txn.error || next->txn.writes >= WRITES)
		next->error = txn_commit(&next->txn);
}

/* --- the end ---------------------------------------------------------------- */

static int make_durable(struct next *next)
{
	char file[PATH_BYTES];

	int rc = txn_commit(&next->txn);
	if (!rc)
		rc = env_errno(mdb_env_sync(next->env.mdb, 1));
	env_close(&next->env);
	if (!rc && store_path(file, next->dir, ENV_FILE))
		rc = -ENAMETOOLONG;
	if (!rc)
		rc = create_sync(file);
	return rc ? rc : create_sync(next->dir);
}

int next_end(struct next *next, const char *name)
{
	char text[NAME_MAX + 1], ready[PATH_BYTES];

	if (!next)
		return -ENOMEM;
	int rc = next->error ? next->error : make_durable(next);
	if (!rc && (size_t)snprintf(text, sizeof(text), NEXT "%s", name) >=
			   sizeof(text))
		rc = -ENAMETOOLONG;
	if (!rc && store_path(ready, next->vault, text))
		rc = -ENAMETOOLONG;
	if (rc)
		return rc;
	if (rename(next->dir, ready) < 0)
		return -errno;
	/* To rename it back would not help: that may get lost as well. */
	return create_sync(next->vault) ? STORE_ERR_DOUBT : 0;
}

int next_remove(const char *vault)
{
	char dir[PATH_BYTES];

	return store_path(dir, vault, MAKING) ? -ENAMETOOLONG :
						clear(vault, dir);
}

/* --- putting it in place ---------------------------------------------------- */

/* The NAME of store.next-NAME: 0, -ENOENT, or another -errno. */
static int find_ended(const char *vault, char ret[static NAME_MAX + 1])
{
	DIR *dir = opendir(vault);
	int rc = -ENOENT;

	if (!dir)
		return -errno;
	errno = 0;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (strncmp(e->d_name, NEXT, sizeof(NEXT) - 1) != 0)
			continue;
		snprintf(ret, NAME_MAX + 1, "%s", e->d_name + sizeof(NEXT) - 1);
		rc = 0;
		break;
	}
	if (rc && errno)
		rc = -errno;
	closedir(dir);
	return rc;
}

/* 0 also when there is no such folder any more. */
static int move(const char *vault, const char *from, const char *to)
{
	char a[PATH_BYTES], b[PATH_BYTES];

	if (store_path(a, vault, from) || store_path(b, vault, to))
		return STORE_ERR_DEEP;
	if (rename(a, b) < 0)
		return errno == ENOENT ? 0 : -errno;
	return create_sync(vault);
}

int next_settle(const char *vault)
{
	char name[NAME_MAX + 1], ended[NAME_MAX + 32], before[NAME_MAX + 32];

	int rc = find_ended(vault, name);
	if (rc)
		return rc == -ENOENT ? next_remove(vault) : rc;
	snprintf(ended, sizeof(ended), NEXT "%s", name);
	snprintf(before, sizeof(before), BEFORE "%s", name);
	/*
	 * Whoever gave it its name, or took the old one away, may not have
	 * lived to flush that: of renames that wait together a cut may lose
	 * the first alone, and then there is no store at all.
	 */
	rc = create_sync(vault);
	if (rc)
		return rc;
	/* Cut after this, there is no store, and the next start goes on. */
	rc = move(vault, "store", before);
	return rc ? rc : move(vault, ended, "store");
}
