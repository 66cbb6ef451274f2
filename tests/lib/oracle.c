/* The definition, by brute force over words of bits. */
#include "tests/lib/oracle.h"

#include <string.h>

#define BIT(i) ((uint64_t)1 << (i))

/* The kits of a universe: generation 0 more often, two of generation 1. */
static const int kits[] = { 0, 0, 0, 10, 11, 20 };

/* --- what the items say --------------------------------------------------- */

static int item_of(const struct build *b, const ProtobufCBinaryData *id)
{
	for (int i = 0; i < b->n_items; i++) {
		if (id->len == ID_SIZE &&
		    memcmp(b->items[i].id, id->data, ID_SIZE) == 0)
			return i;
	}
	return -1;
}

static uint64_t items_of(const struct build *b, const ProtobufCBinaryData *ids,
			 size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		int at = item_of(b, &ids[i]);

		bits |= at >= 0 ? BIT(at) : 0;
	}
	return bits;
}

static int device_of(const struct oracle *o, const uint8_t *id)
{
	for (int i = 0; i < ORACLE_DEVICES; i++) {
		if (memcmp(o->devices[i], id, DEVICE_ID_SIZE) == 0)
			return i;
	}
	return -1;
}

static int kit_of(const struct build *b, const uint8_t *sign_public)
{
	struct build_recovery kit;

	for (size_t i = 0; i < ARRAY_SIZE(kits); i++) {
		build_recovery(&kit, b->seed, kits[i]);
		if (memcmp(kit.sign_public, sign_public, KEY_SIZE) == 0)
			return BUILD_RECOVERY + kits[i];
	}
	return -1;
}

static void read_revoke(struct oracle_fact *f, const struct oracle *o,
			const Fob__Revoke *r)
{
	const struct build *b = o->b;

	f->target = device_of(o, r->target.data);
	f->tips[0] = items_of(b, r->tips0, r->n_tips0);
	f->tips[1] = items_of(b, r->tips1, r->n_tips1);
	f->tips[2] = items_of(b, r->tips2, r->n_tips2);
}

static void read_item(struct oracle_fact *f, const struct oracle *o, int at)
{
	const struct build *b = o->b;
	const Fob__Head *h = b->items[at].head;
	uint8_t id[DEVICE_ID_SIZE];

	*f = (struct oracle_fact){ .author = b->authors[at], .target = -1 };
	f->kind = (int)h->kind;
	f->class = (int)item_class(h->kind);
	f->generation = (int)h->generation;
	f->prev = items_of(b, &h->prev, 1);
	f->roster = items_of(b, h->roster, h->n_roster);
	if (h->add) {
		item_device_id(id, h->add->device);
		f->target = device_of(o, id);
		f->role = (int)h->add->role;
		f->ordinal = (int)h->add->ordinal;
	} else if (h->revoke) {
		read_revoke(f, o, h->revoke);
	} else if (h->suspend) {
		f->target = device_of(o, h->suspend->target.data);
		f->tips[1] =
			items_of(b, h->suspend->tips1, h->suspend->n_tips1);
		f->tips[2] =
			items_of(b, h->suspend->tips2, h->suspend->n_tips2);
	} else if (h->lift) {
		f->lifts = items_of(b, &h->lift->suspend, 1);
	} else if (h->recovery) {
		f->valid =
			items_of(b, h->recovery->valid, h->recovery->n_valid);
		f->makes = kit_of(b, h->recovery->recovery_sign.data);
	} else if (h->entry) {
		f->parents =
			items_of(b, h->entry->parents, h->entry->n_parents);
	}
}

void oracle_place(struct oracle *o, const uint8_t *const *ids)
{
	for (int i = 0; i < o->n; i++) {
		o->places[i] = 0;
		for (int k = 0; k < o->n; k++)
			o->places[i] += memcmp(ids[k], ids[i], ID_SIZE) < 0;
	}
}

void oracle_init(struct oracle *o, struct build *b)
{
	const uint8_t *ids[ORACLE_ITEMS];
	struct build_device d;

	REQUIRE(b->n_items <= ORACLE_ITEMS);
	o->b = b;
	o->n = b->n_items;
	for (int i = 0; i < ORACLE_DEVICES; i++) {
		d = *build_keys(b, i);
		memcpy(o->devices[i], d.id, DEVICE_ID_SIZE);
	}
	for (int i = 0; i < o->n; i++) {
		read_item(&o->facts[i], o, i);
		ids[i] = build_id(b, i);
	}
	oracle_place(o, ids);
}

/* --- authenticity --------------------------------------------------------- */

