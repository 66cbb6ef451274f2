/*
 * Ladders: one request to a daemon, with the first, the second, ... call
 * of a kind failing, once or from then on, until the request takes no
 * more of them. Whatever becomes of it, the daemon answers truly or ends with
 * a word, nothing that was there before is lost, and the next one works.
 */
#ifndef FOB_TESTS_LADDER_H
#define FOB_TESTS_LADDER_H

#include "tests/disk/deed.h"

enum ladder_tally {
	LADDER_RUNGS,
	LADDER_DONE,	/* in spite of the failure */
	LADDER_REFUSED, /* with a message */
	LADDER_ENDED,	/* the daemon did */
	LADDER_TALLIES,
};

struct ladder {
	struct machine machine;
	struct inode *image; /* of a vault with something of everything */
	struct inode *empty;
	struct seen base;
	uint32_t scenario, rung;
	uint64_t tallies[LADDER_TALLIES];
	uint64_t memory, disk; /* rungs of either kind */
	uint64_t only;	       /* this scene, counted from 1; 0: all */
	bool trace;
	char wrong[400];
};

const char *ladder_tally_text(enum ladder_tally tally);

void ladder_init(struct ladder *ladder, struct platter *platter);
void ladder_deinit(struct ladder *ladder);

/* turn, of turns: of the ways to allocations, those whose turn it is. */
bool ladder_run(struct ladder *ladder, uint32_t turn, uint32_t turns);

#endif
