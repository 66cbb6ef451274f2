/*
 * PSKC, RFC 6030: files with the keys of hardware tokens. Plain, under a key
 * that was shared before (given in hex as the file's password), or under a
 * password. Keys of HOTP and TOTP come in.
 */
#ifndef FOB_FORMATS_PSKC_H
#define FOB_FORMATS_PSKC_H

#include "client/formats/import.h"

bool pskc_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int pskc_read(struct bytes file, struct import *import);

#endif
