/*
 * What the carried class 0 means: members, suspensions and who may lift them,
 * groups, what is held back from the view, heads and missing ids. Where order
 * could matter, the items come in several orders. Covers: group, suspension,
 * withheld.
 */
#include "daemon/core/trust/roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/lib/build.h"

#define KIT BUILD_RECOVERY
#define NOTHING ((struct build_list){ NULL, 0 })
#define MAIN 0u

struct world {
	struct build b;
	struct set set;
	struct roster roster;
};

static void world_init(struct world *w)
{
	build_init(&w->b, 7);
	set_init(&w->set);
	roster_init(&w->roster);
}

static void world_deinit(struct world *w)
{
	roster_deinit(&w->roster);
	set_deinit(&w->set);
	build_deinit(&w->b);
}

/* Puts all items that are not there yet; those that must wait come later. */
static void load(struct world *w)
{
	bool again = true;

	for (int round = 0; again && round < w->b.n_items + 1; round++) {
		again = false;
		for (int i = 0; i < w->b.n_items; i++) {
			int r = build_put(&w->b, i, &w->set, NULL);

			again |= r == SET_ERR_STRANGER;
			assert_true(r == 0 || r == SET_ERR_HELD ||
				    r == SET_ERR_STRANGER);
		}
	}
	assert_int_equal(set_evaluate(&w->set), 0);
	assert_int_equal(roster_evaluate(&w->roster, &w->set), 0);
	assert_int_equal(w->roster.n_devices, w->set.n_authors);
}

static uint32_t device(const struct world *w, int number)
{
	struct build_device d;
	uint32_t at;

	build_device(&d, 7, number);
	at = set_author(&w->set, d.id);
	assert_int_not_equal(at, NONE);
	return at;
}

static const struct roster_device *info(const struct world *w, int number)
{
	return &w->roster.devices[device(w, number)];
}

static uint32_t at(const struct world *w, int item)
{
	uint32_t index = set_find(&w->set, build_id(&w->b, item));

	assert_int_not_equal(index, NONE);
	return index;
}

static bool valid(const struct world *w, int item)
{
	return roster_view_valid(&w->roster, at(w, item));
}

static int add(struct world *w, int by, int number, uint32_t ordinal)
{
	return build_add(&w->b, by, number, FOB__ROLE__DEVICE, ordinal);
}

/* --- GROUPs, which tests/lib leaves to us --------------------------------- */

struct change {
	int group; /* the item that makes it; BUILD_NONE: this one */
	struct build_list add, remove; /* device numbers */
	struct build_list tips1, tips2, undo;
};

#define LIST_SPACE 8

struct ids {
	uint8_t bytes[LIST_SPACE][ID_SIZE];
	ProtobufCBinaryData data[LIST_SPACE];
};

static void device_ids(struct ids *ids, struct build_list list)
{
	for (size_t i = 0; i < list.n; i++) {
		struct build_device d;

		build_device(&d, 7, list.items[i]);
		memcpy(ids->bytes[i], d.id, DEVICE_ID_SIZE);
		ids->data[i] =
			(ProtobufCBinaryData){ DEVICE_ID_SIZE, ids->bytes[i] };
	}
}

static void item_ids(const struct world *w, struct ids *ids,
		     struct build_list list)
{
	for (size_t i = 0; i < list.n; i++) {
		memcpy(ids->bytes[i], build_id(&w->b, list.items[i]), ID_SIZE);
		ids->data[i] = (ProtobufCBinaryData){ ID_SIZE, ids->bytes[i] };
	}
}

