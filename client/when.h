/*
 * Times that people type: unix seconds, or ISO 8601, which without a zone
 * means UTC. Pure functions.
 */
#ifndef FOB_CLIENT_WHEN_H
#define FOB_CLIENT_WHEN_H

#include "proto/base.h"

enum when_error {
	WHEN_ERR_INVALID = 1, /* no time, or one before 1970 or after 9999 */
};

/*
 * "1111111109", "2005-03-18", "2005-03-18T01:58[:29][Z|+01:00|+0100]", a
 * space for the T. *ret_ms: milliseconds since 1970.
 */
int when_parse(const char *text, uint64_t *ret_ms);

/* The present, of this machine's clock. */
uint64_t when_now(void);

#endif
