/*
 * A store of pass, as `fob import` reads it out with gpg: for each file its
 * path in the store without ".gpg", and the line of it that is a URI, each
 * with a NUL behind it. Passwords never come here. Source: otp.bash of
 * tadfisher/pass-otp.
 */
#ifndef FOB_FORMATS_PASS_H
#define FOB_FORMATS_PASS_H

#include "client/formats/import.h"

/* Always false: nobody has such a file. */
bool pass_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int pass_read(struct bytes file, struct import *import);

#endif
