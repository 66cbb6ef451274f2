/*
 * A store of pass, read out with the person's own gpg, which asks for what it
 * needs. Of each file only the line that is an otpauth URI is kept, with the
 * path of the file; passwords are wiped where they came in.
 */
#ifndef FOB_CLIENT_PASS_STORE_H
#define FOB_CLIENT_PASS_STORE_H

#include "client/command.h"

/*
 * A descriptor of a file without a name, at its beginning, in the form that
 * format "pass" reads; the caller closes it. What does not open is told and
 * left out. 0 or a status that was told.
 */
int pass_store_open(struct fob *fob, const char *folder, int *ret_fd);

#endif
