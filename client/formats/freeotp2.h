/*
 * FreeOTP 2's backup: a Java map, in which a master key, under the password,
 * seals the secret of each account, whose other properties stand there in the
 * clear. Source: readers of Aegis; freeotp/freeotp-android.
 */
#ifndef FOB_FORMATS_FREEOTP2_H
#define FOB_FORMATS_FREEOTP2_H

#include "client/formats/import.h"

bool freeotp2_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int freeotp2_read(struct bytes file, struct import *import);

#endif
