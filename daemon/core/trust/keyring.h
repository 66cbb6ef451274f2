/*
 * Group keys: which there are, who knows them, which is clean, which we
 * hold, and what is owed (format section "Keys").
 *
 * Everything but the opened keys is a pure reading of the set and the
 * roster. Opened keys live in secret memory and go with keyring_lock().
 * The roster must be that of the same evaluated set whenever a ring is used.
 */
#ifndef FOB_CORE_TRUST_KEYRING_H
#define FOB_CORE_TRUST_KEYRING_H

#include "daemon/core/trust/device.h"
#include "daemon/core/trust/kit.h"
#include "daemon/core/trust/roster.h"

enum {
	KEYRING_ERR_NO_KEY = 1, /* this device does not hold that key */
	KEYRING_ERR_OWED,	/* no clean key: a rotation comes first */
	KEYRING_ERR_FORGED,	/* does not decrypt, or commitment differs */
	KEYRING_ERR_PLAIN,	/* decrypts, but is no entry of ours */
	KEYRING_ERR_TOO_LARGE,	/* a blob would be over the limit */
};

/* A key of a group; two groups with one kid are two of these. */
struct keyring_key {
	uint32_t kid;	/* in set.kids */
	uint32_t group; /* in set.groups */
	uint32_t item;	/* valid KEY of least id that made it, or NONE */
	bool held;	/* secret is here */
	bool audited, poisoned; /* wraps recomputed: all right, or not */
	bool clean;
	bool stranded;	       /* held, and no clean key is it, or carries it */
	bool replaced;	       /* a valid KEY of the group has it as parent */
	bool stranger;	       /* somebody who is no author knows it */
	bool kit, old_kit;     /* wrapped for the current kit; for another */
	const uint8_t *secret; /* KEY_SIZE in secret memory, or NULL */
	uint64_t *knows;       /* bitmap over authors, owned */
	uint64_t *wrapped;     /* bitmap over authors: has a wrap; owned */
};

/* An opened key, whatever groups it is for. */
struct keyring_secret {
	uint32_t kid; /* in set.kids */
	uint8_t *key; /* KEY_SIZE in secret memory, owned */
};

struct keyring {
	const struct set *set;
	const struct roster *roster;
	uint64_t version;
	struct keyring_key *keys; /* ascending by kid's bytes, owned */
	uint32_t n_keys;
	struct keyring_secret *secrets;
	uint32_t n_secrets, cap_secrets;
	/* What an evaluation need not do again: bitmaps over items, owned. */
	uint64_t *tried;    /* its wrap for this device was opened, or not */
	uint64_t *unsealed; /* its parents were opened, or not */
	uint64_t *right, *wrong; /* its wraps were recomputed */
	uint32_t n_items;	 /* how many these cover */
	uint64_t version0;	 /* of the set, when it was read */
	uint32_t n_heads;
	uint32_t n_authors;
	bool opened; /* with unlocked keys */
};

void keyring_init(struct keyring *ring);
void keyring_deinit(struct keyring *ring);
void keyring_lock(struct keyring *ring); /* wipes all secrets */

/*
 * Reads the set; with unlocked keys also opens what is wrapped for this
 * device (or carried by a key that it holds) and audits it. Without (self is
 * NULL or locked) it holds no secret afterwards. Cheap when classes 0 and 1
 * are what they were. 0, -ENOMEM.
 */
int keyring_evaluate(struct keyring *ring, const struct set *set,
		     const struct roster *roster,
		     const struct device_keys *self);

/*
 * Opens what is wrapped for this kit, of whatever generation, and what those
 * keys carry: until the next evaluation without unlocked keys. After
 * keyring_evaluate(). 0, -ENOMEM.
 */
int keyring_open_kit(struct keyring *ring, const struct kit *kit);

/*
 * The clean key of least kid, if it is held; else the next that is. 0, or
 * KEYRING_ERR_OWED: none is clean; KEYRING_ERR_NO_KEY: none of them is held.
 */
int keyring_write_key(const struct keyring *ring, uint32_t group,
		      const struct keyring_key **ret);

/* The opened key (KEY_SIZE) of that name, or NULL. */
const uint8_t *keyring_secret(const struct keyring *ring,
			      const uint8_t kid[static KID_SIZE]);

