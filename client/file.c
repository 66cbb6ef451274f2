#include "client/file.h"

#include <errno.h>
#include <fcntl.h>
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

int file_begin(struct fob *fob, struct file *file, const char *path)
{
	size_t n = strlen(path) + sizeof(".XXXXXX");

	file->path = path;
	file->fd = -1;
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

static int end(struct fob *fob, struct file *file, bool replace)
{
	int r = fsync(file->fd);

	if (r == 0)
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
	if (file_sync_folder(file->path) != 0)
		return fail(fob, STATUS_FAILED, "cannot keep %s: %s",
			    file->path, strerror(errno));
	return 0;
}

int file_end(struct fob *fob, struct file *file)
{
	return end(fob, file, true);
}

int file_end_new(struct fob *fob, struct file *file)
{
	return end(fob, file, false);
}

int file_read(struct fob *fob, int fd, uint8_t buffer[static FILE_PART],
	      size_t *ret_n)
{
	size_t n = 0;

	while (n < FILE_PART) {
		ssize_t got = read(fd, buffer + n, FILE_PART - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(fob, STATUS_FAILED, "reading: %s",
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
