/*
 * One account as a foreign file tells it, whatever the file was. An entry
 * owns all its memory and wipes it when it goes. Names are checked when they
 * come in: UTF-8, without control characters, not longer than a vault takes;
 * so whoever holds an entry may show it. What is wrong is told as a fault,
 * two constant strings for a report.
 */
#ifndef FOB_FORMATS_ENTRY_H
#define FOB_FORMATS_ENTRY_H

#include "proto/base.h"
#include "proto/limits.h"

enum {
	ENTRY_ERR_INVALID = 1, /* refused, the fault says why */
};

/* "period", "must be 1 to 86400" */
struct fault {
	const char *field;
	const char *why;
};

enum entry_text {
	ENTRY_ISSUER,
	ENTRY_ACCOUNT,
	ENTRY_PIN,
	ENTRY_NOTE,
	ENTRY_ICON, /* the name of one, no picture */
	ENTRY_TEXTS,
};

struct entry {
	uint32_t type;	    /* Fob__OtpType */
	uint32_t algorithm; /* Fob__Algorithm */
	uint32_t digits;
	uint32_t period;  /* seconds; 0 for HOTP */
	uint64_t counter; /* HOTP: the next one to use */
	uint8_t *secret;  /* raw, owned; NULL: none yet */
	size_t secret_n;
	char *texts[ENTRY_TEXTS]; /* owned; NULL: empty */
	char **tags;		  /* owned; each is a field's key, "tag/NAME" */
	size_t n_tags;
	bool favourite;
};

void entry_init(struct entry *entry); /* a TOTP without a secret */
void entry_deinit(struct entry *entry);

/* "" instead of NULL. */
const char *entry_get(const struct entry *entry, enum entry_text which);

/*
 * Replaces a text by a copy; spaces around it fall away, except in a note.
 * 0, -ENOMEM, or ENTRY_ERR_INVALID with *ret_fault filled in.
 */
int entry_set(struct entry *entry, enum entry_text which, struct bytes text,
	      struct fault *ret_fault);

/*
 * The same for the secret, 1 to SECRET_MAX bytes, and for one tag more
 * (without the "tag/"); a tag that is there already is not added again.
 */
int entry_set_secret(struct entry *entry, struct bytes secret,
		     struct fault *ret_fault);
int entry_add_tag(struct entry *entry, struct bytes name,
		  struct fault *ret_fault);

/*
 * Sets what a type fixes (Steam has 5 digits, say), and gives a number that
 * is 0 its usual value. HOTP gets period 0, every other type counter 0.
 */
void entry_settle(struct entry *entry);

/*
 * 0, or ENTRY_ERR_INVALID with the field that the vault would not take. A
 * missing PIN is no fault here: files do not carry it.
 */
int entry_check(const struct entry *entry, struct fault *ret_fault);

/* Does the type need a PIN that the entry does not have? */
bool entry_lacks_pin(const struct entry *entry);

#define AUTO_ENTRY CLEANUP(entry_deinit)

#endif
