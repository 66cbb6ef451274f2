/*
 * What a helper made of foreign input: fob-formats of a text, entries, what
 * was skipped, and warnings; fob-scan of a picture, what it says. Messages of
 * proto/local.proto; it owns and wipes them. Nothing is sent to the daemon
 * before the whole input is known to be sound.
 */
#ifndef FOB_CLIENT_PARSED_H
#define FOB_CLIENT_PARSED_H

#include "client/command.h"

/* One message, in heap memory that is wiped. */
struct parsed_item {
	Fob__ImportItem *message;
	struct budget *budget;
};

struct parsed {
	struct parsed_item *list; /* owned */
	size_t n, capacity;
	size_t entries; /* messages that hold an entry */
	size_t skipped;
	char format[64];
	const char *source;  /* of the input, for messages; borrowed, or NULL */
	bool needs_password; /* the text is encrypted; there is nothing else */
};

void parsed_free(struct parsed *parsed);
#define AUTO_PARSED CLEANUP(parsed_free)

/*
 * Reads everything that can be read from in. format: NULL when it is to be
 * found by content. ret is zeroed, but for source. 0 or a status that was told.
 */
int parsed_read(struct fob *fob, int in, char *format, struct parsed *ret);

/*
 * The same for a text that may be encrypted. password: NULL when there is none
 * yet; then it may be that ret->needs_password is set, and 0 returned.
 */
int parsed_open(struct fob *fob, int in, char *format,
		const struct passphrase *password, struct parsed *ret);

/*
 * What the QR codes of a picture say, by way of fob-scan: a message for each,
 * the text in its data. None is no error. name: of the picture, for messages.
 */
int parsed_picture(struct fob *fob, const char *name, int in,
		   struct parsed *ret);

/*
 * The other way: framed NewEntry messages come from in, and what comes back is
 * what has no place in the format, and the file (ImportItem.data). password:
 * NULL for the plain form.
 */
int parsed_write(struct fob *fob, int in, char *format,
		 const struct passphrase *password, struct parsed *ret);

#endif