static bool author_known(const struct oracle *o, uint64_t items, int author)
{
	if (author == 0 || author == BUILD_RECOVERY)
		return items & BIT(0);
	for (int i = 0; i < o->n; i++) {
		const struct oracle_fact *f = &o->facts[i];

		if (!(items & BIT(i)))
			continue;
		if (f->kind == FOB__KIND__ADD && f->target == author)
			return true;
		if (f->kind == FOB__KIND__RECOVERY && f->makes == author)
			return true;
	}
	return false;
}

uint64_t oracle_authentic(const struct oracle *o, uint64_t items)
{
	uint64_t in = items & BIT(0), before;

	do {
		before = in;
		for (int i = 1; i < o->n; i++) {
			if ((items & BIT(i)) &&
			    author_known(o, in, o->facts[i].author))
				in |= BIT(i);
		}
	} while (in != before);
	return in;
}

/* --- the definition ------------------------------------------------------- */

static bool less(const struct oracle *o, int a, int b)
{
	return o->places[a] < o->places[b];
}

static int least(const struct oracle *o, uint64_t items)
{
	int best = -1;

	for (int i = 0; i < o->n; i++) {
		if ((items & BIT(i)) && (best < 0 || less(o, i, best)))
			best = i;
	}
	return best;
}

/* Held items of an author and class. */
static uint64_t by(const struct oracle *o, uint64_t held, int author, int class)
{
	uint64_t bits = 0;

	for (int i = 0; i < o->n; i++) {
		const struct oracle_fact *f = &o->facts[i];

		if (f->author == author && f->class == class)
			bits |= BIT(i);
	}
	return bits & held;
}

static uint64_t of_kind(const struct oracle *o, uint64_t items, int kind)
{
	uint64_t bits = 0;

	for (int i = 0; i < o->n; i++)
		bits |= o->facts[i].kind == kind ? BIT(i) : 0;
	return bits & items;
}

/* What lies at or under the tips, within one chain. */
static uint64_t under(const struct oracle *o, uint64_t tips, uint64_t chain)
{
	uint64_t bits = tips & chain, before;

	do {
		before = bits;
		for (int i = 0; i < o->n; i++) {
			if (bits & BIT(i))
				bits |= o->facts[i].prev & chain;
		}
	} while (bits != before);
	return bits;
}

struct path {
	int ordinals[ORACLE_DEVICES + 1], adds[ORACLE_DEVICES + 1], n;
};

static bool senior(const struct oracle *o, const struct path *a,
		   const struct path *b)
{
	for (int i = 0; i < a->n && i < b->n; i++) {
		if (a->ordinals[i] != b->ordinals[i])
			return a->ordinals[i] < b->ordinals[i];
		if (a->adds[i] != b->adds[i])
			return less(o, a->adds[i], b->adds[i]);
	}
	return a->n < b->n;
}

struct walk {
	const struct oracle *o;
	uint64_t held, toothless; /* REVOKEs whose tips are not accepted */
	struct oracle_result *out;
	struct path paths[ORACLE_DEVICES];
	int roles[ORACLE_DEVICES];
	uint64_t revokes[ORACLE_DEVICES];
};

/* Rule 1: what the recovery keys signed. */
static void recovery_keys(struct walk *w)
{
	const struct oracle *o = w->o;

	for (int g = 0;; g++) {
		uint64_t all = 0, first, second = 0;
		int one, two;

		for (int i = 1; i < o->n; i++) {
			if (o->facts[i].author >= BUILD_RECOVERY &&
			    o->facts[i].generation == g)
				all |= w->held & BIT(i);
		}
		first = of_kind(o, all, FOB__KIND__RECOVERY);
		one = least(o, first);
		two = one < 0 ? -1 : least(o, first & ~BIT(one));
		for (int i = 0; i < o->n; i++) {
			bool x = one >= 0 && (o->facts[one].valid & BIT(i));
			bool y = two >= 0 && (o->facts[two].valid & BIT(i));
			bool revoke = o->facts[i].kind == FOB__KIND__REVOKE;

			if (!(all & BIT(i)) || (first & BIT(i)))
				continue;
			if (one < 0 || (x && (two < 0 || y)))
				w->out->carried |= BIT(i);
			else if (revoke && (x || y))
				second |= BIT(i);
		}
		w->out->carried |= second;
		w->toothless |= second;
		w->out->carried |= one >= 0 ? BIT(one) : 0;
		w->out->carried |= two >= 0 ? BIT(two) : 0;
		w->out->frozen = two >= 0;
		if (one < 0 || two >= 0)
			return;
	}
}

/* The path that a carried ADD gives, when its sponsor was visited. */
static bool path_of(const struct walk *w, int add, struct path *ret)
{
	const struct oracle_fact *f = &w->o->facts[add];

	if (f->author >= BUILD_RECOVERY) {
		*ret = (struct path){ { -f->ordinal }, { add }, 1 };
		return true;
	}
	if (!w->out->reached[f->author])
		return false;
	*ret = w->paths[f->author];
	ret->ordinals[ret->n] = f->ordinal;
	ret->adds[ret->n++] = add;
	return true;
}