static int group(struct world *w, int by, const struct change *c)
{
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Group g = FOB__GROUP__INIT;
	struct ids adds, removes, tips1, tips2, undos;
	uint8_t id[ID_SIZE];

	if (c->group != BUILD_NONE) {
		memcpy(id, build_id(&w->b, c->group), ID_SIZE);
		g.group = (ProtobufCBinaryData){ ID_SIZE, id };
	}
	device_ids(&adds, c->add);
	device_ids(&removes, c->remove);
	item_ids(w, &tips1, c->tips1);
	item_ids(w, &tips2, c->tips2);
	item_ids(w, &undos, c->undo);
	g.add = adds.data;
	g.n_add = c->add.n;
	g.remove = removes.data;
	g.n_remove = c->remove.n;
	g.tips1 = tips1.data;
	g.n_tips1 = c->tips1.n;
	g.tips2 = tips2.data;
	g.n_tips2 = c->tips2.n;
	g.undo = undos.data;
	g.n_undo = c->undo.n;
	head.kind = FOB__KIND__GROUP;
	head.group = &g;
	return build_head(&w->b, by, &head, (struct bytes){ NULL, 0 });
}

/* An ENTRY of a group made by an item. */
static int entry(struct world *w, int by, int maker)
{
	static const uint8_t zeros[64];
	uint8_t id[ID_SIZE], record[RECORD_ID_SIZE] = { 5 };
	uint8_t z[64] = { 0 };
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Entry e = FOB__ENTRY__INIT;

	memcpy(id, build_id(&w->b, maker), ID_SIZE);
	record[1] = (uint8_t)w->b.n_items;
	e.group = (ProtobufCBinaryData){ ID_SIZE, id };
	e.record = (ProtobufCBinaryData){ RECORD_ID_SIZE, record };
	e.kid = (ProtobufCBinaryData){ KID_SIZE, z };
	e.nonce = (ProtobufCBinaryData){ NONCE_SIZE, z };
	e.commitment = (ProtobufCBinaryData){ COMMITMENT_SIZE, z };
	head.kind = FOB__KIND__ENTRY;
	head.entry = &e;
	return build_head(&w->b, by, &head, (struct bytes){ zeros, 32 });
}

static bool reads(const struct world *w, int maker, int number)
{
	uint32_t g = set_group(&w->set, build_id(&w->b, maker));

	assert_int_not_equal(g, NONE);
	return roster_reads(&w->roster, g, device(w, number));
}

/* --- members -------------------------------------------------------------- */

static void test_members(UNUSED void **state)
{
	struct world w;

	world_init(&w);
	add(&w, 0, 1, 1);
	build_add(&w.b, 0, 2, FOB__ROLE__KEEPER, 2);
	add(&w, 1, 3, 1);
	load(&w);
	assert_true(info(&w, 0)->reader && info(&w, 1)->reader);
	assert_true(info(&w, 2)->member);
	assert_false(info(&w, 2)->reader);
	assert_true(roster_reads(&w.roster, MAIN, device(&w, 0)));
	assert_true(roster_reads(&w.roster, MAIN, device(&w, 3)));
	assert_false(roster_reads(&w.roster, MAIN, device(&w, 2)));
	assert_false(roster_reads(&w.roster, MAIN, NONE));
	assert_false(roster_reads(&w.roster, 99, device(&w, 0)));
	assert_true(roster_outranks(&w.roster, device(&w, 0), device(&w, 3)));
	assert_true(roster_outranks(&w.roster, device(&w, 1), device(&w, 3)));
	assert_false(roster_outranks(&w.roster, device(&w, 3), device(&w, 1)));
	assert_false(roster_outranks(&w.roster, device(&w, 1), device(&w, 1)));
	assert_int_equal(roster_next_ordinal(&w.roster, device(&w, 0)), 3);
	assert_int_equal(roster_next_ordinal(&w.roster, device(&w, 1)), 2);
	assert_int_equal(roster_next_ordinal(&w.roster, device(&w, 3)), 1);
	assert_int_equal(roster_next_ordinal(&w.roster, NONE), 1);
	world_deinit(&w);
}

