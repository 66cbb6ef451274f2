/*
 * FreeOTP 1: its preferences, XML with one JSON text an account. A counter is
 * one behind that of the URI it came from, and it is the next one to use.
 */
#ifndef FOB_FORMATS_FREEOTP_H
#define FOB_FORMATS_FREEOTP_H

#include "client/formats/import.h"

bool freeotp_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int freeotp_read(struct bytes file, struct import *import);

#endif
