/*
 * What happened on this device, for its owner to look at later: a ring of
 * rows in the store, kept in memory too. Rows are not encrypted, so they say
 * ids where a person will read names, and never hold a secret.
 */
#ifndef FOB_CORE_LOGBOOK_H
#define FOB_CORE_LOGBOOK_H

#include "proto/base.h"
#include "proto/limits.h"

#define LOGBOOK_MAX 1000
#define LOGBOOK_ROW 58

enum logbook_what {		      /* on disk: numbers stay as they are */
		    LOGBOOK_JOIN = 1, /* subject: the device that came */
		    LOGBOOK_REVOKE,  /* device; number: 1 by the recovery key */
		    LOGBOOK_SUSPEND, /* device */
		    LOGBOOK_LIFT,    /* device */
		    LOGBOOK_KIT,     /* a new recovery kit */
		    LOGBOOK_REVEAL,  /* record */
		    LOGBOOK_EXPORT,  /* number: entries */
		    LOGBOOK_FAILED,  /* a wrong passphrase; number: in a row */
		    LOGBOOK_QUARANTINE, /* number: items that do not count any more */
		    LOGBOOK_PURGE, /* record */
		    LOGBOOK_WHAT_MAX = LOGBOOK_PURGE,
};

struct logbook_line {
	uint64_t time; /* ms since 1970 */
	uint64_t number;
	uint8_t what;
	uint8_t n; /* of subject */
	uint8_t subject[ID_SIZE];
	uint32_t seq; /* 0: no line */
};

struct logbook {
	struct logbook_line *lines; /* LOGBOOK_MAX, by seq % that; owned */
	uint32_t next;		    /* seq of the line that comes */
	uint64_t aside;		    /* items held and not carried, last seen */
};

struct node;
struct step;

void logbook_deinit(struct logbook *book);
/* A row of the store; a bad one is skipped. 0 or -ENOMEM. */
int logbook_row(struct logbook *book, struct bytes row);
/* subject: at most ID_SIZE bytes, may be empty. 0 or -ENOMEM. */
int logbook_add(struct step *step, enum logbook_what what, struct bytes subject,
		uint64_t number);
/* An item of class 0 came. 0 or -ENOMEM. */
int logbook_member(struct step *step, uint32_t item);
/* What is carried changed. 0 or -ENOMEM. */
int logbook_aside(struct step *step);

#endif
