/*
 * Stories: what nodes and people do in a world, and what must be true of it.
 * Each has a golden trace, golden/NAME.trace. A story begins with a world of
 * its own, without nodes, and ends with it; what does not hold ends the
 * process.
 */
#ifndef FOB_TESTS_STORY_H
#define FOB_TESTS_STORY_H

#include "tests/lib/world.h"

struct story {
	const char *name;
	void (*tell)(struct world *world);
};

/* One list a file; the last has no name. */
extern const struct story stories_sync[], stories_merge[], stories_members[],
	stories_trouble[], stories_bytes[], stories_recover[], stories_loss[],
	stories_reset[], stories_withheld[];

/* Nodes a, b, ... in one vault and in sync; a made it. */
void story_vault(struct world *world, int n);
/* All equal within two minutes, and nothing lost. */
void story_settle(struct world *world);
bool story_ok(const Fob__Reply *reply);
/* The only account of a reply. */
const Fob__Account *story_account(struct world *world, int node,
				  const char *query);
/* The value of a field, "" when it is not set. */
const char *story_field(struct world *world, int node, const char *query,
			const char *key);
/* How many codes are offered, and the first (or `which`) of them. */
size_t story_codes(struct world *world, int node, const char *query,
		   const char *ret_codes[static LIVE_MAX]);

#endif
