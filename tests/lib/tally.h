/*
 * What happened in worlds, counted: each fault that was injected, each state
 * that is of interest. A large run in which one of these never happened has
 * not tried what it says it tries, and fails.
 */
#ifndef FOB_TESTS_TALLY_H
#define FOB_TESTS_TALLY_H

#include <stdint.h>

enum tally {
	/* Faults of the network. */
	TALLY_NET_RESET,
	TALLY_NET_CUT,
	TALLY_NET_CUT_KNOWN,
	TALLY_NET_ONE_WAY,
	TALLY_NET_PARTITION,
	TALLY_NET_DELAY,
	TALLY_NET_LOST,
	/* Of machines and their clocks. */
	TALLY_KILL,
	TALLY_KILL_COMMITTED,
	TALLY_KILL_ROLLED_BACK,
	TALLY_SLEEP,
	TALLY_YEAR_OFF,
	TALLY_CLOCK_JUMP,
	TALLY_CLOCK_TEN_YEARS,
	TALLY_CLOCK_TEN_YEARS_BACK,
	TALLY_OLD_DISK,
	TALLY_CLONE,
	TALLY_STORE_FULL,
	TALLY_LOCK,
	/* People. */
	TALLY_REVOKE,
	TALLY_SUSPEND,
	TALLY_LIFT,
	TALLY_WIPED,
	TALLY_BY_HAND,
	TALLY_PURGE,
	TALLY_GROUP_ENTRY,
	TALLY_GROUP_GRANT,
	TALLY_GROUP_DENY,
	TALLY_FROZEN,
	TALLY_QUARANTINED,
	TALLY_CONFLICT,
	/* Those who do not keep to the rules. */
	TALLY_EVIL_WITHHELD,
	TALLY_EVIL_GARBLED,
	TALLY_EVIL_LIED,
	TALLY_EVIL_ACKED,
	TALLY_EVIL_REPLAYED,
	TALLY_EVIL_FORGED,
	TALLY_EVIL_REVOKED,
	TALLY_EVIL_POISONED,
	TALLY_EVIL_FLOODED,
	TALLY_EVIL_ENTRY,
	/* What is looked at. */
	TALLY_CHECK_LEMMA,
	TALLY_CHECK_UNEQUAL,
	TALLY_CHECK_HOLDERS,
	TALLY_CHECK_NONCE,
	TALLY_CHECK_CANARY,
	TALLY_CHECK_HIDDEN,
	TALLY_CHECK_KEYS,
	TALLY_CHECK_REVOKED,
	TALLY_HEALED,
	TALLY_UNHEALED,
	/* Events of nodes; one for each enum trace_what follows. */
	TALLY_TRACE,
	TALLY_TRACE_END = TALLY_TRACE + 32,
	TALLIES
};

/* NULL: it has no name and need not happen. */
const char *tally_name(unsigned tally);

#endif
