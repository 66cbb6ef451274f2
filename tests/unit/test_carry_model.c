/*
 * The carried set against the model that the design came with: evaluates
 * random universes here, and lets tests/lib/compare_model.py ask the model
 * about the same ones. Needs FOB_FIXTURES and python3; skips without.
 */
#include "daemon/core/set/set.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/oracle.h"

#define UNIVERSES 600
#define BIT(i) ((uint64_t)1 << (i))

struct world {
	struct build b;
	struct oracle o;
	struct set set;
	int numbers[ORACLE_ITEMS]; /* place of each item's id in order */
};

static void number_items(struct world *w)
{
	for (int i = 0; i < w->o.n; i++) {
		w->numbers[i] = 0;
		for (int k = 0; k < w->o.n; k++)
			w->numbers[i] += memcmp(build_id(&w->b, k),
						build_id(&w->b, i),
						ID_SIZE) < 0;
	}
}

/* Whatever can be authenticated, in the order of the build. */
static uint64_t fill(struct world *w, struct dice *d)
{
	uint64_t held = 0, wanted = BIT(0);

	for (int i = 1; i < w->o.n; i++)
		wanted |= dice_chance(d, 85) ? BIT(i) : 0;
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < w->o.n; i++) {
			if ((wanted & ~held & BIT(i)) &&
			    build_put(&w->b, i, &w->set, NULL) == 0)
				held |= BIT(i);
		}
	}
	assert_int_equal(set_evaluate(&w->set), 0);
	return held;
}

static void write_ids(FILE *f, const struct world *w, uint64_t items)
{
	fputs("(", f);
	for (int i = 1; i < w->o.n; i++) {
		if (items & BIT(i))
			fprintf(f, "%d,", w->numbers[i]);
	}
	fputs(")", f);
}

static const char *kind_name(int kind)
{
	switch (kind) {
	case FOB__KIND__ADD:
		return "ADD";
	case FOB__KIND__REVOKE:
		return "REVOKE";
	case FOB__KIND__SUSPEND:
		return "SUSPEND";
	case FOB__KIND__RECOVERY:
		return "RECOV";
	case FOB__KIND__ENTRY:
		return "ENTRY";
	default:
		return NULL;
	}
}

static void write_author(FILE *f, int author)
{
	if (author >= BUILD_RECOVERY)
		fprintf(f, "'R%d'", (author - BUILD_RECOVERY) / 10);
	else
		fprintf(f, "%d", author);
}

static void write_item(FILE *f, const struct world *w, int i)
{
	const struct oracle_fact *x = &w->o.facts[i];
	int prev = x->prev & ~BIT(0) ? __builtin_ctzll(x->prev) : 0;

	fprintf(f, "(%d,'%s',", w->numbers[i], kind_name(x->kind));
	write_author(f, x->author);
	fprintf(f, ",%d,%d,", x->target, x->ordinal);
	if (prev)
		fprintf(f, "%d,", w->numbers[prev]);
	else
		fputs("None,", f);
	write_ids(f, w, x->tips[0]);
	fputs(",", f);
	write_ids(f, w, x->tips[2]);
	fputs(",", f);
	write_ids(f, w, x->parents);
	fputs(",", f);
	write_ids(f, w, x->valid);
	fputs("),", f);
}

static int device_number(const struct world *w, uint32_t author)
{
	for (int i = 0; i < ORACLE_DEVICES; i++) {
		if (memcmp(w->o.devices[i], w->set.authors[author].id,
			   DEVICE_ID_SIZE) == 0)
			return i;
	}
	return -1;
}

static void write_members(FILE *f, const struct world *w)
{
	fputs("(", f);
	for (uint32_t a = 0; a < w->set.n_authors; a++) {
		if (w->set.authors[a].member)
			fprintf(f, "%d,", device_number(w, a));
	}
	fputs(")", f);
}

static void write_order(FILE *f, const struct world *w)
{
	uint32_t done[ORACLE_DEVICES], n = 0;

	for (uint32_t a = 0; a < w->set.n_authors; a++) {
		uint32_t i = n;

		if (!w->set.authors[a].reached)
			continue;
		for (; i > 0 &&
		       rank_compare(&w->set.authors[a].rank,
				    &w->set.authors[done[i - 1]].rank) < 0;
		     i--)
			done[i] = done[i - 1];
		done[i] = a;
		n++;
	}
	fputs("(", f);
	for (uint32_t i = 0; i < n; i++)
		fprintf(f, "%d,", device_number(w, done[i]));
	fputs(")", f);
}

static void write_universe(FILE *f, const struct world *w, uint64_t held)
{
	uint64_t carried = 0;

	for (int i = 0; i < w->o.n; i++)
		carried |= set_carries(&w->set, build_id(&w->b, i)) ? BIT(i) :
								      0;
	fputs("((", f);
	for (int i = 1; i < w->o.n; i++) {
		/* A PURGE is nothing that the model knows or that decides. */
		if (!kind_name(w->o.facts[i].kind))
			carried &= ~BIT(i);
		else if (held & BIT(i))
			write_item(f, w, i);
	}
	fputs("),", f);
	write_ids(f, w, carried);
	fputs(",", f);
	write_members(f, w);
	fputs(",", f);
	write_order(f, w);
	fputs(")\n", f);
}

static bool purges_in_chains(const struct world *w)
{
	for (int i = 0; i < w->o.n; i++) {
		if (w->o.facts[i].kind == FOB__KIND__PURGE)
			return true;
	}
	return false;
}

static void write_all(FILE *f)
{
	struct dice dice = { 99 };

	for (int i = 0; i < UNIVERSES; i++) {
		struct world w;

		oracle_universe(&w.b, &dice, 4 + (int)dice_roll(&dice, 14),
				true);
		oracle_init(&w.o, &w.b);
		number_items(&w);
		set_init(&w.set);
		if (!purges_in_chains(&w))
			write_universe(f, &w, fill(&w, &dice));
		set_deinit(&w.set);
		build_deinit(&w.b);
	}
}

static void agrees_with_the_model(void **state)
{
	const char *fixtures = getenv("FOB_FIXTURES");
	char path[] = "/tmp/fob-universes-XXXXXX", command[1024], model[512];
	int fd, status;
	FILE *f;

	(void)state;
	if (!fixtures) {
		print_message("skipped: FOB_FIXTURES is not set\n");
		skip();
	}
	snprintf(model, sizeof(model), "%s/model/carried_set.py", fixtures);
	if (access(model, R_OK) != 0) {
		print_message("skipped: no model in FOB_FIXTURES\n");
		skip();
	}
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	write_all(f);
	assert_int_equal(fclose(f), 0);
	snprintf(command, sizeof(command),
		 "PYTHONDONTWRITEBYTECODE=1 python3 tests/lib/compare_model.py "
		 "'%s' '%s'",
		 model, path);
	status = system(command);
	unlink(path);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_model),
	};

	return cmocka_run_group_tests_name("carry_model", tests, NULL, NULL);
}
