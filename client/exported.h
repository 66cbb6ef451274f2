/*
 * The vault's own memory of what went out: each account gets a note of the
 * format, and of the time that the daemon knows. It is told after the copy is
 * where it was to go, so whatever goes wrong, it is said that the copy is
 * there.
 */
#ifndef FOB_CLIENT_EXPORTED_H
#define FOB_CLIENT_EXPORTED_H

#include "client/command.h"

/*
 * ids: of records, 1 to LIST_MAX. 0; or a status that was told. That the
 * vault takes no note, because this device may write no more or cannot read
 * all that it holds, is told as well, and no failure: nothing mends it here.
 */
int exported_note(struct fob *fob, ProtobufCBinaryData *ids, size_t n,
		  char *format);

#endif
