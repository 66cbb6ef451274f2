/*
 * A disk that knows what was synced. What the process writes lies in a folder
 * of tmpfs, which is its page cache: the process, its mapping and its child
 * see it there at once. Each file has a second name beside the folder, so that
 * it stays the same one, and may stay mapped, when names come and go. Beside it the platter keeps, of each file and folder,
 * what is durable, and in order what is not yet. A power cut makes the durable
 * part and some of the rest, in sectors of 512 bytes, the new content.
 *
 *	platter.c	files, folders, what a cut leaves of them
 *	platter_op.c	one call: is it to fail, and what it does
 *	calls.c		open(), pwrite() and so on, defined in the test
 *
 * There is one platter in use at a time, since the calls are the process's.
 */
#ifndef FOB_TESTS_PLATTER_H
#define FOB_TESTS_PLATTER_H

#include <sys/types.h>

#include "tests/disk/draw.h"

#define SECTOR 512
#define PLATTER_FDS 1024
#define PLATTER_PATH 256
#define PLATTER_NAME 80

/* What a call asks of the disk. */
enum op {
	OP_WRITE,   /* into the cache */
	OP_META,    /* through a descriptor with O_DSYNC */
	OP_SYNC,    /* fsync or fdatasync of a file */
	OP_SYNCDIR, /* fsync of a folder */
	OP_NAME,    /* make, rename, remove */
	OPS,
};

enum fault {
	FAULT_NONE,
	FAULT_CUT,	  /* the power, at this call */
	FAULT_KILL,	  /* the process, in this call */
	FAULT_NOSPACE,	  /* no room: write, make */
	FAULT_SHORT,	  /* half of it is written */
	FAULT_EIO_WRITE,  /* the write fails */
	FAULT_EIO_SYNC,	  /* fsync fails, and what it was for is lost */
	FAULT_EIO_META,	  /* nobody knows whether it is there */
	FAULT_EIO_FOLDER, /* fsync of a folder, or a name, fails */
	FAULT_SLOW,	  /* fsync takes half a minute */
	FAULTS,
};

/* The at-th call that the fault fits (from 1), and all later ones if sticky. */
struct plan {
	enum fault fault;
	uint32_t at;
	bool sticky;
};

/* A write that is in the cache only. len 0: the file is cut at offset. */
struct unsynced {
	uint64_t offset;
	size_t len;
	uint8_t *data;
};

struct inode;

struct name {
	char text[PLATTER_NAME];
	struct inode *inode;
};

struct folder {
	struct name names[32];
	size_t n;
};

enum change_kind { CHANGE_ADD, CHANGE_REMOVE, CHANGE_RENAME };

/* A change of a folder; to: the new name, when it is a renaming. */
struct change {
	enum change_kind what;
	char text[PLATTER_NAME], to[PLATTER_NAME];
	struct inode *inode;
};

struct inode {
	struct inode *next; /* of all */
	bool is_folder, seen;
	bool strange; /* the cache is not what is durable and what waits */
	uint32_t number;
	/* a file */
	uint8_t *synced;
	size_t n_synced, cap;
	struct unsynced *waits;
	size_t n_waits, cap_waits;
	/* a folder */
	struct folder now, durable;
	struct change changes[32];
	size_t n_changes;
};

struct platter {
	char root[PLATTER_PATH]; /* a folder of tmpfs, without a last slash */
	struct inode *inodes, *top;
	uint32_t next_number;
	struct draw draw;
	struct plan cut, plan;
	uint32_t ops, hits; /* calls so far; those that the plan fits */
	bool dead;	    /* after a cut or kill: nothing goes any more */
	bool keep_names;    /* a folder's changes are never lost */
	struct {
		struct inode *inode;
		bool dsync;
	} fds[PLATTER_FDS];
	size_t open;	 /* descriptors of it in use */
	uint64_t digest; /* of all calls and draws */
	uint64_t slow_ms;
	/* for the counters of the run */
	uint64_t struck[FAULTS], calls[OPS], torn, kept, lost;
};

extern struct platter *platter_used; /* NULL: calls go to the system */

/* Makes root, empty and durable, and becomes the one in use. */
void platter_init(struct platter *platter, const char *root);
void platter_deinit(struct platter *platter);

/* Everything is gone; draws come from this seed. */
void platter_begin(struct platter *platter, uint64_t seed);

/* Calls are counted from here on, and these fail. */
void platter_plan(struct platter *platter, struct plan cut, struct plan plan);

/* After a cut: what is left becomes the content, and the machine runs. */
void platter_power_up(struct platter *platter);

/* After a kill, or an error that is over: the cache is still there. */
void platter_go_on(struct platter *platter);

/* All that is durable, to be put back later. */
struct inode *platter_copy(const struct platter *platter);
void platter_restore(struct platter *platter, const struct inode *image);
void platter_drop(struct inode *image);

/* --- of platter.c, for platter_op.c ----------------------------------------- */
struct inode *inode_new(struct platter *platter, bool is_folder);
void inode_keep(const struct platter *platter, const struct inode *inode,
		int dir, const char *path);
struct inode *folder_find(const struct folder *folder, const char *name);
void inode_change(struct inode *folder, struct change change);
void inode_wait(struct inode *inode, uint64_t offset, const void *data,
		size_t n);
void inode_sync(struct inode *inode);		     /* all that waits */
void inode_sync_last(struct inode *inode);	     /* the last write alone */
void inode_lose(struct platter *p, struct inode *i); /* some of it is lost */

/* --- platter_op.c ----------------------------------------------------------- */
/* The parent and the last part of a path, or of a name in an open folder. */
struct where {
	struct inode *folder;
	struct inode *inode; /* NULL: there is none */
	char name[PLATTER_NAME];
};

/* False: not on the platter. */
bool platter_find(int dir, const char *path, struct where *ret);

int platter_open(const struct where *where, int fd_dir, const char *path,
		 int flags, mode_t mode);
ssize_t platter_write(int fd, const void *data, size_t n, off_t offset);
int platter_truncate(int fd, off_t size);
int platter_sync(int fd);
/* May a change of names go on? Else errno is set. */
bool platter_may_name(void);
bool platter_has(int fd);
void platter_closed(int fd);

#endif
