/*
 * The list of accounts: what can be said of every record without its seeds.
 *
 * Filled while unlocked, one record at a time, from merged records; wiped by
 * vault_lock(). Seeds are known here only by a keyed hash, so that the same
 * secret is noticed when it comes in again. Matching follows the rules for a
 * QUERY: id or id prefix of 8 or more hex digits, else exact issuer/account
 * or issuer:account (as written, else whatever the case of ASCII letters),
 * else all words as case-insensitive substrings of "issuer account id".
 */
#ifndef FOB_CORE_VIEW_VAULT_H
#define FOB_CORE_VIEW_VAULT_H

#include "daemon/core/view/record.h"

/* What an entry is to be apart from: a record, or a group. */
struct vault_apart {
	uint8_t id[GROUP_ID_SIZE];
	uint8_t n; /* RECORD_ID_SIZE or GROUP_ID_SIZE */
};

struct vault_entry {
	uint32_t record; /* in set.records */
	uint8_t id[RECORD_ID_SIZE];
	uint8_t version[16]; /* BLAKE2b-128 over the ids of the current ones */
	char *issuer, *account; /* NUL-terminated UTF-8; never NULL */
	char **tags;		/* sorted */
	uint32_t n_tags;
	uint32_t type, algorithm, digits, period; /* of the first live seed */
	uint64_t counter;
	uint8_t (*seeds)[16]; /* keyed hashes of live secrets */
	uint32_t n_seeds;
	uint64_t created, changed;
	uint64_t seeded;   /* when the oldest live seed was set; 0: not known */
	uint64_t rotated;  /* stamp of "rotated": said to be done, or 0 */
	uint64_t contact;  /* stamp of "contact-checked", or 0 */
	uint64_t exported; /* newest stamp of an "exported/...", or 0 */
	uint32_t codes, codes_left;	   /* backup codes, those not used */
	uint8_t (*resets)[RECORD_ID_SIZE]; /* accounts that it can reset */
	uint32_t n_resets;
	struct vault_apart *aparts;
	uint32_t n_aparts;
	uint32_t group;
	bool conflict, favourite, trashed, incomplete;
	uint64_t order; /* the issuer's first bytes, as they are compared */
	void *block;	/* what the texts and hashes lie in, owned */
	size_t block_len;
};

/*
 * Finds a seed again: open addressing by the first bytes of its hash. A slot
 * may be out of date, since a removed seed keeps its slot until the index is
 * made anew; the entry has the last word.
 */
struct vault_slot {
	uint32_t hash;
	uint32_t record; /* plus 1; 0: free */
};

struct vault_seeds {
	struct vault_slot *slots;
	uint32_t mask, used;
};

struct vault {
	struct vault_entry *entries; /* in no order */
	uint32_t n, cap;
	uint32_t *places; /* of a record in entries, plus 1; 0: none */
	uint32_t n_places;
	uint8_t seed_key[KEY_SIZE]; /* of this unlocking, for the hashes */
	struct vault_seeds by_seed;
};

/* Empty. The caller puts random bytes into seed_key at each unlocking. */
void vault_init(struct vault *vault);
void vault_deinit(struct vault *vault);
void vault_lock(struct vault *vault); /* empties and wipes */

/*
 * Adds or replaces the row of a record; without current versions the row
 * goes. 0, or -ENOMEM and the row is as it was.
 */
int vault_put(struct vault *vault, const struct set *set, uint32_t record,
	      const struct record *merged,
	      const struct record_versions *versions);
void vault_remove(struct vault *vault, uint32_t record);
const struct vault_entry *vault_find(const struct vault *vault,
				     uint32_t record);

struct vault_query {
	const char *text; /* "" matches all */
	const char *tag;  /* NULL: any */
	uint32_t group;	  /* NONE: any */
	bool trashed;	  /* look in the trash instead */
	bool conflicts;	  /* only those */
};
/*
 * Writes matches (indices into entries) ordered by issuer, account, id;
 * returns how many there are, of which at most max are written.
 */
size_t vault_match(const struct vault *vault, const struct vault_query *query,
		   uint32_t *ret, size_t max);

/* The live entry that has this secret (raw bytes), or NULL. */
const struct vault_entry *vault_same_seed(const struct vault *vault,
					  struct bytes secret);

#endif
