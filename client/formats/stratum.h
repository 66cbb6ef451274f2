/*
 * Backups of Stratum, formerly Authenticator Pro: plain JSON, encrypted, and
 * encrypted in the way of older versions. Source: doc/BACKUP_FORMAT.md of
 * stratumauth/app. Categories become tags; icons are not taken.
 */
#ifndef FOB_FORMATS_STRATUM_H
#define FOB_FORMATS_STRATUM_H

#include "client/formats/import.h"

bool stratum_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int stratum_read(struct bytes file, struct import *import);

#endif
