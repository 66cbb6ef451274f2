/*
 * 256 short English words, one for each value of a byte, that differ enough
 * to be told apart when read aloud. People compare four of them on two
 * screens. The list is part of the format: both sides must have the same.
 */
#ifndef FOB_CORE_PEER_WORDS_H
#define FOB_CORE_PEER_WORDS_H

#include <stdint.h>

#define WORDS_LENGTH_MAX 6 /* letters of one word */

const char *words_of(uint8_t value);

#endif
