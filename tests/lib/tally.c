#include "tests/lib/tally.h"

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
	[TALLY_CHECK_LEMMA] = "pairs of sets compared",
	[TALLY_CHECK_UNEQUAL] = "of which differed",
	[TALLY_CHECK_HOLDERS] = "claims to hold, checked",
	[TALLY_CHECK_NONCE] = "nonces looked at",
	[TALLY_CHECK_CANARY] = "looks for secrets",
	[TALLY_HEALED] = "worlds that healed",
	[TALLY_UNHEALED] = "worlds left broken",
};

const char *tally_name(unsigned tally)
{
	const char *text;

	if (tally < TALLY_TRACE)
		return names[tally];
	text = effect_trace_text((enum trace_what)(tally - TALLY_TRACE));
	return text[0] == '?' ? NULL : text;
}
