/*
 * What Duo Mobile keeps on the phone: a JSON list. Accounts of Duo itself
 * have no key in it and are skipped. Source: readers of Aegis.
 */
#ifndef FOB_FORMATS_DUO_H
#define FOB_FORMATS_DUO_H

#include "client/formats/import.h"

bool duo_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int duo_read(struct bytes file, struct import *import);

#endif
