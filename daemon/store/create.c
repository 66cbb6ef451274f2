#include "daemon/store/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/env.h"

int create_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static int remove_file(const char *dir, const char *name)
{
	char path[PATH_BYTES];

	if (store_path(path, dir, name))
		return -ENAMETOOLONG;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int create_remove(const char *dir)
{
	struct stat st;

	if (lstat(dir, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	int rc = remove_file(dir, ENV_FILE);
	if (!rc)
		rc = remove_file(dir, ENV_LOCK);
	if (!rc && rmdir(dir) < 0)
		rc = -errno;
	return rc;
}

/* The folder that a name is in: its part up to the last slash. */
static void parent_of(char ret[static PATH_BYTES], const char *path)
{
	snprintf(ret, PATH_BYTES, "%s", path);
	char *slash = strrchr(ret, '/');
	if (slash)
		slash[slash == ret] = '\0';
	else
		snprintf(ret, PATH_BYTES, ".");
}

/* A name is durable with its parent. */
static int flush_name(const char *path)
{
	char parent[PATH_BYTES];

	parent_of(parent, path);
	return create_sync(parent);
}

/* Who made the folder may have been killed before it flushed the name. */
static int flush_found(const char *path)
{
	int rc = flush_name(path);

	/* What we may not look into we have not made. */
	return rc == -EACCES || rc == -EPERM ? 0 : rc;
}

static int make_folder(const char *path)
{
	char parent[PATH_BYTES];

	if (mkdir(path, 0700) < 0)
		return -errno;
	int rc = flush_name(path);
	parent_of(parent, path);
	return rc ? rc : flush_found(parent);
}

int create_vault(const char *vault)
{
	char path[PATH_BYTES];
	struct stat st;

	if (stat(vault, &st) == 0)
		return S_ISDIR(st.st_mode) ? flush_found(vault) : -ENOTDIR;
	if ((size_t)snprintf(path, sizeof(path), "%s", vault) >= sizeof(path))
		return -ENAMETOOLONG;
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		int rc = stat(path, &st) == 0 ? 0 : make_folder(path);
		*p = '/';
		if (rc && rc != -EEXIST)
			return rc;
	}
	int rc = make_folder(path);
	return rc == -EEXIST ? 0 : rc;
}

static int make_env(const char *dir)
{
	struct env env;

	int rc = env_open(&env, dir, ENV_CREATE);
	if (rc)
		return rc;
	rc = env_errno(mdb_env_sync(env.mdb, 1));
	env_close(&env);
	return rc;
}

int create_store(const char *vault)
{
	char made[PATH_BYTES], file[PATH_BYTES], final[PATH_BYTES];

	if (store_path(made, vault, CREATE_TMP) ||
	    store_path(file, made, ENV_FILE) ||
	    store_path(final, vault, "store"))
		return STORE_ERR_DEEP;
	/* Or it was a store until it was wiped: that it is none, first. */
	int rc = create_sync(vault);
	/* What a cut left over was never renamed, so nobody relied on it. */
	if (!rc)
		rc = create_remove(made);
	if (!rc && mkdir(made, 0700) < 0)
		rc = -errno;
	if (!rc)
		rc = make_env(made);
	if (!rc)
		rc = create_sync(file);
	if (!rc)
		rc = create_sync(made);
	if (!rc && rename(made, final) < 0)
		rc = -errno;
	if (!rc)
		rc = create_sync(vault);
	return rc;
}
