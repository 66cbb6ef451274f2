/*
 * What the carried set means, over all small universes and all their parts:
 * suspensions, versions that count and that are current, heads, missing ids
 * and readers of groups, against a slow reading of the definitions
 * (tests/lib/oracle_view.h). The largest take turns, as in test_universe.c.
 * Covers: roster suspension withheld group current
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/view/record.h"
#include "tests/lib/oracle_view.h"
#include "tests/lib/universe.h"

#define BIT(i) ((uint64_t)1 << (i))

struct world {
	struct universes us;
	const struct universe *u;
	struct oracle o;
	int items[ORACLE_ITEMS]; /* of the build */
	struct set set;
	struct roster roster;
	uint64_t n_sets, n_suspended, n_held_back, n_incomplete;
	uint64_t n_group, n_reading; /* groups seen, readers in them */
};

/* Puts in all that is held; the ADD of an author may come after its items. */
static void fill(struct world *w, uint64_t held)
{
	struct set_arrival how = { .seq = NONE, .checked = true };
	uint64_t in = 0;
	uint32_t at;

	while (in != held) {
		uint64_t before = in;

		for (int i = 0; i < w->o.n; i++) {
			struct item copy AUTO_ITEM = { .body = NULL };

			if (!(held & ~in & BIT(i)))
				continue;
			build_copy(&w->us.b, w->items[i], &copy);
			if (set_add(&w->set, &copy, &how, &at) == 0)
				in |= BIT(i);
		}
		assert_true(in != before);
	}
	assert_int_equal(set_evaluate(&w->set), 0);
	assert_int_equal(roster_evaluate(&w->roster, &w->set), 0);
}

static uint32_t find(const struct world *w, int i)
{
	return set_find(&w->set, build_id(&w->us.b, w->items[i]));
}

/* --- comparing -------------------------------------------------------------- */

static void differs(const struct world *w, const char *what, uint64_t held,
		    uint64_t wanted, uint64_t got)
{
	if (wanted == got)
		return;
	universe_print(&w->us, w->u, held);
	fail_msg("%s: wanted %llx, got %llx", what, (unsigned long long)wanted,
		 (unsigned long long)got);
}

static void same_suspensions(struct world *w, uint64_t held,
			     const struct oracle_view *v)
{
	for (int d = 0; d < w->us.plan.devices; d++) {
		uint32_t a = set_author(&w->set, w->o.devices[d]);
		uint32_t want = v->suspend[d] < 0 ? NONE :
						    find(w, v->suspend[d]);

		if (a == NONE)
			continue;
		differs(w, "suspended", held, want != NONE,
			w->roster.devices[a].suspended);
		differs(w, "the least SUSPEND", held, want,
			w->roster.devices[a].suspend);
		w->n_suspended += want != NONE;
	}
}

static uint64_t current(struct world *w, bool *ret_incomplete)
{
	struct record_versions found = { .n = 0 };
	uint64_t bits = 0;

	if (w->set.n_records > 0)
		record_current(&w->set, &w->roster, 0, &found);
	for (size_t k = 0; k < found.n; k++) {
		for (int i = 1; i < w->o.n; i++)
			bits |= found.items[k] == find(w, i) ? BIT(i) : 0;
	}
	*ret_incomplete = found.incomplete;
	return bits;
}

static void same_versions(struct world *w, uint64_t held,
			  const struct oracle_result *r,
			  const struct oracle_view *v)
{
	uint64_t valid = 0, entries = 0;
	bool incomplete;

	for (int i = 1; i < w->o.n; i++) {
		if (w->o.facts[i].kind != FOB__KIND__ENTRY)
			continue;
		entries |= BIT(i);
		if (find(w, i) != NONE &&
		    roster_view_valid(&w->roster, find(w, i)))
			valid |= BIT(i);
	}
	differs(w, "view-valid", held, v->valid, valid);
	differs(w, "current", held, v->current, current(w, &incomplete));
	differs(w, "incomplete", held, v->incomplete, incomplete);
	w->n_held_back += (entries & r->carried & ~r->inert) != valid;
	w->n_incomplete += incomplete;
}

/* The 4 least by id. */
static void same_heads(struct world *w, uint64_t held,
		       const struct oracle_view *v)
{
	uint64_t want = 0, got = 0;
	unsigned n = 0;

	for (int place = 0; place < w->o.n; place++) {
		for (int i = 0; i < w->o.n && n < ROSTER_MAX; i++) {
			if (w->o.places[i] != place || !(v->heads & BIT(i)))
				continue;
			want |= BIT(i);
			n++;
		}
	}
	for (uint32_t k = 0; k < w->roster.n_heads; k++) {
		for (int i = 0; i < w->o.n; i++)
			got |= w->roster.heads[k] == find(w, i) ? BIT(i) : 0;
	}
	differs(w, "heads", held, want, got);
	differs(w, "missing ids", held, v->missing, w->roster.n_missing > 0);
}

