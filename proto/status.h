/*
 * How a command ends: the exit status of the client, the code in its JSON and
 * in the daemon's replies, and a sentence for people. One table, so that the
 * three never part. The numbers are a contract with scripts.
 */
#ifndef FOB_STATUS_H
#define FOB_STATUS_H

#include "proto/base.h"

enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,     /* I/O, protocol, damaged store */
	STATUS_USAGE = 2,      /* wrong usage */
	STATUS_NOT_FOUND = 3,  /* nothing matches */
	STATUS_AMBIGUOUS = 4,  /* several match */
	STATUS_LOCKED = 5,     /* locked, or no passphrase to be had */
	STATUS_NO_DAEMON = 6,  /* nobody at the socket */
	STATUS_REFUSED = 7,    /* wrong passphrase or code, not permitted */
	STATUS_TIMEOUT = 8,    /* not in time: too few copies, no peer */
	STATUS_CONFLICT = 9,   /* something to settle first */
	STATUS_ATTENTION = 10, /* doctor has found something */
};

#define STATUS_COUNT 11

/*
 * Any number may be given, also one that came over the wire: what is not in
 * the table counts as STATUS_FAILED. The strings are constants.
 */
const char *status_code(unsigned int status); /* "not-found" */
const char *status_text(unsigned int status); /* "nothing matches" */

#endif
