/* Every universe, size after size: each one is one of before and an item. */
#include "tests/lib/universe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(i) ((uint64_t)1 << (i))
#define KIT BUILD_RECOVERY
#define RENUMBERINGS 6
#define BUILD_SOME(list, n) ((struct build_list){ (list), (size_t)(n) })

struct universe_row {
	int items[UNIVERSE_ITEMS]; /* sorted; the rest is -1 */
};

/* Of devices 1, 2 and 3. */
static const int renumbering[RENUMBERINGS][4] = {
	{ 0, 1, 2, 3 }, { 0, 2, 1, 3 }, { 0, 1, 3, 2 },
	{ 0, 3, 2, 1 }, { 0, 2, 3, 1 }, { 0, 3, 1, 2 },
};

/* --- the pool of items ----------------------------------------------------- */

static uint32_t hash(const void *p, size_t n)
{
	const uint8_t *bytes = p;
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ bytes[i]) * 16777619u;
	return h ^ (h >> 15);
}

static void *grown(void *p, int n, size_t size)
{
	void *more = realloc(p, (size_t)n * size);

	REQUIRE(more);
	return more;
}

static void rehash_specs(struct universes *us)
{
	us->n_slots = us->n_slots ? 2 * us->n_slots : 4096;
	us->slots = grown(us->slots, (int)us->n_slots, sizeof(*us->slots));
	memset(us->slots, 0xff, us->n_slots * sizeof(*us->slots));
	for (int i = 0; i < us->n_specs; i++) {
		uint32_t at = hash(&us->specs[i], sizeof(us->specs[i]));

		while (us->slots[at &= us->n_slots - 1] >= 0)
			at++;
		us->slots[at] = i;
	}
}

/* The number of what says this. */
static int intern(struct universes *us, const struct universe_spec *spec)
{
	uint32_t at = hash(spec, sizeof(*spec));

	if (2 * (uint32_t)us->n_specs >= us->n_slots)
		rehash_specs(us);
	for (; us->slots[at &= us->n_slots - 1] >= 0; at++) {
		if (memcmp(&us->specs[us->slots[at]], spec, sizeof(*spec)) == 0)
			return us->slots[at];
	}
	if (us->n_specs == us->cap_specs) {
		int cap = us->cap_specs ? 2 * us->cap_specs : 1024;

		us->specs = grown(us->specs, cap, sizeof(*us->specs));
		us->images = grown(us->images, cap, sizeof(*us->images));
		us->made = grown(us->made, cap, sizeof(*us->made));
		us->cap_specs = cap;
	}
	us->specs[us->n_specs] = *spec;
	memset(us->images[us->n_specs], 0xff, sizeof(*us->images));
	us->made[us->n_specs] = -1;
	return us->slots[at] = us->n_specs++;
}

static unsigned remap(unsigned devices, const int *to)
{
	unsigned mapped = 0;

	for (int d = 0; d < 4; d++)
		mapped |= devices & (1u << d) ? 1u << to[d] : 0;
	return mapped;
}

/* The same item when devices have other numbers. */
static int image(struct universes *us, int item, int k)
{
	const int *to = renumbering[k];
	struct universe_spec s;
	int other;

	if (item < 0 || k == 0)
		return item;
	if (us->images[item][k] >= 0)
		return us->images[item][k];
	s = us->specs[item];
	if (s.author < KIT)
		s.author = to[s.author];
	if (s.target >= 0 && s.target < KIT)
		s.target = to[s.target];
	s.add = remap(s.add, to);
	s.remove = remap(s.remove, to);
	s.group = image(us, s.group, k);
	s.prev = image(us, s.prev, k);
	s.roster = image(us, s.roster, k);
	s.tip2 = image(us, s.tip2, k);
	for (int i = 0; i < s.n_list; i++)
		s.list[i] = image(us, s.list[i], k);
	other = intern(us, &s); /* which may move the images */
	return us->images[item][k] = other;
}

/* --- sets of items ---------------------------------------------------------- */

static void sort(int *items, int n)
{
	for (int i = 1; i < n; i++) {
		int x = items[i], k = i;

		for (; k > 0 && items[k - 1] > x; k--)
			items[k] = items[k - 1];
		items[k] = x;
	}
}

/* The least of all that are the same but for the numbers of devices. */
static struct universe_row normal(struct universes *us, const int *items, int n)
{
	struct universe_row least, row;

