/*
 * What comes out of a file: the entries, what was skipped and why, and
 * warnings. It owns all of it and wipes it. Positions are line numbers, or
 * numbers of records, from 1; 0 means the file as a whole. Nothing is shown
 * or stored here: a reader fills it, the program around decides.
 */
#ifndef FOB_FORMATS_IMPORT_H
#define FOB_FORMATS_IMPORT_H

#include "client/formats/entry.h"

enum {
	IMPORT_ERR_FILE = 1,	 /* the file as a whole is refused, see error */
	IMPORT_ERR_PASSWORD = 2, /* it is encrypted, and no password is here */
	IMPORT_ERR_WRONG = 3,	 /* the password does not open it, see error */
};

/* One that did not go in, or a warning about one that did. */
struct import_report {
	uint64_t position;
	char *text; /* owned */
	char *name; /* owned, safe to show; "" when not known */
};

struct import_reports {
	struct import_report *list;
	size_t n;
	uint64_t dropped; /* further ones, beyond IMPORT_REPORTS_MAX */
};

struct format;

struct import {
	struct entry *entries; /* owned */
	uint64_t *positions;   /* of each entry */
	size_t n, capacity;
	struct import_reports skipped;
	struct import_reports warnings;
	char *error;	       /* owned; why the file as a whole is refused */
	struct bytes password; /* of the file; p is NULL: none was given */
	/* In an archive: what should be found, then what was; or NULL. */
	const struct format *inner;
};

void import_init(struct import *import);
void import_deinit(struct import *import);

/*
 * Checks an entry and takes what it owns, leaving it empty; one that fails
 * the check becomes a skipped record. Warns when a PIN is still to be given.
 * 0, -ENOMEM, or IMPORT_ERR_FILE when there are more than a vault can take.
 */
int import_add(struct import *import, uint64_t position, struct entry *entry);

/* name need not be safe or whole: what cannot be shown is left out. */
int import_skip(struct import *import, uint64_t position, struct fault fault,
		struct bytes name);
int import_warn(struct import *import, uint64_t position, const char *text);

/*
 * Refuses the whole file, so that a reader may `return import_fail(...)`;
 * refusal.h has the reasons that name a place.
 */
int import_fail(struct import *import, const char *text);

/*
 * After a reader has filled an entry: result is 0, and it is added; an
 * ENTRY_ERR_INVALID, and it is skipped for the fault; or a negative errno,
 * which comes back. Returns as import_add.
 */
int import_take(struct import *import, uint64_t position, struct entry *entry,
		int result, struct fault fault);

/*
 * What an account can live without: a note or a tag that the vault would not
 * take costs a warning only. Empty text is no note and no tag. 0 or -ENOMEM.
 */
int import_note(struct import *import, uint64_t position, struct entry *entry,
		struct bytes note);
int import_tag(struct import *import, uint64_t position, struct entry *entry,
	       struct bytes name);

/*
 * For encrypted files: 0 and the password, or IMPORT_ERR_PASSWORD, to be
 * returned as it is. And what to return when a tag does not fit, a
 * IMPORT_ERR_WRONG.
 */
int import_password(const struct import *import, struct bytes *ret_password);
int import_wrong(struct import *import);

#define AUTO_IMPORT CLEANUP(import_deinit)

#endif
