/*
 * Carried items of classes 1 and 2 that do not count, because they lie
 * outside the tips of what ended their author's reading: a SUSPEND, a
 * removal from a group, a REVOKE of oneself (format section "View-valid").
 * Used by the roster only.
 */
#ifndef FOB_CORE_TRUST_WITHHELD_H
#define FOB_CORE_TRUST_WITHHELD_H

#include "daemon/core/trust/group.h"
#include "daemon/core/trust/suspension.h"

struct withheld {
	const struct set *set;
	uint64_t *items; /* bitmap, owned; NULL: nothing is withheld */
};

/* Each adds to what is withheld; 0 or -ENOMEM. */
int withheld_suspended(struct withheld *w, const struct suspensions *s);
int withheld_self_revoked(struct withheld *w);
/* author is removed from the group: what state says of it counts. */
int withheld_removed(struct withheld *w, uint32_t group, uint32_t author,
		     const struct group_state *state);
void withheld_deinit(struct withheld *w);

#endif
