/*
 * Steam's maFile: one account as JSON, or several under "accounts". Source:
 * readers of Aegis; the files of Steam Desktop Authenticator.
 */
#ifndef FOB_FORMATS_STEAM_H
#define FOB_FORMATS_STEAM_H

#include "client/formats/import.h"

bool steam_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int steam_read(struct bytes file, struct import *import);

#endif
