#include "client/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/report.h"

int file_sync_folder(const char *path)
{
	char *copy AUTO_FREE = strdup(path);
	char *slash;
	int fd, r;

	if (!copy)
		return -1;
	slash = strrchr(copy, '/');
	if (slash)
		slash[slash == copy ? 1 : 0] = '\0';
	fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = fsync(fd);
	close(fd);
	return r;
}

/* The folder of the path, to be freed; NULL: no memory. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/*
 * A file that has no name yet: whatever ends us, nothing of it stays. Not
 * every file system has that, and without /proc it would never get a name.
 */
static int open_nameless(const char *path)
{
	char *folder AUTO_FREE = folder_of(path);

	if (!folder || access("/proc/self/fd", X_OK) != 0)
		return -1;
	return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

int file_begin(struct fob *fob, struct file *file, const char *path)
{
	size_t n = strlen(path) + sizeof(".XXXXXX");

	file->path = path;
	file->beside = NULL;
	file->fd = open_nameless(path);
	if (file->fd >= 0)
		return 0;
	file->beside = malloc(n);
	if (!file->beside)
		return fail(fob, STATUS_FAILED, "out of memory");
	snprintf(file->beside, n, "%s.XXXXXX", path);
	file->fd = mkostemp(file->beside, O_CLOEXEC);
	if (file->fd >= 0)
		return 0;
	free(file->beside);
	file->beside = NULL;
	return fail(fob, STATUS_FAILED, "cannot make %s: %s", path,
		    strerror(errno));
}

int file_write(struct fob *fob, struct file *file, struct bytes bytes)
{
	while (bytes.n > 0) {
		ssize_t done = write(file->fd, bytes.p, bytes.n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail(fob, STATUS_FAILED, "cannot write %s: %s",
				    file->path, strerror(errno));
		bytes.p += done;
		bytes.n -= (size_t)done;
	}
	return 0;
}

/* Where the file system cannot rename so, a second name does as well. */
static int rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(from, to) == 0 ? unlink(from) : -1;
}

/* linkat, which gives a first name, takes no other's place. */
static int name_it(const struct file *file, const char *path)
{
	char own[40];

	snprintf(own, sizeof(own), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

#define NAME_TRIES 100

/* A name beside the path, for a file that has none. */
static int name_beside(struct file *file)
{
	size_t n = strlen(file->path) + sizeof(".000000");
	char *beside = malloc(n);
	int r = -1;

	for (int i = 0; beside && r != 0 && i < NAME_TRIES; i++) {
		snprintf(beside, n, "%s.%06x", file->path,
			 randombytes_uniform(1u << 24));
		r = name_it(file, beside);
		if (r != 0 && errno != EEXIST)
			break;
	}
	if (r == 0)
		file->beside = beside;
	else
		free(beside);
	return r;
}

static int end(struct fob *fob, struct file *file, bool replace)
{
	int r = fsync(file->fd);

	if (r == 0 && !file->beside && replace)
		r = name_beside(file);
	if (r == 0 && !file->beside)
		r = name_it(file, file->path);
	else if (r == 0)
		r = replace ? rename(file->beside, file->path) :
			      rename_new(file->beside, file->path);
	if (r != 0)
		return fail(fob,
			    errno == EEXIST ? STATUS_CONFLICT : STATUS_FAILED,
			    "cannot write %s: %s", file->path, strerror(errno));
	close(file->fd);
	file->fd = -1;
	free(file->beside);
	file->beside = NULL;
	if (file_sync_folder(file->path) == 0)
		return 0;
	r = fail(fob, STATUS_FAILED, "cannot keep %s: %s", file->path,
		 strerror(errno));
	/* What is said not to be there is not there. */
	if (!replace)
		unlink(file->path);
	return r;
}

int file_end(struct fob *fob, struct file *file)
{
	return end(fob, file, true);
}

int file_end_new(struct fob *fob, struct file *file)
{
	return end(fob, file, false);
}

int file_read(struct fob *fob, int fd, const char *path,
	      uint8_t buffer[static FILE_PART], size_t *ret_n)
{
	size_t n = 0;

	while (n < FILE_PART) {
		ssize_t got = read(fd, buffer + n, FILE_PART - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(fob, STATUS_FAILED, "reading %s: %s", path,
				    strerror(errno));
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_n = n;
	return 0;
}

void file_drop(struct file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->beside)
		unlink(file->beside);
	free(file->beside);
	*file = (struct file){ .fd = -1 };
}
