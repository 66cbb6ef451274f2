/*
 * The helper programs: what needs libraries that fob does not load, or reads
 * what strangers wrote, runs in a program of its own. They lie beside fob, or
 * in LIBEXECDIR. A helper gets its input whole, as a file or as bytes.
 */
#ifndef FOB_CLIENT_HELPER_H
#define FOB_CLIENT_HELPER_H

#include <sys/types.h>

#include "client/command.h"

#define HELPER_BYTES_MAX (32 * 1024) /* of input that is no file */

struct helper {
	pid_t pid;
	int out; /* what it writes, -1 when that goes to our output */
};

/*
 * argv[0] is the name, "fob-formats". in: an open descriptor, which stays
 * the caller's. piped: we read what it writes. 0 or a status that was told.
 */
int helper_start(struct fob *fob, char **argv, int in, bool piped,
		 struct helper *ret);

/* Its exit status, or STATUS_FAILED when it ended in another way. */
int helper_wait(struct helper *helper);

/*
 * A descriptor from which these bytes can be read, at most
 * HELPER_BYTES_MAX; the caller closes it. Negative errno on failure.
 */
int helper_bytes(struct bytes bytes);

#endif
