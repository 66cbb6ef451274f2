/*
 * Devices, recovery keys and items for tests, all made from small numbers:
 * the same calls give the same bytes in every run. Failures abort, so tests
 * need not look at them.
 *
 *	struct build b;
 *	build_init(&b, 1);			a vault; GENESIS is b.genesis
 *	build_add(&b, 0, 1, ROLE...)		an ADD of device 1 by device 0
 *
 * Each build_* call gives an index into b.items, which the build owns. Use
 * build_copy() to get an item that a set may take. prev is the author's
 * former item of the class unless build.prev_none or build.prev says
 * otherwise for the next call.
 */
#ifndef FOB_TESTS_BUILD_H
#define FOB_TESTS_BUILD_H

#include "daemon/core/set/set.h"

/* Author BUILD_RECOVERY + 10 * g + k: recovery key k of generation g. */
#define BUILD_RECOVERY 1000
#define BUILD_NONE (-1)
#define BUILD_DEVICES 128 /* numbers of devices are less */

struct build_device {
	uint8_t id[DEVICE_ID_SIZE];
	uint8_t sign_secret[64], sign_public[KEY_SIZE];
	uint8_t status_secret[64], status_public[KEY_SIZE];
	uint8_t wrap_secret[KEY_SIZE], wrap_public[KEY_SIZE];
	uint8_t transport_secret[KEY_SIZE], transport_public[KEY_SIZE];
};

struct build_recovery {
	uint8_t sign_secret[64], sign_public[KEY_SIZE];
	uint8_t wrap_secret[KEY_SIZE], wrap_public[KEY_SIZE];
};

/* Items by index, for tips, parents and lists. */
struct build_list {
	const int *items;
	size_t n;
};

#define BUILD_LIST(...)                                              \
	((struct build_list){ (const int[]){ __VA_ARGS__ },          \
			      sizeof((const int[]){ __VA_ARGS__ }) / \
				      sizeof(int) })

struct build {
	uint32_t seed;
	uint64_t counter; /* makes nonces differ */
	uint8_t vault_id[ID_SIZE];
	struct item *items;
	int *authors; /* of items: device number or BUILD_RECOVERY + g */
	int n_items, cap_items;
	struct build_device devices[BUILD_DEVICES]; /* made when first used */
	bool device_made[BUILD_DEVICES];
	int genesis;   /* index, always 0 */
	uint64_t time; /* ms, of the next item; grows by 1000 each */
	/*
	 * Items are not signed from now on, nor their blobs kept: for sets
	 * that are told that all was checked, when there are very many.
	 */
	bool quick;
	/* For the next item only. */
	bool prev_none;
	int prev; /* index, or BUILD_NONE */
	struct build_list roster;
};

/* Keys of a device or a kit, from two numbers. */
void build_device(struct build_device *device, uint32_t seed, int number);
void build_recovery(struct build_recovery *recovery, uint32_t seed, int number);
/* Points into device. */
void build_certificate(Fob__Certificate *ret, struct build_device *device);

/* The keys of one of the build's devices. */
const struct build_device *build_keys(struct build *b, int number);

/* A new vault of device 0 with kit 0. */
void build_init(struct build *b, uint32_t seed);
void build_deinit(struct build *b);

int build_add(struct build *b, int by, int device, uint32_t role,
	      uint32_t ordinal);
int build_revoke(struct build *b, int by, int target,
		 const struct build_list tips[CLASS_MAX]);
int build_suspend(struct build *b, int by, int target, struct build_list tips1,
		  struct build_list tips2);
int build_lift(struct build *b, int by, int suspend);
/* A RECOVERY that makes kit number next; its generation is by's plus one. */
int build_recover(struct build *b, int by, int next, struct build_list valid);
/* An ENTRY of group main; record is a number; the blob is 32 made-up bytes. */
int build_entry(struct build *b, int by, uint32_t record,
		struct build_list parents);
int build_purge(struct build *b, int by, uint32_t record,
		struct build_list heads);
/* A KEY without wraps, and any head: author, prev, roster and time are set. */
int build_key(struct build *b, int by, uint32_t kid);
int build_head(struct build *b, int by, Fob__Head *head, struct bytes blob);

/* The id of an item of the build. */
const uint8_t *build_id(const struct build *b, int item);

/* An independent copy; not checked again, for that it was when it was made. */
void build_copy(const struct build *b, int item, struct item *ret);

/*
 * Adds a copy to a set: what set_add returned. ret_index may be NULL. Never
 * says that the signature was checked.
 */
int build_put(const struct build *b, int item, struct set *set,
	      uint32_t *ret_index);

#endif
