/*
 * A new vault with the entries of this one, made while this one goes on.
 *
 * The new vault is a node of its own inside, which lives for the time of one
 * request: it makes a GENESIS, device keys and groups as fob init and fob
 * group do, and gets every entry that opens here as a new version under the
 * same record id. Its rows leave as EFFECT_NEXT_PUT, into a store beside;
 * nothing of the old vault is changed. What opens this device opens it in
 * the new vault, too: the slots are copied, and wrap the same unlock key.
 */
#ifndef FOB_CORE_MIGRATE_H
#define FOB_CORE_MIGRATE_H

#include "daemon/core/state.h"

struct migration {
	uint32_t conn, call;	/* of the client, and of what it asked */
	struct node *next;	/* the new vault, owned */
	struct effects effects; /* what a step of it wants done */
	uint32_t *groups;	/* of set.groups: its group in next, or NONE */
	uint32_t seen;		/* items of the old vault at the start */
	uint32_t cursor;	/* in set.records: what comes next */
	uint64_t carried;	/* entries */
	bool told;		/* EVENT_NEXT came */
	uint32_t error;		/* of it */
};

/*
 * node->migration, with the new vault made. The node is unlocked. 0,
 * WRITE_ERR_*, or negative: then there is nothing of it.
 */
int migration_begin(struct step *step, const struct call *call,
		    const struct kit *kit);

/* One record of the old vault. 0, CALL_LOAD, WRITE_ERR_* + 16, negative. */
int migration_carry(struct step *step, struct call *call, uint32_t record);

/* Has anything come into the old vault since? */
bool migration_stale(const struct node *node);

void migration_ended(struct step *step); /* EVENT_NEXT */
void migration_client_gone(struct step *step);
/* Gives up: the store beside goes, too. */
void migration_drop(struct step *step);
void migration_free(struct node *node);

#endif
