/* The walk over recovery keys and devices that decides class 0. */
#include "daemon/core/set/visit.h"

#include "daemon/core/set/chain.h"
#include "daemon/core/set/head.h"
#include "daemon/core/set/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LISTED_FIRST 1
#define LISTED_SECOND 2
#define LISTED_BOTH (LISTED_FIRST | LISTED_SECOND)

static const Fob__Head *head_of(const struct set *set, uint32_t at)
{
	return set->heads[set->items[at].content]->head;
}

static bool id_before(const struct set *set, uint32_t a, uint32_t b)
{
	return memcmp(set->items[a].id, set->items[b].id, ID_SIZE) < 0;
}

/* --- carrying one item ---------------------------------------------------- */

static int carry_add(struct visit *v, uint32_t at, uint32_t sponsor)
{
	const Fob__Add *add = head_of(v->set, at)->add;
	uint8_t id[DEVICE_ID_SIZE];
	struct seat seat = { .sponsor = sponsor, .add = at };

	item_device_id(id, add->device);
	seat.author = set_author(v->set, id);
	REQUIRE(seat.author != NONE);
	seat.ordinal = sponsor == NONE ? -(int64_t)add->ordinal :
					 (int64_t)add->ordinal;
	return seat_push(&v->queue, seat);
}

static int carry(struct visit *v, uint32_t at)
{
	struct set_item *item = &v->set->items[at];
	uint32_t head = item->content, target;

	item->flags |= SET_CARRIED;
	if (item->kind == FOB__KIND__ADD)
		return carry_add(v, at, item->author);
	if (item->kind != FOB__KIND__REVOKE)
		return 0;
	target = set_author(v->set, head_of(v->set, at)->revoke->target.data);
	if (target != NONE && target != item->author) {
		v->next[head] = v->revokes[target];
		v->revokes[target] = head;
	}
	return 0;
}

/* --- the recovery keys ---------------------------------------------------- */

/* The two least RECOVERYs of a generation; returns how many are held. */
static uint32_t find_recoveries(const struct set *set, uint32_t generation,
				uint32_t ret[static 2])
{
	uint32_t n = 0;

	ret[0] = ret[1] = NONE;
	for (uint32_t i = 0; i < set->n_recoveries; i++) {
		uint32_t at = set->recoveries[i].item;

		if (set->items[at].kind != FOB__KIND__RECOVERY ||
		    set->recoveries[i].generation != generation + 1)
			continue;
		n++;
		if (ret[0] == NONE || id_before(set, at, ret[0])) {
			ret[1] = ret[0];
			ret[0] = at;
		} else if (ret[1] == NONE || id_before(set, at, ret[1])) {
			ret[1] = at;
		}
	}
	return n;
}

static void note_listed(struct visit *v, uint32_t recovery, uint8_t bit)
{
	const Fob__Recovery *r = head_of(v->set, recovery)->recovery;

	for (size_t i = 0; i < r->n_valid; i++) {
		uint32_t at = set_find(v->set, r->valid[i].data);

		if (at != NONE && (v->set->items[at].flags & SET_HELD) &&
		    item_class(v->set->items[at].kind) == 0)
			v->listed[v->set->items[at].content] |= bit;
	}
}

/*
 * Does this item of a generation with n RECOVERYs count? A REVOKE stays when
 * either of two lists it, for deny wins; its tips only when both do.
 */
static bool listed_counts(struct visit *v, uint32_t head, uint32_t n,
			  bool revoke)
{
	uint8_t bits = v->listed[head] & LISTED_BOTH;
	uint8_t all = n >= 2 ? LISTED_BOTH : LISTED_FIRST;

	if (n == 0 || bits == all)
		return true;
	if (!revoke || bits == 0)
		return false;
	v->listed[head] |= VISIT_NO_TIPS;
	return true;
}

