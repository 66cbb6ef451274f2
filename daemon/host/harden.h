/*
 * What the process takes from itself before it reads a secret: core dumps,
 * being traced by others of the same user, new privileges, files that others
 * can read, death by a closed pipe.
 */
#ifndef FOB_HOST_HARDEN_H
#define FOB_HOST_HARDEN_H

#include "proto/base.h"

/* First thing in main(), and again after a change of user. 0 or -errno. */
int harden_process(void);

/* Opens /dev/null where stdin, stdout or stderr is missing. 0 or -errno. */
int harden_descriptors(void);

#endif
