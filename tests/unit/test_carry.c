/*
 * The carried set against the oracle: random universes, random parts of
 * them, random and all orders of arrival, in steps and whole; and the
 * properties that the format promises, over all parts of small universes.
 * Covers: carry visit seat
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

#define BIT(i) ((uint64_t)1 << (i))

struct world {
	struct build b;
	struct oracle o;
	struct dice dice;
};

static void world_init(struct world *w, uint64_t seed, int steps, bool plain)
{
	w->dice = (struct dice){ seed };
	oracle_universe(&w->b, &w->dice, steps, plain);
	oracle_init(&w->o, &w->b);
}

static void world_deinit(struct world *w)
{
	build_deinit(&w->b);
}

static uint64_t random_part(struct world *w, uint32_t percent)
{
	uint64_t part = BIT(0);

	for (int i = 1; i < w->o.n; i++)
		part |= dice_chance(&w->dice, percent) ? BIT(i) : 0;
	return part;
}

/* --- holding the set against the oracle ------------------------------------ */

static void same_devices(struct set *set, const struct world *w,
			 const struct oracle_result *want)
{
	uint32_t former = NONE;
	int reached = 0;

	for (uint32_t i = 0; i < set->n_authors; i++)
		reached += set->authors[i].reached;
	assert_int_equal(reached, want->n_order);
	for (int i = 0; i < want->n_order; i++) {
		uint32_t at;

		at = set_author(set, w->o.devices[want->order[i]]);
		assert_int_not_equal(at, NONE);
		assert_true(set->authors[at].reached);
		assert_int_equal(set->authors[at].member,
				 want->member[want->order[i]]);
		if (former != NONE)
			assert_true(rank_compare(&set->authors[former].rank,
						 &set->authors[at].rank) < 0);
		former = at;
	}
}

static void same_items(struct set *set, const struct world *w, uint64_t held,
		       const struct oracle_result *want)
{
	uint32_t carried[CLASS_MAX] = { 0 };

	for (int i = 0; i < w->o.n; i++) {
		uint32_t at = set_find(set, build_id(&w->b, i));
		uint8_t flags = at == NONE ? 0 : set->items[at].flags;

		assert_int_equal(!(flags & SET_HELD), !(held & BIT(i)));
		assert_int_equal(!(flags & SET_CARRIED),
				 !(want->carried & BIT(i)));
		assert_int_equal(!(flags & SET_INERT), !(want->inert & BIT(i)));
		if (want->carried & BIT(i))
			carried[w->o.facts[i].class]++;
	}
	for (unsigned c = 0; c < CLASS_MAX; c++) {
		uint32_t n;
		const uint32_t *sorted = set_sorted(set, c, &n);

		assert_int_equal(n, carried[c]);
		assert_int_equal(set->n_carried[c], n);
		for (uint32_t i = 1; i < n; i++)
			assert_true(memcmp(set->items[sorted[i - 1]].id,
					   set->items[sorted[i]].id,
					   ID_SIZE) < 0);
	}
}

static void same(struct set *set, const struct world *w, uint64_t held)
{
	struct oracle_result want;

	oracle_run(&w->o, held, &want);
	same_items(set, w, held, &want);
	same_devices(set, w, &want);
	assert_int_equal(set->frozen, want.frozen);
}

/* One item; strangers wait in parked until their author is known. */
static void offer(struct set *set, const struct world *w, int item,
		  uint64_t *held, uint64_t *parked)
{
	/* Signatures of kits are verified: one of two keys may have made them. */
	struct set_arrival how = {
		.seq = NONE, .checked = w->b.authors[item] < BUILD_RECOVERY
	};
	struct item copy AUTO_ITEM = { .body = NULL };
	uint32_t at;
	int r;

	build_copy(&w->b, item, &copy);
	r = set_add(set, &copy, &how, &at);
	assert_true(r == 0 || r == SET_ERR_STRANGER || r == SET_ERR_FORGED);
	*parked = r ? *parked | BIT(item) : *parked & ~BIT(item);
	if (r == 0)
		*held |= BIT(item);
}

