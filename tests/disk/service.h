/*
 * Lives of a daemon: it starts, does what its client asks, and goes down with
 * the power, by a kill, or by itself when its disk fails. What the client was
 * told is done is there in the next life.
 */
#ifndef FOB_TESTS_SERVICE_H
#define FOB_TESTS_SERVICE_H

#include "tests/disk/deed.h"

#define SERVICE_LIVES 24

enum service_tally {
	SERVICE_CUTS,
	SERVICE_KILLS,
	SERVICE_STOPS,	   /* clean */
	SERVICE_DEEDS,	   /* done */
	SERVICE_OLD,	   /* in doubt, and not there */
	SERVICE_NEW,	   /* in doubt, and there */
	SERVICE_ENDED,	   /* it ended by itself, and said why */
	SERVICE_UNSTARTED, /* it did not start, and said why */
	SERVICE_SNAPSHOTS,
	SERVICE_TALLIES,
};

struct service {
	struct machine machine;
	uint64_t seed;
	uint32_t number;
	struct draw draw;
	uint32_t version;
	struct seen may[3]; /* [0] is what is seen */
	size_t n_may;
	unsigned int snapshots; /* of the machine, when last counted */
	uint64_t tallies[SERVICE_TALLIES];
	uint64_t deeds[DEEDS];
	bool trace;
	char wrong[300];
};

const char *service_tally_text(enum service_tally tally);

void service_init(struct service *service, struct platter *platter);
void service_deinit(struct service *service);

/* All lives of a seed; false: service->wrong tells what is. */
bool service_run(struct service *service, uint64_t seed);

#endif
