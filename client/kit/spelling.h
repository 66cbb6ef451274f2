/*
 * Words as a person types them: one after the other out of a text, and their
 * place in a list. Both kinds of words, BIP-39 and SLIP-39, have at most
 * eight letters and lists in order of the alphabet. Owns nothing.
 */
#ifndef FOB_CLIENT_KIT_SPELLING_H
#define FOB_CLIENT_KIT_SPELLING_H

#include "proto/base.h"

#define SPELLING_SIZE 9 /* bytes of a word, with the NUL */

/* Cuts the next word off the text; false: there is none. */
bool spelling_next(struct bytes *text, struct bytes *ret_word);

/* Its place among n words in ascending order, whatever its case; -1: none. */
int spelling_find(const char (*list)[SPELLING_SIZE], int n, struct bytes word);

#endif