static void retry_parked(struct set *set, const struct world *w, uint64_t *held,
			 uint64_t *parked)
{
	uint64_t before;

	do {
		before = *parked;
		for (int i = 0; i < w->o.n; i++) {
			if (*parked & BIT(i))
				offer(set, w, i, held, parked);
		}
	} while (*parked != before);
}

/* Adds in this order; looks, now and then, whether it is right so far. */
static void fill(struct set *set, struct world *w, const int *order, int n,
		 bool look)
{
	uint64_t held = 0, parked = 0;

	for (int i = 0; i < n; i++) {
		offer(set, w, order[i], &held, &parked);
		retry_parked(set, w, &held, &parked);
		if (look && dice_chance(&w->dice, 40)) {
			assert_int_equal(set_evaluate(set), 0);
			same(set, w, held);
		}
	}
	assert_int_equal(set_evaluate(set), 0);
	same(set, w, held);
	/* And the whole evaluation says what the steps said. */
	set->dirty = true;
	assert_int_equal(set_evaluate(set), 0);
	same(set, w, held);
}

static int shuffled(struct world *w, uint64_t part, int *order)
{
	int n = 0;

	for (int i = 0; i < w->o.n; i++) {
		if (part & BIT(i))
			order[n++] = i;
	}
	for (int i = n; i > 1; i--) {
		int k = (int)dice_roll(&w->dice, (uint32_t)i), t = order[k];

		order[k] = order[i - 1];
		order[i - 1] = t;
	}
	return n;
}

static void random_universes(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		struct world w;

		world_init(&w, seed, 4 + (int)(seed % 20), false);
		for (int k = 0; k < 2; k++) {
			int order[ORACLE_ITEMS], n;
			struct set set;

			set_init(&set);
			n = shuffled(&w, random_part(&w, k ? 75 : 100), order);
			fill(&set, &w, order, n, k);
			set_deinit(&set);
		}
		world_deinit(&w);
	}
}

/* --- every order ----------------------------------------------------------- */

static void every_order_from(struct world *w, int *order, int k, int n)
{
	if (k == n) {
		uint64_t held = 0, parked = 0;
		struct set set;

		set_init(&set);
		for (int i = 0; i < n; i++) {
			offer(&set, w, order[i], &held, &parked);
			retry_parked(&set, w, &held, &parked);
			/* Evaluating at every step takes the short way most. */
			assert_int_equal(set_evaluate(&set), 0);
		}
		same(&set, w, held);
		set_deinit(&set);
		return;
	}
	for (int i = k; i < n; i++) {
		int t = order[k];

		order[k] = order[i];
		order[i] = t;
		every_order_from(w, order, k + 1, n);
		order[i] = order[k];
		order[k] = t;
	}
}

static void every_order(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 12; seed++) {
		int order[ORACLE_ITEMS], n;
		struct world w;

		/* GENESIS comes first; the 5 others in all 120 orders. */
		world_init(&w, 7000 + seed, 2, false);
		n = w.o.n;
		for (int i = 0; i < n; i++)
			order[i] = i;
		every_order_from(&w, order, 1, n);
		world_deinit(&w);
	}
}

/* --- the lemma, over all parts of small universes --------------------------- */

struct parts {
	uint32_t n;
	struct oracle_result
		*results; /* of the part with the bits of the index */
	uint64_t *held;
};

static void parts_init(struct parts *p, const struct world *w)
{
	p->n = 1u << (w->o.n - 1);
	p->results = calloc(p->n, sizeof(*p->results));
	p->held = calloc(p->n, sizeof(*p->held));
	assert_non_null(p->results);
	assert_non_null(p->held);
	for (uint32_t i = 0; i < p->n; i++) {
		p->held[i] = oracle_authentic(&w->o, (uint64_t)i << 1 | 1);
		oracle_run(&w->o, p->held[i], &p->results[i]);
	}
}

static void parts_deinit(struct parts *p)
{
	free(p->results);
	free(p->held);
}

static uint64_t class0(const struct oracle *o)
{
	uint64_t bits = 0;

	for (int i = 0; i < o->n; i++)
		bits |= o->facts[i].class == 0 ? BIT(i) : 0;
	return bits;
}

