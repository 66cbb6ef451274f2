/*
 * Ids under way against a plain list, and the masks of holders.
 *
 * Covers: asked, holders.
 */
#include "daemon/core/peer/sync.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/build.h"

/* --- asked ----------------------------------------------------------------- */

#define IDS 300
#define STEPS 20000

/* What each id should be: slot + 1 of whom it was asked, or 0. */
struct model {
	uint8_t asked[IDS];
	uint32_t n;
};

/* Many of them begin alike. */
static void name(uint32_t i, uint8_t ret[static ID_SIZE])
{
	uint32_t place = i % 7 == 0 ? i : UINT32_MAX - 2 + i % 5;

	memset(ret, 0, ID_SIZE);
	memcpy(ret, &place, sizeof(place));
	memcpy(ret + 8, &i, sizeof(i));
}

static uint32_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void one_step(struct sync *sync, struct model *model, uint64_t *state)
{
	uint32_t i = draw(state) % IDS, slot = draw(state) % 4;
	struct sync_peer *peer = &sync->peers[slot];
	uint8_t id[ID_SIZE];
	bool new = false;

	name(i, id);
	if (draw(state) % 400 == 0) {
		sync_asked_forget(sync, peer);
		for (uint32_t k = 0; k < IDS; k++) {
			if (model->asked[k] != slot + 1)
				continue;
			model->asked[k] = 0;
			model->n--;
		}
	} else if (draw(state) % 2) {
		assert_int_equal(sync_asked_add(sync, id, peer, &new), 0);
		assert_int_equal(new, !model->asked[i]);
		if (new) {
			model->asked[i] = (uint8_t)(slot + 1);
			model->n++;
		}
	} else {
		bool was = model->asked[i] == slot + 1;

		assert_int_equal(sync_asked_remove(sync, id, peer), was);
		if (was) {
			model->asked[i] = 0;
			model->n--;
		}
	}
	assert_int_equal(sync->n_asked, model->n);
}

static void test_asked_as_a_list(void **state UNUSED)
{
	struct sync sync;
	struct set set;
	struct model model = { .n = 0 };
	uint64_t seed = 1;
	uint8_t id[ID_SIZE];

	set_init(&set);
	sync_init(&sync, &set);
	for (int i = 0; i < STEPS; i++)
		one_step(&sync, &model, &seed);
	/* What is left is found by who asked for it, and by nobody else. */
	for (uint32_t i = 0; i < IDS; i++) {
		name(i, id);
		for (uint32_t slot = 0; slot < 4; slot++)
			if (slot + 1 != model.asked[i])
				assert_false(sync_asked_remove(
					&sync, id, &sync.peers[slot]));
		if (model.asked[i])
			assert_true(sync_asked_remove(
				&sync, id, &sync.peers[model.asked[i] - 1]));
	}
	assert_int_equal(sync.n_asked, 0);
	assert_null(sync.asked); /* nothing is kept for nothing */
	sync_deinit(&sync);
	set_deinit(&set);
}

