/*
 * The words for kinds of codes and for hashes, as applications write them.
 * Pure functions; case does not matter.
 */
#ifndef FOB_FORMATS_NAMES_H
#define FOB_FORMATS_NAMES_H

#include "proto/base.h"

/* Fob__OtpType of totp, hotp, steam, motp, yandex, yaotp; 0: none of them. */
uint32_t names_type(struct bytes name);

/*
 * Fob__Algorithm of SHA1, SHA-256, HmacSHA512, HMAC-SHA-1, Ente's old
 * "Algorithm.sha1"; 0: none of them, MD5 among those.
 */
uint32_t names_algorithm(struct bytes name);

#endif
