#include "tests/disk/platter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum verdict { GO, DEAD, CUT, KILLED, FAILS };

static bool fits(enum fault fault, enum op op)
{
	switch (fault) {
	case FAULT_NOSPACE:
		return op == OP_WRITE || op == OP_META || op == OP_NAME;
	case FAULT_SHORT:
	case FAULT_EIO_WRITE:
		return op == OP_WRITE;
	case FAULT_EIO_SYNC:
	case FAULT_SLOW:
		return op == OP_SYNC;
	case FAULT_EIO_META:
		return op == OP_META;
	case FAULT_EIO_FOLDER:
		return op == OP_SYNCDIR || op == OP_NAME;
	default:
		return true;
	}
}

static void note(struct platter *p, uint64_t what)
{
	p->digest = draw_mix(p->digest ^ what);
}

static bool struck(const struct plan *plan, uint32_t nth)
{
	return plan->fault != FAULT_NONE && plan->at > 0 &&
	       (nth == plan->at || (plan->sticky && nth > plan->at));
}

static enum verdict judge(struct platter *p, enum op op)
{
	if (p->dead)
		return DEAD;
	p->ops++;
	p->calls[op]++;
	note(p, op);
	if (struck(&p->cut, p->ops)) {
		p->dead = true;
		p->struck[p->cut.fault]++;
		return p->cut.fault == FAULT_CUT ? CUT : KILLED;
	}
	if (p->plan.fault == FAULT_NONE || !fits(p->plan.fault, op))
		return GO;
	if (!struck(&p->plan, ++p->hits))
		return GO;
	p->struck[p->plan.fault]++;
	if (p->plan.fault == FAULT_SLOW) {
		p->slow_ms += 30000;
		return GO;
	}
	return FAILS;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int fault_errno(const struct platter *p)
{
	return p->plan.fault == FAULT_NOSPACE && !p->dead ? ENOSPC : EIO;
}

/* --- names ------------------------------------------------------------------ */

static bool walk(struct platter *p, struct inode *folder, const char *path,
		 struct where *ret)
{
	const char *slash;

