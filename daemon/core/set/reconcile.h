/*
 * Making two sets equal: fingerprints of ranges, and the answer to the
 * other side's ranges (proto/README.md, "Reconciliation").
 *
 * A run is for one peer, one class and one moment: it takes a copy of the
 * sorted ids' indices and prefix sums keyed by the handshake hash. It never
 * sends: it fills messages that the caller sends.
 */
#ifndef FOB_CORE_SET_RECONCILE_H
#define FOB_CORE_SET_RECONCILE_H

#include "daemon/core/set/set.h"
#include "proto/peer.pb-c.h"

enum {
	RECONCILE_ERR_PROTOCOL = 1, /* the other side broke a rule */
	RECONCILE_ERR_SPENT,	    /* levels or ranges are used up */
};

struct reconcile {
	unsigned class;
	const struct set *set;	  /* borrowed; ids of items never change */
	uint32_t *ids;		  /* indices, ascending by id, owned */
	uint8_t (*sums)[ID_SIZE]; /* n + 1 prefix sums, owned */
	uint32_t n;
	uint32_t levels;     /* messages answered so far, of this run */
	uint64_t ranges;     /* in them and in the answers */
	uint64_t peer_count; /* the most ids that they spoke of */
};

/* Ids of one list, 32 bytes each, growing. */
struct id_list {
	uint8_t *ids;
	size_t n, cap;
};

void id_list_deinit(struct id_list *list);
int id_list_add(struct id_list *list, const uint8_t id[static ID_SIZE]);
#define AUTO_ID_LIST CLEANUP(id_list_deinit)

int reconcile_init(struct reconcile *run, struct set *set, unsigned class,
		   const uint8_t key[static 32]);
void reconcile_deinit(struct reconcile *run);
/* The same run from its beginning; what is carried has not changed. */
void reconcile_again(struct reconcile *run);

/*
 * The ranges that open a run: the whole class, one fingerprint. The message
 * is to be freed with reconcile_free(). 0 or -ENOMEM.
 */
int reconcile_open(struct reconcile *run, Fob__Ranges **ret);

/*
 * Answers the other side's ranges. *ret becomes the answer, or NULL when all
 * ranges are settled. It always fits into a message: what does not is left
 * for later, as one range from there to the end. want gets ids that they listed and we do not hold;
 * have gets ids that we carry and their list lacks (to be announced). 0,
 * -ENOMEM or RECONCILE_ERR_*.
 */
int reconcile_answer(struct reconcile *run, const Fob__Ranges *theirs,
		     Fob__Ranges **ret, struct id_list *want,
		     struct id_list *have);
void reconcile_free(Fob__Ranges *ranges);

#endif
