#include "daemon/core/view/vault.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

#define SEED_HASH 16
#define TAG_PREFIX "tag/"
#define SLOTS_MIN 64u

void vault_init(struct vault *vault)
{
	*vault = (struct vault){ 0 };
}

static void wipe_entry(struct vault_entry *entry)
{
	if (entry->block)
		sodium_memzero(entry->block, entry->block_len);
	free(entry->block);
	sodium_memzero(entry, sizeof(*entry));
}

void vault_lock(struct vault *vault)
{
	for (uint32_t i = 0; i < vault->n; i++)
		wipe_entry(&vault->entries[i]);
	free(vault->entries);
	free(vault->places);
	free(vault->by_seed.slots);
	sodium_memzero(vault, sizeof(*vault));
}

void vault_deinit(struct vault *vault)
{
	if (vault)
		vault_lock(vault);
}

/* --- rows ------------------------------------------------------------------ */

/* The place of a record's row, or NONE. */
static uint32_t place(const struct vault *vault, uint32_t record)
{
	return record < vault->n_places ? vault->places[record] - 1 : NONE;
}

const struct vault_entry *vault_find(const struct vault *vault, uint32_t record)
{
	uint32_t at = place(vault, record);

	return at != NONE ? &vault->entries[at] : NULL;
}

/* The last row fills the gap, so a removal costs the same anywhere. */
void vault_remove(struct vault *vault, uint32_t record)
{
	uint32_t at = place(vault, record);
	struct vault_entry *last;

	if (at == NONE)
		return;
	wipe_entry(&vault->entries[at]);
	vault->places[record] = 0;
	last = &vault->entries[--vault->n];
	if (at == vault->n)
		return;
	vault->entries[at] = *last;
	vault->places[last->record] = at + 1;
	sodium_memzero(last, sizeof(*last));
}