/* Is a key of the group held whose wraps are wrong? An alarm. */
bool keyring_poisoned(const struct keyring *ring, uint32_t group);

/*
 * Debts of this device's making, from the set. self: its author index. Whether
 * one may be paid now (roster.missing, jitter, rest) is the caller's to say.
 */
bool keyring_rotation_owed(const struct keyring *ring, uint32_t group,
			   uint32_t self);
/*
 * Does this device hold a key of the group that a new one can carry? Main has
 * one from the beginning: without it, the first sync is not over.
 */
bool keyring_may_rotate(const struct keyring *ring, uint32_t group);
/*
 * A current unsuspended reader without a wrap of a clean key that this device
 * holds, or NONE.
 */
uint32_t keyring_grant_owed(const struct keyring *ring, uint32_t group);
/*
 * Does this author hold a wrap (or a carrying key) of every group it reads?
 * Of the write key where there is one.
 */
bool keyring_complete(const struct keyring *ring, uint32_t author);

/*
 * net = BLAKE2b-256(key = K, "fob/1 net\0"), its id the first 8 bytes of
 * BLAKE2b-128(key = net, "fob/1 net id\0"): for every held key of main, that
 * of the write key first, the others by kid. At most max are written; returns
 * how many were. The caller wipes them.
 */
struct net_secret {
	uint8_t id[8];
	uint8_t key[KEY_SIZE];
};
size_t keyring_nets(const struct keyring *ring, struct net_secret *ret,
		    size_t max);

/*
 * Payloads of new items; the caller puts them into a head. All heap, freed
 * by fob__key__free_unpacked / fob__grant__free_unpacked.
 * A new key for a group: wraps for all its current unsuspended readers (and
 * also_for, an author or NONE) and the current recovery key, parents and
 * sealed parents per the rules. secret: 32 fresh bytes. 0, -ENOMEM.
 */
int keyring_make_key(const struct keyring *ring, uint32_t group,
		     uint32_t also_for, const uint8_t secret[static KEY_SIZE],
		     Fob__Key **ret);
/*
 * The first key of a vault (init), made before there is a set: wraps for one
 * certificate and the kit of generation 0. 0, -ENOMEM.
 */
struct keyring_first {
	const uint8_t *vault_id;	/* ID_SIZE: the GENESIS */
	const uint8_t *group;		/* GROUP_ID_SIZE */
	const uint8_t *device;		/* DEVICE_ID_SIZE */
	const uint8_t *wrap_public;	/* KEY_SIZE, of that device */
	const uint8_t *recovery_public; /* KEY_SIZE, the kit's wrap key */
};
int keyring_make_first(const struct keyring_first *first,
		       const uint8_t secret[static KEY_SIZE], Fob__Key **ret);
/* key must be held. 0, -ENOMEM. */
int keyring_make_grant(const struct keyring *ring,
		       const struct keyring_key *key,
		       const uint8_t device[static DEVICE_ID_SIZE],
		       const uint8_t wrap_public[static KEY_SIZE],
		       Fob__Grant **ret);

/*
 * Sealing and opening of entries. head: an ENTRY head complete but for kid,
 * nonce and commitment, which sealing fills in: they then point into *ret,
 * which must outlive the head's use. fresh: 32 bytes of entropy. plain is
 * padded inside. ret->blob is the caller's (plain heap). 0, -ENOMEM,
 * KEYRING_ERR_NO_KEY, _OWED, _TOO_LARGE.
 */
struct keyring_sealed {
	uint8_t kid[KID_SIZE];
	uint8_t nonce[NONCE_SIZE];
	uint8_t commitment[COMMITMENT_SIZE];
	uint8_t *blob;
	size_t blob_len;
};
struct keyring_plain {
	struct bytes bytes;
	const uint8_t *fresh; /* KEY_SIZE */
};
int keyring_seal(const struct keyring *ring, const struct device_keys *self,
		 Fob__Head *head, const struct keyring_plain *plain,
		 struct keyring_sealed *ret);
/*
 * Opens a blob of an ENTRY given the exact bytes of its body. ret_plain is
 * in secret memory (secret_free), padding removed. 0, -ENOMEM, KEYRING_ERR_*.
 */
int keyring_open(const struct keyring *ring, struct bytes body,
		 struct bytes blob, uint8_t **ret_plain, size_t *ret_len);

#endif
