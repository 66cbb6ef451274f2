/*
 * WinAuth's export: lines of otpauth URIs with parameters of its own, in
 * which "+" is a space before the query, too. Source: WinAuthAuthenticator of
 * winauth/winauth.
 */
#ifndef FOB_FORMATS_WINAUTH_H
#define FOB_FORMATS_WINAUTH_H

#include "client/formats/import.h"

bool winauth_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int winauth_read(struct bytes file, struct import *import);

#endif
