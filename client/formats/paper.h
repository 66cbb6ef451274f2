/*
 * What a page for the safe says of an entry beside its QR code, the same in
 * HTML and PDF: enough to type it into any application by hand. Text goes
 * into documents of the caller.
 */
#ifndef FOB_FORMATS_PAPER_H
#define FOB_FORMATS_PAPER_H

#include "client/formats/code.h"
#include "client/formats/export.h"

/* The code of the entry's URI. 0 or -ENOMEM; export_paper_carries saw to
 * its length. */
int paper_code(const struct entry *entry, struct code *ret);

/* Can its URI be a QR code, and will readers make the right codes of it? */
bool paper_carries(const struct entry *entry, struct fault *ret_fault);

/* base32, or hex for mOTP, in groups of four. */
void paper_secret(struct document *document, const struct entry *entry);

/* "totp, SHA1, 6 digits, every 30 s" */
void paper_facts(struct document *document, const struct entry *entry);

/* What the pages say of themselves. */
#define PAPER_TITLE "Second factors"
#define PAPER_WARNING                                                       \
	"This page is a copy: who has it has these second factors. Keep it" \
	" as you would keep money."
#define PAPER_FILE "Print it, and remove the file: the secrets are in it too."

#endif
