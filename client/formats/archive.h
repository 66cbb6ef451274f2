/*
 * Archives of zip around the file of another application, as Raivo, WinAuth
 * and Authenticator Plus make them: plain, or with a password by which the
 * members are encrypted (ZipCrypto, or AES as WinZip does it; libzip knows
 * both). What is in it is found by content and read by that format's reader;
 * names of members are never looked at. An archive in an archive is refused.
 */
#ifndef FOB_FORMATS_ARCHIVE_H
#define FOB_FORMATS_ARCHIVE_H

#include "client/formats/import.h"

bool archive_detect(struct bytes file);

/* import->inner says what should be in it, and then what is. As any reader. */
int archive_read(struct bytes file, struct import *import);

#endif
