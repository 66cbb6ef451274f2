/*
 * The calls by which the store and LMDB reach the disk. Defined in the
 * program, they win over those of the C library, for liblmdb.so as well.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/disk/platter.h"

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
	struct where where;

	if (platter_find(dir, path, &where))
		return platter_open(&where, dir, path, flags, mode);
	int fd = (int)syscall(SYS_openat, dir, path, flags, mode);
	platter_closed(fd); /* one that was closed behind our back */
	return fd;
}

static mode_t mode_of(int flags, va_list rest)
{
	return flags & O_CREAT ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list rest;

	va_start(rest, flags);
	mode_t mode = mode_of(flags, rest);
	va_end(rest);
	return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list rest;

	va_start(rest, flags);
	mode_t mode = mode_of(flags, rest);
	va_end(rest);
	return open_at(dir, path, flags, mode);
}

int close(int fd)
{
	platter_closed(fd);
	return (int)syscall(SYS_close, fd);
}

/* The C library closes it by itself. */
int closedir(DIR *dir)
{
	static int (*next)(DIR * dir);

	if (!next) {
		void *found = dlsym(RTLD_NEXT, "closedir");
		memcpy(&next, &found, sizeof(next));
	}
	platter_closed(dirfd(dir));
	return next(dir);
}

/* --- content ---------------------------------------------------------------- */

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
	if (platter_has(fd))
		return platter_write(fd, data, n, offset);
	return syscall(SYS_pwrite64, fd, data, n, offset);
}

ssize_t write(int fd, const void *data, size_t n)
{
	if (!platter_has(fd))
		return syscall(SYS_write, fd, data, n);
	off_t offset = lseek(fd, 0, SEEK_CUR);
	ssize_t done = platter_write(fd, data, n, offset);
	if (done > 0)
		lseek(fd, offset + done, SEEK_SET);
	return done;
}

/* LMDB writes runs of pages so, after an lseek(). */
ssize_t writev(int fd, const struct iovec *parts, int n)
{
	static uint8_t buffer[1 << 20];
	size_t at = 0;

	if (!platter_has(fd))
		return syscall(SYS_writev, fd, parts, n);
	for (int i = 0; i < n; i++) {
		REQUIRE(at + parts[i].iov_len <= sizeof(buffer));
		memcpy(buffer + at, parts[i].iov_base, parts[i].iov_len);
		at += parts[i].iov_len;
	}
	return write(fd, buffer, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t offset)
{
	REQUIRE(!platter_has(fd)); /* nobody does, until one does */
	return syscall(SYS_pwritev, fd, parts, n, offset, 0);
}

int ftruncate(int fd, off_t size)
{
	/* LMDB's lock file holds nothing across a start. */
	if (platter_has(fd))
		return platter_truncate(fd, size);
	return (int)syscall(SYS_ftruncate, fd, size);
}

int fsync(int fd)
{
	return platter_has(fd) ? platter_sync(fd) : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return platter_has(fd) ? platter_sync(fd) :
				 (int)syscall(SYS_fdatasync, fd);
}

/*
 * The map of a store is 4 GiB, and making one anew for each life would cost
 * more than the life: it is kept while the file is the same.
 */
static struct {
	void *address;
	size_t n;
	ino_t inode;
	bool used;
} map;

static void *map_again(size_t n, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return MAP_FAILED;
	if (map.address && (map.inode != st.st_ino || map.n != n)) {
		syscall(SYS_munmap, map.address, map.n);
		map.address = NULL;
	}
	if (!map.address) {
		long p = syscall(SYS_mmap, NULL, n, PROT_READ, MAP_SHARED, fd,
				 (off_t)0);
		if (p == -1)
			return MAP_FAILED;
		memcpy(&map.address, &p, sizeof(p));
		map.n = n;
		map.inode = st.st_ino;
	}
	map.used = true;
	return map.address;
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	void *address;

	if (platter_has(fd)) {
		/* Of a file of LMDB the locks alone are written by mapping. */
		REQUIRE(!(prot & PROT_WRITE) || n < 65536);
		if (prot == PROT_READ && flags == MAP_SHARED && !map.used)
			return map_again(n, fd);
	}
	long p = syscall(SYS_mmap, at, n, prot, flags, fd, offset);
	memcpy(&address, &p, sizeof(p));
	return address;
}

int munmap(void *address, size_t n)
{
	if (address && address == map.address) {
		map.used = false;
		return 0;
	}
	return (int)syscall(SYS_munmap, address, n);
}

/* --- names ------------------------------------------------------------------ */

static struct change change_of(enum change_kind what, const struct where *where)
{
	struct change change = { .what = what, .inode = where->inode };

	snprintf(change.text, sizeof(change.text), "%s", where->name);
	return change;
}

int mkdir(const char *path, mode_t mode)
{
	struct where where;

	if (!platter_find(AT_FDCWD, path, &where))
		return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	if (!where.inode && !platter_may_name())
		return -1;
	int rc = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	if (rc == 0) {
		where.inode = inode_new(platter_used, true);
		inode_change(where.folder, change_of(CHANGE_ADD, &where));
	}
	return rc;
}

int unlinkat(int dir, const char *path, int flags)
{
	struct where where;

	if (!platter_find(dir, path, &where))
		return (int)syscall(SYS_unlinkat, dir, path, flags);
	if (where.inode && !platter_may_name())
		return -1;
	int rc = (int)syscall(SYS_unlinkat, dir, path, flags);
	if (rc == 0)
		inode_change(where.folder, change_of(CHANGE_REMOVE, &where));
	return rc;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	struct where old, new;
	bool ours = platter_find(from_dir, from, &old);

	if (!ours)
		return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to,
				    0);
	REQUIRE(platter_find(to_dir, to, &new) && old.folder == new.folder);
	if (old.inode && !platter_may_name())
		return -1;
	int rc = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
	if (rc == 0) {
		struct change change = change_of(CHANGE_RENAME, &old);

		snprintf(change.to, sizeof(change.to), "%s", new.name);
		inode_change(old.folder, change);
	}
	return rc;
}

int rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}
