/*
 * SLIP-0039: a secret as shares of words, some of which bring it back. Made
 * here: one group, K of N, the "extendable" flag, no passphrase. Read: all
 * that the specification allows for secrets of 128 to 256 bits. Pure
 * functions on the caller's memory, which the caller wipes; randomness is
 * the caller's. Words are looked up by value, so this is for a person's own
 * terminal only.
 */
#ifndef FOB_KIT_SLIP39_H
#define FOB_KIT_SLIP39_H

#include "client/kit/shamir.h"

#define SLIP39_LIST 1024
#define SLIP39_WORD_SIZE 9 /* bytes, with the NUL */
#define SLIP39_SECRET_MAX SHAMIR_VALUE_MAX
#define SLIP39_WORDS_MIN 20
#define SLIP39_WORDS_MAX 33 /* of one share, for 256 bits */
#define SLIP39_TEXT_SIZE (SLIP39_WORDS_MAX * SLIP39_WORD_SIZE)
#define SLIP39_GROUPS_MAX 16
#define SLIP39_SHARES_MAX (SLIP39_GROUPS_MAX * SHAMIR_SHARES_MAX)

enum slip39_error {
	SLIP39_ERR_COUNT = 1, /* not as many words as a share has */
	SLIP39_ERR_WORD,      /* a word is not in the list */
	SLIP39_ERR_CHECKSUM,  /* all are, but one is not the right one */
	SLIP39_ERR_FORMAT,    /* the padding, or the numbers of groups */
	SLIP39_ERR_SET,	      /* not made together: *ret_at is the first */
	SLIP39_ERR_FEW,	      /* more shares are needed */
	SLIP39_ERR_DIGEST,    /* made together, and yet they do not fit */
};

extern const char slip39_words[SLIP39_LIST][SLIP39_WORD_SIZE];

/* "Format of the share mnemonic": what one share says. */
struct slip39_share {
	uint16_t id; /* 15 bits, equal in all that were made together */
	bool extendable;
	uint8_t exponent;			     /* of the iterations */
	uint8_t group, group_threshold, group_count; /* group from 0 */
	uint8_t member, threshold;		     /* member from 0 */
	size_t n;				     /* bytes of the value */
	uint8_t value[SLIP39_SECRET_MAX];
};

/* Where in the text a word is that is not in the list. */
struct slip39_place {
	size_t number; /* from 1; with SLIP39_ERR_COUNT, how many words */
	struct bytes word;
};

/*
 * One share: words in upper or lower case, any white space between. 0,
 * SLIP39_ERR_COUNT, _WORD, _CHECKSUM or _FORMAT; on failure ret is wiped.
 */
int slip39_read(struct slip39_share *ret, struct bytes text,
		struct slip39_place *ret_place);

/* The words, one space between, and a NUL. */
void slip39_write(char ret_text[static SLIP39_TEXT_SIZE],
		  const struct slip39_share *share);

/* The place of a word in the list, or -1. */
int slip39_find(struct bytes word);

/* How to split. */
struct slip39_plan {
	size_t threshold, count; /* 1 <= threshold <= count <= 16 */
	uint16_t id;		 /* random; 15 bits count */
	uint8_t exponent;	 /* 0..15 */
	const uint8_t *random;	 /* threshold * SHAMIR_VALUE_MAX bytes */
};

/* Fills plan->count shares. secret: 16..32 bytes, an even number. */
void slip39_split(struct slip39_share *ret, struct bytes secret,
		  const struct slip39_plan *plan);

/* Are the two of one splitting, as far as they say themselves? */
bool slip39_together(const struct slip39_share *a,
		     const struct slip39_share *b);

/*
 * Brings the secret back, *ret_n bytes. The same share given twice counts
 * once; more than are needed do no harm. A passphrase that is wrong gives
 * another secret, and no error. 0, SLIP39_ERR_SET with *ret_at the index of
 * a share that does not belong to the first, _FEW, _DIGEST.
 */
struct slip39_set {
	const struct slip39_share *list;
	size_t n; /* 1..SLIP39_SHARES_MAX */
};

int slip39_combine(uint8_t ret[static SLIP39_SECRET_MAX], size_t *ret_n,
		   const struct slip39_set *set, struct bytes passphrase,
		   size_t *ret_at);

#endif
