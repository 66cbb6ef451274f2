/*
 * The words of a recovery kit on their way to the person: into a file that is
 * made before anything else, or on the screen, and then some of them asked
 * back. Words are the caller's, who wipes them.
 */
#ifndef FOB_CLIENT_KIT_SHOW_H
#define FOB_CLIENT_KIT_SHOW_H

#include "client/command.h"
#include "client/kit/bip39.h"

struct kit_file {
	const char *path; /* borrowed; NULL: no file is wanted */
	int fd;		  /* -1: not open */
};

/* Makes the file, 0600, which must not be there. 0, or a status, told. */
int kit_file_open(struct fob *fob, struct kit_file *file, const char *path);
/* Removes the file as long as no words are in it. */
void kit_file_drop(struct kit_file *file);
/* The words, durably, and a word about it. 0, or a status, told. */
int kit_file_write(struct fob *fob, struct kit_file *file, const char *words);

/* On standard output: one line for a script, a table for a person. */
void kit_show(struct fob *fob, const char *words);
/* Three different words, one from each third. False: they are not known. */
bool kit_ask_back(struct fob *fob, const char *words);

#endif
