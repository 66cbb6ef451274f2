/*
 * Is an item authentic (proto/README.md, "Items")? Its own signature is only
 * verified when no held item of its chain vouches for it. Used by the files
 * of this room only.
 */
#ifndef FOB_CORE_SET_ADMIT_H
#define FOB_CORE_SET_ADMIT_H

#include "daemon/core/set/set.h"

struct admission {
	uint32_t author; /* NONE: a recovery key */
	bool checked;	 /* its own signature is good */
	bool vouched;	 /* a held item of its chain names it */
};

/* 0 or SET_ERR_STRANGER, SET_ERR_FORGED, SET_ERR_VAULT. */
int admit_item(struct set *set, const struct item *item,
	       const struct set_arrival *how, struct admission *ret);

#endif
