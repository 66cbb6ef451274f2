/*
 * People who prove, replace and use the recovery kit, in a world of nodes
 * (tests/lib/world.h).
 */
#ifndef FOB_TESTS_RECOVERY_H
#define FOB_TESTS_RECOVERY_H

#include "tests/lib/world.h"

/* A new machine that keeps what `at` has, without reading it. */
int recovery_keeper(struct world *world, int at);
/* The seed that the node was given when it made the vault. */
void recovery_seed(struct world *world, int node, uint8_t ret[static KEY_SIZE]);

/* op: verify or new; next: NULL or the next seed. */
const Fob__Reply *recovery_kit(struct world *world, int node, const char *op,
			       const uint8_t seed[static KEY_SIZE],
			       const uint8_t *next);

/* fob migrate with this seed for the next kit; the number of the request. */
uint32_t recovery_migrate_begin(struct world *world, int node,
				const uint8_t seed[static KEY_SIZE]);
/* All of it: the new vault is there, and open. */
void recovery_migrate(struct world *world, int node,
		      const uint8_t seed[static KEY_SIZE]);

struct recovery_file {
	uint8_t *p; /* owned */
	size_t n;
};

void recovery_file_deinit(struct recovery_file *file);
#define AUTO_RECOVERY_FILE CLEANUP(recovery_file_deinit)
/* False: it was refused; there may be a part of it. */
bool recovery_try_snapshot(struct world *world, int node,
			   struct recovery_file *ret);
void recovery_snapshot(struct world *world, int node,
		       struct recovery_file *ret);
/* The last reply, or the first that is no success. seed NULL: from outside. */
const Fob__Reply *recovery_verify(struct world *world, int node,
				  const struct recovery_file *file,
				  const uint8_t *seed);

const Fob__Reply *recovery_begin(struct world *world, int node,
				 const uint8_t seed[static KEY_SIZE]);
const Fob__Reply *recovery_from_file(struct world *world, int node,
				     const struct recovery_file *file);
const Fob__Reply *recovery_from(struct world *world, int node, int at);
/* Does not wait. */
uint32_t recovery_from_begin(struct world *world, int node, int at);
const Fob__Reply *recovery_list(struct world *world, int node);
/* Revokes all readers but `keep` (a node, or -1). Does not wait. */
uint32_t recovery_make_begin(struct world *world, int node, int keep);
const Fob__Reply *recovery_make(struct world *world, int node, int keep);
/* Throws away what a recovery that was cut has kept. */
const Fob__Reply *recovery_forget(struct world *world, int node);
/* The client goes away in the middle. */
void recovery_gone(struct world *world, int node);

#endif
