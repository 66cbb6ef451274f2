/*
 * How a command ends with which a device came into the vault: its name, or
 * {"joined":{"id","name"}}. Owns nothing.
 */
#ifndef FOB_CLIENT_JOINED_H
#define FOB_CLIENT_JOINED_H

#include "client/command.h"

/* Prints reply->joined, which may be missing. 0 or STATUS_FAILED. */
int joined_reply(struct fob *fob, const Fob__Reply *reply);

#endif
