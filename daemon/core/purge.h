/*
 * For good: a PURGE hides the versions of a record at once everywhere, and
 * devices forget them within PURGE_DAYS (compact.h).
 */
#ifndef FOB_CORE_PURGE_H
#define FOB_CORE_PURGE_H

#include "daemon/core/state.h"

/* All current versions of a record. 0, WRITE_ERR_*, negative. */
int purge_write(struct step *step, uint32_t record);
/* Was the passphrase given again for it? Else that is asked for: CALL_DONE. */
bool purge_confirmed(struct step *step, const struct call *call);
/* fob trash empty; answers the client. */
int purge_trash(struct step *step, struct call *call);

#endif