static void test_revoked(UNUSED void **state)
{
	struct world w;
	int old, late;

	world_init(&w);
	add(&w, 0, 1, 1);
	old = build_entry(&w.b, 1, 1, NOTHING);
	late = build_entry(&w.b, 1, 2, NOTHING);
	build_revoke(&w.b, 0, 1,
		     (struct build_list[]){ NOTHING, NOTHING,
					    BUILD_LIST(old) });
	load(&w);
	assert_false(info(&w, 1)->member || info(&w, 1)->reader);
	assert_false(roster_outranks(&w.roster, device(&w, 0), device(&w, 1)));
	assert_true(valid(&w, old));
	assert_false(valid(&w, late));
	world_deinit(&w);
}

/* It voids nothing that is carried, and what its tips leave out is stale. */
static void test_self_revoked(UNUSED void **state)
{
	struct world w;
	int old, late;

	world_init(&w);
	add(&w, 0, 1, 1);
	old = build_entry(&w.b, 1, 1, NOTHING);
	build_revoke(&w.b, 1, 1,
		     (struct build_list[]){ NOTHING, NOTHING,
					    BUILD_LIST(old) });
	late = build_entry(&w.b, 1, 2, NOTHING);
	load(&w);
	assert_false(info(&w, 1)->member);
	assert_true(valid(&w, old));
	assert_true(set_carries(&w.set, build_id(&w.b, late)));
	assert_false(valid(&w, late));
	world_deinit(&w);
}

/* --- suspension ----------------------------------------------------------- */

static void test_suspended(UNUSED void **state)
{
	struct world w;
	int old, late, later, suspend;

	world_init(&w);
	add(&w, 0, 1, 1);
	old = build_entry(&w.b, 0, 1, NOTHING);
	late = build_entry(&w.b, 0, 2, NOTHING);
	suspend = build_suspend(&w.b, 1, 0, NOTHING, BUILD_LIST(old));
	load(&w);
	assert_true(info(&w, 0)->suspended && info(&w, 0)->member);
	assert_int_equal(info(&w, 0)->suspend, at(&w, suspend));
	assert_true(valid(&w, old));
	assert_false(valid(&w, late));
	assert_true(set_carries(&w.set, build_id(&w.b, late)));
	/* What comes in afterwards is held back too. */
	later = build_entry(&w.b, 0, 3, NOTHING);
	load(&w);
	assert_false(valid(&w, later));
	build_lift(&w.b, 1, suspend);
	load(&w);
	assert_false(info(&w, 0)->suspended);
	assert_int_equal(info(&w, 0)->suspend, NONE);
	assert_true(valid(&w, late) && valid(&w, later));
	world_deinit(&w);
}

/* Two that suspend each other are both suspended: a suspended one counts. */
static void test_mutual(UNUSED void **state)
{
	struct world w;

	world_init(&w);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	build_suspend(&w.b, 1, 2, NOTHING, NOTHING);
	build_suspend(&w.b, 2, 1, NOTHING, NOTHING);
	build_suspend(&w.b, 2, 2, NOTHING, NOTHING);
	load(&w);
	assert_true(info(&w, 1)->suspended && info(&w, 2)->suspended);
	assert_false(info(&w, 0)->suspended);
	/* Both stay members, and may still be revoked by their senior. */
	assert_true(roster_outranks(&w.roster, device(&w, 0), device(&w, 2)));
	world_deinit(&w);
}

/* Suspends 1 by 2, and lifts it by somebody. 3 was brought in by 1. */
static bool lift_works(int lifter)
{
	struct world w;
	int suspend;
	bool works;

	world_init(&w);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	add(&w, 1, 3, 1);
	add(&w, 3, 4, 1);
	add(&w, 2, 5, 1);
	suspend = build_suspend(&w.b, 2, 1, NOTHING, NOTHING);
	build_lift(&w.b, lifter, suspend);
	load(&w);
	works = !info(&w, 1)->suspended;
	world_deinit(&w);
	return works;
}