static int carry_generation(struct visit *v, uint32_t generation,
			    const uint32_t recoveries[static 2], uint32_t n)
{
	int r = 0;

	for (uint32_t h = 0; h < v->set->n_heads && !r; h++) {
		uint32_t at = v->set->heads_item[h];
		uint8_t kind = v->set->items[at].kind;

		if (item_class(kind) != 0 ||
		    !head_by_recovery(v->set->heads[h]->head) ||
		    v->set->heads[h]->head->generation != generation)
			continue;
		if (kind == FOB__KIND__RECOVERY ?
			    at == recoveries[0] || at == recoveries[1] :
			    listed_counts(v, h, n, kind == FOB__KIND__REVOKE))
			r = carry(v, at);
	}
	return r;
}

/* Generation after generation, while each has at most one RECOVERY. */
static int carry_recovery(struct visit *v)
{
	struct set *set = v->set;
	uint32_t recoveries[2], generation = 0, n;
	int r;

	for (uint32_t i = 0; i < set->n_recoveries; i++)
		set->recoveries[i].current = false;
	for (;; generation++) {
		n = find_recoveries(set, generation, recoveries);
		if (recoveries[0] != NONE)
			note_listed(v, recoveries[0], LISTED_FIRST);
		if (recoveries[1] != NONE)
			note_listed(v, recoveries[1], LISTED_SECOND);
		r = carry_generation(v, generation, recoveries, n);
		if (r)
			return r;
		if (n != 1)
			break;
	}
	set->frozen = n > 1;
	for (uint32_t i = 0; i < set->n_recoveries && n == 0; i++)
		set->recoveries[i].current = set->recoveries[i].generation ==
					     generation;
	return 0;
}

/* --- the devices ---------------------------------------------------------- */

static bool is_self_revoke(const struct set *set, uint32_t author, uint32_t at)
{
	return set->items[at].kind == FOB__KIND__REVOKE &&
	       memcmp(head_of(set, at)->revoke->target.data,
		      set->authors[author].id, DEVICE_ID_SIZE) == 0;
}

/* The self-REVOKE of least id, or NONE. */
static uint32_t find_self_revoke(const struct visit *v, uint32_t author)
{
	uint32_t least = NONE;

	for (uint32_t i = v->first[author]; i < v->first[author + 1]; i++) {
		uint32_t at = v->set->heads_item[v->mine[i]];

		if (is_self_revoke(v->set, author, at) &&
		    (least == NONE || id_before(v->set, at, least)))
			least = at;
	}
	return least;
}

/* Tells what was found of a device, from the REVOKEs that count. */
static void judge(struct visit *v, uint32_t author, uint32_t self_revoke)
{
	struct set_author *a = &v->set->authors[author];

	v->counted[author] = v->revokes[author];
	for (uint32_t h = v->counted[author]; h != NONE; h = v->next[h]) {
		uint32_t at = v->set->heads_item[h];

		if (a->revoke == NONE || id_before(v->set, at, a->revoke))
			a->revoke = at;
	}
	a->self_revoked = self_revoke != NONE;
	a->member = a->revoke == NONE && !a->self_revoked;
	if (a->revoke != NONE)
		visit_mark_accepted(v, author, 0);
	else if (a->self_revoked)
		chain_mark(v->set, self_revoke, author, 0);
}

static int visit_device(struct visit *v, const struct seat *seat)
{
	struct set *set = v->set;
	struct set_author *a = &set->authors[seat->author];
	bool genesis = set->items[seat->add].kind == FOB__KIND__GENESIS;
	int r = 0;

	seat_rank(set, seat, &a->rank);
	a->reached = true;
	a->add = seat->add;
	a->role = genesis ? (uint32_t)FOB__ROLE__DEVICE :
			    head_of(set, seat->add)->add->role;
	judge(v, seat->author, find_self_revoke(v, seat->author));
	for (uint32_t i = v->first[seat->author];
	     i < v->first[seat->author + 1] && !r; i++) {
		uint32_t at = set->heads_item[v->mine[i]];

		if (!a->member && !(set->items[at].marks & MARK_ACCEPTED))
			continue;
		if (a->role == FOB__ROLE__KEEPER &&
		    !is_self_revoke(set, seat->author, at))
			continue;
		r = carry(v, at);
	}
	return r;
}

