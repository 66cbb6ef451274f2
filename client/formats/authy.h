/*
 * Authy, which never had an export: its preferences from a rooted phone (XML),
 * what its server sends (JSON), and what a well-known script made of the
 * desktop application (JSON). Secrets stand there in the clear or under the
 * backup password. Source: readers of Aegis and replydev/cotp.
 */
#ifndef FOB_FORMATS_AUTHY_H
#define FOB_FORMATS_AUTHY_H

#include "client/formats/import.h"

bool authy_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int authy_read(struct bytes file, struct import *import);

#endif