static void test_lift(UNUSED void **state)
{
	assert_true(lift_works(0));   /* a member above */
	assert_false(lift_works(1));  /* the suspended one */
	assert_true(lift_works(2));   /* its author */
	assert_false(lift_works(3));  /* brought in by the suspended one */
	assert_false(lift_works(4));  /* and by whom that one brought in */
	assert_true(lift_works(5));   /* a member beside */
	assert_true(lift_works(KIT)); /* the recovery key */
}

/* 3 has two ADDs; one of its paths has the suspended 1 on it: no lift. */
static void test_lift_any_path(UNUSED void **state)
{
	struct world w;
	int suspend;

	world_init(&w);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	add(&w, 0, 3, 3);
	add(&w, 1, 3, 1);
	suspend = build_suspend(&w.b, 2, 1, NOTHING, NOTHING);
	build_lift(&w.b, 3, suspend);
	load(&w);
	assert_true(info(&w, 1)->suspended);
	world_deinit(&w);
}

/* A SUSPEND by a revoked device, or of one, is nothing. */
static void test_suspend_by_revoked(UNUSED void **state)
{
	struct world w;
	int suspend;

	world_init(&w);
	add(&w, 0, 1, 1);
	suspend = build_suspend(&w.b, 1, 0, NOTHING, NOTHING);
	build_suspend(&w.b, 0, 1, NOTHING, NOTHING);
	build_revoke(&w.b, 0, 1,
		     (struct build_list[]){ BUILD_LIST(suspend), NOTHING,
					    NOTHING });
	load(&w);
	assert_true(set_carries(&w.set, build_id(&w.b, suspend)));
	assert_false(info(&w, 0)->suspended);
	assert_false(info(&w, 1)->suspended);
	world_deinit(&w);
}

/* A friend's SUSPEND with wide tips must not undo that of an honest device. */
static void test_two_suspends(UNUSED void **state)
{
	struct world w;
	int old, late, one;

	world_init(&w);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	add(&w, 1, 3, 1);
	old = build_entry(&w.b, 1, 1, NOTHING);
	late = build_entry(&w.b, 1, 2, NOTHING);
	one = build_suspend(&w.b, 2, 1, NOTHING, BUILD_LIST(old));
	build_suspend(&w.b, 3, 1, NOTHING, BUILD_LIST(late));
	load(&w);
	assert_true(valid(&w, old));
	assert_false(valid(&w, late));
	build_lift(&w.b, 0, one);
	load(&w);
	assert_true(info(&w, 1)->suspended);
	assert_true(valid(&w, late));
	world_deinit(&w);
}

/* --- groups --------------------------------------------------------------- */

static void test_group(UNUSED void **state)
{
	struct world w;
	int maker, e1, e2;

	world_init(&w);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	build_add(&w.b, 0, 3, FOB__ROLE__KEEPER, 3);
	maker = group(&w, 1,
		      &(struct change){ .group = BUILD_NONE,
					.add = BUILD_LIST(2, 3) });
	e1 = entry(&w, 2, maker);
	e2 = entry(&w, 0, maker);
	load(&w);
	assert_true(reads(&w, maker, 1));
	assert_true(reads(&w, maker, 2));
	assert_false(reads(&w, maker, 0));
	assert_false(reads(&w, maker, 3)); /* keepers read nothing */
	assert_true(valid(&w, e1));
	assert_false(valid(&w, e2)); /* written by no reader */
	world_deinit(&w);
}

/* Only a reader or the kit adds. */
static void test_group_add(UNUSED void **state)
{
	struct world w;
	int maker;

	world_init(&w);
	for (int i = 1; i <= 5; i++)
		add(&w, 0, i, (uint32_t)i);
	maker = group(&w, 0,
		      &(struct change){ .group = BUILD_NONE,
					.add = BUILD_LIST(1) });
	group(&w, 1, &(struct change){ .group = maker, .add = BUILD_LIST(2) });
	group(&w, 3,
	      &(struct change){ .group = maker, .add = BUILD_LIST(3, 4) });
	group(&w, KIT,
	      &(struct change){ .group = maker, .add = BUILD_LIST(5) });
	load(&w);
	assert_true(reads(&w, maker, 2));
	assert_false(reads(&w, maker, 3));
	assert_false(reads(&w, maker, 4));
	assert_true(reads(&w, maker, 5));
	world_deinit(&w);
}

