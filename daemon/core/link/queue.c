#include "daemon/core/link/queue.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MIN 256

void queue_deinit(struct queue *queue)
{
	if (queue == NULL)
		return;
	if (queue->bytes != NULL)
		sodium_memzero(queue->bytes, queue->size);
	free(queue->bytes);
	memset(queue, 0, sizeof(*queue));
}

/* realloc() would leave copies of the bytes behind, so it is not used. */
static int grow(struct queue *queue, size_t n)
{
	size_t used = queue->end - queue->start;
	size_t size = size_max(queue->size, SIZE_MIN);
	uint8_t *bytes;

	REQUIRE(n <= SIZE_MAX / 4 && used <= SIZE_MAX / 4);
	while (size < used + n)
		size *= 2;
	bytes = malloc(size);
	if (bytes == NULL)
		return -ENOMEM;
	if (used > 0)
		memcpy(bytes, queue->bytes + queue->start, used);
	queue_deinit(queue);
	*queue = (struct queue){ bytes, 0, used, size };
	return 0;
}

int queue_reserve(struct queue *queue, size_t n, uint8_t **ret_room)
{
	if (queue->size - queue->end < n) {
		int r = grow(queue, n);

		if (r != 0)
			return r;
	}
	*ret_room = queue->bytes + queue->end;
	queue->end += n;
	return 0;
}

int queue_put(struct queue *queue, struct bytes bytes)
{
	uint8_t *room;
	int r;

	if (bytes.n == 0)
		return 0;
	r = queue_reserve(queue, bytes.n, &room);
	if (r == 0)
		memcpy(room, bytes.p, bytes.n);
	return r;
}

struct bytes queue_bytes(const struct queue *queue)
{
	if (queue->bytes == NULL)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ queue->bytes + queue->start,
			       queue->end - queue->start };
}

void queue_take(struct queue *queue, size_t n)
{
	REQUIRE(n <= queue->end - queue->start);
	queue->start += n;
	if (queue->start == queue->end)
		queue_deinit(queue);
}
