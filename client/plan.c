#include "client/plan.h"

#define COLUMNS 3
#define PLACED_SIZE 1024 /* of a reason with its place; longer is cut */

void plan_init(struct plan *plan)
{
	table_init(&plan->table, COLUMNS);
	plan_add(plan, "", "account", "why");
}

void plan_deinit(struct plan *plan)
{
	table_deinit(&plan->table);
}

void plan_add(struct plan *plan, const char *verdict, const char *name,
	      const char *reason)
{
	table_add(&plan->table, verdict);
	table_add(&plan->table, name);
	table_add(&plan->table, reason);
}

void plan_skip(struct plan *plan, const char *name, const char *reason,
	       uint64_t position)
{
	char placed[PLACED_SIZE];

	snprintf(placed, sizeof(placed), "record %llu: %s",
		 (unsigned long long)position, reason);
	plan_add(plan, "skip", name, position > 0 ? placed : reason);
}

void plan_print(const struct fob *fob, const struct plan *plan)
{
	const struct table *table = &plan->table;

	if (print_terminal(fob)) {
		table_print(fob, table);
		return;
	}
	/* The cells are escaped, so no tab is but ours; no heading. */
	for (size_t i = COLUMNS; i + COLUMNS <= table->n; i += COLUMNS)
		printf("%s\t%s\t%s\n", table->cells[i], table->cells[i + 1],
		       table->cells[i + 2]);
}
