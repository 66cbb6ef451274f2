/*
 * What people ask of one daemon, and what has to be true of its vault after
 * they were told that it is done.
 */
#ifndef FOB_TESTS_DEED_H
#define FOB_TESTS_DEED_H

#include "tests/disk/machine.h"

#define ENTRIES 24

struct entry {
	uint32_t version; /* of its text; 0: not there */
	uint32_t counter; /* HOTP: the next one */
	bool hotp;
};

/* A vault as it is seen by a client. */
struct seen {
	bool made;
	uint32_t name; /* version of the device's name; 0: the first one */
	struct entry entries[ENTRIES];
};

enum deed {
	DEED_INIT,
	DEED_ADD,
	DEED_ADD_HOTP,
	DEED_BATCH, /* six entries in one request */
	DEED_EDIT,
	DEED_REMOVE,
	DEED_CODE,
	DEED_RENAME,
	DEED_RELOCK, /* lock, unlock */
	DEEDS,
};

enum outcome {
	OUTCOME_DONE,	/* it was said to be done */
	OUTCOME_DOWN,	/* no answer: the machine went down */
	OUTCOME_FAILED, /* an answer that says no */
	OUTCOME_WRONG,	/* an answer that is not true */
};

const char *deed_text(enum deed deed);

/* Is there something that it could be done to? */
bool deed_fits(enum deed deed, const struct seen *seen);

/*
 * Asks for it; which is drawn. next: what is to be seen when it is done.
 * version: of the last change, counted on.
 */
enum outcome deed_do(enum deed deed, struct machine *machine, struct seen *next,
		     struct draw *draw, uint32_t *version);

/* Unlocks and lists. False: the machine is down, or it was refused. */
bool deed_see(struct machine *machine, struct seen *ret);

bool seen_equal(const struct seen *a, const struct seen *b);
void seen_differ(char *ret, size_t n, const struct seen *is,
		 const struct seen *should);

#endif
