/*
 * What goes wrong, and what is worth a remark: on standard error for people,
 * and, for errors with --json, on standard output for programs. All text is
 * escaped on its way, because parts of it may be somebody else's.
 */
#ifndef FOB_CLIENT_REPORT_H
#define FOB_CLIENT_REPORT_H

#include "client/command.h"

/* Tells the error, and returns the status, for `return fail(...)`. */
int fail(struct fob *fob, unsigned int status, const char *format, ...)
	PRINTF(3, 4);

/* "fob: warning: ..."; always told, but for -q. */
void warn(struct fob *fob, const char *format, ...) PRINTF(2, 3);

/* A hint or a step done, without a prefix; not told with -q. */
void note(struct fob *fob, const char *format, ...) PRINTF(2, 3);

#endif
