/*
 * What each device last said of itself: what it holds, its name, where it is.
 *
 * A status is signed by its device's status key, the newest of each device
 * is kept and passed on as it came. Name and addresses are sealed under a
 * net secret, so they show only once we hold that; a keeper's are plain.
 */
#ifndef FOB_CORE_PEER_STATUS_H
#define FOB_CORE_PEER_STATUS_H

#include "daemon/core/set/set.h"
#include "daemon/core/trust/device.h"
#include "daemon/core/trust/keyring.h"
#include "proto/peer.pb-c.h"

enum {
	STATUS_ERR_OLD = 1, /* a newer one is here */
	STATUS_ERR_REFUSED, /* unknown device, bad signature, future */
};

#define STATUS_ROW_MAX 4096

struct device_status {
	bool known;
	uint64_t time;	/* ms since 1970, by its clock */
	uint64_t heard; /* ms since 1970, by ours; 0: from disk */
	uint8_t nonce[16];
	uint8_t root[ID_SIZE];
	uint64_t count;
	uint64_t drill;
	bool open; /* name and addresses are known */
	char name[DEVICE_NAME_MAX + 1];
	char addresses[ADDRESSES_MAX][64];
	uint32_t n_addresses;
	uint8_t *packed; /* an encoded Status, owned */
	size_t packed_len;
};

struct statuses {
	struct device_status *list; /* parallel to set.authors */
	uint32_t n;
};

void statuses_init(struct statuses *statuses);
void statuses_deinit(struct statuses *statuses);

/*
 * Takes a packed Status if it is genuine and newer. wall: our clock in ms,
 * 0 for one of our own store. ret_author: whose it is. 0, STATUS_ERR_*,
 * -ENOMEM.
 */
int statuses_take(struct statuses *statuses, const struct set *set,
		  struct bytes packed, uint64_t wall, uint32_t *ret_author);

/*
 * Opens names with these secrets where that was not possible before. 0 or
 * -ENOMEM.
 */
int statuses_open(struct statuses *statuses, const struct net_secret *nets,
		  size_t n);

/* NULL when nothing is known of it. */
const struct device_status *statuses_find(const struct statuses *statuses,
					  uint32_t author);

/* What a device says of itself. */
struct status_profile {
	const uint8_t *vault_id;
	const char *name;
	const char (*addresses)[64];
	size_t n_addresses;
	uint64_t time, count, drill;
	const uint8_t *root;
	const char *version;
};
/*
 * Signs and packs; net NULL leaves the profile plain: of a keeper's, or one
 * without a name and addresses, which comes out empty. fresh: 40 random
 * bytes. Returns the length.
 */
size_t status_make(uint8_t ret[static STATUS_ROW_MAX],
		   const struct device_keys *self,
		   const struct status_profile *profile,
		   const struct net_secret *net,
		   const uint8_t fresh[static 40]);

#endif
