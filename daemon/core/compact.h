/*
 * Which blobs are still wanted, and forgetting the others: ids are kept for
 * ever, blobs are not (proto/README.md, "What is forgotten").
 *
 * Looked at once a day, and when membership changes. A blob is dropped only
 * while the clocks of our devices agree, and what is counted in days begins
 * anew with each alarm of the clock: whoever moves a clock forgets nothing.
 */
#ifndef FOB_CORE_COMPACT_H
#define FOB_CORE_COMPACT_H

#include "daemon/core/peer/sync.h"
#include "proto/base.h"

/* In set_item.marks: its blob is not wanted, and not asked of peers. */
#define MARK_UNWANTED SYNC_UNWANTED

#define COMPACT_FIRST_MS (10 * 60 * 1000) /* after the start */
#define COMPACT_LOST_MAX 256

/* A current version whose blob some devices said not to have. */
struct compact_lost {
	uint32_t item;
	uint64_t slots; /* holder slots of those that said so */
};

struct compact {
	uint64_t at;	   /* mono ms of the next look; 0: not planned */
	uint64_t alarm;	   /* wall ms when the clock was last off, or 0 */
	uint64_t empty_at; /* mono ms when old trash is purged; 0: not */
	bool more;	   /* of this look, after the commit */
	struct compact_lost lost[COMPACT_LOST_MAX];
	size_t n_lost;
};

struct node;
struct step;
struct sync_peer;

/* A row of the store with the time of the last alarm. */
void compact_row(struct node *node, struct bytes row);
/* Marks what is not wanted, drops nothing. 0 or -ENOMEM. */
int compact_mark(struct node *node);
/* The time has come, or not. 0 or negative. */
int compact_tick(struct step *step);
uint64_t compact_deadline(const struct node *node);
/* Of this record, drops what a PURGE covers, at once. 0 or -ENOMEM. */
int compact_now(struct step *step, uint32_t record);
/* A peer said that it has not these blobs (ids without a gap). */
void compact_gone(struct node *node, const struct sync_peer *peer,
		  struct bytes ids);
/* Current versions whose blob every other device said not to have. */
size_t compact_lost(const struct node *node);

#endif
