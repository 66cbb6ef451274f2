/*
 * The carried set over all small universes (tests/lib/universe.h): every
 * part of every one against the oracle, every order in which one can come,
 * and the lemma over every pair of parts.
 *
 * In the ordinary run the largest ones take turns, by the number in
 * FOB_TURN (tests/check gives it the commit's); with FOB_LONG all have
 * theirs, and there are more.
 * Covers: carry visit seat
 */
#include "daemon/core/set/set.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/universe.h"

#define BIT(i) ((uint64_t)1 << (i))
#define PARTS_MAX (1 << (UNIVERSE_ITEMS + 1))

#define CLASS0                                                              \
	(UNIVERSE_KIND(FOB__KIND__ADD) | UNIVERSE_KIND(FOB__KIND__REVOKE) | \
	 UNIVERSE_KIND(FOB__KIND__RECOVERY))
#define CLASS2 UNIVERSE_KIND(FOB__KIND__ENTRY)

/*
 * Of the universes of more than `whole` items, 1 in so many takes its turn in
 * the ordinary run: to be held against the set, to come in every order. The
 * pairs of parts are looked at in all of them.
 */
struct scope {
	struct universe_plan plan;
	int whole;
	uint32_t sets, orders;
};

static const struct scope scopes[] = {
	{ { 4, 4, CLASS0, true, true, 0 }, 3, 1, 12 },
	{ { 4, 3, CLASS0 | CLASS2, true, true, 0 }, 3, 1, 12 },
	{ { 5, 4, CLASS0, false, false, 0 }, 3, 4, 200 },
};

/* With FOB_LONG alone. */
static const struct scope more[] = {
	{ { 5, 4, CLASS0, true, true, 0 }, 4, 4, 16 },
	{ { 5, 3, CLASS0 | CLASS2, true, false, 0 }, 4, 4, 16 },
};

static bool is_long(void)
{
	const char *s = getenv("FOB_LONG");

	return s && *s;
}

/* Is it this one's turn, of one in n? Small ones have it always. */
static bool has_turn(const struct scope *s, const struct universes *us,
		     uint32_t i, uint32_t n)
{
	const char *turn = getenv("FOB_TURN");
	uint32_t k = turn ? (uint32_t)strtoul(turn, NULL, 10) : 0;

	if (us->all[i].n <= s->whole)
		return true;
	if (is_long() && s >= scopes && s < scopes + ARRAY_SIZE(scopes))
		return true;
	return (i + k) % (n * UNIVERSE_TURNS) == 0;
}

/* --- one universe ----------------------------------------------------------- */

struct world {
	struct universes us;
	const struct universe *u;
	struct oracle o;
	uint64_t n_parts, n_sets, n_orders, n_pairs;
};

static void world_take(struct world *w, uint32_t i)
{
	w->u = &w->us.all[i];
	universe_oracle(&w->us, w->u, &w->o);
}

/* The authors of the second generation verify by keys that have no say here. */
static bool kit_is_known(const struct world *w, uint64_t held, int i)
{
	if (w->o.facts[i].author <= BUILD_RECOVERY)
		return true;
	return oracle_authentic(&w->o, held | BIT(i)) & BIT(i);
}

/* 0, or what set_add says. */
static int offer(struct world *w, struct set *set, uint64_t held, int i)
{
	struct set_arrival how = { .seq = NONE, .checked = true };
	struct item copy AUTO_ITEM = { .body = NULL };
	uint32_t at;

	if (!kit_is_known(w, held, i))
		return SET_ERR_STRANGER;
	build_copy(&w->us.b, universe_item(&w->us, w->u, i), &copy);
	return set_add(set, &copy, &how, &at);
}

/* Adds one, then those that waited for it. */
static void arrive(struct world *w, struct set *set, int i, uint64_t *held,
		   uint64_t *parked)
{
	uint64_t before;

	*parked |= BIT(i);
	do {
		before = *parked;
		for (int k = 0; k < w->o.n; k++) {
			int r = *parked & BIT(k) ? offer(w, set, *held, k) :
						   SET_ERR_STRANGER;

			if (r == SET_ERR_STRANGER)
				continue;
			assert_int_equal(r, 0);
			*parked &= ~BIT(k);
			*held |= BIT(k);
		}
	} while (*parked && *parked != before);
}

/* --- what the set found, in the oracle's words -------------------------------- */

static int device_of(struct world *w, const uint8_t *id)
{
	for (int i = 0; i < 4; i++) {
		if (memcmp(build_keys(&w->us.b, i)->id, id, DEVICE_ID_SIZE) ==
		    0)
			return i;
	}
	return -1;
}

static void read_devices(struct world *w, const struct set *set,
			 struct oracle_result *ret)
{
	const struct rank *ranks[ORACLE_DEVICES];