/* The unvisited device of least rank, or -1. */
static int next_device(const struct walk *w, struct path *ret, int *ret_role)
{
	uint64_t adds = of_kind(w->o, w->out->carried, FOB__KIND__ADD);
	int best = -1;

	if ((w->held & BIT(0)) && !w->out->reached[0]) {
		best = 0;
		*ret = (struct path){ { 0 }, { 0 }, 1 };
		*ret_role = FOB__ROLE__DEVICE;
	}
	for (int i = 0; i < w->o->n; i++) {
		int device = w->o->facts[i].target;
		struct path p;

		if (!(adds & BIT(i)) || w->out->reached[device] ||
		    !path_of(w, i, &p))
			continue;
		if (best < 0 || senior(w->o, &p, ret)) {
			best = device;
			*ret = p;
			*ret_role = w->o->facts[i].role;
		}
	}
	return best;
}

static uint64_t aimed_at(const struct oracle *o, uint64_t items, int device)
{
	uint64_t bits = of_kind(o, items, FOB__KIND__REVOKE);

	for (int i = 0; i < o->n; i++) {
		if (o->facts[i].target != device)
			bits &= ~BIT(i);
	}
	return bits;
}

static uint64_t accepted(const struct walk *w, int device, int class)
{
	uint64_t chain = by(w->o, w->held, device, class), tips = 0;

	for (int i = 0; i < w->o->n; i++) {
		if (w->revokes[device] & ~w->toothless & BIT(i))
			tips |= w->o->facts[i].tips[class];
	}
	return under(w->o, tips, chain);
}

/* Rule 2. */
static void visit(struct walk *w, int d)
{
	uint64_t chain = by(w->o, w->held, d, 0), counts = chain;
	uint64_t self = aimed_at(w->o, chain, d);

	w->out->reached[d] = true;
	w->out->order[w->out->n_order++] = d;
	w->revokes[d] = aimed_at(w->o, w->out->carried, d);
	w->out->revoked[d] = w->revokes[d];
	w->out->member[d] = !w->revokes[d] && !self;
	if (w->revokes[d])
		counts = accepted(w, d, 0);
	else if (self)
		counts = under(w->o, BIT(least(w->o, self)), chain);
	if (w->roles[d] == FOB__ROLE__KEEPER)
		counts &= self;
	w->out->carried |= counts;
}

/* Rules 3 and 4. */
static void other_classes(struct walk *w)
{
	const struct oracle *o = w->o;
	uint64_t entries = of_kind(o, w->held, FOB__KIND__ENTRY), wanted;

	for (int d = 0; d < ORACLE_DEVICES; d++) {
		if (!w->out->reached[d] || w->roles[d] == FOB__ROLE__KEEPER)
			continue;
		for (int c = 1; c < CLASS_MAX; c++)
			w->out->carried |= w->revokes[d] ? accepted(w, d, c) :
							   by(o, w->held, d, c);
	}
	do {
		wanted = 0;
		for (int i = 0; i < o->n; i++) {
			if (entries & w->out->carried & BIT(i))
				wanted |= o->facts[i].parents;
		}
		wanted &= entries & ~w->out->carried;
		w->out->inert |= wanted;
		w->out->carried |= wanted;
	} while (wanted);
}

/* Two of one class after the same one, or both after none. */
static void find_forks(const struct oracle *o, uint64_t held,
		       struct oracle_result *ret)
{
	for (int i = 1; i < o->n; i++) {
		const struct oracle_fact *a = &o->facts[i];

		for (int k = 0; k < i; k++) {
			const struct oracle_fact *b = &o->facts[k];

			if ((held & BIT(i)) && (held & BIT(k)) &&
			    a->author == b->author && a->class == b->class &&
			    a->prev == b->prev && a->author < BUILD_RECOVERY)
				ret->forked[a->author] = true;
		}
	}
}

void oracle_run(const struct oracle *o, uint64_t held,
		struct oracle_result *ret)
{
	struct walk w = { .o = o, .held = held, .out = ret };
	struct path path;
	int d, role;

	memset(ret, 0, sizeof(*ret));
	if (!(held & BIT(0)))
		return;
	ret->carried = BIT(0);
	recovery_keys(&w);
	while ((d = next_device(&w, &path, &role)) >= 0) {
		w.paths[d] = path;
		w.roles[d] = role;
		visit(&w, d);
	}
	other_classes(&w);
	find_forks(o, held, ret);
}

/* --- universes ------------------------------------------------------------ */

uint32_t dice_roll(struct dice *d, uint32_t n)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

bool dice_chance(struct dice *d, uint32_t percent)
{
	return dice_roll(d, 100) < percent;
}