	for (int k = 0; k < RENUMBERINGS; k++) {
		memset(&row, 0xff, sizeof(row));
		for (int i = 0; i < n; i++)
			row.items[i] = image(us, items[i], k);
		sort(row.items, n);
		if (k == 0 || memcmp(&row, &least, sizeof(row)) < 0)
			least = row;
	}
	return least;
}

static void rehash_seen(struct universes *us)
{
	struct universe_row *old = us->seen;
	uint32_t cap = us->cap_seen;

	us->cap_seen = cap ? 2 * cap : 65536;
	us->seen = grown(NULL, (int)us->cap_seen, sizeof(*us->seen));
	memset(us->seen, 0xff, us->cap_seen * sizeof(*us->seen));
	for (uint32_t i = 0; i < cap; i++) {
		uint32_t at = hash(&old[i], sizeof(old[i]));

		if (old[i].items[0] < 0)
			continue;
		while (us->seen[at &= us->cap_seen - 1].items[0] >= 0)
			at++;
		us->seen[at] = old[i];
	}
	free(old);
}

bool universes_new(struct universes *us, const int *items, int n)
{
	struct universe_row row = normal(us, items, n);
	uint32_t at = hash(&row, sizeof(row));

	if (2 * us->n_seen >= us->cap_seen)
		rehash_seen(us);
	for (; us->seen[at &= us->cap_seen - 1].items[0] >= 0; at++) {
		if (memcmp(&us->seen[at], &row, sizeof(row)) == 0)
			return false;
	}
	us->seen[at] = row;
	us->n_seen++;
	return true;
}

/* --- one item more ---------------------------------------------------------- */

struct growth {
	struct universes *us;
	struct universe u; /* grows by one */
	struct universe_spec s;
};

static const struct universe_spec *spec(const struct growth *g, int i)
{
	return &g->us->specs[g->u.items[i]];
}

static void found(struct growth *g)
{
	struct universe u = g->u;
	struct universes *us = g->us;
	int item = intern(us, &g->s);

	for (int i = 0; i < u.n; i++) {
		if (u.items[i] == item)
			return;
	}
	u.items[u.n++] = item;
	if (!universes_new(us, u.items, u.n))
		return;
	if (us->n_all == us->cap_all) {
		us->cap_all = us->cap_all ? 2 * us->cap_all : 4096;
		us->all = grown(us->all, (int)us->cap_all, sizeof(*us->all));
	}
	us->all[us->n_all++] = u;
}

static bool in_chain(const struct universe_spec *s, int author, unsigned class)
{
	return s->author == author && item_class((uint32_t)s->kind) == class;
}

static bool is_prev(const struct growth *g, int item)
{
	for (int i = 0; i < g->u.n; i++) {
		if (spec(g, i)->prev == item)
			return true;
	}
	return false;
}

/* What the first item of a chain follows. */
static int first_prev(const struct growth *g)
{
	unsigned class = item_class((uint32_t)g->s.kind);

	return g->s.author == 0 && class == 0 ? UNIVERSE_GENESIS : -1;
}

/* After each tip of its author's chain; or beside the last item. */
static void with_prevs(struct growth *g)
{
	unsigned class = item_class((uint32_t)g->s.kind);
	int last = -1;

	for (int i = 0; i < g->u.n && g->s.author < KIT; i++) {
		if (!in_chain(spec(g, i), g->s.author, class))
			continue;
		last = i;
		if (is_prev(g, g->u.items[i]))
			continue;
		g->s.prev = g->u.items[i];
		found(g);
	}
	if (last < 0) {
		g->s.prev = first_prev(g);
		found(g);
	} else if (g->us->plan.forks) {
		g->s.prev = spec(g, last)->prev;
		found(g);
	}
	g->s.prev = -1;
}

/* The ADD of a device that has the least number, or -1. */
static int add_of(const struct growth *g, int device)
{
	int least = -1;

	for (int i = 0; i < g->u.n; i++) {
		if (spec(g, i)->kind == FOB__KIND__ADD &&
		    spec(g, i)->target == device &&
		    (least < 0 || g->u.items[i] < least))
			least = g->u.items[i];
	}
	return least;
}

static bool is_there(const struct growth *g, int device)
{
	return device == 0 || add_of(g, device) >= 0;
}

