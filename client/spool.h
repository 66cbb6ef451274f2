/*
 * Input that can be read again from the beginning, which a pipe cannot: what
 * comes from one is kept in memory, in a file without a name.
 */
#ifndef FOB_CLIENT_SPOOL_H
#define FOB_CLIENT_SPOOL_H

#include "proto/base.h"

/*
 * A descriptor of what in holds, at its beginning; the caller closes it. At
 * most size bytes and one more are kept, so that whoever reads them sees that
 * there are too many. Or a negative errno.
 */
int spool_open(int in, uint64_t size);

/* All of it, to a descriptor that may block. 0 or a negative errno. */
int spool_write(int fd, struct bytes b);

/* Back to the beginning. 0 or a negative errno. */
int spool_rewind(int fd);

#endif