static void same_readers(struct world *w, uint64_t held,
			 const struct oracle_result *r, int maker)
{
	const uint8_t *id = build_id(&w->us.b, w->items[maker]);
	uint32_t group = set_group(&w->set, id);
	bool want[ORACLE_DEVICES];

	oracle_readers(&w->o, r, maker, want);
	w->n_group++;
	for (int d = 0; d < w->us.plan.devices; d++) {
		uint32_t a = set_author(&w->set, w->o.devices[d]);
		bool reads = a != NONE && roster_reads(&w->roster, group, a);

		differs(w, "readers of the group", held, want[d], reads);
		w->n_reading += reads;
	}
}

static void check_set(struct world *w, uint64_t held)
{
	struct oracle_result r;
	struct oracle_view v;

	set_init(&w->set);
	roster_init(&w->roster);
	fill(w, held);
	oracle_run(&w->o, held, &r);
	oracle_view(&w->o, held, &r, &v);
	same_suspensions(w, held, &v);
	same_versions(w, held, &r, &v);
	same_heads(w, held, &v);
	for (int i = 1; i < w->o.n; i++) {
		if (w->o.facts[i].kind == FOB__KIND__GROUP &&
		    w->o.facts[i].group == 0 && (r.carried & BIT(i)))
			same_readers(w, held, &r, i);
	}
	roster_deinit(&w->roster);
	set_deinit(&w->set);
	w->n_sets++;
}

/* --- all of them ------------------------------------------------------------ */

static void check_parts(struct world *w)
{
	for (uint64_t part = 0; part < BIT(w->u->n); part++) {
		uint64_t held = part << 1 | 1;
		int items[UNIVERSE_ITEMS], n = 0;

		if (oracle_authentic(&w->o, held) != held)
			continue; /* that is a smaller part */
		for (int i = 0; i < w->u->n; i++) {
			if (part & BIT(i))
				items[n++] = w->u->items[i];
		}
		if (n > 0 && universes_new(&w->us, items, n))
			check_set(w, held);
	}
}

/* One in `turns` of the universes by FOB_TURN; all with FOB_LONG. */
static void check_plan(struct world *w, struct universe_plan plan,
		       uint32_t turns)
{
	const char *turn = getenv("FOB_TURN"), *minutes = getenv("FOB_LONG");
	uint32_t k = turn ? (uint32_t)strtoul(turn, NULL, 10) : 0;

	memset(w, 0, sizeof(*w));
	if (minutes && *minutes)
		turns = 1;
	turns *= UNIVERSE_TURNS;
	universes_init(&w->us, &plan);
	for (uint32_t i = k % turns; i < w->us.n_all; i += turns) {
		w->u = &w->us.all[i];
		universe_oracle(&w->us, w->u, &w->o);
		for (int n = 0; n < w->o.n; n++)
			w->items[n] = universe_item(&w->us, w->u, n);
		check_parts(w);
	}
	print_message("%u universes of up to %d items: %llu sets, %llu with a "
		      "suspension, %llu hold back, %llu incomplete, %llu "
		      "groups with %llu readers\n",
		      w->us.n_all, plan.items, (unsigned long long)w->n_sets,
		      (unsigned long long)w->n_suspended,
		      (unsigned long long)w->n_held_back,
		      (unsigned long long)w->n_incomplete,
		      (unsigned long long)w->n_group,
		      (unsigned long long)w->n_reading);
	universes_deinit(&w->us);
}

#define SUSPENSION \
	(UNIVERSE_KIND(FOB__KIND__SUSPEND) | UNIVERSE_KIND(FOB__KIND__LIFT))

static void suspensions(void **state)
{
	struct world w;

	(void)state;
	check_plan(&w,
		   (struct universe_plan){
			   4, 4, UNIVERSE_KIND(FOB__KIND__ADD) | SUSPENSION,
			   false, true, 0 },
		   1);
	assert_true(w.n_suspended > 100);
	/* From three devices on; who revokes and is revoked comes in. */
	check_plan(&w,
		   (struct universe_plan){
			   5, 3, UNIVERSE_KIND(FOB__KIND__REVOKE) | SUSPENSION,
			   false, false, 2 },
		   8);
	assert_true(w.n_suspended > 100);
}

static void versions(void **state)
{
	struct world w;

	(void)state;
	check_plan(&w,
		   (struct universe_plan){
			   5, 3,
			   UNIVERSE_KIND(FOB__KIND__REVOKE) | SUSPENSION |
				   UNIVERSE_KIND(FOB__KIND__ENTRY),
			   true, false, 1 },
		   12);
	assert_true(w.n_suspended > 100 && w.n_held_back > 100 &&
		    w.n_incomplete > 100);
}

static void groups(void **state)
{
	struct world w;

	(void)state;
	check_plan(&w,
		   (struct universe_plan){ 5, 3,
					   UNIVERSE_KIND(FOB__KIND__GROUP),
					   false, false, 2 },
		   2);
	assert_true(w.n_group > 100 && w.n_reading > 100);
	check_plan(&w,
		   (struct universe_plan){
			   4, 3,
			   UNIVERSE_KIND(FOB__KIND__GROUP) |
				   UNIVERSE_KIND(FOB__KIND__REVOKE),
			   false, false, 2 },
		   1);
	assert_true(w.n_group > 100 && w.n_reading > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suspensions),
		cmocka_unit_test(versions),
		cmocka_unit_test(groups),
	};

	return cmocka_run_group_tests_name("universe_view", tests, NULL, NULL);
}
