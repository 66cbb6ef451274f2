/*
 * The names in a label: "issuer:account", "account", ":account", with or
 * without a second telling of the issuer beside it. One rule for all formats
 * that have such labels.
 */
#ifndef FOB_FORMATS_LABEL_H
#define FOB_FORMATS_LABEL_H

#include "client/formats/entry.h"

/*
 * Sets issuer and account. issuer: what is told beside the label, or empty.
 * Google says that prefix and issuer should be equal; when they are not, the
 * issuer beside it is taken, as FreeOTP+ and Ente do, and the whole label is
 * the account, so nothing is lost. 0, -ENOMEM or ENTRY_ERR_INVALID.
 */
int label_apply(struct entry *entry, struct bytes issuer, struct bytes label,
		struct fault *ret_fault);

/* Without the spaces around it. */
struct bytes label_trim(struct bytes text);

#endif