/* Begins an item; what an author can know of is named in its roster. */
static void begin(struct growth *g, int kind, int author, int target)
{
	memset(&g->s, 0, sizeof(g->s));
	g->s = (struct universe_spec){ .kind = kind,
				       .author = author,
				       .target = target,
				       .prev = -1,
				       .roster = -1,
				       .group = -1,
				       .tip2 = -1 };
	if (author >= KIT)
		return;
	g->s.roster = add_of(g, author);
	if (g->s.roster < 0 && target > 0 && target < KIT)
		g->s.roster = add_of(g, target);
}

static void grow_add(struct growth *g, int author)
{
	int n = 0;

	for (int i = 0; i < g->u.n; i++)
		n += spec(g, i)->kind == FOB__KIND__ADD &&
		     spec(g, i)->author == author;
	for (int d = 0; d < g->us->plan.devices; d++) {
		bool there = is_there(g, d);

		if (d == author || (there && !g->us->plan.readds))
			continue;
		for (int ordinal = 1; ordinal <= 2; ordinal++) {
			begin(g, FOB__KIND__ADD, author, d);
			g->s.ordinal = ordinal;
			/* 2 is only different where there is another. */
			if (ordinal == 1 || n > 0)
				with_prevs(g);
		}
		if (!there)
			return; /* any other new one is the same */
	}
}

/* With no tip of class 2, and with each item that may be one. */
static void with_tip2(struct growth *g)
{
	g->s.tip2 = -1;
	with_prevs(g);
	for (int i = 0; i < g->u.n; i++) {
		g->s.tip2 = g->u.items[i];
		if (in_chain(spec(g, i), g->s.target, 2))
			with_prevs(g);
	}
	g->s.tip2 = -1;
}

static void grow_revoke(struct growth *g, int author)
{
	for (int d = 0; d < g->us->plan.devices; d++) {
		if (!is_there(g, d))
			continue;
		begin(g, FOB__KIND__REVOKE, author, d);
		with_tip2(g);
		for (int i = 0; i < g->u.n; i++) {
			if (!in_chain(spec(g, i), d, 0))
				continue;
			g->s.n_list = 1;
			g->s.list[0] = g->u.items[i];
			with_tip2(g);
		}
	}
}

/* A kit's items, all or some or none of which a RECOVERY may list. */
static void with_valid(struct growth *g)
{
	int mine[UNIVERSE_ITEMS], n = 0;

	for (int i = 0; i < g->u.n; i++) {
		if (spec(g, i)->author == g->s.author &&
		    spec(g, i)->kind != FOB__KIND__RECOVERY)
			mine[n++] = g->u.items[i];
	}
	for (uint64_t part = 0; part < BIT(n); part++) {
		if (__builtin_popcountll(part) > UNIVERSE_LIST)
			continue;
		memset(g->s.list, 0, sizeof(g->s.list));
		g->s.n_list = 0;
		for (int i = 0; i < n; i++) {
			if (part & BIT(i))
				g->s.list[g->s.n_list++] = mine[i];
		}
		sort(g->s.list, g->s.n_list);
		found(g);
	}
}

static void grow_recovery(struct growth *g, int author)
{
	int next = author == KIT ? KIT + 10 : KIT + 20;

	for (int i = 0; i < g->u.n; i++)
		next += spec(g, i)->kind == FOB__KIND__RECOVERY &&
			spec(g, i)->target / 10 == next / 10;
	if (next % 10 > 1 || next >= KIT + 21)
		return;
	begin(g, FOB__KIND__RECOVERY, author, next);
	with_valid(g);
}

static void grow_entry(struct growth *g, int author)
{
	begin(g, FOB__KIND__ENTRY, author, -1);
	with_prevs(g);
	for (int i = 0; i < g->u.n; i++) {
		begin(g, FOB__KIND__ENTRY, author, -1);
		g->s.n_list = 1;
		g->s.list[0] = g->u.items[i];
		if (spec(g, i)->kind == FOB__KIND__ENTRY)
			with_prevs(g);
	}
}

static void grow_suspend(struct growth *g, int author)
{
	for (int d = 0; d < g->us->plan.devices; d++) {
		if (!is_there(g, d))
			continue;
		begin(g, FOB__KIND__SUSPEND, author, d);
		with_tip2(g);
	}
}

