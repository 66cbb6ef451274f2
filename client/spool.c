#include "client/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP 16384

int spool_write(int fd, struct bytes b)
{
	while (b.n > 0) {
		ssize_t done = write(fd, b.p, b.n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		b.p += done;
		b.n -= (size_t)done;
	}
	return 0;
}

static int copy(int in, int out, uint64_t size)
{
	uint8_t buffer[STEP];
	uint64_t total = 0;
	int r = 0;

	while (r == 0 && total <= size) {
		ssize_t n = read(in, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = -errno;
		if (n <= 0)
			break;
		r = spool_write(out, (struct bytes){ buffer, (size_t)n });
		total += (uint64_t)n;
	}
	sodium_memzero(buffer, sizeof(buffer));
	return r;
}

int spool_open(int in, uint64_t size)
{
	struct stat st;
	int fd, r;

	if (fstat(in, &st) == 0 && S_ISREG(st.st_mode)) {
		fd = fcntl(in, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? -errno : fd;
	}
	fd = memfd_create("import", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = copy(in, fd, size);
	if (r == 0)
		r = spool_rewind(fd);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int spool_rewind(int fd)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}