/* 1 makes a group of 2, 3, 4; `by` removes `target`. */
static bool removal_works(int by, int target)
{
	struct world w;
	bool works;
	int maker;

	world_init(&w);
	for (int i = 1; i <= 5; i++)
		add(&w, 0, i, (uint32_t)i);
	maker = group(&w, 2,
		      &(struct change){ .group = BUILD_NONE,
					.add = BUILD_LIST(1, 3, 4) });
	group(&w, by,
	      &(struct change){ .group = maker,
				.remove = (struct build_list){ &target, 1 } });
	load(&w);
	works = !reads(&w, maker, target);
	world_deinit(&w);
	return works;
}

static void test_group_remove(UNUSED void **state)
{
	assert_true(removal_works(3, 3));   /* by itself */
	assert_true(removal_works(KIT, 3)); /* by the recovery key */
	assert_true(removal_works(2, 1));   /* by the creator, a senior */
	assert_true(removal_works(3, 4));   /* by a reader of higher rank */
	assert_true(removal_works(1, 2));   /* the creator, by such a one */
	assert_false(removal_works(4, 3));  /* not by a junior reader */
	assert_false(removal_works(0, 3));  /* not by a senior that reads not */
	assert_false(removal_works(5, 4));
}

/* Whom a senior removed brings nobody in, and is brought back by no junior. */
static void test_group_removed_adds_nobody(UNUSED void **state)
{
	struct world w;
	int maker;

	world_init(&w);
	for (int i = 1; i <= 5; i++)
		add(&w, 0, i, (uint32_t)i);
	maker = group(&w, 1,
		      &(struct change){ .group = BUILD_NONE,
					.add = BUILD_LIST(2, 3) });
	group(&w, 2, &(struct change){ .group = maker, .add = BUILD_LIST(4) });
	group(&w, 1,
	      &(struct change){ .group = maker, .remove = BUILD_LIST(2) });
	group(&w, 3, &(struct change){ .group = maker, .add = BUILD_LIST(2) });
	load(&w);
	assert_false(reads(&w, maker, 2));
	assert_false(reads(&w, maker, 4));
	assert_true(reads(&w, maker, 3));
	world_deinit(&w);
}

/* 2 removes 4 from a group of 1, 2, 3, 4; `by` adds 4 again. */
static bool undo_works(int by, bool named)
{
	struct world w;
	bool works;
	int maker, removal;

	world_init(&w);
	for (int i = 1; i <= 4; i++)
		add(&w, 0, i, (uint32_t)i);
	maker = group(&w, 1,
		      &(struct change){ .group = BUILD_NONE,
					.add = BUILD_LIST(2, 3, 4) });
	removal = group(&w, 2,
			&(struct change){ .group = maker,
					  .remove = BUILD_LIST(4) });
	group(&w, by,
	      &(struct change){ .group = maker,
				.add = BUILD_LIST(4),
				.undo = named ? BUILD_LIST(removal) :
						NOTHING });
	load(&w);
	works = reads(&w, maker, 4);
	world_deinit(&w);
	return works;
}

static void test_group_undo(UNUSED void **state)
{
	assert_true(undo_works(2, true)); /* the remover */
	assert_false(undo_works(2, false));
	assert_true(undo_works(1, true)); /* a senior reader */
	assert_false(undo_works(1, false));
	assert_true(undo_works(KIT, true));
	assert_false(undo_works(KIT, false));
	assert_false(undo_works(3, true)); /* a junior */
	assert_false(undo_works(4, true)); /* the removed one */
	assert_false(undo_works(0, true)); /* a senior that reads not */
}

