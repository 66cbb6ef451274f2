/*
 * The seed of an account from options: --type, --algorithm, --digits,
 * --period, --counter, and a secret from standard input or the terminal.
 * What is not given gets what is usual for the type; the daemon checks it.
 */
#ifndef FOB_CLIENT_SEED_H
#define FOB_CLIENT_SEED_H

#include "client/command.h"

struct seed_options {
	char *type, *algorithm; /* NULL: not given */
	struct number digits, period, counter;
};

/* The secret, owned, in secret memory. */
struct seed {
	Fob__OtpValue otp;
	uint8_t *secret;
};

void seed_free(struct seed *seed);
#define AUTO_SEED CLEANUP(seed_free)

/* The rows of an options table; so that add and edit have the same ones. */
#define SEED_OPTIONS 5
void seed_table(struct seed_options *options,
		struct option ret[static SEED_OPTIONS]);

bool seed_given(const struct seed_options *options);

/*
 * Puts the options over otp, which is initialised or comes from elsewhere.
 * fresh: it has no values yet. 0 or a status that was told.
 */
int seed_apply(struct fob *fob, const struct seed_options *options, bool fresh,
	       Fob__OtpValue *otp);

/*
 * Reads the secret for seed->otp, whose type is set: base32, or hex for
 * mOTP. from_stdin: --secret-stdin; else the terminal is asked.
 */
int seed_secret(struct fob *fob, bool from_stdin, struct seed *seed);

#endif
