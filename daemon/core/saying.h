/*
 * A sentence for a person, put together from parts. Its room is fixed: what
 * does not fit is left out, at the end of a whole character. It starts as
 * { .n = 0 }, and owns nothing; no secret belongs in it.
 */
#ifndef FOB_CORE_SAYING_H
#define FOB_CORE_SAYING_H

#include "daemon/core/view/vault.h"

struct saying {
	char text[1024];
	size_t n;
};

void saying_add(struct saying *saying, const char *part);
void saying_number(struct saying *saying, uint64_t number);
/* ms since 1970 as 2025-03-01, UTC. */
void saying_date(struct saying *saying, uint64_t ms);
/* "issuer/account", or the one that is there, or the start of the id. */
void saying_name(struct saying *saying, const struct vault_entry *entry);

#endif
