/*
 * Random worlds. A seed draws how the world is and which faults are on; then
 * people do things and faults happen, a step at a time, each drawn from the
 * seed and the number of the step alone. So a plan may turn faults off and
 * leave steps out, and what is left is as it was: that is how a failure is
 * made small (shrink.c).
 *
 *	swarm.c		the drawing, the steps
 *	swarm_people.c	what people do
 *	swarm_trouble.c	what goes wrong
 *	swarm_vault.c	who is in, who reads, the kit
 *	swarm_end.c	the network heals, all is compared
 *	nursery.c	vaults to begin with, made once
 */
#ifndef FOB_TESTS_SWARM_H
#define FOB_TESTS_SWARM_H

#include "tests/sim/story.h"

#define SWARM_STEPS 128
#define SWARM_RECORDS 64
#define SWARM_FIELDS 400
#define SWARM_ALL UINT32_MAX

enum fault {
	FAULT_RESET,
	FAULT_CUT,
	FAULT_ONE_WAY,
	FAULT_PARTITION,
	FAULT_DELAY,
	FAULT_KILL,
	FAULT_SLEEP,
	FAULT_YEAR,
	FAULT_CLOCK,
	FAULT_TEN_YEARS,
	FAULT_BACKUP,
	FAULT_CLONE,
	FAULT_FULL,
	FAULT_LOCK,
	FAULT_JOIN,
	FAULT_REVOKE,
	FAULT_SUSPEND,
	FAULT_AGAIN, /* a machine is wiped, and may join again */
	FAULT_KIT,
	FAULT_RECOVER,
	FAULT_PURGE,
	FAULT_GROUP,
	FAULT_SNAPSHOT,
	FAULT_WRONG_CODE,
	FAULT_EVIL_KEEPER, /* lies, withholds, garbles, replays */
	FAULT_EVIL_MEMBER, /* floods, forges, poisons, equivocates */
	FAULT_UNHEALED,	   /* it ends without a heal: safety alone */
	FAULTS
};

/* A run: the seed, and what of it is left. */
struct swarm_plan {
	uint64_t seed;
	uint32_t faults;		  /* bits; SWARM_ALL */
	uint64_t steps[SWARM_STEPS / 64]; /* bits of those that are done */
	int nodes;			  /* at most; 0: as drawn */
};

struct swarm_plan swarm_plan(uint64_t seed);

/* A field that somebody was told is set. */
struct promise {
	int node;
	unsigned record;
	unsigned value; /* of key x-VALUE */
};

/* A vault in which nothing has happened, on some disks. */
struct nursery_vault {
	int n, keeper; /* node, or -1 */
	struct disk disks[WORLD_NODES];
	struct world_ids promised[WORLD_NODES];
	uint8_t seed[KEY_SIZE]; /* of the kit */
};

struct swarm {
	struct world *world;
	const struct swarm_plan *plan;
	struct world_stream draw;   /* how the world is */
	struct world_stream people; /* of the step at hand */
	struct world_stream trouble;
	bool faults[FAULTS];
	unsigned n_records, n_secrets, n_fields;
	bool hotp[SWARM_RECORDS];
	struct promise promises[SWARM_FIELDS];
	size_t n_promises;
	struct disk backup[WORLD_NODES];
	struct world_ids backup_promised[WORLD_NODES];
	bool has_backup[WORLD_NODES];
	bool clone[WORLD_NODES], full[WORLD_NODES];
	bool went_back; /* some machine got an older disk */
	bool unsure;	/* what was answered need not be seen in the end */
	uint8_t kit[KEY_SIZE], old_kit[KEY_SIZE];
	bool recovered;
	int heir; /* who recovered, and decides who is in */
	unsigned n_groups, n_hidden;
	bool reads[WORLD_NODES]; /* was to read the group, once */
};

/* --- nursery.c --- */
/* Once, before any swarm; then the same for all of them. */
void nursery_make(uint64_t *tally);
void nursery_free(void);
/* n: 2 to 5 devices; keeper: the third is one, n is 3 at least. */
const struct nursery_vault *nursery_vault(int n, bool keeper);
/* The machines of a new world, on and unlocked. */
void nursery_begin(struct world *world, const struct nursery_vault *vault);

/* --- swarm.c --- */
uint64_t below(struct swarm *swarm, uint64_t limit); /* of the people */
int any_node(struct swarm *swarm);
struct world_node *machine(struct swarm *swarm, int node);
bool is_member(struct swarm *swarm, int node);
bool is_unlocked(struct swarm *swarm, int node);
/* It is on, and does not sleep. */
bool is_awake(struct swarm *swarm, int node);

/* --- swarm_people.c --- */
void people_add(struct swarm *swarm, int node);
void people_step(struct swarm *swarm, int node);
void issuer_of(unsigned record, char ret[static 32]);

/* --- swarm_trouble.c --- */
void trouble_step(struct swarm *swarm);
void trouble_start(struct swarm *swarm, int node);

/* --- swarm_vault.c --- */
void vault_revoke(struct swarm *swarm, int by, int target, bool rank);
void vault_lift(struct swarm *swarm, int by, int target);
bool vault_suspended(struct swarm *swarm, int target);
void vault_lift_all(struct swarm *swarm); /* with the kit */
void vault_again(struct swarm *swarm, int node);
void vault_kit(struct swarm *swarm, int node);
void vault_recover(struct swarm *swarm, int from, int keep);
void vault_snapshot(struct swarm *swarm, int node);
void vault_purge(struct swarm *swarm, int node);
void vault_group(struct swarm *swarm, int node, int whom);
void vault_check_hidden(struct swarm *swarm, int node);
#define SWARM_HIDDEN "hidden-"

/* --- swarm_end.c --- */
void end_check(struct swarm *swarm);

/* All of it. */
void swarm_run(struct world *world, const struct swarm_plan *plan);
const char *swarm_fault_name(unsigned fault);

/* --- shrink.c --- */
/* Does the plan fail, in a process of its own? */
typedef bool swarm_fails(const struct swarm_plan *plan);
/* Makes it as small as it gets; says how it goes. */
void shrink(struct swarm_plan *plan, swarm_fails *fails);
/* The options of sim that run this plan. */
void shrink_print(const struct swarm_plan *plan);

#endif
