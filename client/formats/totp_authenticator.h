/*
 * TOTP Authenticator's backup: base64 of AES-CBC under the hash of the
 * password; inside, an object whose first key is the list of accounts, as
 * text. Source: readers of Aegis.
 */
#ifndef FOB_FORMATS_TOTP_AUTHENTICATOR_H
#define FOB_FORMATS_TOTP_AUTHENTICATOR_H

#include "client/formats/import.h"

bool totp_authenticator_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int totp_authenticator_read(struct bytes file, struct import *import);

#endif
