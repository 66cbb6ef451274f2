/*
 * A packed Ranges message from a hostile peer, against 300 ids, again and
 * again as one run. Answers fit into a message and are well-formed: our own
 * side takes them. Ids found are held or not, as told.
 */
#include "daemon/core/set/reconcile.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/set/order.h"
#include "daemon/core/set/table.h"
#include "tests/fuzz/scarce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct set set;
static const uint8_t key[32] = { 7 };

static void make_set(void)
{
	set_init(&set);
	for (uint32_t i = 0; i < 300; i++) {
		uint8_t id[ID_SIZE];
		uint32_t at;

		crypto_generichash(id, ID_SIZE, (const uint8_t *)&i, sizeof(i),
				   NULL, 0);
		REQUIRE(table_item(&set, id, &at) == 0);
		set.items[at].flags = SET_HELD | SET_CARRIED;
		REQUIRE(order_add(&set, 2, at) == 0);
	}
}

static void look_at(const struct id_list *want, const struct id_list *have)
{
	for (size_t i = 0; i < want->n; i++)
		REQUIRE(!set_holds(&set, want->ids + i * ID_SIZE));
	for (size_t i = 0; i < have->n; i++)
		REQUIRE(set_carries(&set, have->ids + i * ID_SIZE));
}

static int answer(struct reconcile *run, const Fob__Ranges *theirs)
{
	AUTO_ID_LIST struct id_list want = { 0 }, have = { 0 };
	AUTO_ID_LIST struct id_list want2 = { 0 }, have2 = { 0 };
	Fob__Ranges *ours = NULL, *again = NULL;
	struct reconcile other;
	int r = reconcile_answer(run, theirs, &ours, &want, &have);

	REQUIRE(r >= 0);
	look_at(&want, &have);
	if (ours) {
		REQUIRE(r == 0 && ours->n_ranges <= RANGES_PER_MESSAGE);
		REQUIRE(fob__ranges__get_packed_size(ours) <= MESSAGE_MAX);
		REQUIRE(reconcile_init(&other, &set, 2, key) == 0);
		REQUIRE(reconcile_answer(&other, ours, &again, &want2,
					 &have2) == 0);
		REQUIRE(!again && want2.n == 0 && have2.n == 0);
		reconcile_deinit(&other);
	}
	reconcile_free(ours);
	return r;
}

/* Without memory there is no answer, and nothing of one. */
static void starve(const Fob__Ranges *theirs, const uint8_t *data, size_t size)
{
	AUTO_ID_LIST struct id_list want = { 0 }, have = { 0 };
	Fob__Ranges *ours = NULL;
	struct reconcile run;
	int r;

	scarce_draw(data, size);
	r = reconcile_init(&run, &set, 2, key);
	if (r == 0) {
		r = reconcile_answer(&run, theirs, &ours, &want, &have);
		scarce_pause();
		reconcile_deinit(&run);
	}
	REQUIRE(scarce_over() ? r == -ENOMEM && !ours : r >= 0);
	reconcile_free(ours);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Fob__Ranges *theirs = fob__ranges__unpack(NULL, size, data);
	struct reconcile run;

	if (!theirs)
		return 0;
	if (!set.items)
		make_set();
	REQUIRE(reconcile_init(&run, &set, 2, key) == 0);
	for (int i = 0; i < 3 && answer(&run, theirs) == 0; i++)
		continue;
	reconcile_deinit(&run);
	starve(theirs, data, size);
	fob__ranges__free_unpacked(theirs, NULL);
	return 0;
}
