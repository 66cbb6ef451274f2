#include "daemon/host/snapfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME 128 /* "PREFIX-20260102T030405Z.snapshot" */
#define SUFFIX ".snapshot"

struct snapfile {
	int folder, fd;
	char prefix[SNAPFILE_PREFIX];
	char name[NAME], beside[NAME];
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_ours(const char *name, const char *prefix, const char *suffix)
{
	size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 && name[n] == '-' &&
	       ends_with(name, suffix);
}

/* The folder's list, or NULL; closing it leaves `folder` open. */
static DIR *list_open(int folder)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir && copy >= 0)
		close(copy);
	return dir;
}

static void remove_leftovers(int folder, const char *prefix)
{
	DIR *dir = list_open(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] == '.' &&
		    is_ours(entry->d_name + 1, prefix, ".part"))
			unlinkat(folder, entry->d_name, 0);
	if (dir)
		closedir(dir);
}

void snapfile_drop(struct snapfile *file)
{
	if (!file)
		return;
	if (file->fd >= 0) {
		close(file->fd);
		unlinkat(file->folder, file->beside, 0);
	}
	if (file->folder >= 0)
		close(file->folder);
	free(file);
}

int snapfile_begin(struct snapfile **ret, const char *folder,
		   const char *prefix, int64_t wall)
{
	struct snapfile *file = calloc(1, sizeof(*file));
	time_t seconds = (time_t)(wall / 1000);
	struct tm tm;
	char when[32];
	int rc = 0;

	if (!file)
		return -ENOMEM;
	file->fd = -1;
	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(file->prefix, sizeof(file->prefix), "%s", prefix);
	snprintf(file->name, sizeof(file->name), "%s-%s" SUFFIX, file->prefix,
		 when);
	snprintf(file->beside, sizeof(file->beside), ".%s-%s.part",
		 file->prefix, when);
	file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->folder >= 0) {
		remove_leftovers(file->folder, file->prefix);
		file->fd = openat(file->folder, file->beside,
				  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
					  O_NOFOLLOW,
				  0600);
	}
	if (file->fd < 0) {
		rc = -errno;
		snapfile_drop(file);
		return rc;
	}
	*ret = file;
	return 0;
}

int snapfile_write(struct snapfile *file, struct bytes bytes)
{
	while (bytes.n > 0) {
		ssize_t done = write(file->fd, bytes.p, bytes.n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes.p += done;
		bytes.n -= (size_t)done;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Names tell the time, so their order is that of age. */
static void prune(const struct snapfile *file, unsigned int keep)
{
	char(*names)[NAME] = NULL;
	DIR *dir = list_open(file->folder);
	const struct dirent *entry;
	size_t n = 0, cap = 0;

	while (dir && (entry = readdir(dir))) {
		if (!is_ours(entry->d_name, file->prefix, SUFFIX) ||
		    strlen(entry->d_name) >= NAME)
			continue;
		if (n == cap) {
			void *grown;

			cap = 2 * cap + 16;
			grown = realloc(names, cap * sizeof(*names));
			if (!grown)
				break;
			names = grown;
		}
		memcpy(names[n++], entry->d_name, strlen(entry->d_name) + 1);
	}
	if (dir)
		closedir(dir);
	if (n > 0)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i + keep < n; i++)
		unlinkat(file->folder, names[i], 0);
	free(names);
}

int snapfile_end(struct snapfile *file, unsigned int keep)
{
	int rc = 0;

	if (fsync(file->fd) < 0 ||
	    renameat(file->folder, file->beside, file->folder, file->name) < 0)
		rc = -errno;
	if (rc == 0) {
		close(file->fd);
		file->fd = -1;
		if (fsync(file->folder) < 0)
			rc = -errno;
		prune(file, keep);
	}
	snapfile_drop(file);
	return rc;
}

int64_t snapfile_newest(const char *folder, const char *prefix)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : list_open(fd);
	const struct dirent *entry;
	int64_t newest = 0;
	struct stat st;

	while (dir && (entry = readdir(dir)))
		if (is_ours(entry->d_name, prefix, SUFFIX) &&
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (int64_t)st.st_mtime * 1000 > newest)
			newest = (int64_t)st.st_mtime * 1000;
	if (dir)
		closedir(dir);
	if (fd >= 0)
		close(fd);
	return newest;
}
