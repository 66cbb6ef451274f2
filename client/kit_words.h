/*
 * The words of the recovery kit, or shares of it, from the person who holds
 * them: at the terminal, or from standard input. They become the recovery
 * seed, and are wiped before anything else happens.
 */
#ifndef FOB_CLIENT_KIT_WORDS_H
#define FOB_CLIENT_KIT_WORDS_H

#include "client/command.h"
#include "client/kit/bip39.h"

/* KEY_SIZE bytes in secret memory, or NULL. */
void kit_words_free(uint8_t **seed);
#define AUTO_KIT_WORDS CLEANUP(kit_words_free)

/*
 * Asks for 24 words or for shares, as many as it takes; or reads standard
 * input to its end when that is no terminal: words, or a share a line, or
 * shares of 33 words with any white space. 0, or a status that was told:
 * STATUS_REFUSED when the words are not those of a kit, with the word that
 * is not in the list, or when shares are too few or not of one kit.
 */
int kit_words_read(struct fob *fob, uint8_t **ret_seed);

/* The same; *ret_shares says whether it was shares. */
int kit_words_or_shares(struct fob *fob, uint8_t **ret_seed, bool *ret_shares);

#endif
