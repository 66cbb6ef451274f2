/*
 * Pictures of QR codes as a text that fob-formats reads: what the codes say, a
 * line each, in memory, in a file without a name. fob-scan looks into them.
 */
#ifndef FOB_CLIENT_PICTURES_H
#define FOB_CLIENT_PICTURES_H

#include "client/command.h"

/* Zeroed but for fd, which is -1, is empty. */
struct pictures {
	int fd;		/* owned; where the lines are */
	size_t codes;	/* lines */
	size_t exports; /* of them of Google Authenticator */
	size_t bytes;
};

void pictures_free(struct pictures *pictures);
#define AUTO_PICTURES CLEANUP(pictures_free)

/* Does this begin as a PNG or JPEG file? in can be read at any place. */
bool pictures_detect(int in);

/*
 * Adds the lines of one more picture, which is read from in; name is for
 * messages. A picture without any code is a warning. 0 or a status that was
 * told.
 */
int pictures_add(struct fob *fob, struct pictures *pictures, const char *name,
		 int in);

/*
 * Back to the first line, for a reader; *ret_format is the format of the
 * lines. STATUS_NOT_FOUND, which was told, when there is none.
 */
int pictures_done(struct fob *fob, const struct pictures *pictures,
		  char **ret_format);

#endif
