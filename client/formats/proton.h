/*
 * The export of Proton Authenticator, plain or encrypted with a password.
 * Source: proton_import_parser.dart of ente-io/ente, and real exports.
 */
#ifndef FOB_FORMATS_PROTON_H
#define FOB_FORMATS_PROTON_H

#include "client/formats/import.h"

bool proton_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int proton_read(struct bytes file, struct import *import);

#endif
