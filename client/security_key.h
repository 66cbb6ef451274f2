/*
 * Security keys, by way of fob-fido, which asks them: for the secret of an
 * unlock slot, and for a new credential to make a slot of. The helper talks
 * to the person; what fails is told here.
 */
#ifndef FOB_CLIENT_SECURITY_KEY_H
#define FOB_CLIENT_SECURITY_KEY_H

#include "client/command.h"

/* What the helper answered, in secret memory. It must not move. */
struct key_done {
	Fob__KeyDone *message; /* NULL: nothing */
	struct budget budget;
};

/* A zeroed one is fine. */
void key_done_free(struct key_done *done);
#define AUTO_KEY_DONE CLEANUP(key_done_free)

/*
 * slots: a reply to SlotsAsk.list. Asks for the secret of one of them:
 * ret->message->secret. 0 or a status that was told; STATUS_LOCKED when no
 * slot is one of a security key.
 */
int security_key_secret(struct fob *fob, const Fob__Reply *slots,
			struct key_done *ret);

/*
 * A new credential and its secret: ret->message->made. A key that opens one
 * of the slots already is refused. 0 or a status that was told.
 */
int security_key_make(struct fob *fob, const Fob__Reply *slots,
		      struct key_done *ret);

/* Is one of the slots that of a security key, or a passphrase? */
bool security_key_slot(const Fob__Reply *slots);
bool security_key_only(const Fob__Reply *slots); /* and none a passphrase */

#endif
