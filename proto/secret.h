/*
 * Memory for secrets: one arena of SECRET_ARENA bytes for the process, locked
 * into RAM, between two guard pages, left out of core dumps, empty in a forked
 * child, and wiped piece by piece as it is freed. And an allocator for
 * protobuf-c on it, or on the heap, that gives every message a budget, so that
 * 64 KiB from the wire cannot become hundreds of megabytes here.
 *
 * This is process state, not a part of the core: two nodes in one process
 * share it. It may be used from several threads.
 */
#ifndef FOB_SECRET_H
#define FOB_SECRET_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base.h"

#define SECRET_INSECURE 1u /* flag: go on when locking fails */

enum secret_error {
	SECRET_ERR_UNLOCKED = 1, /* the memory could not be locked */
};

/*
 * Makes the arena, or judges the one that is there. 0; SECRET_ERR_UNLOCKED
 * without SECRET_INSECURE: every secret_alloc fails from then on, until
 * a later call with the flag succeeds; -ENOMEM.
 * A program that never calls this gets an arena at its first secret_alloc,
 * locked when that is possible.
 */
int secret_init(unsigned int flags);

/* Gives the arena back. REQUIREs that nothing in it is in use. */
void secret_deinit(void);

bool secret_locked(void); /* is there an arena, and is it locked? */
size_t secret_used(void); /* bytes in use, rounded up as they are kept */

/*
 * size: 1 byte and up. NULL when the arena is full or was refused. The memory
 * is zeroed and aligned for any type; the caller owns it.
 */
void *secret_alloc(size_t size);
void secret_free(void *p); /* wipes; NULL is fine */

void secret_free_ptr(void *pp); /* for CLEANUP */
#define AUTO_SECRET CLEANUP(secret_free_ptr)

/*
 * What one unpacked message may cost: MESSAGE_BUDGET bytes in MESSAGE_ALLOCS
 * pieces at a time. Freed memory is wiped and counts no longer. It must not
 * move while a message of it lives.
 */
struct budget {
	ProtobufCAllocator allocator; /* for protobuf_c_message_unpack */
	size_t bytes, allocs;	      /* in use */
	bool secret;		      /* from the arena, never from the heap */
	bool starved;		      /* there was no memory for a piece */
};

void budget_init(struct budget *b, bool secret);

/* REQUIREs that every message made with it was freed. */
void budget_deinit(struct budget *b);

/*
 * Why an unpacking with it gave NULL, for which protobuf-c has one word only:
 * -ENOMEM when memory ran out; else the error that the caller has for bytes
 * that are bad, or would cost more than the budget.
 */
int budget_error(const struct budget *b, int malformed);

/*
 * malloc() for protobuf-c, which says NULL for bad bytes and for no memory
 * alike: this tells them apart. What was made with it is freed with the
 * allocator NULL.
 */
struct watched {
	ProtobufCAllocator allocator;
	bool failed; /* memory ran out */
};

void watched_init(struct watched *watched);

#endif