static void grow_lift(struct growth *g, int author)
{
	for (int i = 0; i < g->u.n; i++) {
		begin(g, FOB__KIND__LIFT, author, -1);
		g->s.n_list = 1;
		g->s.list[0] = g->u.items[i];
		if (spec(g, i)->kind == FOB__KIND__SUSPEND)
			with_prevs(g);
	}
}

/* A removal, an add, or an add that undoes some item's removal of it. */
static void change_group(struct growth *g, int author, int maker)
{
	for (int d = 0; d < g->us->plan.devices; d++) {
		begin(g, FOB__KIND__GROUP, author, -1);
		g->s.group = maker;
		g->s.remove = 1u << d;
		with_prevs(g);
		g->s.remove = 0;
		g->s.add = 1u << d;
		with_prevs(g);
		for (int i = 0; i < g->u.n; i++) {
			if (!(spec(g, i)->remove & (1u << d)))
				continue;
			g->s.n_list = 1;
			g->s.list[0] = g->u.items[i];
			with_prevs(g);
		}
	}
}

/* One group; it has up to two readers beside its creator. */
static void grow_group(struct growth *g, int author)
{
	unsigned all = 1u << g->us->plan.devices;

	for (int i = 0; i < g->u.n; i++) {
		if (spec(g, i)->kind != FOB__KIND__GROUP ||
		    spec(g, i)->group >= 0)
			continue;
		change_group(g, author, g->u.items[i]);
		return;
	}
	for (unsigned add = 0; add < all; add++) {
		begin(g, FOB__KIND__GROUP, author, -1);
		g->s.add = add;
		with_prevs(g);
	}
}

static void grow_by(struct growth *g, int author)
{
	uint64_t kinds = g->us->plan.kinds;
	bool kit = author >= KIT;

	if (kinds & UNIVERSE_KIND(FOB__KIND__ADD))
		grow_add(g, author);
	if (kinds & UNIVERSE_KIND(FOB__KIND__REVOKE))
		grow_revoke(g, author);
	if (kit && kinds & UNIVERSE_KIND(FOB__KIND__RECOVERY))
		grow_recovery(g, author);
	if (!kit && kinds & UNIVERSE_KIND(FOB__KIND__ENTRY))
		grow_entry(g, author);
	if (!kit && kinds & UNIVERSE_KIND(FOB__KIND__SUSPEND))
		grow_suspend(g, author);
	if (kinds & UNIVERSE_KIND(FOB__KIND__LIFT))
		grow_lift(g, author);
	if (kinds & UNIVERSE_KIND(FOB__KIND__GROUP))
		grow_group(g, author);
}

static void grow(struct universes *us, struct universe u)
{
	struct growth g = { .us = us, .u = u };

	for (int d = 0; d < us->plan.devices; d++) {
		if (is_there(&g, d))
			grow_by(&g, d);
	}
	grow_by(&g, KIT);
	/* The second of two kits of a generation can say nothing of weight. */
	for (int i = 0; i < u.n; i++) {
		if (spec(&g, i)->target == KIT + 10)
			grow_by(&g, KIT + 10);
	}
}

/* --- all of them ------------------------------------------------------------ */

static bool is_revoked(const struct growth *g, int device)
{
	for (int i = 0; i < g->u.n; i++) {
		if (spec(g, i)->kind == FOB__KIND__REVOKE &&
		    spec(g, i)->target == device)
			return true;
	}
	return false;
}

/* Chains decide about the revoked only; others are as well without. */
static bool forks_in_vain(const struct growth *g)
{
	for (int i = 0; i < g->u.n; i++) {
		const struct universe_spec *a = spec(g, i);

		if (a->author >= KIT || is_revoked(g, a->author))
			continue;
		for (int k = 0; k < i; k++) {
			const struct universe_spec *b = spec(g, k);

			if (in_chain(b, a->author,
				     item_class((uint32_t)a->kind)) &&
			    b->prev == a->prev)
				return true;
		}
	}
	return false;
}

static void leave_out_vain(struct universes *us)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < us->n_all; i++) {
		struct growth g = { .us = us, .u = us->all[i] };

		if (!forks_in_vain(&g))
			us->all[n++] = us->all[i];
	}
	us->n_all = n;
}

static struct universe base(struct universes *us)
{
	struct growth g = { .us = us };

	for (int d = 1; d <= us->plan.base; d++) {
		begin(&g, FOB__KIND__ADD, 0, d);
		g.s.ordinal = d;
		g.s.prev = d > 1 ? g.u.items[d - 2] : UNIVERSE_GENESIS;
		g.u.items[g.u.n++] = intern(us, &g.s);
	}
	return g.u;
}

