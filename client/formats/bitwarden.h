/*
 * Bitwarden's export as JSON: plain, or protected with a password of its own
 * (PBKDF2 or Argon2id). Of a login only what makes codes comes in: its key,
 * names, folder, note and star, never its password. Source: the exporters of
 * bitwarden/clients, and readers of Stratum and Aegis.
 */
#ifndef FOB_FORMATS_BITWARDEN_H
#define FOB_FORMATS_BITWARDEN_H

#include "client/formats/json.h"

bool bitwarden_detect(struct bytes file);

/* 0, -ENOMEM, or IMPORT_ERR_* (import.h). */
int bitwarden_read(struct bytes file, struct import *import);

/* The items of a plain export. Returns as bitwarden_read. */
int bitwarden_items(struct import *import, const json_t *root);

#endif
