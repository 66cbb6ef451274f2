/*
 * The vault's items: what is held, what of it is carried, and roots.
 *
 * Holds an index of at most 96 bytes an item; bodies of class 0 and 1 stay
 * in memory whole, class 2 only by what the index says (bodies and blobs are
 * on disk and come back with a LOAD). An item named by another but not held
 * is a ghost: it has an index and an id, no more. Indices are stable for the
 * life of the set. Which held items are carried is a pure function of the
 * held ids (proto/README.md, "The carried set"), whatever their order.
 */
#ifndef FOB_CORE_SET_SET_H
#define FOB_CORE_SET_SET_H

#include "daemon/core/set/index.h"
#include "daemon/core/set/item.h"

#define NONE UINT32_MAX

enum {
	SET_ERR_HELD = 1, /* nothing to do */
	SET_ERR_STRANGER, /* class 0-2: its author's ADD is not held */
	SET_ERR_FORGED,	  /* signature bad and no descendant vouches */
	SET_ERR_VAULT,	  /* a GENESIS that is not the pinned one */
};

enum set_flag {
	SET_HELD = 1, /* else a ghost */
	SET_CARRIED = 2,
	SET_INERT = 4,	   /* carried only as a superseding stub */
	SET_CHECKED = 8,   /* its own signature was verified */
	SET_BLOB = 16,	   /* its blob is on disk here */
	SET_CHAINED = 32,  /* a held item by the same hand names it as prev */
	SET_HAS_BLOB = 64, /* its body says that there is a blob */
	SET_DROPPED = 128, /* a ghost that came with a bad signature before */
};

/* What evaluation and arrival note for themselves, in set_item.marks. */
enum set_mark {
	MARK_PARENT = 1,      /* a carried or inert ENTRY names it as parent */
	MARK_ACCEPTED = 2,    /* reachable from accepted tips of its author */
	MARK_WAS_CARRIED = 4, /* before this evaluation */
	MARK_WAS_INERT = 8,
	MARK_CLAIMS = 16,	/* a ghost with more rows in set.claims */
	MARK_RECORD = 32,	/* in the list of its record */
	MARK_OTHERS = 64 | 128, /* of other rooms: evaluation leaves them */
};

struct set_item {
	uint8_t id[ID_SIZE];
	uint64_t holders; /* slots of the devices known to have it */
	uint32_t author;  /* in authors; NONE: ghost or recovery key */
	uint32_t prev;	  /* item, or NONE */
	uint32_t content; /* class 0, 1: in heads; class 2: in records,
				   NONE for kinds that we do not know */
	uint32_t next;	  /* class 2: the record's item before this, or NONE */
	uint32_t links; /* ENTRY: first parent, in links; PURGE: first covered */
	uint32_t kid;	/* ENTRY: in kids; else NONE */
	union {
		uint32_t seq;	  /* key of its row on disk, arrival order */
		uint32_t claimer; /* ghost: author who names it as prev */
	};
	union {
		uint32_t first_seen;	/* seconds since 1970, local clock */
		uint32_t claimed_class; /* ghost: in this class */
	};
	uint8_t n_links;
	uint8_t kind; /* 0: a ghost */
	uint8_t flags;
	uint8_t marks;
	uint16_t blob_len; /* as its body tells */
	uint16_t spare2;
};

struct rank {
	uint8_t depth; /* elements, 1..PATH_MAX_DEPTH; 0: no rank */
	struct {
		int64_t ordinal;
		uint8_t add[ID_SIZE];
	} path[PATH_MAX_DEPTH];
};

struct set_author {
	uint8_t id[DEVICE_ID_SIZE];
	uint8_t sign[KEY_SIZE], status[KEY_SIZE];
	uint8_t wrap[KEY_SIZE], transport[KEY_SIZE];
	/* What evaluation found; all of it is made anew each time. */
	struct rank rank; /* least one over its carried ADDs */
	uint32_t add;	  /* the ADD (or GENESIS) of that rank, or NONE */
	uint32_t role;	  /* Fob__Role of that ADD */
	bool reached;	  /* by a carried ADD */
	bool member;	  /* reached, no REVOKE counts, no self-REVOKE */
	bool self_revoked;
	uint32_t revoke; /* a carried REVOKE that counts, or NONE */
	/* What arrival found. */
	bool forked; /* two of its held items of a class have one prev */
	bool started[CLASS_MAX];    /* an item without prev is held */
	uint32_t n_tips[CLASS_MAX]; /* held items that no held one follows */
	uint32_t tip[CLASS_MAX];    /* one of them, or a former one, or NONE */
};

/* A further claim that a ghost is the prev of an author's held item. */
struct set_claim {
	uint32_t item, author, class;
};

struct set_record {
	uint8_t id[RECORD_ID_SIZE];
	uint32_t group; /* in groups */
	uint32_t last;	/* newest held item, then by set_item.next */
	uint32_t n_items;
};

struct set_kid {
	uint8_t id[KID_SIZE];
};

struct set_group_id {
	uint8_t id[GROUP_ID_SIZE]; /* zeros: main, always index 0 */
};

/*
 * A recovery key, current or former, with what evaluation found. The key of
 * the GENESIS is generation 0; a RECOVERY by generation g makes one of g + 1.
 */
struct set_recovery {
	uint32_t generation;
	uint32_t item; /* GENESIS or RECOVERY that introduced it */
	uint8_t sign[KEY_SIZE], wrap[KEY_SIZE];
	bool current; /* items and wraps for it count now */
};

