/*
 * Backups of 2FAS, schema 1 to 4, plain or encrypted. Source: the classes
 * BackupCipherImpl and BackupContent of twofas/2fas-android. A group becomes a
 * tag.
 */
#ifndef FOB_FORMATS_TWOFAS_H
#define FOB_FORMATS_TWOFAS_H

#include "client/formats/import.h"

bool twofas_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int twofas_read(struct bytes file, struct import *import);

#endif
