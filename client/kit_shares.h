/*
 * Shares of the recovery kit, from the people who hold them: gathered one by
 * one until there are enough, and told when they do not belong together. They
 * live in secret memory.
 */
#ifndef FOB_CLIENT_KIT_SHARES_H
#define FOB_CLIENT_KIT_SHARES_H

#include "client/command.h"
#include "client/kit/slip39.h"

struct kit_shares {
	struct slip39_share list[SHAMIR_SHARES_MAX];
	size_t n;     /* different ones */
	size_t given; /* as many as were read, for messages */
};

/* One share as text. 0, or STATUS_REFUSED, told. */
int kit_shares_add(struct fob *fob, struct kit_shares *shares,
		   struct bytes text);

/* How many more are needed; of several groups, at least one. */
size_t kit_shares_missing(const struct kit_shares *shares);

/* The seed, BIP39_ENTROPY_MAX bytes. 0, or STATUS_REFUSED, told. */
int kit_shares_combine(struct fob *fob, const struct kit_shares *shares,
		       uint8_t *ret_seed);

#endif
