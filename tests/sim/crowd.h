/*
 * Many random worlds, some at a time in processes of their own: one that
 * fails takes nothing along, and the leak checker looks when each process
 * ends. What happened in all of them is counted.
 */
#ifndef FOB_TESTS_CROWD_H
#define FOB_TESTS_CROWD_H

#include "tests/sim/swarm.h"

/* Processes at a time. */
#define CROWD_JOBS_MAX 8

struct crowd {
	const uint64_t *seeds;
	size_t n;
	struct swarm_plan plan; /* of each, but for the seed */
	unsigned jobs;
	bool trace;
};

/* In a process of its own; what it returns, or 1 when it died. */
int in_child(int (*run)(const void *what, bool trace), const void *what,
	     bool trace);

/* Once, before any of the others; and the last. */
void crowd_init(void);
void crowd_deinit(void);

/* How many failed; those are named on stdout, with how to see them again. */
int crowd_run(const struct crowd *crowd);
/* What happened so far, and how many things that should have never did. */
int crowd_show_tally(uint64_t worlds);
/* Of all that happened since the last call, in any order of worlds. */
uint64_t crowd_digest(void);
double crowd_virtual_years(void);
/* Without a word. */
bool crowd_fails(const struct swarm_plan *plan);
/* The line that says so. */
void crowd_says_failed(const struct swarm_plan *plan);

#endif
