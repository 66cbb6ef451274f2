/*
 * Why a device is no member: the item that puts it out. That is a REVOKE of
 * it, or of whoever let it in, or a RECOVERY that does not list what the
 * former kit signed. Who is put out needs it to find the same.
 */
#ifndef FOB_CORE_TRUST_EXCLUSION_H
#define FOB_CORE_TRUST_EXCLUSION_H

#include "daemon/core/set/set.h"

/*
 * The item, or NONE: of a member, of one that left by itself, and where no
 * ADD of it, and no such item, is held.
 */
uint32_t exclusion_of(const struct set *set, uint32_t author);

#endif
