/*
 * Ente Auth hangs what it knows beyond the account at the end of its URIs,
 * as JSON in the parameter codeDisplay: note, tags, pinned, trashed. What is
 * not understood there never costs the account itself.
 */
#ifndef FOB_FORMATS_DISPLAY_H
#define FOB_FORMATS_DISPLAY_H

#include "client/formats/entry.h"

struct display {
	bool trashed; /* it lies in the trash over there */
	bool damaged; /* some of it could not be taken */
};

/* uri: the line that the entry was read from. 0 or -ENOMEM. */
int display_apply(struct bytes uri, struct entry *entry,
		  struct display *ret_display);

#endif
