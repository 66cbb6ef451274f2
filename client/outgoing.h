/*
 * The entries that leave the vault: each asked of the daemon with its
 * secrets, and kept, framed, in a file without a name that the helper reads.
 * It owns the names, by which an entry is spoken of afterwards.
 */
#ifndef FOB_CLIENT_OUTGOING_H
#define FOB_CLIENT_OUTGOING_H

#include "client/command.h"
#include "proto/limits.h"

/* Zeroed but for fd, which is -1, is empty. */
struct outgoing {
	int fd;	      /* of the framed NewEntry messages, or -1 */
	char **names; /* owned; of the messages, in order */
	uint8_t (*ids)[RECORD_ID_SIZE]; /* owned; of their records */
	size_t n, capacity;
};

void outgoing_free(struct outgoing *outgoing);
#define AUTO_OUTGOING CLEANUP(outgoing_free)

/*
 * All that the query matches, "" for all there is; the passphrase is asked
 * for. An account with several live seeds goes once for each, with a warning.
 * 0, or a status that was told; STATUS_NOT_FOUND when nothing matches.
 */
int outgoing_collect(struct fob *fob, char *query, struct outgoing *outgoing);

/* One that was revealed already: see client/reveal. 0, or a status. */
int outgoing_one(struct fob *fob, const Fob__Shown *shown,
		 struct outgoing *outgoing);

/*
 * The vault takes note that those went out in the format whose left_out is
 * false; one for each message. 0, or a status that was told.
 */
int outgoing_note(struct fob *fob, const struct outgoing *outgoing,
		  char *format, const bool *left_out);

/* The name of the position, from 1; "" for one that there is not. */
const char *outgoing_name(const struct outgoing *outgoing, uint64_t position);

#endif