/* Rows hold nothing but pointers to what they say, so they may move. */
static int make_room(struct vault *vault)
{
	uint32_t cap = vault->cap ? vault->cap + vault->cap / 2 : 16;
	struct vault_entry *entries;

	if (vault->n < vault->cap)
		return 0;
	if (cap <= vault->cap)
		return -ENOMEM;
	entries = calloc(cap, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	if (vault->n > 0) {
		memcpy(entries, vault->entries, vault->n * sizeof(*entries));
		sodium_memzero(vault->entries, vault->n * sizeof(*entries));
	}
	free(vault->entries);
	vault->entries = entries;
	vault->cap = cap;
	return 0;
}

static int make_place(struct vault *vault, uint32_t record)
{
	size_t n = (size_t)record + record / 2 + 16;
	uint32_t *places;

	if (record < vault->n_places)
		return 0;
	if (n > UINT32_MAX)
		return -ENOMEM;
	places = realloc(vault->places, n * sizeof(*places));
	if (!places)
		return -ENOMEM;
	memset(places + vault->n_places, 0,
	       (n - vault->n_places) * sizeof(*places));
	vault->places = places;
	vault->n_places = (uint32_t)n;
	return 0;
}

/* --- seeds ----------------------------------------------------------------- */

static void hash_seed(const struct vault *vault, struct bytes secret,
		      uint8_t ret[static SEED_HASH])
{
	int r = crypto_generichash_blake2b(ret, SEED_HASH, secret.p, secret.n,
					   vault->seed_key, KEY_SIZE);

	REQUIRE(r == 0);
}

static uint32_t short_hash(const uint8_t hash[static SEED_HASH])
{
	uint32_t h;

	memcpy(&h, hash, sizeof(h));
	return h;
}

static void insert_seed(struct vault_seeds *seeds, uint32_t hash,
			uint32_t record)
{
	uint32_t at = hash & seeds->mask;

	while (seeds->slots[at].record != 0) {
		if (seeds->slots[at].record == record + 1 &&
		    seeds->slots[at].hash == hash)
			return;
		at = (at + 1) & seeds->mask;
	}
	seeds->slots[at].hash = hash;
	seeds->slots[at].record = record + 1;
	seeds->used++;
}

static size_t count_seeds(const struct vault *vault)
{
	size_t n = 0;

	for (uint32_t i = 0; i < vault->n; i++)
		n += vault->entries[i].n_seeds;
	return n;
}

/* A new index of what is there, at most a third full; the old is dropped. */
static int rebuild_seeds(struct vault *vault, uint32_t more)
{
	struct vault_seeds seeds = { 0 };
	size_t want = count_seeds(vault) + more;
	size_t slots = SLOTS_MIN;

	while (slots < 3 * want)
		slots *= 2;
	seeds.slots = calloc(slots, sizeof(*seeds.slots));
	if (!seeds.slots)
		return -ENOMEM;
	seeds.mask = (uint32_t)(slots - 1);
	for (uint32_t i = 0; i < vault->n; i++) {
		const struct vault_entry *entry = &vault->entries[i];

		for (uint32_t k = 0; k < entry->n_seeds; k++)
			insert_seed(&seeds, short_hash(entry->seeds[k]),
				    entry->record);
	}
	free(vault->by_seed.slots);
	vault->by_seed = seeds;
	return 0;
}

/* Room for so many more slots, with a quarter left free. */
static int make_seed_room(struct vault *vault, uint32_t more)
{
	const struct vault_seeds *seeds = &vault->by_seed;
	size_t slots = (size_t)seeds->mask + 1;

	if (seeds->slots && 4 * ((size_t)seeds->used + more) < 3 * slots)
		return 0;
	return rebuild_seeds(vault, more);
}

static bool has_seed(const struct vault_entry *entry,
		     const uint8_t hash[static SEED_HASH])
{
	for (uint32_t i = 0; i < entry->n_seeds; i++)
		if (memcmp(entry->seeds[i], hash, SEED_HASH) == 0)
			return true;
	return false;
}

const struct vault_entry *vault_same_seed(const struct vault *vault,
					  struct bytes secret)
{
	const struct vault_seeds *seeds = &vault->by_seed;
	uint8_t hash[SEED_HASH];
	uint32_t at;

	if (!seeds->slots)
		return NULL;
	hash_seed(vault, secret, hash);
	at = short_hash(hash) & seeds->mask;
	for (; seeds->slots[at].record != 0; at = (at + 1) & seeds->mask) {
		const struct vault_entry *entry;

		if (seeds->slots[at].hash != short_hash(hash))
			continue;
		entry = vault_find(vault, seeds->slots[at].record - 1);
		if (entry && !entry->trashed && has_seed(entry, hash))
			return entry;
	}
	return NULL;
}

/* --- one row from a record ------------------------------------------------- */

static bool is_tag(const Fob__Field *field)
{
	return !field->unset && field->value.len == 1 &&
	       field->value.data[0] == '1' &&
	       strncmp(field->key, TAG_PREFIX, strlen(TAG_PREFIX)) == 0;
}

/* The id that a field's key ends with, after its prefix; 0 when none is. */
static size_t key_id(const Fob__Field *field, const char *prefix,
		     uint8_t ret[static GROUP_ID_SIZE])
{
	struct bytes hex = text_of(field->key);
	size_t n = strlen(prefix), length = 0;

	if (field->unset || strncmp(field->key, prefix, n) != 0)
		return 0;
	hex.p += n;
	hex.n -= n;
	if (text_hex_decode(ret, GROUP_ID_SIZE, hex, &length) != 0)
		return 0;
	return length;
}

/* What the block of a row has to hold. */
struct extent {
	size_t tags, text, seeds, resets, aparts;
};

static struct extent measure(const struct record *merged)
{
	const Fob__Plain *plain = merged->plain;
	struct extent extent = { .seeds = merged->n_shown };

	extent.text = record_text(merged, "issuer").n + 1 +
		      record_text(merged, "account").n + 1;
	for (size_t i = 0; i < plain->n_fields; i++) {
		uint8_t id[GROUP_ID_SIZE];

		extent.resets += key_id(plain->fields[i], "resets/", id) != 0;
		extent.aparts += key_id(plain->fields[i], "apart/", id) != 0;
		if (!is_tag(plain->fields[i]))
			continue;
		extent.tags++;
		extent.text +=
			strlen(plain->fields[i]->key + strlen(TAG_PREFIX)) + 1;
	}
	return extent;
}

/* Lays a text with its NUL at *at, which moves on. */
static char *lay(char **at, struct bytes text)
{
	char *start = *at;

	if (text.n > 0)
		memcpy(start, text.p, text.n);
	start[text.n] = '\0';
	*at += text.n + 1;
	return start;
}

static void lay_texts(struct vault_entry *entry, const struct record *merged,
		      char *at)
{
	const Fob__Plain *plain = merged->plain;

	entry->issuer = lay(&at, record_text(merged, "issuer"));
	entry->account = lay(&at, record_text(merged, "account"));
	/* Fields are ascending by key, so the tags come sorted. */
	for (size_t i = 0; i < plain->n_fields; i++)
		if (is_tag(plain->fields[i]))
			entry->tags[entry->n_tags++] =
				lay(&at, text_of(plain->fields[i]->key +
						 strlen(TAG_PREFIX)));
}

static void lay_seeds(const struct vault *vault, struct vault_entry *entry,
		      const struct record *merged)
{
	for (size_t i = 0; i < merged->n_shown; i++) {
		const Fob__OtpValue *seed = &merged->shown[i];

		hash_seed(vault,
			  (struct bytes){ seed->secret.data, seed->secret.len },
			  entry->seeds[i]);
	}
	entry->n_seeds = (uint32_t)merged->n_shown;
}

static void lay_links(struct vault_entry *entry, const struct record *merged)
{
	const Fob__Plain *plain = merged->plain;

	for (size_t i = 0; i < plain->n_fields; i++) {
		const Fob__Field *field = plain->fields[i];
		uint8_t id[GROUP_ID_SIZE] = { 0 };
		size_t n = key_id(field, "resets/", id);

		if (n == RECORD_ID_SIZE)
			memcpy(entry->resets[entry->n_resets++], id, n);
		n = key_id(field, "apart/", id);
		if (n == RECORD_ID_SIZE || n == GROUP_ID_SIZE) {
			struct vault_apart *apart =
				&entry->aparts[entry->n_aparts++];

			memcpy(apart->id, id, n);
			apart->n = (uint8_t)n;
		}
		if (field->unset || strncmp(field->key, "backup-code/", 12))
			continue;
		entry->codes++;
		entry->codes_left += !field->used;
	}
}

/* One block: the pointers to tags first, as they want to be aligned. */
static int fill_block(const struct vault *vault, struct vault_entry *entry,
		      const struct record *merged)
{
	struct extent extent = measure(merged);
	size_t tags = extent.tags * sizeof(char *);
	size_t seeds = extent.seeds * SEED_HASH;
	size_t resets = extent.resets * RECORD_ID_SIZE;
	size_t aparts = extent.aparts * sizeof(struct vault_apart);
	char *block;

	entry->block_len = tags + seeds + resets + aparts + extent.text;
	block = malloc(entry->block_len);
	if (!block)
		return -ENOMEM;
	entry->block = block;
	entry->tags = (char **)(void *)block;
	entry->seeds = (uint8_t(*)[SEED_HASH])(void *)(block + tags);
	lay_seeds(vault, entry, merged);
	entry->resets =
		(uint8_t(*)[RECORD_ID_SIZE])(void *)(block + tags + seeds);
	entry->aparts =
		(struct vault_apart *)(void *)(block + tags + seeds + resets);
	lay_links(entry, merged);
	lay_texts(entry, merged, block + tags + seeds + resets + aparts);
	return 0;
}

static void hash_version(const struct set *set,
			 const struct record_versions *versions,
			 uint8_t ret[static 16])
{
	crypto_generichash_blake2b_state state;

	REQUIRE(crypto_generichash_blake2b_init(&state, NULL, 0, 16) == 0);
	for (size_t i = 0; i < versions->n; i++)
		crypto_generichash_blake2b_update(
			&state, set->items[versions->items[i]].id, ID_SIZE);
	crypto_generichash_blake2b_final(&state, ret, 16);
}

static void fill_otp(struct vault_entry *entry, const struct record *merged)
{
	const Fob__OtpValue *first = &merged->shown[0];

	if (merged->n_shown == 0)
		return;
	entry->type = first->type;
	entry->algorithm = first->algorithm;
	entry->digits = first->digits;
	entry->period = first->period;
	entry->counter = first->counter;
	entry->seeded = first->stamp;
	for (size_t i = 1; i < merged->n_shown; i++)
		if (merged->shown[i].stamp < entry->seeded)
			entry->seeded = merged->shown[i].stamp;
}

static uint64_t stamp_of(const struct record *merged, const char *key)
{
	const Fob__Field *field = record_field(merged, key);

	return field ? field->stamp : 0;
}

static uint64_t exported_of(const struct record *merged)
{
	static const char prefix[] = "exported/";
	const Fob__Plain *plain = merged->plain;
	uint64_t newest = 0;

	for (size_t i = 0; i < plain->n_fields; i++) {
		const Fob__Field *field = plain->fields[i];

		if (!field->unset && field->stamp > newest &&
		    strncmp(field->key, prefix, sizeof(prefix) - 1) == 0)
			newest = field->stamp;
	}
	return newest;
}

/* Big-endian, ASCII letters in lower case: most rows differ in it already. */
static uint64_t order_of(struct bytes issuer)
{
	uint64_t order = 0;

	for (size_t i = 0; i < sizeof(order); i++) {
		uint8_t c = i < issuer.n ? issuer.p[i] : 0;

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + ('a' - 'A'));
		order = order << 8 | c;
	}
	return order;
}

