/*
 * One record as a person sees it: the merge of its current versions.
 *
 * A version is an opened ENTRY. Merging is commutative, associative and
 * idempotent (format section "Merge"); nothing is written back by it. The
 * seeds in a record are in secret memory: the whole struct is.
 */
#ifndef FOB_CORE_VIEW_RECORD_H
#define FOB_CORE_VIEW_RECORD_H

#include "daemon/core/trust/roster.h"
#include "proto/secret.h"

enum {
	RECORD_ERR_MALFORMED = 1,	/* a plaintext that breaks a rule */
	RECORD_ERR_FULL,		/* over FIELDS_MAX, LIVE_MAX, PLAIN_MAX */
	RECORD_ERR_FIELD,		/* no such field or seed */
};

/*
 * The current versions of a record: view-valid, not inert, not superseded
 * by a view-valid or inert one. Writes at most max indices, ascending by id;
 * returns how many there are. ret_incomplete: some parent is not held.
 */
size_t record_current(const struct set *set, const struct roster *roster,
		      uint32_t record, uint32_t *ret, size_t max,
		      bool *ret_incomplete);

struct record {
	Fob__Plain *plain;	/* merged, secret memory, owned */
	struct budget budget;	/* what it is allocated from */
	bool tombstone;		/* every current version is one */
	bool conflict;		/* more than one live seed after collapsing */
	uint64_t changed;	/* greatest stamp in it */
};

/* From a version's plaintext. 0, -ENOMEM, RECORD_ERR_MALFORMED. */
int record_parse(struct record *record, struct bytes plain);
void record_deinit(struct record *record);
#define AUTO_RECORD CLEANUP(record_deinit)

/* into becomes the merge of both. 0, -ENOMEM, RECORD_ERR_FULL. */
int record_merge(struct record *into, const struct record *other);

/* Canonical bytes for a new version, secret memory (secret_free). */
int record_pack(const struct record *record, uint8_t **ret, size_t *ret_len);

/* A new, empty one. */
int record_new(struct record *record, uint64_t created);

/* --- reading --- */
const Fob__Field *record_field(const struct record *record, const char *key);
/* Value as text, "" when absent or unset. Points into the record. */
struct bytes record_text(const struct record *record, const char *key);
/*
 * Live seeds as shown: live minus gone, equal seeds (type, secret,
 * algorithm, digits, period) collapsed into the one of least vid with the
 * greatest counter. Points into the record; at most LIVE_MAX.
 */
size_t record_live(const struct record *record, Fob__OtpValue *ret[static LIVE_MAX]);

/* --- changing: stamp is max(hybrid clock, old stamp + 1) --- */
struct record_stamp {
	uint64_t time;		/* ms since 1970, the hybrid clock */
	const uint8_t *device;	/* DEVICE_ID_SIZE */
};
int record_set(struct record *record, const char *key, struct bytes value,
	       struct record_stamp stamp);
int record_unset(struct record *record, const char *key,
		 struct record_stamp stamp);
int record_use(struct record *record, const char *key,
	       struct record_stamp stamp);
/* Puts every live vid into gone and makes this the only seed. */
int record_replace_otp(struct record *record, const Fob__OtpValue *value,
		       const uint8_t vid[static VID_SIZE],
		       struct record_stamp stamp);
/* Adds a seed beside the others (init of an entry, revert, split). */
int record_add_otp(struct record *record, const Fob__OtpValue *value,
		   const uint8_t vid[static VID_SIZE]);
/* Keeps one of the live seeds (and those equal to it), the rest is gone. */
int record_keep_otp(struct record *record, const uint8_t vid[static VID_SIZE],
		    struct record_stamp stamp);
int record_set_counter(struct record *record, const uint8_t vid[static VID_SIZE],
		       uint64_t counter);	/* only upwards */
void record_set_tombstone(struct record *record, bool tombstone);
/* Greatest stamp of all fields and gone vids. */
uint64_t record_stamp_max(const struct record *record);

/*
 * Is this account allowed in? Names the field that is wrong: issuer,
 * account, secret, digits, period, ... 0 or RECORD_ERR_FIELD.
 */
int record_check(const struct record *record, const char **ret_field,
		 const char **ret_reason);

#endif
