/*
 * One record as a person sees it: the merge of its current versions.
 *
 * A version is an opened ENTRY. Merging is commutative, associative and
 * idempotent (format section "Merge"); nothing is written back by it. The
 * seeds in a record are in secret memory: all that plain points at is. A
 * struct record must not move once it is filled, its budget does not.
 */
#ifndef FOB_CORE_VIEW_RECORD_H
#define FOB_CORE_VIEW_RECORD_H

#include "daemon/core/trust/roster.h"
#include "proto/secret.h"

enum {
	RECORD_ERR_MALFORMED = 1, /* a plaintext that breaks a rule */
	RECORD_ERR_FULL,	  /* over FIELDS_MAX, LIVE_MAX, PLAIN_MAX */
	RECORD_ERR_FIELD,	  /* no such field or seed, or no such key */
};

struct record_versions {
	uint32_t items[PARENTS_MAX]; /* ascending by id */
	size_t n;
	bool incomplete; /* some parent is not held */
	bool more;	 /* there are others: these have the least ids */
};

/*
 * The current versions of a record: view-valid, not inert, not superseded
 * by a view-valid or inert one, not covered by a view-valid PURGE. set and
 * roster are evaluated. When memory runs out, none and incomplete.
 *
 * An edit replaces the versions that are here. What is more stays current
 * beside it, so that nothing is lost, and goes with the edits that follow.
 */
void record_current(const struct set *set, const struct roster *roster,
		    uint32_t record, struct record_versions *ret);

struct record {
	Fob__Plain *plain;    /* merged, normal form (plain.h), secret, owned */
	struct budget budget; /* what it is allocated from */
	bool tombstone;	      /* every current version is one */
	bool conflict;	      /* more than one live seed after collapsing */
	uint64_t changed;     /* greatest stamp in it */
	Fob__OtpValue shown[LIVE_MAX]; /* what record_live points at */
	size_t n_shown;
};

/*
 * From a version's plaintext, without its padding. 0, -ENOMEM,
 * RECORD_ERR_MALFORMED; on failure there is nothing to deinit, but it does
 * no harm.
 */
int record_parse(struct record *record, struct bytes plain);

/* A new, empty one. created: ms since 1970. 0 or -ENOMEM. */
int record_new(struct record *record, uint64_t created);
void record_deinit(struct record *record); /* NULL or zeroed is fine */
#define AUTO_RECORD CLEANUP(record_deinit)

/*
 * into becomes the merge of both. 0; RECORD_ERR_FULL: into is as it was (the
 * other is shown as missing, the record as incomplete); -ENOMEM.
 */
int record_merge(struct record *into, const struct record *other);

/*
 * Canonical bytes for a new version, secret memory (secret_free). 0, -ENOMEM,
 * RECORD_ERR_FULL.
 */
int record_pack(const struct record *record, uint8_t **ret, size_t *ret_len);

/* --- reading --- */
/* NULL when absent or unset. plain->fields has the unset ones too. */
const Fob__Field *record_field(const struct record *record, const char *key);
/* Value as text, "" when absent or unset. Points into the record. */
struct bytes record_text(const struct record *record, const char *key);
/* A bool (tag/NAME, favourite): is its value "1"? */
bool record_bool(const struct record *record, const char *key);
/*
 * Live seeds as shown: live minus gone, equal seeds (type, secret,
 * algorithm, digits, period) collapsed into the one of least vid with the
 * greatest counter. Ascending by vid. Points into the record, until it is
 * changed; at most LIVE_MAX.
 */
size_t record_live(const struct record *record,
		   Fob__OtpValue *ret[static LIVE_MAX]);
/* Greatest stamp of all fields and gone vids. */
uint64_t record_stamp_max(const struct record *record);

/* --- changing: stamp is max(hybrid clock, old stamp + 1) --- */
/* All: 0, -ENOMEM, and what is named; on failure nothing has changed. */
struct record_stamp {
	uint64_t time;	       /* ms since 1970, the hybrid clock */
	const uint8_t *device; /* DEVICE_ID_SIZE */
};
/* ERR_FIELD: a key that cannot be. ERR_FULL: too many, or too long a value. */
int record_set(struct record *record, const char *key, struct bytes value,
	       struct record_stamp stamp);
/* ERR_FIELD: absent, or unset already. */
int record_unset(struct record *record, const char *key,
		 struct record_stamp stamp);
/* Marks it used, for good. ERR_FIELD as above. */
int record_use(struct record *record, const char *key,
	       struct record_stamp stamp);
/*
 * Puts every live vid into gone and makes this the only seed. value->vid is
 * not looked at. ERR_FIELD: this vid was in it before, or a secret over
 * SECRET_MAX.
 */
int record_replace_otp(struct record *record, const Fob__OtpValue *value,
		       const uint8_t vid[static VID_SIZE],
		       struct record_stamp stamp);
/*
 * Adds a seed beside the others (init of an entry, revert, split). ERR_FIELD
 * as above; ERR_FULL: LIVE_MAX are there.
 */
int record_add_otp(struct record *record, const Fob__OtpValue *value,
		   const uint8_t vid[static VID_SIZE]);
/* Keeps one of the live seeds (and those equal to it), the rest is gone. */
int record_keep_otp(struct record *record, const uint8_t vid[static VID_SIZE],
		    struct record_stamp stamp);
/* Puts one live seed, and those equal to it, into gone. */
int record_drop_otp(struct record *record, const uint8_t vid[static VID_SIZE],
		    struct record_stamp stamp);
/* Only upwards: a lower counter changes nothing. ERR_FIELD: no such vid. */
int record_set_counter(struct record *record,
		       const uint8_t vid[static VID_SIZE], uint64_t counter);
void record_set_tombstone(struct record *record, bool tombstone);

/*
 * Is this account allowed in? Names the field that is wrong: issuer,
 * account, tag, note, secret, digits, period, ..., and says why ("has control
 * characters"): both string constants. 0 or RECORD_ERR_FIELD. To be asked
 * before record_pack: other devices refuse what breaks a rule.
 */
int record_check(const struct record *record, const char **ret_field,
		 const char **ret_reason);

#endif
