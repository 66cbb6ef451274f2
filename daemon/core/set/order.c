/* Sorting of ids and the hash over them. */
#include "daemon/core/set/order.h"

#include "daemon/core/set/table.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define FEW 16		/* so short a run is sorted by insertion */
#define INSERT_SHARE 64 /* up to n / INSERT_SHARE new ids are inserted */

int order_add(struct set *set, unsigned class, uint32_t at)
{
	uint32_t *list = table_grow(set->sorted[class], set->n_sorted[class],
				    &set->cap_sorted[class], sizeof(*list));

	if (!list)
		return -ENOMEM;
	set->sorted[class] = list;
	list[set->n_sorted[class]++] = at;
	set->n_carried[class]++;
	set->root_stale[class] = set->root_all_stale = true;
	return 0;
}

void order_clear(struct set *set, unsigned class)
{
	set->n_sorted[class] = set->n_ordered[class] = 0;
	set->n_carried[class] = 0;
	set->root_stale[class] = set->root_all_stale = true;
}

static bool before(const struct set *set, uint32_t a, uint32_t b)
{
	return memcmp(set->items[a].id, set->items[b].id, ID_SIZE) < 0;
}

/* Puts list[n] into its place among the n sorted ones before it. */
static void insert(const struct set *set, uint32_t *list, uint32_t n)
{
	uint32_t new = list[n], low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (before(set, list[middle], new))
			low = middle + 1;
		else
			high = middle;
	}
	memmove(list + low + 1, list + low, (n - low) * sizeof(*list));
	list[low] = new;
}

/* Puts each id into the bucket of its byte, swapping in place. */
static void scatter(const struct set *set, uint32_t *list, unsigned byte,
		    uint32_t start[static 257])
{
	uint32_t next[256];

	memcpy(next, start, sizeof(next));
	for (unsigned b = 0; b < 256; b++) {
		while (next[b] < start[b + 1]) {
			uint32_t at = list[next[b]];
			unsigned to = set->items[at].id[byte];

			list[next[b]] = list[next[to]];
			list[next[to]++] = at;
		}
	}
}

/*
 * Radix sort from the most significant byte. At most ID_SIZE deep, and
 * linear even when somebody made ids with long common beginnings.
 */
static void sort(const struct set *set, uint32_t *list, uint32_t n,
		 unsigned byte)
{
	uint32_t start[257] = { 0 };

	if (n <= FEW || byte == ID_SIZE) {
		for (uint32_t i = 1; i < n; i++)
			insert(set, list, i);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		start[set->items[list[i]].id[byte] + 1]++;
	for (unsigned b = 0; b < 256; b++)
		start[b + 1] += start[b];
	scatter(set, list, byte, start);
	for (unsigned b = 0; b < 256; b++)
		sort(set, list + start[b], start[b + 1] - start[b], byte + 1);
}

const uint32_t *set_sorted(struct set *set, unsigned class, uint32_t *ret_n)
{
	uint32_t *list = set->sorted[class];
	uint32_t n = set->n_sorted[class], ordered = set->n_ordered[class];

	if (n - ordered <= ordered / INSERT_SHARE) {
		for (; ordered < n; ordered++)
			insert(set, list, ordered);
	} else if (ordered < n) {
		sort(set, list, n, 0);
	}
	set->n_ordered[class] = n;
	*ret_n = n;
	return list;
}

/* --- roots ---------------------------------------------------------------- */

static void hash_class(crypto_generichash_state *state, struct set *set,
		       unsigned class)
{
	uint32_t n;
	const uint32_t *list = set_sorted(set, class, &n);

	for (uint32_t i = 0; i < n; i++)
		crypto_generichash_update(state, set->items[list[i]].id,
					  ID_SIZE);
}

void set_root(struct set *set, unsigned class, uint8_t ret[static ID_SIZE])
{
	crypto_generichash_state state;

	REQUIRE(class < CLASS_MAX);
	if (set->root_stale[class]) {
		crypto_generichash_init(&state, NULL, 0, ID_SIZE);
		hash_class(&state, set, class);
		crypto_generichash_final(&state, set->roots[class], ID_SIZE);
		set->root_stale[class] = false;
	}
	memcpy(ret, set->roots[class], ID_SIZE);
}

void set_root_all(struct set *set, uint8_t ret[static ID_SIZE])
{
	crypto_generichash_state state;

	if (set->root_all_stale) {
		crypto_generichash_init(&state, NULL, 0, ID_SIZE);
		for (unsigned c = 0; c < CLASS_MAX; c++)
			hash_class(&state, set, c);
		crypto_generichash_final(&state, set->root_all, ID_SIZE);
		set->root_all_stale = false;
	}
	memcpy(ret, set->root_all, ID_SIZE);
}

void set_proof(struct set *set, const uint8_t key[static 32], bool leader,
	       uint8_t ret[static SET_PROOF])
{
	const uint8_t side = leader ? 1 : 0;
	crypto_generichash_state state;

	crypto_generichash_init(&state, key, 32, SET_PROOF);
	crypto_generichash_update(&state, &side, sizeof(side));
	for (unsigned c = 0; c < CLASS_MAX; c++)
		hash_class(&state, set, c);
	crypto_generichash_final(&state, ret, SET_PROOF);
}
