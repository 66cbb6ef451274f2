/*
 * Backups of LastPass Authenticator: plain JSON, TOTP only. Source:
 * LastPassBackupConverter of stratumauth/app.
 */
#ifndef FOB_FORMATS_LASTPASS_H
#define FOB_FORMATS_LASTPASS_H

#include "client/formats/import.h"

bool lastpass_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int lastpass_read(struct bytes file, struct import *import);

#endif
