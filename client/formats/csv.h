/*
 * Any table with a column of secrets or of URIs, as scripts around oathtool
 * write it. Its columns go by many names; a URI wins over the other columns.
 */
#ifndef FOB_FORMATS_CSV_H
#define FOB_FORMATS_CSV_H

#include "client/formats/import.h"

bool csv_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int csv_read(struct bytes file, struct import *import);

#endif
