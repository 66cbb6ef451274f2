/*
 * Bitwarden Authenticator, the application that makes codes and nothing else:
 * JSON like that of Bitwarden without folders, and a table whose cells are
 * not quoted, with more of them than columns. Source: ExportJsonData and
 * AuthenticatorRepositoryImpl of bitwarden/android.
 */
#ifndef FOB_FORMATS_BITWARDEN_AUTHENTICATOR_H
#define FOB_FORMATS_BITWARDEN_AUTHENTICATOR_H

#include "client/formats/import.h"

bool bitwarden_authenticator_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int bitwarden_authenticator_read(struct bytes file, struct import *import);

#endif
