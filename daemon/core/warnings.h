/*
 * What fob status warns of: every alarm that goes on, a sentence each, the
 * worst first. The doctor says the same, with what mends it; clients that
 * listen hear of each once, when it begins (alarm.c).
 */
#ifndef FOB_CORE_WARNINGS_H
#define FOB_CORE_WARNINGS_H

#include "daemon/core/state.h"

#define WARNINGS_MAX 64

struct warnings {
	char *list[WARNINGS_MAX]; /* owned */
	size_t n;
};

/* ret is empty; what is too much is left out. 0 or -ENOMEM. */
int warnings_gather(const struct node *node, struct warnings *ret);
void warnings_deinit(struct warnings *warnings);
#define AUTO_WARNINGS CLEANUP(warnings_deinit)

#endif
