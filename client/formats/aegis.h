/*
 * Aegis Authenticator's vault, plain or encrypted with a password; content of
 * versions 1 to 3. Source: docs/vault.md of beemdevelopment/Aegis. Icons are
 * not taken.
 */
#ifndef FOB_FORMATS_AEGIS_H
#define FOB_FORMATS_AEGIS_H

#include "client/formats/import.h"

bool aegis_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int aegis_read(struct bytes file, struct import *import);

#endif