/* Under the tips of the removal they count, and only in that group. */
static void test_group_held_back(UNUSED void **state)
{
	struct world w;
	int maker, old, late, elsewhere;

	world_init(&w);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	maker = group(&w, 1,
		      &(struct change){ .group = BUILD_NONE,
					.add = BUILD_LIST(2) });
	old = entry(&w, 2, maker);
	late = entry(&w, 2, maker);
	elsewhere = build_entry(&w.b, 2, 9, NOTHING);
	group(&w, 1,
	      &(struct change){ .group = maker,
				.remove = BUILD_LIST(2),
				.tips2 = BUILD_LIST(old) });
	/* Its own, wider acceptance is worth nothing beside that. */
	group(&w, 2,
	      &(struct change){ .group = maker,
				.remove = BUILD_LIST(2),
				.tips2 = BUILD_LIST(elsewhere) });
	load(&w);
	assert_false(reads(&w, maker, 2));
	assert_true(valid(&w, old));
	assert_false(valid(&w, late));
	assert_true(valid(&w, elsewhere));
	assert_true(set_carries(&w.set, build_id(&w.b, late)));
	world_deinit(&w);
}

/* A KEY of the group with an empty list, or a GRANT of it to its author. */
static int key_of(struct world *w, int by, int maker, bool grant)
{
	static uint8_t bytes[BOX_SIZE];
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Key key = FOB__KEY__INIT;
	Fob__Grant g = FOB__GRANT__INIT;
	Fob__Wrap wrap = FOB__WRAP__INIT;
	uint8_t id[GROUP_ID_SIZE];

	memcpy(id, build_id(&w->b, maker), sizeof(id));
	key.group = g.group = (ProtobufCBinaryData){ sizeof(id), id };
	key.kid = g.kid = (ProtobufCBinaryData){ KID_SIZE, bytes };
	wrap.recipient = (ProtobufCBinaryData){ DEVICE_ID_SIZE, id };
	wrap.ephemeral = (ProtobufCBinaryData){ KEY_SIZE, bytes };
	wrap.box = (ProtobufCBinaryData){ BOX_SIZE, bytes };
	g.wrap = &wrap;
	head.kind = grant ? FOB__KIND__GRANT : FOB__KIND__KEY;
	head.key = grant ? NULL : &key;
	head.grant = grant ? &g : NULL;
	return build_head(&w->b, by, &head, (struct bytes){ NULL, 0 });
}

/* Nor do keys count that the removed made after what was accepted. */
static void test_group_keys_held_back(UNUSED void **state)
{
	struct world w;
	int maker, old, late, grant, elsewhere;

	world_init(&w);
	add(&w, 0, 1, 1);
	add(&w, 0, 2, 2);
	maker = group(&w, 1,
		      &(struct change){ .group = BUILD_NONE,
					.add = BUILD_LIST(2) });
	old = key_of(&w, 2, maker, false);
	late = key_of(&w, 2, maker, false);
	grant = key_of(&w, 2, maker, true);
	elsewhere = build_key(&w.b, 2, 9);
	group(&w, 1,
	      &(struct change){ .group = maker,
				.remove = BUILD_LIST(2),
				.tips1 = BUILD_LIST(old) });
	load(&w);
	assert_true(valid(&w, old));
	assert_false(valid(&w, late));
	assert_false(valid(&w, grant));
	assert_true(valid(&w, elsewhere));
	world_deinit(&w);
}

/* Nobody leaves main but by REVOKE. */
static void test_main_stays(UNUSED void **state)
{
	static uint8_t zeros[GROUP_ID_SIZE];
	Fob__Head head = FOB__HEAD__INIT;
	Fob__Group g = FOB__GROUP__INIT;
	struct ids ids;
	struct world w;

	world_init(&w);
	add(&w, 0, 1, 1);
	device_ids(&ids, BUILD_LIST(1));
	g.group = (ProtobufCBinaryData){ GROUP_ID_SIZE, zeros };
	g.remove = ids.data;
	g.n_remove = 1;
	head.kind = FOB__KIND__GROUP;
	head.group = &g;
	build_head(&w.b, 0, &head, (struct bytes){ NULL, 0 });
	load(&w);
	assert_true(roster_reads(&w.roster, MAIN, device(&w, 1)));
	world_deinit(&w);
}

