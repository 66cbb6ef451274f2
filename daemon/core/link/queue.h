/*
 * A queue of bytes on the heap: appended at the end, taken from the front.
 * It owns its memory, wipes what it frees, and gives all of it back when it
 * runs empty, so an idle connection holds nothing. A zeroed struct queue is
 * an empty one. It knows no bound: its owner has one.
 */
#ifndef FOB_CORE_LINK_QUEUE_H
#define FOB_CORE_LINK_QUEUE_H

#include "proto/base.h"

struct queue {
	uint8_t *bytes;
	size_t start, end, size; /* queued are [start, end) of size */
};

void queue_deinit(struct queue *queue); /* back to empty; NULL is fine */

/*
 * Makes room for n bytes at the end and gives it in ret_room; the caller
 * fills it at once. -ENOMEM: nothing changed.
 */
int queue_reserve(struct queue *queue, size_t n, uint8_t **ret_room);

/* Appends a copy. -ENOMEM: nothing changed. */
int queue_put(struct queue *queue, struct bytes bytes);

/* What is queued; valid until the next call for this queue. */
struct bytes queue_bytes(const struct queue *queue);

/* Takes n bytes, no more than there are, off the front. */
void queue_take(struct queue *queue, size_t n);

#endif
