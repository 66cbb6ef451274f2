/*
 * All small universes: every set of up to so many items that some devices
 * and kits can have made, in every way in which they can name each other.
 *
 * Items are told by what they say (struct universe_spec) and made only when
 * asked for, so that going through many universes costs no signatures. An
 * item is one thing in all universes that it is in. Universes that differ
 * only in which number a device has are one; those that a smaller one says
 * everything about (a fork of somebody whom nobody revoked) are left out.
 */
#ifndef FOB_TESTS_UNIVERSE_H
#define FOB_TESTS_UNIVERSE_H

#include "tests/lib/oracle.h"

#define UNIVERSE_ITEMS 8
#define UNIVERSE_LIST 3
#define UNIVERSE_GENESIS (-2)

/* Under the sanitizers each step costs more, so that fewer have their turn. */
#ifdef __SANITIZE_ADDRESS__
#define UNIVERSE_TURNS 8
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNIVERSE_TURNS 8
#endif
#endif
#ifndef UNIVERSE_TURNS
#define UNIVERSE_TURNS 1
#endif

/* Kinds that a plan may ask for, as bits. */
#define UNIVERSE_KIND(kind) ((uint64_t)1 << (kind))

/* What an item says. Other items are numbers of the pool, or -1. */
struct universe_spec {
	int kind;
	int author; /* as in tests/lib/build.h */
	int target; /* ADD, REVOKE, SUSPEND: a device; RECOVERY: next kit */
	int ordinal;
	int prev; /* may be UNIVERSE_GENESIS */
	int roster;
	int tip2;	      /* REVOKE, SUSPEND */
	int group;	      /* GROUP: what made it, -1 if this does */
	unsigned add, remove; /* GROUP: bits of devices */
	/*
	 * REVOKE: tips0; RECOVERY: valid; ENTRY: parents; LIFT: what;
	 * GROUP: undo.
	 */
	int n_list, list[UNIVERSE_LIST];
};

struct universe_plan {
	int items;	/* at most, beside GENESIS; those of base count */
	int devices;	/* at most, device 0 included; 4 */
	uint64_t kinds; /* UNIVERSE_KIND bits */
	bool forks;
	bool readds; /* of devices that are there already */
	/* ADDs of devices 1, 2, ... by device 0 that are there to begin with. */
	int base;
};

/* Items of the pool in an order in which they can have been made. */
struct universe {
	int n, items[UNIVERSE_ITEMS];
};

struct universe_row; /* of a table of sets of items */

struct universes {
	struct universe_plan plan;
	struct build b;
	struct universe_spec *specs;
	int (*images)[6]; /* of specs, under each renumbering; -1: unknown */
	int *made;	  /* of specs: item of the build, or -1 */
	int n_specs, cap_specs;
	int *slots; /* hash table of specs */
	uint32_t n_slots;
	struct universe *all;
	uint32_t n_all, cap_all;
	struct universe_row *seen;
	uint32_t n_seen, cap_seen;
};

/* Finds them all; us->all has them, small ones first. */
void universes_init(struct universes *us, const struct universe_plan *plan);
void universes_deinit(struct universes *us);

/*
 * Is this set of items met for the first time? Up to the numbers of devices.
 */
bool universes_new(struct universes *us, const int *items, int n);

/* Item 0 is GENESIS, item i + 1 is u->items[i]. */
void universe_oracle(struct universes *us, const struct universe *u,
		     struct oracle *ret);

/* The same numbers: the item of the build, made now if it was not. */
int universe_item(struct universes *us, const struct universe *u, int i);

/* On stdout, for who has to find out why one of them failed. */
void universe_print(const struct universes *us, const struct universe *u,
		    uint64_t held);

#endif
