/*
 * One account with its secret, for what takes it elsewhere: a picture, a key.
 * The passphrase is asked for again.
 */
#ifndef FOB_CLIENT_REVEAL_H
#define FOB_CLIENT_REVEAL_H

#include "client/ask.h"

/*
 * *ret has an account and exactly one seed, and lives in *answers, which is
 * zeroed. 0, or a status that was told: STATUS_CONFLICT for two live seeds.
 */
int reveal_one(struct fob *fob, char *query, struct answers *answers,
	       const Fob__Shown **ret);

#endif
