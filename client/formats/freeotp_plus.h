/*
 * FreeOTP+: the accounts of FreeOTP as one JSON file. Its other export, a
 * list of URIs, is format "uri".
 */
#ifndef FOB_FORMATS_FREEOTP_PLUS_H
#define FOB_FORMATS_FREEOTP_PLUS_H

#include "client/formats/import.h"

bool freeotp_plus_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int freeotp_plus_read(struct bytes file, struct import *import);

#endif
