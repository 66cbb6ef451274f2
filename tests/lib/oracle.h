/*
 * The carried set once more, small and slow, straight from its definition
 * (proto/README.md, "The carried set"), to hold the real one against.
 *
 * It shares no code with daemon/core/set: a universe is the items of a
 * build, at most 64, so that each set of items is one word of bits. Also
 * makes random universes that are rich in what is difficult.
 */
#ifndef FOB_TESTS_ORACLE_H
#define FOB_TESTS_ORACLE_H

#include "tests/lib/build.h"

#define ORACLE_ITEMS 64
#define ORACLE_DEVICES 8

struct oracle_fact {
	int author; /* a device number, or BUILD_RECOVERY + 10 * g + k */
	int kind, class, generation;
	int target; /* REVOKE, ADD: device number, or -1 */
	int role, ordinal;
	int makes; /* RECOVERY: the author number of the next key */
	uint64_t prev, parents, valid, tips[CLASS_MAX];
	uint64_t roster, lifts; /* LIFT: the SUSPEND */
	uint64_t group, undo;	/* GROUP: what made it, removals undone */
	unsigned add, remove;	/* GROUP: bits of devices */
};

struct oracle {
	int n;
	uint8_t devices[ORACLE_DEVICES][DEVICE_ID_SIZE];
	struct oracle_fact facts[ORACLE_ITEMS];
	int places[ORACLE_ITEMS]; /* of each item's id among all, in order */
	const struct build *b;
};

struct oracle_result {
	uint64_t carried, inert;
	bool reached[ORACLE_DEVICES], member[ORACLE_DEVICES];
	bool revoked[ORACLE_DEVICES]; /* by a REVOKE that counts */
	bool forked[ORACLE_DEVICES];
	int order[ORACLE_DEVICES]; /* the reached ones, by rank */
	int n_order;
	bool frozen;
};

void oracle_init(struct oracle *o, struct build *b);
/* Finds the places of items whose ids are these. */
void oracle_place(struct oracle *o, const uint8_t *const *ids);

/* The part of these items that can be authenticated: their ADDs are there. */
uint64_t oracle_authentic(const struct oracle *o, uint64_t items);

/* held: authentic items. */
void oracle_run(const struct oracle *o, uint64_t held,
		struct oracle_result *ret);

/* A small generator of numbers, the same everywhere (splitmix64). */
struct dice {
	uint64_t state;
};
uint32_t dice_roll(struct dice *d, uint32_t n); /* 0 .. n - 1 */
bool dice_chance(struct dice *d, uint32_t percent);

/*
 * A universe of 4 + steps items. plain: without keepers, KEYs and kits
 * after the second, for models that do not have them.
 */
void oracle_universe(struct build *b, struct dice *d, int steps, bool plain);

#endif