/* --- heads and missing ids ------------------------------------------------ */

static bool is_head(const struct world *w, int item)
{
	for (uint32_t i = 0; i < w->roster.n_heads; i++)
		if (w->roster.heads[i] == at(w, item))
			return true;
	return false;
}

static void test_heads(UNUSED void **state)
{
	struct world w;
	int a1, a2;

	world_init(&w);
	load(&w);
	assert_int_equal(w.roster.n_heads, 1);
	assert_true(is_head(&w, w.b.genesis));
	a1 = add(&w, 0, 1, 1);
	load(&w);
	assert_int_equal(w.roster.n_heads, 1);
	assert_true(is_head(&w, a1));
	/* A first item of 1 that has seen nothing is a head beside it. */
	a2 = add(&w, 1, 2, 1);
	load(&w);
	assert_int_equal(w.roster.n_heads, 2);
	w.b.roster = BUILD_LIST(a1, a2);
	a1 = add(&w, 2, 3, 1);
	load(&w);
	assert_int_equal(w.roster.n_heads, 1);
	assert_true(is_head(&w, a1));
	world_deinit(&w);
}

static void test_heads_are_few(UNUSED void **state)
{
	struct world w;

	world_init(&w);
	for (int i = 1; i <= 7; i++) {
		w.b.prev_none = true;
		add(&w, KIT, i, (uint32_t)i);
	}
	load(&w);
	assert_int_equal(w.roster.n_heads, ROSTER_MAX);
	for (uint32_t i = 1; i < ROSTER_MAX; i++)
		assert_true(memcmp(w.set.items[w.roster.heads[i - 1]].id,
				   w.set.items[w.roster.heads[i]].id,
				   ID_SIZE) < 0);
	for (int i = 0; i < w.b.n_items; i++)
		if (!is_head(&w, i))
			assert_true(memcmp(build_id(&w.b, i),
					   w.set.items[w.roster.heads[3]].id,
					   ID_SIZE) > 0);
	world_deinit(&w);
}

static void test_missing(UNUSED void **state)
{
	struct world w;
	int hidden;

	world_init(&w);
	add(&w, 0, 1, 1);
	hidden = add(&w, 0, 2, 2);
	w.b.roster = BUILD_LIST(hidden);
	add(&w, 1, 3, 1);
	for (int i = 0; i < w.b.n_items; i++)
		if (i != hidden)
			assert_int_equal(build_put(&w.b, i, &w.set, NULL), 0);
	assert_int_equal(set_evaluate(&w.set), 0);
	assert_int_equal(roster_evaluate(&w.roster, &w.set), 0);
	assert_int_equal(w.roster.n_missing, 1);
	assert_memory_equal(w.roster.missing[0], build_id(&w.b, hidden),
			    ID_SIZE);
	load(&w);
	assert_int_equal(w.roster.n_missing, 0);
	world_deinit(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_self_revoked),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_mutual),
		cmocka_unit_test(test_lift),
		cmocka_unit_test(test_lift_any_path),
		cmocka_unit_test(test_suspend_by_revoked),
		cmocka_unit_test(test_two_suspends),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_group_add),
		cmocka_unit_test(test_group_remove),
		cmocka_unit_test(test_group_removed_adds_nobody),
		cmocka_unit_test(test_group_undo),
		cmocka_unit_test(test_group_held_back),
		cmocka_unit_test(test_group_keys_held_back),
		cmocka_unit_test(test_main_stays),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_heads_are_few),
		cmocka_unit_test(test_missing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
