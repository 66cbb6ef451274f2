#include "daemon/core/clock.h"

#include <stdlib.h>
#include <string.h>

static int by_offset(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static int64_t nearer(int64_t a, int64_t b)
{
	return (a < 0 ? -a : a) <= (b < 0 ? -b : b) ? a : b;
}

/* A clock may say anything; what is computed with it stays in range. */
static int64_t bounded(int64_t offset)
{
	const int64_t max = (int64_t)STAMP_MAX;

	return offset > max ? max : offset < -max ? -max : offset;
}

int64_t node_clock_offset(const struct node *node, bool *ret_known)
{
	int64_t offsets[PEERS_MAX], median;
	size_t n = 0;

	for (size_t i = 0; i < PEERS_MAX; i++) {
		const struct sync_peer *peer = &node->sync.peers[i];

		if (peer->conn != 0 && peer->up && peer->clock_known)
			offsets[n++] = bounded(peer->clock_offset);
	}
	*ret_known = n > 0;
	if (n == 0)
		return 0;
	qsort(offsets, n, sizeof(*offsets), by_offset);
	/* Of the two in the middle the one that blames us less. */
	median = nearer(offsets[(n - 1) / 2], offsets[n / 2]);
	return -median;
}
