/*
 * Snapshots as files in a folder: each appears whole, under its final name,
 * or not at all, and only the newest are kept. Names begin with what the
 * owner says, so that several devices may share one folder; files of others
 * are never touched. Owner-only, like everything that fobd writes.
 */
#ifndef FOB_HOST_SNAPFILE_H
#define FOB_HOST_SNAPFILE_H

#include "proto/base.h"

#define SNAPFILE_PREFIX 64 /* bytes, with the NUL */

struct snapfile;

/*
 * Opens a file that has no final name yet; what an earlier one has left
 * behind is removed. wall: ms since 1970, for the name. 0 or -errno.
 */
int snapfile_begin(struct snapfile **ret, const char *folder,
		   const char *prefix, int64_t wall);
int snapfile_write(struct snapfile *file, struct bytes bytes); /* 0, -errno */
/*
 * Flushes it and gives it its name, then removes all but the newest `keep`
 * of this prefix; file is gone. 0 or -errno, then there is no new one.
 */
int snapfile_end(struct snapfile *file, unsigned int keep);
void snapfile_drop(struct snapfile *file); /* NULL is fine */

/* When the newest was made, ms since 1970; 0: there is none. */
int64_t snapfile_newest(const char *folder, const char *prefix);

#endif
