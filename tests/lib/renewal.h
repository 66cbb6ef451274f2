/*
 * People who have forgotten a passphrase, and those who approve new keys, in
 * a world of nodes (tests/lib/world.h).
 */
#ifndef FOB_TESTS_RENEWAL_H
#define FOB_TESTS_RENEWAL_H

#include "tests/lib/world.h"

/* Asks for new keys under the same passphrase; seed NULL: without the kit. */
uint32_t renewal_begin(struct world *world, int node, const uint8_t *seed);
/* With another new passphrase. */
uint32_t renewal_begin_with(struct world *world, int node, const char *text,
			    const uint8_t *seed);
/* The words that it shows, once it does. */
void renewal_words(struct world *world, int node, uint32_t id,
		   char ret[static 128]);
/* Approves them at another node, whose passphrase is given again. */
uint32_t renewal_vouch_begin(struct world *world, int node, int whom,
			     const char *words);
/* Both sides, from beginning to end. */
void renewal(struct world *world, int node, int at);

#endif