void universes_init(struct universes *us, const struct universe_plan *plan)
{
	uint32_t from = 0, to;

	REQUIRE(plan->items <= UNIVERSE_ITEMS && plan->devices <= 4);
	memset(us, 0, sizeof(*us));
	us->plan = *plan;
	build_init(&us->b, 1);
	us->b.quick = true;
	grow(us, base(us));
	for (int n = plan->base + 1; n < plan->items; n++, from = to) {
		to = us->n_all;
		for (uint32_t i = from; i < to; i++)
			grow(us, us->all[i]);
	}
	leave_out_vain(us);
	/* From here on it is asked for parts of them. */
	memset(us->seen, 0xff, us->cap_seen * sizeof(*us->seen));
	us->n_seen = 0;
}

void universes_deinit(struct universes *us)
{
	build_deinit(&us->b);
	free(us->specs);
	free(us->images);
	free(us->made);
	free(us->slots);
	free(us->all);
	free(us->seen);
}

/* --- for the oracle --------------------------------------------------------- */

static uint64_t bit_of(const struct universe *u, int item)
{
	if (item == UNIVERSE_GENESIS)
		return BIT(0);
	for (int i = 0; i < u->n && item >= 0; i++) {
		if (u->items[i] == item)
			return BIT(i + 1);
	}
	return 0;
}

static uint64_t bits_of(const struct universe *u, const struct universe_spec *s)
{
	uint64_t bits = 0;

	for (int i = 0; i < s->n_list; i++)
		bits |= bit_of(u, s->list[i]);
	return bits;
}

static void tell(const struct universe *u, const struct universe_spec *s,
		 struct oracle_fact *f)
{
	*f = (struct oracle_fact){ .kind = s->kind,
				   .author = s->author,
				   .target = s->target,
				   .role = FOB__ROLE__DEVICE,
				   .ordinal = s->ordinal };
	f->class = (int)item_class((uint32_t)s->kind);
	f->prev = bit_of(u, s->prev);
	f->roster = bit_of(u, s->roster);
	if (s->author >= KIT)
		f->generation = (s->author - KIT) / 10;
	switch (s->kind) {
	case FOB__KIND__RECOVERY:
		f->target = -1;
		f->makes = s->target;
		f->valid = bits_of(u, s);
		break;
	case FOB__KIND__ENTRY:
		f->parents = bits_of(u, s);
		break;
	case FOB__KIND__LIFT:
		f->lifts = bits_of(u, s);
		break;
	case FOB__KIND__GROUP:
		f->group = bit_of(u, s->group);
		f->add = s->add;
		f->remove = s->remove;
		f->undo = bits_of(u, s);
		break;
	default:
		f->tips[0] = bits_of(u, s);
		f->tips[2] = bit_of(u, s->tip2);
	}
}

void universe_oracle(struct universes *us, const struct universe *u,
		     struct oracle *ret)
{
	const uint8_t *ids[UNIVERSE_ITEMS + 1];

	for (int i = 0; i <= u->n; i++)
		universe_item(us, u, i);
	for (int i = 0; i <= u->n; i++)
		ids[i] = build_id(&us->b, universe_item(us, u, i));
	for (int d = 0; d < us->plan.devices; d++)
		memcpy(ret->devices[d], build_keys(&us->b, d)->id,
		       DEVICE_ID_SIZE);
	ret->n = u->n + 1;
	oracle_place(ret, ids);
	ret->facts[0] = (struct oracle_fact){ .kind = FOB__KIND__GENESIS,
					      .target = -1 };
	for (int i = 0; i < u->n; i++)
		tell(u, &us->specs[u->items[i]], &ret->facts[i + 1]);
}

/* --- as items --------------------------------------------------------------- */

static int make(struct universes *us, int item);

static int make_maybe(struct universes *us, int item)
{
	if (item == UNIVERSE_GENESIS)
		return us->b.genesis;
	return item < 0 ? BUILD_NONE : make(us, item);
}

