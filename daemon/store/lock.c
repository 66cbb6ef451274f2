#include "daemon/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int lock_take(const char *vault, int *ret_fd)
{
	char path[PATH_BYTES];

	if (store_path(path, vault, "lock"))
		return STORE_ERR_DEEP;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int rc = errno == EWOULDBLOCK ? STORE_ERR_RUNNING : -errno;
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}
