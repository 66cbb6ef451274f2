/*
 * The vault's own memory of what went out: each account gets a note of the
 * format, and of the time that the daemon knows. It is told after the copy is
 * where it was to go, so a note too few is a warning and no failure.
 */
#ifndef FOB_CLIENT_EXPORTED_H
#define FOB_CLIENT_EXPORTED_H

#include "client/command.h"

/*
 * ids: of records, 1 to LIST_MAX. 0, also when there is no note, which is
 * told; or a status when the daemon gives no answer.
 */
int exported_note(struct fob *fob, ProtobufCBinaryData *ids, size_t n,
		  char *format);

#endif