/* Points to what is needed for one item; there are few devices. */
static int make_group(struct universes *us, const struct universe_spec *s,
		      struct build_list undo, int maker)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Group group = FOB__GROUP__INIT;
	ProtobufCBinaryData adds[4], removes[4], undone[UNIVERSE_LIST];
	struct build_device keys[4];

	group.add = adds;
	group.remove = removes;
	group.undo = undone;
	for (int d = 0; d < us->plan.devices; d++) {
		ProtobufCBinaryData id = { DEVICE_ID_SIZE, keys[d].id };

		keys[d] = *build_keys(&us->b, d);
		if (s->add & (1u << d))
			adds[group.n_add++] = id;
		if (s->remove & (1u << d))
			removes[group.n_remove++] = id;
	}
	for (size_t i = 0; i < undo.n; i++)
		undone[group.n_undo++] =
			(ProtobufCBinaryData){ ID_SIZE,
					       us->b.items[undo.items[i]].id };
	if (maker != BUILD_NONE)
		group.group =
			(ProtobufCBinaryData){ ID_SIZE, us->b.items[maker].id };
	head.kind = FOB__KIND__GROUP;
	head.group = &group;
	return build_head(&us->b, s->author, &head, (struct bytes){ NULL, 0 });
}

static int make_kind(struct universes *us, const struct universe_spec *s,
		     struct build_list list, int tip2)
{
	struct build *b = &us->b;
	struct build_list none = { NULL, 0 }, two = none;

	if (tip2 != BUILD_NONE)
		two = (struct build_list){ &tip2, 1 };
	switch (s->kind) {
	case FOB__KIND__ADD:
		return build_add(b, s->author, s->target, FOB__ROLE__DEVICE,
				 (uint32_t)s->ordinal);
	case FOB__KIND__REVOKE:
		return build_revoke(b, s->author, s->target,
				    (const struct build_list[CLASS_MAX]){
					    list, none, two });
	case FOB__KIND__SUSPEND:
		return build_suspend(b, s->author, s->target, none, two);
	case FOB__KIND__LIFT:
		return build_lift(b, s->author, list.items[0]);
	case FOB__KIND__RECOVERY:
		return build_recover(b, s->author, s->target, list);
	default:
		return build_entry(b, s->author, 7, list);
	}
}

static int make(struct universes *us, int item)
{
	const struct universe_spec s = us->specs[item];
	int list[UNIVERSE_LIST], prev, roster, tip2, group;

	if (us->made[item] >= 0)
		return us->made[item];
	prev = make_maybe(us, s.prev);
	roster = make_maybe(us, s.roster);
	tip2 = make_maybe(us, s.tip2);
	group = make_maybe(us, s.group);
	for (int i = 0; i < s.n_list; i++)
		list[i] = make(us, s.list[i]);
	us->b.prev = prev;
	us->b.prev_none = prev == BUILD_NONE;
	if (roster != BUILD_NONE)
		us->b.roster = (struct build_list){ &roster, 1 };
	if (s.kind == FOB__KIND__GROUP)
		us->made[item] =
			make_group(us, &s, BUILD_SOME(list, s.n_list), group);
	else
		us->made[item] =
			make_kind(us, &s, BUILD_SOME(list, s.n_list), tip2);
	return us->made[item];
}

int universe_item(struct universes *us, const struct universe *u, int i)
{
	return i == 0 ? 0 : make(us, u->items[i - 1]);
}

/* --- for people ------------------------------------------------------------- */

void universe_print(const struct universes *us, const struct universe *u,
		    uint64_t held)
{
	static const char *const kinds[] = {
		[FOB__KIND__ADD] = "ADD",
		[FOB__KIND__REVOKE] = "REVOKE",
		[FOB__KIND__SUSPEND] = "SUSPEND",
		[FOB__KIND__LIFT] = "LIFT",
		[FOB__KIND__RECOVERY] = "RECOVERY",
		[FOB__KIND__ENTRY] = "ENTRY",
	};

	for (int i = 0; i < u->n; i++) {
		const struct universe_spec *s = &us->specs[u->items[i]];

		printf("%s%d: %s by %d of %d ordinal %d prev %llx list %llx "
		       "tip2 %llx roster %llx add %x remove %x\n",
		       held & BIT(i + 1) ? "" : "(not held) ", i + 1,
		       kinds[s->kind], s->author, s->target, s->ordinal,
		       (unsigned long long)bit_of(u, s->prev),
		       (unsigned long long)bits_of(u, s),
		       (unsigned long long)bit_of(u, s->tip2),
		       (unsigned long long)bit_of(u, s->roster), s->add,
		       s->remove);
	}
}
