#include "tests/lib/tally.h"

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/effect.h"

static const char *const names[TALLY_TRACE] = {
	[TALLY_NET_RESET] = "connections reset",
	[TALLY_NET_CUT] = "cuts that nobody noticed",
	[TALLY_NET_CUT_KNOWN] = "cuts with a reset",
	[TALLY_NET_ONE_WAY] = "one-way cuts",
	[TALLY_NET_PARTITION] = "partitions",
	[TALLY_NET_DELAY] = "delays of up to a minute",
	[TALLY_NET_LOST] = "messages lost",
	[TALLY_KILL] = "kills",
	[TALLY_KILL_COMMITTED] = "kills in a commit that is through",
	[TALLY_KILL_ROLLED_BACK] = "kills in a commit that is lost",
	[TALLY_SLEEP] = "sleeps",
	[TALLY_YEAR_OFF] = "years in which all is off",
	[TALLY_CLOCK_JUMP] = "clocks that jump",
	[TALLY_CLOCK_TEN_YEARS] = "clocks ten years ahead",
	[TALLY_CLOCK_TEN_YEARS_BACK] = "clocks ten years back",
	[TALLY_OLD_DISK] = "old disks restored",
	[TALLY_CLONE] = "clones",
	[TALLY_STORE_FULL] = "full stores",
	[TALLY_LOCK] = "locks and unlocks",
	[TALLY_REVOKE] = "revocations asked for",
	[TALLY_SUSPEND] = "suspensions asked for",
	[TALLY_LIFT] = "suspensions lifted",
	[TALLY_WIPED] = "machines wiped",
	[TALLY_BY_HAND] = "addresses given by hand",
	[TALLY_PURGE] = "purges",
	[TALLY_GROUP_ENTRY] = "entries in a group",
	[TALLY_GROUP_GRANT] = "readers let into a group",
	[TALLY_GROUP_DENY] = "readers put out of a group",
	[TALLY_FROZEN] = "kits frozen, when looked at",
	[TALLY_QUARANTINED] = "items held aside, when looked at",
	[TALLY_CONFLICT] = "accounts with a conflict in the end",
	[TALLY_EVIL_WITHHELD] = "items withheld",
	[TALLY_EVIL_GARBLED] = "items garbled",
	[TALLY_EVIL_LIED] = "lies about what is carried",
	[TALLY_EVIL_ACKED] = "false acknowledgements",
	[TALLY_EVIL_REPLAYED] = "messages replayed",
	[TALLY_EVIL_FORGED] = "items forged",
	[TALLY_EVIL_REVOKED] = "revocations and suspensions out of order",
	[TALLY_EVIL_POISONED] = "keys with a wrong wrap",
	[TALLY_EVIL_FLOODED] = "floods of ids that nobody has",
	[TALLY_EVIL_ENTRY] = "forks and entries that do not open",
	[TALLY_CHECK_LEMMA] = "pairs of sets compared",
	[TALLY_CHECK_UNEQUAL] = "of which differed",
	[TALLY_CHECK_HOLDERS] = "claims to hold, checked",
	[TALLY_CHECK_NONCE] = "nonces looked at",
	[TALLY_CHECK_CANARY] = "looks for secrets",
	[TALLY_CHECK_HIDDEN] = "non-readers who see nothing",
	[TALLY_CHECK_KEYS] = "keys that must not be known, looked for",
	[TALLY_CHECK_REVOKED] = "items of the revoked looked at",
	[TALLY_HEALED] = "worlds that healed",
	[TALLY_UNHEALED] = "worlds left broken",
};

/* Not in these worlds: the store finds a disk that lies, stories do others. */
static bool is_elsewhere(unsigned trace)
{
	return trace == TRACE_DAMAGED || trace == TRACE_MIGRATED ||
	       trace == TRACE_RENEWED;
}

const char *tally_name(unsigned tally)
{
	const char *text;

	if (tally < TALLY_TRACE)
		return names[tally];
	if (is_elsewhere(tally - TALLY_TRACE))
		return NULL;
	text = effect_trace_text((enum trace_what)(tally - TALLY_TRACE));
	return text[0] == '?' ? NULL : text;
}
