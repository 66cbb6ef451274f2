/*
 * What the process takes from itself before it reads a secret: core dumps,
 * being traced by others of the same user, new privileges, files that others
 * can read, death by a closed pipe or a limit of file sizes. A page of a
 * mapped file that cannot be had ends it with a line on stderr, status 1.
 */
#ifndef FOB_HOST_HARDEN_H
#define FOB_HOST_HARDEN_H

#include "proto/base.h"

/* First thing in main(), and again after a change of user. 0 or -errno. */
int harden_process(void);

/* Opens /dev/null where stdin, stdout or stderr is missing. 0 or -errno. */
int harden_descriptors(void);

#endif
