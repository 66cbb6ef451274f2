/*
 * The carried set and suspensions against the model that the design came
 * with: evaluates random universes and small ones here, and lets
 * tests/lib/compare_model.py ask the model about the same ones. Needs
 * FOB_FIXTURES and python3; skips without.
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

#include "daemon/core/trust/roster.h"
#include "tests/lib/universe.h"

#define UNIVERSES 400
#define SMALL_IN 6 /* one of so many small ones is compared */
#define BIT(i) ((uint64_t)1 << (i))

struct world {
	struct build b;
	struct oracle o;
	struct set set;
	int items[ORACLE_ITEMS]; /* of the build */
};

static void name_items(struct world *w)
{
	for (int i = 0; i < w->o.n; i++)
		w->items[i] = i;
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
			fprintf(f, "%d,", w->o.places[i]);
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
	case FOB__KIND__LIFT:
		return "LIFT";
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

	fprintf(f, "(%d,'%s',", w->o.places[i], kind_name(x->kind));
	write_author(f, x->author);
	fprintf(f, ",%d,%d,", x->target, x->ordinal);
	if (prev)
		fprintf(f, "%d,", w->o.places[prev]);
	else
		fputs("None,", f);
	write_ids(f, w, x->tips[0] | x->lifts);
	fputs(",", f);
	write_ids(f, w, x->tips[2]);
	fputs(",", f);
	write_ids(f, w, x->parents);
	fputs(",", f);
	write_ids(f, w, x->valid);
	fputs(",", f);
	write_ids(f, w, x->roster);
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

/* The model lets a device suspend itself, the design does not. */
static bool suspends_itself(const struct world *w)
{
	for (int i = 1; i < w->o.n; i++) {
		if (w->o.facts[i].kind == FOB__KIND__SUSPEND &&
		    w->o.facts[i].author == w->o.facts[i].target)
			return true;
	}
	return false;
}

static void write_suspended(FILE *f, const struct world *w)
{
	struct roster roster;

	if (suspends_itself(w)) {
		fputs("None", f);
		return;
	}
	roster_init(&roster);
	assert_int_equal(roster_evaluate(&roster, &w->set), 0);
	fputs("(", f);
	for (uint32_t a = 0; a < w->set.n_authors; a++) {
		if (roster.devices[a].suspended)
			fprintf(f, "%d,", device_number(w, a));
	}
	fputs(")", f);
	roster_deinit(&roster);
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

static void write_universe(FILE *f, const struct world *w,
			   const struct build *b, uint64_t held)
{
	uint64_t carried = 0;

	for (int i = 0; i < w->o.n; i++)
		carried |= set_carries(&w->set, build_id(b, w->items[i])) ?
				   BIT(i) :
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
	fputs(",", f);
	write_suspended(f, w);
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
		name_items(&w);
		set_init(&w.set);
		if (!purges_in_chains(&w))
			write_universe(f, &w, &w.b, fill(&w, &dice));
		set_deinit(&w.set);
		build_deinit(&w.b);
	}
}

/* --- small ones --------------------------------------------------------------- */

/* What the model does not have. */
static bool is_beyond_model(const struct oracle *o)
{
	for (int i = 1; i < o->n; i++) {
		const struct oracle_fact *f = &o->facts[i];

		if (f->author >= BUILD_RECOVERY &&
		    (f->kind == FOB__KIND__LIFT ||
		     f->kind == FOB__KIND__SUSPEND))
			return true;
		if (f->kind == FOB__KIND__RECOVERY &&
		    f->author != BUILD_RECOVERY)
			return true;
	}
	return false;
}

/* A part of it that the dice choose, all of it mostly. */
static uint64_t fill_small(struct world *w, const struct universes *us,
			   struct dice *d)
{
	struct set_arrival how = { .seq = NONE, .checked = true };
	uint64_t held = BIT(0);
	uint32_t at;

	for (int i = 1; i < w->o.n; i++)
		held |= dice_chance(d, 80) ? BIT(i) : 0;
	held = oracle_authentic(&w->o, held);
	/* The ADD of an author may come after what it made. */
	for (int k = 0; k < w->o.n * w->o.n; k++) {
		struct item copy AUTO_ITEM = { .body = NULL };
		int i = k % w->o.n, r;

		if (!(held & BIT(i)))
			continue;
		build_copy(&us->b, w->items[i], &copy);
		r = set_add(&w->set, &copy, &how, &at);
		assert_true(r == 0 || r == SET_ERR_HELD ||
			    r == SET_ERR_STRANGER);
	}
	assert_int_equal(set_evaluate(&w->set), 0);
	return held;
}

static void write_small(FILE *f, const struct universe_plan *plan)
{
	struct dice dice = { 7 };
	struct universes us;

	universes_init(&us, plan);
	for (uint32_t i = 0; i < us.n_all; i++) {
		const struct universe *u = &us.all[i];
		struct world w = { .o = { .b = &us.b } };

		if (u->n == plan->items && dice_roll(&dice, SMALL_IN) != 0)
			continue;
		universe_oracle(&us, u, &w.o);
		if (is_beyond_model(&w.o))
			continue;
		for (int k = 0; k < w.o.n; k++)
			w.items[k] = universe_item(&us, u, k);
		set_init(&w.set);
		write_universe(f, &w, &us.b, fill_small(&w, &us, &dice));
		set_deinit(&w.set);
	}
	universes_deinit(&us);
}

static void write_all_small(FILE *f)
{
	const uint64_t basic = UNIVERSE_KIND(FOB__KIND__ADD) |
			       UNIVERSE_KIND(FOB__KIND__REVOKE);

	write_small(f, &(struct universe_plan){
			       4, 4, basic | UNIVERSE_KIND(FOB__KIND__RECOVERY),
			       true, true, 0 });
	write_small(f, &(struct universe_plan){
			       4, 3, basic | UNIVERSE_KIND(FOB__KIND__ENTRY),
			       true, true, 0 });
	write_small(f, &(struct universe_plan){
			       4, 3,
			       basic | UNIVERSE_KIND(FOB__KIND__SUSPEND) |
				       UNIVERSE_KIND(FOB__KIND__LIFT),
			       false, false, 0 });
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
	write_all_small(f);
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
