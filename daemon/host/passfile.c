#include "daemon/host/passfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/limits.h"
#include "proto/secret.h"

const char *passfile_error_text(int error)
{
	switch ((enum passfile_error)error) {
	case PASSFILE_ERR_KIND:
		return "not a regular file (links are not followed)";
	case PASSFILE_ERR_OWNER:
		return "belongs to another user";
	case PASSFILE_ERR_MODE:
		return "others may read it; make it private with: chmod 600";
	case PASSFILE_ERR_EMPTY:
		return "its first line is empty";
	case PASSFILE_ERR_LONG:
		return "its first line is too long for a passphrase";
	}
	return error < 0 ? strerror(-error) : "unknown error";
}

static int check(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return PASSFILE_ERR_KIND;
	if (st.st_uid != geteuid())
		return PASSFILE_ERR_OWNER;
	return st.st_mode & 077 ? PASSFILE_ERR_MODE : 0;
}

static int read_line(int fd, uint8_t *buffer, size_t size, size_t *ret_n)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, buffer + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	const uint8_t *end = memchr(buffer, '\n', n);
	if (end)
		n = (size_t)(end - buffer);
	if (n > 0 && buffer[n - 1] == '\r')
		n--;
	if (n == 0)
		return PASSFILE_ERR_EMPTY;
	if (n > PASSPHRASE_MAX)
		return PASSFILE_ERR_LONG;
	*ret_n = n;
	return 0;
}

int passfile_read(const char *path, uint8_t **ret, size_t *ret_n)
{
	size_t size = PASSPHRASE_MAX + 2, n = 0;

	/* A pipe would make open() wait for a writer. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP ? PASSFILE_ERR_KIND : -errno;
	uint8_t *buffer = NULL;
	int rc = check(fd);
	if (!rc) {
		buffer = secret_alloc(size);
		rc = buffer ? read_line(fd, buffer, size, &n) : -ENOMEM;
	}
	close(fd);
	if (rc) {
		secret_free(buffer);
		return rc;
	}
	*ret = buffer;
	*ret_n = n;
	return 0;
}
