/*
 * What an import would do, a row for each account: for a person a table, for
 * a script lines of VERDICT, NAME and REASON with tabs between. It owns
 * copies of its texts.
 */
#ifndef FOB_CLIENT_PLAN_H
#define FOB_CLIENT_PLAN_H

#include "client/print.h"

struct plan {
	struct table table;
};

void plan_init(struct plan *plan);
void plan_deinit(struct plan *plan);
#define AUTO_PLAN CLEANUP(plan_deinit)

/* verdict: "add", "skip", or "lost" for what of an account gets lost. */
void plan_add(struct plan *plan, const char *verdict, const char *name,
	      const char *reason);

/* The same for one that is left out; position: in the file, 0: in the vault. */
void plan_skip(struct plan *plan, const char *name, const char *reason,
	       uint64_t position);

void plan_print(const struct fob *fob, const struct plan *plan);

#endif
