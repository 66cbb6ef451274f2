/*
 * A security key, by way of fob-yubikey: one request, one answer. The access
 * code is asked for when the key wants one, kept for the run, and wiped with
 * the rest. What fails is told.
 */
#ifndef FOB_CLIENT_CARD_H
#define FOB_CLIENT_CARD_H

#include "client/command.h"

struct card {
	char *reader;			/* --reader, or NULL */
	char *code_file;		/* --access-code-file, or NULL */
	struct passphrase *code;	/* or NULL: not asked for yet */
	Fob__CardTold *told;		/* the last answer, or NULL */
	struct budget *budget;		/* of it */
	uint8_t device[RECORD_ID_SIZE]; /* the key of the first answer */
	size_t device_n;
};

void card_deinit(struct card *card);
#define AUTO_CARD CLEANUP(card_deinit)

/*
 * Reader, access code and, from the second request on, the key's id are
 * filled in. 0 with card->told, or a status that was told. It waits as long as
 * the helper does.
 */
int card_ask(struct fob *fob, struct card *card, Fob__CardAsk *ask);

#endif
