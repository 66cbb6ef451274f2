/*
 * New keys for a device whose passphrase is forgotten: asked for on that
 * device (fob passphrase --reset), and approved on another (fob device
 * approve). Owns nothing.
 */
#ifndef FOB_CLIENT_RENEW_H
#define FOB_CLIENT_RENEW_H

#include "client/command.h"

/* file: holds the new passphrase, or NULL. Returns the exit status. */
int renew_ask(struct fob *fob, const char *file, bool by_kit);

/* words: those that the device shows, or none: they are asked for. */
int renew_approve(struct fob *fob, char *device, const struct texts *words);

#endif
