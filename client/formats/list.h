/*
 * The format "uri": a list of URIs, a line each, as Aegis, Ente, FreeOTP+,
 * Stratum, WinAuth and others export it. Google's migration URIs may stand
 * among them. A bad line is skipped by its number, the others go in.
 */
#ifndef FOB_FORMATS_LIST_H
#define FOB_FORMATS_LIST_H

#include "client/formats/import.h"

/* The first line decides. */
bool list_detect(struct bytes file);

/* 0, -ENOMEM or IMPORT_ERR_FILE. */
int list_read(struct bytes file, struct import *import);

#endif
