/*
 * What fob-formats made of a foreign text: entries, what was skipped, and
 * warnings, as messages of proto/local.proto. It owns and wipes them. Nothing
 * is sent to the daemon before the whole text is known to be sound.
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
};

void parsed_free(struct parsed *parsed);
#define AUTO_PARSED CLEANUP(parsed_free)

/*
 * Reads everything that can be read from in. format: NULL when it is to be
 * found by content. ret is zeroed. 0 or a status that was told.
 */
int parsed_read(struct fob *fob, int in, char *format, struct parsed *ret);

#endif
