/*
 * The recovery kit as a page to print: SVG on A4, black on white, with what
 * somebody needs who has nothing else left. It holds the words, so the file
 * is its owner's only, and the person is told to remove it.
 */
#ifndef FOB_CLIENT_KIT_SHEET_H
#define FOB_CLIENT_KIT_SHEET_H

#include "client/command.h"

struct kit_sheet {
	char *path; /* of the file */
	bool force; /* a file of that name is replaced */
};

/* words: 24, one space between. 0, or a status, told. */
int kit_sheet_make(struct fob *fob, const struct kit_sheet *sheet,
		   const char *words);

#endif
