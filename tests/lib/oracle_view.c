/* The definitions, by brute force over words of bits. */
#include "tests/lib/oracle_view.h"

#include <string.h>

#define BIT(i) ((uint64_t)1 << (i))

struct look {
	const struct oracle *o;
	const struct oracle_result *r;
	uint64_t held;
	struct oracle_view *out;
};

static bool carries(const struct oracle_result *r, int i)
{
	return r->carried & BIT(i);
}

/* --- suspension ----------------------------------------------------------- */

/* Does x stand on an ADD path of m? Over any carried ADDs. */
static bool on_path(const struct look *l, int m, int x, unsigned seen)
{
	for (int i = 1; i < l->o->n; i++) {
		const struct oracle_fact *f = &l->o->facts[i];

		if (f->kind != FOB__KIND__ADD || !carries(l->r, i) ||
		    f->target != m || f->author >= BUILD_RECOVERY)
			continue;
		if (f->author == x)
			return true;
		if (!(seen & (1u << f->author)) &&
		    on_path(l, f->author, x, seen | 1u << f->author))
			return true;
	}
	return false;
}

static bool lifts(const struct look *l, int suspend, int i)
{
	const struct oracle_fact *s = &l->o->facts[suspend];
	const struct oracle_fact *f = &l->o->facts[i];

	if (f->kind != FOB__KIND__LIFT || !carries(l->r, i) ||
	    !(f->lifts & BIT(suspend)))
		return false;
	if (f->author >= BUILD_RECOVERY || f->author == s->author)
		return true;
	return l->r->member[f->author] && f->author != s->target &&
	       !on_path(l, f->author, s->target, 0);
}

static bool suspends(const struct look *l, int i)
{
	const struct oracle_fact *f = &l->o->facts[i];

	if (f->kind != FOB__KIND__SUSPEND || !carries(l->r, i) ||
	    f->author >= BUILD_RECOVERY || f->author == f->target ||
	    !l->r->member[f->author] || !l->r->member[f->target])
		return false;
	for (int k = 1; k < l->o->n; k++) {
		if (lifts(l, i, k))
			return false;
	}
	return true;
}

static void find_suspends(struct look *l)
{
	const struct oracle *o = l->o;

	for (int d = 0; d < ORACLE_DEVICES; d++)
		l->out->suspend[d] = -1;
	for (int i = 1; i < o->n; i++) {
		int *least;

		if (!suspends(l, i))
			continue;
		l->out->suspends |= BIT(i);
		least = &l->out->suspend[o->facts[i].target];
		if (*least < 0 || o->places[i] < o->places[*least])
			*least = i;
	}
}

/* --- what is view-valid ----------------------------------------------------- */

/* Is the version at or under these tips, in its author's chain? */
static bool is_under(const struct look *l, int version, uint64_t tips)
{
	const struct oracle_fact *v = &l->o->facts[version];

	for (int i = 1; i < l->o->n; i++) {
		const struct oracle_fact *f = &l->o->facts[i];
		uint64_t at = BIT(i);

		if (!(tips & BIT(i)))
			continue;
		while (at & l->held & ~BIT(0)) {
			f = &l->o->facts[__builtin_ctzll(at)];
			if (f->author != v->author || f->class != v->class)
				break;
			if (at == BIT(version))
				return true;
			at = f->prev;
		}
	}
	return false;
}

static bool is_held_back(const struct look *l, int version)
{
	int author = l->o->facts[version].author;
	uint64_t tips = 0;
	bool self_revoked = false;

	for (int i = 1; i < l->o->n; i++) {
		const struct oracle_fact *f = &l->o->facts[i];

		if (f->target != author)
			continue;
		/* Each on its own: united tips would undo one another. */
		if ((l->out->suspends & BIT(i)) &&
		    !is_under(l, version, f->tips[2]))
			return true;
		if (f->kind == FOB__KIND__REVOKE && f->author == author &&
		    carries(l->r, i)) {
			self_revoked = true;
			tips |= f->tips[2];
		}
	}
	return self_revoked && !l->r->revoked[author] &&
	       !is_under(l, version, tips);
}

static bool is_version(const struct look *l, int i)
{
	return l->o->facts[i].kind == FOB__KIND__ENTRY && (l->held & BIT(i));
}

static bool reaches(const struct look *l, int from, int to)
{
	for (int i = 1; i < l->o->n; i++) {
		if (!(l->o->facts[from].parents & BIT(i)) || !is_version(l, i))
			continue;
		if (i == to || reaches(l, i, to))
			return true;
	}
	return false;
}