	for (uint32_t a = 0; a < set->n_authors; a++) {
		int d = device_of(w, set->authors[a].id), at = ret->n_order;

		assert_true(d >= 0);
		ret->forked[d] = set->authors[a].forked;
		if (!set->authors[a].reached)
			continue;
		ret->reached[d] = true;
		ret->member[d] = set->authors[a].member;
		ret->revoked[d] = set->authors[a].revoke != NONE;
		ret->n_order++;
		for (; at > 0 &&
		       rank_compare(&set->authors[a].rank, ranks[at - 1]) < 0;
		     at--) {
			ret->order[at] = ret->order[at - 1];
			ranks[at] = ranks[at - 1];
		}
		ret->order[at] = d;
		ranks[at] = &set->authors[a].rank;
	}
	ret->frozen = set->frozen;
}

static void read_set(struct world *w, const struct set *set, uint64_t *ret_held,
		     struct oracle_result *ret)
{
	memset(ret, 0, sizeof(*ret));
	*ret_held = 0;
	for (int i = 0; i < w->o.n; i++) {
		int item = universe_item(&w->us, w->u, i);
		uint32_t at = set_find(set, build_id(&w->us.b, item));
		uint8_t flags = at == NONE ? 0 : set->items[at].flags;

		*ret_held |= flags & SET_HELD ? BIT(i) : 0;
		ret->carried |= flags & SET_CARRIED ? BIT(i) : 0;
		ret->inert |= flags & SET_INERT ? BIT(i) : 0;
	}
	read_devices(w, set, ret);
}

static void tell(const struct world *w, const char *what, uint64_t held,
		 uint64_t wanted, uint64_t got)
{
	universe_print(&w->us, w->u, held);
	fail_msg("%s: wanted %llx, got %llx", what, (unsigned long long)wanted,
		 (unsigned long long)got);
}

/* The set says of what it holds what the oracle says. */
static void same(struct world *w, struct set *set, uint64_t held,
		 const struct oracle_result *want)
{
	struct oracle_result got;
	uint64_t got_held;

	assert_int_equal(set_evaluate(set), 0);
	read_set(w, set, &got_held, &got);
	if (got_held != held)
		tell(w, "held", held, held, got_held);
	if (got.carried != want->carried)
		tell(w, "carried", held, want->carried, got.carried);
	if (got.inert != want->inert)
		tell(w, "inert", held, want->inert, got.inert);
	if (memcmp(&got, want, sizeof(got)) != 0)
		tell(w, "devices, their ranks or forks", held, 0, 0);
}

/* --- every part --------------------------------------------------------------- */

struct parts {
	int n;
	uint64_t held[PARTS_MAX];
	struct oracle_result results[PARTS_MAX];
};

static void find_parts(const struct world *w, struct parts *p)
{
	p->n = 1 << w->u->n;
	for (int i = 0; i < p->n; i++) {
		p->held[i] = oracle_authentic(&w->o, (uint64_t)i << 1 | 1);
		oracle_run(&w->o, p->held[i], &p->results[i]);
	}
}

/* Whole, in the order of the items or against it. */
static void check_set(struct world *w, uint64_t part,
		      const struct oracle_result *want)
{
	uint64_t held = 0, parked = 0;
	struct set set;

	set_init(&set);
	arrive(w, &set, 0, &held, &parked);
	for (int k = 1; k < w->o.n; k++) {
		int i = w->n_sets % 2 ? k : w->o.n - k;

		if (part & BIT(i))
			arrive(w, &set, i, &held, &parked);
	}
	assert_int_equal(held, part);
	same(w, &set, held, want);
	set_deinit(&set);
	w->n_sets++;
}

static void check_parts(struct world *w, const struct parts *p)
{
	for (int i = 0; i < p->n; i++) {
		int items[UNIVERSE_ITEMS], n = 0;

		if (p->held[i] != ((uint64_t)i << 1 | 1))
			continue; /* that is a smaller part */
		for (int k = 0; k < w->u->n; k++) {
			if (i & (1 << k))
				items[n++] = w->u->items[k];
		}
		w->n_parts++;
		if (n > 0 && universes_new(&w->us, items, n))
			check_set(w, p->held[i], &p->results[i]);
	}
}

/* Unequal carried sets: one side can offer something that the other lacks. */
static bool stuck(uint64_t a, uint64_t held_a, uint64_t b, uint64_t held_b)
{
	return a != b && !(a & ~held_b) && !(b & ~held_a);
}

/*
 * Pairs that make up the universe together; all others do so with one that
 * is smaller. Class by class too, for so are sets made equal.
 */
