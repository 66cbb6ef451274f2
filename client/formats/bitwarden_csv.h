/*
 * Bitwarden's export as a table: rows of type "login" with a key in the
 * column login_totp. The columns are found by their names, since versions
 * differ.
 */
#ifndef FOB_FORMATS_BITWARDEN_CSV_H
#define FOB_FORMATS_BITWARDEN_CSV_H

#include "client/formats/import.h"

bool bitwarden_csv_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int bitwarden_csv_read(struct bytes file, struct import *import);

#endif