/* Ids that somebody made to begin alike must not all meet in one place. */
static void test_asked_made_up(void **state UNUSED)
{
	struct set set;
	struct sync sync;
	uint32_t run = 0, longest = 0;
	uint8_t id[ID_SIZE] = { 7, 7, 7, 7, 7, 7, 7, 7 };
	bool new;

	set_init(&set);
	sync_init(&sync, &set);
	for (uint32_t i = 0; i < 20000; i++) {
		memcpy(id + ID_SIZE - sizeof(i), &i, sizeof(i));
		assert_int_equal(
			sync_asked_add(&sync, id, &sync.peers[i % 2], &new), 0);
	}
	for (uint32_t at = 0; at < sync.cap_asked; at++) {
		run = sync.asked[at].slot ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	assert_in_range(longest, 1, 200);
	sync_asked_forget(&sync, &sync.peers[0]);
	assert_int_equal(sync.n_asked, 10000);
	for (uint32_t i = 0; i < 20000; i++) {
		memcpy(id + ID_SIZE - sizeof(i), &i, sizeof(i));
		assert_int_equal(sync_asked_remove(&sync, id, &sync.peers[1]),
				 i % 2);
	}
	assert_null(sync.asked);
	sync_deinit(&sync);
	set_deinit(&set);
}

/* --- holders --------------------------------------------------------------- */

struct vault {
	struct build b;
	struct set set;
	struct sync sync;
};

static void vault_open(struct vault *v, int devices)
{
	build_init(&v->b, 1);
	set_init(&v->set);
	sync_init(&v->sync, &v->set);
	for (int i = 1; i < devices; i++)
		build_add(&v->b, 0, i, FOB__ROLE__DEVICE, (uint32_t)i);
	for (int i = 0; i < v->b.n_items; i++)
		assert_int_equal(build_put(&v->b, i, &v->set, NULL), 0);
	assert_int_equal(set_evaluate(&v->set), 0);
}

static void vault_close(struct vault *v)
{
	sync_deinit(&v->sync);
	set_deinit(&v->set);
	build_deinit(&v->b);
}

static uint32_t author(struct vault *v, int device)
{
	return set_author(&v->set, build_keys(&v->b, device)->id);
}

/* A device without a slot is not tracked; one that was revoked makes room. */
static void test_slots_again(void **state UNUSED)
{
	static struct vault v;
	unsigned slot;
	uint32_t genesis;

	vault_open(&v, HOLDER_SLOTS + 2);
	genesis = set_find(&v.set, build_id(&v.b, 0));
	for (int i = 1; i <= HOLDER_SLOTS; i++)
		assert_in_range(sync_holder_slot(&v.sync, author(&v, i)), 0,
				HOLDER_SLOTS - 1);
	slot = sync_holder_slot(&v.sync, author(&v, 5));
	assert_int_equal(sync_holder_slot(&v.sync, author(&v, 5)), slot);
	assert_int_equal(sync_holder_slot(&v.sync,
					  author(&v, HOLDER_SLOTS + 1)),
			 HOLDER_SLOTS);

	sync_holds(&v.sync, genesis, slot);
	sync_holds(&v.sync, genesis, slot == 0 ? 1 : 0);
	assert_true(v.sync.masks_dirty);
	assert_true(v.set.items[genesis].marks & SYNC_MASK_DIRTY);
	build_put(&v.b, build_revoke(&v.b, 0, 5, NULL), &v.set, NULL);
	assert_int_equal(set_evaluate(&v.set), 0);
	assert_int_equal(
		sync_holder_slot(&v.sync, author(&v, HOLDER_SLOTS + 1)), slot);
	/* What the former one held says nothing of the new one. */
	assert_int_equal(v.set.items[genesis].holders,
			 UINT64_C(1) << (slot == 0 ? 1 : 0));
	vault_close(&v);
}

/* A complete run says who holds what is carried, and nothing else. */
static void test_holds_all(void **state UNUSED)
{
	static struct vault v;
	struct sync_peer peer = { .conn = 1 };
	int late, entry;
	unsigned slot;

	vault_open(&v, 3);
	entry = build_entry(&v.b, 1, 1, (struct build_list){ NULL, 0 });
	build_put(&v.b, entry, &v.set, NULL);
	/* Device 1 is revoked without its entry: that is quarantined. */
	late = build_revoke(&v.b, 0, 1, NULL);
	build_put(&v.b, late, &v.set, NULL);
	assert_int_equal(set_evaluate(&v.set), 0);
	peer.author = author(&v, 2);
	slot = sync_holder_slot(&v.sync, peer.author);
	sync_holds(&v.sync, set_find(&v.set, build_id(&v.b, entry)), slot);
	sync_holds_all(&v.sync, &peer);
	for (uint32_t i = 0; i < v.set.n_items; i++)
		assert_int_equal(v.set.items[i].holders >> slot & 1,
				 !!(v.set.items[i].flags & SET_CARRIED));
	assert_false(
		v.set.items[set_find(&v.set, build_id(&v.b, entry))].holders >>
			slot &
		1);
	vault_close(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_as_a_list),
		cmocka_unit_test(test_asked_made_up),
		cmocka_unit_test(test_slots_again),
		cmocka_unit_test(test_holds_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
