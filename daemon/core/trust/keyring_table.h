/*
 * Inside the keyring: the table of keys, and what its files share. Used by
 * keyring*.c only; nothing is owned here but what struct keyring says.
 */
#ifndef FOB_CORE_TRUST_KEYRING_TABLE_H
#define FOB_CORE_TRUST_KEYRING_TABLE_H

#include "daemon/core/trust/keyring.h"

/* A KEY or GRANT among the heads, and whether it counts. */
struct key_item {
	uint32_t item;
	uint32_t kid;
	const Fob__Head *head;
	bool valid;
};

/* False when that head of the set is neither a KEY nor a GRANT. */
bool keyring_read_item(const struct keyring *ring, uint32_t head,
		       struct key_item *ret);

const uint8_t *keyring_kid_bytes(const struct keyring *ring, uint32_t kid);

/* The keys of one kid stand side by side: from here while it is that kid. */
uint32_t keyring_first_of(const struct keyring *ring, uint32_t kid);
bool keyring_is_kid(const struct keyring *ring, uint32_t at, uint32_t kid);

/* Fills ring->keys, which is empty, but for held, audit and clean. 0, -ENOMEM. */
int keyring_read_table(struct keyring *ring);

/* The opened key, KEY_SIZE, or NULL. */
const uint8_t *keyring_find_secret(const struct keyring *ring, uint32_t kid);

/* Opens what self can open; the table is filled. 0, -ENOMEM. */
int keyring_open_keys(struct keyring *ring, const struct device_keys *self);

/* The same with the recovery key. */
int keyring_open_for_kit(struct keyring *ring, const struct kit *kit);

/* Sets stranded of all keys; the others are judged. 0, -ENOMEM. */
int keyring_find_stranded(struct keyring *ring);

/* Sets held, audited and poisoned of all keys. */
void keyring_audit(struct keyring *ring);

#endif
