/*
 * The encrypted export of Ente Auth: inside of it is the plain one, a list of
 * URIs (list.h), which this reader takes as well. Source: export_widget.dart
 * of ente-io/ente.
 */
#ifndef FOB_FORMATS_ENTE_H
#define FOB_FORMATS_ENTE_H

#include "client/formats/import.h"

bool ente_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int ente_read(struct bytes file, struct import *import);

#endif
