/*
 * Recovery seeds as words that people can write down: the mnemonic of BIP-39,
 * in which 11 bits are a word and the last bits are a checksum. The entropy
 * itself is the seed; the PBKDF2 step of BIP-39 is not used. Pure functions
 * on the caller's memory, which the caller wipes. Words are looked up by
 * value, so this is for a person's own terminal only.
 */
#ifndef FOB_KIT_BIP39_H
#define FOB_KIT_BIP39_H

#include "proto/base.h"

#define BIP39_LIST 2048
#define BIP39_WORD_SIZE 9 /* bytes, with the NUL */
#define BIP39_ENTROPY_MAX 32
#define BIP39_WORDS_MAX 24
#define BIP39_TEXT_SIZE (BIP39_WORDS_MAX * BIP39_WORD_SIZE)

enum bip39_error {
	BIP39_ERR_COUNT = 1, /* not 12, 15, 18, 21 or 24 words */
	BIP39_ERR_WORD,	     /* a word is not in the list */
	BIP39_ERR_CHECKSUM,  /* all words are, but one is not the right one */
};

extern const char bip39_words[BIP39_LIST][BIP39_WORD_SIZE];

/*
 * entropy: 16, 20, 24, 28 or 32 bytes. Writes the words, one space between,
 * and a NUL. (BIP-39, "Generating the mnemonic")
 */
void bip39_write(char ret_text[static BIP39_TEXT_SIZE], struct bytes entropy);

/* Where in the text a word is that is not in the list. */
struct bip39_place {
	size_t number; /* from 1 */
	struct bytes word;
};

/*
 * Words in upper or lower case, any white space between. 0: *ret_n bytes.
 * BIP39_ERR_COUNT: ret_place->number is how many there were. BIP39_ERR_WORD:
 * *ret_place is the first that is not known. On failure ret is wiped.
 */
int bip39_read(uint8_t ret[static BIP39_ENTROPY_MAX], struct bytes text,
	       size_t *ret_n, struct bip39_place *ret_place);

/* The place of a word in the list, or -1. */
int bip39_find(struct bytes word);

#endif
