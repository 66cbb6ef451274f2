/*
 * A passphrase from a file: a regular file of ours that nobody else may read,
 * not behind a symbolic link; its first line without the end of line.
 */
#ifndef FOB_HOST_PASSFILE_H
#define FOB_HOST_PASSFILE_H

#include "proto/base.h"

enum passfile_error {
	PASSFILE_ERR_KIND = 1, /* a link, a folder, a pipe */
	PASSFILE_ERR_OWNER,
	PASSFILE_ERR_MODE,  /* others may read it */
	PASSFILE_ERR_EMPTY, /* the first line is */
	PASSFILE_ERR_LONG,  /* over PASSPHRASE_MAX bytes */
};

/* *ret: in secret memory, for secret_free(). 0, PASSFILE_ERR_*, -errno. */
int passfile_read(const char *path, uint8_t **ret, size_t *ret_n);

/* After "PATH: ". */
const char *passfile_error_text(int error);

#endif