static void find_versions(struct look *l)
{
	uint64_t count, superseded = 0;

	for (int i = 1; i < l->o->n; i++) {
		if (!is_version(l, i) || !carries(l->r, i))
			continue;
		if (!(l->r->inert & BIT(i)) &&
		    l->r->reached[l->o->facts[i].author] && !is_held_back(l, i))
			l->out->valid |= BIT(i);
		if (l->o->facts[i].parents & ~l->held)
			l->out->incomplete = true;
	}
	count = l->out->valid | l->r->inert;
	for (int i = 1; i < l->o->n; i++) {
		for (int k = 1; k < l->o->n; k++) {
			if ((count & BIT(i)) && reaches(l, i, k))
				superseded |= BIT(k);
		}
	}
	l->out->current = l->out->valid & ~superseded;
}

/* --- heads ------------------------------------------------------------------ */

static void find_heads(struct look *l)
{
	uint64_t named = 0;

	for (int i = 0; i < l->o->n; i++) {
		const struct oracle_fact *f = &l->o->facts[i];

		if (!carries(l->r, i) || f->class == 2)
			continue;
		l->out->missing |= (f->roster & ~l->held) != 0;
		if (f->class == 0) {
			named |= f->prev | f->roster;
			l->out->heads |= BIT(i);
		}
	}
	l->out->heads &= ~named;
}

void oracle_view(const struct oracle *o, uint64_t held,
		 const struct oracle_result *r, struct oracle_view *ret)
{
	struct look l = { o, r, held, ret };

	memset(ret, 0, sizeof(*ret));
	find_suspends(&l);
	find_versions(&l);
	find_heads(&l);
}

/* --- groups ----------------------------------------------------------------- */

struct group {
	const struct oracle *o;
	const struct oracle_result *r;
	int maker, creator;
	bool added[ORACLE_DEVICES];
	unsigned removed[ORACLE_ITEMS]; /* by each item: bits of devices */
	unsigned undone[ORACLE_ITEMS];
};

/* The kits come first, then devices in the order of their ranks. */
static int place_of(const struct oracle_result *r, int signer)
{
	for (int i = 0; i < r->n_order; i++) {
		if (r->order[i] == signer)
			return i;
	}
	return -1;
}

static bool is_listed(const struct group *g, int device)
{
	bool removed = false;

	for (int i = 1; i < g->o->n; i++)
		removed |= (g->removed[i] & ~g->undone[i]) >> device & 1;
	return g->added[device] && !removed;
}

static void remove_by(struct group *g, int i)
{
	const struct oracle_fact *f = &g->o->facts[i];

	for (int d = 0; d < ORACLE_DEVICES; d++) {
		if (!(f->remove & (1u << d)))
			continue;
		if (f->author >= BUILD_RECOVERY || f->author == d ||
		    f->author == g->creator ||
		    (is_listed(g, f->author) &&
		     place_of(g->r, f->author) < place_of(g->r, d)))
			g->removed[i] |= 1u << d;
	}
}

static void add_by(struct group *g, int i)
{
	const struct oracle_fact *f = &g->o->facts[i];

	if (f->author < BUILD_RECOVERY && !is_listed(g, f->author))
		return;
	for (int k = 1; k < g->o->n; k++) {
		if (!(f->undo & BIT(k)) || !carries(g->r, k))
			continue;
		if (place_of(g->r, f->author) <=
		    place_of(g->r, g->o->facts[k].author))
			g->undone[k] |= f->add;
	}
	for (int d = 0; d < ORACLE_DEVICES; d++)
		g->added[d] |= f->add >> d & 1;
}

/* All of one signer, in ascending order of ids: first what they remove. */
static void hear(struct group *g, int place)
{
	for (int pass = 0; pass < 2; pass++) {
		for (int id = 0; id < g->o->n; id++) {
			int i = 1;

			while (i < g->o->n && g->o->places[i] != id)
				i++;
			if (i == g->o->n ||
			    g->o->facts[i].kind != FOB__KIND__GROUP ||
			    !carries(g->r, i) ||
			    place_of(g->r, g->o->facts[i].author) != place)
				continue;
			if (i != g->maker &&
			    g->o->facts[i].group != BIT(g->maker))
				continue;
			if (pass == 0)
				remove_by(g, i);
			else
				add_by(g, i);
		}
	}
}

void oracle_readers(const struct oracle *o, const struct oracle_result *r,
		    int maker, bool ret[static ORACLE_DEVICES])
{
	struct group g = { .o = o, .r = r, .maker = maker };

	g.creator = o->facts[maker].author;
	for (int d = 0; d < ORACLE_DEVICES; d++)
		g.added[d] = d == g.creator || (o->facts[maker].add >> d & 1);
	for (int place = -1; place < r->n_order; place++)
		hear(&g, place);
	for (int d = 0; d < ORACLE_DEVICES; d++)
		ret[d] = r->member[d] && is_listed(&g, d);
}