struct picked {
	int items[3];
	size_t n;
};

/* Up to max distinct items by an author (or -1), of a class or a kind. */
static struct picked pick(const struct build *b, struct dice *d, int author,
			  int class, uint32_t max)
{
	struct picked p = { .n = 0 };
	int found[ORACLE_ITEMS];
	uint32_t n = 0, want;

	for (int i = 1; i < b->n_items; i++) {
		if ((author < 0 || b->authors[i] == author) &&
		    (int)item_class(b->items[i].head->kind) == class)
			found[n++] = i;
	}
	for (want = dice_roll(d, max + 1); want > 0 && n > 0; want--) {
		uint32_t k = dice_roll(d, n);

		p.items[p.n++] = found[k];
		found[k] = found[--n];
	}
	return p;
}

static struct build_list list(const struct picked *p)
{
	return (struct build_list){ p->items, p->n };
}

/* Now and then an item forks its chain, or begins a new one. */
static void vary(struct build *b, struct dice *d, int author, int class)
{
	struct picked p;

	b->prev_none = dice_chance(d, 15);
	if (!dice_chance(d, 20))
		return;
	/* Rarely a prev that is somebody else's, which is no link. */
	p = pick(b, d, dice_chance(d, 85) ? author : -1, class, 1);
	if (p.n)
		b->prev = p.items[0];
}

static int any_kit(struct dice *d, bool plain)
{
	return BUILD_RECOVERY + kits[dice_roll(d, plain ? 5 : 6)];
}

static void step_revoke(struct build *b, struct dice *d, bool plain)
{
	int target = (int)dice_roll(d, 5);
	int author = dice_chance(d, 35) ? any_kit(d, plain) :
					  (int)dice_roll(d, 5);
	struct picked p[CLASS_MAX];
	struct build_list tips[CLASS_MAX];

	if (dice_chance(d, 15))
		author = target;
	for (int c = 0; c < CLASS_MAX; c++) {
		p[c] = pick(b, d, dice_chance(d, 95) ? target : -1, c, 2);
		tips[c] = list(&p[c]);
	}
	vary(b, d, author, 0);
	build_revoke(b, author, target, tips);
}

static void step_add(struct build *b, struct dice *d, bool plain)
{
	int author = dice_chance(d, 30) ? any_kit(d, plain) :
					  (int)dice_roll(d, 4);
	bool keeper = !plain && dice_chance(d, 30);

	vary(b, d, author, 0);
	build_add(b, author, 1 + (int)dice_roll(d, 4),
		  keeper ? FOB__ROLE__KEEPER : FOB__ROLE__DEVICE,
		  1 + dice_roll(d, 3));
}

static void step_recover(struct build *b, struct dice *d, bool plain)
{
	struct picked p = pick(b, d, BUILD_RECOVERY, 0, 3);

	if (plain || dice_chance(d, 75))
		build_recover(b, BUILD_RECOVERY,
			      BUILD_RECOVERY + 10 + (int)dice_roll(d, 2),
			      list(&p));
	else
		build_recover(b, BUILD_RECOVERY + 10 + (int)dice_roll(d, 2),
			      BUILD_RECOVERY + 20, list(&p));
}

static void step_entry(struct build *b, struct dice *d)
{
	int author = (int)dice_roll(d, 4);
	struct picked p = pick(b, d, -1, 2, 2);

	vary(b, d, author, 2);
	if (dice_chance(d, 90))
		build_entry(b, author, dice_roll(d, 2), list(&p));
	else
		build_purge(b, author, dice_roll(d, 2), list(&p));
}

static void step_other(struct build *b, struct dice *d, bool plain)
{
	int author = (int)dice_roll(d, 4);
	struct picked p = pick(b, d, -1, 2, 1);

	vary(b, d, author, plain ? 0 : 1);
	if (plain)
		build_suspend(b, author, (int)dice_roll(d, 4),
			      (struct build_list){ NULL, 0 }, list(&p));
	else
		build_key(b, author, dice_roll(d, 3));
}

void oracle_universe(struct build *b, struct dice *d, int steps, bool plain)
{
	build_init(b, 1 + dice_roll(d, 1000));
	build_add(b, 0, 1, FOB__ROLE__DEVICE, 1);
	build_add(b, (int)dice_roll(d, 2), 2, FOB__ROLE__DEVICE,
		  1 + dice_roll(d, 2));
	step_add(b, d, plain);
	for (int i = 0; i < steps; i++) {
		uint32_t x = dice_roll(d, 100);

		if (x < 40)
			step_revoke(b, d, plain);
		else if (x < 52)
			step_add(b, d, plain);
		else if (x < 62)
			step_recover(b, d, plain);
		else if (x < 92)
			step_entry(b, d);
		else
			step_other(b, d, plain);
	}
}