static void check_pairs(struct world *w, const struct parts *p)
{
	uint64_t class0 = 0;

	for (int i = 0; i < w->o.n; i++)
		class0 |= w->o.facts[i].class == 0 ? BIT(i) : 0;
	for (int i = 0; i < p->n; i++) {
		uint64_t a = p->results[i].carried, held_a = p->held[i];

		for (int k = 0; k <= i; k++) {
			uint64_t b = p->results[k].carried;

			if ((i | k) != p->n - 1)
				continue;
			w->n_pairs++;
			if (stuck(a, held_a, b, p->held[k]) ||
			    stuck(a & class0, held_a, b & class0, p->held[k])) {
				universe_print(&w->us, w->u, ~BIT(0));
				fail_msg("no progress between %x and %x", i, k);
			}
		}
	}
}

/* Nobody but the kits, d itself and those above it decides what d is. */
static uint64_t from_above(const struct world *w, uint64_t held,
			   const struct oracle_result *r, int d)
{
	uint64_t part = held;
	bool below = false;

	for (int i = 0; i < r->n_order; i++) {
		for (int k = 1; k < w->o.n && below; k++) {
			if (w->o.facts[k].author == r->order[i])
				part &= ~BIT(k);
		}
		below |= r->order[i] == d;
	}
	return part;
}

static void check_power(const struct world *w, const struct parts *p)
{
	for (int i = 0; i < p->n; i++) {
		const struct oracle_result *r = &p->results[i];

		for (int k = 0; k + 1 < r->n_order; k++) {
			uint64_t part =
				from_above(w, p->held[i], r, r->order[k]);
			struct oracle_result above;

			if (part == p->held[i])
				continue;
			oracle_run(&w->o, part, &above);
			if (above.member[r->order[k]] != r->member[r->order[k]])
				tell(w, "decided from below", p->held[i],
				     (uint64_t)r->order[k], part);
		}
	}
}

/* --- every order -------------------------------------------------------------- */

/* The same held set comes by many ways: its result is found once. */
static const struct oracle_result *result_of(const struct parts *p,
					     uint64_t held)
{
	return &p->results[held >> 1];
}

static void check_order(struct world *w, const struct parts *p,
			const int *order)
{
	uint64_t held = 0, parked = 0;
	struct set set;

	set_init(&set);
	arrive(w, &set, 0, &held, &parked);
	for (int i = 1; i < w->o.n; i++) {
		arrive(w, &set, order[i], &held, &parked);
		/* Evaluating at every step takes the short way most. */
		same(w, &set, held, result_of(p, held));
	}
	assert_int_equal(held, BIT(w->o.n) - 1);
	set_deinit(&set);
	w->n_orders++;
}

static void check_orders(struct world *w, const struct parts *p, int *order,
			 int k)
{
	if (k == w->o.n) {
		check_order(w, p, order);
		return;
	}
	for (int i = k; i < w->o.n; i++) {
		int t = order[k];

		order[k] = order[i];
		order[i] = t;
		check_orders(w, p, order, k + 1);
		order[i] = order[k];
		order[k] = t;
	}
}

/* --- all universes ------------------------------------------------------------ */

static void check_universe(struct world *w, const struct scope *s, uint32_t i)
{
	int order[UNIVERSE_ITEMS + 1];
	struct parts parts;

	if (!has_turn(s, &w->us, i, 1))
		return;
	world_take(w, i);
	find_parts(w, &parts);
	check_pairs(w, &parts);
	check_power(w, &parts);
	if (!has_turn(s, &w->us, i, s->sets))
		return;
	check_parts(w, &parts);
	if (!has_turn(s, &w->us, i, s->orders))
		return;
	for (int k = 0; k < w->o.n; k++)
		order[k] = k;
	check_orders(w, &parts, order, 1);
}

static void check_scope(const struct scope *s)
{
	struct world w = { .u = NULL };

	universes_init(&w.us, &s->plan);
	for (uint32_t i = 0; i < w.us.n_all; i++)
		check_universe(&w, s, i);
	print_message("%u universes of up to %d items: %llu parts, %llu sets, "
		      "%llu pairs, %llu orders\n",
		      w.us.n_all, s->plan.items, (unsigned long long)w.n_parts,
		      (unsigned long long)w.n_sets,
		      (unsigned long long)w.n_pairs,
		      (unsigned long long)w.n_orders);
	assert_true(w.n_sets > 0 && w.n_orders > 0);
	universes_deinit(&w.us);
}

static void all_certificates(void **state)
{
	(void)state;
	check_scope(&scopes[0]);
}

static void certificates_and_entries(void **state)
{
	(void)state;
	check_scope(&scopes[1]);
}

static void five_certificates(void **state)
{
	(void)state;
	check_scope(&scopes[2]);
}

static void many_more(void **state)
{
	(void)state;
	if (!is_long()) {
		print_message("only with FOB_LONG\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		check_scope(&more[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_certificates),
		cmocka_unit_test(certificates_and_entries),
		cmocka_unit_test(five_certificates),
		cmocka_unit_test(many_more),
	};

	return cmocka_run_group_tests_name("universe", tests, NULL, NULL);
}