struct set {
	bool pinned;
	uint8_t vault_id[ID_SIZE];
	struct set_item *items;
	uint32_t n_items, cap_items; /* ghosts included */
	uint32_t n_held, n_carried[CLASS_MAX];
	struct item **heads; /* class 0 and 1, owned */
	uint32_t n_heads, cap_heads;
	uint32_t *heads_item; /* heads[i] is item heads_item[i] */
	uint32_t *links;
	uint32_t n_links, cap_links;
	struct set_author *authors;
	uint32_t n_authors, cap_authors;
	struct set_record *records;
	uint32_t n_records, cap_records;
	struct set_kid *kids;
	uint32_t n_kids, cap_kids;
	struct set_group_id *groups;
	uint32_t n_groups, cap_groups;
	struct set_recovery *recoveries;
	uint32_t n_recoveries, cap_recoveries;
	bool frozen; /* two RECOVERYs of one generation */
	struct set_claim *claims;
	uint32_t n_claims, cap_claims;
	struct index by_id, by_record, by_kid, by_author, by_group;
	uint8_t hash_key[HASH_KEY_SIZE]; /* of the indexes */
	uint32_t *sorted[CLASS_MAX]; /* carried; the first n_ordered by id */
	uint32_t n_sorted[CLASS_MAX], n_ordered[CLASS_MAX];
	uint32_t cap_sorted[CLASS_MAX];
	uint32_t *todo; /* ENTRYs whose parents are to be seen */
	uint32_t n_todo, cap_todo;
	bool dirty; /* evaluation is owed */
	bool root_stale[CLASS_MAX], root_all_stale;
	uint8_t roots[CLASS_MAX][ID_SIZE], root_all[ID_SIZE];
	uint64_t version;	/* grows when what is carried changes */
	uint64_t version0;	/* grows at each evaluation of class 0 */
	uint64_t verifications; /* signatures of items verified so far */
	uint32_t next_seq;
};

void set_init(struct set *set);
void set_deinit(struct set *set);

/*
 * Ids name themselves, and whoever makes items may choose them so that they
 * meet in one slot. A host that has entropy keys the indexes with it, before
 * the first item; nothing that is carried or shown depends on it.
 */
void set_seed(struct set *set, const uint8_t key[static HASH_KEY_SIZE]);

/* Pins the vault before its GENESIS is here (a joiner). Not pinned before. */
void set_pin(struct set *set, const uint8_t vault_id[static ID_SIZE]);

/*
 * Authenticates and adds a parsed item, which it empties on success (class 0
 * and 1 are kept whole). seq, first_seen: from the item's row, or seq NONE
 * to give the next number. checked: the row says that the signature was
 * verified before. The first GENESIS pins the vault. 0, -ENOMEM, or SET_ERR_*.
 */
struct set_arrival {
	uint32_t seq;
	uint32_t first_seen;
	bool checked;
	bool stored_blob; /* the blob is on disk, or is being put there */
};
int set_add(struct set *set, struct item *item, const struct set_arrival *how,
	    uint32_t *ret_index);

/*
 * Brings flags, authors' findings, sorted ids and counts up to date with what
 * is held; cheap when nothing changed. 0 or -ENOMEM.
 */
int set_evaluate(struct set *set);

uint32_t set_find(const struct set *set, const uint8_t id[static ID_SIZE]);
bool set_holds(const struct set *set, const uint8_t id[static ID_SIZE]);
bool set_carries(const struct set *set, const uint8_t id[static ID_SIZE]);
uint32_t set_author(const struct set *set,
		    const uint8_t id[static DEVICE_ID_SIZE]);
uint32_t set_record(const struct set *set, uint32_t group,
		    const uint8_t id[static RECORD_ID_SIZE]);
uint32_t set_group(const struct set *set,
		   const uint8_t id[static GROUP_ID_SIZE]);
uint32_t set_kid(const struct set *set, const uint8_t id[static KID_SIZE]);
unsigned set_class(const struct set *set, uint32_t index);

/* The whole item of class 0 or 1; NULL for ghosts and class 2. */
const struct item *set_head(const struct set *set, uint32_t index);

/* The carried items of a class, ascending by id. Call set_evaluate first. */
const uint32_t *set_sorted(struct set *set, unsigned class, uint32_t *ret_n);

/* BLAKE2b-256 over the sorted carried ids of a class; of all classes in order. */
void set_root(struct set *set, unsigned class, uint8_t ret[static ID_SIZE]);
void set_root_all(struct set *set, uint8_t ret[static ID_SIZE]);

/*
 * What only somebody can make who knows all carried ids, for one session and
 * one of its sides: keyed BLAKE2b-128 over the side and the ids as above.
 */
#define SET_PROOF 16
void set_proof(struct set *set, const uint8_t key[static 32], bool leader,
	       uint8_t ret[static SET_PROOF]);

/*
 * Tips of an author's chain in a class: its held items that no held item of
 * the same chain names as prev. Writes at most max, least id first; returns
 * how many there are.
 */
size_t set_tips(const struct set *set, uint32_t author, unsigned class,
		uint32_t *ret, size_t max);

/* Is ancestor reachable from item by prev (same author and class)? Includes itself. */
bool set_reaches(const struct set *set, uint32_t item, uint32_t ancestor);

/* Ranks compare element by element, a prefix first; less than 0: a is senior. */
int rank_compare(const struct rank *a, const struct rank *b);

/*
 * The next item whose own signature was never verified, at or after *cursor
 * (an index), or NONE; set_checked() says that it was; set_drop() forgets a
 * bad one (it becomes a ghost again, and evaluation is owed).
 */
uint32_t set_next_unchecked(const struct set *set, uint32_t *cursor);
void set_checked(struct set *set, uint32_t index);
int set_drop(struct set *set, uint32_t index); /* 0 or -ENOMEM */

#endif
