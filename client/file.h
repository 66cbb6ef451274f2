/*
 * A file that is there whole or not at all: it is written without a name, or
 * beside where that cannot be, flushed, and takes its name at the end; 0600.
 * What fails is told.
 */
#ifndef FOB_CLIENT_FILE_H
#define FOB_CLIENT_FILE_H

#include "client/command.h"

struct file {
	const char *path; /* borrowed */
	char *beside;	  /* its name so far, owned; NULL: it has none */
	int fd;
};

/* 0, or a status. */
int file_begin(struct fob *fob, struct file *file, const char *path);
int file_write(struct fob *fob, struct file *file, struct bytes bytes);
/* It takes its name. 0, or a status. */
int file_end(struct fob *fob, struct file *file);
/* The same, but never in place of another file: STATUS_CONFLICT. */
int file_end_new(struct fob *fob, struct file *file);
/* Removes what was written, unless it has its name. */
void file_drop(struct file *file);
#define AUTO_FILE CLEANUP(file_drop)

/* As much as goes into one message to the daemon. */
#define FILE_PART (48 * 1024)
/*
 * Fills the buffer unless the file ends; *ret_n is 0 at its end. path: for
 * what is told.
 */
int file_read(struct fob *fob, int fd, const char *path,
	      uint8_t buffer[static FILE_PART], size_t *ret_n);

/* Flushes the folder that the path is in. 0, or -1 with errno. */
int file_sync_folder(const char *path);

#endif
