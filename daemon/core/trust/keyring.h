/*
 * Group keys: which there are, who knows them, which is clean, which we
 * hold, and what is owed (format section "Keys").
 *
 * Everything but the opened keys is a pure reading of the set and the
 * roster. Opened keys live in secret memory and go with keyring_lock().
 */
#ifndef FOB_CORE_TRUST_KEYRING_H
#define FOB_CORE_TRUST_KEYRING_H

#include "daemon/core/trust/device.h"
#include "daemon/core/trust/kit.h"
#include "daemon/core/trust/roster.h"

enum {
	KEYRING_ERR_NO_KEY = 1,	/* this device does not hold that key */
	KEYRING_ERR_OWED,	/* no clean key: a rotation comes first */
	KEYRING_ERR_FORGED,	/* does not decrypt, or commitment differs */
	KEYRING_ERR_PLAIN,	/* decrypts, but is no entry of ours */
	KEYRING_ERR_TOO_LARGE,	/* a blob would be over the limit */
};

struct keyring_key {
	uint32_t kid;		/* in set.kids */
	uint32_t group;		/* in set.groups */
	uint32_t item;		/* the valid KEY of least id that made it */
	bool held;		/* secret is here */
	bool audited, poisoned;	/* wraps recomputed: all right, or not */
	bool clean;
	uint8_t *secret;	/* KEY_SIZE in secret memory, or NULL */
	uint64_t *knows;	/* bitmap over authors, owned */
};

struct keyring {
	const struct set *set;
	const struct roster *roster;
	uint64_t version;
	struct keyring_key *keys;
	uint32_t n_keys;
};

void keyring_init(struct keyring *ring);
void keyring_deinit(struct keyring *ring);
void keyring_lock(struct keyring *ring);	/* wipes all secrets */

/*
 * Reads the set; with unlocked keys also opens what is wrapped for this
 * device (or carried by a key that it holds) and audits it. 0, -ENOMEM.
 */
int keyring_evaluate(struct keyring *ring, const struct set *set,
		     const struct roster *roster,
		     const struct device_keys *self);

/* The clean key of least kid that is held; NULL with KEYRING_ERR_OWED/NO_KEY. */
int keyring_write_key(const struct keyring *ring, uint32_t group,
		      const struct keyring_key **ret);

/* Debts of this device's making, from the set. self: its author index. */
bool keyring_rotation_owed(const struct keyring *ring, uint32_t group,
			   uint32_t self);
/* A current reader without a wrap of the write key, or NONE. */
uint32_t keyring_grant_owed(const struct keyring *ring, uint32_t group);
/* Does this author hold a wrap (or a carrying key) of every group it reads? */
bool keyring_complete(const struct keyring *ring, uint32_t author);

/* net = BLAKE2b-256(key = K, "fob/1 net\0"), its id the first 8 bytes of
 * BLAKE2b-128(key = net, "fob/1 net id\0"): for every held key of main. */
struct net_secret {
	uint8_t id[8];
	uint8_t key[KEY_SIZE];
};
size_t keyring_nets(const struct keyring *ring, struct net_secret *ret,
		    size_t max);

/*
 * Payloads of new items; the caller puts them into a head. All heap, freed
 * by fob__key__free_unpacked / fob__grant__free_unpacked.
 * A new key for a group: wraps for all its current readers (and also_for,
 * an author or NONE) and the current recovery key, parents and sealed
 * parents per the rules. secret: 32 fresh bytes.
 */
int keyring_make_key(const struct keyring *ring, uint32_t group,
		     uint32_t also_for, const uint8_t secret[static KEY_SIZE],
		     Fob__Key **ret);
/* The first key of a group (init): wraps for one certificate and the kit. */
int keyring_make_first(const uint8_t group[static GROUP_ID_SIZE],
		       const uint8_t device[static DEVICE_ID_SIZE],
		       const uint8_t wrap_public[static KEY_SIZE],
		       const uint8_t recovery_public[static KEY_SIZE],
		       const uint8_t secret[static KEY_SIZE], Fob__Key **ret);
int keyring_make_grant(const struct keyring *ring,
		       const struct keyring_key *key,
		       const uint8_t device[static DEVICE_ID_SIZE],
		       const uint8_t wrap_public[static KEY_SIZE],
		       Fob__Grant **ret);

/*
 * Sealing and opening of entries. head: an ENTRY head complete but for
 * kid, nonce and commitment, which sealing fills in. fresh: 32 bytes of
 * entropy. plain is padded inside. The blob is the caller's (plain heap).
 */
int keyring_seal(const struct keyring *ring, const struct device_keys *self,
		 Fob__Head *head, struct bytes plain,
		 const uint8_t fresh[static KEY_SIZE], uint8_t **ret_blob,
		 size_t *ret_len);
/*
 * Opens a blob of an ENTRY given the exact bytes of its body. ret_plain is
 * in secret memory (secret_free), padding removed. 0, -ENOMEM, KEYRING_ERR_*.
 */
int keyring_open(const struct keyring *ring, struct bytes body,
		 struct bytes blob, uint8_t **ret_plain, size_t *ret_len);

#endif
