/*
 * Versions as a client is told of them: read back, opened where that is
 * possible, one reply for each. For the history of an entry, and for what is
 * in quarantine. What a handler gets from here it returns, as account.h says.
 */
#ifndef FOB_CORE_HISTORY_H
#define FOB_CORE_HISTORY_H

#include "daemon/core/account.h"

#define HISTORY_MAX LIST_MAX /* versions that are shown, the newest */

struct version {
	uint32_t item;
	uint64_t time; /* ms since 1970, as its author told */
	bool current;
	const char *why; /* it does not count, or NULL; a constant */
};

struct history {
	struct version *list; /* owned */
	size_t n;
};

void history_deinit(struct history *history);

/*
 * Asks for all versions at once; afterwards all are in the call's cache, and
 * their times are known. 0, CALL_LOAD or negative.
 */
int history_load(struct step *step, struct call *call, struct history *history);

/* One reply; more follow. */
int history_tell(struct step *step, struct call *call,
		 const struct version *version, bool more);

#endif
