/*
 * Fills an entry from the members of a JSON object, one call a member. What
 * goes wrong first sticks, so a reader calls one after the other and looks
 * once, in filler_add. Names come before secrets, so that a record that is
 * skipped can be named. It owns the entry and borrows the JSON.
 */
#ifndef FOB_FORMATS_FILLER_H
#define FOB_FORMATS_FILLER_H

#include "client/formats/json.h"

struct filler {
	struct json_record record; /* its object may be changed on the way */
	struct entry entry;
	int error; /* 0, -ENOMEM, or ENTRY_ERR_INVALID and record.fault */
	struct import *import;
	uint64_t position;
};

/* The entry is a TOTP at first, with the usual numbers. */
void filler_init(struct filler *filler, const json_t *object,
		 struct import *import, uint64_t position);
void filler_deinit(struct filler *filler);
#define AUTO_FILLER CLEANUP(filler_deinit)

/* For readers that find a fault or an errno themselves; 0 is none. */
void filler_fail(struct filler *filler, int error, struct fault fault);

/* Absent members leave the entry alone. An algorithm must be a known name. */
void filler_text(struct filler *filler, enum entry_text which, const char *key);
void filler_note(struct filler *filler, const char *key);

/*
 * The name of an icon, "" for none. A picture has no place in a vault, which
 * is said.
 */
void filler_icon(struct filler *filler, struct bytes name);
void filler_icon_lost(struct filler *filler);

void filler_algorithm(struct filler *filler, const char *key);
void filler_digits(struct filler *filler, const char *key);
void filler_period(struct filler *filler, const char *key);
void filler_counter(struct filler *filler, const char *key);

/* Digits or a period, where the application writes numbers as text as well. */
void filler_loose(struct filler *filler, const char *key, uint32_t *field);

/* A name that names_type knows; absent: TOTP stays. */
void filler_type(struct filler *filler, const char *key);

/* "issuer:account" in one text, with the issuer perhaps beside it; label.h. */
void filler_label(struct filler *filler, struct bytes issuer,
		  struct bytes label);
void filler_tag(struct filler *filler, struct bytes name);

/* The secret; absent counts as empty. */
void filler_base32(struct filler *filler, const char *key);
void filler_hex(struct filler *filler, const char *key);

/* All of the entry from a URI, and its warnings. */
void filler_uri(struct filler *filler, struct bytes uri);

/* Adds the entry to the import, or skips it. Returns as import_add. */
int filler_add(struct filler *filler);

#endif
