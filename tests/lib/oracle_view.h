/*
 * What the carried set means, once more, small and slow (proto/README.md,
 * "Membership" and "Current versions"): suspensions, what is held back,
 * groups, heads, missing ids, current versions of one record.
 *
 * Shares no code with daemon/core/trust and view. All ENTRYs of a universe
 * are for one record of group main; GROUPs have no tips.
 */
#ifndef FOB_TESTS_ORACLE_VIEW_H
#define FOB_TESTS_ORACLE_VIEW_H

#include "tests/lib/oracle.h"

struct oracle_view {
	uint64_t suspends;	     /* SUSPENDs that count */
	int suspend[ORACLE_DEVICES]; /* the least that counts, or -1 */
	uint64_t valid;		     /* ENTRYs that are view-valid */
	uint64_t current;
	bool incomplete;
	uint64_t heads; /* all of them, not only the 4 least */
	bool missing;	/* an id in a carried roster is not held */
};

/* r: what oracle_run() said of the same held items. */
void oracle_view(const struct oracle *o, uint64_t held,
		 const struct oracle_result *r, struct oracle_view *ret);

/* The readers of the group that item maker (a carried GROUP) makes. */
void oracle_readers(const struct oracle *o, const struct oracle_result *r,
		    int maker, bool ret[static ORACLE_DEVICES]);

#endif