static int fill(const struct vault *vault, struct vault_entry *entry,
		const struct set_record *record, const struct record *merged)
{
	memcpy(entry->id, record->id, RECORD_ID_SIZE);
	entry->group = record->group;
	entry->created = merged->plain->created;
	entry->changed = merged->changed;
	entry->rotated = stamp_of(merged, "rotated");
	entry->contact = stamp_of(merged, "contact-checked");
	entry->exported = exported_of(merged);
	entry->conflict = merged->conflict;
	entry->trashed = merged->tombstone;
	entry->favourite = record_bool(merged, "favourite");
	entry->order = order_of(record_text(merged, "issuer"));
	fill_otp(entry, merged);
	return fill_block(vault, entry, merged);
}

/* Room first, so that what follows cannot fail half-way. */
static int put(struct vault *vault, const struct vault_entry *entry)
{
	uint32_t at;

	if (make_seed_room(vault, entry->n_seeds) < 0 || make_room(vault) < 0 ||
	    make_place(vault, entry->record) < 0)
		return -ENOMEM;
	at = place(vault, entry->record);
	if (at == NONE)
		at = vault->n++;
	else
		wipe_entry(&vault->entries[at]);
	vault->entries[at] = *entry;
	vault->places[entry->record] = at + 1;
	for (uint32_t i = 0; i < entry->n_seeds; i++)
		insert_seed(&vault->by_seed, short_hash(entry->seeds[i]),
			    entry->record);
	return 0;
}

int vault_put(struct vault *vault, const struct set *set, uint32_t record,
	      const struct record *merged,
	      const struct record_versions *versions)
{
	struct vault_entry entry = { .record = record };

	REQUIRE(record < set->n_records);
	entry.incomplete = versions->incomplete || versions->more;
	if (versions->n == 0) {
		vault_remove(vault, record);
		return 0;
	}
	hash_version(set, versions, entry.version);
	if (fill(vault, &entry, &set->records[record], merged) < 0 ||
	    put(vault, &entry) < 0) {
		wipe_entry(&entry);
		return -ENOMEM;
	}
	return 0;
}
