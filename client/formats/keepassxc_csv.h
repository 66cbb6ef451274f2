/*
 * Tables of KeePassXC, whose column "TOTP" is a URI, and of KeePass, whose
 * columns are named like the fields of its entries (keepass.h).
 */
#ifndef FOB_FORMATS_KEEPASSXC_CSV_H
#define FOB_FORMATS_KEEPASSXC_CSV_H

#include "client/formats/import.h"

bool keepassxc_csv_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int keepassxc_csv_read(struct bytes file, struct import *import);

#endif
