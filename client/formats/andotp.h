/*
 * Backups of andOTP: a JSON array, plain or encrypted in the new way (PBKDF2)
 * or the old (SHA-256). Source: EncryptionHelper, BackupHelper and Entry of
 * andOTP/andOTP. The encrypted ones have no magic, so this format is asked
 * last.
 */
#ifndef FOB_FORMATS_ANDOTP_H
#define FOB_FORMATS_ANDOTP_H

#include "client/formats/import.h"

bool andotp_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int andotp_read(struct bytes file, struct import *import);

#endif