	for (;;) {
		size_t n;

		while (*path == '/')
			path++;
		slash = strchr(path, '/');
		n = slash ? (size_t)(slash - path) : strlen(path);
		REQUIRE(n < sizeof(ret->name));
		memcpy(ret->name, path, n);
		ret->name[n] = '\0';
		ret->folder = folder;
		if (n == 0 || strcmp(ret->name, ".") == 0)
			ret->inode = folder;
		else
			ret->inode = folder_find(&folder->now, ret->name);
		if (!slash)
			return true;
		folder = ret->inode;
		if (!folder || !folder->is_folder) {
			/* The system says what is wrong with it. */
			ret->folder = p->top;
			ret->inode = NULL;
			return true;
		}
		path = slash;
	}
}

bool platter_find(int dir, const char *path, struct where *ret)
{
	struct platter *p = platter_used;

	if (!p)
		return false;
	if (path[0] == '/' || dir == AT_FDCWD) {
		size_t n = strlen(p->root);

		if (strncmp(path, p->root, n) != 0 ||
		    (path[n] != '/' && path[n] != '\0'))
			return false;
		return walk(p, p->top, path + n, ret);
	}
	if (!platter_has(dir))
		return false;
	return walk(p, p->fds[dir].inode, path, ret);
}

bool platter_may_name(void)
{
	switch (judge(platter_used, OP_NAME)) {
	case GO:
		return true;
	case FAILS:
		errno = fault_errno(platter_used);
		return false;
	default:
		errno = EIO;
		return false;
	}
}

int platter_open(const struct where *where, int fd_dir, const char *path,
		 int flags, mode_t mode)
{
	struct platter *p = platter_used;
	struct inode *inode = where->inode;
	bool makes = (flags & O_CREAT) && !inode;

	REQUIRE(!(flags & O_TRUNC));
	if (p->dead)
		return fail(EIO);
	if (makes && !platter_may_name())
		return -1;
	int fd = (int)syscall(SYS_openat, fd_dir, path, flags, mode);
	if (fd < 0)
		return -1;
	REQUIRE(fd < PLATTER_FDS);
	if (makes) {
		struct change change = { .what = CHANGE_ADD };

		inode = inode_new(p, false);
		inode_keep(p, inode, fd_dir, path);
		snprintf(change.text, sizeof(change.text), "%s", where->name);
		change.inode = inode;
		inode_change(where->folder, change);
	}
	REQUIRE(inode);
	if (!platter_has(fd))
		p->open++;
	p->fds[fd].inode = inode;
	p->fds[fd].dsync = (flags & O_DSYNC) != 0;
	return fd;
}

bool platter_has(int fd)
{
	return platter_used && fd >= 0 && fd < PLATTER_FDS &&
	       platter_used->fds[fd].inode;
}

void platter_closed(int fd)
{
	if (!platter_has(fd))
		return;
	platter_used->fds[fd].inode = NULL;
	platter_used->open--;
}

/* --- content ---------------------------------------------------------------- */

static void note_bytes(struct platter *p, const uint8_t *data, size_t n)
{
	uint64_t sum = n, word;

	for (; n >= 8; n -= 8, data += 8) {
		memcpy(&word, data, 8);
		sum = (sum ^ word) * 0x9e3779b97f4a7c15;
	}
	for (; n > 0; n--)
		sum = (sum ^ *data++) * 0x9e3779b97f4a7c15;
	note(p, sum);
}

static ssize_t cached(int fd, const void *data, size_t n, off_t offset)
{
	struct inode *inode = platter_used->fds[fd].inode;

	ssize_t done = syscall(SYS_pwrite64, fd, data, n, offset);
	REQUIRE(done == (ssize_t)n);
	inode_wait(inode, (uint64_t)offset, data, n);
	return done;
}

/* In the cache or not, on the disk or not: it failed, and that is all. */
static int half_known(int fd, const void *data, size_t n, off_t offset)
{
	struct platter *p = platter_used;
	struct inode *inode = p->fds[fd].inode;
	uint32_t how = draw_below(&p->draw, 4);

	if (how == 0)
		return fail(EIO);
	cached(fd, data, n, offset);
	inode->strange = true;
	if (how == 1)
		inode_sync_last(inode);
	else if (how == 2)
		free(inode->waits[--inode->n_waits].data); /* and clean */
	return fail(EIO);
}

static ssize_t write_fails(int fd, const void *data, size_t n, off_t offset)
{
	struct platter *p = platter_used;

	switch (p->plan.fault) {
	case FAULT_SHORT:
		return n < 2 ? fail(ENOSPC) : cached(fd, data, n / 2, offset);
	case FAULT_EIO_META:
		return half_known(fd, data, n, offset);
	default:
		return fail(fault_errno(p));
	}
}

ssize_t platter_write(int fd, const void *data, size_t n, off_t offset)
{
	struct platter *p = platter_used;
	struct inode *inode = p->fds[fd].inode;
	bool dsync = p->fds[fd].dsync;
	enum verdict verdict = judge(p, dsync ? OP_META : OP_WRITE);

	if (verdict == DEAD)
		return fail(EIO);
	note(p, inode->number);
	note(p, (uint64_t)offset);
	note_bytes(p, data, n);
	switch (verdict) {
	case CUT:
		inode->strange = true;
		inode_wait(inode, (uint64_t)offset, data, n);
		return fail(EIO);
	case KILLED:
		/* What the kernel has begun it may end. */
		if (draw_chance(&p->draw, 4))
			cached(fd, data, n, offset);
		if (dsync && inode->n_waits && draw_chance(&p->draw, 4))
			inode_sync_last(inode);
		return fail(EIO);
	case FAILS:
		return write_fails(fd, data, n, offset);
	default:
		break;
	}
	ssize_t done = cached(fd, data, n, offset);
	if (dsync)
		inode_sync_last(inode);
	return done;
}

int platter_truncate(int fd, off_t size)
{
	struct platter *p = platter_used;

	switch (judge(p, OP_WRITE)) {
	case GO:
		inode_wait(p->fds[fd].inode, (uint64_t)size, NULL, 0);
		p->fds[fd].inode->strange = true;
		return (int)syscall(SYS_ftruncate, fd, size);
	case FAILS:
		return fail(fault_errno(p));
	default:
		return fail(EIO);
	}
}

int platter_sync(int fd)
{
	struct platter *p = platter_used;
	struct inode *inode = p->fds[fd].inode;

	switch (judge(p, inode->is_folder ? OP_SYNCDIR : OP_SYNC)) {
	case GO:
		inode_sync(inode);
		return 0;
	case FAILS:
		/* The kernel takes the pages for clean from now on. */
		if (!inode->is_folder) {
			inode_lose(p, inode);
			inode->strange = true;
		}
		return fail(EIO);
	default:
		return fail(EIO);
	}
}
