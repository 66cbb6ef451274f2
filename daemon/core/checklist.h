/*
 * What has to be changed at the sites because a device that is gone has seen
 * it. Computed from the vault, never kept: an entry is on the list while its
 * seed is older than the REVOKE of a device that could read it, and nobody
 * has said since that it was rotated.
 */
#ifndef FOB_CORE_CHECKLIST_H
#define FOB_CORE_CHECKLIST_H

#include "daemon/core/state.h"

/* Is this entry on the list for that device? */
bool checklist_owes(const struct node *node, uint32_t device,
		    const struct vault_entry *entry);
/* For any device. */
bool checklist_open(const struct node *node, const struct vault_entry *entry);
/* Indices into vault.entries of what is open, for one device or all (NONE). */
size_t checklist_list(const struct node *node, uint32_t device, uint32_t *ret,
		      size_t max);

#endif
