/*
 * Where an export goes: one file, a file for each account, or standard
 * output. A file appears when it is whole, is its owner's alone, and takes no
 * other's place unless that is asked for. A signal that ends the program waits
 * meanwhile, and then nothing of what was begun is left. What fails is told.
 */
#ifndef FOB_CLIENT_EXPORT_FILE_H
#define FOB_CLIENT_EXPORT_FILE_H

#include "client/outgoing.h"
#include "client/parsed.h"

struct export_file {
	char *path;
	bool force; /* a file of that name is replaced */
	bool each;  /* an account a file: see export_file_name */
};

/* 0, or a status: STATUS_CONFLICT, nothing is written then. */
int export_file_write(struct fob *fob, const struct export_file *to,
		      const struct outgoing *outgoing,
		      const struct parsed *parsed);

/* The bytes go to standard output. binary: not when that is a terminal. */
int export_file_print(struct fob *fob, bool binary,
		      const struct parsed *parsed);

/*
 * The name of file i (from 0) of n: of several that are to go to "x.png",
 * "x-07.png"; to a folder "x", "x/fob-07.png". One alone is "x.png". The
 * caller frees it; NULL: no memory.
 */
char *export_file_name(const char *path, size_t i, size_t n);

#endif