bool visit_writes(const struct set_author *author)
{
	return author->reached && author->role == FOB__ROLE__DEVICE;
}

static void mark_tips(struct set *set, const ProtobufCBinaryData *tips,
		      size_t n, uint32_t author, unsigned class)
{
	for (size_t i = 0; i < n; i++)
		chain_mark(set, set_find(set, tips[i].data), author, class);
}

void visit_mark_accepted(const struct visit *v, uint32_t author, unsigned class)
{
	for (uint32_t h = v->counted[author]; h != NONE; h = v->next[h]) {
		const Fob__Revoke *r = v->set->heads[h]->head->revoke;

		if (v->listed[h] & VISIT_NO_TIPS)
			continue;
		if (class == 0)
			mark_tips(v->set, r->tips0, r->n_tips0, author, 0);
		else if (class == 1)
			mark_tips(v->set, r->tips1, r->n_tips1, author, 1);
		else
			mark_tips(v->set, r->tips2, r->n_tips2, author, 2);
	}
}

/* --- one run -------------------------------------------------------------- */

static bool by_device(const struct set *set, uint32_t head)
{
	const struct set_item *item = &set->items[set->heads_item[head]];

	return item_class(item->kind) == 0 && item->author != NONE &&
	       item->kind != FOB__KIND__GENESIS;
}

/* Groups the heads of class 0 by author, by counting. */
static void group_by_author(struct visit *v)
{
	struct set *set = v->set;

	for (uint32_t h = 0; h < set->n_heads; h++) {
		if (by_device(set, h))
			v->first[set->items[set->heads_item[h]].author + 1]++;
	}
	for (uint32_t a = 0; a < set->n_authors; a++)
		v->first[a + 1] += v->first[a];
	for (uint32_t h = set->n_heads; h-- > 0;) {
		uint32_t a = set->items[set->heads_item[h]].author;

		/* counted is free until the visits and says how many are in. */
		if (by_device(set, h))
			v->mine[v->first[a] + v->counted[a]++] = h;
	}
}

static int visit_init(struct visit *v, struct set *set)
{
	size_t n = (size_t)set->n_authors + 1, m = (size_t)set->n_heads + 1;

	*v = (struct visit){ .set = set, .queue = { .set = set } };
	v->first = calloc(n, sizeof(*v->first));
	v->mine = calloc(m, sizeof(*v->mine));
	v->revokes = malloc(n * sizeof(*v->revokes));
	v->counted = calloc(n, sizeof(*v->counted));
	v->next = malloc(m * sizeof(*v->next));
	v->listed = calloc(m, sizeof(*v->listed));
	if (!v->first || !v->mine || !v->revokes || !v->counted || !v->next ||
	    !v->listed)
		return -ENOMEM;
	group_by_author(v);
	memset(v->revokes, 0xff, n * sizeof(*v->revokes));
	memset(v->counted, 0xff, n * sizeof(*v->counted));
	memset(v->next, 0xff, m * sizeof(*v->next));
	return 0;
}

void visit_deinit(struct visit *v)
{
	free(v->first);
	free(v->mine);
	free(v->revokes);
	free(v->counted);
	free(v->next);
	free(v->listed);
	seat_queue_deinit(&v->queue);
	*v = (struct visit){ .set = NULL };
}

int visit_run(struct visit *v, struct set *set)
{
	uint32_t genesis = set->pinned ? set_find(set, set->vault_id) : NONE;
	int r = visit_init(v, set);

	if (r || genesis == NONE || !(set->items[genesis].flags & SET_HELD))
		return r;
	r = carry(v, genesis);
	if (!r)
		r = seat_push(&v->queue,
			      (struct seat){ set->items[genesis].author, NONE,
					     genesis, 0 });
	if (!r)
		r = carry_recovery(v);
	while (!r && v->queue.n_heap > 0) {
		struct seat seat = seat_pop(&v->queue);

		if (!set->authors[seat.author].reached)
			r = visit_device(v, &seat);
	}
	return r;
}