/* Unequal carried sets: one side can offer something that the other lacks. */
static void progress(uint64_t a, uint64_t held_a, uint64_t b, uint64_t held_b)
{
	if (a != b)
		assert_true((a & ~held_b) || (b & ~held_a));
}

static void unequal_sets_make_progress(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 120; seed++) {
		struct parts p;
		struct world w;
		uint64_t m0;

		world_init(&w, 20000 + seed, 6, seed % 2);
		parts_init(&p, &w);
		m0 = class0(&w.o);
		for (uint32_t i = 0; i < p.n; i++) {
			for (int k = 0; k < 24; k++) {
				uint32_t j = dice_roll(&w.dice, p.n);
				uint64_t a = p.results[i].carried;
				uint64_t b = p.results[j].carried;

				progress(a, p.held[i], b, p.held[j]);
				progress(a & m0, p.held[i], b & m0, p.held[j]);
			}
		}
		parts_deinit(&p);
		world_deinit(&w);
	}
}

/* --- power flows only downward ---------------------------------------------- */

/* The part that the kits, d itself, and the devices above d wrote. */
static uint64_t from_above(const struct oracle *o, uint64_t held,
			   const struct oracle_result *r, int d)
{
	bool above[ORACLE_DEVICES] = { false };
	uint64_t part = held & BIT(0);

	for (int i = 0; i < r->n_order; i++) {
		above[r->order[i]] = true;
		if (r->order[i] == d)
			break;
	}
	for (int i = 0; i < o->n; i++) {
		int a = o->facts[i].author;

		if ((held & BIT(i)) && (a >= BUILD_RECOVERY || above[a]))
			part |= BIT(i);
	}
	return part;
}

static void nobody_below_decides(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 120; seed++) {
		struct parts p;
		struct world w;

		world_init(&w, 30000 + seed, 5, seed % 2);
		parts_init(&p, &w);
		for (uint32_t i = 0; i < p.n; i++) {
			const struct oracle_result *r = &p.results[i];

			for (int k = 0; k < r->n_order; k++) {
				struct oracle_result above;
				int d = r->order[k];

				oracle_run(&w.o,
					   from_above(&w.o, p.held[i], r, d),
					   &above);
				assert_int_equal(above.member[d], r->member[d]);
			}
		}
		parts_deinit(&p);
		world_deinit(&w);
	}
}

/*
 * With one RECOVERY held, a second one (of a stolen old kit) makes no device
 * a member that a kit's REVOKE, which the first one lists, keeps out.
 */
static void deny_wins(void **state)
{
	int looked = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct parts p;
		struct world w;
		uint64_t recoveries = 0;

		world_init(&w, 40000 + seed, 6, true);
		parts_init(&p, &w);
		for (int i = 0; i < w.o.n; i++) {
			if (w.o.facts[i].kind == FOB__KIND__RECOVERY)
				recoveries |= BIT(i);
		}
		for (uint32_t i = 0; i < p.n; i++) {
			uint64_t mine = p.held[i] & recoveries, valid;
			int first = mine ? __builtin_ctzll(mine) : 0;

			if (!mine || (mine & (mine - 1)))
				continue;
			valid = w.o.facts[first].valid & p.held[i];
			for (int x = 0; x < w.o.n; x++) {
				uint32_t j = i | (uint32_t)(BIT(x) >> 1);

				if (!(recoveries & BIT(x)) || j == i)
					continue;
				for (int k = 0; k < w.o.n; k++) {
					const struct oracle_fact *f =
						&w.o.facts[k];

					if (!(valid & BIT(k)) ||
					    f->author != BUILD_RECOVERY ||
					    f->kind != FOB__KIND__REVOKE ||
					    p.results[i].member[f->target])
						continue;
					looked++;
					assert_false(
						p.results[j].member[f->target]);
				}
			}
		}
		parts_deinit(&p);
		world_deinit(&w);
	}
	assert_true(looked > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_universes),
		cmocka_unit_test(every_order),
		cmocka_unit_test(unequal_sets_make_progress),
		cmocka_unit_test(nobody_below_decides),
		cmocka_unit_test(deny_wins),
	};

	return cmocka_run_group_tests_name("carry", tests, NULL, NULL);
}
