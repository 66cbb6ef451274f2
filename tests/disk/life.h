/*
 * Lives of a store: it is opened, written to and read until the power goes or
 * the process is killed, with errors of the disk now and then; then it is
 * opened again by the same code, from what is left, and must be in a state
 * that was acknowledged, or in that of the one transaction in doubt.
 */
#ifndef FOB_TESTS_LIFE_H
#define FOB_TESTS_LIFE_H

#include "tests/disk/platter.h"
#include "tests/disk/rows.h"

#define LIVES 32 /* of one seed, the first on an empty disk */

enum tally {
	TALLY_CUTS,
	TALLY_KILLS,
	TALLY_CREATING, /* cuts before the store had its name */
	TALLY_COMMITS,	/* acknowledged */
	TALLY_OLD,	/* in doubt, and turned out not to be there */
	TALLY_NEW,	/* in doubt, and there */
	TALLY_REFUSED,	/* commits that failed, and said so */
	TALLY_UNOPENED, /* starts that failed, and said so */
	TALLY_MENDED,	/* commits after the disk was well again */
	TALLY_WIPES,
	TALLY_RENEWED,	/* stores followed by another */
	TALLY_DOUBT,	/* may be followed: the folder was not flushed */
	TALLY_RESTORED, /* older images put back */
	TALLIES,
};

struct life {
	struct platter *platter;
	char vault[PLATTER_PATH + 8];
	uint64_t seed;
	uint32_t number; /* of the life */
	struct draw draw;
	struct store *store;
	uint32_t version;
	/* [0] is what is read; the others may be there after a cut. */
	struct rows may[3];
	size_t n_may;
	/* An older image, and what it holds. */
	struct inode *image;
	struct rows then;
	uint32_t renewals;
	uint64_t tallies[TALLIES];
	bool renewing; /* is this life about the next store? */
	bool trace;
	char wrong[200]; /* the first thing that is, else empty */
};

const char *tally_text(enum tally tally);

void life_init(struct life *life, struct platter *platter);
void life_deinit(struct life *life);

/* All lives of a seed; false: life->wrong tells what is. */
bool life_run(struct life *life, uint64_t seed);

#endif
