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
	bool hotp, trashed;
};

/* A vault as it is seen by a client. */
struct seen {
	bool made;
	uint32_t name; /* version of the device's name; 0: the first one */
	uint32_t passphrase; /* and of the passphrase */
	uint32_t devices, members, groups;
	struct entry entries[ENTRIES];
};

enum deed {
	DEED_INIT,
	DEED_ADD,
	DEED_ADD_HOTP,
	DEED_BATCH, /* six entries in one request */
	DEED_EDIT,
	DEED_REMOVE,
	DEED_RESTORE, /* out of the trash */
	DEED_PURGE,   /* out of the trash, for good */
	DEED_CODE,
	DEED_RENAME,
	DEED_RELOCK, /* lock, unlock */
	DEED_PASSPHRASE,
	DEED_INVITE,
	DEED_DEVICE, /* another one is in the vault */
	DEED_REVOKE,
	DEED_GROUP,
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

/* --- deed_people.c: those that are about devices and passphrases ------------ */
enum outcome people_do(enum deed deed, struct machine *machine,
		       struct seen *next, uint32_t *version);
enum outcome people_unlock(struct machine *machine, struct seen *ret);
bool people_see(struct machine *machine, struct seen *ret);
enum outcome people_confirm(struct machine *machine, uint32_t kind);
enum outcome deed_judge(const Fob__Reply *reply);

bool seen_equal(const struct seen *a, const struct seen *b);
void seen_differ(char *ret, size_t n, const struct seen *is,
		 const struct seen *should);

#endif
